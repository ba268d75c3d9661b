"""Which facts of an entry were read in a document, which were assumed, which follow from others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infralab.models.catalogue.component import ASSUMED, CITED, DERIVED

_ABOUT_SOURCES = ("source", "checked", "unchecked", "from_memory", "estimate", "conflict", "derived")
META = frozenset((*_ABOUT_SOURCES, "note", "aliases", "like", "id", "room"))

# Labels and capability flags: general knowledge in every entry, never looked up one by one.
_LABELS = ("arch", "form_factor", "mem_type", "rdma", "gpudirect", "training", "coherent", "topology")
_GENERAL = {
    "chip": (*_LABELS, "scale_up.topology", "scale_up.domain"),
    "dpu": _LABELS,
    "server": ("pcie", "topology", "cooling"),
    "tier": ("posix", "rdma", "gpudirect"),
    "link": (*_LABELS, "in_network_reduction"),
    "switch": _LABELS,
    "framework": ("learning_curve", "fit"),
}

# The facts that an entry's `derived` text speaks of when it names no key itself.
_DERIVED_FACTS = {
    "chip": re.compile(r"^(tflops|tops|npu_tops)_"),
    "tier": re.compile(r"^(read|write)_"),
    "model": re.compile(r"^(gmacs|mactivations|params|mmacs|mflop)"),
}
_WEAKNESS = {ASSUMED: 0, DERIVED: 1, CITED: 2}


def fact_marks(room: str, facts: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Marks by fact key; a sub-table with a `checked` of its own is marked by its own words."""
    sound = bool(facts.get("checked")) and not facts.get("from_memory") and not facts.get("estimate")
    doubtful = {str(key) for key in facts.get("unchecked", ())}
    doubtful.update(key for key in _GENERAL.get(room, ()) if not prefix and lookup(facts, key) is not None)
    marks: dict[str, str] = {}
    for key, value in facts.items():
        if key in META:
            continue
        if isinstance(value, Mapping) and "checked" in value:
            marks.update(fact_marks(room, value, f"{prefix}{key}."))
        elif not sound or key in doubtful:
            marks[prefix + key] = ASSUMED
        else:
            marks[prefix + key] = DERIVED if _is_derived(room, facts, key) else CITED
    for key in sorted(doubtful):
        if "." in key:
            marks[prefix + key] = ASSUMED
    return marks


def lookup(facts: Mapping[str, Any], path: str) -> Any:
    """The fact at a dotted path, or None."""
    if path in facts:
        return facts[path]
    here: Any = facts
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return here


def mark_of(marks: Mapping[str, str], path: str) -> str:
    """The mark of a fact at a dotted path: its own, or that of the table it stands in."""
    while path:
        if path in marks:
            return marks[path]
        path = path.rpartition(".")[0]
    return ASSUMED


def weakest(*marks: str) -> str:
    """The mark of a figure that rests on several facts."""
    return min(marks, key=lambda mark: _WEAKNESS.get(mark, 0))


def _is_derived(room: str, facts: Mapping[str, Any], key: str) -> bool:
    text = facts.get("derived")
    if not isinstance(text, str):
        return False
    named = [other for other in facts if other not in META and re.search(rf"\b{re.escape(other)}\b", text)]
    if named:
        return key in named
    pattern = _DERIVED_FACTS.get(room)
    return bool(pattern and pattern.match(key))
