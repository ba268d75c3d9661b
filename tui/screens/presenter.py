"""Presenter mode: a story, one step a key press, readable from the back of the room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from infralab.models.design import Design
from infralab.tui.canvas.view import Parts
from infralab.tui.panels.paint import Line
from infralab.tui.stage import slides
from infralab.tui.stage.asking import Answered, Asker
from infralab.tui.stage.page import Page, filled
from infralab.tui.stage.show import Played, Show, play

if TYPE_CHECKING:
    from infralab.models.explore.why import Reason

FRAMES = 5  # a bar grows in this many; then nothing moves until the next key
FRAME_SECONDS = 0.06


@dataclass(frozen=True, slots=True)
class Left:
    """How the presenter was left: to try the design on stage (`detour`), or for good."""

    show: Show
    detour: bool = False
    design: Design | None = None


class PresenterScreen(Screen[Left]):
    """Shows a design's story; ends with `Left`. A `Show` that was left for a detour goes on where it stood."""

    BINDINGS: ClassVar = [
        ("space,right,pagedown,enter,down", "next", "Next"),
        ("left,pageup,up", "back", "Back"),
        ("home", "first", "First"),
        ("n", "notes", "Notes"),
        ("o", "one_page", "One page"),
        ("d", "drawing", "Drawing"),
        ("i", "why", "Why"),
        ("e", "detour", "Try it live"),
        ("backspace", "unvote", "Take back"),
        ("q,escape,f5", "leave", "Leave"),
    ]

    def __init__(self, show: Show) -> None:
        super().__init__()
        self.show = show
        self.page = Page(self._draw)
        self.view = ""  # "", "one page", "why"
        self.with_notes = False
        self.with_drawing = False
        self._parts: Parts | None = None
        self._grown = 1.0
        self._timer: Timer | None = None
        self._why: list[Line] = []
        self._why_top = 0
        self.asker = Asker(self, "play", "why")

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        self.show.plain = self.page.plain
        self.page.focus()
        design = self.show.design
        self.asker.ask("play", design, lambda: _played(design))

    def on_unmount(self) -> None:
        self.asker.close()

    # -- from the model

    def on_answered(self, message: Answered) -> None:
        answer = message.answer
        if answer.kind == "play":
            if answer.error is not None:
                self.show.played = Played(failure=f"the model failed on this story: {answer.error}")
            else:
                self.show.played, self._parts = answer.value
        elif answer.error is None and answer.tag is self.show.live:
            self._why = list(chain(answer.value))
        self.page.repaint()

    # -- drawing

    def _draw(self, width: int, height: int) -> list[Line]:
        if self.view == "one page":
            return slides.one_page(self.show, width, height)
        if self.view == "why":
            return self._draw_why(width, height)
        foot = slides.notes(self.show, width) if self.with_notes else []
        body = slides.slide(self.show, width, height - len(foot), self._grown, self._parts, self.with_drawing)
        return [*body, *foot]

    def _draw_why(self, width: int, height: int) -> list[Line]:
        title: Line = [("  Why this number?", "title")]
        body = self._why or [[("  the model is working …", "dim")]]
        self._why_top = max(0, min(self._why_top, len(body) - height + 4))
        foot = slides.keys((("i", "back to the slide"), ("↑↓", "scroll"), ("q", "leave")), width)
        return filled([title, slides.rule(width), *body[self._why_top :]], [slides.rule(width), foot], height)

    def _grow(self) -> None:
        """Start the few frames in which the newest bar moves."""
        if self._timer is not None:
            self._timer.stop()
        if self.app.animation_level == "none":
            self._grown = 1.0
            self.page.repaint()
            return
        self._grown = 0.0
        self.page.repaint()
        self._timer = self.set_interval(FRAME_SECONDS, self._frame, repeat=FRAMES)

    def _frame(self) -> None:
        self._grown = min(self._grown + 1 / FRAMES, 1.0)
        if self._grown > 1 - 0.5 / FRAMES:
            self._grown = 1.0
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
        self.page.repaint()

    # -- keys

    def action_next(self) -> None:
        if self.view == "why":
            self._why_top += 1
            self.page.repaint()
        elif self.view:
            self.view = ""
            self.page.repaint()
        elif self.show.next():
            self._grow()

    def action_back(self) -> None:
        if self.view == "why":
            self._why_top -= 1
            self.page.repaint()
        elif self.view:
            self.view = ""
            self.page.repaint()
        elif self.show.back():
            self._grown = 1.0
            self.page.repaint()

    def action_first(self) -> None:
        self.show.to(0)
        self._grown = 1.0
        self.page.repaint()

    def action_notes(self) -> None:
        self.with_notes = not self.with_notes
        self.page.repaint()

    def action_drawing(self) -> None:
        self.with_drawing = not self.with_drawing
        self.page.repaint()

    def action_one_page(self) -> None:
        self.view = "" if self.view == "one page" else "one page"
        self.page.repaint()

    def action_why(self) -> None:
        self.view = "" if self.view == "why" else "why"
        self._why, self._why_top = [], 0
        if self.view:
            design = self.show.live
            self.asker.ask("why", design, lambda: _why(design))
        self.page.repaint()

    def action_unvote(self) -> None:
        if self.show.unvote():
            self.page.repaint()

    def action_detour(self) -> None:
        self.dismiss(Left(self.show, detour=True, design=self.show.live))

    def action_leave(self) -> None:
        if self.view:
            self.view = ""
            self.page.repaint()
        else:
            self.dismiss(Left(self.show))

    def on_key(self, event: events.Key) -> None:
        if event.key.isdigit() and not self.view and self.show.vote(int(event.key)):
            event.stop()
            self.page.repaint()


def _played(design: Design) -> tuple[Played, Parts]:
    from infralab.tui.parts import CatalogueParts, catalogue_for

    catalogue = catalogue_for(design)
    return play(design, catalogue), CatalogueParts(catalogue)


def _why(design: Design) -> Reason:
    from infralab.models.explore.why import why
    from infralab.tui.parts import catalogue_for

    return why(design, "rate", catalogue_for(design))


def chain(reason: Reason, depth: int = 0) -> list[Line]:
    """The chain of reasons as indented lines: each link with its numbers, then the inputs under it."""
    from infralab.models.units import duration, human
    from infralab.tui import words
    from infralab.tui.panels.paint import MARKS

    indent = "  " + "   " * depth
    value = ""
    if reason.value is not None:
        value = duration(reason.value) if reason.unit == "s" else words.per_second(reason.value, reason.unit)
    lines: list[Line] = [[(indent, ""), (reason.title, "strong"), ("   ", ""), (value, "accent")]]
    if reason.equation:
        lines.append([(f"{indent}   ", ""), (f"= {reason.equation}", "")])
    for link in reason.because:
        lines += chain(link, depth + 1)
    if not reason.because:
        for item in reason.inputs[:6]:
            role = {"assumed": "mark-assumed", "fitted": "mark-fitted"}.get(item.mark, "mark-cited")
            lines.append(
                [
                    (f"{indent}   ", ""),
                    (MARKS.get(item.mark, "●") + " ", role),
                    (item.path, "dim"),
                    (f"  {human(item.value, item.unit)}  ", ""),
                    (item.source[:60], "dim"),
                ]
            )
    return lines
