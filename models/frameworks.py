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
CURVE = ("", "easy", "easy", "medium", "steep", "hard")
FACTS = ("paradigm", "learning_curve", "community", "gpu_performance", "tpu_performance", "strengths", "weaknesses")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A framework's speed over the reference framework on one kind of processor."""

    factor: float
    low: float  # p10 of the pairs
    high: float  # p90
    rows: tuple[str, ...]  # ids of the measured pairs; empty: assumed

    @property
    def word(self) -> str:
        return f"{len(self.rows)} published pairs" if self.rows else "assumed"


ASSUMED = Evidence(1.0, 0.85, 1.15, ())


def processor(chip: Chip) -> str:
    """The processor's name in the support facts: nvidia_gpu, tpu, cpu, ipu …"""
    rules = table("frameworks")["processor"]
    vendor = str(chip.facts.get("vendor", "")).lower()
    for rule in rules:
        if chip.kind in rule["kinds"] and ("vendor" not in rule or rule["vendor"] in vendor):
            return str(rule["name"])
    return chip.kind


@cache
def evidence(framework: str, name: str) -> Evidence:
    """The framework's factor on a processor; pairs of any vendor's GPU serve where its own are missing."""
    factors = table("frameworks").get("factor", {}).get(framework, {})
    found = factors.get(name) or (factors.get("gpu") if name.endswith("_gpu") else None)
    if not found:
        return ASSUMED
    return Evidence(float(found["factor"]), float(found["low"]), float(found["high"]), tuple(found["rows"]))


def kernel_factor(machine: Machine, chip: Chip) -> float:
    """Speed of the design's framework over the reference framework on this chip."""
    framework = machine.design.software.framework
    if framework is None or framework == "auto":
        return 1.0
    return evidence(framework, processor(chip)).factor


def support(facts: Mapping[str, Any], name: str, generation: str) -> tuple[str, str]:
    """Level and the catalogue's own words, for one processor of one generation."""
    levels = facts.get("support", {})
    text = str(levels.get(name, "none"))
    if generation and any(word in text.lower() for word in (f"not on {generation}", f"not {generation}")):
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
    weights = table("frameworks")["weights"]
    ours = table("frameworks")["compared"]
    names = [processor(p.chip) for p in pools]
    generation = pools[0].chip.generation
    rows: list[tuple[str, str, str, Evidence, float | None]] = []
    for framework in ours:
        facts = machine.catalogue.get(framework, room="framework").facts
        levels = [support(facts, name, generation) for name in names]
        level, text = min(levels, key=lambda lt: LEVELS[lt[0]])
        proof = evidence(framework, names[0])
        rate = None if level == "none" else _rate(found, framework, proof)
        rows.append((framework, level, text, proof, rate))
    best = max((r for *_, r in rows if r is not None), default=None)
    fits = []
    for framework, level, text, proof, rate in rows:
        facts = machine.catalogue.get(framework, room="framework").facts
        ratio = None if rate is None or not best else rate / best
        curve = float(facts.get("learning_curve", 3))
        score = (
            0.0
            if ratio is None
            else (weights["speed"] * ratio + weights["support"] * LEVELS[level] + weights["people"] * (5 - curve) / 4)
        )
        reasons = _reasons(framework, level, text, proof, ratio, report, names[0])
        fits.append(
            FrameworkFit(
                framework,
                round(score, 4),
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
    """The design's rate with this framework's kernel factor in place of its own."""
    from dataclasses import replace

    from infralab.models.outcome import outcome

    machine = found.machine
    design = machine.design
    software = design.software
    if software.framework is None or software.framework in table("frameworks")["compared"]:
        software = replace(software, framework=framework)
    varied = outcome(
        replace(design, software=software), machine.base_catalogue, values={"software.kernel_factor": proof.factor}
    )
    return first(varied.rate) if varied.rate is not None else 0.0


def _reasons(
    framework: str, level: str, text: str, proof: Evidence, ratio: float | None, report: Report, name: str
) -> tuple[str, ...]:
    place = name.replace("_", " ")
    reasons = [f"{level} on {place}" + (f": {text}" if text.lower() != level else "")]
    if ratio is None:
        return tuple(reasons)
    if proof.rows:
        reasons.append(
            f"kernels at {proof.factor:.2f} of the reference on {place} "
            f"({proof.low:.2f} to {proof.high:.2f} over {len(proof.rows)} published pairs)"
        )
    else:
        reasons.append(f"no published pair on {place}: speed assumed equal")
    waits = report.bottleneck is not None and (report.busy or 1.0) < 0.9
    if waits and report.bottleneck is not None and ratio > 0.995:
        reasons.append(f"speed does not decide: all wait for {report.bottleneck.kind}")
    return tuple(reasons)
