"""The way from data set to chips in words: stalls by stage, limits of a box, classes on a wire, saves and failures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from infralab.models.units import duration, human, significant
from infralab.tui import words

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.models.report import Report

STAGES = ("fetch", "prepare", "copy")
TIER_LIMITS = ("read_bandwidth", "read_iops", "request_rate", "metadata_rate", "client_bandwidth")
IN_FLIGHT = ("workload.streams", "software.workers")  # Little's law: what the latency of the tier costs
LEAST = 0.005  # shares below are not worth a word


def stages(report: Report) -> Iterator[tuple[str, str, str]]:
    """Name, what it could do alone, and the share of a step that it is waited for, of each stage that is used."""
    from infralab.models.stalls import stalls

    waited = stalls(report.step_breakdown)
    unit = report.throughput.unit if report.throughput else ""
    for stage in STAGES:
        value = report.metrics.get(f"{stage}_rate")
        if value is not None:
            share = waited.get(stage, 0.0) / (report.step_seconds or math.inf)
            yield stage, words.number(value, unit), words.percent(share) if share >= LEAST else ""


def saving(report: Report, design: Design) -> Iterator[tuple[str, str]]:
    """What checkpoints and failures cost a design that saves."""
    metrics = report.metrics
    if "checkpoints_per_day" not in metrics:
        return
    given = design.workload.checkpoint if design.workload else None
    how = "found" if given is None or given.every is None else "given"
    yield "goodput", words.percent(metrics["goodput"])
    yield "lost to checkpoints", words.percent(metrics["lost_to_checkpoints"])
    yield "lost to failures", words.percent(metrics["lost_to_failures"])
    yield "a checkpoint takes", duration(metrics["checkpoint_seconds"])
    yield f"every ({how})", duration(metrics["checkpoint_interval"])
    yield "between failures", duration(metrics["mtbf_seconds"])


def failures(report: Report) -> Iterator[tuple[str, str]]:
    """Failures a day by what breaks, the most frequent first."""
    prefix = "failures_per_day."
    found = [(name.removeprefix(prefix), value) for name, value in report.metrics.items() if name.startswith(prefix)]
    for cause, value in sorted(found, key=lambda item: -item[1]):
        if value > 0:
            yield cause, f"{significant(value, 2)} a day"


def all_failures(report: Report) -> str:
    """Failures a day of any cause."""
    total = sum(value for name, value in report.metrics.items() if name.startswith("failures_per_day."))
    return f"{significant(total, 2)} a day"


def holder(design: Design, report: Report | None) -> str:
    """The box where the data lies: the one named, or the only one that input is read from; "" where it is open."""
    data = design.workload.dataset if design.workload else None
    if data is not None and data.on:
        return f"box.{data.on}"
    read = {
        use.owner
        for use in getattr(report, "utilisation", ())
        if use.owner.startswith("box.") and use.resource.removeprefix(f"{use.owner}.") in TIER_LIMITS
    }
    return read.pop() if len(read) == 1 else ""


def latency_use(report: Report | None) -> float | None:
    """How full the requests or workers are that wait for the first byte (Little's law); None where none are limited."""
    for use in getattr(report, "utilisation", ()):
        if use.resource in IN_FLIGHT:
            return dict(getattr(use, "by_class", ())).get("input", use.utilisation)
    return None


class Limit(NamedTuple):
    """What bounds a box: `rate` is what it would allow alone, in words; `used` how full it is; `binds`: it sets the pace."""

    kind: str
    rate: str
    used: float
    binds: bool


def limits(report: Report, owner: str, design: Design) -> list[Limit]:
    """Each limit of a box, the fullest first; the tier that holds the data answers for its latency as well."""
    asked = report.stands_for.get(owner, owner)
    unit = report.throughput.unit if report.throughput else ""
    ceilings = {(c.resource, c.kind): c.rate for c in report.ceilings}
    holds = asked == holder(design, report)
    stuck = report.bottleneck.resource if report.bottleneck else ""
    found = []
    for use in report.utilisation:
        if use.owner == asked or (holds and use.resource in IN_FLIGHT):
            rate = ceilings.get((use.resource, use.kind))
            text = "–" if rate is None else words.number(rate, unit)
            found.append(Limit(use.kind, text, use.utilisation, use.resource == stuck))
    return sorted(found, key=lambda limit: -limit.used)


def classes(report: Report, owner: str) -> list[tuple[str, str, float]]:
    """Traffic on a wire or fabric: class, bytes/s, share of the capacity; the largest first."""
    asked = report.stands_for.get(owner, owner)
    shares: dict[str, tuple[float, float]] = {}
    for use in report.utilisation:
        if use.owner == asked and use.unit == "B/s":
            for name, share in use.by_class:
                if name != use.kind and share > shares.get(name, (0.0, 0.0))[0]:
                    shares[name] = share, share * use.capacity
    return sorted(((n, human(amount, "B/s"), share) for n, (share, amount) in shares.items()), key=lambda row: -row[2])


def class_words(uses: list[Any]) -> str:
    """What a wire carries, for its label: "input", "gradients+pipeline", "gradients+2 more"."""
    shares: dict[str, float] = {}
    for use in uses:
        for name, share in getattr(use, "by_class", ()):
            if share > 0 and name != use.kind:
                shares[name] = max(shares.get(name, 0.0), share)
    named = sorted(shares, key=lambda name: -shares[name])
    return "+".join(named) if len(named) < 3 else f"{named[0]}+{len(named) - 1} more"
