"""One wire as cells: glyphs along its path, arrowheads, and a place for its label."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.roles import HALF_FULL, NEARLY_FULL, Role, fullness_glyph
from infralab.tui.canvas.route import Corners
from infralab.tui.canvas.view import WireView

# Rows of a wire's cell array.
Y, X, GLYPH, ROLE, FORM, THICKNESS = range(6)
# FORM: what a cell may share with another wire: only straight over straight is a crossing; arrows win.
ACROSS, DOWN, CORNER, ARROW = range(4)
DASHED_CLASS = 3

Cells = NDArray[np.int32]


def thickness_class(wire: WireView) -> int:
    return DASHED_CLASS if wire.dashed else wire.thickness


def wire_role(wire: WireView) -> Role:
    if wire.problem:
        return Role.PROBLEM
    if wire.bottleneck:
        return Role.BOTTLENECK
    used = wire.utilisation or 0.0
    if used >= NEARLY_FULL:
        return Role.WIRE_FULL
    return Role.WIRE_BUSY if used >= HALF_FULL else Role.WIRE


def trace(path: Corners) -> Cells:
    """Cells of a path in order: rows Y, X and FORM; corners where it turns."""
    points = [path[0]]
    for point in path[1:]:
        if point != points[-1]:
            points.append(point)
    pieces: list[Cells] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length = abs(x1 - x0) + abs(y1 - y0)
        piece = np.empty((2, length), np.int32)
        piece[0] = y0 if y0 == y1 else np.arange(y0, y1, 1 if y1 > y0 else -1)
        piece[1] = x0 if x0 == x1 else np.arange(x0, x1, 1 if x1 > x0 else -1)
        pieces.append(piece)
    pieces.append(np.array([[points[-1][1]], [points[-1][0]]], np.int32))
    return np.concatenate(pieces, axis=1)


def _glyph_indices(cells: Cells, sides: tuple[str, str]) -> NDArray[np.int32]:
    """Index into WIRE's row for each cell, by where the wire comes from and goes to."""
    out = {"right": (0, 1), "left": (0, -1), "bottom": (1, 0), "top": (-1, 0)}
    before = np.array(out[sides[0]])  # the wire comes out of the first box
    after = np.array(out[sides[1]])
    count = cells.shape[1]
    moves = np.empty((2, count + 1), np.int32)
    moves[:, 0] = before
    moves[:, 1:-1] = cells[:, 1:] - cells[:, :-1]
    moves[:, -1] = -after
    level = moves[1] != 0
    index: Cells = (~level[:-1]).astype(np.int32)
    turns = np.flatnonzero(level[:-1] != level[1:])
    # a corner joins the way back (against the move in) and the way on
    back, on = -moves[:, turns], moves[:, turns + 1]
    across, down = back[1] + on[1], back[0] + on[0]
    index[turns] = 2 + (across < 0) + 2 * (down < 0)
    return index


def draw(wire: WireView, path: Corners, sides: tuple[str, str]) -> Cells:
    """The wire's cells in world coordinates, glyphs and roles in place."""
    places = trace(path)
    index = _glyph_indices(places, sides)
    style = thickness_class(wire)
    cells = np.empty((6, places.shape[1]), np.int32)
    cells[:2] = places
    cells[GLYPH] = glyphs.WIRE_CODES[style][index]
    cells[ROLE] = wire_role(wire)
    cells[FORM] = np.minimum(index, CORNER)
    cells[THICKNESS] = style
    # an arrowhead points into the box: against the side that it enters
    if wire.flow == "forward":
        _arrow(cells, -1, sides[1])
    elif wire.flow == "back":
        _arrow(cells, 0, sides[0])
    return cells


def _arrow(cells: Cells, end: int, side: str) -> None:
    into = {"right": "left", "left": "right", "bottom": "top", "top": "bottom"}[side]
    cells[GLYPH, end] = ord(glyphs.ARROW[into])
    cells[FORM, end] = ARROW


class Label(NamedTuple):
    """A text beside or on a wire, in world cells."""

    y: int
    x: int
    text: str


def texts(wire: WireView) -> list[str]:
    """What a label could say, longest first: the link, how full, and the glyph for it."""
    if wire.utilisation is None:
        return [wire.label] if wire.label else []
    used = wire.utilisation
    percent = f"{used * 100:.0f} %" if used == 0 or used >= 0.005 else "<1 %"
    full = f"{percent} {fullness_glyph(used)}"
    if wire.bottleneck:
        full = f"{glyphs.BOTTLENECK} {full}"
    short = full.replace(" ", "")
    return [f"{wire.label} {full}", full, short] if wire.label else [full, short]


class LabelRoom:
    """Cells that are free for labels: no box, no other wire, no other label."""

    def __init__(self, occupied: NDArray[np.int32], wire_count: NDArray[np.int16]) -> None:
        self.occupied, self.wire_count = occupied, wire_count
        self.owner = np.full(occupied.shape, -1, np.int32)

    def claim(self, wire: int, label: Label) -> None:
        self.owner[label.y, label.x : label.x + len(label.text)] = wire

    def release(self, label: Label) -> None:
        self.owner[label.y, label.x : label.x + len(label.text)] = -1

    def _free(self, y: int, x: int, length: int, wires: int) -> bool:
        height, width = self.occupied.shape
        if not (0 <= y < height and x >= 0 and x + length <= width):
            return False
        part = slice(x, x + length)
        return not (
            (self.wire_count[y, part] > wires).any()
            or self.occupied[y, part].any()
            or (self.owner[y, part] >= 0).any()
        )

    def find(self, wire: WireView, path: Corners) -> Label | None:
        """A place for the wire's label: on its longest run across, else beside one that goes down."""
        runs = sorted(
            itertools.pairwise(path),
            key=lambda run: -(abs(run[1][0] - run[0][0]) + abs(run[1][1] - run[0][1])),
        )
        for text in texts(wire):
            for (x0, y0), (x1, y1) in runs:
                if (x0, y0) == (x1, y1):
                    continue
                if y0 == y1:
                    place = self._on(text, x0, x1, y0) or self._above(text, x0, x1, y0)
                else:
                    place = self._beside(text, x0, y0, y1)
                if place is not None:
                    return place
        return None

    def _above(self, text: str, x0: int, x1: int, y: int) -> Label | None:
        """Over or under a run that is too short to carry the text."""
        room = abs(x1 - x0) + 1
        if room < len(text):
            return None
        x = min(x0, x1) + (room - len(text)) // 2
        for row in (y - 1, y + 1):
            if self._free(row, x, len(text), 0):
                return Label(row, x, text)
        return None

    def _on(self, text: str, x0: int, x1: int, y: int) -> Label | None:
        text = f" {text} "
        room = abs(x1 - x0) + 1
        if room < len(text) + 2:  # the ends stay: an arrowhead may be there
            return None
        x = min(x0, x1) + (room - len(text)) // 2
        return Label(y, x, text) if self._free(y, x, len(text), 1) else None

    def _beside(self, text: str, x: int, y0: int, y1: int) -> Label | None:
        if abs(y1 - y0) < 2:
            return None
        y = (y0 + y1) // 2
        for start in (x - len(text) - 1, x + 2):
            if self._free(y, start, len(text), 0):
                return Label(y, start, text)
        return None
