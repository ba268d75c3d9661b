"""Loads on shared resources, summed over classes: what several users of one thing ask together."""

from __future__ import annotations

from dataclasses import dataclass, field

from infralab.models.arithmetic import Number
from infralab.models.job import Demand

ALL = "all"  # the class of the sum where several classes share a resource


@dataclass(slots=True)
class _Account:
    owner: str
    kind: str
    unit: str
    capacity: Number
    stage: str
    classes: dict[str, Number] = field(default_factory=dict)


class Ledger:
    """Accounts by resource (and side: the two directions of a wire are two accounts)."""

    __slots__ = ("_accounts",)

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], _Account] = {}

    def open(
        self, resource: str, owner: str, kind: str, unit: str, capacity: Number, side: str = "", stage: str = ""
    ) -> None:
        """Name the capacity of a resource; the first naming holds. `stage`: where it is not that of its traffic."""
        key = (resource, side)
        if key not in self._accounts:
            self._accounts[key] = _Account(owner, kind, unit, capacity, stage)

    def add(self, resource: str, traffic: str, amount: Number, side: str = "") -> None:
        """`amount` per unit of work of the workload, in the unit of the capacity times seconds."""
        classes = self._accounts[resource, side].classes
        classes[traffic] = classes.get(traffic, 0.0) + amount

    def demands(self) -> list[Demand]:
        """One demand a class; where several share a resource, their sum first: that one binds."""
        found: list[Demand] = []
        for (resource, _), account in self._accounts.items():
            if not account.classes:
                continue
            rows = account.classes
            several = len(rows) > 1
            if several:
                total: Number = 0.0
                for amount in rows.values():
                    total = total + amount
                rows = {ALL: total, **rows}
            for traffic, amount in rows.items():
                found.append(
                    Demand(
                        resource,
                        account.owner,
                        account.kind,
                        account.unit,
                        account.capacity,
                        amount,
                        traffic,
                        several and traffic != ALL,
                        account.stage,
                    )
                )
        return found
