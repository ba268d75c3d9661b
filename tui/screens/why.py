"""Why any figure is what it is: choose one on the left, its chain of equations and inputs on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from infralab.tui import words
from infralab.tui.export.chain_text import chain_lines
from infralab.tui.panels.paint import Line, cut, left, right
from infralab.tui.screens.sheet import Keys, Sheet, beside

if TYPE_CHECKING:
    from infralab.models.explore.why import Reason
    from infralab.models.report import Report
    from infralab.tui.screens.lab import LabScreen

WIDE = 100
NAMED = {
    "rate": "rate", "waiting": "waiting_cost_per_hour", "cost": "cost_per_hour", "power": "power_watts",
    "energy": "energy_per_unit", "carbon": "carbon_grams_per_hour", "mfu": "mfu", "busy": "busy", "step": "step_seconds",
    "first token": "time_to_first_token", "each token": "time_per_output_token", "latency": "latency",
}  # fmt: skip
# Styles of the terminal's report, as roles.
ROLES = {
    "dim": "dim", "bold": "strong", "bold yellow": "bottleneck", "green": "mark-cited", "bold magenta": "mark-assumed",
    "bold cyan": "accent", "bold red": "bad", "blue": "bar", "": "",
}  # fmt: skip


class WhySheet(Sheet[None]):
    heading = "Why?"
    keys: ClassVar[Keys] = (("↑↓", "another figure"), ("PgUp PgDn", "scroll the chain"), ("Esc", "back"))

    def __init__(self, lab: LabScreen, path: str = "rate") -> None:
        super().__init__()
        self.lab = lab
        self.design = lab.desk.session.design
        report = lab.desk.state.report
        self.figures = figures(report) if report is not None else []
        self.cursor = next((n for n, (name, _, _) in enumerate(self.figures) if name == path), 0)
        self.told: dict[str, Reason | str] = {}
        self.top = 0

    def on_mount(self) -> None:
        self._ask()

    def _ask(self) -> None:
        self.top = 0
        if not self.figures:
            return
        path, design = self.figures[self.cursor][0], self.design
        if path in self.told:
            return

        def work() -> Reason | str:
            from infralab.models.explore.why import WhyError, why
            from infralab.tui.parts import catalogue_for

            try:
                return why(design, path, catalogue_for(design))
            except WhyError as error:
                return str(error)

        def done(reason: Reason | str) -> None:
            self.told[path] = reason
            self.repaint()

        self.lab.desk.task(work, done, "why")

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.figures:
            return [[("  no figure yet: the design is incomplete", "dim")]]
        side = 34 if width >= WIDE else 24
        room = width - side - 3
        chain = self._chain(room)
        self.top = min(max(self.top, 0), max(len(chain) - height, 0))
        more = len(chain) - self.top - height
        self.note = f"▼ {more} more lines" if more > 0 else ""
        return beside(self._list(side, height), chain[self.top :][:height], width, room)

    def _chain(self, width: int) -> list[Line]:
        told = self.told.get(self.figures[self.cursor][0])
        if told is None:
            return [[("working it out …", "dim")]]
        if isinstance(told, str):
            return [[(told, "dim")]]
        return [[(text, ROLES.get(style, "")) for text, style in line] for line in chain_lines(told, width)]

    def _list(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for number, (_, name, value) in enumerate(self.figures):
            room = width - len(value) - 1
            line: Line = [(left(cut(name, room), room), ""), (right(value, len(value) + 1), "dim")]
            lines.append([(text, "cursor") for text, _ in line] if number == self.cursor else line)
        first = min(max(self.cursor - height // 2, 0), max(len(lines) - height, 0))
        return lines[first : first + height]

    def pressed(self, key: str) -> bool:
        if key in ("up", "down", "home", "end"):
            last = len(self.figures) - 1
            self.cursor = {
                "up": max(self.cursor - 1, 0),
                "down": min(self.cursor + 1, max(last, 0)),
                "home": 0,
                "end": max(last, 0),
            }[key]
            self._ask()
        elif key in ("pageup", "pagedown", "space"):
            self.top += -12 if key == "pageup" else 12
        else:
            return False
        return True


def figures(report: Report) -> list[tuple[str, str, str]]:
    """(path, name, value) of everything that can be asked about: headline, parts, frameworks."""
    found = [
        (NAMED[figure.name], figure.name, words.short(figure, report))
        for figure in words.headline(report)
        if figure.name in NAMED
    ]
    if report.memory is not None:
        found.append(
            ("memory", "memory a chip", words.percent(report.memory.required_bytes / report.memory.capacity_bytes))
        )
    unit = "" if report.throughput is None else report.throughput.unit
    for ceiling in report.ceilings:
        name = f"{words.owner_name(ceiling.owner)} {ceiling.kind}"
        found.append((ceiling.resource, name, words.number(ceiling.rate, unit)))
    found += [(f"fit.{f.framework}", f"{f.framework} fit", f"{f.score:.2f}") for f in report.framework_fit]
    return found


def open_why(lab: LabScreen, path: str = "rate") -> None:
    lab.app.push_screen(WhySheet(lab, path))
