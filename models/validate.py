"""Published results against the model: predicted, measured, error, status, per family and source.

Measurement files are designs with measured values (docs/document.md). Error is of time, so that too
fast and too slow weigh alike: predicted/measured - 1 for times, power, energy and memory;
measured/predicted - 1 for rates; predicted - measured, in points, for fractions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.refusal import Refusal
from infralab.models.report import Report
from infralab.models.units import parse

SCHEMA = "infralab.validation/1"
FILE_SCHEMA = "infralab.measurements/1"

TIMES = frozenset(
    {
        "step_seconds",
        "epoch_seconds",
        "time_to_first_token",
        "time_per_output_token",
        "latency",
        "checkpoint_seconds",
        "stage_seconds",
        "power",
        "joules_per_sample",
        "memory_per_chip",
    }
)
FRACTIONS = frozenset({"accelerator_utilisation", "mfu", "goodput"})
MODEL_FAILED = "the model failed on this design, please report it"
UNITS = {
    "power": "W",
    "joules_per_sample": "J",
    "memory_per_chip": "B",
    "flops_per_chip": "FLOP/s",
    "bytes_per_second": "B/s",
    "bus_bandwidth": "B/s",
    "accelerators_supported": "",
}


class ValidationError(Refusal):
    """A measurement file that cannot be read; the text names file and place."""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    source: str
    family: str
    metric: str
    unit: str
    predicted: float | None
    measured: float
    error: float | None
    fitted: bool
    status: str  # predicted, assumed, infeasible, unsupported, invalid
    reason: str
    file: str = ""
    kind: str = ""  # of the workload

    @property
    def answered(self) -> bool:
        return self.status in ("predicted", "assumed")


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: a design as a mapping, and what was measured on it."""

    id: str
    source: str
    family: str
    fitted: bool
    file: str
    data: Mapping[str, Any]
    measured: tuple[Mapping[str, Any], ...]


