"""One parameter varied as a curve, two as a map; a live cursor, and Enter applies the point."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from infralab.models.refusal import Refusal
from infralab.tui import words
from infralab.tui.export import sweep_text
from infralab.tui.panels.paint import Line, cut, wrap
from infralab.tui.plot.curve import curve_lines
from infralab.tui.plot.heat import LETTERS, heat_lines
from infralab.tui.screens.ask import Prompt
from infralab.tui.screens.sheet import TICK_SECONDS, Keys, Sheet, header, in_roles

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.models.explore.sweep import Axis, Point, Sweep
    from infralab.tui.fields import Field
    from infralab.tui.screens.lab import LabScreen

BREATH_SECONDS = 0.001
FORMS = "1..64*2, 1..8, 100..800*2 Gb/s, or a list: a, b, c"
ALTERNATIVES = 8


class SweepSheet(Sheet["Point | None"]):
    """Ends with the point to apply, or None."""

    keys: ClassVar[Keys] = (
        ("←→↑↓", "along the points"), ("⏎", "apply it"), ("e", "other range"), ("2", "second parameter"),
        ("1", "only one"), ("Esc", "back"),
    )  # fmt: skip

    def __init__(self, lab: LabScreen, specs: list[str]) -> None:
        super().__init__()
        self.lab = lab
        self.design = lab.desk.session.design
        self.specs = specs
        self.axes: list[Axis] = []
        self.found: Sweep | None = None
        self.failure = ""
        self.row = self.column = 0
        self._run = 0  # the newest sweep wins
        self._points: list[Point] = []
        self._total = 0

    # -- sweeping

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.sweep()

    def on_unmount(self) -> None:
        self._run += 1

    def sweep(self) -> None:
        """Evaluate every point away from the screen; an older sweep gives up."""
        from infralab.models.explore.sweep import axis, sweep

        self._run += 1
        number, design = self._run, self.design
        self.found, self.failure = None, ""
        try:
            self.axes = [axis(spec) for spec in self.specs]
        except Refusal as error:
            self.failure = str(error)
            self.repaint()
            return
        self.heading = "Sweep of " + " and ".join(a.path for a in self.axes)
        axes = self.axes

        def go_on(done: int, total: int) -> bool:
            if number == self._run:
                self.note = f"{done} of {total} points"
            time.sleep(BREATH_SECONDS)
            return number == self._run

        def work() -> Sweep | str:
            from infralab.tui.parts import catalogue_for

            try:
                return sweep(design, axes, catalogue_for(design), go_on, brief=len(axes) == 2)
            except Refusal as error:
                return str(error)

        def done(found: Sweep | str) -> None:
            if number != self._run:
                return
            if isinstance(found, str):
                self.failure = found
            else:
                self.found = found
                self._stand_here()
            self.note = ""
            self.repaint()

        self.lab.desk.task(work, done, "search")

    def _tick(self) -> None:
        if self.found is None and self.note:
            self.repaint()

    def _stand_here(self) -> None:
        """The cursor begins on the point that the design is at, where it is one."""
        self.row = self.column = 0
        for which, axis in enumerate(self.axes):
            now = present(self.design, axis.path)
            at = next((n for n, text in enumerate(axis.texts) if same(text, now)), len(axis.texts) // 2)
            if which == 0 and len(self.axes) == 2:
                self.row = at
            else:
                self.column = at

    @property
    def point(self) -> Point | None:
        """What stands under the cursor."""
        if self.found is None:
            return None
        index = self.column if len(self.axes) == 1 else self.row * len(self.axes[1].texts) + self.column
        return self.found.points[index] if index < len(self.found.points) else None

    # -- drawing

    def draw(self, width: int, height: int) -> list[Line]:
        if self.failure:
            return [
                [],
                *([(f"  {text}", "bad")] for text in wrap(self.failure, width - 4)),
                [],
                [("  e: another range", "dim")],
            ]
        if self.found is None:
            return [[], [("  evaluating …", "dim")]]
        texts = wrap(sweep_text.sentence(self.found), width - 3)[:2]
        lines: list[Line] = [
            [("◆ " if n == 0 else "  ", "bottleneck"), (text, "strong")] for n, text in enumerate(texts)
        ]
        foot = self._foot(width)
        room = height - len(lines) - len(foot) - 1
        lines.append([])
        lines += self._picture(width, room)
        lines += [[] for _ in range(height - len(foot) - len(lines))]
        return [*lines[: height - len(foot)], *foot]

    def _picture(self, width: int, room: int) -> list[Line]:
        assert self.found is not None
        plain = self.page.plain
        if len(self.axes) == 1:
            turns = self.found.turns()
            told = min(len(turns) + (self.found.knee() is not None), max(room // 4, 1))
            lines = in_roles(
                curve_lines(sweep_text.curve_of(self.found, self.column), width, max(room - told - 1, 6), plain)
            )
            lines.append([(cut(f"{self.axes[0].path} →", width), "dim")])
            for number, turn in enumerate(turns[:told], 1):
                at = self.found.points[turn.index].texts[0]
                lines.append(
                    [(f"{number % 10} ", "bottleneck"), (cut(f"at {at}: {turn.before} → {turn.after}", width - 2), "")]
                )
            knee = self.found.knee()
            if knee is not None and told > len(turns):
                at = self.found.points[knee].texts[0]
                lines.append(
                    [("K " if plain else "◇ ", "good"), (f"knee at {at}: beyond it doubling gives under 10 %", "")]
                )
            return lines
        heat = sweep_text.heat_of(self.found, (self.row, self.column))
        names = heat.names()[:6]
        lines = [[(f"{self.axes[0].path} ↑", "dim")]]
        lines += in_roles(heat_lines(heat, width, max(room - len(names) - 3, 4)))
        lines.append([(f"{self.axes[1].path} →", "dim")])
        for index, name in enumerate(names):
            lines += in_roles([[(f"{LETTERS[index]} ", f"area-{index % 6}"), (name, "")]])
        return lines

    def _foot(self, width: int) -> list[Line]:
        """The point under the cursor, against where the design stands."""
        point = self.point
        if point is None:
            return [header("no point here", width)]
        one, now = point.answer, self.lab.desk.state.report
        where = ", ".join(f"{a.path} = {t}" for a, t in zip(self.axes, point.texts, strict=True))
        lines = [header(cut(where, width - 4), width)]
        if one.rate is None:
            return [*lines, [("  no answer there", "warning")]]
        pieces: Line = [(f" {words.per_second(one.rate, one.unit)} ", "title")]
        if now is not None and now.throughput is not None:
            change = words.factor(now.throughput.value, one.rate)
            pieces.append(
                (
                    f" {change} against now ",
                    "dim" if change == "same" else "good" if one.rate > now.throughput.value else "bad",
                )
            )
        if one.cost_per_hour is not None:
            pieces.append((f"  {words.dollars(one.cost_per_hour)}/h", ""))
        if one.power_watts is not None:
            pieces.append((f"  {words.watts(one.power_watts)}", ""))
        lines.append(pieces)
        held = f" ◆ {one.bottleneck}" if one.bottleneck else " nothing drawn limits it"
        if one.status == "infeasible":
            held = f" ✗ does not fit; if it did:{held}"
        return [*lines, [(cut(held, width), "bottleneck")]]

    # -- keys

    def pressed(self, key: str) -> bool:
        across = len(self.axes[-1].texts) if self.axes else 1
        up = len(self.axes[0].texts) if len(self.axes) == 2 else 1
        if key in ("left", "right"):
            self.column = min(max(self.column + (1 if key == "right" else -1), 0), across - 1)
        elif key in ("up", "down"):
            self.row = min(max(self.row + (1 if key == "up" else -1), 0), up - 1)
        elif key in ("home", "end"):
            self.column = 0 if key == "home" else across - 1
        elif key == "enter":
            if self.point is not None:
                self.leave(self.point)
        elif key == "e":
            self._ask(0)
        elif key == "2":
            self._ask(1)
        elif key == "1" and len(self.specs) > 1:
            self.specs = self.specs[:1]
            self.sweep()
        else:
            return False
        return True

    def _ask(self, which: int) -> None:
        def check(text: str) -> str:
            from infralab.models.explore.sweep import axis

            try:
                axis(text)
            except Refusal as error:
                return str(error)
            return ""

        def done(text: str | None) -> None:
            if text is not None:
                self.specs = [*self.specs[:which], text, *self.specs[which + 1 :]]
                self.sweep()

        text = self.specs[which] if which < len(self.specs) else another(self.design, self.specs[0])
        self.app.push_screen(Prompt("Vary", text, f"path = {FORMS}", check), done)


def present(design: Design, path: str) -> object:
    """What the design holds there; None where it holds nothing."""
    from infralab.models.edits import get_value

    try:
        return get_value(design, path)
    except Refusal:
        return None


def same(text: str, value: object) -> bool:
    """Whether a typed value is what the design holds."""
    from infralab.models.units import Quantity, UnitError, parse

    if value is None:
        return False
    if isinstance(value, Quantity):
        try:
            return abs(parse(text).value - value.value) <= 1e-9 * abs(value.value)
        except UnitError:
            return False
    if isinstance(value, str):
        return text == value
    try:
        return isinstance(value, (int, float)) and float(text) == float(value)
    except ValueError:
        return False


def spec_of(design: Design, path: str, text: str = "", choices: tuple[str, ...] = ()) -> str:
    """A sensible range around a value: three doublings either way, four of a figure with a unit, or names."""
    from infralab.models.units import UnitError, parse

    if choices:
        names = list(dict.fromkeys([text, *choices] if text else choices))
        return f"{path}={','.join(names[:ALTERNATIVES])}"
    try:
        number = parse(text) if text else None
    except UnitError:
        number = None
    if number is None or number.value <= 0:
        return f"{path}=1..64*2"
    head, _, unit = text.strip().partition(" ")
    try:
        value = float(head.replace("_", ""))
    except ValueError:
        value, unit = number.value, ""
    if unit:
        return f"{path}={value / 4:g}..{value * 4:g}*1.41421356 {unit}"
    if value >= 1 and float(value).is_integer():
        low = max(1, int(value) // 8)
        return f"{path}={low}..{int(value) * 8}*2"
    return f"{path}={value / 4:g}..{value * 4:g}*1.41421356"


def another(design: Design, spec: str) -> str:
    """A second parameter to begin with: the count of another box."""
    path = spec.partition("=")[0].strip()
    for box in design.boxes.values():
        other = f"box.{box.name}.count"
        if other != path:
            return spec_of(design, other, str(box.count))
    return "workload.global_batch=1024..16384*2"


def parameter(lab: LabScreen) -> str | None:
    """What is selected: the inspector's value under the cursor, else what the box scales by, or the count."""
    field = chosen_field(lab)
    design = lab.desk.session.design
    if field is not None and field.path:
        choices: tuple[str, ...] = tuple(field.choices)
        if field.rooms and lab.catalogue is not None:
            choices = _alternatives(lab, field)
        text = field.text or str(field.value or "")
        return spec_of(design, field.path, text, choices)
    chosen = lab.desk.session.selection
    stuck = lab.desk.state.report.bottleneck if lab.desk.state.report is not None else None
    first = next((f"box.{name}" for name in design.boxes), "")
    owner = chosen[0] if chosen else stuck.owner if stuck and stuck.owner.startswith(("box.", "wire.")) else first
    if not owner:
        return None
    for name in ("prefixes", "oversubscription") if owner.startswith("box.") else ():
        drawn = present(design, f"{owner}.{name}")
        if drawn:
            return spec_of(design, f"{owner}.{name}", f"{drawn:g}")
    count = present(design, f"{owner}.count") or 1
    return spec_of(design, f"{owner}.count", str(count))


