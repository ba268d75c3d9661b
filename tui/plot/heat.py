"""A map of two parameters: which part binds by letter and colour, how fast by shade or figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infralab.models.units import human
from infralab.tui.plot.grid import Line

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIGURES_FROM = 7  # cells of a column that has room for a letter and a figure


@dataclass(frozen=True, slots=True)
class Heat:
    """`cells[row][column]`: rate and the name of what binds; None where there is no answer."""

    across: Sequence[str]  # labels of the columns
    up: Sequence[str]  # labels of the rows, the first one below
    cells: Sequence[Sequence[tuple[float, str] | None]]
    cursor: tuple[int, int] | None = None  # row, column

    def names(self) -> list[str]:
        """What binds anywhere, the most frequent first; its place is its letter and its colour."""
        counts: dict[str, int] = {}
        for row in self.cells:
            for cell in row:
                if cell is not None:
                    counts[cell[1]] = counts.get(cell[1], 0) + 1
        return sorted(counts, key=lambda name: -counts[name])


def heat_lines(heat: Heat, width: int, height: int) -> list[Line]:
    """At most `height` lines: rows from the top down, then labels; a legend is the caller's."""
    names = heat.names()
    label = min(max((len(t) for t in heat.up), default=0), 16) + 1
    each = max((width - label) // max(len(heat.across), 1), 1)
    each = min(each, 11)
    shown_rows = min(len(heat.cells), max(height - 2, 1))
    first = _first_shown(heat, shown_rows)
    lines: list[Line] = []
    for r in reversed(range(first, first + shown_rows)):
        line: Line = [(f"{heat.up[r][: label - 1]:>{label - 1}} ", "axis")]
        for c, cell in enumerate(heat.cells[r]):
            line.append(_cell(cell, names, each, heat.cursor == (r, c)))
        lines.append(line)
    lines.append([(" " * label, ""), (_labels(heat.across, each), "axis")])
    return lines


def _first_shown(heat: Heat, rows: int) -> int:
    if heat.cursor is None:
        return 0
    return min(max(heat.cursor[0] - rows // 2, 0), len(heat.cells) - rows)


def _cell(cell: tuple[float, str] | None, names: list[str], each: int, chosen: bool) -> tuple[str, str]:
    if cell is None:
        return " " * (each - 1) + "·" if each > 1 else "·", "cursor" if chosen else "dim"
    index = names.index(cell[1])
    letter = LETTERS[index % len(LETTERS)]
    text = f"{letter} {human(cell[0], digits=2)}" if each >= FIGURES_FROM else letter * max(each - 1, 1)
    return f"{text[:each]:{each}}", "cursor" if chosen else f"area-{index % 6}"


def _labels(texts: Sequence[str], each: int) -> str:
    line = ""
    for i, text in enumerate(texts):
        if len(line) <= i * each:
            line += " " * (i * each - len(line)) + text + " "
    return line.rstrip()[: each * len(texts) + 8]
