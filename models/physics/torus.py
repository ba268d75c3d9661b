"""A torus of chips: which axes a group of chips spans, and what its links give to collectives.

Rings run along all axes of the group at once: an all-reduce takes 2(n-1)/n S / (2 d B) over d
wrapped axes of links of B bytes/s, half the rate on an axis that does not close (model.md, 4).
"""

from __future__ import annotations

import re
from functools import cache

from infralab.models.arithmetic import Number, maximum, minimum, where


def extents(torus: tuple[int, ...], size: Number, stride: Number) -> list[Number]:
    """Chips of the group along each axis; chips are numbered along the first axis first."""
    found: list[Number] = []
    left, step = size, maximum(stride, 1.0)
    for axis in torus:
        free = maximum(axis / step, 1.0)
        extent = maximum(minimum(left, free), 1.0)
        found.append(extent)
        left = maximum(left / extent, 1.0)
        step = maximum(step / axis, 1.0)
    return found


def dimensions(topology: str) -> int:
    """Axes of a chip's links: "3d-torus 16x16x16" -> 3; 0 where they are no torus."""
    return int(topology[0]) if topology[:1].isdigit() and "torus" in topology else 0


@cache
def shape(chips: int, axes: int) -> tuple[int, ...]:
    """The most even slice of that many chips, short axes first: 128 on two axes -> (8, 16)."""
    sides = [1] * axes
    left, factor = chips, 2
    factors: list[int] = []
    while left > 1:
        while left % factor:
            factor += 1
        factors.append(factor)
        left //= factor
    for prime in reversed(factors):
        sides[sides.index(min(sides))] *= prime
    return tuple(sorted(sides))


def wraps(axis: int, topology: str) -> bool:
    """Whether an axis of a slice closes into a ring: by optical switches in multiples of 4, by fixed
    cables only at the full length where the topology names one ("2d-torus 16x16")."""
    if "optical" in topology:
        return axis % 4 == 0
    full = re.search(r"(\d+)x\d+", topology)
    return axis >= int(full[1]) if full else axis > 2


def inside_bandwidth(
    torus: tuple[int, ...], spans: list[Number], topology: str
) -> tuple[Number, Number, Number]:
    """Share of a chip's whole link rate that rings use, share that an all-to-all gets, and hops around.

    A chip has two links on each of its axes; the all-to-all is bound by the bisection
    2 B n / longest axis (half of it where that axis does not close).
    """
    axes = dimensions(topology) or max(len(torus), 1)
    ring: Number = 0.0
    hops: Number = 0.0
    exchange: Number = 1.0
    for axis, extent in zip(torus, spans, strict=True):
        closed = wraps(axis, topology)
        links = where(extent >= axis, 2.0 if closed else 1.0, 1.0)
        ring = ring + where(extent > 1.0, links, 0.0)
        hops = hops + where(extent > 1.0, extent / 2.0 * (2.0 if not closed else 1.0), 0.0)
        # bytes crossing the middle: n/2 ranks send half their buffer over 2·(n/extent) or 1·(n/extent) links
        cut = 4.0 * links / maximum(extent, 1.0) / (2.0 * axes)
        exchange = where(extent > 1.0, minimum(exchange, cut), exchange)
    return maximum(ring, 1.0) / (2.0 * axes), exchange, hops
