"""Next best upgrades, and what could be taken away: every candidate evaluated, ranked by what it buys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design, Step
from infralab.models.edits import EditError, apply_step
from infralab.models.evaluate import evaluate, model_spread
from infralab.models.explore.answer import Answer, answer
from infralab.models.explore.candidates import GROUPS, Change, changes

WORTH = 0.01  # a gain below one per cent is no upgrade


@dataclass(frozen=True, slots=True)
class Limits:
    """What a person allows: USD an hour and watts of the whole design, vendors, parts to keep as they are."""

    budget_per_hour: float | None = None
    power_watts: float | None = None
    vendors: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()  # "box.train", "software", "wire"

    def allow(self, change: Change) -> bool:
        if any(change.touches == k or change.touches.startswith(f"{k}.") for k in self.keep):
            return False
        return not self.vendors or not change.vendor or change.vendor.lower() in {v.lower() for v in self.vendors}

    def admit(self, found: Answer) -> bool:
        over = self.budget_per_hour is not None and (found.cost_per_hour or 0.0) > self.budget_per_hour
        hot = self.power_watts is not None and (found.power_watts or 0.0) > self.power_watts
        return not over and not hot


@dataclass(frozen=True, slots=True)
class Upgrade:
    changes: tuple[Change, ...]
    after: Answer
    gain: float  # of the rate: 0.2 is 20 % more
    cost_change: float | None  # USD an hour
    power_change: float | None  # W
    close: bool  # the gain is smaller than the model's own error: too close to call

    @property
    def label(self) -> str:
        return " + ".join(c.label for c in self.changes)

    @property
    def group(self) -> str:
        return max((c.group for c in self.changes), key=GROUPS.index)

    @property
    def gain_per_dollar(self) -> float:
        """Gain per USD an hour spent; infinite for what costs nothing."""
        if not self.cost_change or self.cost_change <= 0:
            return float("inf") if self.gain > 0 else 0.0
        return self.gain / self.cost_change

    @property
    def gain_per_watt(self) -> float:
        if not self.power_change or self.power_change <= 0:
            return float("inf") if self.gain > 0 else 0.0
        return self.gain / self.power_change


def applied(design: Design, found: Iterable[Change]) -> Design:
    """The design with the changes made. Raises EditError where one does not fit."""
    for change in found:
        design = apply_step(design, Step(title=change.label, remove=change.removes, set=change.sets))
    return design


def _tried(
    design: Design, group: tuple[Change, ...], base: Answer, catalogue: Catalogue, spread: float
) -> Upgrade | None:
    try:
        varied = applied(design, group)
    except EditError:
        return None
    found = answer(evaluate(varied, catalogue, fit=False))
    if found.rate is None or base.rate is None or found.unit != base.unit:
        return None
    if found.status == "infeasible" and base.status != "infeasible":
        return None
    gain = found.rate / base.rate - 1
    cost = None
    if found.cost_per_hour is not None and base.cost_per_hour is not None:
        cost = found.cost_per_hour - base.cost_per_hour
    power = None
    if found.power_watts is not None and base.power_watts is not None:
        power = found.power_watts - base.power_watts
    # both sides share most of the model's error: a third of it is left in their ratio
    return Upgrade(group, found, gain, cost, power, abs(gain) < spread / 3)


def upgrades(
    design: Design,
    catalogue: Catalogue | None = None,
    limits: Limits | None = None,
    pairs: bool = True,
    progress: Callable[[int, int], bool] | None = None,
) -> list[Upgrade]:
    """Single changes and promising pairs that raise the rate, the greatest gain first.

    Pairs are tried among the best singles that touch different parts, and kept where together they
    give more than either alone by a hundredth. `progress(done, total)` returning False stops early.
    """
    catalogue = catalogue or default_catalogue()
    limits = limits or Limits()
    base = answer(evaluate(design, catalogue, fit=False))
    if base.rate is None:
        return []
    spread = model_spread(design)
    candidates = [c for c in changes(design, catalogue) if limits.allow(c)]
    singles: list[Upgrade] = []
    neutral: list[Upgrade] = []
    for done, change in enumerate(candidates, 1):
        found = _tried(design, (change,), base, catalogue, spread)
        if found is not None and limits.admit(found.after):
            (singles if found.gain > WORTH else neutral).append(found)
        if progress is not None and not progress(done, len(candidates)):
            return sorted(singles, key=lambda u: -u.gain)
    singles.sort(key=lambda u: -u.gain)
    if not pairs:
        return singles
    return sorted(singles + _pairs(design, singles, neutral, base, catalogue, limits, spread), key=lambda u: -u.gain)


def _pairs(
    design: Design, singles: list[Upgrade], neutral: list[Upgrade], base: Answer, catalogue: Catalogue,
    limits: Limits, spread: float,
) -> list[Upgrade]:  # fmt: skip
    # what helps nothing alone may help once the first limit is gone
    shortlist = singles[:6] + [u for u in neutral if abs(u.gain) <= WORTH][:10]
    found = []
    for a, b in combinations(shortlist, 2):
        if a not in singles or a.changes[0].touches == b.changes[0].touches:
            continue
        both = _tried(design, a.changes + b.changes, base, catalogue, spread)
        alone = max(a.gain, b.gain)
        if both is not None and both.gain > alone + max(WORTH, 0.05 * alone) and limits.admit(both.after):
            found.append(both)
    found.sort(key=lambda u: -u.gain)
    return found[:8]


@dataclass(frozen=True, slots=True)
class Spare:
    """Something that can be taken away at under one per cent of the rate."""

    change: Change
    after: Answer
    loss: float
    saving_per_hour: float | None
    saving_watts: float | None


def spares(design: Design, catalogue: Catalogue | None = None) -> list[Spare]:
    """What is not needed: half of each count that the rate does not miss, and again until it does."""
    catalogue = catalogue or default_catalogue()
    base = answer(evaluate(design, catalogue, fit=False))
    if base.rate is None:
        return []
    found = []
    for owner, count in _counts(design):
        kept: Spare | None = None
        while count > 1:
            count = max(1, count // 2)
            change = Change(
                f"{owner.partition('.')[2]}: {count} are enough", "spare", owner, (f"{owner}.count = {count}",)
            )
            after = answer(evaluate(applied(design, (change,)), catalogue, fit=False))
            if after.rate is None or after.status != base.status or after.rate < base.rate * 0.99:
                break
            kept = Spare(change, after, 1 - after.rate / base.rate, _less(base.cost_per_hour, after.cost_per_hour),
                         _less(base.power_watts, after.power_watts))  # fmt: skip
        if kept is not None:
            found.append(kept)
    return sorted(found, key=lambda s: -(s.saving_per_hour or 0.0))


def _less(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else before - after


def _counts(design: Design) -> list[tuple[str, int]]:
    counts = [(f"box.{b.name}", b.count) for b in design.boxes.values() if b.count > 1]
    return counts + [(f"wire.{w.name}", w.count) for w in design.wires.values() if (w.count or 1) > 1 and w.count]


def pareto(found: Iterable[Upgrade], base: Answer) -> list[Upgrade]:
    """Those that no other beats in rate, cost and power at once."""
    options = [u for u in found if u.cost_change is not None and u.power_change is not None]
    front = []
    for u in options:
        beaten = any(
            o is not u and o.gain >= u.gain and (o.cost_change or 0) <= (u.cost_change or 0)
            and (o.power_change or 0) <= (u.power_change or 0)
            and (o.gain, -(o.cost_change or 0), -(o.power_change or 0)) != (u.gain, -(u.cost_change or 0), -(u.power_change or 0))
            for o in options
        )  # fmt: skip
        if not beaten:
            front.append(u)
    return sorted(front, key=lambda u: u.cost_change or 0.0)
