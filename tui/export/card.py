"""A result in five lines of plain text, to paste into a chat."""

from __future__ import annotations

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.tui import words
from infralab.tui.export import ceilings

PARTS_SHOWN = 4
BAR = 6  # cells of the longest bar


def card(design: Design, report: Report, command: str = "") -> str:
    """Five lines: what it is, the rate, the sentence, what each part could do, and how to see it oneself."""
    figures = [figure.text for figure in words.headline(report) if figure.name != "rate"][:4]
    rate = f"{words.rate(report)} {words.interval(report)}".strip() if report.throughput is not None else "no rate yet"
    name = " — ".join(part for part in (design.title or "A design", design.question) if part)
    lines = (
        name,
        " · ".join((rate, *figures)),
        f"◆ {report.sentence}",
        _parts(report),
        f"InfraLab: {command}" if command else "InfraLab",
    )
    return "\n".join(" ".join(line.split()) for line in lines) + "\n"


def _parts(report: Report) -> str:
    found = ceilings.rows(report)
    if not found:
        text = "; ".join(problem.text for problem in report.problems if problem.text not in report.sentence)
        return text or f"Status: {report.status}"
    shown = [f"{row.name} {'▇' * max(1, round(row.share * BAR))} {row.figure}" for row in found[:PARTS_SHOWN]]
    return f"Could do ({ceilings.unit(report)}): " + " · ".join(shown)
