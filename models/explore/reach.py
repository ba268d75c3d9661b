"""Goal seek: the cheapest changes that reach a target, or what stands in the way.

A beam search over the same candidates as the upgrades, up to a few changes deep: at each depth the
designs nearest the target go on. Not a proof over all designs: over those considered, and it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.edits import EditError
from infralab.models.evaluate import evaluate
from infralab.models.explore.answer import Answer, answer
from infralab.models.explore.candidates import Change, changes
from infralab.models.explore.upgrades import Limits, applied
from infralab.models.refusal import Refusal
from infralab.models.units import UnitError, parse

DEPTH = 4
BEAM = 6


class TargetError(Refusal):
    """A target that cannot be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Target:
    """`figure` of the answer must be at least or at most `value`."""

    text: str
    figure: str  # rate, time_per_output_token, time_to_first_token, latency
    value: float
    at_least: bool

    def progress(self, found: Answer) -> float:
        """1 and more: reached."""
        value = getattr(found, self.figure)
        if not value or value <= 0:
            return 0.0
        return float(value) / self.value if self.at_least else self.value / float(value)


@dataclass(frozen=True, slots=True)
class Reached:
    changes: tuple[Change, ...]
    after: Answer
    progress: float


@dataclass(frozen=True, slots=True)
class Search:
    target: Target
    start: Answer
    solutions: tuple[Reached, ...]  # the cheapest first
    nearest: Reached | None  # when none reaches it
    considered: int


_PER = re.compile(r"^(.*?)\s+(?:per|a)\s+(?:output\s+)?token$")
_FIRST = re.compile(r"^(.*?)\s+to\s+(?:the\s+)?first\s+token$")
_FOR = re.compile(r"^(.*?)\s+for\s+([\d._]+\s*[kMGTPE]?)\s*(\w+)$")


def target(text: str) -> Target:
    """ "100 k tokens/s", "50 ms per token", "1 s to first token", "4 weeks for 15 T tokens". Raises TargetError."""
    text = text.strip()
    for pattern, figure in ((_PER, "time_per_output_token"), (_FIRST, "time_to_first_token")):
        match = pattern.match(text)
        if match:
            return Target(text, figure, _seconds(text, match[1]), False)
    match = _FOR.match(text)
    if match:
        return Target(text, "rate", _count(text, match[2]) / _seconds(text, match[1]), True)
    match = re.match(r"^([\d._]+\s*[kMGTPE]?)\s*([A-Za-z]+(?:/s)?)$", text)
    if match:
        unit = match[2]
        if unit in ("B/s", "bytes/s", "b/s"):
            return Target(text, "rate", parse(f"{match[1]}B/s").value, True)
        if unit.endswith("/s"):
            return Target(text, "rate", _count(text, match[1]), True)
    try:
        return Target(text, "rate", parse(text).value, True)
    except UnitError:
        raise TargetError(
            f'"{text}": write a target as "100 k tokens/s", "50 ms per token", "1 s to first token" '
            'or "4 weeks for 15 T tokens"'
        ) from None


def _seconds(text: str, part: str) -> float:
    try:
        return parse(part, "seconds").value
    except UnitError as error:
        raise TargetError(f'"{text}": {error}') from None


def _count(text: str, part: str) -> float:
    match = re.match(r"^([\d._]+)\s*([kMGTPE]?)$", part.strip())
    if not match:
        raise TargetError(f'"{text}": "{part}" is no number like 100 k or 15 T')
    return (
        float(match[1].replace("_", ""))
        * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}[match[2]]
    )


def reach(
    design: Design,
    goal: Target,
    catalogue: Catalogue | None = None,
    limits: Limits | None = None,
    progress: Callable[[int], bool] | None = None,
) -> Search:
    """Changes that bring the design to the target within the limits, the cheapest first."""
    catalogue = catalogue or default_catalogue()
    limits = limits or Limits()
    start = answer(evaluate(design, catalogue, fit=False))
    begun = Reached((), start, goal.progress(start))
    if begun.progress >= 1 and limits.admit(start):
        return Search(goal, start, (begun,), None, 1)
    beam: list[tuple[Design, Reached]] = [(design, begun)]
    solutions: list[Reached] = []
    nearest: Reached | None = None
    seen: set[Design] = {design}
    considered = 1
    for _ in range(DEPTH):
        grown: list[tuple[Design, Reached]] = []
        for stand, so_far in beam:
            for change in changes(stand, catalogue):
                if not limits.allow(change):
                    continue
                try:
                    varied = applied(stand, (change,))
                except EditError:
                    continue
                if varied in seen:
                    continue
                seen.add(varied)
                after = answer(evaluate(varied, catalogue, fit=False))
                considered += 1
                if progress is not None and not progress(considered):
                    return _result(goal, start, solutions, nearest, considered)
                if after.rate is None or after.status == "infeasible" or not limits.admit(after):
                    continue
                found = Reached((*so_far.changes, change), after, goal.progress(after))
                if nearest is None or found.progress > nearest.progress:
                    nearest = found
                if found.progress >= 1:
                    solutions.append(found)
                else:
                    grown.append((varied, found))
        if solutions or not grown:
            break
        grown.sort(key=lambda g: (-round(g[1].progress, 3), g[1].after.cost_per_hour or 0.0))
        beam = grown[:BEAM]
    return _result(goal, start, solutions, nearest, considered)


def _result(goal: Target, start: Answer, solutions: list[Reached], nearest: Reached | None, considered: int) -> Search:
    ordered = sorted(solutions, key=lambda r: (r.after.cost_per_hour or 0.0, len(r.changes), -r.progress))
    return Search(goal, start, tuple(ordered[:12]), None if ordered else nearest, considered)
