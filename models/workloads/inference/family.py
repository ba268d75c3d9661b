"""Software families: which constants a framework of the catalogue shares with others (data, not code)."""

from __future__ import annotations

import re

from infralab.models.constants import table
from infralab.models.design import Software

FILE = "transformer_inference"


def family_of(software: Software) -> str:
    """The family of the design's framework and release; the usual one where the framework is not known.

    A member "name<2.5" stands for the releases before 2.5; such members win over the plain name.
    """
    families = table(FILE)["families"]
    plain = str(table(FILE)["family_when_unknown"])
    for family, members in families.items():
        for member in members:
            name, _, before = str(member).partition("<")
            if name != software.framework:
                continue
            if before and software.version and _number(software.version) < _number(before):
                return str(family)
            if not before:
                plain = str(family)
    return plain


def _number(version: str) -> tuple[int, ...]:
    """The leading numbers of a release: "0.6.3.dev109" -> (0, 6, 3)."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else (10**6,)
