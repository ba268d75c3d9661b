"""A curve with its knee and every change of bottleneck: the picture of a sweep of one parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infralab.models.units import human
from infralab.tui.plot.grid import Grid, Line
from infralab.tui.plot.scale import Scale, scale_of

TURN, KNEE, CURSOR = "turn", "knee", "cursor"


@dataclass(frozen=True, slots=True)
class Curve:
    """`xs` and `ys` point by point; None where there is no answer. Turns and knee are indices."""

    xs: Sequence[float]
    ys: Sequence[float | None]
    labels: Sequence[str]  # of the points, below the axis
    turns: Sequence[int] = ()
    knee: int | None = None
    cursor: int | None = None
    even: bool = False  # points stand evenly: a list of names
    unit: str = field(default="")


def curve_lines(curve: Curve, width: int, height: int, ascii_only: bool = False) -> list[Line]:
    """The plot in exactly `height` lines of at most `width` cells."""
    known = [y for y in curve.ys if y is not None]
    if not known:
        return [[("no point has an answer", "dim")], *([[]] * (height - 1))]
    across = scale_of([float(i) for i in range(len(curve.xs))] if curve.even else curve.xs)
    up = scale_of(known, zero=True)
    ticks = _ticks(up, max(height - 2, 2), curve.unit)
    label = max(map(len, ticks.values())) + 1
    grid = Grid(max(width - label, 4), max(height - 2, 2), ascii_only)
    places = _places(curve, across, up, grid)
    _draw(curve, places, grid)
    lines = _with_ticks(grid.rows(), ticks, label, ascii_only)
    lines.append([(" " * (label - 1) + ("+" if ascii_only else "└"), "axis"),
                  (("-" if ascii_only else "─") * grid.width, "axis")])  # fmt: skip
    lines.append(_below(curve, places, label, grid.width))
    return lines


Places = list[tuple[int, int] | None]  # dots


def _places(curve: Curve, across: Scale, up: Scale, grid: Grid) -> Places:
    found: Places = []
    for i, y in enumerate(curve.ys):
        if y is None:
            found.append(None)
            continue
        x = across.at(float(i) if curve.even else curve.xs[i])
        found.append((round(x * (grid.dots_across - 1)), round(up.at(y) * (grid.dots_up - 1))))
    return found


def _draw(curve: Curve, places: Places, grid: Grid) -> None:
    last: tuple[int, int] | None = None
    for place in places:
        if place is not None and last is not None:
            grid.line(*last, *place, "curve")
        elif place is not None:
            grid.dot(*place, "curve")
        last = place or last
    upright = "|" if grid.ascii_only else "┊"
    for index in curve.turns:
        place = places[index]
        if place is not None:
            for row in range(grid.height):
                if grid._cell(place[0] // 2, row)[0] == " ":
                    grid.sign(place[0] // 2, row, upright, TURN)
    for number, index in enumerate(curve.turns, 1):
        if places[index] is not None:
            _sign(grid, places[index], str(number % 10), TURN)
    if curve.knee is not None:
        _sign(grid, places[curve.knee], "K" if grid.ascii_only else "◇", KNEE)
    if curve.cursor is not None and curve.cursor < len(places):
        place = places[curve.cursor]
        if place is not None:
            for row in range(grid.height):
                if grid._cell(place[0] // 2, row)[0] == " ":
                    grid.sign(place[0] // 2, row, "|" if grid.ascii_only else "│", CURSOR)
            _sign(grid, place, "@" if grid.ascii_only else "●", CURSOR)


def _sign(grid: Grid, place: tuple[int, int] | None, text: str, role: str) -> None:
    if place is not None:
        grid.sign(place[0] // 2, grid.height - 1 - place[1] // 4, text, role)


def _tick(value: float, unit: str) -> str:
    return human(value, "B/s") if unit in ("B/s", "bytes/s") else human(value)


def _ticks(up: Scale, rows: int, unit: str) -> dict[int, str]:
    """Values at the top, the bottom and, where there is room, the middle row."""
    last = rows - 1
    places = {0: 1.0, last: 0.0}
    if last >= 4:
        places[round(last / 2)] = 1 - round(last / 2) / last
    return {row: _tick(up.value(place), unit) for row, place in places.items()}


def _with_ticks(rows: list[Line], ticks: dict[int, str], label: int, ascii_only: bool) -> list[Line]:
    upright, tick = ("|", "+") if ascii_only else ("│", "┤")
    return [
        [(f"{ticks.get(number, ''):>{label - 1}}", "axis"), (tick if number in ticks else upright, "axis"), *row]
        for number, row in enumerate(rows)
    ]


def _below(curve: Curve, places: Places, label: int, width: int) -> Line:
    """Labels of as many points as there is room for: the ends first, then the rest from the left."""
    line = [" "] * (label + width)
    xs = [p[0] // 2 if p is not None else None for p in places]
    order = [0, len(places) - 1, *range(1, len(places) - 1)] if len(places) > 1 else [0]
    for index in order:
        column = xs[index]
        if column is None:
            continue
        text = curve.labels[index]
        start = min(max(label + column - len(text) // 2, label), label + width - len(text))
        free = all(c == " " for c in line[max(start - 2, 0) : start + len(text) + 2])
        if start >= 0 and free:
            line[start : start + len(text)] = text
    return [("".join(line).rstrip(), "axis")]
