"""What a story claims, held against the Report.

A step's `expect` is a list of short statements about the design after the step:

    rate > 4 * before       rate >= 0.98 * start     rate between 80000 and 95000
    bottleneck = store      bottleneck ~ requests    status = infeasible
    goodput < 0.85          busy < 30 %              time_to_first_token < 0.5
    best = jax              support.tensorflow = none

`before` is the same figure one step earlier, `start` at the story's beginning. For `bottleneck`, `=`
names the owner, `~` a word of its kind.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, Step
from infralab.models.edits import apply_step
from infralab.models.evaluate import evaluate
from infralab.models.refusal import Refusal
from infralab.models.report import Report

_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
_CLAIM = re.compile(r"^\s*([a-z_][\w.-]*)\s*(<=|>=|<|>|=|~|\bbetween\b)\s*(.+?)\s*$")
_TERM = re.compile(r"^(?:([-+]?[\d._]+(?:e[-+]?\d+)?)\s*(%)?)?\s*\*?\s*(before|start)?$")


class ClaimError(Refusal):
    """A statement that cannot be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim about a report, whether it holds, and what was found."""

    claim: str
    holds: bool
    found: str  # the figure, in words


@dataclass(frozen=True, slots=True)
class Told:
    """One step of a story, carried out: the design and report after it, and its claims judged."""

    step: Step
    design: Design
    report: Report
    verdicts: tuple[Verdict, ...]


def tell(design: Design, catalogue: Catalogue | None = None) -> Iterator[Told]:
    """Carry a design's story out step by step. Raises ClaimError or EditError for a faulty step."""
    start = before = evaluate(design, catalogue)
    for step in design.story:
        design = apply_step(design, step) if step.set or step.remove else design
        report = evaluate(design, catalogue) if step.set or step.remove else before
        yield Told(step, design, report, tuple(judge(c, report, before, start) for c in step.expect))
        before = report


def judge(claim: str, report: Report, before: Report, start: Report) -> Verdict:
    """Whether a statement holds for a report."""
    match = _CLAIM.match(claim)
    if match is None:
        raise ClaimError(f'"{claim}": write a claim like "rate > 4 * before" or "bottleneck = store"')
    name, sign, wanted = match[1], match[2], match[3]
    value = figure(name, report)
    if isinstance(value, str) or sign == "~":
        text = str(value)
        holds = wanted.lower() in text.lower() if sign == "~" else wanted in (text, text.partition(" ")[0])
        return Verdict(claim, holds, text)
    if value is None:
        return Verdict(claim, False, f"no {name} here")
    if sign == "between":
        low, _, high = wanted.partition(" and ")
        bounds = _term(claim, low, name, before, start), _term(claim, high, name, before, start)
        return Verdict(claim, bounds[0] <= value <= bounds[1], f"{value:.6g}")
    return Verdict(claim, _OPERATORS[sign](value, _term(claim, wanted, name, before, start)), f"{value:.6g}")


def _term(claim: str, text: str, name: str, before: Report, start: Report) -> float:
    match = _TERM.match(text.strip())
    if match is None or (match[1] is None and match[3] is None):
        raise ClaimError(f'"{claim}": "{text}" is no number, nor a number times before or start')
    factor = 1.0 if match[1] is None else float(match[1].replace("_", "")) * (0.01 if match[2] else 1.0)
    if match[3] is None:
        return factor
    earlier = figure(name, before if match[3] == "before" else start)
    if not isinstance(earlier, float):
        raise ClaimError(f'"{claim}": there was no {name} {match[3]}')
    return factor * earlier


def figure(name: str, report: Report) -> float | str | None:
    """A figure of the report by the name that claims use; None where it has none."""
    stuck = report.bottleneck
    if name == "bottleneck":
        return "" if stuck is None else f"{stuck.owner.partition('.')[2] or stuck.owner} {stuck.kind}"
    if name == "status":
        return report.status
    if name == "best":
        return report.framework_fit[0].framework if report.framework_fit else ""
    if name.startswith("support."):
        return next((f.support for f in report.framework_fit if f.framework == name[8:]), "")
    if name == "rate":
        return None if report.throughput is None else report.throughput.value
    if name == "memory":
        return None if report.memory is None else report.memory.required_bytes
    value = getattr(report, name, None)
    if isinstance(value, (int, float)):
        return float(value)
    return report.metrics.get(name)
