"""Where a new box can stand without covering anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui.canvas.layout import GRID, Place, snap
from infralab.tui.canvas.view import SCALE

if TYPE_CHECKING:
    import numpy as np

    from infralab.tui.canvas.widget import TopologyCanvas

GAP = (4, 1)  # columns and rows kept free around a box, for its wires


def free_place(canvas: TopologyCanvas, size: tuple[int, int], near: Place) -> Place | None:
    """Where a box of `size` cells covers no other: the grid place nearest to `near`, first in view, then beside it."""
    across, down = SCALE[canvas.zoom]
    view, low = canvas.content_size, canvas.to_scene(0, 0)
    high = canvas.to_scene(view.width - size[0], view.height - size[1])
    more_x, more_y = size[0] + GAP[0], size[1] + GAP[1]
    first = snap((low.x - more_x) / across, (low.y - more_y) / down)
    last = snap((max(high.x, low.x) + more_x) / across, (max(high.y, low.y) + more_y) / down)
    rects = _boxes(canvas)

    def far(at: Place) -> tuple[bool, float]:
        x, y = at.x * across, at.y * down
        seen = low.x <= x <= high.x and low.y <= y <= high.y
        # A cell is twice as tall as it is wide.
        return not seen, abs(at.x - near.x) * across + 2 * abs(at.y - near.y) * down

    places = [
        Place(x, y) for y in range(first.y, last.y + 1, GRID.height) for x in range(first.x, last.x + 1, GRID.width)
    ]
    places.sort(key=far)
    return next((at for at in places if not _covers(rects, round(at.x * across), round(at.y * down), size)), None)


def pan_to(canvas: TopologyCanvas, corner: Place, size: tuple[int, int]) -> None:
    """Pan as little as brings a rectangle of the scene into view."""
    view, origin = canvas.content_size, canvas.origin
    x = min(max(origin.x, corner.x + size[0] + 1 - view.width), corner.x - 1)
    y = min(max(origin.y, corner.y + size[1] - view.height), corner.y)
    canvas.look_at(Place(x, y))


def _boxes(canvas: TopologyCanvas) -> np.ndarray:
    """Left, top, width and height of every box, in cells of the scene: (boxes, 4)."""
    scene = canvas.scene
    rects = [(*scene.corner(i), *box.size) for i, box in enumerate(scene.boxes)]
    import numpy as np  # late: the first frame does without it

    return np.array(rects, np.int32).reshape(-1, 4)


def _covers(rects: np.ndarray, x: int, y: int, size: tuple[int, int]) -> bool:
    left, top, wide, high = rects.T
    beside = (x + size[0] + GAP[0] <= left) | (left + wide + GAP[0] <= x)
    above = (y + size[1] + GAP[1] <= top) | (top + high + GAP[1] <= y)
    return not bool((beside | above).all())
