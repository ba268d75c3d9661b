"""The first picture of a small design, without numpy, whose import would hold it back.

The same cells as `paint.Painter` makes of a `scene.Scene` (a test compares them), but of a design that
fits the view and that nobody works on yet; every other picture is the painter's.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.card import Look, draw, frame_style
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paths import (
    BEND,
    BLOCKED,
    LANES,
    MARGIN,
    OUTWARD,
    REACH_ACROSS,
    REACH_DOWN,
    SHARED,
    SHARED_CORNER,
    SPARE,
    Corners,
    Port,
    ahead,
    turned,
)
from infralab.tui.canvas.ports import PortTable, Rect
from infralab.tui.canvas.roles import Role
from infralab.tui.canvas.view import View, WireView, Zoom
from infralab.tui.canvas.wire_looks import Label, LabelPlaces, thickness_class, wire_role

SMALL = 10  # boxes, and wires: more are routed sooner by arrays, their import included
Rows = tuple[list[str], list[bytes]]  # characters and roles
Cell = tuple[int, int]  # y, x in world cells
Shapes = Callable[[Port, Port, int, int, int], Iterator[Corners]]
LEGEND_FROM = 12  # rows above the legend, at least
SIDES = ("right", "left", "bottom", "top")  # in the order of glyphs.JOINT


def can(view: View) -> bool:
    """Whether a view is small and plain enough for the picture here."""
    return (
        0 < len(view.boxes) <= SMALL
        and len(view.wires) <= SMALL
        and view.zoom is not Zoom.DOTS
        and not any(box.pod for box in view.boxes)
    )


def extent(view: View) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of all boxes, in scene cells, as `Scene.extent`."""
    return (
        min(box.corner.x for box in view.boxes),
        min(box.corner.y for box in view.boxes),
        max(box.corner.x + box.size.width for box in view.boxes),
        max(box.corner.y + box.size.height for box in view.boxes),
    )


def picture(
    view: View, origin: Place, width: int, height: int, legend: tuple[str, ...] = (), ascii_only: bool = False
) -> Rows:
    """Characters and roles of the `width` by `height` cells from `origin` (scene cells), all boxes within.

    `legend`: lines for the lower left corner, shown where nothing else stands there.
    """
    rects = [(b.corner.x + MARGIN.x, b.corner.y + MARGIN.y, *b.size) for b in view.boxes]
    sheet = _Sheet(width, height, origin.x + MARGIN.x, origin.y + MARGIN.y)
    wires = _Wires(view, rects)
    wires.lay(sheet)
    for box, (x, y, _, _) in zip(view.boxes, rects, strict=True):
        for row, (text, roles) in enumerate(zip(*draw(box), strict=True)):
            sheet.write(y + row, x, text, roles)
    wires.join(sheet, [frame_style(box, Look.PLAIN) for box in view.boxes])
    sheet.explain(legend)
    chars = ["".join(row) for row in sheet.chars]
    if ascii_only:
        chars = [row.translate(glyphs.PLAIN) for row in chars]
    return chars, [bytes(row) for row in sheet.roles]


class _Sheet:
    """The cells in view, addressed by world cells."""

    def __init__(self, width: int, height: int, x: int, y: int) -> None:
        self.width, self.height, self.x, self.y = width, height, x, y
        self.chars = [[" "] * width for _ in range(height)]
        self.roles = [bytearray(width) for _ in range(height)]

    def write(self, y: int, x: int, text: str, roles: bytes) -> None:
        row, column = y - self.y, x - self.x
        if 0 <= row < self.height:
            for k in range(max(-column, 0), min(len(text), self.width - column)):
                self.chars[row][column + k], self.roles[row][column + k] = text[k], roles[k]

    def put(self, cell: Cell, sign: str, role: int | None = None) -> None:
        row, column = cell[0] - self.y, cell[1] - self.x
        if 0 <= row < self.height and 0 <= column < self.width:
            self.chars[row][column] = sign
            if role is not None:
                self.roles[row][column] = role

    def explain(self, lines: tuple[str, ...]) -> None:
        """As `furniture.add` does it where all is in view."""
        wide = max((len(line) for line in lines), default=0) + 2
        y = self.height - len(lines) - 1
        if y < LEGEND_FROM or wide > self.width or any(any(row[: wide + 1]) for row in self.roles[y - 1 :]):
            return
        for row, text in enumerate(lines, start=y):
            self.write(row + self.y, 2 + self.x, text, bytes([Role.NOTE]) * len(text))

    def sign(self, cell: Cell) -> str:
        row, column = cell[0] - self.y, cell[1] - self.x
        return self.chars[row][column] if 0 <= row < self.height and 0 <= column < self.width else ""


