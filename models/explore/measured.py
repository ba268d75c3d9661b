"""A result of one's own beside the model's answer, with the likely reasons for the difference.

Reasons are the inputs that are not cited (assumed, fitted), by how much they move the answer: each
with the value that it would need to have if it alone were to blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infralab.models.catalogue import Catalogue
from infralab.models.design import Dataset, Design, Workload
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate, model_spread
from infralab.models.explore.pasted import Result
from infralab.models.explore.why import Input, WhyError, why
from infralab.models.report import Report
from infralab.models.units import UnitError, parse
from infralab.models.validate import TIMES, cases, metric_of, predicted_metric

SUSPECTS = 5
BELIEVABLE = 4.0  # a constant that had to be off by more than that is not the reason


@dataclass(frozen=True, slots=True)
class Suspect:
    """An input that is not cited; `needed` would explain the whole difference."""

    input: Input
    needed: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Measured and predicted, in the metric's base unit. `ratio`: measured speed over predicted speed."""

    result: Result
    predicted: float | None
    ratio: float | None
    spread: float  # half-width of the model's own interval
    reason: str = ""  # why nothing is predicted
    bottleneck: str = ""
    suspects: tuple[Suspect, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def expected(self) -> bool:
        """Whether the measured value lies within the model's own error."""
        return self.ratio is not None and 1 / (1 + self.spread) <= self.ratio <= 1 + self.spread


def beside(design: Design, result: Result, catalogue: Catalogue) -> Beside:
    """One pasted result against the design that it was measured on."""
    asked = for_result(design, result)
    report = evaluate(asked, catalogue, fit=False)
    value = predicted_metric(result.metric, asked, report)
    spread = model_spread(asked)
    if value is None or value <= 0:
        reason = report.sentence if report.throughput is None else f"the model gives no {result.label} here"
        return Beside(result, None, None, spread, reason)
    ratio = value / result.value if result.metric in TIMES else result.value / value
    stuck = report.bottleneck
    name = "" if stuck is None else f"{stuck.kind} of {stuck.owner.partition('.')[2] or stuck.owner}"
    return Beside(result, value, ratio, spread, "", name, _suspects(asked, ratio, catalogue), _notes(result, report))


def for_result(design: Design, result: Result) -> Design:
    """The design doing what the result was measured on: its own work, or the tool's."""
    if not result.work:
        return design
    work = dict(result.work)
    store = design.workload.dataset.on if design.workload is not None and design.workload.dataset is not None else None
    workload = Workload(**work)
    if workload.kind == "storage-io" and store is not None:
        workload = replace(workload, dataset=Dataset(on=store))
    return replace(design, workload=workload)


def _notes(result: Result, report: Report) -> tuple[str, ...]:
    notes = []
    if result.ranks is not None and report.chips and result.ranks != report.chips:
        notes.append(f"{result.ranks} ranks were measured, {report.chips:g} chips are drawn: draw what was measured")
    if report.status == "infeasible":
        notes.append(next((p.text for p in report.problems if p.severity == "infeasible"), ""))
    return tuple(notes)


def _suspects(design: Design, ratio: float, catalogue: Catalogue) -> tuple[Suspect, ...]:
    try:
        inputs = why(design, "rate", catalogue).inputs
    except WhyError:
        return ()
    found = []
    for item in inputs:
        if item.mark in ("cited", "derived", "override") or abs(item.sensitivity) < 0.05 or item.value == 0:
            continue
        factor = ratio ** (1 / item.sensitivity)
        if 1 / BELIEVABLE <= factor <= BELIEVABLE:
            found.append(Suspect(item, item.value * factor))
    # what nobody measured is suspected before what was fitted on many
    found.sort(key=lambda s: (s.input.mark != "assumed", -abs(s.input.sensitivity)))
    return tuple(found[:SUSPECTS])


def of_file(path: Path, catalogue: Catalogue) -> list[tuple[str, Beside]]:
    """Every measurement of a measurement file, on the designs that it brings. Raises ValidationError."""
    found = []
    for case in cases(path):
        design, problems = from_mapping(case.data)
        wrong = next((p for p in problems if p.severity == "error"), None)
        for item in case.measured:
            if "value" not in item:
                continue
            result = _result(item)
            if wrong is not None or result is None:
                reason = str(wrong) if wrong is not None else f"{item['value']} cannot be read"
                empty = Result(str(item["metric"]), str(item["metric"]), 0.0, "")
                found.append((case.id, Beside(empty, None, None, 0.0, reason)))
            else:
                found.append((case.id, beside(design, result, catalogue)))
    return found


def _result(item: Mapping[str, object]) -> Result | None:
    metric, value = str(item["metric"]), item["value"]
    unit = metric_of(metric).unit
    try:
        number = float(value) if isinstance(value, (int, float)) else parse(str(value)).value
    except UnitError:
        return None
    return Result(metric.replace("_", " "), metric, number, unit)


def middle(found: Iterable[Beside]) -> float | None:
    """Median ratio of measured to predicted speed."""
    ratios = sorted(b.ratio for b in found if b.ratio is not None)
    return ratios[len(ratios) // 2] if ratios else None
