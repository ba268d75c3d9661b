"""Goal seek: the cheapest changes that reach a target, or what stands in the way.

A beam search over the same candidates as the upgrades, up to a few changes deep: at each depth the
designs nearest the target go on. Not a proof over all designs: over those considered, and it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.explore.answer import Answer, ask
from infralab.models.explore.candidates import BUY, Change, applied, changes
from infralab.models.explore.limits import Limits
from infralab.models.refusal import Refusal
from infralab.models.units import UnitError, parse

DEPTH = 4
BEAM = 6
SHOWN = 12
UNFIT = 1e-3  # what progress counts for while the design does not fit


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
    """Changes and where they lead."""

    changes: tuple[Change, ...]
    after: Answer
    progress: float  # of the figure towards the target; 1 and more: reached


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a target found, and how much it looked at."""

    target: Target
    start: Answer
    solutions: tuple[Reached, ...]  # within the limits, the cheapest first
    nearest: Reached | None  # within the limits, when none reaches it
    over: Reached | None  # reaches it, but over the limits: the cheapest such one
    considered: int
    whole: bool = True  # not stopped early


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
    """Changes that bring the design to the target within the limits, the cheapest first.

    Up to DEPTH changes, and one more than the fewest that reach it: two free changes may do what one
    that is bought does. `progress(considered)` returning False stops with what there is.
    """
    catalogue = catalogue or default_catalogue()
    search = _Beam(design, goal, catalogue, limits or Limits(), progress)
    for _ in range(DEPTH):
        had = bool(search.solutions)
        if not search.deeper() or had:
            break
    return search.result()


class _Beam:
    """Designs on their way to the target, one change deeper at a time."""

    def __init__(
        self, design: Design, goal: Target, catalogue: Catalogue, limits: Limits,
        progress: Callable[[int], bool] | None,
    ) -> None:  # fmt: skip
        self.goal, self.catalogue, self.limits, self.progress = goal, catalogue, limits, progress
        self.start = ask(design, catalogue)
        self.solutions: list[tuple[Design, Reached]] = []
        self.nearest: tuple[Design, Reached] | None = None
        self.over: tuple[Design, Reached] | None = None
        self.considered = 1
        self.stopped = False
        self._seen = {design}
        begun = Reached((), self.start, goal.progress(self.start))
        self._stand = [(design, begun)]
        if begun.progress >= 1 and self.limits.admit(self.start) and self.start.status != "infeasible":
            self.solutions.append((design, begun))

    def deeper(self) -> bool:
        """One change more; False when there is nothing to go on from."""
        if len(self.solutions) == 1 and not self.solutions[0][1].changes:
            return False  # it is there already
        grown: list[tuple[Design, Reached]] = []
        for stand, so_far in self._stand:
            for change in changes(stand, self.catalogue):
                found = self._try(stand, so_far, change)
                if self.stopped:
                    return False
                if found is not None:
                    grown.append(found)
        grown.sort(key=lambda g: (-round(g[1].progress, 3), _cost(g[1])))
        self._stand = grown[:BEAM]
        return bool(grown)

    def _try(self, stand: Design, so_far: Reached, change: Change) -> tuple[Design, Reached] | None:
        """One change of one design: kept as a solution, or answered to go on from."""
        if not self.limits.allow(change):
            return None
        try:
            design = applied(stand, (change,))
        except Refusal:
            return None
        if design in self._seen:
            return None
        self._seen.add(design)
        after = ask(design, self.catalogue, named=False)
        self.considered += 1
        if self.progress is not None and not self.progress(self.considered):
            self.stopped = True
        if after.rate is None or after.unit != self.start.unit:
            return None
        if after.status == "infeasible":
            # one change more may make it fit: it goes on, behind everything that fits
            return design, Reached(_lasting((*so_far.changes, change)), after, UNFIT * self.goal.progress(after))
        found = design, Reached(_lasting((*so_far.changes, change)), after, self.goal.progress(after))
        if not self.limits.admit(after):
            if found[1].progress >= 1 and (self.over is None or _cost(found[1]) < _cost(self.over[1])):
                self.over = found
            return None
        if self.nearest is None or found[1].progress > self.nearest[1].progress:
            self.nearest = found
        if found[1].progress >= 1:
            self.solutions.append(found)
            return None
        return found

    def _effort(self, found: Reached) -> tuple[float, int, int, float]:
        """What sorts solutions: money spent on top, things bought, things changed; the faster of equals."""
        more = max(0.0, _cost(found) - (self.start.cost_per_hour or 0.0))
        bought = sum(change.group == BUY for change in found.changes)
        return round(more, 2), bought, len(found.changes), -found.progress

    def result(self) -> Search:
        def named(found: tuple[Design, Reached] | None) -> Reached | None:
            return None if found is None else replace(found[1], after=ask(found[0], self.catalogue))

        ordered = sorted(_least(self.solutions), key=lambda s: self._effort(s[1]))
        solutions = tuple(one for found in ordered[:SHOWN] if (one := named(found)) is not None)
        nearest = None if solutions else named(self.nearest)
        over = None if solutions else named(self.over)
        return Search(self.goal, self.start, solutions, nearest, over, self.considered, not self.stopped)


def _lasting(made: tuple[Change, ...]) -> tuple[Change, ...]:
    """Without changes of which a later one sets every value again."""
    kept: list[Change] = []
    later: set[str] = set()
    for change in reversed(made):
        paths = {text.partition("=")[0].strip() for text in change.sets} | set(change.removes)
        if not paths <= later:
            kept.insert(0, change)
        later |= paths
    return tuple(kept)


def _least(solutions: list[tuple[Design, Reached]]) -> list[tuple[Design, Reached]]:
    """Without those that do more than another one: what is not needed is not offered."""
    sets = [frozenset(label for c in found.changes for label in (c.sets, c.removes)) for _, found in solutions]
    return [s for s, mine in zip(solutions, sets, strict=True) if not any(other < mine for other in sets)]


def _cost(found: Reached) -> float:
    return found.after.cost_per_hour or 0.0
