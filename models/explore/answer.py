"""One evaluated variant in brief: what tables, rankings and curves compare."""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.report import Report


@dataclass(frozen=True, slots=True)
class Answer:
    """What exploring keeps of a Report: rates in units/s, seconds, watts, USD an hour; None where there is none."""

    rate: float | None
    unit: str
    status: str
    owner: str  # of the bottleneck
    kind: str
    cost_per_hour: float | None
    power_watts: float | None
    time_to_first_token: float | None
    time_per_output_token: float | None
    latency: float | None
    busy: float | None
    cost_basis: str = ""  # rent, purchase or both

    @property
    def bottleneck(self) -> str:
        """ "requests of photos"; empty where nothing binds."""
        place = self.owner.partition(".")[2] or self.owner
        return f"{self.kind} of {place}" if self.kind else ""


def answer(report: Report) -> Answer:
    """The brief form of a report."""
    stuck = report.bottleneck
    return Answer(
        None if report.throughput is None else report.throughput.value,
        "" if report.throughput is None else report.throughput.unit,
        report.status,
        "" if stuck is None else stuck.owner,
        "" if stuck is None else stuck.kind,
        report.cost_per_hour,
        report.power_watts,
        report.time_to_first_token,
        report.time_per_output_token,
        report.latency,
        report.busy,
        report.cost_basis,
    )


def unlike_costs(before: Answer, after: Answer) -> str:
    """Where a difference in cost says little: a rent set against a purchase spread over years; else empty."""
    if not before.cost_basis or not after.cost_basis or before.cost_basis == after.cost_basis:
        return ""
    said = {"rent": "a rent", "purchase": "a purchase", "both": "a rent and a purchase"}
    return f"USD/h sets {said[after.cost_basis]} against {said[before.cost_basis]}"


def ask(design: Design, catalogue: Catalogue, named: bool = True) -> Answer:
    """The model's answer in brief; without `named`, in half the time, without what binds."""
    from infralab.models.evaluate import evaluate

    return answer(evaluate(design, catalogue, fit=False, gains=named))
