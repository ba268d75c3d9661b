"""The app: the lab's screen, themes, and an orderly end whatever ends it."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App

from infralab.tui.desk import Desk, Evaluate, model
from infralab.tui.live import Answer
from infralab.tui.memory import Memory
from infralab.tui.memory import file as memory_file
from infralab.tui.recovery import Recovery
from infralab.tui.screens.lab import LabScreen
from infralab.tui.session import Change, Session
from infralab.tui.terminal.quiet import QuietScreenApp
from infralab.tui.themes import THEMES

if TYPE_CHECKING:
    from infralab.models.document import Document
    from infralab.tui.state import LabState

SWITCH_SECONDS = 0.0005  # Python's 5 ms, times the threads that a key passes, would be felt beside a busy model


@dataclass(frozen=True, slots=True)
class Settings:
    """How the lab looks and listens. `theme` without "infralab-"; empty: the one used last."""

    theme: str = ""
    ascii_only: bool = False
    mouse: bool = True
    recovery_folder: Path | None = None
    memory: Path | None = None  # where the lab remembers panels and theme; with a recovery folder, only if named
    invite: bool = False  # offer the tour at a first start
    recover: bool = True  # offer what an earlier lab left behind
    start: bool = False  # begin with the map of rooms
    present: bool = False  # begin with the story on stage, and end with it


class LabApp(QuietScreenApp, App[int]):
    CSS_PATH = "app.tcss"
    TITLE = "InfraLab"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar = [("ctrl+q", "leave", "Quit")]

    def __init__(self, document: Document, settings: Settings | None = None, evaluate: Evaluate = model) -> None:
        self.settings = settings or Settings()
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.ascii_only = self.settings.ascii_only
        self.mouse_on = self.settings.mouse
        for theme in THEMES:
            self.register_theme(theme)
        own = self.settings.recovery_folder is None and self.settings.recover  # a person's own lab, no visitor's
        self.memory = Memory(self.settings.memory or (memory_file() if own else None))
        known = {theme.name.removeprefix("infralab-") for theme in THEMES}
        last = self.memory.get("theme", str)
        self._dress(f"infralab-{self.settings.theme or (last if last in known else 'dark')}")
        self.recovery = Recovery(self.settings.recovery_folder)
        self.desk = Desk(Session(document), self._show, self._deliver, self.recovery, evaluate)
        self.lab = LabScreen(self.desk, self.ascii_only)
        self.set_class(self.ascii_only, "-ascii")
        self.ended_by = 0  # the signal that ended the lab

    def _dress(self, theme: str) -> None:
        """The theme to start with. Assigning it to `theme` would have the style sheet parsed a second time."""
        if not self.available_themes[theme].dark or self.ansi_color:
            self.theme = theme
            return
        self.set_reactive(App.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_class(True, "-dark-mode", f"-theme-{theme}", update=False)

    def get_default_screen(self) -> LabScreen:
        return self.lab

    def on_mount(self) -> None:
        self._hear_signals()
        if self.settings.recovery_folder is None:
            self._remember(Change("opened"))
            self.desk.session.subscribe(self._remember)
        if self.settings.present:
            self.call_after_refresh(self._present)
        if self.settings.start:
            self.call_after_refresh(self.lab.action_start)
        if self.settings.recover:
            self.call_after_refresh(self._offer_recovery)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self.desk.touched()
        await super().on_event(event)

    def _present(self) -> None:
        from infralab.tui.stage.detour import present

        present(self.lab, then=lambda: self.exit(0))

    def _remember(self, change: Change) -> None:
        """The start screen offers files that were opened or saved lately."""
        from infralab.tui.library import is_shipped
        from infralab.tui.stage.recent import note

        path = self.desk.session.path
        if change.what in ("opened", "saved") and path is not None and not is_shipped(path):
            note(path)

    def _offer_recovery(self) -> None:
        from infralab.tui.screens.files import offer_recovery

        offer_recovery(self.lab)

    # -- the worker's answers come to the screen's thread

    def _deliver(self, answer: Answer) -> None:
        loop = self._loop
        if loop is not None and self._running:
            with contextlib.suppress(RuntimeError):  # the lab is being closed
                loop.call_soon_threadsafe(self._answered, answer)

    def _answered(self, answer: Answer) -> None:
        if self._running and self.lab.is_attached:
            with self._context():
                self.desk.answer(answer)

    def _show(self, state: LabState) -> None:
        if self.lab.is_mounted:
            self.lab.show_state(state)

    # -- ends

    def _hear_signals(self) -> None:
        """A line that is dropped (SIGHUP) and a polite kill (SIGTERM) lose nothing."""
        import asyncio

        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self._ended, int(number))

    def _ended(self, number: int) -> None:
        self.recovery.flush()
        self.ended_by = number
        self.exit(128 + number)

    async def action_leave(self) -> None:
        self.lab.action_leave()

    async def action_quit(self) -> None:
        self.lab.action_leave()

    def action_help_quit(self) -> None:
        self.lab.say("^Q leaves the lab; nothing is lost")

    def on_unmount(self) -> None:
        self.lab.keep_layout()
        self.desk.close()
        if self.ended_by:
            return
        if self.desk.session.dirty and self.return_code:
            self.recovery.flush()
        else:
            self.recovery.clear()


def refuse() -> str:
    """Why the lab can't run in this terminal; "" when it can."""
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return "this terminal can't be drawn on (TERM=dumb): use `infralab eval` here, or set TERM to what it is"
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        return "the lab needs a terminal; `infralab eval` works without one"
    return ""


def run(name: str | None = None, settings: Settings | None = None, document: Document | None = None) -> int:
    """Open the lab on a file, a preset's name, or the default preset; the exit status.

    2: there is no such file, or this is no terminal that can be drawn on.
    """
    reason = refuse()
    if not reason and document is None:
        from infralab.models.document import DocumentError, read
        from infralab.tui.library import open_named
        from infralab.tui.screens.files import NEW

        try:
            document = open_named(name) if name else read(NEW)
        except DocumentError as error:
            reason = str(error)
    if reason or document is None:
        print(f"infralab: {reason}", file=sys.stderr)
        return 2
    settings = settings or Settings()
    gc.disable()  # until the first paint
    sys.setswitchinterval(SWITCH_SECONDS)
    app = LabApp(document, settings)
    try:
        result = app.run(mouse=settings.mouse)
    finally:
        gc.enable()
        if app.desk.session.dirty and app.return_code:
            app.recovery.flush()
    if result is None:
        return app.return_code or 0
    return result
