"""The one table of a document's keys: what each holds, in which unit, for which kind of work.

Reading, edits, suggestions for misspelt keys, `infralab schema` and the inspector all follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infralab.models.schema.drawn import BOX, DESIGN, PLAN, SITE, SOFTWARE, STEP, VERSION, WIRE
from infralab.models.schema.figures import BOX_FIGURES, PARTS, PEAK, PEAK_PARTS, WIRE_FIGURES
from infralab.models.schema.key import COUNT_LIMIT, Key, allows
from infralab.models.schema.work import (
    CHECKPOINT,
    DATASET,
    KINDS,
    MODEL,
    PRECISIONS,
    STAGES,
    TARGETS,
    WORKLOAD,
)

__all__ = [
    "BOX",
    "BOX_FIGURES",
    "CHECKPOINT",
    "COUNT_LIMIT",
    "DATASET",
    "DESIGN",
    "INNER",
    "KINDS",
    "MODEL",
    "PARTS",
    "PEAK",
    "PEAK_PARTS",
    "PLAN",
    "PRECISIONS",
    "SITE",
    "SOFTWARE",
    "STAGES",
    "STEP",
    "TABLES",
    "TARGETS",
    "VERSION",
    "WIRE",
    "WIRE_FIGURES",
    "WORKLOAD",
    "Key",
    "allows",
    "figure_at",
    "key_at",
    "names_of",
    "nearest",
]

TABLES: dict[str, dict[str, Key]] = {
    "": DESIGN,
    "workload": WORKLOAD,
    "workload.model": MODEL,
    "workload.dataset": DATASET,
    "workload.checkpoint": CHECKPOINT,
    "workload.targets": TARGETS,
    "plan": PLAN,
    "plan.prefill": PLAN,
    "plan.decode": PLAN,
    "software": SOFTWARE,
    "site": SITE,
    "box": BOX,
    "wire": WIRE,
    "story": STEP,
}
# Tables inside a table, for suggestions.
INNER: dict[str, tuple[str, ...]] = {
    "": ("workload", "plan", "software", "site", "box", "wire", "component", "story"),
    "workload": ("dataset", "checkpoint", "targets"),
    "plan": ("prefill", "decode"),
    "box": ("with",),
    "wire": ("with",),
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    import difflib

    names = list(known)
    folded = word.strip().lower().replace("-", "_")
    for name in names:
        if name.lower().replace("-", "_") == folded:
            return name
    found = difflib.get_close_matches(word.lower(), names, 1, 0.6)
    return found[0] if found else None


def names_of(table: str) -> tuple[str, ...]:
    """Every key that a table of TABLES may hold, inner tables included."""
    return (*TABLES.get(table, {}), *INNER.get(table, ()))


def key_at(path: Sequence[str]) -> Key | None:
    """The key that a dotted path names (`box.<name>.with.chip.memory`), or None where it names none."""
    head, rest = path[0] if path else "", tuple(path[1:])
    if not rest:
        return DESIGN.get(head)
    if head in ("box", "wire"):
        rest = rest[1:]
        return figure_at(head, rest[1:]) if rest[:1] == ("with",) else _single(TABLES[head], rest)
    if head == "story":
        return _single(STEP, rest[1:])
    if len(rest) == 2:
        return TABLES.get(f"{head}.{rest[0]}", {}).get(rest[1])
    return _single(TABLES.get(head, {}), rest)


def figure_at(table: str, path: Sequence[str]) -> Key | None:
    """The figure that `with.<path>` of a box or wire overrides, or None."""
    if len(path) == 1:
        return (BOX_FIGURES if table == "box" else WIRE_FIGURES).get(path[0])
    if table != "box" or len(path) not in (2, 3) or path[0] not in PARTS:
        return None
    if len(path) == 3:
        peak = path[0] in PEAK_PARTS and path[1] == "peak" and path[2] in PRECISIONS
        return PEAK if peak else None
    return PARTS[path[0]].get(path[1])


def _single(keys: dict[str, Key], rest: Sequence[str]) -> Key | None:
    return keys.get(rest[0]) if len(rest) == 1 else None
