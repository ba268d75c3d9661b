"""Where boxes stand: layers from storage to compute, fabrics below, on a grid; align and distribute."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from infralab.models.design import Design


class Place(NamedTuple):
    x: int
    y: int


class Size(NamedTuple):
    width: int
    height: int


GRID = Size(2, 1)
COLUMN_GAP = 12  # room for a wire's label and arrow
ROW_GAP = 2
FABRIC_GAP = 3
ORIGIN = Place(2, 1)
ASPECT = 2.0  # a cell is twice as high as it is wide
TALLEST_COLUMN = 6  # boxes above each other before a layer takes another column


def snap(x: float, y: float) -> Place:
    """The nearest place on the grid, never left of or above the canvas."""
    return Place(max(round(x / GRID.width) * GRID.width, 0), max(round(y / GRID.height) * GRID.height, 0))


def place_all(design: Design, kinds: Mapping[str, str], sizes: Mapping[str, Size]) -> dict[str, Place]:
    """The place of every box; those without `at` are laid out, below what was placed by hand."""
    fixed = {name: Place(*box.at) for name, box in design.boxes.items() if box.at is not None}
    missing = [name for name in design.boxes if name not in fixed]
    if not missing:
        return fixed
    if not fixed:
        return layered(design, kinds, sizes)
    laid = layered(design, kinds, sizes)
    return {**fixed, **_fit_in(missing, laid, fixed, sizes)}


def _fit_in(
    missing: Iterable[str], laid: Mapping[str, Place], fixed: Mapping[str, Place], sizes: Mapping[str, Size]
) -> dict[str, Place]:
    """Places near the automatic ones that cover nothing already placed."""
    taken = dict(fixed)
    placed: dict[str, Place] = {}
    for name in missing:
        placed[name] = taken[name] = free_place(laid[name], sizes[name], taken, sizes)
    return placed


def free_place(
    wanted: Place, size: Size, taken: Mapping[str, Place], sizes: Mapping[str, Size], tries: int = 200
) -> Place:
    """The free place nearest to `wanted`, looked for in growing rings."""
    rings = sorted(
        ((dx, dy) for dx in range(-8, 9) for dy in range(-8, 9)),
        key=lambda step: (abs(step[0]) + abs(step[1]), -step[1]),
    )
    for dx, dy in rings[:tries]:
        place = snap(wanted.x + dx * (size.width + 4), wanted.y + dy * (size.height + ROW_GAP))
        if not any(_near(place, size, at, sizes[name]) for name, at in taken.items()):
            return place
    lowest = max((at.y + sizes[name].height for name, at in taken.items()), default=0)
    return snap(wanted.x, lowest + ROW_GAP)


def _near(a: Place, a_size: Size, b: Place, b_size: Size) -> bool:
    """Whether two boxes overlap or leave less than a wire's room between them."""
    return (
        a.x < b.x + b_size.width + 3
        and b.x < a.x + a_size.width + 3
        and a.y < b.y + b_size.height + 1
        and b.y < a.y + a_size.height + 1
    )


def layered(design: Design, kinds: Mapping[str, str], sizes: Mapping[str, Size]) -> dict[str, Place]:
    """Layers from left to right by distance from storage; fabrics in rows below what they join."""
    layers = _layers(design, kinds)
    _untangle(layers, design)
    places: dict[str, Place] = {}
    x = ORIGIN.x
    for layer in layers:
        for column in _columns(layer):
            width = max(sizes[name].width for name in column)
            y = ORIGIN.y
            for name in column:
                places[name] = snap(x, y)
                y += sizes[name].height + ROW_GAP
            x += width + COLUMN_GAP
    _place_fabrics(design, kinds, sizes, places)
    return places


