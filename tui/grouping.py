"""Pods and order: edits on several boxes at once.

A pod is a group that is drawn and moved together. Its count is how often the same set of boxes stands
there: the greatest common divisor of its boxes' counts, so that it needs no key of its own in the document.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from infralab.models.design import Box, Design, FrozenMap
from infralab.models.edits import EditError
from infralab.tui.canvas.layout import Place, Size, align, distribute
from infralab.tui.edits import moved

Edit = Callable[[Design], Design]
MOST = 1_000_000  # boxes of one kind; a slip of the finger, not a data centre


def pods(design: Design) -> dict[str, tuple[str, ...]]:
    """The names of each pod's boxes, in the order drawn."""
    found: dict[str, list[str]] = {}
    for name, box in design.boxes.items():
        if box.pod:
            found.setdefault(box.pod, []).append(name)
    return {pod: tuple(names) for pod, names in found.items()}


def count_of(design: Design, names: Iterable[str]) -> int:
    """How often the set of boxes stands there: the largest number that divides all their counts."""
    return math.gcd(*(design.boxes[name].count for name in names)) or 1


def free_pod(design: Design) -> str:
    """A name that no pod has."""
    taken, number = set(pods(design)), 1
    while f"pod-{number}" in taken:
        number += 1
    return f"pod-{number}"


def grouped(names: Iterable[str], pod: str, count: int = 1) -> Edit:
    """Boxes become a pod that stands there `count` times: each box's count is multiplied."""
    wanted = frozenset(names)
    if not pod.strip():
        raise EditError("a pod needs a name")
    if count < 1:
        raise EditError(f"a pod stands there at least once, not {count} times")
    return _each(wanted, lambda box: replace(box, pod=pod, count=_bounded(box.count * count, box)))


def ungrouped(names: Iterable[str]) -> Edit:
    """The pods that hold any of these boxes come apart; counts stay."""
    wanted = frozenset(names)

    def edit(design: Design) -> Design:
        gone = {box.pod for name, box in design.boxes.items() if name in wanted and box.pod}
        return _each(
            (name for name, box in design.boxes.items() if box.pod in gone), lambda box: replace(box, pod=None)
        )(design)

    return edit


def pod_counted(names: Iterable[str], count: int) -> Edit:
    """A pod's boxes so that the set stands there `count` times."""
    wanted = tuple(names)
    if count < 1:
        raise EditError(f"a pod stands there at least once, not {count} times")

    def edit(design: Design) -> Design:
        now = count_of(design, wanted)
        return _each(wanted, lambda box: replace(box, count=_bounded(box.count // now * count, box)))(design)

    return edit


def aligned(places: Mapping[str, tuple[int, int]], sizes: Mapping[str, Size], side: str) -> Edit:
    """Boxes with one side, or their middles, in line: left, right, top, bottom, center (a column), middle (a row)."""
    return moved(align(_as_places(places), sizes, side))


def distributed(places: Mapping[str, tuple[int, int]], sizes: Mapping[str, Size], axis: str) -> Edit:
    """Boxes with equal gaps between them, `axis` horizontal or vertical; the outermost stay."""
    return moved(distribute(_as_places(places), sizes, axis))


def _as_places(places: Mapping[str, tuple[int, int]]) -> dict[str, Place]:
    return {name: Place(*at) for name, at in places.items()}


def _bounded(count: int, box: Box) -> int:
    if count > MOST:
        raise EditError(f"{box.name} would stand there {count:,} times; {MOST:,} is the most")
    return count


def _each(names: Iterable[str], change: Callable[[Box], Box]) -> Edit:
    wanted = frozenset(names)

    def edit(design: Design) -> Design:
        boxes = {name: change(box) if name in wanted else box for name, box in design.boxes.items()}
        return replace(design, boxes=FrozenMap(boxes))

    return edit
