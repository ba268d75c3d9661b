"""A Report in the words and figures that people read: the same wording on every panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.units import duration, human, significant

if TYPE_CHECKING:
    from infralab.models.report import Report

SAME = 0.005  # changes below half a percent are no change to a reader
CLOSE = 0.05  # two figures nearer than this are too close to call


def rate(report: Report | None) -> str:
    """ "88 k images/s", or a dash while there is none."""
    if report is None or report.throughput is None:
        return "–"
    return per_second(report.throughput.value, report.throughput.unit)


def per_second(value: float, unit: str) -> str:
    """ "88 k images/s", "3.2 GB/s"."""
    if unit in ("bytes/s", "B/s"):
        return human(value, "B/s")
    return f"{human(value)} {unit}".strip() if human(value)[-1].isalpha() else f"{human(value)} {unit}"


def number(value: float, unit: str = "") -> str:
    """The figure alone, where the unit stands above it."""
    return human(value, "B/s") if unit in ("bytes/s", "B/s") else human(value)


def interval(report: Report) -> str:
    """ "±15 %", from the bounds of the headline."""
    if report.throughput is None or report.lower is None or report.upper is None:
        return ""
    value = report.throughput.value
    if value <= 0:
        return ""
    below, above = 1 - report.lower / value, report.upper / value - 1
    if max(below, above) < SAME:
        return ""
    if abs(below - above) < 0.02:
        return f"±{percent(max(below, above))}"
    return f"−{percent(below)} +{percent(above)}"


def percent(fraction: float) -> str:
    return "<1 %" if 0 < abs(fraction) < 0.01 else f"{fraction * 100:.0f} %"


def dollars(value: float) -> str:
    if abs(value) >= 10_000:
        return f"${human(value)}"
    return f"${value:,.0f}" if abs(value) >= 10 or value == 0 else f"${significant(value, 2)}"


def watts(value: float) -> str:
    return human(value, "W", 2)


def carbon(grams: float) -> str:
    """Carbon dioxide equivalent: "12 kg CO2e", "3.4 t CO2e"."""
    return f"{significant(grams / 1e6, 2)} t CO2e" if grams >= 1e6 else f"{human(grams, 'g', 2)} CO2e"


def factor(before: float | None, after: float | None) -> str:
    """ "×4.8", "+12 %", "same"."""
    if not before or after is None:
        return ""
    ratio = after / before
    if abs(ratio - 1) < SAME:
        return "same"
    if 0.5 < ratio < 2:
        percent = f"{(ratio - 1) * 100:+.{0 if abs(ratio - 1) >= 0.01 else 1}f} %"
        return percent.replace("-", "−")
    return f"×{significant(ratio, 2)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the headline. `better`: +1 when more is better, −1 when less is, 0 when neither."""

    name: str
    value: float
    text: str
    better: int


def headline(report: Report) -> Iterator[Figure]:
    """The figures of a report, the most telling first."""
    if report.throughput is not None:
        value = report.throughput.value
        yield Figure("rate", value, f"{rate(report)} {interval(report)}".strip(), 1)
    if report.busy is not None:
        yield Figure("busy", report.busy, f"accelerators work {percent(report.busy)} of the time", 1)
    if "checkpoints_per_day" in report.metrics:
        yield Figure("goodput", report.metrics["goodput"], f"goodput {percent(report.metrics['goodput'])}", 1)
    yield from _times(report)
    yield from _money(report)
    yield from _stalls(report)
    yield from _lost(report)
    if report.power_watts is not None:
        yield Figure("power", report.power_watts, watts(report.power_watts), -1)
    if report.energy_per_unit is not None and report.throughput is not None:
        unit = report.throughput.unit.removesuffix("/s").removesuffix("s") or "unit"
        unit = "byte" if unit in ("byte", "B") else unit
        yield Figure("energy", report.energy_per_unit, f"{human(report.energy_per_unit, 'J')} {_a(unit)}", -1)
    if report.carbon_grams_per_hour is not None:
        sign = " △" if report.carbon_assumed else ""
        yield Figure("carbon", report.carbon_grams_per_hour, f"{carbon(report.carbon_grams_per_hour)}/h{sign}", -1)
    if report.mfu is not None:
        yield Figure("mfu", report.mfu, f"MFU {percent(report.mfu)}", 1)
    if report.step_seconds is not None:
        yield Figure("step", report.step_seconds, f"step {duration(report.step_seconds)}", -1)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


