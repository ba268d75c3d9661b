"""The linear program of a flow: it grows by ways and wires, its edits are bounds and coefficients.

Rates come out scaled, so that no unit of bytes or seconds matters to HiGHS, which is imported here
and nowhere else. Nothing here is certified: `warm.py` does that from the unscaled arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from infralab.models.solve.ways import Floats, Ints, Priced, Vector

if TYPE_CHECKING:
    from infralab.models.solve.warm import ConcurrentFlow

FORGET = 20_000  # columns; beyond, most are of designs long edited away
Shift = tuple[int, float, Vector]  # commodity, share of its demand, what that changes on each resource


@dataclass(slots=True)
class _Arrays:
    """Index of a program: of its rows, its limits, its columns, and of what columns load."""

    size: tuple[int, int]
    resources: Ints
    row: Ints
    scale: Floats
    commodities: Ints
    limit: Ints
    unit: Floats
    of: Ints
    of_unit: Floats
    flat_column: Ints
    flat_used: Ints
    flat_each: Floats


class Program:
    """maximise x: base loads + shifts within capacity; a commodity shifts no more than it has.

    Column 0 is x, in units of `guess`; others are bytes shifted, in units of their commodity's demand
    when it entered. Rows are in units of their capacity when they entered.
    """

    def __init__(self, flow: ConcurrentFlow) -> None:
        import highspy

        self.flow, self.infinity = flow, highspy.kHighsInf
        self.solver = _quiet(highspy)
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
        self._arrays: _Arrays | None = None
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
        flow, now = self.flow, self.arrays()
        ratio = flow.capacity[now.resources] / now.scale
        strayed = ((ratio > 1e4) | ((ratio < 1e-4) & (ratio > 0.0))).any()
        return bool(strayed or (flow.demand[now.commodities] > 1e4 * now.unit).any())

    def arrays(self) -> _Arrays:
        """The program's index as arrays, made anew where it has grown."""
        size = (len(self.rows), len(self.columns))
        if self._arrays is None or self._arrays.size != size:
            counts = [len(used) for used in self.flat[0]]
            self._arrays = _Arrays(
                size,
                np.array(list(self.rows), dtype=np.int64),
                np.array(list(self.rows.values()), dtype=np.int64),
                np.array([self.scale[r] for r in self.rows]),
                np.array(list(self.limits), dtype=np.int64),
                np.array(list(self.limits.values()), dtype=np.int64),
                np.array([self.unit[k] for k in self.limits]),
                np.array(self.columns, dtype=np.int64),
                np.array([self.unit[k] for k in self.columns]),
                np.repeat(np.arange(len(counts)), np.array(counts, dtype=np.int64)),
                np.concatenate([np.zeros(0, dtype=np.int64), *self.flat[0]]),
                np.concatenate([np.zeros(0), *self.flat[1]]),
            )
        return self._arrays

    def run(self, seconds: float) -> tuple[float, Floats, Floats]:
        """Rate, a price for each resource, and what each commodity's limit takes off its price.

        HiGHS's clock runs on over all runs, so its limit is set from there. Cut short it may have no
        values: nothing is shifted then.
        """
        solver, flow, now = self.solver, self.flow, self.arrays()
        solver.setOptionValue("simplex_strategy", 1 if self.row_added else 4)
        self.row_added = False
        solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
        solver.run()
        solution = solver.getSolution()
        self.values, duals = np.zeros(len(self.columns) + 1), np.zeros(solver.getNumRow())
        if solution.value_valid:
            self.values = np.maximum(np.array(solution.col_value), 0.0)
        if solution.dual_valid:
            duals = np.maximum(-np.array(solution.row_dual), 0.0)
        price = np.zeros(flow.topology.resources)
        price[now.resources] = duals[now.row] * self.guess / now.scale
        discount = np.zeros(flow.topology.commodities)
        discount[now.commodities] = duals[now.limit] / now.unit
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
        now, demand = self.arrays(), self.flow.demand
        if self.values[0] < 1e-200:
            return np.zeros(len(now.of))
        raw = self.values[1 : len(now.of) + 1] * now.of_unit / self.values[0]
        total = np.bincount(now.of, raw, self.flow.topology.commodities)
        over = total > demand
        factor = np.ones(len(total))
        factor[over] = demand[over] / total[over]
        return np.asarray(raw * factor[now.of], dtype=np.float64)

    def shifted(self, amounts: Floats) -> Floats:
        """What the shifts add to the base loads."""
        now = self.arrays()
        loads = now.flat_each * amounts[now.flat_column]
        return np.bincount(now.flat_used, loads, self.flow.topology.resources).astype(np.float64)

    def shifts(self, amounts: Floats) -> list[Shift]:
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