def files(paths: Iterable[str | Path]) -> list[Path]:
    """Measurement files named or below the folders named. Raises ValidationError for a missing path."""
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found += sorted(p for p in path.rglob("*.toml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ValidationError(f"{path}: no such file or folder")
    if not found:
        raise ValidationError("no measurement files (*.toml) there")
    return found


def cases(path: Path) -> Iterator[Case]:
    """The measurements of one file, each design merged over the file's defaults, table by table."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValidationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValidationError(f"{path}: not UTF-8 text; a measurement file is a TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValidationError(f"{path}: not valid TOML: {error}") from None
    if data.get("schema") != FILE_SCHEMA:
        raise ValidationError(f'{path}: schema is {data.get("schema")!r}; a measurement file says "{FILE_SCHEMA}"')
    rows = data.get("measurement", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValidationError(f"{path}: measurement: expected a list of tables, each headed [[measurement]]")
    for number, row in enumerate(rows, 1):
        _check_measured(path, number, row)
        yield Case(
            id=str(row.get("id", number)),
            source=str(row.get("source", data.get("source", ""))),
            family=str(data.get("family", "")),
            fitted=bool(row.get("fitted", data.get("fitted", False))),
            file=path.name,
            data=_merged(data.get("defaults", {}), row.get("design", {})),
            measured=tuple(row["measured"]),
        )


def _check_measured(path: Path, number: int, row: Mapping[str, Any]) -> None:
    """Raise ValidationError where a row does not say what was measured."""
    where = f"{path}: measurement {number}" + (f" ({row['id']})" if "id" in row else "")
    measured = row.get("measured")
    if not isinstance(measured, list):
        raise ValidationError(f"{where} has no list `measured`")
    for item in measured:
        if not isinstance(item, dict) or "metric" not in item or not ("value" in item or "ratio" in item):
            raise ValidationError(f'{where}: measured: expected {{ metric = "throughput", value = "88 k images/s" }}')
    if not isinstance(row.get("design", {}), dict):
        raise ValidationError(f"{where}: design: expected a table")


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        before = result.get(key)
        result[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def run(case: Case, catalogue: Catalogue) -> list[Row]:
    """Evaluate one measurement's design once, and compare every metric measured on it."""
    try:
        design, problems = from_mapping(case.data)
    except ValueError as error:
        return [_row(case, m, None, "invalid", str(error)) for m in case.measured]
    errors = [p for p in problems if p.severity == "error"]
    if errors:
        return [_row(case, m, None, "invalid", str(errors[0])) for m in case.measured]
    try:
        if any("ratio" in m for m in case.measured):
            return [_ratio(case, m, design, catalogue) for m in case.measured]
        report = evaluate(design, catalogue, fit=False)
    except Exception as error:  # one design that trips the model must not lose the other rows
        reason = f"{MODEL_FAILED}: {type(error).__name__}: {error}"
        return [_row(case, m, None, "unsupported", reason, design) for m in case.measured]
    return [_judged(case, m, design, report) for m in case.measured]


def _judged(case: Case, measured: Mapping[str, Any], design: Design, report: Report) -> Row:
    value = predicted_metric(str(measured["metric"]), design, report, str(measured.get("stage", "")))
    if report.throughput is None and value is None:
        return _row(case, measured, None, "unsupported", report.sentence, design)
    if value is None:
        return _row(case, measured, None, "unsupported", f"the model gives no {measured['metric']} here", design)
    if report.status == "infeasible":
        reason = next((p.text for p in report.problems if p.severity == "infeasible"), "")
        return _row(case, measured, value, "infeasible", reason, design)
    status = "assumed" if report.rests_on_assumption else "predicted"
    reason = "; ".join(report.assumptions) if status == "assumed" else ""
    return _row(case, measured, value, status, reason, design)


def _ratio(case: Case, measured: Mapping[str, Any], design: Design, catalogue: Catalogue) -> Row:
    from dataclasses import replace

    rates = []
    for framework in (measured["framework"], measured["over"]):
        software = replace(design.software, framework=str(framework))
        report = evaluate(replace(design, software=software), catalogue, fit=False)
        if report.throughput is None:
            return _row(case, measured, None, "unsupported", report.sentence, design)
        rates.append(report.throughput.value)
    return _row(
        case, measured, rates[0] / rates[1], "assumed" if report.rests_on_assumption else "predicted", "", design
    )


def _row(
    case: Case,
    measured: Mapping[str, Any],
    predicted: float | None,
    status: str,
    reason: str,
    design: Design | None = None,
) -> Row:
    metric = str(measured["metric"])
    unit = UNITS.get(metric, "s" if metric in TIMES else "" if metric in FRACTIONS else "1/s")
    actual = float("nan")
    try:
        actual, unit = _measured(measured, unit)
    except ValueError as wrong:
        status, reason, predicted = "invalid", str(wrong), None
    error = None if predicted is None else _error(metric, predicted, actual, measured)
    kind = design.workload.kind if design is not None and design.workload is not None else ""
    return Row(
        case.id,
        case.source,
        case.family,
        metric,
        unit,
        predicted,
        actual,
        error,
        case.fitted,
        status,
        reason,
        case.file,
        kind,
    )


def _measured(measured: Mapping[str, Any], unit: str) -> tuple[float, str]:
    if "ratio" in measured:
        return float(measured["ratio"]), ""
    value = measured["value"]
    if isinstance(value, (int, float)):
        return float(value), unit
    return parse(str(value)).value, unit


def _error(metric: str, predicted: float, actual: float, measured: Mapping[str, Any]) -> float | None:
    if "ratio" in measured:
        return predicted / actual - 1
    if metric in FRACTIONS:
        error = predicted - actual
    elif actual <= 0 or predicted <= 0:
        return None
    elif metric in TIMES:
        error = predicted / actual - 1
    else:
        error = actual / predicted - 1
    bound = measured.get("bound")
    if bound == "at least" and predicted >= actual:
        return 0.0
    if bound == "at most" and predicted <= actual:
        return 0.0
    return error


def predicted_metric(metric: str, design: Design, report: Report, stage: str = "") -> float | None:
    """The report's answer to a measured metric, or None where it has none."""
    name = f"{metric}.{stage}" if stage else metric
    if name in report.metrics:
        return report.metrics[name]
    rate = None if report.throughput is None else report.throughput.value
    unit = "" if report.throughput is None else report.throughput.unit
    direct: dict[str, float | None] = {
        "throughput": rate,
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
    if rate is None:
        return None
    return _rate_metric(metric, design, report, rate, unit)


def _rate_metric(metric: str, design: Design, report: Report, rate: float, unit: str) -> float | None:
    workload = design.workload
    assert workload is not None
    per_sample = workload.sequence_length if unit == "tokens/s" else None
    tokens = rate * (workload.sequence_length or 1.0) if unit == "samples/s" else rate
    if metric in ("tokens_per_second", "output_tokens_per_second", "prefill_tokens_per_second"):
        return tokens
    if metric == "tokens_per_second_per_chip":
        return tokens / report.chips if report.chips else None
    if metric in ("images_per_second", "samples_per_second"):
        if unit != "tokens/s":
            return rate
        if workload.kind == "transformer-inference":
            return rate / workload.output_length if workload.output_length else None
        return rate / per_sample if per_sample else None
    if metric in ("bytes_per_second", "bus_bandwidth"):
        return rate if unit == "bytes/s" else None
    if metric == "epoch_seconds":
        samples = report.metrics.get("samples_per_epoch") or (workload.dataset.samples if workload.dataset else None)
        return samples / rate if samples else None
    return None


def validate(
    paths: Iterable[str | Path],
    catalogue: Catalogue | None = None,
    jobs: int = 1,
    keep: Callable[[Case], bool] | None = None,
) -> list[Row]:
    """Rows of every measurement in the files and folders, in their order; of those that `keep` wants.

    Raises ValidationError for a path or a file that cannot be read.
    """
    found = [case for path in files(paths) for case in cases(path) if keep is None or keep(case)]
    if jobs > 1 and len(found) > 200 and catalogue is None:
        from concurrent.futures import ProcessPoolExecutor

        size = max(1, len(found) // (jobs * 8))
        chunks = [found[i : i + size] for i in range(0, len(found), size)]
        with ProcessPoolExecutor(jobs) as pool:
            return [row for rows in pool.map(_run_many, chunks) for row in rows]
    return _run_many(found, catalogue)


def _run_many(found: list[Case], catalogue: Catalogue | None = None) -> list[Row]:
    catalogue = catalogue or default_catalogue()
    return [row for case in found for row in run(case, catalogue)]


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figures_of(rows: list[Row]) -> dict[str, float | int | None]:
    """Rows, coverage and absolute errors of a group: median, mean, 90th percentile, worst."""
    errors = [abs(r.error) for r in rows if r.answered and r.error is not None]
    answered = sum(r.answered for r in rows)
    return {
        "rows": len(rows),
        "predicted": sum(r.status == "predicted" for r in rows),
        "assumed": sum(r.status == "assumed" for r in rows),
        "infeasible": sum(r.status == "infeasible" for r in rows),
        "unsupported": sum(r.status == "unsupported" for r in rows),
        "invalid": sum(r.status == "invalid" for r in rows),
        "coverage": answered / len(rows) if rows else 0.0,
        "median": median(errors) if errors else None,
        "mean": mean(errors) if errors else None,
        "p90": quantile(errors, 0.9) if errors else None,
        "worst": max(errors) if errors else None,
        "bias": median([r.error for r in rows if r.answered and r.error is not None]) if errors else None,
    }


def summary(rows: list[Row], by: str = "family") -> dict[str, dict[str, Any]]:
    """Figures per group (an attribute of Row, or "family/metric"), fitted and never-fitted rows apart."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        name = "/".join(str(getattr(row, part)) for part in by.split("/"))
        groups.setdefault(name, []).append(row)
    result: dict[str, dict[str, Any]] = {}
    for name, group in groups.items():
        result[name] = {
            **figures_of(group),
            "never_fitted": figures_of([r for r in group if not r.fitted]),
            "fitted": figures_of([r for r in group if r.fitted]),
        }
    return result


def as_json(rows: list[Row]) -> dict[str, Any]:
    """The documented, versioned result: `infralab.validation/1`."""
    return {"schema": SCHEMA, "rows": [asdict(r) for r in rows], "summary": summary(rows)}


def main(argv: list[str]) -> int:
    """A plain table for developers; `infralab validate` is the product's."""
    import argparse
    import sys
    import time

    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--by", default="family/metric")
    parser.add_argument("--id", default="")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(argv)
    start = time.perf_counter()
    rows = validate(options.paths, jobs=options.jobs)
    spent = time.perf_counter() - start
    if options.id:
        rows = [r for r in rows if options.id in r.id]
    out = sys.stdout.write
    for name, group in sorted(summary(rows, options.by).items()):
        numbers = "  ".join(
            f"{k} {group[k]:+.3f}" if group[k] is not None else f"{k} -" for k in ("median", "p90", "bias")
        )
        bad = "  ".join(f"{k} {group[k]}" for k in ("infeasible", "unsupported", "invalid") if group[k])
        out(f"{name:60.60} {group['rows']:5} cov {group['coverage']:.2f}  {numbers}  {bad}\n")
    out(f"{len(rows)} rows in {spent:.1f} s\n")
    ranked = sorted((r for r in rows if r.error is not None), key=lambda r: -abs(r.error or 0))
    for r in ranked[: options.worst]:
        out(
            f"{r.error:+8.2f} {r.id:70.70} {r.metric} "
            f"predicted {r.predicted:.4g} measured {r.measured:.4g} {r.status}\n"
        )
    reasons: dict[str, int] = {}
    for r in rows:
        if not r.answered:
            reasons[f"{r.status}: {r.reason[:110]}"] = reasons.get(f"{r.status}: {r.reason[:110]}", 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda kv: -kv[1])[: max(10, options.worst)]:
        out(f"{count:6} {reason}\n")
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