def _times(report: Report) -> Iterator[Figure]:
    if report.time_to_first_token is not None:
        yield Figure(
            "first token", report.time_to_first_token, f"first token {duration(report.time_to_first_token)}", -1
        )
    if report.time_per_output_token is not None:
        value = report.time_per_output_token
        yield Figure("each token", value, f"then {duration(value)} a token", -1)
    if report.latency is not None:
        yield Figure("latency", report.latency, f"latency {duration(report.latency)}", -1)
    epoch = report.metrics.get("epoch_seconds")
    if epoch is not None:
        yield Figure("epoch", epoch, f"epoch {duration(epoch)}", -1)
    cold = report.metrics.get("first_epoch_rate")
    if cold is not None and report.throughput is not None and abs(cold / report.throughput.value - 1) > SAME:
        yield Figure("first epoch", cold, f"first epoch {per_second(cold, report.throughput.unit)}", 1)


def _money(report: Report) -> Iterator[Figure]:
    sign = " △" if report.cost_assumed else ""
    cost, waiting = report.cost_per_hour, report.waiting_cost_per_hour
    if waiting is not None and cost is not None:
        yield Figure("waiting", waiting, f"{dollars(waiting)} of {dollars(cost)}/h buys waiting{sign}", -1)
    elif cost is not None:
        yield Figure("cost", cost, f"{dollars(cost)}/h{sign}", -1)


def _lost(report: Report) -> Iterator[Figure]:
    """Of a design that saves: where the time goes that does not last."""
    if "checkpoints_per_day" in report.metrics:
        for name, key in (("checkpoints", "lost_to_checkpoints"), ("failures", "lost_to_failures")):
            value = report.metrics[key]
            if value >= SAME:
                yield Figure(name, value, f"{name} take {percent(value)}", -1)


def _stalls(report: Report) -> Iterator[Figure]:
    """The share of a step that waits for data, by stage of the data path."""
    from infralab.models.stalls import STAGES, stalls

    if not report.step_seconds:
        return
    found = {stage: seconds / report.step_seconds for stage, seconds in stalls(report.step_breakdown).items()}
    found = {stage: share for stage, share in found.items() if stage in STAGES and share >= SAME}
    if found:
        text = ", ".join(f"{percent(share)} for {stage}" for stage, share in found.items())
        yield Figure("stall", sum(found.values()), f"waits {text}", -1)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after; `good` is None when the change is neither."""

    name: str
    before: str
    after: str
    factor: str
    good: bool | None


def changes(before: Report, after: Report) -> Iterator[Change]:
    """Every headline figure that moved, and the rate in any case."""
    old = {figure.name: figure for figure in headline(before)}
    for figure in headline(after):
        was = old.get(figure.name)
        if was is None:
            yield Change(figure.name, "–", short(figure, after), "new", None)
            continue
        moved = abs(figure.value - was.value) > SAME * max(abs(was.value), abs(figure.value))
        if not moved and figure.name != "rate":
            continue
        good = ((figure.value > was.value) == (figure.better > 0)) if moved and figure.better else None
        yield Change(figure.name, short(was, before), short(figure, after), factor(was.value, figure.value), good)


def short(figure: Figure, report: Report) -> str:
    """The figure without the words around it."""
    if figure.name == "rate":
        return rate(report)
    if figure.name == "first epoch" and report.throughput is not None:
        return per_second(figure.value, report.throughput.unit)
    if figure.name in ("busy", "mfu", "stall", "goodput", "checkpoints", "failures"):
        return f"{significant(figure.value * 100, 2)} %"
    if figure.name in ("waiting", "cost"):
        return f"{dollars(figure.value)}/h"
    if figure.name == "power":
        return watts(figure.value)
    if figure.name == "carbon":
        return f"{carbon(figure.value)}/h"
    if figure.name == "energy":
        return human(figure.value, "J")
    return duration(figure.value)


def owner_name(owner: str) -> str:
    """ "box.train" -> "train"."""
    return owner.partition(".")[2] or owner


def bottleneck(report: Report) -> str:
    """ "◆ train: memory bandwidth"."""
    if report.bottleneck is None or not report.bottleneck.owner.startswith(("box.", "wire.")):
        return ""
    return f"◆ {owner_name(report.bottleneck.owner)}: {report.bottleneck.kind}"
