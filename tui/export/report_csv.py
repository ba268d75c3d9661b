"""A report as a table: one line a resource, with how busy it is and what it could do alone."""

from __future__ import annotations

import csv
import io

from infralab.models.report import Report

COLUMNS = (
    "resource", "owner", "kind", "utilisation", "capacity", "capacity_unit", "elasticity", "mark",
    "ceiling", "ceiling_unit", "binding",
)  # fmt: skip


def as_text(report: Report) -> str:
    """The table in the order of the ceilings, slowest first, then what has no ceiling; empty where unknown."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    unit = report.throughput.unit if report.throughput is not None else ""
    used = {(use.owner, use.kind): use for use in report.utilisation}
    stuck = report.bottleneck
    rows = [(item.resource, item.owner, item.kind, item.rate) for item in report.ceilings]
    known = {(owner, kind) for _, owner, kind, _ in rows}
    rest = [(use.resource, use.owner, use.kind, None) for key, use in used.items() if key not in known]
    for resource, owner, kind, rate in [*rows, *rest]:
        use = used.get((owner, kind))
        binding = stuck is not None and (resource, owner) == (stuck.resource, stuck.owner)
        of_use = ("", "", "", "", "") if use is None else (
            _number(use.utilisation), _number(use.capacity), use.unit, _number(use.elasticity), use.mark
        )  # fmt: skip
        ceiling = ("", "") if rate is None else (_number(rate), unit)
        table.writerow((resource, owner, kind, *of_use, *ceiling, "yes" if binding else ""))
    return out.getvalue()


def _number(value: float) -> str:
    from math import isfinite

    return f"{value:.9g}" if isfinite(value) else ""
