"""The compiled catalogue: one sorted text file, searched in place, so that an entry costs its own line.

Lines are `key TAB room TAB kind TAB payload`. Keys: an entry's id (payload: its JSON), `~` + folded
name (room `@`, kind the target's room, payload its id), `#` + table (room `table`, kind the sub-table).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from functools import lru_cache

COMPILED = os.path.join(os.path.dirname(__file__), "compiled.tsv")


def fold(name: str) -> str:
    """A name as it is compared: lower case, letters, digits, "+" and the point inside a number."""
    text = name.lower()
    return "".join(
        char
        for place, char in enumerate(text)
        if char.isalnum() or char == "+" or (char == "." and text[place - 1 : place].isdigit())
    )


def fold_loosely(name: str) -> str:
    """Letters and digits only: how names are compared when that leaves no doubt which one is meant."""
    return "".join(char for char in name.lower() if char.isalnum())


class Store:
    """Binary search over the file's bytes; nothing is parsed until it is asked for."""

    def __init__(self, path: str = COMPILED) -> None:
        with open(path, "rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def lines(self, key: str) -> Iterator[tuple[str, str, str]]:
        """(room, kind, payload) of every line under `key`."""
        if "\t" in key or "\n" in key:
            return
        prefix = key.encode("utf-8", "replace") + b"\t"
        start = self._first(prefix)
        while self._bytes[start : start + len(prefix)] == prefix:
            end = self._bytes.find(b"\n", start)
            room, kind, payload = self._bytes[start + len(prefix) : end].decode().split("\t", 2)
            yield room, kind, payload
            start = end + 1

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """(id, room, kind) of every entry, without reading payloads."""
        position, size = 0, len(self._bytes)
        while position < size:
            if self._bytes[position : position + 1] not in (b"#", b"~"):
                head = self._bytes[position : position + 200].split(b"\t", 3)
                yield head[0].decode(), head[1].decode(), head[2].decode()
            position = self._bytes.find(b"\n", position) + 1

    def _first(self, prefix: bytes) -> int:
        """Where the first line that is not below `prefix` starts."""
        data = self._bytes
        low, high = 0, len(data)
        while low < high:
            middle = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = data.find(b"\n", middle) + 1
            if data[middle : middle + len(prefix)] < prefix:
                low = end
            else:
                high = middle
        return low


@lru_cache(maxsize=1)
def built_in() -> Store:
    """The catalogue that ships with the product."""
    return Store()
