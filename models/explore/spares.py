"""What could be taken away: counts that the rate does not miss."""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.explore.answer import Answer, ask
from infralab.models.explore.candidates import Change, applied
from infralab.models.refusal import Refusal

MISSED = 0.01  # of the rate: what is lost below that is not missed


@dataclass(frozen=True, slots=True)
class Spare:
    """Something that can be taken away at under one per cent of the rate."""

    change: Change
    after: Answer
    loss: float
    saving_per_hour: float | None
    saving_watts: float | None


def spares(design: Design, catalogue: Catalogue | None = None) -> list[Spare]:
    """What is not needed, the dearest first: each count halved, and again until the rate misses it."""
    catalogue = catalogue or default_catalogue()
    base = ask(design, catalogue, named=False)
    if base.rate is None or base.status == "infeasible":
        return []
    found = [spare for owner, count in _counts(design) if (spare := _least(design, catalogue, base, owner, count))]
    return sorted(found, key=lambda s: -(s.saving_per_hour or 0.0))


def _least(design: Design, catalogue: Catalogue, base: Answer, owner: str, count: int) -> Spare | None:
    """The smallest of the halved counts that is still enough."""
    assert base.rate is not None
    kept: Spare | None = None
    while count > 1:
        count = max(1, count // 2)
        name = owner.partition(".")[2]
        change = Change(f"{name}: {count} {'is' if count == 1 else 'are'} enough", "spare", owner,
                        (f"{owner}.count = {count}",))  # fmt: skip
        try:
            after = ask(applied(design, (change,)), catalogue, named=False)
        except Refusal:
            break
        if after.rate is None or after.status != base.status or after.rate < base.rate * (1 - MISSED):
            break
        kept = Spare(change, after, 1 - after.rate / base.rate, _less(base.cost_per_hour, after.cost_per_hour),
                     _less(base.power_watts, after.power_watts))  # fmt: skip
    return kept


def _less(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else before - after


def _counts(design: Design) -> list[tuple[str, int]]:
    counts = [(f"box.{b.name}", b.count) for b in design.boxes.values() if b.count > 1]
    return counts + [(f"wire.{w.name}", w.count) for w in design.wires.values() if w.count is not None and w.count > 1]
