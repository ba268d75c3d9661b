"""What a path between two boxes is made of, what it costs, and the world that it runs in."""

from __future__ import annotations

from typing import NamedTuple

from infralab.tui.canvas.layout import Place

Corners = tuple[tuple[int, int], ...]

MARGIN = Place(14, 6)  # of the world left of and above the first box, so that wires may run there
SPARE = Place(80, 30)  # world beyond the last box, before it has to grow
# Costs in cells of length: a bend, a cell of box, a cell shared with a wire running the same way, a shared corner.
BEND, BLOCKED, SHARED, SHARED_CORNER = 3, 4000, 12, 9
LANES = 20  # lanes tried between two ports that face each other
REACH_ACROSS, REACH_DOWN = 24, 9  # how far outside the two ports a detour may run


class Port(NamedTuple):
    """A cell beside a box's frame; `side` is right, left, bottom or top of the box."""

    x: int
    y: int
    side: str


OUTWARD = {"right": (1, 0), "left": (-1, 0), "bottom": (0, 1), "top": (0, -1)}


def turned(port: Port) -> Port:
    return Port(port.y, port.x, port.side)


def ahead(port: Port) -> int:
    return 1 if port.side in ("right", "bottom") else -1
