"""One wire as cells: glyphs along its path, arrowheads, and a place for its label."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.codes import WIRE_CODES
from infralab.tui.canvas.paths import Corners
from infralab.tui.canvas.view import WireView
from infralab.tui.canvas.wire_looks import Label, LabelPlaces, thickness_class, wire_role

# Rows of a wire's cell array.
Y, X, GLYPH, ROLE, FORM, THICKNESS = range(6)
# FORM: what a cell may share with another wire: only straight over straight is a crossing; arrows win.
ACROSS, DOWN, CORNER, ARROW = range(4)

Cells = NDArray[np.int32]


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
    cells[GLYPH] = WIRE_CODES[style][index]
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


class LabelRoom(LabelPlaces):
    """Cells that are free for labels: no box, no other wire, no other label."""

    def __init__(self, occupied: NDArray[np.int32], wire_count: NDArray[np.int16]) -> None:
        self.occupied, self.wire_count = occupied, wire_count
        self.owner = np.full(occupied.shape, -1, np.int32)

    def claim(self, wire: int, label: Label) -> None:
        self.owner[label.y, label.x : label.x + len(label.text)] = wire

    def release(self, label: Label) -> None:
        self.owner[label.y, label.x : label.x + len(label.text)] = -1

    def free(self, y: int, x: int, length: int, wires: int) -> bool:
        height, width = self.occupied.shape
        if not (0 <= y < height and x >= 0 and x + length <= width):
            return False
        part = slice(x, x + length)
        return not (
            (self.wire_count[y, part] > wires).any()
            or self.occupied[y, part].any()
            or (self.owner[y, part] >= 0).any()
        )
