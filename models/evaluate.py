"""evaluate(design) -> Report: the one door that everyone uses."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import NamedTuple

from infralab.models.arithmetic import Number, divide, first
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.elasticity import Elasticities, elasticities
from infralab.models.explain import sentence
from infralab.models.job import COMPUTE, MEMORY, Demand, Job, Step
from infralab.models.outcome import Outcome, outcome
from infralab.models.physics.carbon import Footprint, footprint
from infralab.models.physics.cost import pool_price, tier_price
from infralab.models.physics.ledger import ALL
from infralab.models.report import (
    Bottleneck,
    Ceiling,
    FigureUse,
    MemoryFit,
    Problem,
    Report,
    ResourceUse,
    StepPart,
    Throughput,
)
from infralab.models.solve.closed import demand_limit, step_limit
from infralab.models.stalls import stage_rates, staged, waits
from infralab.models.symmetry import quotient


def evaluate(
    design: Design, catalogue: Catalogue | None = None, fit: bool = True, gains: bool = True
) -> Report:
    """What the design does: rate, parts, bottleneck, memory, money, framework fit.

    Never raises on a design that a person can draw: what is missing comes back as problems with
    status `incomplete`; what does not fit as `infeasible`, with the rate it would have if it fitted.
    `fit=False` leaves the framework comparison out (a third of the time), `gains=False` the elasticities
    and with them the bottleneck's name (another third): for rankings that need the figures only.
    """
    catalogue = catalogue or default_catalogue()
    merged = quotient(design, catalogue)
    if merged is not None:
        return replace(_evaluated(merged.design, catalogue, fit, gains), stands_for=merged.stands_for)
    return _evaluated(design, catalogue, fit, gains)


def _evaluated(design: Design, catalogue: Catalogue, fit: bool, gains: bool) -> Report:
    found = outcome(design, catalogue)
    problems = _problems(found)
    if found.rate is None or found.job is None or not isfinite(first(found.rate)):
        if not any(p.severity == "missing" for p in problems):
            problems = (*problems, Problem("missing", "", _what_is_missing(found)))
        return Report(
            status="incomplete",
            problems=problems,
            warnings=tuple(p.text for p in problems if p.severity == "warning"),
            assumptions=tuple(found.machine.figures.assumptions),
            sentence=next(p.text for p in problems if p.severity == "missing"),
        )
    bought = elasticities(found, design, catalogue) if gains else Elasticities({}, {}, {})
    report = _report(found, bought, problems)
    if fit:
        from infralab.models.frameworks import framework_fit

        report = replace(report, framework_fit=framework_fit(found, report))
    return report


def nudged(design: Design, catalogue: Catalogue, path: str, factor: float) -> Report:
    """The report in brief with one figure that the model reads multiplied by a factor."""
    found = outcome(design, catalogue, scales={path: factor})
    return _report(found, Elasticities({}, {}, {}), ())


def _what_is_missing(found: Outcome) -> str:
    machine = found.machine
    if not machine.design.boxes:
        return "the canvas is empty: drag a compute node in"
    if not machine.pools:
        return "nothing computes yet: drag a compute node in"
    return "nothing is asked of the drawn hardware yet"


def _problems(found: Outcome) -> tuple[Problem, ...]:
    all_of = [*found.machine.problems, *(found.job.problems if found.job is not None else ())]
    return tuple(Problem(severity, owner, text) for severity, owner, text in dict.fromkeys(all_of))


def _report(found: Outcome, gains: Elasticities, problems: tuple[Problem, ...]) -> Report:
    job = found.job
    assert job is not None
    assert found.rate is not None
    x = first(found.rate)
    main = min(job.steps, key=lambda s: first(step_limit(s)), default=None)
    seconds = None if main is None else first(main.units * main.replicas / main.share) / x
    memory = _memory(found)
    if memory is not None and not memory.fits:
        short = f"{memory.required_bytes / 1e9:.0f} GB needed on each chip, {memory.capacity_bytes / 1e9:.0f} GB there"
        if not any(p.severity == "infeasible" for p in problems):
            problems = (*problems, Problem("infeasible", memory.owner, f"doesn't fit memory: {short}"))
    severities = {p.severity for p in problems}
    status = "infeasible" if "infeasible" in severities else "incomplete" if "missing" in severities else "ok"
    uses = _utilisation(found, gains, x)
    bottleneck, runner_up = _bottlenecks(found, gains, uses)
    busy = _busy(job, x)
    money = _money(found, busy)
    watts = _power(found, x)
    site = None if watts is None else footprint(found.machine, watts)
    spread = model_spread(found.machine.design)
    low, high = _within(found, x)
    mfu = None
    if job.model_flop_per_unit is not None and job.peak_flop_per_s is not None:
        mfu = first(divide(x * job.model_flop_per_unit, job.peak_flop_per_s))
    report = Report(
        status=status,
        problems=problems,
        warnings=tuple(p.text for p in problems if p.severity == "warning"),
        throughput=Throughput(x, job.unit),
        step_seconds=seconds,
        step_breakdown=_breakdown(main, seconds, found.demands, bottleneck),
        utilisation=uses,
        bottleneck=bottleneck,
        runner_up=runner_up,
        ceilings=_ceilings(found),
        lower=low / (1 + spread),
        upper=high * (1 + spread),
        latency=_maybe(job.latency.seconds),
        time_to_first_token=_maybe(job.latency.time_to_first_token),
        time_per_output_token=_maybe(job.latency.time_per_output_token),
        mfu=mfu,
        busy=busy,
        waiting_cost_per_hour=money.waiting,
        cost_per_hour=None if money.total is None else money.total + _bill(site, money),
        cost_assumed=money.assumed,
        power_watts=watts,
        energy_per_unit=None if watts is None else watts / x,
        carbon_grams_per_hour=None if site is None else site.grams_per_hour,
        carbon_grams_per_unit=None if site is None else site.grams_per_hour / 3600 / x,
        carbon_grid="" if site is None else site.grid,
        carbon_assumed=site is not None and site.assumed,
        pue=None if site is None else site.pue,
        electricity_cost_per_hour=None if site is None else site.usd_per_hour,
        memory=memory,
        plan=dict(job.plan),
        plan_found=job.plan_found,
        framework=found.machine.design.software.framework,
        figures=_figures(found, gains),
        assumptions=tuple(found.machine.figures.assumptions),
        rests_on_assumption=_rests_on_assumption(found, gains),
        chips=_chips(found),
        metrics=_metrics(found, x),
    )
    return replace(report, sentence=sentence(report))


def _within(found: Outcome, x: float) -> tuple[float, float]:
    """The rates that the ranges of the inputs allow: the rate itself where none is a range."""
    from infralab.models.ranges import extremes

    ends = extremes(found, found.machine.design, found.machine.catalogue)
    return (x, x) if ends is None else (min(ends[0], x), max(ends[1], x))


def _rests_on_assumption(found: Outcome, gains: Elasticities) -> bool:
    """Whether something assumed moves the rate: a default of ours, or an unchecked figure that matters."""
    if any(found.machine.figures.assumptions.values()):
        return True
    recorded = found.machine.figures.read
    return any(
        abs(gain) > 0.01 and path in recorded and recorded[path].mark == "assumed" for path, gain in gains.of.items()
    )


def _metrics(found: Outcome, x: float) -> dict[str, float]:
    """What else the workload answers, each stage of the data path alone, and model FLOP/s a chip (no recomputation)."""
    assert found.job is not None
    metrics = {name: first(value) for name, value in found.job.metrics.items()} | stage_rates(found.demands)
    chips = _chips(found)
    if found.job.model_flop_per_unit is not None and chips:
        metrics.setdefault("flops_per_chip", x * first(found.job.model_flop_per_unit) / chips)
    return metrics


def _chips(found: Outcome) -> float:
    """Chips of the pools that step."""
    stepping = {s.pool for s in found.job.steps} if found.job is not None else set()
    return sum(first(p.all_chips) for p in found.machine.pools.values() if p.owner in stepping)


def model_spread(design: Design) -> float:
    """Half-width of the headline's interval: the median error of the model on rows of this kind."""
    from infralab.models.constants import table

    kinds = table("uncertainty")
    kind = "" if design.workload is None else design.workload.kind
    return float(kinds.get(kind, kinds["default"])["spread"])


