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

import numpy as np
from numpy.typing import NDArray

from infralab.models.arithmetic import Number
from infralab.models.solve.program import Program, Shift
from infralab.models.solve.ways import Floats, Ints, Topology, balanced_start, priced

Bools = NDArray[np.bool_]
GAP = 1e-7  # of X, between the certified bounds
ROUNDS = 1000


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
        self._program: Program | None = None
        self._amounts = np.zeros(0)  # that the best split shifts, by column

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
            self._amounts = np.zeros(0)
            return Bounds(math.inf, math.inf, self.base_load)
        if self._program is None or self._program.stale():
            self._program = Program(self)
        best, upper = Bounds(-1.0, math.inf, self.base_load), math.inf
        for _ in range(ROUNDS):
            program = self._program
            rate, price, discount = program.run(max(end - time.monotonic(), 0.01))
            amounts = program.amounts()
            loads = self.base_load + program.shifted(amounts)
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(loads > 0.0, self.capacity / loads, np.inf)
            lower = float(each.min())
            if lower > best.lower:
                best, self._amounts = Bounds(lower, upper, loads), amounts
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
        if not best.closed:
            best.upper = min(best.upper, self._upper_by_fullness(best))
        return best

    def _upper_by_fullness(self, split: Bounds) -> float:
        """Where time ran out: prices that grow with how full wires are bound X as well, if less closely."""
        fullness = split.loads / np.maximum(self.capacity, 1e-300)
        everyone = np.flatnonzero(self.demand > 0.0)
        found = math.inf
        for power in (4, 16, 64, 256):
            price = (fullness / fullness.max()) ** power / np.maximum(self.capacity, 1e-300)
            cost = priced(self.topology, price, everyone).cost
            least = _dot(cost, self.demand[everyone]) + _dot(price, self.fixed)
            if least > 0.0:
                found = min(found, _dot(price, self.capacity) / least)
        return found

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

    def _shifts(self) -> list[Shift]:
        return self._program.shifts(self._amounts) if self._program is not None else []

    def carry(self, amounts: Mapping[int, Number]) -> dict[int, Number]:
        """Loads by resource, where so many bytes of each commodity go as in the last solution."""
        if any(isinstance(amount, np.ndarray) for amount in amounts.values()):
            return self._carry_variants(amounts)
        given = np.zeros(self.topology.commodities)
        for commodity, amount in amounts.items():
            given[commodity] = amount
        loads = np.bincount(self._used, self._share * given[self._of], self.topology.resources)
        touched = np.bincount(self._used, given[self._of] > 0.0, len(loads)) > 0
        for commodity, share, (used, each) in self._shifts():
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
        for commodity, share, (used, each) in self._shifts():
            for resource, part in zip(used.tolist(), (each * share).tolist(), strict=True):
                own = shares.get(commodity, {})
                own[resource] = own.get(resource, 0.0) + part
        for commodity, own in shares.items():
            for resource, share in own.items():
                if share > 1e-9:
                    found[resource] = found.get(resource, 0.0) + amounts[commodity] * share
        return found


def _dot(a: Floats, b: Floats) -> float:
    """Summed pairwise; BLAS would wake threads for vectors of this length, which costs more than the sum."""
    return float((a * b).sum())


__all__ = ["Bounds", "ConcurrentFlow", "Topology"]
