"""Framework fit: what each framework would do with this design, and for whom it is.

Support is a fact of the catalogue (native, bridge, experimental, none, by processor). Speed is the
model's own rate under the framework's kernel factor, which is fitted on published pairs for the
processor at hand (`fitted/frameworks.toml`: factor, spread, evidence rows). Where no pair exists the
factor is 1 and says "assumed". People (paradigm, learning curve, community) are facts too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from infralab.models.arithmetic import first
from infralab.models.constants import table
from infralab.models.report import FrameworkFit, Report

if TYPE_CHECKING:
    from infralab.models.machine import Chip, Machine
    from infralab.models.outcome import Outcome

LEVELS = {"native": 1.0, "bridge": 0.7, "experimental": 0.4, "none": 0.0}
LEVEL = 0.85  # ratio of rates of two tuned stacks on one machine that says nothing (notes: ±15 to 20 %)
CURVE = ("", "easy", "easy", "medium", "steep", "hard")
FACTS = ("paradigm", "learning_curve", "community", "gpu_performance", "tpu_performance", "strengths", "weaknesses")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A framework's speed over the processor's reference framework: what the model takes, what pairs print."""

    factor: float
    low: float  # p10 of what the pairs print
    median: float
    high: float  # p90
    rows: tuple[str, ...]  # ids of the measured pairs; empty: assumed

    @property
    def word(self) -> str:
        count = len(self.rows)
        return f"{count} published pair{'' if count == 1 else 's'}" if count else "assumed"


def processor(chip: Chip) -> str:
    """The processor's name in the support facts: nvidia_gpu, tpu, cpu, ipu …"""
    rules = table("frameworks")["processor"]
    vendor = str(chip.facts.get("vendor", "")).lower()
    for rule in rules:
        if chip.kind in rule["kinds"] and ("vendor" not in rule or rule["vendor"] in vendor):
            return str(rule["name"])
    return chip.kind


def reference(name: str) -> str:
    """The framework that factors on a processor are measured against."""
    known = table("frameworks")["reference"]
    return str(known.get(name, known["default"]))


def _factor(framework: str, name: str) -> dict[str, Any] | None:
    factors = table("frameworks").get("factor", {}).get(framework, {})
    return factors.get(name) or (factors.get("gpu") if name.endswith("_gpu") else None)


@cache
def evidence(framework: str, name: str) -> Evidence:
    """The framework's factor on a processor; pairs of any vendor's GPU serve where its own are missing."""
    data = table("frameworks")
    found = _factor(framework, name)
    if framework == reference(name):
        # what the others are measured against: their pairs are its evidence
        others = (_factor(other, name) for other in data["compared"])
        return Evidence(1.0, 1.0, 1.0, 1.0, tuple(row for other in others if other for row in other["rows"]))
    if not found:
        prior = float(data["prior"].get(framework, {}).get(name, 1.0))
        return Evidence(prior, LEVEL * prior, prior, (2.0 - LEVEL) * prior, ())
    low, middle, high = float(found["low"]), float(found["median"]), float(found["high"])
    return Evidence(float(found["factor"]), low, middle, high, tuple(found["rows"]))


def kernel_factor(machine: Machine, chip: Chip) -> float:
    """Speed of the design's framework over the reference framework on this chip; "auto" is the one that fits best."""
    framework = machine.design.software.framework
    if framework is None:
        return 1.0
    if framework == "auto":
        framework = best(machine, chip)
    return evidence(framework, processor(chip)).factor


def best(machine: Machine, chip: Chip) -> str:
    """The compared framework with the highest score on a chip, from its factor, support and people alone."""
    name = processor(chip)
    ours = table("frameworks")["compared"]
    factors = {f: evidence(f, name).factor for f in ours}
    known = {f: machine.catalogue.get(f, room="framework").facts for f in ours}
    levels = {f: support(known[f], name, chip.id)[0] for f in ours}
    fastest = max((factors[f] for f in ours if levels[f] != "none"), default=1.0)
    return str(max(ours, key=lambda f: score(factors[f] / fastest, levels[f], known[f], name)))


def score(ratio: float | None, level: str, facts: Mapping[str, Any], name: str) -> float:
    """Speed, support and people by the weights of `fitted/frameworks.toml`; 0 where it does not run.

    Support that leaves out a processor's newest generation counts half.
    """
    if ratio is None or level == "none":
        return 0.0
    lasts = 0.5 if name in facts.get("ending", ()) else 1.0
    weights = table("frameworks")["weights"]
    people = (5.0 - float(facts.get("learning_curve", 3))) / 4.0
    return float(weights["speed"] * ratio + weights["support"] * LEVELS[level] * lasts + weights["people"] * people)


