"""Finding entries by words that are nearly right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from infralab.models.catalogue.store import fold

if TYPE_CHECKING:
    from infralab.models.catalogue.catalogue import Catalogue
    from infralab.models.catalogue.component import Component

GOOD = 62.0  # of 100: below it a match is noise (chosen on typing errors of ids)
CLOSE = 80.0  # of 100: surely a slip of the same name
MANY = 40


def ranked(catalogue: Catalogue, text: str, heads: list[tuple[str, str, str]]) -> list[Component]:
    """Entries by how near id, kind, vendor and aliases come to the words of the text."""
    from rapidfuzz import fuzz

    words = text.lower().split()
    scored: list[tuple[float, int, str, str]] = []
    for key, room, kind in heads:
        plain = f"{key} {kind} {room}".lower()
        name = fold(key)
        score = sum(
            100.0 if word in plain or fold(word) in name else fuzz.partial_ratio(word, plain) for word in words
        ) / max(len(words), 1)
        scored.append((score, len(key), key, room))
    hits = [row for row in scored if row[0] >= 85.0]
    if not hits:
        hits = _by_vendor(catalogue, words, scored) or [row for row in scored if row[0] >= GOOD]
    hits.sort(key=lambda row: (-row[0], row[1], row[2]))
    return [catalogue.get(key, room) for _, _, key, room in hits[:MANY]]


def _by_vendor(
    catalogue: Catalogue, words: list[str], scored: list[tuple[float, int, str, str]]
) -> list[tuple[float, int, str, str]]:
    hits = []
    for _, size, key, room in scored:
        component = catalogue.get(key, room)
        plain = f"{component.facts.get('vendor', '')} {key} {component.kind} {room}".lower()
        if all(word in plain for word in words):
            hits.append((100.0, size, key, room))
    return hits


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The one of a few words (kinds, keys) that a mistyped one may have meant."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(word.lower(), sorted(choices), scorer=fuzz.ratio, score_cutoff=GOOD)
    return found[0] if found else None


def near(name: str, ids: Iterable[str], count: int = 4) -> list[str]:
    """The ids that a mistyped name may have meant, best first."""
    from rapidfuzz import fuzz, process

    choices = sorted(ids)
    for cutoff in (CLOSE, GOOD):
        found = process.extract(name.lower(), choices, scorer=fuzz.WRatio, limit=count, score_cutoff=cutoff)
        if found:
            return [choice for choice, _, _ in found]
    return []
