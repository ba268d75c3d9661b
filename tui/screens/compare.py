"""Designs side by side: the baseline A, pinned scenarios, and what is drawn now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from infralab.models.design import Design
from infralab.models.explore.compare import differences
from infralab.models.report import Report
from infralab.tui import words
from infralab.tui.commands.compare import Side, _edit, sentence
from infralab.tui.panels.paint import Line, cut, left, right, wrap
from infralab.tui.screens.sheet import Keys, Sheet, header

if TYPE_CHECKING:
    from infralab.tui.screens.lab import LabScreen

MOST = 6
CHANGE, INLINE = 8, 24  # cells of a change beside its figure, and of a column that has room for both
LETTERS = "BCDEFGHIJ"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A design that was put aside under a letter."""

    name: str
    design: Design


class CompareSheet(Sheet["Design | None"]):
    """Ends with the design to go on with, or None."""

    heading = "Side by side"
    keys: ClassVar[Keys] = (
        ("←→", "another scenario"), ("↑↓", "scroll"), ("⏎", "go on with it"), ("Del", "forget it"), ("Esc", "back"),
    )  # fmt: skip

    def __init__(self, lab: LabScreen, scenarios: list[Scenario]) -> None:
        super().__init__()
        self.lab = lab
        self.scenarios = scenarios
        self.reports: dict[int, Report] = {}
        self.cursor = len(self.columns()) - 1
        self.top = 0

    def columns(self) -> list[Scenario]:
        """A first, then the pinned ones, then what is drawn now where that is none of them."""
        session = self.lab.desk.session
        found = [Scenario("A", session.baseline), *self.scenarios]
        if all(session.design != one.design for one in found):
            found.append(Scenario("now", session.design))
        return found

    def on_mount(self) -> None:
        columns = self.columns()

        def work() -> list[Report]:
            from infralab.models.evaluate import evaluate
            from infralab.tui.parts import catalogue_for

            return [evaluate(one.design, catalogue_for(one.design)) for one in columns]

        def done(reports: list[Report]) -> None:
            self.reports = {id(one.design): report for one, report in zip(columns, reports, strict=True)}
            self.repaint()

        self.lab.desk.task(work, done, "task")

    def draw(self, width: int, height: int) -> list[Line]:
        columns = self.columns()
        self.cursor = min(max(self.cursor, 0), len(columns) - 1)
        if any(id(one.design) not in self.reports for one in columns):
            return [[], [("  working it out …", "dim")]]
        sides = [Side(one.name, one.design, self.reports[id(one.design)]) for one in columns]
        if len(sides) == 1:
            text = "A is what is drawn now. Change something, or put it aside with P, and they stand side by side."
            return [[], *([(f"  {line}", "")] for line in wrap(text, width - 4))]
        chosen = sides[self.cursor] if self.cursor else sides[1]
        lines: list[Line] = []
        for number, text in enumerate(wrap(sentence(sides[0], chosen), width - 3)[:3]):
            lines.append([("◆ " if number == 0 else "  ", "bottleneck"), (text, "strong")])
        lines.append([])
        lines += self._table(sides, width)
        lines += [[], header(f"From A to {chosen.name}", width), *_differences(sides[0], chosen, width)]
        self.top = min(max(self.top, 0), max(len(lines) - height, 0))
        return lines[self.top :][:height]

    def _table(self, sides: list[Side], width: int) -> list[Line]:
        label = 12
        each = min(max((width - label) // len(sides), 10), 30)
        head: Line = [(" " * label, "")]
        for number, side in enumerate(sides):
            head.append((right(side.name, each), "cursor" if number == self.cursor else "accent"))
        lines: list[Line] = [head]
        base = {figure.name: figure for figure in words.headline(sides[0].report)}
        found = [{figure.name: figure for figure in words.headline(side.report)} for side in sides]
        for name in dict.fromkeys(name for figures in found for name in figures):
            line: Line = [(left(name, label), "dim")]
            changed: Line = [(" " * label, "")]
            inline = each >= INLINE
            for number, (side, figures) in enumerate(zip(sides, found, strict=True)):
                figure = figures.get(name)
                value = "–" if figure is None else words.short(figure, side.report)
                line.append((right(value, each - CHANGE if inline else each), "strong" if name == "rate" else ""))
                text, role = "", "dim"
                if number and figure is not None and name in base:
                    text = words.factor(base[name].value, figure.value)
                    better = (figure.value > base[name].value) == (figure.better > 0)
                    role = "dim" if text == "same" or not figure.better else "good" if better else "bad"
                (line if inline else changed).append((right(text, CHANGE if inline else each), role))
            lines.append(line)
            if not inline and any(text.strip() not in ("", "same") for text, _ in changed):
                lines.append(changed)
        stuck: Line = [(left("limited by", label), "dim")]
        for side in sides:
            item = side.report.bottleneck
            text = "–" if item is None else f"{item.kind}, {words.owner_name(item.owner)}"
            stuck.append((right(cut(text, each - 2), each), "bottleneck"))
        fit: Line = [(left("framework", label), "dim")]
        for side in sides:
            best = max(side.report.framework_fit, key=lambda f: f.score, default=None)
            fit.append(
                (
                    right(
                        "–" if best is None else f"{side.report.framework or best.framework}, best {best.framework}",
                        each,
                    ),
                    "",
                )
            )
        return [*lines, stuck, fit]

    def pressed(self, key: str) -> bool:
        columns = self.columns()
        if key in ("left", "right"):
            self.cursor = min(max(self.cursor + (1 if key == "right" else -1), 0), len(columns) - 1)
        elif key in ("up", "down", "pageup", "pagedown"):
            self.top += {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}[key]
        elif key == "enter":
            self.leave(columns[self.cursor].design)
        elif key in ("delete", "backspace"):
            one = columns[self.cursor]
            if one in self.scenarios:
                self.scenarios.remove(one)
        else:
            return False
        return True


def _differences(before: Side, after: Side, width: int) -> list[Line]:
    found = differences(before.design, after.design)
    if not found:
        return [[("  nothing differs in the drawing", "dim")]]
    roles = {"+": "good", "−": "bad"}
    lines: list[Line] = []
    for item in found:
        text = _edit(item)
        for number, part in enumerate(wrap(text.strip(), width - 4)):
            lines.append([("  " if number == 0 else "    ", ""), (part, roles.get(text[:1], ""))])
    return lines


def put_aside(lab: LabScreen, scenarios: list[Scenario]) -> None:
    """Keep what is drawn now as a scenario."""
    design = lab.desk.session.design
    if any(one.design == design for one in scenarios):
        lab.say("this design is put aside already: C compares")
        return
    if len(scenarios) >= MOST:
        scenarios.pop(0)
    used = {one.name for one in scenarios}
    name = next(letter for letter in LETTERS if letter not in used)
    scenarios.append(Scenario(name, design))
    lab.say(f"put aside as scenario {name}: C compares, p makes it the baseline A")


def open_compare(lab: LabScreen, scenarios: list[Scenario]) -> None:
    """Show them side by side; the chosen one becomes the design, as one edit."""

    def done(design: Design | None) -> None:
        if design is not None and lab.make(lambda old: design, "go on with a scenario"):
            lab.say("this is the scenario now: ^Z takes it back")

    lab.app.push_screen(CompareSheet(lab, scenarios), done)
