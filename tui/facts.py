"""What the inspector says of a selection before its fields: limits, traffic, failures; rows that nobody can type into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralab.models.units import human
from infralab.tui import data_path, words
from infralab.tui.fields import Field

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.models.explore.margin import OneMore
    from infralab.models.report import Report

UPLINKS = "fabric uplinks"
MOST, FEW = 8, 3  # limits told of one box, in a low panel: the others are far from binding


def facts(
    design: Design,
    report: Report | None,
    selection: tuple[str, ...],
    more: tuple[str, OneMore | None] | None,
    low: bool = False,
) -> list[Field]:
    """Rows about the one selected box or wire; `low`: the panel is, and the fields should not leave it.

    more: a wire's name and what one more link on it gives, once known.
    """
    if report is None or report.throughput is None or len(selection) != 1:
        return []
    kind, _, name = selection[0].partition(".")
    if kind == "wire" and name in design.wires:
        return list(_wire(report, selection[0], more[1] if more is not None and more[0] == name else None))
    if kind == "box" and name in design.boxes:
        return list(_box(design, report, selection[0], low))
    return []


def _row(label: str, text: str) -> Field:
    return Field("", label, text)


def _box(design: Design, report: Report, owner: str, low: bool) -> Iterator[Field]:
    found = data_path.limits(report, owner, design)
    if found:
        unit = report.throughput.unit if report.throughput else ""
        yield Field("", f"limits alone, {unit}, and how full")
        for limit in found[: FEW if low else MOST]:
            sign = "◆ " if limit.binds else ""
            yield _row(f"{sign}{limit.kind}", f"{limit.rate:>8} {words.percent(limit.used):>6}")
    if any(use.kind == UPLINKS and use.owner == report.stands_for.get(owner, owner) for use in report.utilisation):
        yield from _traffic(report, owner, "traffic, share of the uplinks")
    steps = {part.owner for part in report.step_breakdown if not part.name.startswith("waiting")}
    failing = list(data_path.failures(report)) if report.stands_for.get(owner, owner) in steps else []
    if failing and low:
        yield _row("failures", data_path.all_failures(report))
    elif failing:
        yield Field("", "failures that stop the job")
        for cause, text in failing:
            yield _row(cause, text)
        for label, text in data_path.saving(report, design):
            yield _row(label, text)


def _traffic(report: Report, owner: str, title: str) -> Iterator[Field]:
    found = data_path.classes(report, owner)
    if found:
        yield Field("", title)
    for name, amount, share in found:
        yield _row(name, f"{amount} {words.percent(share):>6}")


def _wire(report: Report, owner: str, more: OneMore | None) -> Iterator[Field]:
    yield from _traffic(report, owner, "traffic, share of the wire")
    if more is not None:
        gain = "nothing" if abs(more.gain) < 5e-5 else f"{more.gain * 100:+.2g} %"
        yield _row(f"+1 link here, {human(more.bandwidth * 8, 'b/s')}", gain)
