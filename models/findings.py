"""What an evaluation found, told of parts and resources: loads, ceilings, and the one that binds (model.md, 1)."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from infralab.models.arithmetic import first
from infralab.models.elasticity import Elasticities
from infralab.models.job import COMPUTE, MEMORY, Demand, Job, Step
from infralab.models.outcome import Outcome
from infralab.models.physics.ledger import ALL
from infralab.models.report import Bottleneck, Ceiling, ResourceUse, StepPart
from infralab.models.solve.closed import demand_limit
from infralab.models.stalls import staged, waits


def owner_of(resource: str) -> str:
    """ "box.train.chip.memory" -> "box.train"; what belongs to no box or wire owns itself."""
    head, _, rest = resource.partition(".")
    return f"{head}.{rest.partition('.')[0]}" if head in ("box", "wire") else head


def _owner(resource: str, step: Step) -> str:
    """The box or wire of a part's resource; the step's pool where its cause is a plan's or software's."""
    owner = owner_of(resource)
    return owner if owner.startswith(("box", "wire")) else step.pool


def _units(step: Step) -> float:
    """Units of work that pass while one step runs on all replicas: over the rate, the seconds it really takes."""
    return first(step.units * step.replicas / step.share)


def breakdown(
    step: Step | None, seconds: float | None, demands: list[Demand], bottleneck: Bottleneck | None
) -> tuple[StepPart, ...]:
    """Parts of one step that takes `seconds` in all, and what it waits for in the rest of them."""
    if step is None or seconds is None:
        return ()
    parts = [
        StepPart(
            staged(p.name, demands),
            first(p.seconds),
            first(p.alone),
            p.resource,
            owner_of(p.resource),
            p.kind,
            p.equation,
        )
        for p in step.parts
        if first(p.alone) > 0 or first(p.seconds) > 0
    ]
    own = sum(p.seconds for p in parts)
    units = _units(step)
    return (*parts, *waits(demands, units, seconds, own, bottleneck))


def utilisation(found: Outcome, gains: Elasticities, x: float) -> tuple[ResourceUse, ...]:
    """Queued resources by their load U = X·D; parts of the accelerators by the time they would take alone."""
    queued = _queued(found, gains, x)
    uses = [*queued.values(), *_occupied(found, gains, x, queued).values()]
    return tuple(sorted(uses, key=lambda u: -u.utilisation))


def _queued(found: Outcome, gains: Elasticities, x: float) -> dict[str, ResourceUse]:
    """Resources that work queues for, by their load U = X·D."""
    recorded = found.machine.figures.read
    latest: dict[str, tuple[Demand, float]] = {}
    classes: dict[str, dict[str, float]] = {}
    most: dict[str, float] = {}
    for demand in found.demands:
        capacity = first(demand.capacity)
        if not isfinite(capacity) or capacity <= 0:
            continue
        share = x * first(demand.amount) / capacity
        # one resource may carry several demands (a wire's classes add, alternatives of a tier do not)
        most[demand.resource] = max(most.get(demand.resource, share), share)
        latest[demand.resource] = (demand, capacity)
        label = demand.traffic or demand.kind
        by = classes.setdefault(demand.resource, {})
        if label != ALL:  # the sum over classes is the utilisation itself
            by[label] = max(by.get(label, 0.0), share)
    return {
        resource: ResourceUse(
            resource,
            demand.owner,
            demand.kind,
            most[resource],
            capacity,
            demand.unit,
            tuple(classes[resource].items()),
            gains.of.get(resource, 0.0),
            recorded[resource].mark if resource in recorded else "derived",
        )
        for resource, (demand, capacity) in latest.items()
    }


def _occupied(found: Outcome, gains: Elasticities, x: float, known: dict[str, ResourceUse]) -> dict[str, ResourceUse]:
    """Parts of the accelerators' time by the share of a step that each would take alone."""
    assert found.job is not None
    recorded = found.machine.figures.read
    uses: dict[str, ResourceUse] = {}
    for step in found.job.steps:
        actual = _units(step) / x
        by_resource: dict[str, tuple[float, str]] = {}
        for part in step.parts:
            before = by_resource.get(part.resource, (0.0, part.kind))
            by_resource[part.resource] = (before[0] + first(part.alone), before[1])
        for resource, (alone, kind) in by_resource.items():
            if resource in known or resource in uses or alone <= 0:
                continue
            figure = recorded.get(resource)
            uses[resource] = ResourceUse(
                resource,
                _owner(resource, step),
                kind,
                min(1.0, alone / actual),
                first(figure.value) if figure is not None else 1.0,
                figure.unit if figure is not None else "",
                (),
                gains.of.get(resource, 0.0),
                figure.mark if figure is not None else "derived",
            )
    return uses


