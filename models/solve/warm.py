"""Maximum concurrent flow that stays warm: an edit of a capacity or demand re-solves, it does not rebuild.

Largest X at which X times every demand gets through at once (model.md, 1). Each commodity starts on
a mix of ways that balances the wires, its *base*; a column of the linear program shifts part of it to
another way. Columns enter when a way is cheaper, by the program's duals, than what the commodity
pays; rows enter when a wire is overloaded: a drawing of thousands of boxes has a program of some
hundred rows. Whatever HiGHS says, the answer is certified in float64 from unscaled arrays: the split
loads every wire (X is no less), and prices bound all ways (X is no more).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infralab.models.arithmetic import Number
from infralab.models.solve.ways import Floats, Ints, Priced, Topology, Vector, balanced_start, priced

Bools = NDArray[np.bool_]
GAP = 1e-7  # of X, between the certified bounds
Shift = tuple[int, float, Vector]  # commodity, share of its demand, what that changes on each resource
ROUNDS = 1000
FORGET = 20_000  # columns; beyond, most are of designs long edited away


@dataclass(slots=True)
class Bounds:
    """X lies between, in demands per second; `loads` are bytes per unit of X on every resource."""

    lower: float
    upper: float
    loads: Floats

    @property
    def closed(self) -> bool:
        return self.upper <= self.lower * (1.0 + 10 * GAP) or self.lower == math.inf


class ConcurrentFlow:
    """One topology with its program. Capacities in bytes/s, demands and fixed loads in bytes per unit of X."""

    def __init__(self, topology: Topology, capacity: Floats, demand: Floats, fixed: Floats) -> None:
        self.topology = topology
        self.capacity, self.demand, self.fixed = capacity.copy(), demand.copy(), fixed.copy()
        self.base = balanced_start(topology, capacity, demand, fixed)
        counts = np.array([len(used) for used, _ in self.base])
        used = np.concatenate([used for used, _ in self.base])
        order = np.argsort(used, kind="stable")
        self._used = used[order]
        self._of = np.repeat(np.arange(len(self.base)), counts)[order]  # by resource: commodities, shares
        self._share = np.concatenate([shares for _, shares in self.base])[order]
        self._begin = np.searchsorted(self._used, np.arange(topology.resources + 1))
        self.base_load = self.fixed + np.bincount(
            self._used, self._share * self.demand[self._of], topology.resources
        )
        self._program: _Program | None = None
        self._shifts: list[Shift] = []

    def set_capacity(self, resource: int, bytes_per_s: float) -> None:
        self.capacity[resource] = bytes_per_s
        if self._program is not None:
            self._program.capacity_changed(resource)

    def set_demand(self, commodity: int, amount: float) -> None:
        self.demand[commodity] = amount
        self._reload(self.base[commodity][0])
        if self._program is not None:
            self._program.demand_changed(commodity)

    def set_fixed(self, resource: int, amount: float) -> None:
        self.fixed[resource] = amount
        self._reload(np.array([resource]))

    def _reload(self, resources: Ints) -> None:
        """Base loads anew, from the demands: no error adds up over edits."""
        for resource in resources.tolist():
            part = slice(self._begin[resource], self._begin[resource + 1])
            load = _dot(self._share[part], self.demand[self._of[part]])
            self.base_load[resource] = self.fixed[resource] + load
            if self._program is not None:
                self._program.load_changed(resource)

    def base_cost(self, price: Floats) -> Floats:
        """What a byte of each commodity pays on its base."""
        found = np.zeros(self.topology.commodities)
        for resource in np.flatnonzero(price).tolist():
            part = slice(self._begin[resource], self._begin[resource + 1])
            found[self._of[part]] += price[resource] * self._share[part]
        return found

    def solve(self, seconds: float = math.inf) -> Bounds:
        """The certified rate, and the loads of a split that reaches `lower`; bounds stay open after `seconds`."""
        end = time.monotonic() + seconds
        if not (self.base_load > 0.0).any():
            self._shifts = []
            return Bounds(math.inf, math.inf, self.base_load)
        if self._program is None or self._program.stale():
            self._program = _Program(self)
        best, upper = Bounds(-1.0, math.inf, self.base_load), math.inf
        for _ in range(ROUNDS):
            program = self._program
            program.solver.setOptionValue("time_limit", max(end - time.monotonic(), 0.01))
            rate, price, discount = program.run()
            loads = self.base_load + program.shifted()
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(loads > 0.0, self.capacity / loads, np.inf)
            lower = float(each.min())
            if lower > best.lower:
                best, self._shifts = Bounds(lower, upper, loads), program.shifts()
            paid = self.base_cost(price) - discount
            dear = np.flatnonzero(paid * self.demand > 1e-13)
            ways = priced(self.topology, price, dear)
            least = _dot(ways.cost, self.demand[dear]) + _dot(price, self.fixed)
            if least > 0.0:
                upper = min(upper, _dot(price, self.capacity) / least)
            best.upper = upper
            if upper <= best.lower * (1.0 + GAP) or time.monotonic() > end:
                break
            grown = program.add_rows(np.flatnonzero(each < rate * (1.0 - 1e-9)))
            grown |= program.add_ways(ways, paid)
            grown |= self._relieve(each <= best.lower * (1.0 + 1e-6), int(np.count_nonzero(price)), loads)
            if not grown and not program.raise_ceiling():
                break
        return best

    def _relieve(self, full: Bools, priced_resources: int, loads: Floats) -> bool:
        """Ways around all full wires, where the program's prices name but a few of them.

        Of many that fill up at one rate a vertex prices one; a round for each would take too many.
        """
        if np.count_nonzero(full) <= 2 * priced_resources:
            return False
        assert self._program is not None
        room = np.maximum(self.capacity, 1e-300)
        paid = self.base_cost(full / room)
        pays = np.flatnonzero(paid * self.demand > 0.0)
        fullness = loads / room
        price = (full + 0.01 * (fullness / fullness.max()) ** 4) / room
        return self._program.add_ways(priced(self.topology, price, pays), paid)

    def carry(self, amounts: Mapping[int, Number]) -> dict[int, Number]:
        """Loads by resource, where so many bytes of each commodity go as in the last solution."""
        if any(isinstance(amount, np.ndarray) for amount in amounts.values()):
            return self._carry_variants(amounts)
        given = np.zeros(self.topology.commodities)
        for commodity, amount in amounts.items():
            given[commodity] = amount
        loads = np.bincount(self._used, self._share * given[self._of], self.topology.resources)
        touched = np.bincount(self._used, given[self._of] > 0.0, len(loads)) > 0
        for commodity, share, (used, each) in self._shifts:
            loads[used] += each * share * given[commodity]
            touched[used] |= given[commodity] > 0.0
        # what rounding leaves where everything was shifted away is nothing
        real = touched & (loads > 1e-9 * given.max(initial=0.0))
        return dict(zip(np.flatnonzero(real).tolist(), loads[real].tolist(), strict=True))

    def _carry_variants(self, amounts: Mapping[int, Number]) -> dict[int, Number]:
        found: dict[int, Number] = {}
        shares: dict[int, dict[int, float]] = {}
        for commodity in amounts:
            used, each = self.base[commodity]
            shares[commodity] = dict(zip(used.tolist(), each.tolist(), strict=True))
        for commodity, share, (used, each) in self._shifts:
            for resource, part in zip(used.tolist(), (each * share).tolist(), strict=True):
                own = shares.get(commodity, {})
                own[resource] = own.get(resource, 0.0) + part
        for commodity, own in shares.items():
            for resource, share in own.items():
                if share > 1e-9:
                    found[resource] = found.get(resource, 0.0) + amounts[commodity] * share
        return found


class _Program:
    """maximise x: base loads + shifts within capacity; a commodity shifts no more than it has.

    Column 0 is x, in units of `guess`; others are bytes shifted, in units of their commodity's demand
    when it entered. Rows are in units of their capacity when they entered.
    """

    def __init__(self, flow: ConcurrentFlow) -> None:
        import highspy

        self.flow, self.infinity = flow, highspy.kHighsInf
        self.solver = _quiet(highspy)
        self.optimal = highspy.HighsModelStatus.kOptimal
        self.rows: dict[int, int] = {}  # resource -> row
        self.scale: dict[int, float] = {}  # of its row
        self.limits: dict[int, int] = {}  # commodity -> row
        self.unit: dict[int, float] = {}  # of its columns
        self.columns: list[int] = []  # commodity
        self.touching: dict[int, list[tuple[int, float]]] = {}  # resource -> columns, load per byte shifted
        self.known: set[tuple[int, bytes]] = set()
        self.flat: tuple[list[Ints], list[Floats]] = ([], [])
        self.values = np.zeros(1)
        self.row_added = False
        used = np.flatnonzero(flow.base_load > 0.0)
        rates = flow.capacity[used] / flow.base_load[used]
        positive = flow.capacity[flow.capacity > 0.0]
        self.typical = float(np.median(positive)) if len(positive) else 1.0
        usual = self.typical / float(flow.base_load[used].max())
        self.guess = float(rates.min()) if rates.min() > 1e-6 * usual else usual
        self.typical_demand = max(float(flow.demand.mean()), 1e-30)
        self.ceiling = 2.0  # of x: too few rows would leave it unbounded, or overload all the rest
        self.solver.addCol(-1.0, 0.0, self.ceiling, 0, [], [])
        self.add_rows(used[rates <= rates.min() * 1.000001])

    def stale(self) -> bool:
        """Edited so far from its units, or grown so much, that a fresh start is better."""
        if len(self.columns) > FORGET:
            return True
        flow = self.flow
        strayed = any(
            not 1e-4 < flow.capacity[r] / s < 1e4 for r, s in self.scale.items() if flow.capacity[r] > 0
        )
        return strayed or any(flow.demand[k] > 1e4 * unit for k, unit in self.unit.items())

    def run(self) -> tuple[float, Floats, Floats]:
        """x, a price for each resource, and what each commodity's limit takes off its price."""
        solver, flow = self.solver, self.flow
        solver.setOptionValue("simplex_strategy", 1 if self.row_added else 4)
        self.row_added = False
        solver.run()
        solution = solver.getSolution()
        self.values = np.maximum(np.array(solution.col_value), 0.0)
        duals = np.maximum(-np.array(solution.row_dual), 0.0)
        price = np.zeros(flow.topology.resources)
        rows = list(self.rows)
        scale = np.array([self.scale[r] for r in rows])
        price[rows] = duals[list(self.rows.values())] * self.guess / scale
        discount = np.zeros(flow.topology.commodities)
        if self.limits:
            unit = np.array([self.unit[k] for k in self.limits])
            discount[list(self.limits)] = duals[list(self.limits.values())] / unit
        return float(self.values[0]) * self.guess, price, discount

    def raise_ceiling(self) -> bool:
        """Whether nothing but the ceiling held x down."""
        if self.values[0] < self.ceiling * (1.0 - 1e-9) or self.ceiling > 1e15:
            return False
        self.ceiling *= 2.0
        self.solver.changeColBounds(0, 0.0, self.ceiling)
        self.row_added = True
        return True

    def amounts(self) -> Floats:
        """Bytes per unit of X that each column shifts, no more than the commodity has."""
        if not self.columns:
            return np.zeros(0)
        of = np.array(self.columns)
        unit = np.array([self.unit[k] for k in self.columns])
        raw = self.values[1 : len(of) + 1] * unit / max(self.values[0], 1e-300)
        total = np.bincount(of, raw, self.flow.topology.commodities)
        over = total > self.flow.demand
        factor = np.ones(len(total))
        factor[over] = self.flow.demand[over] / total[over]
        return np.asarray(raw * factor[of], dtype=np.float64)

    def shifted(self) -> Floats:
        """What the shifts add to the base loads."""
        found = np.zeros(self.flow.topology.resources)
        amounts = self.amounts()
        active = np.flatnonzero(amounts > 0.0).tolist()
        if active:
            used = np.concatenate([self.flat[0][i] for i in active])
            loads = np.concatenate([self.flat[1][i] * amounts[i] for i in active])
            found = np.bincount(used, loads, len(found)).astype(np.float64)
        return found

    def shifts(self) -> list[Shift]:
        amounts = self.amounts()
        found = []
        for i in np.flatnonzero(amounts > 0.0).tolist():
            commodity = self.columns[i]
            change = self.flat[0][i], self.flat[1][i]
            found.append((commodity, float(amounts[i] / self.flow.demand[commodity]), change))
        return found

    def add_rows(self, resources: Ints) -> bool:
        grown = False
        for resource in resources.tolist():
            if resource in self.rows:
                continue
            capacity = float(self.flow.capacity[resource])
            scale = capacity if capacity > 0.0 else self.typical
            self.scale[resource] = scale
            load = {0: float(self.flow.base_load[resource]) * self.guess / scale}
            for column, each in self.touching.get(resource, ()):
                unit = self.unit[self.columns[column - 1]]
                load[column] = each * unit * self.guess / scale
            self.rows[resource] = self.solver.getNumRow()
            self.solver.addRow(-self.infinity, capacity / scale, len(load), list(load), list(load.values()))
            grown = self.row_added = True
        return grown

    def add_ways(self, ways: Priced, paid: Floats) -> bool:
        """Columns for all commodities that pay more than their cheapest way costs."""
        saving = (paid[ways.commodities] - ways.cost) * self.flow.demand[ways.commodities]
        places = np.flatnonzero(saving > 1e-12).tolist()
        grown = False
        for place in places:
            commodity = int(ways.commodities[place])
            grown |= self._add_way(commodity, ways.way(place, commodity))
        return grown

    def _add_way(self, commodity: int, way: Ints) -> bool:
        key = (commodity, way.tobytes())
        if key in self.known:
            return False
        self.known.add(key)
        flow = self.flow
        if commodity not in self.limits:
            unit = self.unit[commodity] = float(flow.demand[commodity]) or self.typical_demand
            self.limits[commodity] = self.solver.getNumRow()
            self.solver.addRow(-self.infinity, 0.0, 1, [0], [-flow.demand[commodity] / unit])
        unit, base = self.unit[commodity], flow.base[commodity]
        net = _net(np.concatenate((way, base[0])), np.concatenate((np.ones(len(way)), -base[1])))
        self.columns.append(commodity)
        self.flat[0].append(np.array(list(net), dtype=np.int64))
        self.flat[1].append(np.array(list(net.values())))
        column = len(self.columns)
        load: dict[int, float] = {self.limits[commodity]: 1.0}
        for resource, amount in net.items():
            self.touching.setdefault(resource, []).append((column, amount))
            if resource in self.rows:
                load[self.rows[resource]] = amount * unit * self.guess / self.scale[resource]
        self.solver.addCol(0.0, 0.0, self.infinity, len(load), list(load), list(load.values()))
        return True

    def capacity_changed(self, resource: int) -> None:
        if resource in self.rows:
            limit = float(self.flow.capacity[resource]) / self.scale[resource]
            self.solver.changeRowBounds(self.rows[resource], -self.infinity, limit)
            self.row_added = True

    def load_changed(self, resource: int) -> None:
        if resource in self.rows:
            load = float(self.flow.base_load[resource]) * self.guess / self.scale[resource]
            self.solver.changeCoeff(self.rows[resource], 0, load)
            self.row_added = True

    def demand_changed(self, commodity: int) -> None:
        if commodity in self.limits:
            amount = -float(self.flow.demand[commodity]) / self.unit[commodity]
            self.solver.changeCoeff(self.limits[commodity], 0, amount)
            self.row_added = True


def _dot(a: Floats, b: Floats) -> float:
    """Summed pairwise; BLAS would wake threads for vectors of this length, which costs more than the sum."""
    return float((a * b).sum())


def _net(used: Ints, each: Floats) -> dict[int, float]:
    found: dict[int, float] = {}
    for resource, amount in zip(used.tolist(), each.tolist(), strict=True):
        found[resource] = found.get(resource, 0.0) + amount
    return {resource: amount for resource, amount in found.items() if amount != 0.0}


def _quiet(highspy: Any) -> Any:
    """A solver that says nothing: the constructor of `Highs` prints a banner, that of its base does not."""

    class Quiet(highspy.Highs):  # type: ignore[misc]
        def __init__(self) -> None:
            super(highspy.Highs, self).__init__()

    solver = Quiet()
    options = {
        "output_flag": False,
        "threads": 1,
        "presolve": "off",
        "solver": "simplex",
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


__all__ = ["Bounds", "ConcurrentFlow", "Topology"]
