"""Where things stand in a TOML text: every header and every `key = value`, with line and span.

The text must be valid TOML (tomllib has read it): the scan only finds its way around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t\ufeff]*")  # a byte order mark may begin the text
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # what may stand between the values of an array
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One or more whole lines: [start, end) with the line break; the value is [value, stop).

    `section` is the path of the header above; of a header, its own. `names` are the spans of the
    parts of the key as written.
    """

    kind: Literal["header", "array", "pair", "other"]
    path: Path
    section: Path
    line: int
    start: int
    end: int
    names: tuple[tuple[int, int], ...] = ()
    value: int = 0
    stop: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` of an inline table: [start, stop), its value [value, stop)."""

    path: tuple[str, ...]
    start: int
    value: int
    stop: int


def statements(text: str) -> list[Statement]:
    """Every statement of the text, in order; blank lines and comments are "other"."""
    found: list[Statement] = []
    table: Path = ()
    arrays: dict[Path, int] = {}
    position, line = 0, 1
    while position < len(text):
        statement, table = _statement(text, position, line, table, arrays)
        found.append(statement)
        line += text.count("\n", position, statement.end)
        position = statement.end
    return found


def _statement(
    text: str, start: int, line: int, table: Path, arrays: dict[Path, int]
) -> tuple[Statement, Path]:
    at = _after(_BLANK, text, start)
    first = text[at : at + 1]
    if first in ("", "#", "\n", "\r"):
        return Statement("other", (), table, line, start, _line_end(text, at)), table
    if first == "[":
        double = text.startswith("[[", at)
        names, stop, spans = _keys(text, at + (2 if double else 1))
        path = (*_resolved(names[:-1], arrays), names[-1])
        if double:
            arrays[path] = arrays.get(path, -1) + 1
            path = (*path, arrays[path])
        else:
            path = _resolved(names, arrays)
        kind: Literal["header", "array"] = "array" if double else "header"
        return Statement(kind, path, path, line, start, _line_end(text, stop), spans), path
    names, stop, spans = _keys(text, at)
    value = _after(_BLANK, text, stop + 1)
    stop = value_end(text, value)
    end = _line_end(text, stop)
    return Statement("pair", (*table, *names), table, line, start, end, spans, value, stop), table


def _resolved(names: tuple[str, ...], arrays: dict[Path, int]) -> Path:
    """A header's path with the place in each array of tables that it goes through."""
    path: Path = ()
    for name in names:
        path = (*path, name)
        if path in arrays:
            path = (*path, arrays[path])
    return path


def entries(text: str, start: int) -> list[Entry]:
    """The entries of the inline table whose brace stands at `start`."""
    found: list[Entry] = []
    at = _after(_GAP, text, start + 1)
    while text[at] != "}":
        names, stop, _ = _keys(text, at)
        value = _after(_GAP, text, stop + 1)
        stop = value_end(text, value)
        found.append(Entry(names, at, value, stop))
        at = _after(_GAP, text, stop)
        if text[at] == ",":
            at = _after(_GAP, text, at + 1)
    return found


def items(text: str, start: int) -> list[tuple[int, int]]:
    """The spans of the values of the array whose bracket stands at `start`."""
    found: list[tuple[int, int]] = []
    at = _after(_GAP, text, start + 1)
    while text[at] != "]":
        stop = value_end(text, at)
        found.append((at, stop))
        at = _after(_GAP, text, stop)
        if text[at] == ",":
            at = _after(_GAP, text, at + 1)
    return found


def value_end(text: str, at: int) -> int:
    """Where the value that begins at `at` ends."""
    if text.startswith(('"""', "'''"), at):
        return _long_string_end(text, at)
    first = text[at]
    if first in "\"'":
        return _string_end(text, at)
    if first in "[{":
        at += 1
        while True:
            at = _after(_GAP, text, at)
            if text[at] in "]}":
                return at + 1
            at = at + 1 if text[at] in ",=." else value_end(text, at)
    scalar = _SCALAR.match(text, at)
    assert scalar is not None
    if "=" in scalar[0]:  # a key inside an inline table
        return at + scalar[0].index("=")
    return at + len(scalar[0].rstrip())


def _string_end(text: str, at: int) -> int:
    quote = text[at]
    at += 1
    while text[at] != quote:
        at += 2 if text[at] == "\\" and quote == '"' else 1
    return at + 1


def _long_string_end(text: str, at: int) -> int:
    quote = text[at]
    at += 3
    while not text.startswith(quote * 3, at):
        at += 2 if text[at] == "\\" and quote == '"' else 1
    at += 3
    while text[at : at + 1] == quote:  # up to two quotes may stand before the closing three
        at += 1
    return at


def _keys(text: str, at: int) -> tuple[tuple[str, ...], int, tuple[tuple[int, int], ...]]:
    """The dotted key that begins at `at`, where the sign after it stands, and the parts' spans."""
    names: list[str] = []
    spans: list[tuple[int, int]] = []
    while True:
        at = first = _after(_BLANK, text, at)
        bare = _BARE_KEY.match(text, at)
        if bare:
            names.append(bare[0])
            at = bare.end()
        else:
            stop = _string_end(text, at)
            inner = text[at + 1 : stop - 1]
            names.append(_ESCAPE.sub(_unescaped, inner) if text[at] == '"' else inner)
            at = stop
        spans.append((first, at))
        at = _after(_BLANK, text, at)
        if text[at] != ".":
            return tuple(names), at, tuple(spans)
        at += 1


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SIMPLE.get(match[3], match[3])


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def line_of(found: list[Statement], path: Path) -> int | None:
    """The line of the key, or of the nearest table around it."""
    best: tuple[int, int] | None = None
    for statement in found:
        if statement.kind == "other":
            continue
        depth = _common(statement.path, path)
        if depth and (best is None or depth > best[0]):
            best = (depth, statement.line)
    return best[1] if best else None


def _common(a: Path, b: Path) -> int:
    """How many parts of `b` are matched when `a` leads to it or lies in it; else 0."""
    depth = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        depth += 1
    return depth if depth == len(b) or depth == len(a) else 0
