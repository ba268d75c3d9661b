"""Why a figure is what it is: headline -> what limits it -> equation -> inputs with source and mark.

Which inputs a figure rests on is not written down by hand: every figure that the evaluation read is
raised by 1 % in a variant of its own, in one batched call, and those that move the figure are its
inputs, the strongest first.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from infralab.models.arithmetic import Number, first
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design, Plan
from infralab.models.evaluate import evaluate
from infralab.models.findings import owner_of
from infralab.models.job import Demand, Part, Step
from infralab.models.outcome import Outcome, outcome
from infralab.models.refusal import Refusal
from infralab.models.report import Report
from infralab.models.solve.closed import demand_limit, step_limit
from infralab.models.units import duration, human

NUDGE = 1.01
LEAP = 30.0  # a figure that moves thirty times as much as its input has been decided anew


class WhyError(Refusal):
    """A path that names no figure of the report; the text lists some that do."""


@dataclass(frozen=True, slots=True)
class Input:
    """A number that the figure rests on, with where it comes from and how much it moves the figure."""

    path: str
    value: float
    unit: str
    mark: str
    source: str
    sensitivity: float  # relative change of the figure per relative change of this input


@dataclass(frozen=True, slots=True)
class Reason:
    """One link of the chain; `inputs` are leaves, `because` further links."""

    title: str
    value: float | None
    unit: str
    equation: str
    because: tuple[Reason, ...] = ()
    inputs: tuple[Input, ...] = ()


def why(design: Design, path: str = "rate", catalogue: Catalogue | None = None) -> Reason:
    """The chain behind the rate ("rate"), a resource ("box.train.chip.memory_bandwidth"), a box or wire
    ("box.train"), a figure ("mfu", "power_watts", "cost_per_hour", "memory") or a framework ("fit.jax").

    Raises WhyError for a path that names nothing here.
    """
    catalogue = catalogue or default_catalogue()
    report = evaluate(design, catalogue, fit=path.startswith("fit."))
    if report.throughput is None:
        return Reason(
            "no rate yet", None, "", "the design is incomplete: " + "; ".join(p.text for p in report.problems)
        )
    probe = _Probe(design, catalogue)
    if path in ("rate", "throughput"):
        return _rate(report, probe)
    if path.startswith("fit."):
        return _framework(report, path[4:])
    if path in ("memory",):
        return _memory(report)
    found = [*_resources(report, probe, path)]
    if found:
        return found[0] if len(found) == 1 else Reason(path, None, "", "what this part does", tuple(found))
    value = getattr(report, path, None)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        inputs = _besides(design, path, report, catalogue)
        links = () if path in _OF_POWER | _OF_MONEY else (_rate(report, probe),)
        return Reason(
            path.replace("_", " "), float(value), _UNITS.get(path, ""), _EQUATIONS.get(path, ""), links, inputs
        )
    known = sorted({u.resource for u in report.utilisation})[:6]
    raise WhyError(f"{path} names nothing in this design; try rate, memory, mfu, fit.jax or one of {', '.join(known)}")


_EQUATIONS = {
    "mfu": "rate × model FLOP per unit / peak of all chips (recomputation is not counted)",
    "busy": "time of arithmetic and memory work / time of a step",
    "power_watts": "Σ idle + (working − idle) × busy over chips, servers, drives, switches",
    "energy_per_unit": "power / rate",
    "carbon_grams_per_hour": "power × PUE × grams of CO2 equivalent a kWh of the grid",
    "electricity_cost_per_hour": "power × PUE × price a kWh",
    "cost_per_hour": "Σ price of each box an hour",
    "waiting_cost_per_hour": "cost of the pools that step × (1 − busy)",
    "step_seconds": "units of a step / rate",
}


_UNITS = {
    "power_watts": "W", "energy_per_unit": "J", "cost_per_hour": "USD/h", "waiting_cost_per_hour": "USD/h",
    "step_seconds": "s", "latency": "s", "time_to_first_token": "s", "time_per_output_token": "s",
    "carbon_grams_per_hour": "g/h", "carbon_grams_per_unit": "g", "electricity_cost_per_hour": "USD/h",
}  # fmt: skip
_OF_POWER = frozenset({"power_watts", "carbon_grams_per_hour", "electricity_cost_per_hour"})
_OF_MONEY = frozenset({"cost_per_hour"})


def _besides(design: Design, path: str, report: Report, catalogue: Catalogue) -> tuple[Input, ...]:
    """What a figure of power, carbon or money rests on: every figure read, nudged in an evaluation of its own."""
    from infralab.models.evaluate import nudged

    if path not in _OF_POWER | _OF_MONEY:
        return ()
    value = getattr(report, path)
    found = []
    for use in report.figures:
        if path in _OF_MONEY and not use.path.endswith((".price", "electricity_price")):
            continue
        after = getattr(nudged(design, catalogue, use.path, NUDGE), path)
        slope = 0.0 if not after else (after / value - 1) / (NUDGE - 1)
        if abs(slope) > 2e-3:
            found.append(Input(use.path, use.value, use.unit, use.mark, use.source, slope))
    return tuple(sorted(found, key=lambda item: -abs(item.sensitivity))[:12])


class _Probe:
    """The evaluation and its twin in which every figure is nudged in a variant of its own."""

    def __init__(self, design: Design, catalogue: Catalogue) -> None:
        import numpy as np

        design = with_found_plan(design, catalogue)
        self.base: Outcome = outcome(design, catalogue)
        self.names = list(self.base.machine.figures.read)
        scales: dict[str, Number] = {}
        for i, name in enumerate(self.names):
            factor = np.ones(len(self.names))
            factor[i] = NUDGE
            scales[name] = factor
        self.varied = outcome(design, catalogue, scales=scales)

    def inputs(self, base: Number, varied: Number, most: int = 12) -> tuple[Input, ...]:
        """Figures that move one number, the strongest first."""
        import numpy as np

        value = first(base)
        moved = np.broadcast_to(np.asarray(varied, dtype=float), (len(self.names),))
        with np.errstate(all="ignore"):
            slopes = (moved / value - 1) / (NUDGE - 1)
        found: list[Input] = []
        for i in np.argsort(-np.abs(np.nan_to_num(slopes))):
            slope = float(slopes[i])
            if abs(slope) > LEAP:
                continue  # something was decided anew (a way, a batch): no slope describes that
            if not abs(slope) > 2e-3 or len(found) >= most:
                break
            name = self.names[int(i)]
            figure = self.base.machine.figures.read[name]
            found.append(Input(name, first(figure.value), figure.unit, figure.mark, figure.source, slope))
        return tuple(found)


def with_found_plan(design: Design, catalogue: Catalogue) -> Design:
    """The design with the plan that is found for it written down, so that a nudge cannot find another one.

    The design itself where nothing is found, or where the plan as written does not give the same rate.
    """
    found = outcome(design, catalogue)
    if found.job is None or found.rate is None or not found.job.plan_found:
        return design
    names = {f.name for f in fields(Plan)}
    given = {k: v for k, v in found.job.plan.items() if k in names and isinstance(v, (str, bool, int, float))}
    pinned = replace(design, plan=replace(design.plan, **given))  # type: ignore[arg-type]
    again = outcome(pinned, catalogue)
    if again.rate is None or abs(first(again.rate) / first(found.rate) - 1) > 1e-6:
        return design
    return pinned


def _paired(parts: list[Part], others: list[Part]) -> list[tuple[Part, Part]]:
    """Parts with their twins by name and resource, in order among equals; without a twin: its own."""
    waiting: dict[tuple[str, str], list[Part]] = {}
    for other in others:
        waiting.setdefault((other.name, other.resource), []).append(other)
    pairs = []
    for part in parts:
        twins = waiting.get((part.name, part.resource))
        pairs.append((part, twins.pop(0) if twins else part))
    return pairs


def _rate(report: Report, probe: _Probe) -> Reason:
    assert report.throughput is not None
    base, varied = probe.base, probe.varied
    assert base.job is not None
    assert varied.job is not None
    assert base.rate is not None
    assert varied.rate is not None
    x = first(base.rate)
    links: list[Reason] = []
    for step, twin in zip(base.job.steps, varied.job.steps, strict=False):
        if first(step_limit(step)) <= x * 1.001:
            links.append(_step(step, twin, report, probe))
    for demand, other in zip(base.demands, varied.demands, strict=False):
        if first(demand_limit(demand)) <= x * 1.001:
            links.append(_demand(demand, other, report, probe))
    return Reason(
        "rate",
        report.throughput.value,
        report.throughput.unit,
        "the lowest of what each part could do",
        tuple(links),
        probe.inputs(base.rate, varied.rate),
    )


def _step(step: Step, twin: Step, report: Report, probe: _Probe) -> Reason:
    parts = []
    for part, other in _paired(step.parts, twin.parts):
        if first(part.seconds) > 0:
            parts.append(_part(part, other, probe))
    parts.sort(key=lambda r: -(r.value or 0.0))
    limit = step_limit(step)
    unit = "" if report.throughput is None else report.throughput.unit
    return Reason(
        f"accelerator time of {step.pool.partition('.')[2]}",
        first(limit),
        unit,
        f"{human(first(step.units * step.replicas))} {_noun(unit)}s / {duration(first(step.seconds()))}, "
        "the sum of its parts",
        tuple(parts),
        probe.inputs(limit, step_limit(twin)),
    )


def _part(part: Part, twin: Part, probe: _Probe) -> Reason:
    return Reason(f"{part.name} ({part.kind})", first(part.seconds), "s", part.equation, (),
                  probe.inputs(part.seconds, twin.seconds))  # fmt: skip


def _demand(demand: Demand, twin: Demand, report: Report, probe: _Probe) -> Reason:
    place = demand.owner.partition(".")[2]
    unit = "" if report.throughput is None else report.throughput.unit
    noun = _noun(unit)
    article = "an" if noun[0] in "aeiou" else "a"
    each = human(first(demand.amount), demand.unit.removesuffix("/s").removesuffix("1"))
    equation = f"{_capacity(first(demand.capacity), demand.unit)} ÷ {each} {article} {noun}" + (
        f" ({demand.traffic})" if demand.traffic else ""
    )
    limit, other = demand_limit(demand), demand_limit(twin)
    return Reason(f"{demand.kind} of {place}", first(limit), unit, equation, (), probe.inputs(limit, other))


def _noun(unit: str) -> str:
    """ "tokens/s" -> "token"."""
    noun = unit.removesuffix("/s")
    return "byte" if noun in ("B", "bytes") else noun.removesuffix("s") or "unit"


def _capacity(value: float, unit: str) -> str:
    return f"{human(value)}/s" if unit in ("1/s", "/s") else human(value, {"bytes/s": "B/s"}.get(unit, unit))


def _resources(report: Report, probe: _Probe, path: str) -> list[Reason]:
    base, varied = probe.base, probe.varied
    assert base.job is not None
    assert varied.job is not None

    def wanted(resource: str, owner: str) -> bool:
        return path in (resource, owner) or resource.replace(".with.", ".") == path.replace(".with.", ".")

    found = [
        _demand(demand, twin, report, probe)
        for demand, twin in zip(base.demands, varied.demands, strict=False)
        if wanted(demand.resource, demand.owner)
    ]
    for step, other in zip(base.job.steps, varied.job.steps, strict=False):
        if path == step.pool:
            found.append(_step(step, other, report, probe))
            continue
        found += [
            _part(part, twin, probe)
            for part, twin in _paired(step.parts, other.parts)
            if wanted(part.resource, owner_of(part.resource))
        ]
    return found


def _framework(report: Report, name: str) -> Reason:
    fit = next((f for f in report.framework_fit if f.framework == name), None)
    if fit is None:
        known = ", ".join(f.framework for f in report.framework_fit)
        raise WhyError(f"no framework {name} is compared here; there are {known}")
    unit = "" if report.throughput is None else report.throughput.unit
    rows = ", ".join(fit.evidence_rows[:8]) + (" …" if len(fit.evidence_rows) > 8 else "")
    reasons = tuple(Reason(text, None, "", "") for text in fit.reasons)
    evidence = (Reason(f"evidence: {fit.evidence}", None, "", rows),)
    return Reason(f"{name} scores {fit.score:.2f}", fit.throughput, unit,
                  "half speed, three tenths support, two tenths people", (*reasons, *evidence))  # fmt: skip


def _memory(report: Report) -> Reason:
    memory = report.memory
    if memory is None:
        return Reason("memory", None, "", "this work keeps nothing in the chips' memory that the model counts")
    parts = tuple(Reason(name, size, "B", "") for name, size in memory.parts)
    word = "fits" if memory.fits else "does not fit"
    return Reason(f"memory a chip of {memory.owner.partition('.')[2]}: {word}", memory.required_bytes, "B",
                  f"against {memory.capacity_bytes / 1e9:.1f} GB usable", parts)  # fmt: skip
