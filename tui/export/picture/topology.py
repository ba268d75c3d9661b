"""The drawing itself as vector shapes: boxes with their bars, wires along the canvas's own paths."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.tui.canvas.scene import Scene
from infralab.tui.canvas.view import Bar, BoxView, Parts, WireView, view
from infralab.tui.export.picture import shapes

CELL_WIDTH, CELL_HEIGHT = 10.0, 20.0  # user units a cell of the canvas
HEADER, ROW = 36.0, 21.0  # from a box's top to the middle of its first row; between rows
PADDING = 13.0
NOTE, SMALL = 11.5, 11.0  # sizes of the text in a box and on a wire
LABEL, PERCENT = 66.0, 46.0  # room for a bar's name and its figure
WIDTHS = (1.8, 3.4, 5.6)  # of a wire, by its class of traffic
CORNER = 9.0
RADIUS = {"compute": 11, "storage": 3, "fabric": 20, "other": 6}
ROUTING_SECONDS = 30.0  # wires of a huge design that have no path by then are drawn straight
ARROW = {"right": (-1, 0), "left": (1, 0), "bottom": (0, -1), "top": (0, 1)}  # into the box, by its side


@dataclass(frozen=True, slots=True)
class Drawing:
    """Elements within 0, 0 to width, height."""

    width: float
    height: float
    elements: tuple[str, ...]


def topology(design: Design, report: Report | None, parts: Parts | None = None) -> Drawing:
    """The drawing with the report's figures; empty where there is no box."""
    scene = Scene(view(design, report, parts=parts))
    scene.route_within(ROUTING_SECONDS)
    scene.settle()
    if not scene.boxes:
        return Drawing(0, 0, ())
    left, top, right, bottom = _bounds(scene)
    wires = [_wire(scene, k, wire) for k, wire in enumerate(scene.wires)]
    boxes = [_box(box, *_corner(scene, i)) for i, box in enumerate(scene.boxes)]
    labels = [_label(scene, k, wire) for k, wire in enumerate(scene.wires)]
    moved = f'<g transform="translate({-left:.1f} {-top:.1f})">'
    return Drawing(right - left, bottom - top, (moved, *wires, *boxes, *labels, "</g>"))


def _corner(scene: Scene, i: int) -> tuple[float, float]:
    x, y = scene.rects[i, :2].tolist()
    return x * CELL_WIDTH, y * CELL_HEIGHT


def _bounds(scene: Scene) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all that is drawn."""
    xs, ys = [], []
    for x, y, width, height in scene.rects.tolist():
        xs += [x * CELL_WIDTH, (x + width) * CELL_WIDTH]
        ys += [y * CELL_HEIGHT - 12, (y + height) * CELL_HEIGHT]  # a mark may stand on the upper edge
    for k, wire in enumerate(scene.wires):
        points = _points(scene, k)
        xs += [x for x, _ in points]
        ys += [y for _, y in points]
        for x, y, line in _label_lines(scene, k, wire):
            half = shapes.length(line, SMALL) / 2 + 6
            xs += [x - half, x + half]
            ys += [y - 10, y + 10]
    return min(xs) - 2, min(ys) - 2, max(xs) + 2, max(ys) + 2


# --- wires --------------------------------------------------------------------------------------------


def _points(scene: Scene, k: int) -> list[tuple[float, float]]:
    """The wire's corners, from frame to frame."""
    path = scene.paths[k]
    first, last = scene.ports.ports[k]
    corners = path if path is not None else ((first.x, first.y), (last.x, last.y))
    points = [((x + 0.5) * CELL_WIDTH, (y + 0.5) * CELL_HEIGHT) for x, y in corners]
    ends = []
    for port, (x, y) in ((first, points[0]), (last, points[-1])):
        dx, dy = ARROW[port.side]
        ends.append((x + dx * CELL_WIDTH / 2, y + dy * CELL_HEIGHT / 2))
    return _bends([ends[0], *points, ends[1]])


