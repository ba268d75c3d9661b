"""Each published result against the model: predicted, measured, error, status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.report import Report
from infralab.models.validate.measurements import Case, cases, files
from infralab.models.validate.metrics import error_of, measured_value, metric_of, predicted_metric

MODEL_FAILED = "the model failed on this design, please report it"
WORTH_PROCESSES = 200  # rows; below, starting processes takes longer than it saves


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value and the model's answer, both in `unit`."""

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
        """Whether the row counts as covered, and its error in the figures."""
        return self.status in ("predicted", "assumed")


def validate(
    paths: Iterable[str | Path],
    catalogue: Catalogue | None = None,
    jobs: int = 1,
    keep: Callable[[Case], bool] | None = None,
) -> list[Row]:
    """Rows of every measurement in the files and folders, in their order; of those that `keep` wants.

    `jobs` processes share them where the catalogue is the default one. Raises ValidationError for a
    path or a file that cannot be read.
    """
    found = [case for path in files(paths) for case in cases(path) if keep is None or keep(case)]
    if jobs > 1 and len(found) > WORTH_PROCESSES and catalogue is None:
        from concurrent.futures import ProcessPoolExecutor

        size = max(1, len(found) // (jobs * 8))
        chunks = [found[i : i + size] for i in range(0, len(found), size)]
        with ProcessPoolExecutor(jobs) as pool:
            return [row for rows in pool.map(_run_many, chunks) for row in rows]
    return _run_many(found, catalogue)


def _run_many(found: list[Case], catalogue: Catalogue | None = None) -> list[Row]:
    catalogue = catalogue or default_catalogue()
    return [row for case in found for row in run(case, catalogue)]


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
    return _answer(case, measured, value, [report], design)


def _ratio(case: Case, measured: Mapping[str, Any], design: Design, catalogue: Catalogue) -> Row:
    """How much faster one framework is than another on the same design."""
    if "ratio" not in measured:
        return _judged(case, measured, design, evaluate(design, catalogue, fit=False))
    reports = []
    for name in (measured["framework"], measured["over"]):
        drawn = replace(design, software=replace(design.software, framework=str(name)))
        reports.append(evaluate(drawn, catalogue, fit=False))
        if reports[-1].throughput is None:
            return _row(case, measured, None, "unsupported", reports[-1].sentence, design)
    rates = [r.throughput.value for r in reports if r.throughput is not None]
    return _answer(case, measured, rates[0] / rates[1], reports, design)


def _answer(case: Case, measured: Mapping[str, Any], value: float, reports: list[Report], design: Design) -> Row:
    assumed = any(r.rests_on_assumption for r in reports)
    reason = "; ".join(dict.fromkeys(text for r in reports for text in r.assumptions)) if assumed else ""
    return _row(case, measured, value, "assumed" if assumed else "predicted", reason, design)


def _row(
    case: Case,
    measured: Mapping[str, Any],
    predicted: float | None,
    status: str,
    reason: str,
    design: Design | None = None,
) -> Row:
    metric = str(measured["metric"])
    try:
        actual = measured_value(measured)
    except ValueError as wrong:
        actual, predicted, status, reason = float("nan"), None, "invalid", str(wrong)
    return Row(
        id=case.id,
        source=case.source,
        family=case.family,
        metric=metric,
        unit="" if "ratio" in measured else metric_of(metric).unit,
        predicted=predicted,
        measured=actual,
        error=None if predicted is None else error_of(measured, predicted, actual),
        fitted=case.fitted,
        status=status,
        reason=reason,
        file=case.file,
        kind=design.workload.kind if design is not None and design.workload is not None else "",
    )