def _maybe(value: Number | None) -> float | None:
    return None if value is None else first(value)


def _memory(found: Outcome) -> MemoryFit | None:
    worst: MemoryFit | None = None
    for memory in found.job.memory if found.job is not None else ():
        need, have = first(memory.required_bytes), first(memory.capacity_bytes)
        fit = MemoryFit(memory.pool, need, have, need <= have, tuple((n, first(b)) for n, b in memory.parts))
        if worst is None or need / max(have, 1.0) > worst.required_bytes / max(worst.capacity_bytes, 1.0):
            worst = fit
    return worst


def owner_of(resource: str) -> str:
    """ "box.train.chip.memory" -> "box.train"; what belongs to no box or wire owns itself."""
    head, _, rest = resource.partition(".")
    return f"{head}.{rest.partition('.')[0]}" if head in ("box", "wire") else head


def _breakdown(
    step: Step | None, seconds: float | None, demands: list[Demand], bottleneck: Bottleneck | None
) -> tuple[StepPart, ...]:
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
    units = first(step.units * step.replicas / step.share)
    return (*parts, *waits(demands, units, seconds, own, bottleneck))


def _utilisation(found: Outcome, gains: Elasticities, x: float) -> tuple[ResourceUse, ...]:
    """Queued resources by their load U = X·D; parts of the accelerators by the time they would take alone."""
    assert found.job is not None
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
    uses = {
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
    for step in found.job.steps:
        actual = first(step.units * step.replicas / step.share) / x
        by_resource: dict[str, tuple[float, str]] = {}
        for part in step.parts:
            before = by_resource.get(part.resource, (0.0, part.kind))
            by_resource[part.resource] = (before[0] + first(part.alone), before[1])
        for resource, (alone, kind) in by_resource.items():
            if resource in uses or alone <= 0:
                continue
            figure = recorded.get(resource)
            uses[resource] = ResourceUse(
                resource,
                owner_of(resource) if owner_of(resource).startswith(("box", "wire")) else step.pool,
                kind,
                min(1.0, alone / actual),
                first(figure.value) if figure is not None else 1.0,
                figure.unit if figure is not None else "",
                (),
                gains.of.get(resource, 0.0),
                figure.mark if figure is not None else "derived",
            )
    return tuple(sorted(uses.values(), key=lambda u: -u.utilisation))


def _bottlenecks(
    found: Outcome, gains: Elasticities, uses: tuple[ResourceUse, ...]
) -> tuple[Bottleneck | None, Bottleneck | None]:
    by_resource = {u.resource: u for u in uses}
    ranked = sorted((r for r in gains.of if r in gains.headroom), key=lambda r: -gains.of[r])
    named = [_named(r, found, by_resource, gains) for r in ranked[:2] if gains.of[r] > 1e-6]
    if not named:
        job = found.job
        if job is not None and job.offered_rate is not None:
            text = "the offered load: everything drawn keeps up with what is asked"
            return Bottleneck("workload.requests_per_second", "workload", "offered load", text), None
        # a tie: two resources bind at once, so neither alone helps
        tied = [u for u in uses if u.utilisation > 0.999]
        if not tied:
            return None, None
        named = [_named(u.resource, found, by_resource, gains) for u in tied[:2]]
    top = named[0]
    after = gains.next_resource.get(top.resource, "")
    if after:
        second = _named(after, found, by_resource, gains)
        headroom = gains.headroom.get(top.resource, 1.0)
        return top, replace(second, headroom=headroom)
    return top, (named[1] if len(named) > 1 else None)


def _named(resource: str, found: Outcome, uses: dict[str, ResourceUse], gains: Elasticities) -> Bottleneck:
    use = uses.get(resource)
    kind = use.kind if use is not None else resource
    owner = use.owner if use is not None else owner_of(resource)
    gain = gains.of.get(resource, 0.0)
    place = owner.partition(".")[2] or owner
    reason = f"{kind} of {place}: +10 % here gives {gain * 10:+.1f} %"
    return Bottleneck(resource, owner, kind, reason, gain, gains.headroom.get(resource, 1.0))


def _ceilings(found: Outcome) -> tuple[Ceiling, ...]:
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
            owner = owner_of(resource)
            owner = owner if owner.startswith(("box", "wire")) else step.pool
            if seconds > 0:
                offer(resource, owner, kind, first(step.units * step.replicas / step.share) / seconds)
    return tuple(sorted(best.values(), key=lambda c: c.rate))


def _busy(job: Job, x: float) -> float | None:
    """Share of the accelerators' time in which they do the work asked of them."""
    shares = []
    for step in job.steps:
        useful = sum(first(p.seconds) for p in step.parts if p.nature in (COMPUTE, MEMORY))
        actual = first(step.units * step.replicas / step.share) / x
        shares.append(min(1.0, useful / actual))
    return min(shares) if shares else None


class _Money(NamedTuple):
    total: float | None  # USD an hour
    waiting: float | None
    assumed: bool
    owned: bool  # nothing is rented: electricity comes on top


def _bill(site: Footprint | None, money: _Money) -> float:
    """Electricity on top of owned boxes where the design names its price: rent includes it."""
    return site.usd_per_hour if site is not None and site.priced and money.owned else 0.0


def _money(found: Outcome, busy: float | None) -> _Money:
    total = waiting = 0.0
    known = assumed = False
    owned = True
    stepping = {s.pool for s in found.job.steps} if found.job is not None else set()
    for pool in found.machine.pools.values():
        price = pool_price(found.machine, pool)
        if price is None:
            continue
        known = True
        owned = owned and price.owned
        assumed = assumed or price.mark == "assumed"
        cost = first(price.usd_per_hour * pool.servers)
        total += cost
        if pool.owner in stepping and busy is not None:
            waiting += cost * (1 - busy)
    for tier in found.machine.tiers.values():
        price = tier_price(found.machine, tier, None)
        if price is not None and tier.kind not in ("object",):
            known = True
            assumed = assumed or price.mark == "assumed"
            total += first(price.usd_per_hour)
    return _Money(total, waiting, assumed, owned) if known else _Money(None, None, False, False)


def _power(found: Outcome, x: float) -> float | None:
    try:
        from infralab.models.physics.power import design_watts
    except ImportError:
        return None
    return design_watts(found, x)


def _figures(found: Outcome, gains: Elasticities) -> tuple[FigureUse, ...]:
    gain, new = gains.of.get, tuple.__new__  # half of what FigureUse(...) takes, a hundred times
    return tuple(
        new(FigureUse, (path, value if type(value) is float else first(value), unit, mark, source, gain(path, 0.0)))
        for path, (value, unit, mark, source) in found.machine.figures.read.items()
    )
