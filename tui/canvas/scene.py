"""Boxes and wires in one world of cells: kept up to date move by move, no Textual here.

World cells are scene cells (a box's `corner`) plus MARGIN, so that wires may run left of and above
everything. Moving a box routes only its own wires and those that it now covers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import wires as wire_cells
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paths import BLOCKED, MARGIN, SPARE, Corners
from infralab.tui.canvas.ports import PortTable, Rect
from infralab.tui.canvas.route import CORNERS, Router
from infralab.tui.canvas.view import BoxView, View, WireView, Zoom
from infralab.tui.canvas.wire_looks import Label, texts, wire_role
from infralab.tui.canvas.wires import Cells, LabelRoom

EMPTY_CELLS = np.empty((6, 0), np.int32)
FAR = (1 << 30, 1 << 30, -1, -1)  # the bounds of a wire that has no path yet


class Scene:
    """A view's boxes and wires with their paths. Indices of boxes and wires follow the view's order."""

    def __init__(self, view: View) -> None:
        self._build(view)

    def _build(self, view: View) -> None:
        self.view = view
        self.boxes: list[BoxView] = list(view.boxes)
        self._mark()
        self.wires: list[WireView] = list(view.wires)
        self.index = {box.name: i for i, box in enumerate(self.boxes)}
        self.wire_index = {wire.name: k for k, wire in enumerate(self.wires)}
        self.ends = [(self.index[w.ends[0]], self.index[w.ends[1]]) for w in self.wires]
        rects = [self._rect(box) for box in self.boxes]
        self.rects = np.array(rects, np.int32).reshape(-1, 4)
        self.ports = PortTable(rects, self.ends, [box.kind == "fabric" for box in self.boxes])
        self.paths: list[Corners | None] = [None] * len(self.wires)
        self.cells: list[Cells] = [EMPTY_CELLS] * len(self.wires)
        self.labels: list[Label | None] = [None] * len(self.wires)
        self.bounds = np.array([FAR] * len(self.wires), np.int32).reshape(-1, 4)
        self.corners = np.full((len(self.wires), CORNERS, 2), -9, np.int32)
        self.joints = np.zeros((len(self.wires), 2, 4), np.int32)  # y, x, side, box of either end
        self.unrouted = set(range(len(self.wires)))
        self.blocked: set[int] = set()
        self._make_world()

    def _mark(self) -> None:
        """Which boxes bind, and which stand in a pod together."""
        self.bottlenecks = [i for i, box in enumerate(self.boxes) if box.bottleneck]
        self.pods: dict[str, list[int]] = {}
        for i, box in enumerate(self.boxes):
            if box.pod:
                self.pods.setdefault(box.pod, []).append(i)

    @staticmethod
    def _rect(box: BoxView) -> Rect:
        x, y = box.corner
        return x + MARGIN.x, y + MARGIN.y, box.size.width, box.size.height

    def _make_world(self) -> None:
        """Tables over a world with room for what there is; routed wires keep their paths."""
        ends = self.rects[:, :2] + self.rects[:, 2:] if len(self.rects) else np.zeros((1, 2), int)
        width, height = ends[:, 0].max() + SPARE.x, ends[:, 1].max() + SPARE.y
        self.router = Router(int(width), int(height), self.rects)
        self.wire_count = np.zeros((self.router.height, self.router.width), np.int16)
        self.room = LabelRoom(self.router.occupied, self.wire_count)
        for k, path in enumerate(self.paths):
            if path is not None:
                self.router.use(path, 1)
                self.wire_count[self.cells[k][0], self.cells[k][1]] += 1
        for k, label in enumerate(self.labels):
            if label is not None:
                self.room.claim(k, label)

    # -- changes

    def update(self, view: View) -> None:
        """Show another view: figures are repainted, moved boxes are moved; built anew when parts changed."""
        same = (
            view.zoom is self.view.zoom
            and [(b.name, b.size, b.kind) for b in view.boxes] == [(b.name, b.size, b.kind) for b in self.boxes]
            and [(w.name, w.ends) for w in view.wires] == [(w.name, w.ends) for w in self.wires]
        )
        if not same:
            self._rebuild(view)
            return
        moved = [i for i, box in enumerate(view.boxes) if self._rect(box)[:2] != tuple(self.rects[i, :2])]
        self.view, self.boxes = view, list(view.boxes)
        self._mark()
        if len(moved) > 30:  # a new layout: cheaper to begin again
            self._build(view)
            return
        self._restyle(view)
        for i in moved:
            self.move_box(i, view.boxes[i].corner)

    def _rebuild(self, view: View) -> None:
        """Build anew, but keep the path of every wire whose ports stayed: the picture stays calm."""
        old_paths = {wire.name: (self.ports.ports[k], self.paths[k]) for k, wire in enumerate(self.wires)}
        old_zoom = self.view.zoom
        self._build(view)
        if view.zoom is not old_zoom:
            return
        for k, wire in enumerate(self.wires):
            ports, path = old_paths.get(wire.name, (None, None))
            if path is not None and ports == self.ports.ports[k] and not self._runs_through_box(path):
                self._lay(k, path)
        self._label(range(len(self.wires)))

    def _runs_through_box(self, path: Corners) -> bool:
        return any(
            self.router.occupied[min(y0, y1) : max(y0, y1) + 1, min(x0, x1) : max(x0, x1) + 1].any()
            for (x0, y0), (x1, y1) in itertools.pairwise(path)
            if max(x0, x1) < self.router.width and max(y0, y1) < self.router.height
        )

    def _restyle(self, view: View) -> None:
        """Glyphs, roles and labels of wires whose figures changed."""
        changed = [k for k, wire in enumerate(view.wires) if wire != self.wires[k]]
        for k in changed:
            old, new = self.wires[k], view.wires[k]
            self.wires[k] = new
            path = self.paths[k]
            if path is None:
                continue
            if (old.thickness, old.flow, old.dashed) == (new.thickness, new.flow, new.dashed):
                self.cells[k][wire_cells.ROLE] = wire_role(new)
            else:
                self.cells[k] = wire_cells.draw(new, path, self.ports.side[k])
            self._retext(k, old)
        self._label(k for k in changed if self.labels[k] is None)

    def _retext(self, k: int, old: WireView) -> None:
        """New words where the old ones stood, if they are as long; else look for room again."""
        label = self.labels[k]
        before, after = texts(old), texts(self.wires[k])
        if label is None or before == after:
            return
        text = label.text.strip()
        if text in before and len(before) == len(after):
            new = after[before.index(text)]
            if len(new) == len(text):
                self.labels[k] = label._replace(text=label.text.replace(text, new))
                return
        self._forget_label(k)

    def move_box(self, i: int, corner: Place) -> int:
        """Put box `i` at `corner` (scene cells); how many wires were routed again."""
        x, y = max(corner.x, 0) + MARGIN.x, max(corner.y, 0) + MARGIN.y
        _, _, w, h = self.rects[i].tolist()
        if (x, y) == tuple(self.rects[i, :2].tolist()):
            return 0
        if x + w + MARGIN.x > self.router.width or y + h + MARGIN.y > self.router.height:
            self.rects[i, :2] = x, y
            self._make_world()
        else:
            self.router.move_box(i, x, y)
            self.rects[i, :2] = x, y
        todo = self.ports.move(i, x, y)
        todo |= set(np.flatnonzero(self._crossed_by(x, y, w, h)).tolist())
        todo -= self.unrouted
        covered = set(self.room.owner[y : y + h, x : x + w].ravel().tolist()) - {-1}
        for k in todo:
            self._lift(k)
        for k in sorted(todo):
            self._route(k)
        for k in covered - todo:
            self._forget_label(k)
        self._label(todo | covered)
        return len(todo)

    def _crossed_by(self, x: int, y: int, w: int, h: int) -> NDArray[np.bool_]:
        """Which wires run through a rectangle."""
        low = np.minimum(self.corners[:, :-1], self.corners[:, 1:])
        high = np.maximum(self.corners[:, :-1], self.corners[:, 1:])
        hit: NDArray[np.bool_] = (
            (low[..., 0] < x + w) & (high[..., 0] >= x) & (low[..., 1] < y + h) & (high[..., 1] >= y)
        ).any(1)
        return hit

    # -- wires

    def route_within(self, seconds: float, visible: tuple[Place, int, int] | None = None) -> bool:
        """Route wires that have no path yet, those in view first; True when none is left."""
        if not self.unrouted:
            return True
        deadline = perf_counter() + seconds
        done = []
        for k in self._in_order(visible):
            self._route(k)
            self.unrouted.discard(k)
            done.append(k)
            if perf_counter() > deadline:
                break
        self._label(done)
        return not self.unrouted

    def _in_order(self, visible: tuple[Place, int, int] | None) -> list[int]:
        waiting = sorted(self.unrouted)
        if visible is None:
            return waiting
        (ox, oy), width, height = visible
        x, y = ox + MARGIN.x, oy + MARGIN.y
        rects = self.rects
        shown = (
            (rects[:, 0] < x + width)
            & (rects[:, 0] + rects[:, 2] > x)
            & (rects[:, 1] < y + height)
            & (rects[:, 1] + rects[:, 3] > y)
        )
        return sorted(waiting, key=lambda k: not (shown[self.ends[k][0]] or shown[self.ends[k][1]]))

    def settle(self) -> None:
        """Search a way round for wires that run through a box; for when nothing is being dragged."""
        for k in sorted(self.blocked):
            path = self.router.detour(*self.ports.ports[k])
            self.blocked.discard(k)
            if path is not None:
                self._lift(k)
                self._lay(k, path)
                self._label([k])

    def _route(self, k: int) -> None:
        path, cost = self.router.route(*self.ports.ports[k])
        (self.blocked.add if cost >= BLOCKED else self.blocked.discard)(k)
        self._lay(k, path)

    def _lay(self, k: int, path: Corners) -> None:
        self.paths[k] = path
        self.unrouted.discard(k)
        cells = self.cells[k] = wire_cells.draw(self.wires[k], path, self.ports.side[k])
        self.router.use(path, 1)
        self.wire_count[cells[0], cells[1]] += 1
        for other in set(self.room.owner[cells[0], cells[1]].tolist()):
            if other >= 0 and other != k:
                self._forget_label(other)
        points = np.array(path, np.int32)
        self.bounds[k] = *points.min(0), *points.max(0)
        # long detours keep their first corners exactly and are bounded by the rest
        kept = points if len(points) <= CORNERS else _boxed(points)
        self.corners[k, : len(kept)], self.corners[k, len(kept) :] = kept, kept[-1]
        for end in (0, 1):
            port = self.ports.ports[k][end]
            dx, dy = {"right": (-1, 0), "left": (1, 0), "bottom": (0, -1), "top": (0, 1)}[port.side]
            side = ("right", "left", "bottom", "top").index(port.side)
            self.joints[k, end] = port.y + dy, port.x + dx, side, self.ends[k][end]

    def _lift(self, k: int) -> None:
        path = self.paths[k]
        if path is None:
            return
        self.router.use(path, -1)
        self.wire_count[self.cells[k][0], self.cells[k][1]] -= 1
        self._forget_label(k)
        self.paths[k], self.cells[k] = None, EMPTY_CELLS

    def _forget_label(self, k: int) -> None:
        label = self.labels[k]
        if label is not None:
            self.room.release(label)
            self.labels[k] = None

    def _label(self, wanted: Iterable[int]) -> None:
        if self.view.zoom is not Zoom.FULL:
            return
        for k in sorted(wanted):
            path = self.paths[k]
            if path is not None and self.labels[k] is None:
                label = self.room.find(self.wires[k], path)
                if label is not None:
                    self.room.claim(k, label)
                    self.labels[k] = label

    # -- questions

    def corner(self, i: int) -> Place:
        """Where box `i` stands, in scene cells."""
        x, y = self.rects[i, :2].tolist()
        return Place(x - MARGIN.x, y - MARGIN.y)

    def with_pods(self, names: Iterable[str]) -> tuple[str, ...]:
        """The boxes and all that share a pod with one of them; the given ones first."""
        given = [name for name in names if name in self.index]
        held = {self.boxes[self.index[name]].pod for name in given} - {""}
        return tuple(
            dict.fromkeys([*given, *(self.boxes[i].name for pod in self.pods if pod in held for i in self.pods[pod])])
        )

    def pod_frame(self, pod: str) -> Rect:
        """Left, top, width and height of the frame around a pod, in world cells."""
        rects = self.rects[self.pods[pod]]
        left, top = rects[:, :2].min(0).tolist()
        right, bottom = (rects[:, :2] + rects[:, 2:]).max(0).tolist()
        return left - 2, top - 1, right - left + 4, bottom - top + 2

    def extent(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of all boxes and pods, in scene cells; zeros when there is none."""
        if not len(self.rects):
            return 0, 0, 0, 0
        left, top = self.rects[:, :2].min(0).tolist()
        right, bottom = (self.rects[:, :2] + self.rects[:, 2:]).max(0).tolist()
        for pod in self.pods:
            x, y, width, height = self.pod_frame(pod)
            left, top, right, bottom = min(left, x), min(top, y), max(right, x + width), max(bottom, y + height)
        return left - MARGIN.x, top - MARGIN.y, right - MARGIN.x, bottom - MARGIN.y


def _boxed(points: NDArray[np.int32]) -> NDArray[np.int32]:
    """A long path as six corners round its bounds, for the test whether a box covers it."""
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return np.array([points[0], (left, top), (right, top), (right, bottom), (left, bottom), points[-1]], np.int32)
