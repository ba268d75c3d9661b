"""Where wires meet boxes: the side by how two boxes stand to each other, the cell spread along that side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infralab.tui.canvas.paths import Port

Rect = tuple[int, int, int, int]  # x, y, width, height

ROOM_ACROSS = 4  # free columns that a wire between two sides needs
ROOM_DOWN = 2
MIDDLE, RIGHT_OF_TITLE = 0.5, 0.72  # where along its side a lone wire meets a box
OPPOSITE = {"right": "left", "left": "right", "bottom": "top", "top": "bottom"}


def sides(a: Rect, b: Rect, below: bool) -> tuple[str, str]:
    """The sides of `a` and `b` between which a wire runs; `below`: one is a fabric, wired from above."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    right, left = bx - (ax + aw), ax - (bx + bw)
    down, up = by - (ay + ah), ay - (by + bh)
    across, along = max(right, left), max(down, up)
    vertical = "bottom" if down >= up else "top"
    horizontal = "right" if right >= left else "left"
    if along >= ROOM_DOWN and (below or across < ROOM_ACROSS):
        return vertical, OPPOSITE[vertical]
    if across >= 2:
        return horizontal, OPPOSITE[horizontal]
    if along >= 1:
        return vertical, OPPOSITE[vertical]
    return "bottom", "bottom"  # the boxes overlap or touch: round below both


def wanted(box: Rect, other: Rect, side: str) -> float:
    """Where along its side a wire would best meet the box: in line with the other box where they face."""
    k = 1 if side in ("right", "left") else 0
    low, high = max(box[k], other[k]), min(box[k] + box[k + 2], other[k] + other[k + 2])
    if high - low < 3:
        low, high = box[k], box[k] + box[k + 2]
    return low + (high - 1 - low) * (MIDDLE if k else RIGHT_OF_TITLE)


def spread(box: Rect, side: str, wishes: Sequence[float]) -> list[int]:
    """Cells along the side for wires sorted by where they go: near their wishes, apart where there is room.

    `wishes` need not be sorted; the order given is the order along the side.
    """
    k = 1 if side in ("right", "left") else 0
    edge = 1 if k else 3  # corners stay free; across the top the title does too
    low, high = box[k] + edge, box[k] + box[k + 2] - 1 - edge
    room = high - low + 1
    count = len(wishes)
    if count > room:
        return [low + index * room // count for index in range(count)]
    gap = 2 if not k and 2 * count - 1 <= room else 1
    cells: list[int] = []
    for wish in wishes:
        least = cells[-1] + gap if cells else low
        cells.append(max(least, min(int(wish), high)))  # down: the same wherever the box stands
    limit = high
    for index in range(count - 1, -1, -1):  # push back what ran over the end
        cells[index] = min(cells[index], limit)
        limit = cells[index] - gap
    return cells


def port(box: Rect, side: str, along: int) -> Port:
    """The cell just outside the frame."""
    x, y, w, h = box
    if side == "right":
        return Port(x + w, along, side)
    if side == "left":
        return Port(x - 1, along, side)
    return Port(along, y + h, side) if side == "bottom" else Port(along, y - 1, side)


class PortTable:
    """The ports of every wire, kept as boxes move; tells which wires have to be routed again."""

    def __init__(self, boxes: list[Rect], ends: list[tuple[int, int]], fabric: list[bool]) -> None:
        self.boxes, self.ends, self.fabric = boxes, ends, fabric
        self.wires_of: list[list[int]] = [[] for _ in boxes]
        for wire, (a, b) in enumerate(ends):
            self.wires_of[a].append(wire)
            self.wires_of[b].append(wire)
        self.side: list[tuple[str, str]] = [("", "")] * len(ends)
        self.ports: list[tuple[Port, Port]] = [(Port(0, 0, ""), Port(0, 0, ""))] * len(ends)
        for wire in range(len(ends)):
            self._choose_side(wire)
        for box in range(len(boxes)):
            self._spread_box(box)

    def move(self, box: int, x: int, y: int) -> set[int]:
        """Move a box; the wires whose ports or sides changed."""
        _, _, w, h = self.boxes[box]
        self.boxes[box] = (x, y, w, h)
        mine = self.wires_of[box]
        touched = {box}
        for wire in mine:
            self._choose_side(wire)
            touched.update(self.ends[wire])
        before: dict[int, tuple[Port, Port]] = {}
        for near in touched:
            for wire in self.wires_of[near]:
                before.setdefault(wire, self.ports[wire])
        for near in touched:
            self._spread_box(near)
        return {wire for wire, ports in before.items() if self.ports[wire] != ports} | set(mine)

    def _choose_side(self, wire: int) -> None:
        a, b = self.ends[wire]
        below = self.fabric[a] != self.fabric[b]
        self.side[wire] = sides(self.boxes[a], self.boxes[b], below)

    def _spread_box(self, box: int) -> None:
        by_side: dict[str, list[int]] = {}
        for wire in self.wires_of[box]:
            by_side.setdefault(self.side[wire][self.ends[wire][1] == box], []).append(wire)
        for side, wires in by_side.items():
            self._spread_side(box, side, wires)

    def _spread_side(self, box: int, side: str, wires: Iterable[int]) -> None:
        k = 1 if side in ("right", "left") else 0
        rect = self.boxes[box]
        keyed = []
        for wire in wires:
            a, b = self.ends[wire]
            other = self.boxes[b if a == box else a]
            keyed.append((wanted(rect, other, side), other[k] + other[k + 2] / 2, wire))
        keyed.sort(key=lambda entry: (entry[1], entry[2]))
        cells = spread(rect, side, [entry[0] for entry in keyed])
        for (_, _, wire), along in zip(keyed, cells, strict=True):
            first, second = self.ports[wire]
            found = port(rect, side, along)
            self.ports[wire] = (found, second) if self.ends[wire][0] == box else (first, found)
