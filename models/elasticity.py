"""What 10 % more of each thing would buy: one batched evaluation, each figure raised in its own variant.

A second block of variants makes each candidate practically infinite: the rate that is left names how
far one can get by relieving it, and what binds then.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import first
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.job import Demand, Step
from infralab.models.outcome import Outcome, outcome
from infralab.models.solve.closed import demand_limit, step_limit

RAISE = 1.1
RELIEVE = 1e4
MOST = 400  # inputs whose elasticity is asked for: more are hundreds of equal boxes


@dataclass(frozen=True, slots=True)
class Elasticities:
    """By resource path: (dX/dc)(c/X) of +10 %, and the rate with that resource relieved, over X."""

    of: dict[str, float]
    headroom: dict[str, float]
    next_resource: dict[str, str]  # what binds once it is relieved


def binding_steps(base: Outcome) -> list[Step]:
    """Steps whose accelerator time limits the rate, within a part in a thousand."""
    assert base.job is not None
    assert base.rate is not None
    x = first(base.rate)
    return [s for s in base.job.steps if first(step_limit(s)) <= x * 1.001]


def candidates(base: Outcome) -> list[str]:
    """Resources that can matter: parts of binding steps, and queued resources near their limit."""
    assert base.job is not None
    assert base.rate is not None
    x = first(base.rate)
    found: dict[str, None] = {}
    steps = base.job.steps if base.job.closed_loop else binding_steps(base)
    for step in steps:
        total = first(step.seconds())
        for part in step.parts:
            if first(part.seconds) > 1e-3 * total:
                found[part.resource] = None
    for demand in base.demands:
        if first(demand_limit(demand)) <= x * 1.02:
            found[demand.resource] = None
    return list(found)


def elasticities(base: Outcome, design: Design, catalogue: Catalogue, inputs: bool = True) -> Elasticities:
    """Elasticity of the rate to every candidate resource and, with `inputs`, to assumed and fitted figures."""
    import numpy as np

    assert base.rate is not None
    x = first(base.rate)
    recorded = base.machine.figures.read
    names = candidates(base)
    figures = [n for n in names if n in recorded]
    causes = [n for n in names if n not in recorded]
    sources = []
    if inputs:
        sources = [n for n, f in recorded.items() if f.mark in ("assumed", "fitted") and n not in figures][:MOST]
    of: dict[str, float] = dict.fromkeys(names, 0.0)
    headroom: dict[str, float] = dict.fromkeys(names, 1.0)
    after: dict[str, str] = {}
    columns = len(figures) * 2 + len(sources)
    if columns and np.isfinite(x) and x > 0:
        # rows are factors on one figure, columns are variants
        factors = np.ones((len(figures) + len(sources), columns))
        for i, name in enumerate(figures):
            cost = recorded[name].unit == "s"
            factors[i, i] = 1 / RAISE if cost else RAISE
            factors[i, len(figures) + i] = 1 / RELIEVE if cost else RELIEVE
        np.fill_diagonal(factors[len(figures) :, 2 * len(figures) :], RAISE)
        scales = dict(zip([*figures, *sources], factors, strict=True))
        varied = outcome(design, catalogue, scales=scales)
        rates = np.broadcast_to(np.asarray(varied.rate, dtype=float), (columns,)).tolist()
        for i, name in enumerate(figures):
            of[name] = (rates[i] / x - 1) / (RAISE - 1)
            headroom[name] = rates[len(figures) + i] / x
            after[name] = _binding_at(varied, len(figures) + i, name)
        for name, rate in zip(sources, rates[2 * len(figures) :], strict=True):
            of[name] = (rate / x - 1) / (RAISE - 1)
    for name in causes:
        of[name], headroom[name] = _without_figure(base, name, x)
    return Elasticities(of, headroom, after)


def _at(value: object, column: int) -> float:
    if isinstance(value, (float, int)):
        return float(value)
    return float(value[column])  # type: ignore[index]


def _binding_at(varied: Outcome, column: int, relieved: str) -> str:
    """The resource that limits one variant, other than the one relieved there."""
    assert varied.job is not None
    best: Demand | Step | None = None
    low = float("inf")
    for step in varied.job.steps:
        limit = _at(step_limit(step), column)
        if limit < low:
            best, low = step, limit
    for demand in varied.demands:
        if demand.in_sum:
            continue
        amount = _at(demand.amount, column)
        limit = _at(demand.capacity, column) / amount if amount else float("inf")
        if limit < low and demand.resource != relieved:
            best, low = demand, limit
    if isinstance(best, Step):
        by_resource: dict[str, float] = {}
        for part in best.parts:
            by_resource[part.resource] = by_resource.get(part.resource, 0.0) + _at(part.seconds, column)
        by_resource.pop(relieved, None)
        return max(by_resource, key=lambda r: by_resource[r]) if by_resource else ""
    return best.resource if best is not None else ""


def _without_figure(base: Outcome, name: str, x: float) -> tuple[float, float]:
    """Elasticity and headroom of a cause that is no hardware figure (a bubble, a loader's workers)."""
    assert base.job is not None
    raised = relieved = float("inf")
    for step in base.job.steps:
        total = first(step.seconds())
        own = sum(first(p.seconds) for p in step.parts if p.resource == name)
        limit = first(step_limit(step))
        raised = min(raised, limit * total / max(total - own * (1 - 1 / RAISE), 1e-300))
        relieved = min(relieved, limit * total / max(total - own, 1e-300))
    for demand in base.demands:
        limit = first(demand_limit(demand))
        mine = demand.resource == name
        raised = min(raised, limit * (RAISE if mine else 1.0))
        relieved = min(relieved, limit * (RELIEVE if mine else 1.0))
    if base.job.offered_rate is not None:
        raised = min(raised, first(base.job.offered_rate))
        relieved = min(relieved, first(base.job.offered_rate))
    return (raised / x - 1) / (RAISE - 1), relieved / x
