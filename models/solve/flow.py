"""The best split of traffic over all ways where switches route adaptively: a path LP, columns by pricing.

Least t such that every flow gets through and no wire is loaded beyond t of its capacity, which is the
maximum concurrent flow with its rate turned round. Paths are added while one is shorter, priced by
the LP's duals over *all* paths, than what the flow pays: at the end the dual is a bound over all
paths (model.md, 1). HiGHS is imported here and nowhere else; without it ECMP's split is a lower bound.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from infralab.models.arithmetic import Number, any_of, first
from infralab.models.physics.fabric import Arc, Fabric, Flow, Hop, Loads, add, route, wire_capacity

TOLERANCE = 1e-7
ROUNDS = 200


@dataclass(slots=True)
class Settled:
    """Loads of the best split; `utilisation` of the fullest resource per unit of work, and its lower bound."""

    loads: Loads
    utilisation: float
    bound: float


@dataclass(slots=True)
class _Commodity:
    source: str
    target: str
    flows: list[Flow]
    bytes: float
    paths: list[tuple[Arc, ...]] = field(default_factory=list)


def settle(fabric: Fabric, flows: list[Flow], fixed: Loads) -> Loads | None:
    """All loads, `fixed` ones included; None without HiGHS, or where one way is as good as any."""
    found = best_split(fabric, flows, fixed)
    if found is None:
        fabric.machine.figures.assume(
            "adaptive routing: highspy is not installed, traffic is split as by ECMP", False
        )
        return None
    return found.loads


def best_split(fabric: Fabric, flows: list[Flow], fixed: Loads) -> Settled | None:
    """Solve for the first variant; its split is used for all variants. None without HiGHS."""
    try:
        import highspy
    except ImportError:
        return None
    network = _Network(fabric, fixed)
    commodities = _commodities(flows)
    for commodity in commodities:
        path = network.shortest(commodity, {})
        if path is None:
            continue
        commodity.paths.append(path)
    commodities = [c for c in commodities if c.paths]
    program = _Program(highspy, network, commodities)
    shares, bound = program.solve()
    loads: Loads = {arc: dict(classes) for arc, classes in fixed.items()}
    for commodity, parts in zip(commodities, shares, strict=True):
        for path, share in zip(commodity.paths, parts, strict=True):
            if share > 1e-9:
                for arc in path:
                    for flow in commodity.flows:
                        add(loads, arc, flow.traffic, flow.bytes * share)
    return Settled(loads, network.utilisation(loads), bound)


def _commodities(flows: list[Flow]) -> list[_Commodity]:
    found: dict[tuple[str, str], _Commodity] = {}
    for flow in flows:
        one = found.setdefault((flow.source, flow.target), _Commodity(flow.source, flow.target, [], 0.0))
        one.flows.append(flow)
        one.bytes += first(flow.bytes)
    return list(found.values())


class _Network:
    """Resources (a direction of a wire, the uplinks of a fabric) with capacity and fixed load."""

    def __init__(self, fabric: Fabric, fixed: Loads) -> None:
        self.fabric = fabric
        machine = fabric.machine
        self.capacity: dict[str, float] = {}
        self.fixed: dict[str, float] = {}
        self.uplinks: dict[str, str] = {}  # switch -> resource
        for name, switch in machine.switches.items():
            if any_of(switch.oversubscription > 1.0):
                total: Number = 0.0
                for hop in fabric.ports.get(name, ()):
                    total = total + wire_capacity(machine, hop.link)
                self.uplinks[name] = f"{switch.owner}.uplink_share"
                self.capacity[self.uplinks[name]] = first(total) / first(switch.oversubscription)
        for arc, classes in fixed.items():
            amount = sum(first(value) for value in classes.values())
            for resource in self.resources(arc):
                self.fixed[resource] = self.fixed.get(resource, 0.0) + amount

    def resources(self, arc: Arc) -> list[str]:
        """What a byte on the arc loads."""
        link = self.fabric.machine.links[arc[0]]
        name = f"{arc[0]}/{arc[1]}"
        if name not in self.capacity:
            self.capacity[name] = max(min(first(wire_capacity(self.fabric.machine, link)), 1e18), 1e-6)
        end = link.ends[1] if arc[1] else link.ends[0]
        return [name, self.uplinks[end]] if end in self.uplinks else [name]

    def shortest(self, commodity: _Commodity, price: dict[str, float]) -> tuple[Arc, ...] | None:
        """The cheapest way by price per byte, then by hops; boxes do not forward."""
        switches = self.fabric.machine.switches
        best: dict[str, tuple[float, int]] = {commodity.source: (0.0, 0)}
        came: dict[str, tuple[str, Arc]] = {}
        heap: list[tuple[float, int, str]] = [(0.0, 0, commodity.source)]
        while heap:
            cost, hops, at = heapq.heappop(heap)
            if at == commodity.target:
                return _trace(came, commodity)
            if (cost, hops) > best[at] or (at != commodity.source and at not in switches):
                continue
            for hop in self.fabric.ports.get(at, ()):
                if hop.other not in switches and hop.other != commodity.target:
                    continue
                reached = (cost + self._cost(hop, price), hops + 1)
                if hop.other not in best or reached < best[hop.other]:
                    best[hop.other] = reached
                    came[hop.other] = (at, hop.arc)
                    heapq.heappush(heap, (*reached, hop.other))
        return None

    def _cost(self, hop: Hop, price: dict[str, float]) -> float:
        return sum(price.get(resource, 0.0) for resource in self.resources(hop.arc))

    def utilisation(self, loads: Loads) -> float:
        """Of the fullest resource, recomputed from the loads themselves."""
        total: dict[str, float] = {}
        for arc, classes in loads.items():
            amount = sum(first(value) for value in classes.values())
            for resource in self.resources(arc):
                total[resource] = total.get(resource, 0.0) + amount
        return max((amount / self.capacity[resource] for resource, amount in total.items()), default=0.0)


def _trace(came: dict[str, tuple[str, Arc]], commodity: _Commodity) -> tuple[Arc, ...]:
    path: list[Arc] = []
    at = commodity.target
    while at != commodity.source:
        at, arc = came[at]
        path.append(arc)
    return tuple(reversed(path))


def _quiet(highspy: Any) -> Any:
    """A solver that says nothing: the constructor of `Highs` prints a banner, that of its base does not."""

    class Quiet(highspy.Highs):  # type: ignore[misc]
        def __init__(self) -> None:
            super(highspy.Highs, self).__init__()
            self.setOptionValue("output_flag", False)

    return Quiet()


class _Program:
    """minimise t: each commodity's shares sum to 1; load / capacity - t <= -fixed / capacity."""

    def __init__(self, highspy: Any, network: _Network, commodities: list[_Commodity]) -> None:
        self.network, self.commodities = network, commodities
        self.scale = max((c.bytes for c in commodities), default=1.0)
        self.solver = _quiet(highspy)
        self.infinity = highspy.kHighsInf
        self.rows: dict[str, int] = {}
        self.columns: list[tuple[int, int]] = []  # commodity, path
        reference = max(network.capacity.values(), default=1.0)
        self.unit = self.scale / reference  # t is counted in this utilisation, so that it is near 1
        self.solver.addCol(1.0, 0.0, self.infinity, 0, [], [])
        for _ in commodities:
            self.solver.addRow(1.0, 1.0, 0, [], [])
        for index, commodity in enumerate(commodities):
            for path in range(len(commodity.paths)):
                self._add(index, path)

    def _row(self, resource: str) -> int:
        if resource not in self.rows:
            capacity = self.network.capacity[resource] * self.unit
            fixed = self.network.fixed.get(resource, 0.0)
            self.solver.addRow(-self.infinity, -fixed / capacity, 1, [0], [-1.0])
            self.rows[resource] = self.solver.getNumRow() - 1
        return self.rows[resource]

    def _add(self, index: int, path: int) -> None:
        commodity = self.commodities[index]
        load: dict[int, float] = {index: 1.0}
        for arc in commodity.paths[path]:
            for resource in self.network.resources(arc):
                row = self._row(resource)
                each = commodity.bytes / (self.network.capacity[resource] * self.unit)
                load[row] = load.get(row, 0.0) + each
        self.solver.addCol(0.0, 0.0, self.infinity, len(load), list(load), list(load.values()))
        self.columns.append((index, path))

    def solve(self) -> tuple[list[list[float]], float]:
        """Shares of every commodity's paths, and the dual bound on the utilisation over all paths."""
        bound = 0.0
        for _ in range(ROUNDS):
            self.solver.run()
            duals = list(self.solver.getSolution().row_dual)
            price = {
                r: max(-duals[row], 0.0) / (self.network.capacity[r] * self.unit)
                for r, row in self.rows.items()
            }
            grown = False
            lower = sum(price[r] * self.network.fixed.get(r, 0.0) for r in price)
            for index, commodity in enumerate(self.commodities):
                path = self.network.shortest(commodity, price)
                assert path is not None
                cost = (
                    sum(price.get(r, 0.0) for arc in path for r in self.network.resources(arc))
                    * commodity.bytes
                )
                lower += cost
                if cost < duals[index] - TOLERANCE and path not in commodity.paths:
                    commodity.paths.append(path)
                    self._add(index, len(commodity.paths) - 1)
                    grown = True
            weight = sum(price[r] * self.network.capacity[r] for r in price)
            if weight > 0:
                bound = max(bound, lower / weight)
            if not grown:
                break
        values = list(self.solver.getSolution().col_value)
        shares = [[0.0] * len(c.paths) for c in self.commodities]
        for column, (index, place) in enumerate(self.columns, start=1):
            shares[index][place] = max(values[column], 0.0) if column < len(values) else 0.0
        for parts in shares:
            total = sum(parts) or 1.0
            parts[:] = [part / total for part in parts]
        return shares, bound


__all__ = ["Settled", "best_split", "route", "settle"]
