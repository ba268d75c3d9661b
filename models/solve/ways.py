"""All ways of all commodities over a drawing, as arrays: the cheapest way by prices, and a balanced start.

Boxes do not forward, so a way is a wire into a switch, a walk over switches, and a wire out of one:
only the switches form a graph. What a byte loads is a *resource*: a direction of a wire, or the
uplinks of a fabric. Index `resources` (one past the last) stands for nothing, at price 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = tuple[Ints, Floats]  # a mix of ways: resources, and the share of the bytes that each carries
PORTIONS = 4000  # that a start is made of, where commodities are fewer


@dataclass(frozen=True, eq=False)
class Topology:
    """What no edit of a capacity or demand changes.

    `arcs` are rows (from switch, to switch, wire, uplinks); `doors` rows (commodity, first switch, last
    switch, wire in, uplinks there, wire out), sorted by commodity, each of which has one at least. A wire
    from box to box has switch number `switches`, from and to.
    """

    switches: int
    resources: int
    commodities: int
    arcs: Ints
    doors: Ints

    @cached_property
    def sorted_arcs(self) -> Ints:
        """By the switch they lead to."""
        return self.arcs[np.argsort(self.arcs[:, 1], kind="stable")]

    @cached_property
    def heads(self) -> tuple[Ints, Ints]:
        """Switches that an arc leads to, and where theirs begin in `sorted_arcs`."""
        found, first = np.unique(self.sorted_arcs[:, 1], return_index=True)
        return found, first

    @cached_property
    def incoming(self) -> list[tuple[int, int]]:
        """By switch: its arcs in `sorted_arcs`."""
        ends = np.searchsorted(self.sorted_arcs[:, 1], np.arange(self.switches + 2))
        return [(int(a), int(b)) for a, b in pairwise(ends)]

    @cached_property
    def first_door(self) -> Ints:
        """By commodity and one past: where its rows of `doors` begin."""
        return np.searchsorted(self.doors[:, 0], np.arange(self.commodities + 1))

    def doors_of(self, commodities: Ints) -> tuple[Ints, Ints]:
        """Rows of `doors` of some commodities, and where each of theirs begins among them."""
        begin = self.first_door[commodities]
        count = self.first_door[commodities + 1] - begin
        offsets = np.cumsum(count) - count
        rows = np.arange(count.sum()) + np.repeat(begin - offsets, count)
        return rows, offsets


@dataclass(slots=True)
class Priced:
    """The cheapest way of some commodities, and what it costs per byte."""

    topology: Topology
    commodities: Ints
    cost: Floats
    _rows: Ints
    _offsets: Ints
    _total: Floats
    _starts: Ints
    _rounds: list[Floats]
    _length: Floats

    def way(self, place: int, turn: int) -> Ints:
        """Resources of the commodity at `place`; of equally cheap ways one of fewest switches, by turns."""
        begin = int(self._offsets[place])
        end = int(self._offsets[place + 1]) if place + 1 < len(self._offsets) else len(self._rows)
        equal = np.flatnonzero(self._total[begin:end] == self.cost[place])
        _, first, last, wire_in, uplinks, wire_out = self.topology.doors[
            self._rows[begin + int(equal[turn % len(equal)])]
        ].tolist()
        passed = [wire_in, uplinks, *self._walk(first, last, turn), wire_out]
        return np.array([r for r in passed if r < self.topology.resources], dtype=np.int64)

    def _walk(self, first: int, at: int, turn: int) -> list[int]:
        """Resources from switch to switch, found backwards."""
        arcs, found = self.topology.sorted_arcs, []
        column = int(np.searchsorted(self._starts, first))
        cost = self._rounds[-1][at, column]
        while at != first:
            step = next(i for i, reached in enumerate(self._rounds) if reached[at, column] == cost)
            begin, end = self.topology.incoming[at]
            before = self._rounds[step - 1][arcs[begin:end, 0], column]
            equal = np.flatnonzero(before + self._length[begin:end] == cost)
            arc = begin + int(equal[turn % len(equal)])
            at, cost = int(arcs[arc, 0]), self._rounds[step - 1][arcs[arc, 0], column]
            found += arcs[arc, 2:].tolist()
        return found


def priced(topology: Topology, price: Floats, commodities: Ints) -> Priced:
    """The cheapest way over *all* ways: Bellman and Ford's rounds, from all first switches at once."""
    price = np.append(price, 0.0)
    rows, offsets = topology.doors_of(commodities)
    doors = topology.doors[rows]
    starts = np.unique(doors[:, 1])
    arcs = topology.sorted_arcs
    length = price[arcs[:, 2]] + price[arcs[:, 3]]
    reached = np.full((topology.switches + 1, len(starts)), np.inf)
    reached[starts, np.arange(len(starts))] = 0.0
    rounds = [reached]
    heads, begin = topology.heads
    while len(arcs) and len(starts):
        onward = np.minimum.reduceat(reached[arcs[:, 0]] + length[:, None], begin, axis=0)
        following = reached.copy()
        following[heads] = np.minimum(reached[heads], onward)
        if np.array_equal(following, reached):
            break
        reached = following
        rounds.append(reached)
    between = reached[doors[:, 2], np.searchsorted(starts, doors[:, 1])]
    total = price[doors[:, 3]] + price[doors[:, 4]] + between + price[doors[:, 5]]
    cost = np.minimum.reduceat(total, offsets) if len(commodities) else total
    return Priced(topology, commodities, cost, rows, offsets, total, starts, rounds, length)


def balanced_start(topology: Topology, capacity: Floats, demand: Floats, fixed: Floats) -> list[Vector]:
    """By commodity a mix of ways, so that no wire is much fuller than others.

    Portions of the demands are sent batch by batch, each over the cheapest way where fuller wires are
    dearer. The fewer commodities, the more portions of each, so the more evenly they spread.
    """
    count = topology.commodities
    portions = min(max(PORTIONS // count, 1), 4)
    shuffle = np.random.default_rng(0).permutation
    order = np.concatenate([shuffle(count) for _ in range(portions)])
    load, room = fixed.copy(), np.maximum(capacity, 1e-300)
    used: list[list[Ints]] = [[] for _ in range(count)]
    for batch in np.array_split(order, min(len(order), 4 + count // 20, 64)):
        fullness = load / room
        price = (1e-3 + (fullness / (fullness.max() or 1.0)) ** 4) / room
        ways = priced(topology, price, batch)
        for place, commodity in enumerate(batch.tolist()):
            way = ways.way(place, commodity + len(used[commodity]))
            used[commodity].append(way)
            load[way] += demand[commodity] / portions
    return [merged(np.concatenate(ways), np.full(sum(map(len, ways)), 1.0 / portions)) for ways in used]


def merged(resources: Ints, shares: Floats) -> Vector:
    """Each resource once, with what it carries in all."""
    if len(set(resources.tolist())) == len(resources):
        return resources, shares
    found, place = np.unique(resources, return_inverse=True)
    return found, np.bincount(place, shares, len(found)).astype(np.float64)
