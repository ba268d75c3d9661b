"""What each part could do, as rows with the lengths of their bars: the shortest bar is the speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infralab.models.report import Report
from infralab.tui import words

DECADES_SHOWN = 4.0
SHORTEST = 0.1  # the shortest bar's share of the room
CLOSE = 0.95  # a rate nearer to the lowest ceiling than this is that ceiling


@dataclass(frozen=True, slots=True)
class Row:
    """`share` is the bar's length, 0 to 1 on a log scale; `kind`: binding, together, or "" for any other."""

    name: str
    rate: float
    figure: str
    note: str
    share: float
    kind: str = ""


def unit(report: Report) -> str:
    """What the rates are in."""
    found = report.throughput.unit if report.throughput is not None else ""
    return "bytes/s" if found == "B/s" else found


def rows(report: Report) -> list[Row]:
    """Slowest first; a row "all together" where parts of a step follow one another."""
    found = sorted(
        (item for item in report.ceilings if math.isfinite(item.rate) and item.rate > 0), key=lambda item: item.rate
    )
    if report.throughput is None or not found:
        return []
    rate, stuck = report.throughput.value, report.bottleneck
    together = 0 < rate < found[0].rate * CLOSE
    low = math.log10(rate if together else found[0].rate)
    high = min(max(math.log10(found[-1].rate), low + 1.0), low + DECADES_SHOWN)

    def row(name: str, value: float, note: str, kind: str) -> Row:
        share = SHORTEST + (1 - SHORTEST) * min((math.log10(value) - low) / (high - low), 1.0)
        return Row(name, value, words.number(value, report.throughput.unit), note, share, kind)  # type: ignore[union-attr]

    made = [row("all together", rate, "here", "together")] if together else []
    marked = False
    for item in found:
        binds = not marked and stuck is not None and (item.resource, item.owner) == (stuck.resource, stuck.owner)
        marked = marked or binds
        name = f"{words.owner_name(item.owner)} {item.kind}".strip()
        note = "here" if binds and not together else words.factor(rate, item.rate)
        made.append(row(name, item.rate, note, "binding" if binds else ""))
    return made


def explained(report: Report) -> str:
    """How to read the bars."""
    if any(row.kind == "together" for row in rows(report)):
        return "Parts of the step follow one another, so together they are slower than each alone."
    return "The shortest bar is the speed; longer bars are spare money."
