"""What one key of a document takes, and short ways to write that down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Type = Literal[
    "text",  # a string
    "number",  # a number, kept as given; with a dimension also a quantity, kept in base units
    "whole",  # a whole number
    "flag",  # true or false
    "quantity",  # a string with a unit; a bare number only where the dimension is ""
    "texts",  # a list of strings
    "point",  # [x, y] in cells
    "numbers",  # a number, or a list of them
    "fanout",  # a list of numbers, or "full"
    "ends",  # a list of two box names
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `minimum` and `maximum` are inclusive, in the base unit of `dimension`."""

    name: str
    type: Type
    doc: str
    dimension: str = ""
    choices: tuple[str, ...] = ()
    open: bool = False  # choices are only suggestions
    pattern: str = ""  # also allowed besides the choices
    minimum: float | None = None
    maximum: float | None = None
    kinds: frozenset[str] = frozenset()  # of workload; empty: all
    attribute: str = ""  # field of the dataclass when it differs from the name
    refers: str = ""  # "box": a name drawn in this document; "catalogue": an entry there
    required: bool = False
    positive: bool = False  # zero is not allowed either

    @property
    def field(self) -> str:
        return self.attribute or self.name


COUNT_LIMIT = 10_000_000  # more boxes or ways of spreading than that is a slip of the finger
NUMBER_LIMIT = 1e18
LAYER_LIMIT = 10_000  # the model walks through them


def text(name: str, doc: str, *choices: str, **more: Any) -> Key:
    """A key that holds a text, of `choices` where they are given."""
    return Key(name, "text", doc, choices=choices, **more)


def whole(name: str, doc: str, minimum: int = 1, **more: Any) -> Key:
    """A key that holds a whole number, COUNT_LIMIT at most."""
    return Key(name, "whole", doc, minimum=minimum, maximum=COUNT_LIMIT, **more)


def number(name: str, doc: str, minimum: float = 0.0, maximum: float = NUMBER_LIMIT, **more: Any) -> Key:
    """A key that holds a number within limits."""
    return Key(name, "number", doc, minimum=minimum, maximum=maximum, **more)


def degree(name: str, doc: str, **more: Any) -> Key:
    """A count that a sweep may vary: a number of at least one."""
    return Key(name, "number", doc, minimum=1, maximum=COUNT_LIMIT, **more)


def quantity(name: str, dimension: str, doc: str, **more: Any) -> Key:
    """A key that holds a number of a dimension, with or without its unit."""
    positive = dimension in ("bytes", "bytes/s", "FLOP/s", "hertz", "1/s")
    return Key(name, "quantity", doc, dimension=dimension, minimum=0.0, positive=positive, **more)


def keyed(*keys: Key) -> dict[str, Key]:
    """Keys by their name."""
    return {key.name: key for key in keys}


def allows(key: Key, value: str) -> bool:
    """Whether a text is one of the key's choices."""
    if not key.choices or key.open or value in key.choices:
        return True
    return bool(key.pattern) and re.fullmatch(key.pattern, value) is not None
