"""evaluate(design) -> Report: the one door that everyone uses."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from infralab.models import findings
from infralab.models.arithmetic import Number, divide, first
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.elasticity import Elasticities, elasticities
from infralab.models.explain import sentence
from infralab.models.job import Job
from infralab.models.money import bill, money_of
from infralab.models.outcome import Outcome, outcome
from infralab.models.physics.carbon import footprint
from infralab.models.physics.power import design_watts
from infralab.models.report import FigureUse, MemoryFit, Problem, Report, Throughput
from infralab.models.solve.closed import step_limit
from infralab.models.stalls import stage_rates
from infralab.models.symmetry import quotient
from infralab.models.units import human


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
    return tuple(Problem(*trouble) for trouble in dict.fromkeys(all_of))


def _report(found: Outcome, gains: Elasticities, problems: tuple[Problem, ...]) -> Report:
    job = found.job
    assert job is not None
    assert found.rate is not None
    x = first(found.rate)
    main = min(job.steps, key=lambda s: first(step_limit(s)), default=None)
    seconds = None if main is None else first(main.units * main.replicas / main.share) / x
    memory = _memory(found)
    problems = _with_memory(problems, memory)
    uses = findings.utilisation(found, gains, x)
    bottleneck, runner_up = findings.bottlenecks(found, gains, uses)
    busy = findings.busy(job, x)
    money = money_of(found, busy)
    watts = design_watts(found, x)
    site = None if watts is None else footprint(found.machine, watts)
    spread = model_spread(found.machine.design)
    low, high = _within(found, x)
    report = Report(
        status=_status(problems),
        problems=problems,
        warnings=tuple(p.text for p in problems if p.severity == "warning"),
        throughput=Throughput(x, job.unit),
        step_seconds=seconds,
        step_breakdown=findings.breakdown(main, seconds, found.demands, bottleneck),
        utilisation=uses,
        bottleneck=bottleneck,
        runner_up=runner_up,
        ceilings=findings.ceilings(found),
        lower=low / (1 + spread),
        upper=high * (1 + spread),
        latency=_maybe(job.latency.seconds),
        time_to_first_token=_maybe(job.latency.time_to_first_token),
        time_per_output_token=_maybe(job.latency.time_per_output_token),
        mfu=_mfu(job, x),
        busy=busy,
        waiting_cost_per_hour=money.waiting,
        cost_per_hour=None if money.total is None else money.total + bill(site, money),
        cost_assumed=money.assumed,
        cost_basis=money.basis,
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


def _with_memory(problems: tuple[Problem, ...], memory: MemoryFit | None) -> tuple[Problem, ...]:
    if memory is None or memory.fits or any(p.severity == "infeasible" for p in problems):
        return problems
    short = f"{human(memory.required_bytes, 'B')} needed on each chip, {human(memory.capacity_bytes, 'B')} there"
    return (*problems, Problem("infeasible", memory.owner, f"doesn't fit memory: {short}"))


def _status(problems: tuple[Problem, ...]) -> str:
    severities = {p.severity for p in problems}
    return "infeasible" if "infeasible" in severities else "incomplete" if "missing" in severities else "ok"


def _mfu(job: Job, x: float) -> float | None:
    """Model FLOP, without recomputation, over the peak of all chips that step (Chowdhery et al. 2022)."""
    if job.model_flop_per_unit is None or job.peak_flop_per_s is None:
        return None
    return first(divide(x * job.model_flop_per_unit, job.peak_flop_per_s))


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


def _figures(found: Outcome, gains: Elasticities) -> tuple[FigureUse, ...]:
    gain, new = gains.of.get, tuple.__new__  # half of what FigureUse(...) takes, a hundred times
    return tuple(
        new(FigureUse, (path, value if type(value) is float else first(value), unit, mark, source, gain(path, 0.0)))
        for path, (value, unit, mark, source) in found.machine.figures.read.items()
    )