def bottlenecks(
    found: Outcome, gains: Elasticities, uses: tuple[ResourceUse, ...]
) -> tuple[Bottleneck | None, Bottleneck | None]:
    """The resource whose +10 % raises the rate most, and the one that binds once it is relieved (model.md, 1)."""
    by_resource = {u.resource: u for u in uses}
    ranked = sorted((r for r in gains.of if r in gains.headroom), key=lambda r: -gains.of[r])
    named = [_named(r, by_resource, gains) for r in ranked[:2] if gains.of[r] > 1e-6]
    if not named:
        job = found.job
        if job is not None and job.offered_rate is not None:
            text = "the offered load: everything drawn keeps up with what is asked"
            return Bottleneck("workload.requests_per_second", "workload", "offered load", text), None
        # a tie: two resources bind at once, so neither alone helps
        # … or what takes the longest is no figure that could be bought more of
        tied = [u for u in uses if u.utilisation > 0.999] or list(uses[:1])
        if not tied:
            return None, None
        named = [_named(u.resource, by_resource, gains) for u in tied[:2]]
    top = named[0]
    after = gains.next_resource.get(top.resource, "")
    if after:
        second = _named(after, by_resource, gains)
        headroom = gains.headroom.get(top.resource, 1.0)
        return top, replace(second, headroom=headroom)
    return top, (named[1] if len(named) > 1 else None)


def _named(resource: str, uses: dict[str, ResourceUse], gains: Elasticities) -> Bottleneck:
    use = uses.get(resource)
    # what takes no time as drawn, and binds once something else is relieved, is called by its figure
    kind = use.kind if use is not None else resource.rpartition(".")[2].replace("_", " ")
    owner = use.owner if use is not None else owner_of(resource)
    gain = gains.of.get(resource, 0.0)
    place = owner.partition(".")[2] or owner
    reason = f"{kind} of {place}: +10 % here gives {gain * 10:+.1f} %"
    return Bottleneck(resource, owner, kind, reason, gain, gains.headroom.get(resource, 1.0))


def ceilings(found: Outcome) -> tuple[Ceiling, ...]:
    """What each part could do if only that part existed, slowest first."""
    assert found.job is not None
    best: dict[tuple[str, str], Ceiling] = {}

    def offer(resource: str, owner: str, kind: str, rate: float) -> None:
        if not isfinite(rate) or rate <= 0:
            return
        key = (owner, kind)
        if key not in best or rate < best[key].rate:
            best[key] = Ceiling(resource, owner, kind, rate)

    for demand in found.demands:
        offer(demand.resource, demand.owner, demand.kind, first(demand_limit(demand)))
    for step in found.job.steps:
        alone: dict[tuple[str, str], float] = {}
        for part in step.parts:
            alone[part.resource, part.kind] = alone.get((part.resource, part.kind), 0.0) + first(part.alone)
        for (resource, kind), seconds in alone.items():
            owner = _owner(resource, step)
            if seconds > 0:
                offer(resource, owner, kind, _units(step) / seconds)
    return tuple(sorted(best.values(), key=lambda c: c.rate))


def busy(job: Job, x: float) -> float | None:
    """Share of the accelerators' time in which they do the work asked of them."""
    shares = []
    for step in job.steps:
        useful = sum(first(p.seconds) for p in step.parts if p.nature in (COMPUTE, MEMORY))
        actual = _units(step) / x
        shares.append(min(1.0, useful / actual))
    return min(shares) if shares else None
