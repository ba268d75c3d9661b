"""Cards in plain words for every kind of part and every term on screen: `models/glossary.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache

from infralab.models.catalogue import Catalogue, default_catalogue

_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "glossary.toml")
# What the model puts around a kind: "waiting for requests", "checkpoint: write bandwidth", "NVLink latency",
# "host core (collating)".
_AROUND = re.compile(r"^(?:waiting for |[a-z]+: )|(?: latency| \(.*\))$")


@dataclass(frozen=True, slots=True)
class Card:
    """`names`: other words that lead to it; `rooms`: kinds of the catalogue ("chip/gpu")."""

    key: str
    title: str
    what: str
    matters: str
    limits: str
    names: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


@cache
def cards() -> tuple[Card, ...]:
    """Every card, in the file's order."""
    with open(_FILE, "rb") as file:
        tables = tomllib.load(file)
    return tuple(
        Card(
            key,
            str(table["title"]),
            str(table["what"]),
            str(table["matters"]),
            str(table["limits"]),
            tuple(table.get("names", ())),
            tuple(table.get("room", ())),
        )
        for key, table in tables.items()
    )


@cache
def _by_word() -> dict[str, Card]:
    found: dict[str, Card] = {}
    for card in cards():
        for word in (card.key, card.title, *card.names):
            found.setdefault(word.lower(), card)
    return found


@cache
def _by_room() -> dict[str, Card]:
    return {room: card for card in cards() for room in card.rooms}


def card(word: str, catalogue: Catalogue | None = None) -> Card | None:
    """The card of a term, of a kind that a report names, or of an entry of the catalogue; None without one."""
    word = word.strip()
    found = _by_word().get(word.lower())
    if found is not None:
        return found
    bare = _AROUND.sub("", word)
    if bare != word:
        return card(bare, catalogue)
    return _of_entry(word, catalogue or default_catalogue())


def _of_entry(name: str, catalogue: Catalogue) -> Card | None:
    entry = catalogue.find(name)
    return None if entry is None else of_kind(entry.room, entry.kind)


def of_kind(room: str, kind: str) -> Card | None:
    """The card of a kind of the catalogue ("chip", "gpu")."""
    return _by_room().get(f"{room}/{kind}")
