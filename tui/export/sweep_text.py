"""A sweep for people: one sentence, the curve or the map, what binds where, and the points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.export.report_text import DIM, HEADING, STRONG, STUCK, folded
from infralab.tui.export.terminal import Line
from infralab.tui.plot.curve import Curve, curve_lines
from infralab.tui.plot.heat import LETTERS, Heat, heat_lines

if TYPE_CHECKING:
    from infralab.models.explore.sweep import Point, Sweep

ROWS = 16
AREAS = ("bold blue", "bold yellow", "bold green", "bold magenta", "bold cyan", "bold red")
STYLES = {
    "axis": DIM, "curve": "blue", "turn": STUCK, "knee": "bold green", "cursor": "reverse", "dim": DIM,
    **{f"area-{i}": style for i, style in enumerate(AREAS)},
}  # fmt: skip


def sweep_lines(found: Sweep, width: int, ascii_only: bool = False) -> Iterator[Line]:
    """The whole answer, for one parameter or two."""
    yield from folded(sentence(found), width, "◆ ", STUCK)
    yield []
    if len(found.axes) == 1:
        yield from _styled(curve_lines(curve_of(found), width, ROWS, ascii_only))
        yield [(f"{found.axes[0].path} →", DIM)]
        yield from _turns(found, width)
        yield from _table(found, width)
    else:
        yield [(f"{found.axes[0].path} ↑", DIM)]
        heat = heat_of(found)
        yield from _styled(heat_lines(heat, width, 40))
        yield [(f"{found.axes[1].path} →", DIM)]
        yield []
        yield from legend(heat)


def _styled(lines: list[list[tuple[str, str]]]) -> Iterator[Line]:
    for line in lines:
        yield [(text, STYLES.get(role, "")) for text, role in line]


def unit_of(found: Sweep) -> str:
    return next((p.answer.unit for p in found.points if p.answer.unit), "")


def curve_of(found: Sweep, cursor: int | None = None) -> Curve:
    """The picture of a sweep of one parameter."""
    axis = found.axes[0]
    return Curve(
        [p.values[0] for p in found.points],
        [p.answer.rate for p in found.points],
        [p.texts[0] for p in found.points],
        [turn.index for turn in found.turns()],
        found.knee(),
        cursor,
        not axis.numeric,
        unit_of(found),
    )


def heat_of(found: Sweep, cursor: tuple[int, int] | None = None) -> Heat:
    """The picture of a sweep of two: the first upwards, the second across."""
    up, across = found.axes
    columns = len(across.texts)
    cells: list[list[tuple[float, str] | None]] = []
    for row in range(len(up.texts)):
        points = found.points[row * columns : (row + 1) * columns]
        line = [_cell(point) for point in points]
        cells.append(line + [None] * (columns - len(line)))
    return Heat(across.texts, up.texts, cells, cursor)


def _cell(point: Point) -> tuple[float, str] | None:
    rate = point.answer.rate
    if rate is None or point.answer.status == "infeasible":
        return None
    return rate, point.answer.bottleneck or "nothing drawn"


def legend(heat: Heat) -> Iterator[Line]:
    """Letters and colours of the map."""
    for index, name in enumerate(heat.names()):
        yield [(f"{LETTERS[index % len(LETTERS)]} ", AREAS[index % len(AREAS)]), (name, "")]
    if any(cell is None for row in heat.cells for cell in row):
        yield [("· ", DIM), ("no answer, or it does not fit", DIM)]


def sentence(found: Sweep) -> str:
    """From where to where the rate goes, where more stops paying, and what binds at the ends."""
    answered = [p for p in found.points if p.answer.rate]
    if not answered:
        reason = found.points[0].answer.status if found.points else "nothing was evaluated"
        return f"No point has an answer ({reason})."
    unit = unit_of(found)
    best = max(answered, key=lambda p: p.answer.rate or 0.0)
    where = ", ".join(f"{a.path} = {t}" for a, t in zip(found.axes, best.texts, strict=True))
    top = words.per_second(best.answer.rate or 0.0, unit)
    if len(found.axes) == 2:
        binding = {p.answer.bottleneck for p in answered}
        count = f"{len(binding)} parts bind in turn" if len(binding) > 1 else f"{next(iter(binding))} binds everywhere"
        return f"Best {top} at {where}; {count}."
    first, last = answered[0].answer, answered[-1].answer
    change = words.factor(first.rate, last.rate)
    text = f"{words.per_second(first.rate or 0.0, unit)} → {words.per_second(last.rate or 0.0, unit)} ({change})"
    knee = found.knee()
    axis = found.axes[0]
    if knee is not None and knee < len(found.points) - 1:
        text += f"; beyond {axis.path} = {found.points[knee].texts[0]} doubling it gives under 10 %"
    elif best is not answered[-1] and best is not answered[0]:
        text += f"; best {top} at {where}"
    turns = found.turns()
    if turns:
        text += f"; {turns[0].before or 'nothing'} binds first, {turns[-1].after or 'nothing'} in the end"
    elif first.bottleneck:
        text += f"; {first.bottleneck} binds all the way"
    return text + "."


def _turns(found: Sweep, width: int) -> Iterator[Line]:
    turns, knee = found.turns(), found.knee()
    if turns or knee is not None:
        yield []
    for number, turn in enumerate(turns, 1):
        at = found.points[turn.index].texts[0]
        text = f"at {at}: {turn.before or 'nothing'} → {turn.after or 'nothing'}"
        yield [(f"{number % 10} ", STUCK), (text[: width - 2], "")]
    if knee is not None:
        yield [
            ("◇ ", STYLES["knee"]),
            (f"knee at {found.points[knee].texts[0]}: beyond it doubling gives under 10 %", ""),
        ]


def _table(found: Sweep, width: int) -> Iterator[Line]:
    """Every point, thinned to two dozen."""
    unit = unit_of(found)
    every = max(1, -(-len(found.points) // 24))
    important = {turn.index for turn in found.turns()} | {found.knee(), len(found.points) - 1}
    label = max(len(p.texts[0]) for p in found.points) if found.points else 4
    yield []
    yield [(f"{'':{label}}  {unit if unit != 'B/s' else 'bytes/s':>14}{'USD/h':>9}{'power':>9}  binding", HEADING)]
    for index, point in enumerate(found.points):
        if index % every and index not in important:
            continue
        one = point.answer
        rate = "–" if one.rate is None else words.number(one.rate, unit)
        cost = "" if one.cost_per_hour is None else words.dollars(one.cost_per_hour)[1:]
        watts = "" if one.power_watts is None else words.watts(one.power_watts)
        what = one.bottleneck if one.status != "infeasible" else f"does not fit; {one.bottleneck}"
        yield [
            (f"{point.texts[0]:{label}}", STRONG),
            (f"  {rate:>14}{cost:>9}{watts:>9}  ", ""),
            (what[: max(width - label - 36, 8)], DIM),
        ]
