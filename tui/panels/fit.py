"""Which framework suits: speed here, how it gets there, and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, left, right, wrap

if TYPE_CHECKING:
    from infralab.models.report import FrameworkFit, Report


class Fit(LinePanel, can_focus=True):
    BORDER_TITLE = "2 Framework fit"

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None or not report.framework_fit:
            return [[("  no framework is asked for here", "dim")]] if report else []
        unit = report.throughput.unit if report.throughput else ""
        name = max(len(item.framework) for item in report.framework_fit) + 1
        rest = max(width - name - 20, 0)
        lines: list[Line] = [
            [
                (left("", name + 2), "dim"),
                (right("speed", 8), "dim"),
                (left("   here", 10), "dim"),
                (left("people", min(rest, 8)), "dim"),
                (left("fit", max(rest - 8, 0)), "dim"),
            ]
        ]
        lines.extend(self._row(item, report, name, rest, unit) for item in report.framework_fit)
        lines.extend([(text, "")] for text in wrap(verdict(report), width))
        for item in report.framework_fit:
            for reason in item.reasons[:2]:
                texts = wrap(f"{item.framework}: {reason}", width)
                lines.extend([(text, "dim")] for text in texts)
        return lines

    def _row(self, item: FrameworkFit, report: Report, name: int, rest: int, unit: str) -> Line:
        chosen = item.framework == report.framework
        speed = words.number(item.throughput, unit) if item.throughput else "–"
        mark = "△" if item.evidence == "assumed" else "●"
        none = item.support == "none"
        score = "▇" * max(round(item.score * 5), 0)
        return [
            ("▸ " if chosen else "  ", "accent"),
            (left(item.framework, name), "strong" if chosen else "dim" if none else ""),
            (right(speed, 8), "dim" if none else ""),
            (f" {mark}", "mark-assumed" if mark == "△" else "mark-cited"),
            (left(f" {item.support}", 8), "dim" if none else ""),
            (left(item.people, min(rest, 8)), "dim"),
            (left(score, max(rest - 8, 0)), "accent"),
        ]


def verdict(report: Report) -> str:
    """One sentence: who is faster, or that speed doesn't decide."""
    fits = [item for item in report.framework_fit if item.throughput and item.support != "none"]
    if not fits:
        return "None of them runs on what is drawn."
    best = max(item.throughput or 0.0 for item in fits)
    near = [item.framework for item in fits if (item.throughput or 0.0) >= best * (1 - words.CLOSE)]
    if len(near) > 1:
        stuck = report.bottleneck
        waits = stuck is not None and stuck.owner.startswith(("box.", "wire."))
        why = f": all wait for {words.owner_name(stuck.owner)}" if stuck is not None and waits else ""
        return f"{', '.join(near)}: too close to call{why}. Choose by people."
    return f"{near[0]} is the fastest here."
