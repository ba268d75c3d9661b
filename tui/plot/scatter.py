"""Numbered points over two axes: gain against money, with the front joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from infralab.tui.plot.grid import Grid, Line
from infralab.tui.plot.scale import Scale


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    sign: str  # one character
    role: str = "curve"


def scatter_lines(
    dots: Sequence[Dot], front: Sequence[tuple[float, float]], across: tuple[str, str], up: tuple[str, str],
    width: int, height: int, ascii_only: bool = False,
) -> list[Line]:  # fmt: skip
    """`height` lines. `across` and `up` label the low and the high end of each axis."""
    xs, ys = [d.x for d in dots] + [0.0], [d.y for d in dots] + [0.0]
    wide, tall = _padded(min(xs), max(xs)), Scale(min(ys), max(max(ys), 1e-9))
    label = max(map(len, up)) + 1
    grid = Grid(max(width - label - 1, 8), max(height - 2, 3), ascii_only)

    def place(x: float, y: float) -> tuple[int, int]:
        return round(wide.at(x) * (grid.dots_across - 1)), round(tall.at(y) * (grid.dots_up - 1))

    for (x, y), (x2, y2) in pairwise(front):
        a, b = place(x, y), place(x2, y2)
        grid.line(*a, b[0], a[1], "axis")  # a front is a staircase: between two points nothing better is known
        grid.line(b[0], a[1], *b, "axis")
    for dot in reversed(dots):
        x, y = place(dot.x, dot.y)
        grid.sign(x // 2, grid.height - 1 - y // 4, dot.sign, dot.role)
    upright, corner, flat = ("|", "+", "-") if ascii_only else ("│", "└", "─")
    lines: list[Line] = []
    for number, row in enumerate(grid.rows()):
        text = up[1] if number == 0 else up[0] if number == grid.height - 1 else ""
        lines.append([(f"{text:>{label - 1}}{upright}", "axis"), *row])
    lines.append([(" " * (label - 1) + corner + flat * grid.width, "axis")])
    room = grid.width - len(across[0]) - len(across[1])
    lines.append([(" " * label + across[0] + " " * max(room, 1) + across[1], "axis")])
    return lines


def _padded(low: float, high: float) -> Scale:
    return Scale(low, high) if high > low else Scale(low - 1.0, high + 1.0)
