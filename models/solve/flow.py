"""The best split of traffic over all ways where switches route adaptively: a drawing as arrays and back.

The maximum concurrent flow (`warm.py`) with its rate turned round: the least utilisation of the fullest
wire at which every flow gets through, certified over *all* ways (model.md, 1). Large drawings keep
their program, so that an edit re-solves it; small ones are solved afresh, so that what they show does
not depend on what was edited before. Without HiGHS ECMP's split is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.arithmetic import Number, any_of, first
from infralab.models.physics.fabric import Arc, Fabric, Flow, Loads, add, route, wire_capacity

if TYPE_CHECKING:
    from infralab.models.solve.warm import ConcurrentFlow
    from infralab.models.solve.ways import Floats, Topology

SECONDS = 3.0  # that a solve may take; a gap still open then is said
SMALL = 300  # pairs of boxes; up to here a fresh solve takes milliseconds
KEPT = 4  # programs of large drawings
MOST, LEAST = 1e18, 1e-6  # bytes/s taken for wires without a limit, and for those that carry nothing

Pair = tuple[str, str]
Key = tuple[object, ...]


@dataclass(slots=True)
class Settled:
    """Loads of the best split; `utilisation` of the fullest resource per unit of work, and its lower bound."""

    loads: Loads
    utilisation: float
    bound: float

    @property
    def gap(self) -> float:
        """Share of the rate that a better split might add."""
        return self.utilisation / self.bound - 1.0 if self.bound > 0.0 else 0.0


def settle(fabric: Fabric, flows: list[Flow], fixed: Loads) -> Loads | None:
    """All loads, `fixed` ones included; None without HiGHS."""
    found = best_split(fabric, flows, fixed)
    figures = fabric.machine.figures
    if found is None:
        figures.assume("adaptive routing: highspy is not installed, traffic is split as by ECMP", False)
        return None
    if found.gap > 1e-6:
        more = f"{100 * found.gap:.2g} %"
        figures.assume(
            f"adaptive routing: stopped after {SECONDS:g} s; the best split carries at most {more} more"
        )
    return found.loads


def best_split(fabric: Fabric, flows: list[Flow], fixed: Loads) -> Settled | None:
    """Solve for the first variant; its split is used for all variants. None without HiGHS."""
    try:
        import highspy  # noqa: F401
    except ImportError:
        return None
    drawing = _Drawing(fabric, flows)
    loads: Loads = {arc: dict(classes) for arc, classes in fixed.items()}
    if not drawing.doors:
        return Settled(loads, drawing.fullest(loads), 0.0)
    solver, key = _solver(drawing, fixed), drawing.key()
    found = solver.solve(SECONDS)
    drawing.charge(loads, solver)
    if len(drawing.pairs) > SMALL:
        _kept[key] = solver
        while len(_kept) > KEPT:
            _kept.pop(next(iter(_kept)), None)
    return Settled(loads, 1.0 / found.lower, 1.0 / found.upper)


_kept: dict[Key, ConcurrentFlow] = {}


def _solver(drawing: _Drawing, fixed: Loads) -> ConcurrentFlow:
    """The drawing's program, of an earlier design with the same wires where there is one.

    It is taken out while in use: a program serves one thread at a time.
    """
    from infralab.models.solve.warm import ConcurrentFlow

    capacity, demand, load = drawing.arrays(fixed)
    known = _kept.pop(drawing.key(), None)
    if known is None:
        return ConcurrentFlow(drawing.topology(), capacity, demand, load)
    for place in (known.capacity != capacity).nonzero()[0].tolist():
        known.set_capacity(place, float(capacity[place]))
    for place in (known.demand != demand).nonzero()[0].tolist():
        known.set_demand(place, float(demand[place]))
    for place in (known.fixed != load).nonzero()[0].tolist():
        known.set_fixed(place, float(load[place]))
    return known


class _Drawing:
    """Numbers for switches, resources (both directions of each wire, then uplinks) and pairs of boxes."""

    def __init__(self, fabric: Fabric, flows: list[Flow]) -> None:
        self.fabric, machine = fabric, fabric.machine
        self.switches = {name: i for i, name in enumerate(machine.switches)}
        self.links = {name: 2 * i for i, name in enumerate(machine.links)}
        narrow = [s for s, switch in machine.switches.items() if any_of(switch.oversubscription > 1.0)]
        self.uplinks = {name: 2 * len(self.links) + i for i, name in enumerate(narrow)}
        self.nothing = 2 * len(self.links) + len(narrow)
        self.pairs: dict[Pair, list[Flow]] = {}
        self.doors: list[tuple[int, ...]] = []
        found: dict[Pair, list[Flow]] = {}
        for flow in flows:
            found.setdefault((flow.source, flow.target), []).append(flow)
        for pair, parts in found.items():
            doors = self._doors(*pair)
            if doors:  # a pair without a way is a problem of the job, not of the split
                self.doors += [(len(self.pairs), *door) for door in doors]
                self.pairs[pair] = parts

    def resource(self, arc: Arc) -> int:
        return self.links[arc[0]] + (0 if arc[1] else 1)

    def _doors(self, source: str, target: str) -> list[tuple[int, int, int, int, int]]:
        fabric, nothing = self.fabric, self.nothing
        outside = len(self.switches)
        found = [
            (outside, outside, self.resource(hop.arc), nothing, nothing)
            for hop in fabric.direct(source, target)
        ]
        for out in fabric.doors(source):
            first_switch, enters = self.switches[out.other], self.uplinks.get(out.other, nothing)
            for back in fabric.doors(target):
                if out.other in fabric.distance(frozenset((back.other,))):
                    leaves = self.resource((back.link.name, not back.forward))
                    last = self.switches[back.other]
                    found.append((first_switch, last, self.resource(out.arc), enters, leaves))
        return found

    def key(self) -> Key:
        links = self.fabric.machine.links
        wires = tuple((name, link.ends) for name, link in links.items())
        return (wires, tuple(self.switches), tuple(self.uplinks), tuple(self.pairs))

    def topology(self) -> Topology:
        import numpy as np

        from infralab.models.solve.ways import Topology

        arcs = [
            (
                self.switches[name],
                self.switches[hop.other],
                self.resource(hop.arc),
                self.uplinks.get(hop.other, self.nothing),
            )
            for name, hops in self.fabric.between.items()
            for hop in hops
        ]
        return Topology(
            len(self.switches),
            self.nothing,
            len(self.pairs),
            np.array(arcs, dtype=np.int64).reshape(-1, 4),
            np.array(self.doors, dtype=np.int64),
        )

    def arrays(self, fixed: Loads) -> tuple[Floats, Floats, Floats]:
        """Capacities, demands and fixed loads of the first variant."""
        import numpy as np

        demand = [sum(first(flow.bytes) for flow in parts) for parts in self.pairs.values()]
        load = np.zeros(self.nothing)
        for arc, classes in fixed.items():
            amount = sum(first(value) for value in classes.values())
            for resource in self._loaded(arc):
                load[resource] += amount
        return self._capacities(), np.array(demand, dtype=np.float64), load

    def _loaded(self, arc: Arc) -> list[int]:
        ends = self.fabric.machine.links[arc[0]].ends
        end = ends[1] if arc[1] else ends[0]
        own = self.resource(arc)
        return [own, self.uplinks[end]] if end in self.uplinks else [own]

    def _capacities(self) -> Floats:
        import numpy as np

        machine = self.fabric.machine
        found = np.empty(self.nothing)
        for name, place in self.links.items():
            capacity = first(wire_capacity(machine, machine.links[name]))
            found[place : place + 2] = max(min(capacity, MOST), LEAST)
        for name, place in self.uplinks.items():
            total: Number = 0.0
            for hop in self.fabric.ports.get(name, ()):
                total = total + wire_capacity(machine, hop.link)
            found[place] = first(total) / first(machine.switches[name].oversubscription)
        return found

    def charge(self, loads: Loads, solver: ConcurrentFlow) -> None:
        """Add every flow's bytes to the wires of its pair's ways, by class."""
        arcs = [(name, forward) for name in self.links for forward in (True, False)]
        classes: dict[str, dict[int, Number]] = {}
        for place, parts in enumerate(self.pairs.values()):
            for flow in parts:
                amounts = classes.setdefault(flow.traffic, {})
                amounts[place] = amounts.get(place, 0.0) + flow.bytes
        for traffic, amounts in classes.items():
            for resource, amount in solver.carry(amounts).items():
                if resource < len(arcs):
                    add(loads, arcs[resource], traffic, amount)

    def fullest(self, loads: Loads) -> float:
        """Utilisation of the fullest resource."""
        capacity, _, load = self.arrays(loads)
        return float((load / capacity).max()) if len(load) else 0.0


__all__ = ["Settled", "best_split", "route", "settle"]
