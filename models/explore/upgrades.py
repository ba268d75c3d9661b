"""Next best upgrades: every candidate and the promising pairs, ranked by what they buy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import combinations

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.evaluate import model_spread
from infralab.models.explore.answer import Answer, ask, unlike_costs
from infralab.models.explore.candidates import GROUPS, Change, applied, changes
from infralab.models.explore.limits import Limits
from infralab.models.explore.spares import Spare, spares
from infralab.models.refusal import Refusal

__all__ = ["Limits", "Spare", "Upgrade", "applied", "pareto", "spares", "upgrades"]

WORTH = 0.01  # a gain below one per cent is no upgrade
PAIRS_OF_BEST, PAIRS_OF_NEUTRAL, PAIRS_KEPT = 6, 10, 8
PAIRS_OF_ANY = 24  # where the design does not fit: nothing tells beforehand which two will make it
Progress = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One change, or two together, and what they bring."""

    changes: tuple[Change, ...]
    after: Answer
    gain: float  # of the rate: 0.2 is 20 % more
    cost_change: float | None  # USD an hour
    power_change: float | None  # W
    close: bool  # the gain is smaller than the model's own error: too close to call
    fits: bool = False  # it makes possible what was not: the gain is against what would be if it fitted
    unlike_costs: str = ""  # said where a rent is set against a purchase: the difference in cost says little

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


def upgrades(
    design: Design,
    catalogue: Catalogue | None = None,
    limits: Limits | None = None,
    pairs: bool = True,
    progress: Progress | None = None,
) -> list[Upgrade]:
    """Single changes and promising pairs that raise the rate, the greatest gain first.

    Where the design does not fit, only what makes it fit is an upgrade, whatever its gain.

    Pairs are tried among the best singles that touch different parts, and kept where together they
    give more than either alone by a hundredth. `progress(done, total)` returning False stops early,
    with what there is.
    """
    catalogue = catalogue or default_catalogue()
    trial = _Trial(design, catalogue, limits or Limits())
    if trial.base.rate is None:
        return []
    candidates = [c for c in changes(design, catalogue) if trial.limits.allow(c)]
    singles: list[Upgrade] = []
    neutral: list[Upgrade] = []
    for done, change in enumerate(candidates, 1):
        found = trial.of((change,))
        if found is not None:
            (singles if trial.helps(found) else neutral).append(found)
        if progress is not None and not progress(done, len(candidates)):
            return [trial.named(u) for u in sorted(singles, key=lambda u: -u.gain)]
    singles.sort(key=lambda u: -u.gain)
    both = _pairs(trial, singles, neutral, progress, len(candidates)) if pairs else []
    return [trial.named(u) for u in sorted(singles + both, key=lambda u: -u.gain)]


class _Trial:
    """One design and what changes of it do against it."""

    def __init__(self, design: Design, catalogue: Catalogue, limits: Limits) -> None:
        self.design, self.catalogue, self.limits = design, catalogue, limits
        self.base = ask(design, catalogue, named=False)
        self.spread = model_spread(design)

    def of(self, group: tuple[Change, ...]) -> Upgrade | None:
        """What the changes buy; None where they can't be made, are not comparable or not allowed."""
        base = self.base
        try:
            found = ask(applied(self.design, group), self.catalogue, named=False)
        except Refusal:
            return None
        if found.rate is None or base.rate is None or found.unit != base.unit or not self.limits.admit(found):
            return None
        if found.status == "infeasible" and base.status != "infeasible":
            return None
        fits = base.status == "infeasible" and found.status == "ok"
        gain = found.rate / base.rate - 1
        # both sides share most of the model's error: a third of it is left in their ratio
        close = abs(gain) < self.spread / 3 and not fits
        return Upgrade(group, found, gain, _more(base.cost_per_hour, found.cost_per_hour),
                       _more(base.power_watts, found.power_watts), close, fits,
                       unlike_costs(base, found))  # fmt: skip

    def helps(self, found: Upgrade) -> bool:
        """Whether it is an upgrade by itself."""
        return found.fits if self.base.status == "infeasible" else found.gain > WORTH

    def named(self, found: Upgrade) -> Upgrade:
        """With the name of what binds next, which is only asked for what is shown."""
        return replace(found, after=ask(applied(self.design, found.changes), self.catalogue))


def _more(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _pairs(
    trial: _Trial, singles: list[Upgrade], neutral: list[Upgrade], progress: Progress | None, done: int
) -> list[Upgrade]:
    # what helps nothing alone may help once the first limit is gone
    unfit = trial.base.status == "infeasible"
    rest = neutral if unfit else [u for u in neutral if abs(u.gain) <= WORTH]
    others = singles[:PAIRS_OF_BEST] + rest[: PAIRS_OF_ANY if unfit else PAIRS_OF_NEUTRAL]
    tried = [
        (a, b)
        for a, b in combinations(others, 2)
        if (unfit or a.gain > WORTH) and a.changes[0].touches != b.changes[0].touches
    ]
    found: list[Upgrade] = []
    for number, (a, b) in enumerate(tried, 1):
        both = trial.of(a.changes + b.changes)
        alone = max((one.gain for one in (a, b) if not unfit or one.fits), default=-1.0)
        if both is not None and (not unfit or both.fits) and both.gain > alone + max(WORTH, 0.05 * alone):
            found.append(both)
        if progress is not None and not progress(done + number, done + len(tried)):
            break
    found = _distinct(found)
    found.sort(key=lambda u: -u.gain)
    return found[:PAIRS_KEPT]


def _distinct(found: Iterable[Upgrade]) -> list[Upgrade]:
    """One of those that come to the same rate, cost and power: what asks least of one."""
    kept: dict[tuple[float, float, float], Upgrade] = {}
    for one in found:
        key = (round(one.gain, 3), round(one.cost_change or 0.0, 1), round((one.power_change or 0.0) / 100))
        if key not in kept or _effort(one) < _effort(kept[key]):
            kept[key] = one
    return list(kept.values())


def _effort(one: Upgrade) -> tuple[int, int]:
    return sum(GROUPS.index(c.group) for c in one.changes), len(one.changes)


def pareto(found: Iterable[Upgrade]) -> list[Upgrade]:
    """Those that no other one beats in rate, cost and power at once, the cheapest first.

    Where no power is known, cost and rate decide.
    """
    options = _distinct(u for u in found if u.cost_change is not None)
    front = [u for u in options if not any(_beats(o, u) for o in options if o is not u)]
    return sorted(front, key=lambda u: (u.cost_change or 0.0, u.gain))


def _beats(a: Upgrade, b: Upgrade) -> bool:
    """`a` is nowhere worse and somewhere better."""
    mine = (a.gain, -(a.cost_change or 0.0), -(a.power_change or 0.0))
    other = (b.gain, -(b.cost_change or 0.0), -(b.power_change or 0.0))
    return mine != other and all(x >= y for x, y in zip(mine, other, strict=True))