def _bends(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without those on the way straight on."""
    kept = points[:1]
    for point, after in pairwise(points[1:]):
        straight = kept[-1][0] == point[0] == after[0] or kept[-1][1] == point[1] == after[1]
        if not straight and point != kept[-1]:
            kept.append(point)
    return [*kept, points[-1]]


def _role(wire: WireView) -> str:
    if wire.bottleneck or wire.problem:
        return "full"
    used = shapes.fullness(wire.utilisation or 0.0)
    return "wire" if used == "bar" else used


def _wire(scene: Scene, k: int, wire: WireView) -> str:
    points, role = _points(scene, k), _role(wire)
    dashes = ' stroke-dasharray="7 5"' if wire.dashed else ""
    line = (
        f'<path d="{shapes.rounded(points, CORNER)}" fill="none" stroke-width="{WIDTHS[wire.thickness]}" '
        f'class="s-{role}"{dashes}><title>{_said(wire)}</title></path>'
    )
    first, last = scene.ports.ports[k]
    if wire.flow in ("forward", "back"):
        at, side = (points[-1], last.side) if wire.flow == "forward" else (points[0], first.side)
        line += _arrow(*at, *ARROW[side], 6 + WIDTHS[wire.thickness], role)
    return line


def _said(wire: WireView) -> str:
    from xml.sax.saxutils import escape

    return escape(shapes.plain(f"{wire.name}: {', '.join(_words(wire))}"))


def _arrow(x: float, y: float, dx: int, dy: int, size: float, role: str) -> str:
    half = size * 0.5
    back_x, back_y = x - dx * size, y - dy * size
    return (
        f'<path d="M{x:.1f} {y:.1f}L{back_x - dy * half:.1f} {back_y + dx * half:.1f}'
        f'L{back_x + dy * half:.1f} {back_y - dx * half:.1f}z" class="f-{role}"/>'
    )


def _words(wire: WireView) -> list[str]:
    """What stands on a wire: the link, and how full it is."""
    used = "" if wire.utilisation is None else shapes.percent(wire.utilisation)
    return [part for part in (wire.label, used) if part]


def _label_lines(scene: Scene, k: int, wire: WireView) -> list[tuple[float, float, str]]:
    """The label's lines with their middles: where the canvas found room for all of it, else round the longest run."""
    words, points, label = _words(wire), _points(scene, k), scene.labels[k]
    if not words:
        return []
    if label is not None and words[0] in label.text:
        return [((label.x + len(label.text) / 2) * CELL_WIDTH, (label.y + 0.5) * CELL_HEIGHT, "  ".join(words))]
    (x0, y0), (x1, y1) = max(pairwise(points), key=lambda run: abs(run[1][0] - run[0][0]) + abs(run[1][1] - run[0][1]))
    x, y, room = (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) or 4 * CELL_WIDTH
    shown = words if shapes.length(words[0], SMALL) < room else words[1:]
    return [(x, y + away, line) for line, away in zip(shown, (-12, 12), strict=False)]


def _label(scene: Scene, k: int, wire: WireView) -> str:
    """The words on the wire, the wire interrupted; or above and below it where it is short."""
    role, lines = _role(wire), _label_lines(scene, k, wire)
    ink, bold = ("dim", False) if role == "wire" else (role, True)
    if len(lines) == 1:
        return shapes.pill(*lines[0], SMALL, "page", ink, bold)
    return "".join(shapes.text(x, y + 4, line, SMALL, ink, "middle", bold) for x, y, line in lines)


# --- boxes --------------------------------------------------------------------------------------------


def _box(box: BoxView, x: float, y: float) -> str:
    width, height = box.size.width * CELL_WIDTH, box.size.height * CELL_HEIGHT
    frame = "full" if box.bottleneck or box.problem else box.kind if box.kind in RADIUS else "other"
    radius = RADIUS.get(box.kind, 6)
    heavy = 2.6 if box.bottleneck else 1.5
    made = [shapes.rect(x, y, width, height, f"f-panel s-{frame}", radius, f' stroke-width="{heavy}"')]
    made += _header(box, x, y, width)
    middle = y + HEADER
    for item in box.bars:
        made.append(_bar(item, x, middle, width))
        middle += ROW
    for words, role in _notes(box)[: box.size.height - 2 - len(box.bars)]:
        made.append(shapes.text(x + PADDING, middle + 4, shapes.cut(words, width - 2 * PADDING, NOTE), NOTE, role))
        middle += ROW
    if box.bottleneck:
        made.append(_mark(x, y, width))
    return "<g>" + "".join(made) + "</g>"


def _notes(box: BoxView) -> list[tuple[str, str]]:
    """Lines below the bars with their roles: a problem first, then what the box is."""
    notes = [(box.problem, "full")] if box.problem else []
    return notes + [(note, "dim" if k else "ink") for k, note in enumerate(box.notes)]


def _header(box: BoxView, x: float, y: float, width: float) -> list[str]:
    badge = f"×{box.count:,}".replace(",", " ") if box.count > 1 else ""
    taken = shapes.length(badge, 12, True) + 22 if badge else 0
    kind = box.kind if box.kind in RADIUS else "other"
    title = shapes.cut(box.title, width - 2 * PADDING - taken, 13, True)
    made = [shapes.text(x + PADDING, y + 21, title, 13, kind, bold=True)]
    if badge:
        made.append(shapes.pill(x + width - PADDING - taken / 2 + 8, y + 17, badge, 12, "track", "ink", True))
    return made


def _bar(item: Bar, x: float, middle: float, width: float) -> str:
    """A resource's name, how full it is, and the figure."""
    role = shapes.fullness(item.fraction)
    track = width - 2 * PADDING - LABEL - PERCENT
    figure, ink = shapes.percent(item.fraction), role if role == "full" else "ink"
    return (
        shapes.text(x + PADDING, middle + 4, shapes.cut(item.label, LABEL - 6, NOTE), NOTE, "ink")
        + shapes.bar(x + PADDING + LABEL, middle - 4, track, 8, item.fraction, role)
        + shapes.text(x + width - PADDING, middle + 4, figure, NOTE, ink, "end")
    )


def _mark(x: float, y: float, width: float) -> str:
    """The bottleneck's mark on the upper edge."""
    size, words = 10.5, "bottleneck"
    long = shapes.length(words, size, True) + 36
    left = x + width - long - 14
    return (
        shapes.rect(left, y - 9, long, 18, "f-full", 9)
        + shapes.diamond(left + 13, y, 9, "on-full")
        + shapes.text(left + 21, y + 4, words, size, "on-full", bold=True)
    )
