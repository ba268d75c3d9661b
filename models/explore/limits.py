"""What a person allows of a change: money, power, vendors, parts to keep as they are."""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.explore.answer import Answer
from infralab.models.explore.candidates import Change


@dataclass(frozen=True, slots=True)
class Limits:
    """USD an hour and watts of the whole design after the change; None: no limit.

    keep: what is not to be touched: "box.train", "software", "wire" for every wire.
    vendors: whose parts may come in; empty: anybody's. A change that brings no part in is always allowed.
    """

    budget_per_hour: float | None = None
    power_watts: float | None = None
    vendors: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def allow(self, change: Change) -> bool:
        if any(change.touches == k or change.touches.startswith(f"{k}.") for k in self.keep):
            return False
        if not self.vendors or not change.vendor:
            return True
        return any(v.lower() in change.vendor.lower() for v in self.vendors)

    def admit(self, found: Answer) -> bool:
        over = self.budget_per_hour is not None and (found.cost_per_hour or 0.0) > self.budget_per_hour
        hot = self.power_watts is not None and (found.power_watts or 0.0) > self.power_watts
        return not over and not hot

    def refuses(self, found: Answer) -> str:
        """ "power 3.4 MW over 3 MW", or "" for what is admitted."""
        from infralab.models.units import human

        if self.budget_per_hour is not None and (found.cost_per_hour or 0.0) > self.budget_per_hour:
            return f"money: ${found.cost_per_hour:,.0f}/h over ${self.budget_per_hour:,.0f}/h"
        if self.power_watts is not None and (found.power_watts or 0.0) > self.power_watts:
            return f"power: {human(found.power_watts or 0.0, 'W')} over {human(self.power_watts, 'W')}"
        return ""
