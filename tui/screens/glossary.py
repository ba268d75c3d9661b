"""The glossary: a card for every kind of part and every term on screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from infralab.models.glossary import Card, card, cards
from infralab.tui.panels.paint import Line
from infralab.tui.stage.browse import Browse, Item
from infralab.tui.stage.page import paragraph


class Glossary(Browse):
    """Opens at a word, if there is a card for it; ends with None."""

    heading = "Glossary: the words on screen, in plain words"
    KEYS: ClassVar = (("type", "search"), ("↑↓", "move"), ("PgDn", "read on"), ("Esc", "back"))

    def __init__(self, word: str = "") -> None:
        found = card(word) if word else None
        super().__init__(found.key if found is not None else "")

    def items(self) -> Sequence[Item]:
        return [Item(one.key, one.title, " ".join((*one.names, one.what))) for one in cards()]

    def detail(self, item: Item, width: int, height: int) -> list[Line]:
        one = card(item.name)
        return [] if one is None else face(one, width)

    def choose(self, item: Item) -> None:
        """A card leads nowhere else."""


def face(one: Card, width: int) -> list[Line]:
    """A card's text as lines."""
    lines: list[Line] = paragraph(one.title, width, "title")
    if one.names:
        lines += paragraph("also: " + ", ".join(one.names), width, "dim", 2, 2)
    for name, text in (
        ("What it is", one.what),
        ("When it matters", one.matters),
        ("What usually limits it", one.limits),
    ):
        lines += [[], [("  ", ""), (name, "key")], *paragraph(text, width)]
    return lines
