"""What lies under a cell, and which box is nearest in a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paths import MARGIN
from infralab.tui.canvas.view import BoxView, Zoom

if TYPE_CHECKING:
    from infralab.tui.canvas.scene import Scene

Kind = Literal["box", "port", "badge", "wire", "empty"]


@dataclass(frozen=True, slots=True)
class Hit:
    """`name` is of the box or wire under the cell; empty where there is none."""

    kind: Kind
    name: str = ""

    @property
    def owner(self) -> str:
        """The dotted name: "box.store", "wire.store-train", or nothing."""
        if self.kind == "empty":
            return ""
        return f"wire.{self.name}" if self.kind == "wire" else f"box.{self.name}"


EMPTY = Hit("empty")


def hit(scene: Scene, x: int, y: int, front: frozenset[str] = frozenset()) -> Hit:
    """What is at a scene cell. Boxes lie over wires; those in `front` (selected) over other boxes."""
    i = box_at(scene, x, y, front)
    if i is not None:
        return _part_of(scene.boxes[i], x - scene.corner(i).x, y - scene.corner(i).y)
    k = wire_at(scene, x, y)
    return EMPTY if k is None else Hit("wire", scene.wires[k].name)


def box_at(scene: Scene, x: int, y: int, front: frozenset[str] = frozenset()) -> int | None:
    """Index of the topmost box over a scene cell."""
    x, y = x + MARGIN.x, y + MARGIN.y
    r = scene.rects
    over = (r[:, 0] <= x) & (x < r[:, 0] + r[:, 2]) & (r[:, 1] <= y) & (y < r[:, 1] + r[:, 3])
    found = over.nonzero()[0].tolist()
    if not found:
        return None
    return max(found, key=lambda i: (scene.boxes[i].name in front, i))


def wire_at(scene: Scene, x: int, y: int) -> int | None:
    """Index of the wire, or of the wire whose label, is at a scene cell."""
    x, y = x + MARGIN.x, y + MARGIN.y
    from infralab.tui.canvas.wires import X, Y

    labels = scene.room.owner
    if not (0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]):
        return None
    if labels[y, x] >= 0:
        return int(labels[y, x])
    b = scene.bounds
    near = ((b[:, 0] <= x) & (x <= b[:, 2]) & (b[:, 1] <= y) & (y <= b[:, 3])).nonzero()[0]
    for k in near.tolist():
        cells = scene.cells[k]
        if ((cells[X] == x) & (cells[Y] == y)).any():
            return int(k)
    return None


def _part_of(box: BoxView, dx: int, dy: int) -> Hit:
    """Badge, port or body of a box, by the cell within it."""
    if box.zoom is Zoom.DOTS:
        return Hit("box", box.name)
    width, height = box.size
    badge = len(f" ×{box.count} ") if box.count > 1 else 0
    if dy == 0:
        in_badge = badge and width - 1 - badge <= dx < width - 1
        return Hit("badge" if in_badge else "box", box.name)
    if dx in (0, width - 1) or dy == height - 1:
        return Hit("port", box.name)
    return Hit("box", box.name)


def boxes_within(scene: Scene, x0: int, y0: int, x1: int, y1: int) -> tuple[str, ...]:
    """Names of the boxes that a marquee touches."""
    left, right = sorted((x0 + MARGIN.x, x1 + MARGIN.x))
    top, bottom = sorted((y0 + MARGIN.y, y1 + MARGIN.y))
    r = scene.rects
    inside = (
        (r[:, 0] <= right) & (r[:, 0] + r[:, 2] > left) & (r[:, 1] <= bottom) & (r[:, 1] + r[:, 3] > top)
    )
    return tuple(scene.boxes[i].name for i in inside.nonzero()[0].tolist())


STEP = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
SIDEWAYS = 2.0  # a box off the straight line counts as so many times farther


def nearest(scene: Scene, name: str | None, direction: str) -> str | None:
    """The nearest box in a direction from box `name`; the first drawn when there is no such box."""
    if not scene.boxes:
        return None
    if name is None or name not in scene.index:
        return scene.boxes[0].name
    here = scene.index[name]
    middle = scene.rects[:, :2] + scene.rects[:, 2:] / 2
    delta = (middle - middle[here]) * (1.0, 2.0)  # a cell is twice as high as it is wide
    dx, dy = STEP[direction]
    ahead = delta[:, 0] * dx + delta[:, 1] * dy
    aside = abs(delta[:, 0] * dy) + abs(delta[:, 1] * dx)
    eligible = (ahead > 0) & (aside <= 3 * ahead)
    eligible[here] = False
    if not eligible.any():
        return None
    import numpy as np

    distance = np.where(eligible, ahead + SIDEWAYS * aside, np.inf)
    return scene.boxes[int(distance.argmin())].name


def centre(scene: Scene, name: str) -> Place:
    """The middle of a box, in scene cells."""
    x, y, w, h = scene.rects[scene.index[name]].tolist()
    return Place(x + w // 2 - MARGIN.x, y + h // 2 - MARGIN.y)


def wire_middle(scene: Scene, k: int) -> Place | None:
    """The cell half-way along a wire, in scene cells; None when it has no path yet."""
    from infralab.tui.canvas.wires import X, Y

    cells = scene.cells[k]
    count = cells.shape[1]
    if not count:
        return None
    return Place(int(cells[X, count // 2]) - MARGIN.x, int(cells[Y, count // 2]) - MARGIN.y)
