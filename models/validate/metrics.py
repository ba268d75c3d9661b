"""What can be measured: units, the model's answer, and the error of an answer.

Error is of time, so that too fast and too slow weigh alike: predicted/measured - 1 for times, power,
energy and memory; measured/predicted - 1 for rates and counts; the difference in points for fractions;
predicted/measured - 1 for a ratio of two frameworks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.models.units import UnitError, parse


class Metric(NamedTuple):
    """How a measured quantity is written and judged."""

    kind: Literal["time", "rate", "fraction"]  # time: less is better, rate: more is
    unit: str  # base unit, for rows
    dimensions: tuple[str, ...]  # as units.parse names them


_SECONDS = Metric("time", "s", ("seconds",))
_PER_SECOND = Metric("rate", "1/s", ("1/s",))
_BYTES_PER_S = Metric("rate", "B/s", ("bytes/s",))
_FRACTION = Metric("fraction", "", ("",))
_UNKNOWN = Metric("rate", "1/s", ())  # the model has no answer to it either

METRICS: Mapping[str, Metric] = {
    "throughput": Metric("rate", "1/s", ("1/s", "bytes/s")),  # in the workload's unit
    "tokens_per_second": _PER_SECOND,
    "tokens_per_second_per_chip": _PER_SECOND,
    "output_tokens_per_second": _PER_SECOND,
    "prefill_tokens_per_second": _PER_SECOND,
    "images_per_second": _PER_SECOND,
    "samples_per_second": _PER_SECOND,
    "flops_per_chip": Metric("rate", "FLOP/s", ("FLOP/s",)),
    "bytes_per_second": _BYTES_PER_S,
    "bus_bandwidth": _BYTES_PER_S,
    "accelerators_supported": Metric("rate", "", ("",)),
    "step_seconds": _SECONDS,
    "epoch_seconds": _SECONDS,
    "time_to_first_token": _SECONDS,
    "time_per_output_token": _SECONDS,
    "latency": _SECONDS,
    "checkpoint_seconds": _SECONDS,
    "stage_seconds": _SECONDS,
    "power": Metric("time", "W", ("watts",)),
    "joules_per_sample": Metric("time", "J", ("joules",)),
    "memory_per_chip": Metric("time", "B", ("bytes",)),
    "accelerator_utilisation": _FRACTION,
    "mfu": _FRACTION,
    "goodput": _FRACTION,
}
TIMES = frozenset(name for name, metric in METRICS.items() if metric.kind == "time")
FRACTIONS = frozenset(name for name, metric in METRICS.items() if metric.kind == "fraction")


def metric_of(name: str) -> Metric:
    """How `name` is judged; as a rate where nothing is known of it."""
    return METRICS.get(name, _UNKNOWN)


def measured_value(measured: Mapping[str, Any]) -> float:
    """The number of a measured table, in the metric's base unit. Raises UnitError for what is none."""
    if "ratio" in measured:
        return _number(measured["ratio"])
    value = measured["value"]
    if not isinstance(value, str):
        return _number(value)
    quantity = parse(value)
    dimensions = metric_of(str(measured["metric"])).dimensions
    if dimensions and quantity.dimension not in dimensions:
        parse(value, dimensions[0])  # raises, and says how it is written
    return quantity.value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnitError(f"{value!r} is no number")
    return float(value)


def error_of(measured: Mapping[str, Any], predicted: float, actual: float) -> float | None:
    """Signed error of a prediction, a fraction of time (points for fractions); None where none is defined.

    A value that is a bound ("at least", "at most") is met without error from its right side on.
    """
    metric = str(measured["metric"])
    kind = metric_of(metric).kind
    if "ratio" in measured:
        return predicted / actual - 1 if actual > 0 else None
    if kind == "fraction":
        error = predicted - actual
    elif actual <= 0 or predicted <= 0:
        return None
    else:
        error = predicted / actual - 1 if kind == "time" else actual / predicted - 1
    bound = measured.get("bound")
    met = (bound == "at least" and predicted >= actual) or (bound == "at most" and predicted <= actual)
    return 0.0 if met else error


def predicted_metric(metric: str, design: Design, report: Report, stage: str = "") -> float | None:
    """The report's answer to a measured metric, in its base unit, or None where it has none."""
    name = f"{metric}.{stage}" if stage else metric
    if name in report.metrics:
        return report.metrics[name]
    direct: dict[str, float | None] = {
        "throughput": None if report.throughput is None else report.throughput.value,
        "step_seconds": report.step_seconds,
        "latency": report.latency,
        "time_to_first_token": report.time_to_first_token,
        "time_per_output_token": report.time_per_output_token,
        "mfu": report.mfu,
        "power": report.power_watts,
        "joules_per_sample": report.energy_per_unit,
        "accelerator_utilisation": report.busy,
        "memory_per_chip": None if report.memory is None else report.memory.required_bytes,
    }
    if metric in direct:
        return direct[metric]
    if report.throughput is None:
        return None
    return _of_rate(metric, design, report, report.throughput.value, report.throughput.unit)


def _of_rate(metric: str, design: Design, report: Report, rate: float, unit: str) -> float | None:
    """A metric that the headline's rate answers once its unit is changed."""
    workload = design.workload
    assert workload is not None
    tokens = rate * (workload.sequence_length or 1.0) if unit == "samples/s" else rate
    if metric in ("tokens_per_second", "output_tokens_per_second", "prefill_tokens_per_second"):
        return tokens
    if metric == "tokens_per_second_per_chip":
        return tokens / report.chips if report.chips else None
    if metric in ("images_per_second", "samples_per_second"):
        if unit != "tokens/s":
            return rate
        inference = workload.kind == "transformer-inference"
        length = workload.output_length if inference else workload.sequence_length
        return rate / length if length else None
    if metric in ("bytes_per_second", "bus_bandwidth"):
        return rate if unit == "bytes/s" else None
    if metric == "epoch_seconds":
        samples = report.metrics.get("samples_per_epoch") or (workload.dataset.samples if workload.dataset else None)
        return samples / rate if samples else None
    return None
