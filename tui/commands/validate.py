"""`infralab validate`: published measurements against the model, fitted and never fitted rows apart."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from infralab.tui.commands import designs
from infralab.tui.export.terminal import Line, show

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.validate import Row

SHIPPED = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "models", "measurements"
)
GROUPS = ("family", "source", "metric", "kind", "file", "status", "unit")
REASONS_SHOWN = 5


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab validate",
        description="Published measurements against the model: for each family how many rows it can answer "
        "(coverage), and by how much it is wrong (median and 90th percentile of the absolute error of time). "
        "Rows that a constant was fitted on are counted apart.",
    )
    made.add_argument("path", metavar="FILE|DIR", nargs="*", help="measurement files; those that ship when absent")
    made.add_argument("--json", action="store_true", help='every row, schema "infralab.validation/1"')
    made.add_argument("--worst", metavar="N", type=int, default=0, help="the N worst rows with their step's parts")
    made.add_argument("--family", metavar="F", help="only this family")
    made.add_argument("--source", metavar="S", help="only sources that contain this text")
    by = f"group by {', '.join(GROUPS)}, or by two: family/metric"
    made.add_argument("--by", metavar="WHAT", default="family", help=by)
    made.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes")
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Print the table; 0, or 2 for paths or files that cannot be read."""
    options = parser().parse_args(argv)
    for part in options.by.split("/"):
        if part not in GROUPS:
            raise designs.Refused(f"--by {options.by}: rows can be grouped by {', '.join(GROUPS)}, like family/metric")
    catalogue = designs.catalogue_with(options.catalogue)
    from infralab.models import validate as model

    def wanted(case: model.Case) -> bool:
        source = options.source is None or options.source.lower() in case.source.lower()
        return source and options.family in (None, case.family)

    paths = options.path or [SHIPPED]
    own = catalogue if options.catalogue else None  # without, rows are spread over processes
    rows = model.validate(paths, own, options.jobs, wanted)
    if not rows:
        raise designs.Refused("no measurement of that family or source there")
    if options.json:
        from infralab.tui.export.json_values import dumped

        sys.stdout.write(dumped(model.as_json(rows)))
        return 0
    show(lambda width: _lines(rows, options, paths, catalogue, width))
    return 0


def _lines(
    rows: list[Row], options: argparse.Namespace, paths: list[str], catalogue: Catalogue, width: int
) -> Iterator[Line]:
    yield from _table(rows, options.by, width)
    yield from _unanswered(rows, width)
    if options.worst > 0:
        yield from _worst(rows, options.worst, paths, catalogue, width)


def _table(rows: list[Row], by: str, width: int) -> Iterator[Line]:
    from infralab.models.validate import summary

    label = max(width - 56, 20)
    yield [(f"{'':{label + 14}}{'never fitted':>21}{'fitted':>21}", "bold")]
    heads = "".join(f"{'rows':>6}{'median':>8}{'p90':>7}" for _ in range(2))
    yield [(f"{by:{label}}{'rows':>6}{'answers':>8}  {heads}".rstrip(), "bold cyan")]
    groups: dict[str, dict[str, Any]] = summary(rows, by)
    for name, group in sorted(groups.items()):
        cells = "".join(_cells(group[part]) for part in ("never_fitted", "fitted"))
        shown = name if len(name) < label else "…" + name[-(label - 2) :]
        yield [
            (f"{shown:{label}}", ""),
            (f"{group['rows']:>6}{group['coverage'] * 100:>6.0f} %", "dim"),
            (f"  {cells}", ""),
        ]
    yield [("Errors are of time: predicted / measured - 1, or the inverse for rates.", "dim")]


def _cells(group: dict[str, Any]) -> str:
    if not group["rows"]:
        return f"{'–':>6}{'':15}"
    return f"{group['rows']:>6}{_percent(group['median']):>8}{_percent(group['p90']):>7}"


def _percent(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value * 100:.0f} %" if value < 9.995 else f"×{value + 1:.0f}"


def _unanswered(rows: list[Row], width: int) -> Iterator[Line]:
    """Why rows have no answer: the most frequent reasons."""
    from collections import Counter

    reasons = Counter((row.status, row.reason) for row in rows if not row.answered)
    if not reasons:
        return
    yield []
    yield [(f"{sum(reasons.values())} of {len(rows)} rows without an answer, most often:", "bold")]
    for (status, reason), count in reasons.most_common(REASONS_SHOWN):
        text = f"{count:>6} {status}: {reason}"
        yield [(text if len(text) <= width else text[: width - 1] + "…", "dim")]


def _worst(rows: list[Row], count: int, paths: list[str], catalogue: Catalogue, width: int) -> Iterator[Line]:
    ranked = sorted((row for row in rows if row.error is not None), key=lambda row: -abs(row.error or 0.0))[:count]
    wanted = {(row.file, row.id) for row in ranked}
    breakdowns = dict(_breakdowns(wanted, paths, catalogue))
    for row in ranked:
        yield []
        error = f"{(row.error or 0.0) * 100:+.0f} %"
        yield [(error, "bold yellow"), (f"  {row.id}", "bold"), (f"  {row.source}", "dim")]
        yield [(f"  {row.metric} ({row.unit or '1'}): predicted {row.predicted:.4g}, measured {row.measured:.4g}", "")]
        if row.reason:
            yield [(f"  {row.status}: {row.reason}"[:width], "dim")]
        for text in breakdowns.get((row.file, row.id), ()):
            yield [(f"  {text}"[:width], "dim")]


def _breakdowns(
    wanted: set[tuple[str, str]], paths: list[str], catalogue: Catalogue
) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Where the time of a row's step goes, as the model has it."""
    from infralab.models.document import from_mapping
    from infralab.models.evaluate import evaluate
    from infralab.models.units import duration
    from infralab.models.validate import cases, files

    names = {file for file, _ in wanted}
    for path in files(paths):
        if path.name not in names:
            continue
        for case in cases(path):
            if (case.file, case.id) not in wanted:
                continue
            report = evaluate(from_mapping(case.data)[0], catalogue, fit=False)
            parts = sorted(report.step_breakdown, key=lambda part: -part.seconds)
            step = [f"step {duration(report.step_seconds)}"] if report.step_seconds else []
            yield (
                (case.file, case.id),
                step
                + [f"  {duration(part.seconds):>9}  {part.name} ({part.kind})" for part in parts if part.seconds > 0],
            )
