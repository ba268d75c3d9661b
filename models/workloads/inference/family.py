"""Software families: which constants a framework of the catalogue shares with others (data, not code)."""

from __future__ import annotations

from infralab.models.constants import table

FILE = "transformer_inference"


def family_of(framework: str | None) -> str:
    """The software family that a framework of the catalogue belongs to ("default" where none is known)."""
    families = table(FILE)["families"]
    for family, members in families.items():
        if framework in members:
            return str(family)
    return str(table(FILE)["family_when_unknown"])
