"""Problems in words, what helps most, and what could be taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, left, right, wrap

if TYPE_CHECKING:
    from infralab.models.report import Report, ResourceUse

WORTH = 0.005  # +10 % that buys less than half a thousandth is no help
IDLE = 0.05
SIGNS = {"infeasible": ("✗", "bad"), "missing": ("…", "warning"), "warning": ("!", "warning")}


class Helps(LinePanel, can_focus=True):
    BORDER_TITLE = "3 What helps"

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None:
            return []
        lines: list[Line] = []
        for problem in report.problems:
            sign, role = SIGNS.get(problem.severity, ("!", "warning"))
            for number, text in enumerate(wrap(problem.text, width - 2)):
                lines.append([(f"{sign} " if number == 0 else "  ", role), (text, "")])
        lines.extend(helping(report, width))
        lines.extend(spare(report, width))
        for warning in report.warnings:
            lines.extend([(text, "dim")] for text in wrap(f"! {warning}", width))
        for assumed in report.assumptions:
            for number, text in enumerate(wrap(assumed, width - 2)):
                lines.append([("△ " if number == 0 else "  ", "mark-assumed"), (text, "dim")])
        return lines or [[("  nothing stands out", "dim")]]


def helping(report: Report, width: int) -> list[Line]:
    """Resources by what 10 % more of each would buy."""
    found = [use for use in report.utilisation if use.elasticity > WORTH]
    found.sort(key=lambda use: -use.elasticity)
    lines: list[Line] = []
    for use in found[:6]:
        gain = f"+{use.elasticity * 10:.1f} %"
        lines.append(
            [("+10 % ", "dim"), (left(_name(use), max(width - 17, 6)), ""), (" → ", "dim"), (right(gain, 8), "good")]
        )
    return lines


def spare(report: Report, width: int) -> list[Line]:
    """What stands nearly idle: it could be smaller, or be taken away."""
    found = [use for use in report.utilisation if use.utilisation < IDLE and use.elasticity <= WORTH]
    found.sort(key=lambda use: use.utilisation)
    names = list(dict.fromkeys(_name(use) for use in found))
    return [
        [("spare ", "dim"), (text, "")] if number == 0 else [("      ", ""), (text, "")]
        for number, text in enumerate(wrap(", ".join(names[:6]), max(width - 6, 8)))
    ]


def _name(use: ResourceUse) -> str:
    return f"{words.owner_name(use.owner)} {use.kind}"
