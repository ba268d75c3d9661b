"""A Report as JSON, schema "infralab.report/1": documented in docs/report.md, and stable.

Rates are in the workload's own unit, everything else in SI base units. What has no answer is null;
there is no NaN and no Infinity.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from infralab.models.design import Design
from infralab.models.report import Bottleneck, Report
from infralab.tui.export.json_values import dumped, finite

SCHEMA = "infralab.report/1"


def as_text(report: Report, design: Design) -> str:
    """The JSON text with a line break at its end."""
    return dumped(as_mapping(report, design))


def as_mapping(report: Report, design: Design) -> dict[str, Any]:
    """The report as plain tables, lists, texts, finite numbers, booleans and None."""
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "title": design.title,
        "status": report.status,
        "sentence": report.sentence,
        "problems": [asdict(problem) for problem in report.problems],
        "warnings": list(report.warnings),
        **_rate(report),
        **_where(report),
        **_times(report),
        **_money(report),
        "memory": None if report.memory is None else {**asdict(report.memory), "parts": dict(report.memory.parts)},
        "plan": dict(report.plan),
        "plan_found": report.plan_found,
        "framework": report.framework,
        "framework_fit": [{**asdict(fit), "facts": dict(fit.facts)} for fit in report.framework_fit],
        "chips": report.chips,
        "stands_for": dict(report.stands_for),
        "metrics": dict(report.metrics),
        "assumptions": list(report.assumptions),
        "rests_on_assumption": report.rests_on_assumption,
        "figures": [figure._asdict() for figure in report.figures],
    }
    plain: dict[str, Any] = finite(made)
    return plain


def _rate(report: Report) -> dict[str, Any]:
    return {
        "throughput": None if report.throughput is None else asdict(report.throughput),
        "lower": report.lower,
        "upper": report.upper,
        "mfu": report.mfu,
        "busy": report.busy,
        "step_seconds": report.step_seconds,
        "step_breakdown": _seconds_by_part(report),
        "step_parts": [asdict(part) for part in report.step_breakdown],
    }


def _seconds_by_part(report: Report) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for part in report.step_breakdown:
        seconds[part.name] = seconds.get(part.name, 0.0) + part.seconds
    return seconds


def _where(report: Report) -> dict[str, Any]:
    return {
        "bottleneck": _bottleneck(report.bottleneck),
        "runner_up": _bottleneck(report.runner_up),
        "ceilings": [ceiling._asdict() for ceiling in report.ceilings],
        "utilisation": [{**use._asdict(), "by_class": dict(use.by_class)} for use in report.utilisation],
    }


def _bottleneck(found: Bottleneck | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found)


def _times(report: Report) -> dict[str, Any]:
    """Only the times that the workload has."""
    times = {
        "latency": report.latency,
        "time_to_first_token": report.time_to_first_token,
        "time_per_output_token": report.time_per_output_token,
    }
    return {name: value for name, value in times.items() if value is not None}


def _money(report: Report) -> dict[str, Any]:
    return {
        "power_watts": report.power_watts,
        "energy_per_unit": report.energy_per_unit,
        "carbon_grams_per_hour": report.carbon_grams_per_hour,
        "carbon_grams_per_unit": report.carbon_grams_per_unit,
        "carbon_grid": report.carbon_grid,
        "carbon_assumed": report.carbon_assumed,
        "pue": report.pue,
        "electricity_cost_per_hour": report.electricity_cost_per_hour,
        "cost_per_hour": report.cost_per_hour,
        "waiting_cost_per_hour": report.waiting_cost_per_hour,
        "cost_assumed": report.cost_assumed,
        "cost_basis": report.cost_basis or None,
    }