class _Wires:
    """Every wire of a view with its path, routed in the order drawn, and its label."""

    def __init__(self, view: View, rects: list[Rect]) -> None:
        self.view = view
        index = {box.name: i for i, box in enumerate(view.boxes)}
        self.ends = [(index[wire.ends[0]], index[wire.ends[1]]) for wire in view.wires]
        self.table = PortTable(list(rects), self.ends, [box.kind == "fabric" for box in view.boxes])
        room = _Room(rects)
        self.paths: list[Corners] = []
        self.cells: list[list[tuple[Cell, str]]] = []
        for wire, ports, sides in zip(view.wires, self.table.ports, self.table.side, strict=True):
            path = room.route(*ports)
            room.use(path)
            self.paths.append(path)
            self.cells.append(_cells(wire, path, sides))
        self.labels: list[Label | None] = [None] * len(self.paths)
        if view.zoom is Zoom.FULL:
            for cells in self.cells:
                room.wires.update({cell for cell, _ in cells})
            for k, wire in enumerate(view.wires):
                label = self.labels[k] = room.find(wire, self.paths[k])
                if label is not None:
                    room.labels.update((label.y, label.x + i) for i in range(len(label.text)))

    def lay(self, sheet: _Sheet) -> None:
        """The first wire owns a cell; straight over straight makes a crossing; arrowheads lie on top."""
        across: dict[Cell, int] = {}
        down: dict[Cell, int] = {}
        bent: set[Cell] = set()
        arrows: dict[Cell, tuple[str, int]] = {}
        for wire, cells in reversed(list(zip(self.view.wires, self.cells, strict=True))):
            role, style = wire_role(wire), thickness_class(wire)
            line = glyphs.WIRE[style]
            for cell, sign in cells:
                sheet.put(cell, sign, role)
                if sign == line[0]:
                    across[cell] = style
                elif sign == line[1]:
                    down[cell] = style
                else:
                    bent.add(cell)
                    if sign not in line:
                        arrows[cell] = (sign, role)
        for cell in across.keys() & down.keys() - bent:
            sheet.put(cell, glyphs.CROSSING[across[cell]][down[cell]])
        for cell, (sign, role) in arrows.items():
            sheet.put(cell, sign, role)
        for wire, label in zip(self.view.wires, self.labels, strict=True):
            if label is not None:
                hot = wire.bottleneck or (wire.utilisation or 0) >= 0.9
                role = wire_role(wire) if hot else Role.LABEL
                sheet.write(label.y, label.x, label.text, bytes([role]) * len(label.text))

    def join(self, sheet: _Sheet, styles: list[int]) -> None:
        """Where wires meet frames; not over a title."""
        joints: dict[Cell, str] = {}
        for ends, ports in zip(self.ends, self.table.ports, strict=True):
            for box, port in zip(ends, ports, strict=True):
                dx, dy = OUTWARD[port.side]
                joints[port.y - dy, port.x - dx] = glyphs.JOINT[styles[box]][SIDES.index(port.side)]
        for cell, sign in joints.items():
            if sheet.sign(cell) in _EDGES:
                sheet.put(cell, sign)


_EDGES = {sign for frame in glyphs.FRAME for sign in frame[4:]}


