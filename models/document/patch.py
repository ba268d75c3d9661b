"""The least change of a TOML text that makes it hold other data.

What does not change keeps its bytes: comments, order, number formats, the texts of quantities.
The text is scanned once; every change is a patch of a span; the result is read back and compared.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from typing import Any

from infralab.models.document import dump
from infralab.models.document.problem import dotted, toml_value
from infralab.models.document.scan import Path, Statement, entries, items, statements

_ORDER = ("workload", "plan", "software", "site", "box", "wire", "component", "story")


class PatchError(ValueError):
    """The text could not be changed in place."""


def patched(text: str, wanted: Mapping[str, Any], held: Mapping[str, Any] | None = None) -> str:
    """The text, changed so that it holds `wanted`; `held` is what it holds, where that is known.

    Raises PatchError where that cannot be had.
    """
    patch = _Patch(text)
    patch.change((), tomllib.loads(text.removeprefix("\ufeff")) if held is None else held, wanted)
    result = patch.result()
    try:
        got = tomllib.loads(result.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise PatchError(str(error)) from None
    if not same(got, wanted):
        raise PatchError("the changed text does not hold what was wanted")
    return result


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same type all through: 1, 1.0 and true differ."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(value, b[name]) for name, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and bool(a == b)


class _Patch:
    """The scanned text and the patches collected so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.found = statements(text)
        self.pair_at: dict[Path, Statement] = {}
        self.header_at: dict[Path, Statement] = {}
        self.below: dict[Path, list[int]] = {}  # statements at or inside a path
        self.last: dict[Path, int] = {}  # the last header or pair of a section
        self.patches: list[tuple[int, int, int, str, bool]] = []
        self.implied: dict[Path, list[str]] = {}  # keys of tables that have no header yet
        for index, statement in enumerate(self.found):
            if statement.kind == "other":
                continue
            place = self.pair_at if statement.kind == "pair" else self.header_at
            place[statement.path] = statement
            self.last[statement.section] = index
            for size in range(1, len(statement.path) + 1):
                self.below.setdefault(statement.path[:size], []).append(index)

    def result(self) -> str:
        for path, lines in self.implied.items():
            header = "".join(f"{line}\n" for line in (f"[{dotted(path)}]", *lines))
            self._insert_block(self._lead(self.below[path][0]), header)
        out = _Output(self.newline)
        cursor = 0
        for start, end, _, new, block in sorted(self.patches, key=_in_order):
            if start > cursor:
                out.kept(self.text[cursor:start])
            if block:
                out.block(new)
            elif new:
                out.added(new, whole_lines=end == start)
            cursor = max(cursor, end)
        out.kept(self.text[cursor:])
        return "".join(out.parts)

    def _add(self, start: int, end: int, new: str, block: bool = False) -> None:
        self.patches.append((start, end, len(self.patches), new, block))

    # --- from what the text holds to what is wanted

    def change(self, path: Path, held: Any, wanted: Any) -> None:
        if same(held, wanted):
            return
        statement = self.pair_at.get(path)
        if statement:
            self._add(statement.value, statement.stop, self._value(statement, held, wanted))
        elif isinstance(held, Mapping) and isinstance(wanted, Mapping):
            for name, value in held.items():
                if name in wanted:
                    self.change((*path, name), value, wanted[name])
                else:
                    self.delete((*path, name))
            for name, value in wanted.items():
                if name not in held:
                    self.insert((*path, name), value)
        elif dump.is_array(held) and dump.is_array(wanted):
            self._change_array(path, held, wanted)
        else:
            self.delete(path)
            self.insert(path, wanted)

    def _value(self, statement: Statement, held: Any, wanted: Any) -> str:
        if isinstance(held, Mapping) and isinstance(wanted, Mapping):
            return self._inline(statement.value, held, wanted)
        if isinstance(wanted, list):
            return self._list(statement, held, wanted)
        return toml_value(wanted)

    def _list(self, statement: Statement, held: Any, wanted: list[Any]) -> str:
        """A list with only its changed items exchanged, or anew: on several lines if it was so."""
        if isinstance(held, list) and len(held) == len(wanted):
            parts: list[str] = []
            cursor = statement.value
            for (start, stop), old, new in zip(items(self.text, cursor), held, wanted, strict=True):
                parts.append(self.text[cursor:start])
                parts.append(self.text[start:stop] if same(old, new) else toml_value(new))
                cursor = stop
            return "".join(parts) + self.text[cursor : statement.stop]
        wide = "\n" in self.text[statement.value : statement.stop]
        return dump.pair((str(statement.path[-1]),), wanted, wide).partition(" = ")[2]

    def _inline(self, start: int, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
        """The text of the inline table at `start` with what differs exchanged."""
        found = entries(self.text, start)
        if not found or any(len(entry.path) > 1 for entry in found):
            return toml_value(dict(wanted))
        parts: list[str] = []
        gaps: list[str] = []
        cursor = start
        for entry in found:
            name = entry.path[0]
            gaps.append(self.text[cursor : entry.start])
            cursor = entry.stop
            if name not in wanted:
                continue
            old, new = held[name], wanted[name]
            if same(old, new):
                value = self.text[entry.value : entry.stop]
            elif isinstance(old, Mapping) and isinstance(new, Mapping):
                value = self._inline(entry.value, old, new)
            else:
                value = toml_value(new)
            parts.append(self.text[entry.start : entry.value] + value)
        added = [dump.pair((name,), value) for name, value in wanted.items() if name not in held]
        if not added and len(parts) == len(found):
            end = self.text.index("}", cursor)
            return "".join(gap + part for gap, part in zip(gaps, parts, strict=True)) + self.text[cursor : end + 1]
        return "{ " + ", ".join([*parts, *added]) + " }" if parts or added else "{}"

    def _change_array(self, path: Path, held: list[Any], wanted: list[Any]) -> None:
        """Tables of an array: equal ones at either end stay, those between are changed in turn."""
        short = min(len(held), len(wanted))
        first = 0
        while first < short and same(held[first], wanted[first]):
            first += 1
        last = 0
        while last < short - first and same(held[-1 - last], wanted[-1 - last]):
            last += 1
        between = range(first, short - last)
        for index in between:
            self.change((*path, index), held[index], wanted[index])
        for index in range(short - last, len(held) - last):
            self.delete((*path, index))
        new = wanted[short - last : len(wanted) - last]
        if new:
            after = short - last - 1
            at = self._section_end((*path, after)) if after >= 0 else self._lead(self.below[path][0])
            names = tuple(part for part in path if isinstance(part, str))  # a header names no places
            for item in new:
                self._insert_block(at, dump.block(names, item, double=True))

    # --- taking away

    def delete(self, path: Path) -> None:
        """What stands at the path and below it; a table goes with the comments that belong to it."""
        for index in self.below.get(path, ()):
            statement = self.found[index]
            if statement.kind == "pair":
                if statement.section[: len(path)] != path:  # else it goes with its section
                    self._add(statement.start, statement.end, "")
            else:
                self._add(self._lead(index), self._tail(self.last[statement.section]), "")

    def _lead(self, index: int) -> int:
        """Where the comment lines directly above a header begin."""
        while index > 0 and self._is_comment(index - 1):
            index -= 1
        return self.found[index].start

    def _tail(self, index: int) -> int:
        """Where a section ends: after the comments that follow without a gap, and the blank lines."""
        end = self._after_comments(index)
        while end < len(self.found) and self._is_blank(end):
            end += 1
        return self.found[end - 1].end

    def _after_comments(self, index: int) -> int:
        """The statement after the comments that follow without a gap, if they lead no header."""
        end = index + 1
        while end < len(self.found) and self._is_comment(end):
            end += 1
        leads = end < len(self.found) and self.found[end].kind in ("header", "array")
        return index + 1 if leads else end

    def _is_comment(self, index: int) -> bool:
        statement = self.found[index]
        return statement.kind == "other" and not self._is_blank(index)

    def _is_blank(self, index: int) -> bool:
        statement = self.found[index]
        return statement.kind == "other" and not self.text[statement.start : statement.end].strip()

    # --- putting in

    def insert(self, path: Path, value: Any) -> None:
        parent = path[:-1]
        if dump.is_array(value) and len(path) == 1:
            for item in value:
                self._insert_block(self._place(path), dump.block(path, item, double=True))
        elif isinstance(value, Mapping) and dump.style(path) == "header" and self._plain(parent):
            blocks = dump.members(path, value) if len(path) == 1 else [dump.block(path, value)]
            for block in blocks:
                self._insert_block(self._place(path), block)
        else:
            self._insert_pair(path, value)

    def _plain(self, path: Path) -> bool:
        """Whether a path goes through no array of tables."""
        return all(isinstance(part, str) for part in path)

    def _insert_pair(self, path: Path, value: Any) -> None:
        parent = path[:-1]
        section = self._home(parent)
        if section is None:  # the parent is only implied, by headers below it
            self.implied.setdefault(parent, []).extend(dump.pairs(path[-1:], value, path))
            return
        key = path[len(section) :]
        inside = not self._plain(path)
        lines = "".join(f"{line}\n" for line in dump.pairs(key, value, path, inside))
        if section in self.last:
            at = self.found[self.last[section]].end
        else:
            at = self._root_start()
        self._add(at, at, lines)

    def _home(self, parent: Path) -> Path | None:
        """The section in which a key of the parent is written."""
        if parent == () or parent in self.header_at:
            return parent
        for index in reversed(self.below.get(parent, ())):
            statement = self.found[index]
            if statement.kind == "pair" and len(statement.section) <= len(parent):
                return statement.section
        return None

    def _root_start(self) -> int:
        """Where the first top-level key goes in a text that has none."""
        headers = [index for index, statement in enumerate(self.found) if statement.kind != "other"]
        return self._lead(headers[0]) if headers else len(self.text)

    def _place(self, path: Path) -> int:
        """Where the block of a new table goes: after its family, or after what comes before it."""
        for size in range(len(path) - 1, 0, -1):
            if path[:size] in self.below:
                return self._section_end(path[:size])
        rank = _ORDER.index(str(path[0])) if path[0] in _ORDER else len(_ORDER)
        for name in reversed(_ORDER[: rank + 1]):
            if (name,) in self.below:
                return self._section_end((name,))
        if rank == len(_ORDER):
            return len(self.text)
        return self._end_of(()) if () in self.last else self._root_start()

    def _section_end(self, path: Path) -> int:
        """The end of the last section that has something at the path or below it."""
        return self._end_of(self.found[self.below[path][-1]].section)

    def _end_of(self, section: Path) -> int:
        return self.found[self._after_comments(self.last[section]) - 1].end

    def _insert_block(self, at: int, block: str) -> None:
        self._add(at, at, block, block=True)


def _in_order(patch: tuple[int, int, int, str, bool]) -> tuple[int, bool, int]:
    """By place; at the same place keys come before a new header, below which they would be its own."""
    start, _, number, _, block = patch
    return start, block, number


class _Output:
    """The new text as it grows: lines begin on a line of their own, blocks have a blank line around."""

    def __init__(self, newline: str) -> None:
        self.newline = newline
        self.parts: list[str] = []
        self.tail = ""  # the last few characters
        self.after_block = False

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self.tail = (self.tail + text)[-4:]

    def kept(self, text: str) -> None:
        if text and self.after_block and not text.startswith(("\n", "\r\n")):
            self._put(self.newline)
        if text:
            self._put(text)
            self.after_block = False

    def added(self, text: str, whole_lines: bool) -> None:
        if whole_lines:
            self._line_start()
        self._put(text.replace("\n", self.newline))
        self.after_block = False

    def block(self, text: str) -> None:
        self._line_start()
        if self.tail.strip("\ufeff") and not self.tail.endswith(self.newline * 2):
            self._put(self.newline)
        self._put(text.replace("\n", self.newline))
        self.after_block = True

    def _line_start(self) -> None:
        if self.tail.strip("\ufeff") and not self.tail.endswith("\n"):
            self._put(self.newline)
