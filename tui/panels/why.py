"""Why this number: what binds, what is close behind, where the time goes, and the inputs it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.models.units import duration
from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import MARKS, Line, bar, cut, left, right, wrap

if TYPE_CHECKING:
    from infralab.models.report import Bottleneck, FigureUse, Report


class Why(LinePanel, can_focus=True):
    BORDER_TITLE = "Why?"

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None:
            return []
        title = f"Why {words.rate(report)}?" if report.throughput else "Why no number?"
        if self.border_title != title:
            self.border_title = title
        lines: list[Line] = []
        if report.throughput is None:
            lines.extend([(text, "")] for text in wrap(report.sentence, width))
            return lines
        lines.extend(_binding(report.bottleneck, "◆", width))
        if report.runner_up is not None:
            lines.append([("Close behind", "accent")])
            lines.extend(_binding(report.runner_up, " ", width))
        lines.extend(_step(report, width))
        lines.extend(_inputs(report, width))
        lines.append([])
        lines.append([("● cited  ○ fitted  △ assumed  ✎ yours", "dim")])
        return lines


def _binding(item: Bottleneck | None, sign: str, width: int) -> list[Line]:
    if item is None:
        return []
    lines: list[Line] = [[(f"{sign} ", "bottleneck"), (f"{words.owner_name(item.owner)}: {item.kind}", "strong")]]
    lines.extend([(f"  {text}", "")] for text in wrap(item.reason, width - 2))
    return lines


def _step(report: Report, width: int) -> list[Line]:
    parts = [part for part in report.step_breakdown if part.seconds > 0]
    if not parts:
        return []
    total = sum(part.seconds for part in parts)
    lines: list[Line] = [[], [(f"Where a step's {duration(total)} go", "accent")]]
    for part in sorted(parts, key=lambda part: -part.seconds)[:8]:
        share = part.seconds / total
        lines.append(
            [
                (left(f"  {part.name}", width - 17), ""),
                (bar(share, 8), "bar"),
                (right(duration(part.seconds), 9), "dim"),
            ]
        )
    return lines


def _inputs(report: Report, width: int) -> list[Line]:
    """The figures that the answer rests on, those that move it most first."""
    found = sorted(report.figures, key=lambda use: -abs(use.elasticity))
    lines: list[Line] = [[], [("It rests on", "accent")]]
    for use in found[:14]:
        lines.append(_input(use, width))
        if use.source:
            lines.append([(f"    {cut(use.source, width - 4)}", "dim")])
    return lines


def _input(use: FigureUse, width: int) -> Line:
    mark = MARKS.get(use.mark, "△")
    from infralab.tui.fields import shown

    value = shown(use.value, use.unit)
    name = words.owner_name(use.path)
    return [
        (f"  {mark} ", f"mark-{use.mark}" if use.mark in ("cited", "fitted", "assumed") else "override"),
        (left(name, max(width - 5 - len(value), 4)), ""),
        (f" {value}", "strong"),
    ]
