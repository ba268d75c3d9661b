"""Designs that several tests draw, and what they read from a report."""

from __future__ import annotations

from typing import Any

from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.report import Report

PHOTOS = """\
[workload]
kind = "vision-training"
model = "resnet-50"
global_batch = 8192
precision = "bf16"
[workload.dataset]
samples = 1_281_167
bytes_per_sample = "114 kB"
samples_per_file = 1
on = "store"
"""


def ran(data: dict[str, Any]) -> Report:
    """The report of a design given as tables, without the framework comparison."""
    return evaluate(from_mapping(data)[0], fit=False)


def rate(report: Report) -> float:
    """Units of work a second, where there is an answer."""
    assert report.throughput is not None
    return report.throughput.value


def part(report: Report, name: str) -> float:
    """Seconds that the step's parts of that name would take alone."""
    return sum(p.alone for p in report.step_breakdown if p.name == name)


def constant(report: Report, name: str) -> float:
    """The one fitted constant whose path ends in `name` ("matrix_share", "host.gather_share")."""
    (value,) = {f.value for f in report.figures if f.path.startswith("fitted.") and f.path.endswith(f".{name}")}
    return value
