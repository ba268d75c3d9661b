"""An app that sends only changed cells, and no more of them than the line has carried.

One private hook, `App._display`; where it or what it is given is not as expected, Textual's own writer
does the work. Every screen, dialog and panel goes through it. Pacing: after each frame the terminal is
asked for its cursor's position; while more than IN_FLIGHT bytes are unanswered, frames are left out,
and the answer brings the newest. A terminal that never answers is never paced.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[Any]
else:
    _Base = object

IN_FLIGHT_BYTES = 2400  # a 64 kb/s line carries as much in 300 ms
GIVE_UP_SECONDS = 1.5  # an answer that takes longer is taken as lost
DEAF_AFTER = 3  # answers lost in a row, before the asking stops
ASK = "\x1b[6n"
PLAIN_VARIABLE = "INFRALAB_PLAIN_WRITER"  # set: Textual's own writer


class Pacer:
    """Counts bytes that the terminal has not yet acknowledged."""

    def __init__(self) -> None:
        self.unanswered: list[tuple[float, int]] = []
        self.lost = 0
        self.hears = False

    def sent(self, size: int) -> bool:
        """Note a frame of `size` bytes; whether to ask for an answer."""
        if self.lost >= DEAF_AFTER:
            return False
        self.unanswered.append((monotonic(), size))
        return True

    def answered(self) -> None:
        self.hears, self.lost = True, 0
        if self.unanswered:
            self.unanswered.pop(0)

    def full(self) -> bool:
        """Whether the line is still carrying too much."""
        if self.unanswered and monotonic() - self.unanswered[0][0] > GIVE_UP_SECONDS:
            self.unanswered.clear()
            self.lost += 1
        return self.hears and sum(size for _, size in self.unanswered) > IN_FLIGHT_BYTES

    def forget(self) -> None:
        self.unanswered.clear()


class QuietScreenApp(_Base):
    """Mix in before App: `class Lab(QuietScreenApp, App)`."""

    _quiet_ready = False

    def _quiet_start(self) -> bool:
        """Make the frame; False when Textual has no such inside, or the plain writer is wished for."""
        self._quiet_ready = True
        self._quiet_frame: Any = None
        self._quiet_pacer = Pacer()
        self._quiet_stale = False
        if os.environ.get(PLAIN_VARIABLE):
            return False
        try:
            from infralab.tui.terminal import diff
        except ImportError:  # a Textual whose compositor is another
            return False
        self._quiet_diff = diff
        self._quiet_frame = diff.Frame()
        self.app_resume_signal.subscribe(self, lambda _: self.forget_frame())
        return True

    def forget_frame(self) -> None:
        """Something else may have written to the terminal: paint everything anew. For Ctrl-L."""
        if self._quiet_ready and self._quiet_frame is not None:
            self._quiet_frame.forget()
            self._quiet_pacer.forget()
        self.screen.refresh()

    def _display(self, screen: Any, renderable: Any) -> None:
        if self.is_headless or self.is_inline:
            super()._display(screen, renderable)
            return
        if not self._quiet_ready:
            self._quiet_start()
        if self._quiet_frame is None or not self._quiet_can(renderable):
            super()._display(screen, renderable)
            return
        if not self._quiet_writes():
            super()._display(screen, None)
            return
        if self._quiet_pacer.full():
            self._quiet_wait()
            super()._display(screen, None)
            return
        super()._display(screen, self._quiet_encode(renderable))

    def _quiet_can(self, renderable: Any) -> bool:
        known = isinstance(renderable, (self._quiet_diff.LayoutUpdate, self._quiet_diff.ChopsUpdate))
        if not known and renderable is not None:
            self._quiet_frame.forget()  # it goes to the terminal by Textual's own way
        return known

    def _quiet_writes(self) -> bool:
        """Whether Textual would write now: a frame that is not written must not be remembered."""
        return bool(self._running and not self._closed and not self._batch_count and self._driver is not None)

    def _quiet_encode(self, update: Any) -> Any:
        """The update as changed cells, or None when there are none (but a cursor to move)."""
        frame = self._quiet_frame
        try:
            frame.fit(*self.size)
            rows = list(self._quiet_diff.rows_of(update, frame.height))
            system = self.console._color_system or self._quiet_diff.ColorSystem.TRUECOLOR
            text = frame.encode(rows, system)
        except Exception as error:
            self.log.warning(f"the differential writer gave up: {error!r}")
            self._quiet_frame = None
            self.call_later(self.screen.refresh)  # this frame may be half remembered: write the whole screen
            return update
        if not text:
            clamped = self.screen.outer_size.clamp_offset(self.cursor_position)
            return self._quiet_diff.DiffUpdate("") if clamped != self._previous_cursor_position else None
        if self._quiet_pacer.sent(len(text.encode())):
            text += ASK
        return self._quiet_diff.DiffUpdate(text)

    def _quiet_wait(self) -> None:
        """Leave a frame out; paint when the line is free, or when the answer seems lost."""
        if not self._quiet_stale:
            self._quiet_stale = True
            self.set_timer(GIVE_UP_SECONDS + 0.1, self._quiet_wake)

    def _quiet_wake(self) -> None:
        if self._quiet_stale and not self._quiet_pacer.full():
            self._quiet_stale = False
            self.screen.refresh()

    def _on_cursor_position(self, event: events.CursorPosition) -> None:
        if self._quiet_ready:
            self._quiet_pacer.answered()
            self._quiet_wake()
