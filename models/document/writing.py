"""From a Design to text: the document's own text with few touched bytes, or a new one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from infralab.models import schema
from infralab.models.design import Design
from infralab.models.document import dump
from infralab.models.document.patch import PatchError, patched, same
from infralab.models.document.plain import to_mapping
from infralab.models.document.problem import quoted_key
from infralab.models.document.reading import Document
from infralab.models.document.scan import statements

_NAMED = ("box", "wire", "component")
_Tables = dict[str, Any]


def render(document: Document, design: Design) -> str:
    """The document's text, changed so that it holds `design`.

    What the design did not change keeps its bytes; keys that could not be used, or that this version
    does not know, stay.
    """
    old, new = to_mapping(document.design), to_mapping(design)
    text = document.text
    if not text.strip("\ufeff \t\r\n"):
        return fresh(design)
    if same(old, new):
        return text
    held = _data(text)
    text, held, old = _renamed(text, held, old, new)
    text, held = _sleeping(text, held, old, new)
    wanted = overlaid(held, old, new)
    try:
        return patched(text, wanted, held)
    except PatchError:  # no way to write it in place is known: comments are lost, nothing else
        return dump.document(wanted)


def _data(text: str) -> _Tables:
    return tomllib.loads(text.removeprefix("\ufeff"))


def fresh(design: Design) -> str:
    """A text of its own for a design."""
    return dump.document({"schema": schema.VERSION, **to_mapping(design)})


# --- data: what the text shall hold ----------------------------------------------------------------


def overlaid(held: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> _Tables:
    """What the text holds, with what differs between the old and the new design."""
    result: _Tables = {}
    for name, value in held.items():
        if name in _NAMED and isinstance(value, Mapping):
            merged: Any = _named(value, old.get(name, {}), new.get(name, {}))
        else:
            merged = _merged(value, old.get(name), new.get(name))
        if merged is not None and (merged != {} or value == {}):
            result[name] = merged
    for name, value in new.items():
        if name not in held:
            result[name] = value
    return result


def _named(held: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> _Tables:
    """Boxes, wires, components: each goes or comes as a whole."""
    result: _Tables = {}
    for name, value in held.items():
        if name in new:
            result[name] = _merged(value, old[name], new[name]) if name in old else new[name]
        elif name not in old:
            result[name] = value
    return {**result, **{name: value for name, value in new.items() if name not in held}}


def _merged(held: Any, old: Any, new: Any) -> Any:
    """One value; None where nothing is left of it."""
    if old is None and new is None:
        return held
    if old is not None and new is not None and same(old, new):
        return held
    if isinstance(held, Mapping) and (new is None or isinstance(new, Mapping)):
        before = old if isinstance(old, Mapping) else {}
        after = new or {}
        result: _Tables = {}
        for name, value in held.items():
            merged = _merged(value, before.get(name), after.get(name))
            if merged is not None and (merged != {} or value == {}):
                result[name] = merged
        if new is None and not isinstance(old, Mapping):
            return None
        result.update({name: value for name, value in after.items() if name not in held})
        return result
    if isinstance(held, list) and isinstance(old, list) and isinstance(new, list) and len(held) == len(old):
        return _merged_list(held, old, new)
    return new


def _merged_list(held: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    """Steps of a story: an unchanged one keeps what the text holds, wherever it went."""
    result = []
    for index, value in enumerate(new):
        known = next((at for at, before in enumerate(old) if same(before, value)), None)
        if known is not None:
            result.append(held[known])
        elif len(old) == len(new):
            result.append(_merged(held[index], old[index], value))
        else:
            result.append(value)
    return result


# --- text: names, and wires that sleep in it -------------------------------------------------------


def _renamed(text: str, held: _Tables, old: _Tables, new: _Tables) -> tuple[str, _Tables, _Tables]:
    """The text, its data and the old tables with boxes, wires and parts under their new names."""
    spans: list[tuple[int, int, str]] = []
    found = None
    for family in _NAMED:
        before, after = old.get(family, {}), new.get(family, {})
        taken = held.get(family)
        names = _renames(before, after, taken if isinstance(taken, Mapping) else {})
        if not names:
            continue
        found = found or statements(text)
        spelt: set[str] = set()  # a name inside an inline table is not: its thing is written anew
        for statement in found:
            if len(statement.path) > 1 and statement.path[0] == family and statement.path[1] in names:
                # A key below a header of the thing itself does not spell its name.
                at = 1 if statement.kind != "pair" else 1 - len(statement.section)
                if 0 <= at < len(statement.names):
                    name = str(statement.path[1])
                    spans.append((*statement.names[at], quoted_key(names[name])))
                    spelt.add(name)
        old = {
            **old,
            family: {names[name] if name in spelt else name: value for name, value in before.items()},
        }
    for start, end, name in sorted(spans, reverse=True):
        text = text[:start] + name + text[end:]
    return text, _data(text) if spans else held, old


def _renames(before: _Tables, after: _Tables, taken: Mapping[str, Any]) -> dict[str, str]:
    """Things that are gone and things that are new, paired where they are much alike."""
    gone = [name for name in before if name not in after and name in taken]
    come = [name for name in after if name not in before and name not in taken]
    pairs: dict[str, str] = {}
    for name in gone:
        best = max(come, key=lambda other: _alike(before[name], after[other]), default=None)
        if best is not None and _alike(before[name], after[best]) >= 0.5:
            pairs[name] = best
            come.remove(best)
    return pairs


def _alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Share of the keys on which two tables agree."""
    keys = a.keys() | b.keys()
    return sum(same(a.get(key), b.get(key)) for key in keys) / len(keys) if keys else 0.0


def _sleeping(text: str, held: _Tables, old: _Tables, new: _Tables) -> tuple[str, _Tables]:
    """Wires that led nowhere, and would lead somewhere now: made comments, since nobody drew them."""
    wires = held.get("wire")
    boxes = new.get("box", {})
    if not isinstance(wires, Mapping):
        return text, held
    known = {*old.get("wire", {}), *new.get("wire", {})}
    waking = {name for name, wire in wires.items() if name not in known and _leads(wire, boxes)}
    if not waking:
        return text, held
    parts: list[str] = []
    cursor = 0
    for statement in statements(text):
        if len(statement.path) > 1 and statement.path[0] == "wire" and statement.path[1] in waking:
            lines = text[statement.start : statement.end].splitlines(keepends=True)
            parts += [text[cursor : statement.start], *(f"# {line}" for line in lines)]
            cursor = statement.end
    text = "".join(parts) + text[cursor:]
    return text, _data(text)


def _leads(wire: Any, boxes: Mapping[str, Any]) -> bool:
    ends = wire.get("ends") if isinstance(wire, Mapping) else None
    if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(end, str) for end in ends):
        return False
    return ends[0] != ends[1] and all(end in boxes for end in ends)
