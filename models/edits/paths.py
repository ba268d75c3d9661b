"""Dotted paths and assignments, as typed on the command line and in a story."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from infralab.models import schema
from infralab.models.refusal import Refusal

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s."'=]+))\s*(\.|$)""")
_ASSIGNMENT = re.compile(r"""((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'=])*)=(.*)""", re.DOTALL)


class EditError(Refusal):
    """An edit that cannot be made, and what would be right."""


def split_path(path: str) -> tuple[str, ...]:
    """The parts of a dotted path; a part with a dot in it stands in quotes."""
    parts: list[str] = []
    at = 0
    while True:
        match = _PART.match(path, at)
        if not match:
            raise EditError(f"{path!r} is no path; write it like box.train.count")
        basic, literal, bare, sign = match.groups()
        parts.append(_unescaped(basic) if basic is not None else literal if literal is not None else bare)
        at = match.end()
        if not sign:
            return tuple(parts)


def _unescaped(inner: str) -> str:
    try:
        text: str = tomllib.loads(f'v = "{inner}"')["v"]
    except tomllib.TOMLDecodeError:
        raise EditError(f'"{inner}" is no name in quotes') from None
    return text


def parse_assignment(text: str) -> tuple[str, Any]:
    """ "path = value" as (path, value); a value that is no TOML, or a text's, is taken as a string."""
    match = _ASSIGNMENT.fullmatch(text)
    if not match or not match[1].strip():
        raise EditError(f"{text!r} is no assignment; write it like box.train.count=32")
    path, raw = match[1].strip(), match[2].strip()
    parts = split_path(path)
    if not raw:
        raise EditError(f"{text!r} has no value; write it like box.train.count=32, or remove {path}")
    value = _value(raw)
    key = schema.key_at(parts)
    if key and key.type == "text" and not isinstance(value, str | dict | list):
        value = raw  # software.version=2.40 is the text "2.40"
    if key and key.type == "texts" and isinstance(value, str):
        value = [value]
    return path, value


def _value(raw: str) -> Any:
    try:
        data = tomllib.loads(f"v = {raw}")
    except tomllib.TOMLDecodeError:
        return raw
    return data["v"] if len(data) == 1 else raw
