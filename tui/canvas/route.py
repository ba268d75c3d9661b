"""Orthogonal wires round boxes: a fixed family of bent shapes, scored at once by prefix sums.

A path is a polyline of six corners, some of which may coincide. Whether a run of cells is free is one
subtraction in a table of prefix sums, so a few numpy calls score every candidate. Only when all of them
go through a box does `detour` search cell by cell, and never longer than its limit.
"""

from __future__ import annotations

import heapq
import itertools

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas.paths import (
    BEND,
    BLOCKED,
    LANES,
    OUTWARD,
    REACH_ACROSS,
    REACH_DOWN,
    SHARED,
    SHARED_CORNER,
    Corners,
    Port,
    ahead,
    turned,
)

Ints = NDArray[np.int32]
CORNERS = 6
FROM_MIDDLE = np.array([(k + 1) // 2 * (-1) ** k for k in range(2 * LANES)], np.int32)  # 0, -1, 1, -2 …


class Router:
    """Tables of what stands where, and paths through them.

    `boxes` is an (n, 4) array of x, y, width, height in cells of a `width` by `height` world.
    """

    def __init__(self, width: int, height: int, boxes: Ints) -> None:
        self.width, self.height = width, height
        self.boxes: Ints = boxes.astype(np.int32).copy()
        self.occupied = np.zeros((height, width), np.int32)
        for x, y, w, h in self.boxes:
            self.occupied[y : y + h, x : x + w] += 1
        self.row_sums = np.zeros((height, width + 1), np.int32)  # occupied cells before x
        self.column_sums = np.zeros((height + 1, width), np.int32)
        np.cumsum(self.occupied, axis=1, out=self.row_sums[:, 1:])
        np.cumsum(self.occupied, axis=0, out=self.column_sums[1:])
        self.row_use = np.zeros((height, width + 1), np.int32)  # wire cells running across, before x
        self.column_use = np.zeros((height + 1, width), np.int32)
        self.corner_use = np.zeros((height, width), np.int16)

    def move_box(self, index: int, x: int, y: int) -> None:
        self._stamp(index, -1)
        self.boxes[index, :2] = x, y
        self._stamp(index, 1)

    def _stamp(self, index: int, sign: int) -> None:
        x, y, w, h = self.boxes[index].tolist()
        self.occupied[y : y + h, x : x + w] += sign
        ramp = sign * np.arange(1, w, dtype=np.int32)
        self.row_sums[y : y + h, x + 1 : x + w] += ramp
        self.row_sums[y : y + h, x + w :] += sign * w
        ramp = sign * np.arange(1, h, dtype=np.int32)
        self.column_sums[y + 1 : y + h, x : x + w] += ramp[:, None]
        self.column_sums[y + h :, x : x + w] += sign * h

    def use(self, path: Corners, sign: int) -> None:
        """Note (sign 1) or forget (-1) that a wire runs along `path`."""
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            if x0 == x1 and y0 == y1:
                continue
            self.corner_use[y0, x0] += sign
            self.corner_use[y1, x1] += sign
            if y0 == y1:
                a, b = min(x0, x1), max(x0, x1)
                self.row_use[y0, a + 1 : b + 1] += sign * np.arange(1, b - a + 1, dtype=np.int32)
                self.row_use[y0, b + 1 :] += sign * (b - a)
            else:
                a, b = min(y0, y1), max(y0, y1)
                self.column_use[a + 1 : b + 1, x0] += sign * np.arange(1, b - a + 1, dtype=np.int32)
                self.column_use[b + 1 :, x0] += sign * (b - a)

    def route(self, start: Port, end: Port) -> tuple[Corners, int]:
        """The cheapest path between two ports that both look across or both look up and down, and its cost.

        A cost of BLOCKED or more says that it runs through a box. Detours are tried only when no simple
        path is free.
        """
        across = OUTWARD[start.side][0] != 0
        shapes = self._lanes_between if across else self._lanes_down
        best: Corners = ()
        cost = 1 << 30
        for candidates in (shapes, self._detours if across else self._detours_down):
            xs, ys = candidates(start, end)
            if len(xs):
                costs = self._cost(xs, ys, across)
                k = int(costs.argmin())
                if costs[k] < cost:
                    cost = int(costs[k])
                    best = tuple(zip(xs[k].tolist(), ys[k].tolist(), strict=True))
            direct = abs(end.x - start.x) + abs(end.y - start.y) + 3 * BEND
            if cost <= direct:
                break
        return best, cost

    def _lanes_between(self, start: Port, end: Port) -> tuple[Ints, Ints]:
        """Corners of H V H through each lane, for ports that look across."""
        return _through(start, end, self.width)

    def _lanes_down(self, start: Port, end: Port) -> tuple[Ints, Ints]:
        ys, xs = _through(turned(start), turned(end), self.height)
        return xs, ys

    def _detours(self, start: Port, end: Port) -> tuple[Ints, Ints]:
        """Corners of H V H V H through each row near the ports."""
        return _round(start, end, self.width, self.height, REACH_DOWN)

    def _detours_down(self, start: Port, end: Port) -> tuple[Ints, Ints]:
        ys, xs = _round(turned(start), turned(end), self.height, self.width, REACH_ACROSS)
        return xs, ys

    def _cost(self, xs: Ints, ys: Ints, across_first: bool) -> NDArray[np.int64]:
        x0, x1, y0, y1 = xs[:, :-1], xs[:, 1:], ys[:, :-1], ys[:, 1:]
        left, right = np.minimum(x0, x1), np.maximum(x0, x1)
        upper, lower = np.minimum(y0, y1), np.maximum(y0, y1)
        h, v = (slice(0, 5, 2), slice(1, 5, 2)) if across_first else (slice(1, 5, 2), slice(0, 5, 2))
        row, a, b = y0[:, h], left[:, h], right[:, h]
        column, c, d = x0[:, v], upper[:, v], lower[:, v]
        blocked = (self.row_sums[row, b + 1] - self.row_sums[row, a]).sum(1)
        blocked += (self.column_sums[d + 1, column] - self.column_sums[c, column]).sum(1)
        shared = (self.row_use[row, b] - self.row_use[row, a]).sum(1)
        shared += (self.column_use[d, column] - self.column_use[c, column]).sum(1)
        corners = self.corner_use[ys[:, 1:5], xs[:, 1:5]].sum(1)
        runs = (right - left) + (lower - upper)
        cost = runs.sum(1) + BEND * (runs > 0).sum(1)
        return cost + BLOCKED * blocked + SHARED * shared + SHARED_CORNER * corners

    def detour(self, start: Port, end: Port, limit: int = 20_000) -> Corners | None:
        """A free path found cell by cell (A*, bends cost extra); None when there is none within `limit` cells."""
        free = (self.occupied == 0).ravel().tolist()
        width, size = self.width, self.width * self.height
        goal = end.y * width + end.x
        first = start.y * width + start.x
        steps = (1, -1, width, -width)
        heading = steps.index(OUTWARD[start.side][0] + width * OUTWARD[start.side][1])
        open_cells = [(0, 0, first, heading)]
        cost_of: dict[tuple[int, int], int] = {(first, heading): 0}
        came: dict[tuple[int, int], tuple[int, int]] = {}
        while open_cells and len(came) < limit:
            _, cost, cell, way = heapq.heappop(open_cells)
            if cell == goal:
                return _corners(came, (cell, way), width)
            if cost > cost_of[cell, way]:
                continue
            for turn, step in enumerate(steps):
                following = cell + step
                if not 0 <= following < size or not free[following] or steps[way] == -step:
                    continue
                if abs(step) == 1 and following // width != cell // width:
                    continue
                dearer = cost + 1 + (BEND if turn != way else 0)
                if dearer < cost_of.get((following, turn), 1 << 30):
                    cost_of[following, turn] = dearer
                    came[following, turn] = (cell, way)
                    y, x = divmod(following, width)
                    guess = dearer + abs(end.x - x) + abs(end.y - y)
                    heapq.heappush(open_cells, (guess, dearer, following, turn))
        return None


def _through(start: Port, end: Port, wide: int) -> tuple[Ints, Ints]:
    lanes = _lanes(start.x, end.x, ahead(start), ahead(end), wide)
    xs, ys = np.empty((len(lanes), CORNERS), np.int32), np.empty((len(lanes), CORNERS), np.int32)
    xs[:, 0], xs[:, 5], xs[:, 1:5] = start.x, end.x, lanes[:, None]
    ys[:, :2], ys[:, 2:] = start.y, end.y
    return xs, ys


def _round(start: Port, end: Port, wide: int, tall: int, reach: int) -> tuple[Ints, Ints]:
    rows = np.arange(max(min(start.y, end.y) - reach, 0), min(max(start.y, end.y) + reach + 1, tall))
    count = len(rows)
    xs, ys = np.empty((2 * count, CORNERS), np.int32), np.empty((2 * count, CORNERS), np.int32)
    xs[:, 0], xs[:, 5], ys[:, :2], ys[:, 4:] = start.x, end.x, start.y, end.y
    for part, step in ((slice(0, count), 1), (slice(count, None), 3)):
        xs[part, 1:3] = min(max(start.x + ahead(start) * step, 0), wide - 1)
        xs[part, 3:5] = min(max(end.x + ahead(end) * step, 0), wide - 1)
        ys[part, 2:4] = rows[:, None]
    return xs, ys


def _lanes(x0: int, x1: int, ahead: int, back: int, wide: int) -> Ints:
    """Where an H V H may turn: between ports that face each other, or beyond both that look the same way.

    The middle comes first: of equal costs, the wire that bends half-way is taken.
    """
    if ahead != back:
        if (x1 - x0) * ahead < 0:
            return np.empty(0, np.int32)
        low, high = min(x0, x1), max(x0, x1)
        middle, stride = (low + high) // 2, max((high - low) // LANES, 1)
        lanes = middle + stride * FROM_MIDDLE
        return lanes[(lanes >= low) & (lanes <= high)]
    beyond = max(x0, x1) if ahead > 0 else min(x0, x1)
    lanes = beyond + ahead * np.arange(1, 8, dtype=np.int32)
    return lanes[(lanes >= 0) & (lanes < wide)]


def _corners(
    came: dict[tuple[int, int], tuple[int, int]], state: tuple[int, int], width: int
) -> Corners:
    """The corners of the path that ends in `state`."""
    cells = [state]
    while state in came:
        state = came[state]
        cells.append(state)
    cells.reverse()
    points = [(cell % width, cell // width) for cell, _ in cells]
    kept = [points[0]]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        if (point[0] - before[0], point[1] - before[1]) != (after[0] - point[0], after[1] - point[1]):
            kept.append(point)
    kept.append(points[-1])
    return tuple(kept)
