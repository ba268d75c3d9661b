"""Stories: what the room may vote on, what each choice would do, and edits made into steps.

An option of a step's `vote` is a label and edits, parted by "|":

    Replace the H100s by B200s | box.train.is = 'dgx-b200'
    Twice the servers, no cache | box.train.count = 32 ; - box.cache
    Photos on the disks we own  | step 3

";" stands between edits, "- PATH" removes, "step N" is what the story's N-th step does. Options are
tried on the design as it is before the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, Step
from infralab.models.edits import EditError, apply_step
from infralab.models.evaluate import evaluate
from infralab.models.refusal import Refusal
from infralab.models.report import Report


class VoteError(Refusal):
    """An option that cannot be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to vote for; `step` holds its edits."""

    label: str
    step: Step


@dataclass(frozen=True, slots=True)
class Revealed:
    """What an option does; `numbers` are the options (from 1) that were taken together."""

    numbers: tuple[int, ...]
    label: str
    design: Design
    report: Report


def options(design: Design, step: Step) -> tuple[Option, ...]:
    """What may be voted for at a step of the design's story. Raises VoteError."""
    return tuple(_option(design, text) for text in step.vote)


def _option(design: Design, text: str) -> Option:
    label, bar, edits = text.partition("|")
    if not label.strip() or not bar or not edits.strip():
        raise VoteError(f'vote "{text}": write a label and an edit, like "Faster GPUs | box.train.is = \'dgx-b200\'"')
    removed: list[str] = []
    assigned: list[str] = []
    for edit in _split(edits):
        if edit.startswith("step "):
            of = _step(design, edit, text)
            removed += of.remove
            assigned += of.set
        elif edit.startswith("- "):
            removed.append(edit[2:].strip())
        else:
            assigned.append(edit)
    return Option(label.strip(), Step(label.strip(), remove=tuple(removed), set=tuple(assigned)))


def _step(design: Design, edit: str, text: str) -> Step:
    number = edit[5:].strip()
    if not number.isdigit() or not 1 <= int(number) <= len(design.story):
        raise VoteError(f'vote "{text}": the story has steps 1 to {len(design.story)}')
    return design.story[int(number) - 1]


def _split(edits: str) -> Iterator[str]:
    """Parts between ";" that do not stand in quotes."""
    part, quote = "", ""
    for letter in edits:
        if letter == ";" and not quote:
            yield part.strip()
            part = ""
            continue
        if letter in "'\"":
            quote = "" if letter == quote else quote or letter
        part += letter
    if part.strip():
        yield part.strip()


def reveal(design: Design, story: Design, step: Step, catalogue: Catalogue | None = None) -> Iterator[Revealed]:
    """The design as it is (numbers ()), then with each option, then with the best pair that beats both alone.

    `story` is the design whose story the step belongs to. Raises VoteError, EditError.
    """
    yield Revealed((), "as it is", design, evaluate(design, catalogue, fit=False))
    found: dict[tuple[int, ...], Revealed] = {}
    asked = options(story, step)
    for number, option in enumerate(asked, start=1):
        after = apply_step(design, option.step)
        found[(number,)] = Revealed((number,), option.label, after, evaluate(after, catalogue, fit=False))
        yield found[(number,)]
    best = _best_pair(design, asked, found, catalogue)
    if best is not None:
        yield best


def _best_pair(
    design: Design,
    asked: Sequence[Option],
    found: Mapping[tuple[int, ...], Revealed],
    catalogue: Catalogue | None,
) -> Revealed | None:
    best: Revealed | None = None
    for one, other in combinations(range(1, len(asked) + 1), 2):
        together = _both(design, asked[one - 1], asked[other - 1])
        if together is None:
            continue
        report = evaluate(together, catalogue, fit=False)
        alone = max(_rate(found[(one,)].report), _rate(found[(other,)].report))
        if _rate(report) > 1.01 * max(alone, 0.0 if best is None else _rate(best.report)):
            best = Revealed((one, other), "both", together, report)
    return best


def _both(design: Design, one: Option, other: Option) -> Design | None:
    """Both options at once: what only one of them changes counts, whichever comes first."""
    from infralab.models.document import to_mapping

    start = to_mapping(design)
    found: list[Design] = []
    for first, second in ((one, other), (other, one)):
        try:
            between = apply_step(design, first.step)
            kept = _without_no_ops(start, second.step)
            found.append(apply_step(between, kept))
        except EditError:
            continue
    return found[0] if found else None


def _without_no_ops(start: Mapping[str, Any], step: Step) -> Step:
    """The step without assignments that set what is there already: they would undo the other option."""
    from infralab.models.edits import parse_assignment, split_path

    kept = []
    for text in step.set:
        path, value = parse_assignment(text)
        there: Any = start
        for part in split_path(path):
            there = there.get(part) if isinstance(there, Mapping) else None
        if there != value:
            kept.append(text)
    return replace(step, set=tuple(kept))


def _rate(report: Report) -> float:
    return 0.0 if report.throughput is None else report.throughput.value


# --- what one did becomes a story ------------------------------------------------------------------


def record(moments: Iterable[tuple[str, Design]]) -> tuple[Step, ...]:
    """Steps that do again what was done: `moments` are a label and the design after it, the start first."""
    found: list[Step] = []
    before: Design | None = None
    for label, design in moments:
        if before is not None and design != before:
            found.append(between(before, design, label))
        before = design
    return tuple(step for step in found if step.set or step.remove)


def between(before: Design, after: Design, title: str) -> Step:
    """One step that leads from a design to another; stories are left out."""
    from infralab.models.document import to_mapping

    removed: list[str] = []
    assigned: list[str] = []
    old, new = (dict(to_mapping(d)) for d in (before, after))
    for tables in (old, new):
        tables.pop("story", None)
    _differ((), old, new, removed, assigned)
    removed.sort(key=lambda path: not path.startswith("wire."))  # a box that goes takes its wires along
    return Step(title=title[:1].upper() + title[1:], remove=tuple(removed), set=tuple(assigned))


def _differ(
    path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any], removed: list[str], assigned: list[str]
) -> None:
    from infralab.models.document.problem import dotted, toml_value

    removed += [dotted((*path, key)) for key in old if key not in new]
    for key, value in new.items():
        was = old.get(key)
        if value == was:
            continue
        if isinstance(value, Mapping) and isinstance(was, Mapping):
            _differ((*path, key), was, value, removed, assigned)
        elif isinstance(value, Mapping) and len(path) == 0:
            for name, inner in value.items():
                assigned.append(f"{dotted((key, name))} = {toml_value(inner)}")
        else:
            assigned.append(f"{dotted((*path, key))} = {toml_value(value)}")