def support(facts: Mapping[str, Any], name: str, chip: str) -> tuple[str, str]:
    """Level and the catalogue's own words for a processor; chips named in `not_on` are not supported."""
    text = str(facts.get("support", {}).get(name, "none"))
    if chip in facts.get("not_on", ()):
        return "none", text
    level = text.split(" ")[0].rstrip(",;:").lower()
    return (level if level in LEVELS else "bridge"), text


def framework_fit(found: Outcome, report: Report) -> tuple[FrameworkFit, ...]:
    """The three frameworks, best first. Scores: half speed, three tenths support, two tenths people."""
    machine = found.machine
    job = found.job
    if job is None or report.throughput is None:
        return ()
    stepping = {s.pool for s in job.steps}
    pools = [p for p in machine.pools.values() if p.owner in stepping] or list(machine.pools.values())
    if not pools:
        return ()
    ours = table("frameworks")["compared"]
    names = [processor(p.chip) for p in pools]
    rows: list[tuple[str, str, str, Evidence, float | None]] = []
    for framework in ours:
        facts = machine.catalogue.get(framework, room="framework").facts
        levels = [support(facts, processor(p.chip), p.chip.id) for p in pools]
        level, text = min(levels, key=lambda lt: LEVELS[lt[0]])
        proof = evidence(framework, names[0])
        rate = None if level == "none" else _rate(found, framework, proof)
        rows.append((framework, level, text, proof, rate))
    fastest = max((r for *_, r in rows if r is not None), default=None)
    fits = []
    for framework, level, text, proof, rate in rows:
        facts = machine.catalogue.get(framework, room="framework").facts
        ratio = None if rate is None or not fastest else rate / fastest
        curve = float(facts.get("learning_curve", 3))
        reasons = _reasons(framework, level, text, proof, ratio, report, names[0])
        if not _can_load(found, framework) and ratio is not None:
            reasons += (f"cannot read with {machine.design.software.loader}: compared with its own usual loader",)
        fits.append(
            FrameworkFit(
                framework,
                round(score(ratio, level, facts, names[0]), 4),
                rate,
                level,
                reasons,
                ratio,
                proof.word,
                proof.rows,
                CURVE[round(curve)],
                tuple((k, str(facts[k])) for k in FACTS if k in facts),
            )
        )
    return tuple(sorted(fits, key=lambda f: -f.score))


def _rate(found: Outcome, framework: str, proof: Evidence) -> float:
    """The design's rate with this framework's kernel factor, and a loader that it can use, in place of its own."""
    from dataclasses import replace

    from infralab.models.outcome import outcome

    machine = found.machine
    design = machine.design
    software = design.software
    if software.framework in (None, "auto", *table("frameworks")["compared"]):
        software = replace(software, framework=framework)
    if not _can_load(found, framework):
        software = replace(software, loader=None)
    varied = outcome(
        replace(design, software=software), machine.base_catalogue, values={"software.kernel_factor": proof.factor}
    )
    return first(varied.rate) if varied.rate is not None else 0.0


def _can_load(found: Outcome, framework: str) -> bool:
    """Whether the design's loader, where it names one, works with a framework (facts of the catalogue)."""
    name = found.machine.design.software.loader
    loader = None if name is None else found.machine.catalogue.find(name, "loader")
    if loader is None:
        return True
    return any(str(known).startswith((framework, "any")) for known in loader.facts.get("frameworks", ("any",)))


def _reasons(
    framework: str, level: str, text: str, proof: Evidence, ratio: float | None, report: Report, name: str
) -> tuple[str, ...]:
    place = name.replace("_", " ")
    reasons = [f"{level} on {place}" + (f": {text}" if text.lower() != level else "")]
    if ratio is None:
        return tuple(reasons)
    against = reference(name)
    if framework == against:
        known = proof.word if proof.rows else "no published pair of ours"
        reasons.append(f"what the others are measured against on {place}: {known}")
    elif proof.rows:
        reasons.append(
            f"{proof.word} at {proof.median:.2f} of {against} ({proof.low:.2f} to "
            f"{proof.high:.2f}); kernels taken at {proof.factor:.2f}: most of the spread is tuning"
        )
    elif proof.factor != 1.0:
        reasons.append(f"no pair of ours on {place}: {proof.factor:.2f} of {against} assumed, as others report")
    else:
        reasons.append(f"no published pair on {place}: speed assumed equal")
    if LEVEL <= ratio < 0.995:
        reasons.append("within the 15 % by which tuned stacks differ either way: speed ranks neither")
    waits = report.bottleneck is not None and (report.busy or 1.0) < 0.9
    if waits and report.bottleneck is not None and ratio > 0.995:
        reasons.append(f"speed does not decide: all wait for {report.bottleneck.kind}")
    return tuple(reasons)
