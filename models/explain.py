"""The sentence that comes first: what binds, in plain words, and how far one gets by relieving it."""

from __future__ import annotations

import re

from infralab.models.report import Report
from infralab.models.units import human, significant


def place(owner: str) -> str:
    """ "box.train" -> "train"."""
    return owner.partition(".")[2] or owner


def sentence(report: Report) -> str:
    """One or two sentences for a reader who never heard of utilisation."""
    if report.throughput is None:
        return next((p.text for p in report.problems), "")
    unit = report.throughput.unit
    noun = unit.removesuffix("/s")
    rate = rate_text(report.throughput.value, unit)
    stuck = report.bottleneck
    lead = ""
    if report.status == "infeasible":
        reason = next((p.text for p in report.problems if p.severity == "infeasible"), "it does not fit")
        lead = f"Not possible as drawn: {reason}. If it fitted: "
    elif report.status == "incomplete":
        reason = next((p.text for p in report.problems if p.severity == "missing"), "something is missing")
        lead = f"Not complete: {reason}. Without that: "
    if stuck is None:
        return f"{lead}{rate}; nothing drawn limits it."
    if stuck.kind == "offered load":
        return f"{lead}Everything keeps up with the {rate} that is asked."
    mine = next((c for c in report.ceilings if c.resource == stuck.resource and c.owner == stuck.owner), None)
    second = report.runner_up
    text = f"{lead}{_subject(stuck.kind)} of {place(stuck.owner)} {sets(stuck.kind)} the pace at {rate}"
    if mine is not None and mine.rate > report.throughput.value * 1.05:
        text += f" (alone it could do {rate_text(mine.rate, unit)})"
    text += "."
    if second is not None and second.headroom > 1.005:
        verb = sets(second.kind).replace("set", "bind")
        then = f"; then {second.kind} of {place(second.owner)} {verb}" if second.kind != stuck.kind else ""
        gain = (second.headroom - 1) * 100
        more = f"×{significant(second.headroom, 2)} the" if second.headroom >= 2 else f"{gain:.0f} % more"
        text += f" Relieving it gives at most {more} {noun}{then}."
    return text


def sets(kind: str) -> str:
    """The verb after a kind: requests set the pace, memory bandwidth sets it."""
    head = re.split(r" (?:of|in|for|on) ", kind)[0]  # "requests in flight", "JPEG decoder of the chips"
    return "set" if head.endswith("s") and not head.endswith("ss") else "sets"


def _subject(kind: str) -> str:
    """A kind with a capital letter; ids of the catalogue stay as they are written."""
    return kind if "-" in kind.partition(" ")[0] else kind[:1].upper() + kind[1:]


def rate_text(rate: float, unit: str) -> str:
    """ "88 k images/s", "3.2 GB/s"."""
    if unit == "bytes/s":
        return human(rate, "B/s")
    return human(rate) + " " + unit
