"""What is wrong with a document, where, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infralab.models.refusal import Refusal

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


class DocumentError(Refusal):
    """A document that cannot be read or written at all; its text says what would be right."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. An error leaves the key out of the design; a warning changes nothing.

    `line` counts from 1 and is None where the design did not come from a text.
    """

    severity: Literal["error", "warning"]
    key: str
    line: int | None
    message: str
    hint: str = ""
    value: str = ""  # as it would stand in the file
    path: str = ""

    def __str__(self) -> str:
        where = ":".join(part for part in (self.path, str(self.line or "")) if part)
        what = f"{self.key} = {self.value}" if self.value else self.key
        head = f"{where}: {what}" if where and what else where or what
        text = f"{head}: {self.message}" if head else self.message
        return f"{text}; {self.hint}" if self.hint else text


def dotted(path: Sequence[str | int]) -> str:
    """A path as it is written in a file or on the command line."""
    return ".".join(quoted_key(str(part)) for part in path)


def quoted_key(name: str) -> str:
    """A key as TOML takes it: bare where that is allowed."""
    return name if _BARE.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + "".join(_escape(c) for c in text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if ord(character) < 0x20 or ord(character) == 0x7F:
        return f"\\u{ord(character):04x}"
    return character


def toml_value(value: Any) -> str:
    """A value as it is written in TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        literal = '"' in value and "'" not in value and value.isprintable()
        return f"'{value}'" if literal else quoted(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{quoted_key(k)} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, float):
        return _float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _float(value: float) -> str:
    text = repr(value)  # the shortest text that reads back the same
    return text.replace("e+", "e") if "inf" not in text and "nan" not in text else text


def shown(value: Any, width: int = 60) -> str:
    """A value for a message: cut where it is long."""
    text = toml_value(value)
    return text if len(text) <= width else text[: width - 1] + "…"
