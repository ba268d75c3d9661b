"""What each part could do, in the workload's unit, on a log scale: the shortest bar is the speed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, bar, left, right

if TYPE_CHECKING:
    from infralab.models.report import Ceiling, Report

FULL_SCALE_DECADES = 4.0  # a bar that is this much longer than the shortest fills the width
SHORTEST = 0.12  # the shortest bar's share of the width


@dataclass(frozen=True, slots=True)
class Row:
    ceiling: Ceiling
    first: bool  # this one is the speed
    new: bool  # only the what-if has it
    change: str = ""


class Ceilings(LinePanel, can_focus=True):
    BORDER_TITLE = "1 What each part could do"

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        self._title(report)
        if report is None or not report.ceilings:
            return [[("", "")], [("  nothing to compare yet", "dim")]]
        rows = rows_of(report, self.state.baseline if not self.state.baseline_is_now else None)
        label = min(max(len(name_of(row.ceiling)) for row in rows), max(width * 9 // 20, 12))
        figure = 8 if width < 60 else 10
        room = max(width - label - figure - 10, 4)
        low, high = _scale([row.ceiling.rate for row in rows])
        unit = report.throughput.unit if report.throughput else ""
        lines = []
        for row in rows:
            share = _share(row.ceiling.rate, low, high)
            sign = ("◆ ", "bottleneck") if row.first else ("+ ", "good") if row.new else ("  ", "")
            role = "bar-first" if row.first else "bar-new" if row.new else "bar"
            times = "here" if row.first else words.factor(rows[0].ceiling.rate, row.ceiling.rate)
            times = "tie" if times == "same" and row is not rows[0] else times.replace("same", "")
            lines.append(
                [
                    sign,
                    (left(name_of(row.ceiling), label), "strong" if row.first else ""),
                    (" ", ""),
                    (bar(share, room), role),
                    (right(words.number(row.ceiling.rate, unit), figure), "strong" if row.first else ""),
                    (right(row.change or times, 6), "good" if row.change.startswith("+") else "dim"),
                ]
            )
        if len(lines) < self.content_size.height:
            lines.append([(self._caption(rows, unit), "dim")])
        return lines

    def _caption(self, rows: list[Row], unit: str) -> str:
        """How to read the bars: the shortest is the speed, unless parts of one step add up."""
        rate = self.state.report.throughput if self.state.report else None
        if rate is not None and rate.value < rows[0].ceiling.rate * (1 - words.CLOSE) and rows[0].first:
            return f"parts of a step add up: together {words.number(rate.value, unit)}"
        return "the shortest bar is the speed; longer bars are spare money"

    def _title(self, report: Report | None) -> None:
        unit = report.throughput.unit if report and report.throughput else ""
        title = f"1 What each part could do, {unit} (log)" if unit else "1 What each part could do"
        self.label(title)


def name_of(ceiling: Ceiling) -> str:
    return f"{words.owner_name(ceiling.owner)} {ceiling.kind}"


def rows_of(report: Report, baseline: Report | None) -> list[Row]:
    """Ceilings from the shortest, the binding part marked."""
    known = {(item.owner, item.kind) for item in baseline.ceilings} if baseline else None
    found = sorted((c for c in report.ceilings if math.isfinite(c.rate) and c.rate > 0), key=lambda c: c.rate)
    stuck = report.bottleneck
    return [
        Row(
            item,
            stuck is not None and item.resource == stuck.resource and item.owner == stuck.owner,
            known is not None and (item.owner, item.kind) not in known,
        )
        for item in found
    ]


def _scale(rates: list[float]) -> tuple[float, float]:
    low = math.log10(min(rates))
    high = math.log10(max(rates))
    return low, min(max(high, low + 1.0), low + FULL_SCALE_DECADES)


def _share(rate: float, low: float, high: float) -> float:
    return SHORTEST + (1 - SHORTEST) * min((math.log10(rate) - low) / (high - low), 1.0)