def chosen_field(lab: LabScreen) -> Field | None:
    """The inspector's field under the cursor, while the inspector is worked in."""
    return lab.inspector.at if lab.inspector.display and lab.inspector.has_focus else None


def _alternatives(lab: LabScreen, field: Field) -> tuple[str, ...]:
    from infralab.tui.screens.choose import of_rooms

    assert lab.catalogue is not None
    return tuple(choice.value for choice in of_rooms(lab.catalogue, field.rooms, str(field.value or field.text)))


def open_sweep(lab: LabScreen) -> None:
    """Sweep what is selected; the chosen point becomes one edit."""
    from infralab.models.explore.sweep import edited

    spec = parameter(lab)
    if spec is None:
        lab.say("nothing to sweep: draw a box first")
        return
    sheet = SweepSheet(lab, [spec])

    def done(point: Point | None) -> None:
        if point is None:
            return
        axes = sheet.axes

        def edit(old: Design) -> Design:
            for axis, text in zip(axes, point.texts, strict=True):
                old = edited(old, axis.path, text)
            return old

        label = ", ".join(f"{a.path} = {t}" for a, t in zip(axes, point.texts, strict=True))
        lab.say(f"{label}: ^Z takes it back" if lab.make(edit, label) else f"{label} is so already")

    lab.app.push_screen(sheet, done)
