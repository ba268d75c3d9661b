"""What the catalogue holds: a component with its facts, its figures in SI units and the marks on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infralab.models.refusal import Refusal

CITED, ASSUMED, DERIVED, FITTED = "cited", "assumed", "derived", "fitted"


@dataclass(frozen=True, slots=True)
class Component:
    """One entry: hardware, software, a model or a data set.

    `figures` are in SI base units (bytes, bytes/s per direction, FLOP/s dense, seconds, W, Hz, USD)
    under the names that a design may override; a figure that the facts lack is absent.
    `marks` says of every figure and of every fact whether it is cited, assumed, derived or fitted.
    """

    id: str
    room: str
    kind: str
    facts: Mapping[str, Any]
    figures: Mapping[str, float]
    marks: Mapping[str, str]
    sources: tuple[str, ...]
    note: str

    def __hash__(self) -> int:
        return hash((self.room, self.id))


class CatalogueError(Refusal):
    """The catalogue cannot be read, or an entry of the user's is wrong; the text says where and how."""


class UnknownComponent(CatalogueError):
    """No entry goes by that name; `near` holds the closest names that exist."""

    def __init__(self, name: str, near: Sequence[str] = (), room: str | None = None, why: str = "") -> None:
        self.name = name
        self.near = tuple(near)
        self.room = room
        what = f"{room} named" if room else "component named"
        text = f"no {what} {name!r} in the catalogue"
        if why:
            text += f" ({why})"
        if self.near:
            text += "; nearest: " + ", ".join(self.near)
        super().__init__(text)