def _cells(wire: WireView, path: Corners, sides: tuple[str, str]) -> list[tuple[Cell, str]]:
    """The signs along a path, as `wires.draw`."""
    line = glyphs.WIRE[thickness_class(wire)]
    points = [point for k, point in enumerate(path) if not k or point != path[k - 1]]
    steps = list(_steps(points))
    (out_x, out_y), (in_x, in_y) = OUTWARD[sides[0]], OUTWARD[sides[1]]
    moves = [(out_y, out_x), *((b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(steps)), (-in_y, -in_x)]
    signs = []
    for (back_y, back_x), (on_y, on_x) in itertools.pairwise(moves):
        if (back_x != 0) == (on_x != 0):
            signs.append(line[0] if back_x else line[1])
        else:
            signs.append(line[2 + (on_x - back_x < 0) + 2 * (on_y - back_y < 0)])
    arrow = {"right": "left", "left": "right", "bottom": "top", "top": "bottom"}
    if wire.flow == "forward":
        signs[-1] = glyphs.ARROW[arrow[sides[1]]]
    elif wire.flow == "back":
        signs[0] = glyphs.ARROW[arrow[sides[0]]]
    return list(zip(steps, signs, strict=True))


def _steps(points: list[tuple[int, int]]) -> Iterator[Cell]:
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
        for k in range(abs(x1 - x0) + abs(y1 - y0)):
            yield y0 + k * dy, x0 + k * dx
    yield points[-1][1], points[-1][0]


def _through(start: Port, end: Port, wide: int, tall: int, reach: int) -> Iterator[Corners]:
    """H V H through each lane, as `route._through`: the middle first."""
    way = ahead(start)
    if way != ahead(end):
        low, high = sorted((start.x, end.x))
        middle, stride = (low + high) // 2, max((high - low) // LANES, 1)
        steps = ((k + 1) // 2 * (-1) ** k for k in range(2 * LANES)) if (end.x - start.x) * way >= 0 else ()
        lanes = [lane for step in steps if low <= (lane := middle + stride * step) <= high]
    else:
        beyond = max(start.x, end.x) if way > 0 else min(start.x, end.x)
        lanes = [lane for k in range(1, 8) if 0 <= (lane := beyond + way * k) < wide]
    for x in lanes:
        yield (start.x, start.y), (x, start.y), (x, end.y), (x, end.y), (x, end.y), (end.x, end.y)


def _round(start: Port, end: Port, wide: int, tall: int, reach: int) -> Iterator[Corners]:
    """H V H V H through each row near the ports, as `route._round`."""
    low, high = sorted((start.y, end.y))
    for step in (1, 3):
        a, b = (min(max(port.x + ahead(port) * step, 0), wide - 1) for port in (start, end))
        for y in range(max(low - reach, 0), min(high + reach + 1, tall)):
            yield (start.x, start.y), (a, start.y), (a, y), (b, y), (b, end.y), (end.x, end.y)


class _Room(LabelPlaces):
    """What stands where: `route.Router` and `wires.LabelRoom` for a handful of boxes and wires."""

    def __init__(self, rects: list[Rect]) -> None:
        self.rects = rects
        self.width = max(x + w for x, _, w, _ in rects) + SPARE.x
        self.height = max(y + h for _, y, _, h in rects) + SPARE.y
        self.rows: list[tuple[int, int, int]] = []  # y, x from, x to (not included) of wires across
        self.columns: list[tuple[int, int, int]] = []
        self.corners: Counter[tuple[int, int]] = Counter()
        self.wires: Counter[Cell] = Counter()
        self.labels: set[Cell] = set()

    def use(self, path: Corners) -> None:
        for start, end in itertools.pairwise(path):
            if start != end:
                self.corners.update((start, end))
                (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
                if y0 == y1:
                    self.rows.append((y0, x0, x1))
                else:
                    self.columns.append((x0, y0, y1))

    def route(self, start: Port, end: Port) -> Corners:
        """The path that `Router.route` finds."""
        across = OUTWARD[start.side][0] != 0
        simple = abs(end.x - start.x) + abs(end.y - start.y) + 3 * BEND
        best: Corners = ()
        cost = 1 << 30
        for shapes in (_through, _round):
            for path in self._both_ways(shapes, start, end, across):
                found = self._cost(path, across)
                if found < cost:
                    best, cost = path, found
            if cost <= simple:
                break
        return best

    def _both_ways(self, shapes: Shapes, start: Port, end: Port, across: bool) -> Iterable[Corners]:
        if across:
            return shapes(start, end, self.width, self.height, REACH_DOWN)
        paths = shapes(turned(start), turned(end), self.height, self.width, REACH_ACROSS)
        return (tuple((x, y) for y, x in path) for path in paths)

    def _cost(self, path: Corners, across: bool) -> int:
        cost = SHARED_CORNER * sum(self.corners[point] for point in path[1:5])
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            if x0 > x1:
                x0, x1 = x1, x0
            if y0 > y1:
                y0, y1 = y1, y0
            length = x1 - x0 + y1 - y0
            cost += length + BEND * (length > 0) + BLOCKED * self._covered(x0, y0, x1, y1)
            line, runs, a, b = (y0, self.rows, x0, x1) if across else (x0, self.columns, y0, y1)
            cost += SHARED * sum(max(min(b, d) - max(a, c), 0) for at, c, d in runs if at == line)
            across = not across
        return cost

    def _covered(self, x0: int, y0: int, x1: int, y1: int) -> int:
        """Cells of boxes that a run goes over, its ends included."""
        cells = 0
        for x, y, w, h in self.rects:
            wide, high = min(x1, x + w - 1) - max(x0, x) + 1, min(y1, y + h - 1) - max(y0, y) + 1
            if wide > 0 and high > 0:
                cells += wide * high
        return cells

    def free(self, y: int, x: int, length: int, wires: int) -> bool:
        if not (0 <= y < self.height and x >= 0 and x + length <= self.width):
            return False
        if self._covered(x, y, x + length - 1, y):
            return False
        cells = [(y, x + k) for k in range(length)]
        return all(self.wires[cell] <= wires and cell not in self.labels for cell in cells)
