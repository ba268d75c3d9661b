"""Designs side by side: what differs in the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infralab.models.design import Design
from infralab.models.document import to_mapping
from infralab.models.document.problem import dotted

# What changes nothing in the answer: places on the canvas, words about the design.
_SILENT = frozenset({"at", "title", "question", "tags", "story", "schema"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A dotted path whose value is not the same; None on a side that does not have it."""

    path: str
    before: Any
    after: Any

    @property
    def is_added(self) -> bool:
        return self.before is None

    @property
    def is_removed(self) -> bool:
        return self.after is None


def differences(a: Design, b: Design) -> tuple[Difference, ...]:
    """What a person would edit to come from `a` to `b`, in an order in which the edits can be made.

    A box or wire that only one side has is one difference, not one for each of its keys.
    """
    found: list[Difference] = []
    _differ((), to_mapping(a), to_mapping(b), found)
    return tuple(sorted(found, key=_turn))


def _turn(item: Difference) -> int:
    """A box takes along what names it when it goes, and has to be there before anything names it."""
    is_box = item.path.startswith("box.")
    return (1 if is_box else 0) if item.is_removed else (2 if is_box else 3)


def _differ(path: tuple[str, ...], a: Mapping[str, Any], b: Mapping[str, Any], found: list[Difference]) -> None:
    for name in [*a, *(key for key in b if key not in a)]:
        if (not path and name in _SILENT) or (len(path) == 2 and name == "at"):
            continue
        before, after = a.get(name), b.get(name)
        if before == after:
            continue
        here = (*path, name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            _differ(here, before, after, found)
        elif not path and name in ("box", "wire", "component"):
            _differ(here, before or {}, after or {}, found)
        else:
            found.append(Difference(dotted(here), _unplaced(before), _unplaced(after)))


def _unplaced(value: Any) -> Any:
    """A box that was added or removed, without its place on the canvas."""
    return {key: inner for key, inner in value.items() if key != "at"} if isinstance(value, Mapping) else value
