"""Problems in words, then fixes by what they cost, then what could be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, cut, left, right, wrap

if TYPE_CHECKING:
    from infralab.models.explore.upgrades import Spare, Upgrade
    from infralab.models.report import Report, ResourceUse
    from infralab.tui.search import Found
    from infralab.tui.state import LabState

WORTH = 0.005  # +10 % that buys less than half a thousandth is no help
EACH = 4  # fixes shown of one group
SIGNS = {"infeasible": ("✗", "bad"), "missing": ("…", "warning"), "warning": ("!", "warning")}


@dataclass(frozen=True, slots=True)
class Row:
    """A line, and the fix that it offers."""

    line: Line
    fix: Upgrade | Spare | None = None


class Helps(LinePanel, can_focus=True):
    BORDER_TITLE = "3 Fixes, best value first"

    class Chosen(Message):
        """A fix is to be made."""

        def __init__(self, fix: Fix) -> None:
            self.fix = fix
            super().__init__()

    class LookedAt(Message):
        """The cursor is on a fix, or on none any more."""

        def __init__(self, fix: Fix | None) -> None:
            self.fix = fix
            super().__init__()

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.found: Found | None = None
        self.cursor = 0  # among the fixes
        self._fixes: list[Fix] = []
        self._at: list[int] = []  # lines of the fixes

    def offer(self, found: Found) -> None:
        """What a search brought."""
        self.found = found
        self.cursor = 0
        if self.has_focus:
            self._try_out()
        else:
            self.repaint()

    def show(self, state: LabState) -> None:
        if state.design is not self.state.design:
            self.found = None  # of another design
        super().show(state)

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None:
            return []
        rows = [*_problems(report, width), *self._offered(width), *_helping(report, width), *_assumed(report, width)]
        self._fixes = [Fix.of(row.fix) for row in rows if row.fix is not None]
        self._at = [number for number, row in enumerate(rows) if row.fix is not None]
        self.cursor = min(self.cursor, max(len(self._fixes) - 1, 0))
        lines = [row.line for row in rows] or [[("  nothing stands out", "dim")]]
        if self.has_focus and self._fixes:
            at = self._at[self.cursor]
            lines[at] = [(text, "cursor") for text, _ in lines[at]]
            height = self.content_size.height
            self.top = min(max(self.top, at - height + 1), at)
        return lines

    def _offered(self, width: int) -> Iterator[Row]:
        if self.found is None:
            if self.state.report is not None and self.state.report.throughput is not None:
                yield Row([("  looking for fixes …", "dim")])
            return
        for group in ("free", "cheap", "buy"):
            of_group = [item for item in self.found.upgrades if item.group == group]
            for item in of_group[:EACH]:
                cost = _money(item.cost_change)
                gain = words.factor(1.0, 1.0 + item.gain)
                yield Row(_line(group, item.label, ("≈" if item.close else "") + gain, cost, "good", width), item)
        for spare in self.found.spares[:EACH]:
            saved = _money(-spare.saving_per_hour) if spare.saving_per_hour else ""
            yield Row(_line("spare", spare.change.label, "0 %", saved, "dim", width), spare)

    # -- keys and mouse

    def on_focus(self) -> None:
        self._try_out()

    def on_blur(self) -> None:
        self.post_message(self.LookedAt(None))
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down") and self._fixes:
            step = 1 if event.key == "down" else -1
            self.cursor = min(max(self.cursor + step, 0), len(self._fixes) - 1)
            self._try_out()
        elif event.key in ("up", "down", "pageup", "pagedown"):
            self.scroll_lines({"up": -1, "down": 1, "pageup": -8, "pagedown": 8}[event.key])
        elif event.key == "enter" and self._fixes:
            self.post_message(self.Chosen(self._fixes[self.cursor]))
        else:
            return
        event.stop()
        event.prevent_default()

    def _try_out(self) -> None:
        self.repaint()
        if self._fixes:
            self.post_message(self.LookedAt(self._fixes[self.cursor]))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        number = place.y + self.top if place else -1
        if number in self._at:
            again = self._at.index(number) == self.cursor and event.chain > 1
            self.cursor = self._at.index(number)
            self._try_out()
            if again:
                self.post_message(self.Chosen(self._fixes[self.cursor]))


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that can be made: changes in the words of a story's step."""

    label: str
    changes: tuple[object, ...]

    @classmethod
    def of(cls, found: Upgrade | Spare) -> Fix:
        changes = getattr(found, "changes", None) or (found.change,)  # type: ignore[union-attr]
        return cls(getattr(found, "label", "") or changes[0].label, tuple(changes))


def _line(group: str, label: str, gain: str, cost: str, role: str, width: int) -> Line:
    room = max(width - 6 - 6 - 9, 8)
    return [
        (left(group, 6), "accent"),
        (left(cut(label, room), room), ""),
        (right(gain, 6), role),
        (right(cost, 9), "dim"),
    ]


def _money(change: float | None) -> str:
    if change is None:
        return ""
    if abs(change) < 0.5:
        return "$0"
    return f"{'+' if change > 0 else '−'}{words.dollars(abs(change))}/h"


def _problems(report: Report, width: int) -> Iterator[Row]:
    for problem in report.problems:
        sign, role = SIGNS.get(problem.severity, ("!", "warning"))
        for number, text in enumerate(wrap(problem.text, width - 2)):
            yield Row([(f"{sign} " if number == 0 else "  ", role), (text, "")])


def _helping(report: Report, width: int) -> Iterator[Row]:
    """Resources by what 10 % more of each would buy."""
    found = [use for use in report.utilisation if use.elasticity > WORTH]
    found.sort(key=lambda use: -use.elasticity)
    for use in found[:4]:
        gain = f"+{use.elasticity * 10:.1f} %"
        room = max(width - 17, 6)
        yield Row([("+10 % ", "dim"), (left(_name(use), room), ""), (" → ", "dim"), (right(gain, 8), "good")])


def _assumed(report: Report, width: int) -> Iterator[Row]:
    said = {problem.text for problem in report.problems}
    for warning in report.warnings:
        if warning not in said:
            for number, text in enumerate(wrap(warning, width - 2)):
                yield Row([("! " if number == 0 else "  ", "warning"), (text, "dim")])
    for assumed in report.assumptions:
        for number, text in enumerate(wrap(assumed, width - 2)):
            yield Row([("△ " if number == 0 else "  ", "mark-assumed"), (text, "dim")])


def _name(use: ResourceUse) -> str:
    return f"{words.owner_name(use.owner)} {use.kind}"