def _columns(layer: list[str]) -> list[list[str]]:
    """A layer cut into columns, no taller than about a screen where it can be helped."""
    count = max(1, round((len(layer) / TALLEST_COLUMN) ** 0.5))
    tall = -(-len(layer) // count)
    return [layer[start : start + tall] for start in range(0, len(layer), tall)]


def _layers(design: Design, kinds: Mapping[str, str]) -> list[list[str]]:
    """Boxes but fabrics by their distance from storage, seen through fabrics."""
    neighbours: dict[str, list[str]] = {name: [] for name in design.boxes}
    for wire in design.wires.values():
        first, second = wire.ends
        if first in neighbours and second in neighbours:
            neighbours[first].append(second)
            neighbours[second].append(first)
    sources = [n for n in design.boxes if kinds[n] == "storage" and not design.boxes[n].caches]
    depth = dict.fromkeys(sources, 0)
    queue = list(sources)
    for name in queue:
        for other in neighbours[name]:
            if other not in depth:
                depth[other] = depth[name] + (kinds[other] != "fabric")
                queue.append(other)
    last = max(depth.values(), default=0)
    layers: list[list[str]] = [[] for _ in range(last + 2)]
    for name in design.boxes:
        if kinds[name] == "fabric":
            continue
        default = 0 if kinds[name] == "storage" else max(last, 1)
        layers[min(depth.get(name, default), last + 1)].append(name)
    return [layer for layer in layers if layer]


def _untangle(layers: list[list[str]], design: Design) -> None:
    """Order each layer by the mean place of its neighbours in the layer before: fewer crossings."""
    for previous, layer in itertools.pairwise(layers):
        order = {name: index for index, name in enumerate(previous)}
        drawn = {name: index for index, name in enumerate(layer)}

        def middle(name: str, order: dict[str, int] = order, drawn: dict[str, int] = drawn) -> float:
            near = [order[end] for wire in design.wires_of(name) for end in wire.ends if end in order]
            return sum(near) / len(near) if near else float(drawn[name])

        layer.sort(key=middle)


def _place_fabrics(
    design: Design, kinds: Mapping[str, str], sizes: Mapping[str, Size], places: dict[str, Place]
) -> None:
    """Fabrics stand below all else, under the middle of what they join."""
    fabrics = [name for name in design.boxes if kinds[name] == "fabric"]
    if not fabrics:
        return
    floor = max((at.y + sizes[n].height for n, at in places.items()), default=ORIGIN.y - FABRIC_GAP)
    for name in fabrics:
        joined = [
            places[end].x + sizes[end].width / 2
            for wire in design.wires_of(name)
            for end in wire.ends
            if end in places and kinds[end] != "fabric"
        ]
        middle = sum(joined) / len(joined) if joined else ORIGIN.x + sizes[name].width / 2
        wanted = snap(middle - sizes[name].width / 2, floor + FABRIC_GAP)
        places[name] = free_place(wanted, sizes[name], places, sizes)


def overlaps(places: Mapping[str, Place], sizes: Mapping[str, Size]) -> list[tuple[str, str]]:
    """Pairs of boxes of which one covers a part of the other."""
    names = sorted(places, key=lambda name: places[name].x)
    found = []
    for index, a in enumerate(names):
        for b in names[index + 1 :]:
            if places[b].x >= places[a].x + sizes[a].width:
                break
            if (
                places[a].y < places[b].y + sizes[b].height
                and places[b].y < places[a].y + sizes[a].height
            ):
                found.append((a, b))
    return found


def align(places: Mapping[str, Place], sizes: Mapping[str, Size], side: str) -> dict[str, Place]:
    """The boxes with one side in line: left, right, top, bottom, center (a column) or middle (a row)."""
    if not places:
        return {}
    right = max(at.x + sizes[n].width for n, at in places.items())
    bottom = max(at.y + sizes[n].height for n, at in places.items())
    left, top = min(at.x for at in places.values()), min(at.y for at in places.values())
    moves = {
        "left": lambda at, size: (left, at.y),
        "right": lambda at, size: (right - size.width, at.y),
        "top": lambda at, size: (at.x, top),
        "bottom": lambda at, size: (at.x, bottom - size.height),
        "center": lambda at, size: ((left + right - size.width) / 2, at.y),
        "middle": lambda at, size: (at.x, (top + bottom - size.height) / 2),
    }
    if side not in moves:
        raise ValueError(f"{side!r} is no side: expected {', '.join(moves)}")
    return {name: snap(*moves[side](at, sizes[name])) for name, at in places.items()}


def distribute(places: Mapping[str, Place], sizes: Mapping[str, Size], axis: str) -> dict[str, Place]:
    """The boxes with equal gaps along "horizontal" or "vertical"; the outer two stay."""
    if axis not in ("horizontal", "vertical"):
        raise ValueError(f"{axis!r} is no axis: expected horizontal or vertical")
    along = 0 if axis == "horizontal" else 1
    names = sorted(places, key=lambda name: places[name][along])
    if len(names) < 3:
        return dict(places)
    first, last = names[0], names[-1]
    room = places[last][along] - places[first][along] - sum(sizes[n][along] for n in names[:-1])
    gap = room / (len(names) - 1)
    result, position = {first: places[first]}, float(places[first][along])
    for before, name in itertools.pairwise(names):
        position += sizes[before][along] + gap
        at = places[name]
        result[name] = at if name == last else snap(*((position, at.y) if along == 0 else (at.x, position)))
    return {name: result[name] for name in places}
