"""What rows come to: coverage and errors of a group, and the documented JSON."""

from __future__ import annotations

from statistics import mean, median
from typing import Any

from infralab.models.validate.rows import Row

SCHEMA = "infralab.validation/1"
FIELDS = ["id", "source", "family", "metric", "unit", "predicted", "measured", "error", "fitted", "status", "reason"]
STATUSES = ("predicted", "assumed", "infeasible", "unsupported", "invalid")


def quantile(values: list[float], q: float) -> float:
    """The value below which a share `q` of `values` lies, between neighbours by a straight line."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figures_of(rows: list[Row]) -> dict[str, float | int | None]:
    """Rows by status, coverage, and absolute errors of the answered: median, mean, 90th percentile, worst.

    `bias` is the median of the signed errors. Errors are None in a group without any.
    """
    signed = [r.error for r in rows if r.answered and r.error is not None]
    errors = [abs(e) for e in signed]
    return {
        "rows": len(rows),
        **{status: sum(r.status == status for r in rows) for status in STATUSES},
        "coverage": sum(r.answered for r in rows) / len(rows) if rows else 0.0,
        "median": median(errors) if errors else None,
        "mean": mean(errors) if errors else None,
        "p90": quantile(errors, 0.9) if errors else None,
        "worst": max(errors) if errors else None,
        "bias": median(signed) if signed else None,
    }


def summary(rows: list[Row], by: str = "family") -> dict[str, dict[str, Any]]:
    """Figures per group (an attribute of Row, or "family/metric"), fitted and never-fitted rows apart."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        name = "/".join(str(getattr(row, part)) for part in by.split("/"))
        groups.setdefault(name, []).append(row)
    return {
        name: {
            **figures_of(group),
            "never_fitted": figures_of([r for r in group if not r.fitted]),
            "fitted": figures_of([r for r in group if r.fitted]),
        }
        for name, group in groups.items()
    }


def as_json(rows: list[Row]) -> dict[str, Any]:
    """The documented, versioned result (docs/cli.md)."""
    return {
        "schema": SCHEMA,
        "rows": [{name: getattr(row, name) for name in FIELDS} for row in rows],
        "summary": summary(rows),
    }
