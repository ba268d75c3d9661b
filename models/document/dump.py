"""Tables as TOML text, laid out as a person would: one header a thing, overrides dotted, the rest inline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from infralab.models.document.problem import dotted, quoted_key, toml_value
from infralab.models.document.scan import Path

Style = Literal["header", "dotted", "inline"]
_FAMILIES = ("box", "wire", "component")
_HEADERS = {("workload", "dataset"), ("workload", "checkpoint"), ("plan", "prefill"), ("plan", "decode")}
_WIDTH = 110


def style(path: Path) -> Style:
    """How a table at the path is written when it is new."""
    if len(path) == 1 or path in _HEADERS or (len(path) == 2 and path[0] in _FAMILIES):
        return "header"
    return "dotted" if path[0] in _FAMILIES and path[-1] == "with" else "inline"


def document(tables: Mapping[str, Any]) -> str:
    """The whole text: top-level values first, then tables in the order given."""
    tops = [name for name, value in tables.items() if not _has_headers(value)]
    lines = [pair((name,), tables[name]) for name in tops]
    blocks = ["\n".join(lines) + "\n"] if lines else []
    for name, value in tables.items():
        if name not in tops:
            blocks += members((name,), value)
    return "\n".join(blocks)


def _has_headers(value: Any) -> bool:
    return isinstance(value, Mapping) or is_array(value)


def is_array(value: Any) -> bool:
    """Whether a value is written as an array of tables."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def members(path: Path, value: Any) -> list[str]:
    """The blocks of a top-level table, of a family of named tables, or of an array of tables."""
    if is_array(value):
        return [block(path, item, double=True) for item in value]
    if path[0] in _FAMILIES and value and all(isinstance(inner, Mapping) for inner in value.values()):
        return [block((*path, name), inner) for name, inner in value.items()]
    return [block(path, value)]


def block(path: Path, table: Mapping[str, Any], double: bool = False) -> str:
    """A header with its pairs, followed by the tables below it that have headers of their own."""
    lines = [f"[[{dotted(path)}]]" if double else f"[{dotted(path)}]"]
    later: list[str] = []
    for name, value in table.items():
        inner = (*path, name)
        if isinstance(value, Mapping) and value and not double and style(inner) == "header":
            later.append(block(inner, value))
        else:
            lines += pairs((name,), value, inner, double)
    return "\n".join(["\n".join(lines) + "\n", *later])


def pairs(key: Path, value: Any, path: Path, inside_array: bool = False) -> Iterator[str]:
    """`key = value`, or several dotted ones for a table that is written so."""
    if isinstance(value, Mapping) and value and not inside_array and style(path) == "dotted":
        yield from _flat(key, value)
    else:
        yield pair(key, value)


def _flat(key: Path, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat((*key, name), inner)
    else:
        yield pair(key, value)


def pair(key: Path, value: Any, wide: bool = False) -> str:
    """One `key = value`, its list on several lines when `wide` or where one would be too long."""
    name = ".".join(quoted_key(str(part)) for part in key)
    line = f"{name} = {toml_value(value)}"
    if isinstance(value, list) and value and (wide or len(line) > _WIDTH):
        items = "".join(f"  {toml_value(item)},\n" for item in value)
        return f"{name} = [\n{items}]"
    return line
