"""One value, table or thing at a dotted path: set, got, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from infralab.models import schema
from infralab.models.design import Checkpoint, Dataset, Design, FrozenMap
from infralab.models.document import plain as plainly
from infralab.models.document import tables as reading
from infralab.models.document.problem import Problem, dotted, quoted_key, shown
from infralab.models.document.values import plain
from infralab.models.edits.paths import EditError, split_path
from infralab.models.schema import nearest
from infralab.models.units import Quantity

_NAMED = ("box", "wire", "component")


# --- one value -------------------------------------------------------------------------------------


def set_value(design: Design, path: str, value: Any) -> Design:
    """The design in which `path` has `value`: a TOML value, a Quantity, or a whole table as a dict."""
    parts = split_path(path)
    value = _plain_value(value)
    head = parts[0]
    if head in _NAMED:
        return _set_named(design, parts, value)
    if head in _SECTIONS:
        if len(parts) == 1 and not isinstance(value, dict):
            raise EditError(f"{head} is a table; set one of its keys, like {head}.{_example_of(head)}")
        tables = _put(_SECTIONS[head][0](design), parts[1:], value, parts)
        return _read_section(design, head, tables, parts)
    if head == "story":
        return _set_story(design, parts, value)
    if len(parts) == 1 and head in schema.DESIGN and head != "schema":
        return _read_top(design, head, value)
    raise _unknown(parts, 0, "")


def _plain_value(value: Any) -> Any:
    if value is None:
        raise EditError("no value; remove the path instead")
    if isinstance(value, Quantity | FrozenMap | tuple | list):
        return plain(value)
    return value


def get_value(design: Design, path: str) -> Any:
    """What the design holds at the path: None where a known key is not set."""
    parts = split_path(path)
    head, rest = parts[0], parts[1:]
    if head in _NAMED:
        things = _things(design, head)
        if not rest:
            return things
        thing = things.get(rest[0])
        if thing is None:
            raise no_such(design, head, rest[0])
        return thing if len(rest) == 1 else _get_inside(thing, head, rest[1:], parts)
    if head == "story":
        return _get_story(design, parts)
    if head in _SECTIONS:
        return _get_inside(getattr(design, head), head, rest, parts)
    if len(parts) == 1 and head in schema.DESIGN and head != "schema":
        return getattr(design, head)
    if head in design.extra:
        return _dig(design.extra, parts)
    raise _unknown(parts, 0, "")


def _get_inside(thing: Any, table: str, rest: tuple[str, ...], parts: tuple[str, ...]) -> Any:
    """The value at `rest` in a dataclass or a free table."""
    if not rest or thing is None:
        if rest and schema.key_at(parts) is None and rest[0] not in schema.names_of(table):
            raise _unknown(parts, len(parts) - len(rest), table)
        return thing
    if isinstance(thing, FrozenMap):
        return _dig(thing, rest)
    name, more = rest[0], rest[1:]
    if name == "with" and table in ("box", "wire"):
        return _get_override(thing.overrides, table, more, parts)
    if table == "workload" and name == "model" and (more or thing.shape):
        shape = FrozenMap({**({"name": thing.model} if thing.model else {}), **thing.shape})
        return shape.get(more[0]) if more else shape
    if table == "workload" and name == "targets" and len(more) == 1 and more[0] in schema.TARGETS:
        return getattr(thing, schema.TARGETS[more[0]].field)
    key = schema.TABLES.get(table, {}).get(name)
    if key and not more:
        return getattr(thing, key.field)
    if name in schema.INNER.get(table, ()) and hasattr(thing, name):
        return _get_inside(getattr(thing, name), f"{table}.{name}", more, parts)
    if name in thing.extra:
        return _dig(thing.extra, rest)
    raise _unknown(parts, len(parts) - len(rest), table)


def _get_override(
    overrides: FrozenMap[str, Quantity], table: str, figure: tuple[str, ...], parts: tuple[str, ...]
) -> Any:
    if schema.figure_at(table, figure):
        return overrides.get(".".join(figure))
    prefix = ".".join(figure) + "." if figure else ""
    inside = {name.removeprefix(prefix): q for name, q in overrides.items() if name.startswith(prefix)}
    if inside or not figure or (len(figure) == 1 and figure[0] in schema.PARTS):
        return FrozenMap(inside)
    raise EditError(f"{dotted(parts)}: no such figure; known are {', '.join(_figures(table, figure))}")


def _figures(table: str, figure: tuple[str, ...]) -> tuple[str, ...]:
    if table == "box" and figure[0] in schema.PARTS:
        return tuple(schema.PARTS[figure[0]])
    return tuple(schema.BOX_FIGURES if table == "box" else schema.WIRE_FIGURES)


def _dig(thing: Any, rest: Iterable[str]) -> Any:
    for name in rest:
        thing = thing.get(name) if isinstance(thing, Mapping) else None
    return thing


def remove(design: Design, path: str) -> Design:
    """The design without what stands at the path.

    A box takes its wires along, and the places that named it (caches, on, to).
    """
    parts = split_path(path)
    head = parts[0]
    if head in _NAMED:
        return _remove_named(design, parts)
    if head in _SECTIONS:
        reader = _SECTIONS[head][1]
        if len(parts) == 1:
            return replace(design, **{head: reader({}, reading.Found())})
        return _read_section(design, head, _cut(_SECTIONS[head][0](design), parts[1:], parts), parts)
    if head == "story":
        return _remove_story(design, parts)
    if parts in (("title",), ("question",), ("tags",)):
        empty: Any = () if head == "tags" else ""
        return replace(design, **{head: empty})
    if len(parts) == 1 and head in design.extra:
        return replace(design, extra=design.extra.without(head))
    raise _unknown(parts, 0, "")


# --- sections: workload, plan, software ------------------------------------------------------------

_Tables = dict[str, Any]
_SECTIONS: dict[str, tuple[Callable[[Design], _Tables], Callable[[_Tables, reading.Found], Any]]] = {
    "workload": (
        lambda design: plainly.plain_workload(design.workload) if design.workload else {},
        reading.read_workload,
    ),
    "plan": (
        lambda design: plainly.plain_plan(design.plan),
        lambda tables, found: reading.read_plan(tables, ("plan",), found),
    ),
    "software": (lambda design: plainly.plain_software(design.software), reading.read_software),
    "site": (lambda design: plainly.plain_site(design.site), reading.read_site),
}


def _example_of(head: str) -> str:
    return {"workload": 'kind = "loading"', "plan": "tensor = 8", "software": 'framework = "auto"', "site": 'grid = "de"'}[head]


def _put(tables: _Tables, rest: tuple[str, ...], value: Any, parts: tuple[str, ...]) -> _Tables:
    """Tables in which `rest` has the value; tables on the way are made."""
    if not rest:
        return dict(value)
    name, more = rest[0], rest[1:]
    if not more:
        return {**tables, name: value}
    inner = tables.get(name, {})
    if name == "model" and isinstance(inner, str):
        inner = {"name": inner}  # a library entry, of which single fields are now overridden
    if not isinstance(inner, dict):
        where = dotted(parts[: len(parts) - len(more)])
        raise EditError(f"{where} = {shown(inner)} is a value, and has no {more[0]} in it")
    return {**tables, name: _put(inner, more, value, parts)}


def _cut(tables: _Tables, rest: tuple[str, ...], parts: tuple[str, ...]) -> _Tables:
    """Tables without what stands at `rest`; tables that become empty go too."""
    name, more = rest[0], rest[1:]
    if name not in tables or (more and not isinstance(tables[name], dict)):
        near = nearest(name, tables)
        raise EditError(f"{dotted(parts)} is not set" + (f"; did you mean {near}?" if near else ""))
    inner = _cut(tables[name], more, parts) if more else None
    if inner:
        return {**tables, name: inner}
    return {key: value for key, value in tables.items() if key != name}


def _read_section(design: Design, head: str, tables: _Tables, parts: tuple[str, ...]) -> Design:
    found = reading.Found()
    section = _SECTIONS[head][1](tables, found)
    edited = replace(design, **{head: section})
    _check(found, parts)
    _check_references(edited, parts)
    return edited


def _read_top(design: Design, head: str, value: Any) -> Design:
    found = reading.Found()
    fields, _ = reading.read_fields("", schema.DESIGN, {head: value}, (), found)
    _check(found, (head,))
    return replace(design, **fields)


def _check(found: reading.Found, parts: tuple[str, ...]) -> None:
    """Raise for the first thing wrong at the path, below it, or above it."""
    for severity, path, message, hint, value in found.items:
        where = tuple(str(part) for part in path)
        size = min(len(where), len(parts))
        if severity == "warning" or where[:size] != parts[:size]:
            continue
        if severity == "unknown":
            message = "there is no such key"
        problem = Problem("error", dotted(path), None, message, hint, "" if value is None else shown(value))
        raise EditError(str(problem))


def _check_references(design: Design, parts: tuple[str, ...]) -> None:
    for path, target in reading.references(design):
        size = min(len(path), len(parts))
        if target not in design.boxes and path[:size] == parts[:size]:
            raise EditError(f"{dotted(path)} = {shown(target)}: {_missing_box(design, target)}")


def _missing_box(design: Design, name: str) -> str:
    near = nearest(name, design.boxes)
    drawn = ", ".join(list(design.boxes)[:8]) or "none yet"
    return f"there is no box {name}; " + (f"did you mean {near}?" if near else f"drawn are: {drawn}")


# --- boxes, wires, components ----------------------------------------------------------------------


def _things(design: Design, head: str) -> FrozenMap[str, Any]:
    fields: dict[str, FrozenMap[str, Any]] = {
        "box": design.boxes,
        "wire": design.wires,
        "component": design.components,
    }
    return fields[head]


def no_such(design: Design, head: str, name: str) -> EditError:
    """The error for a box, wire or component that is not drawn, with the nearest name there is."""
    near = nearest(name, _things(design, head))
    hint = f"did you mean {near}?" if near else f"make it with {head}.{quoted_key(name)} = {{ … }}"
    return EditError(f"there is no {head} {name}; {hint}")


def _set_named(design: Design, parts: tuple[str, ...], value: Any) -> Design:
    head, rest = parts[0], parts[2:]
    if len(parts) == 1:
        raise EditError(f"name one {head}, like {head}.first = {{ … }}")
    name = parts[1]
    if not name.strip():
        raise EditError(f"a {head} needs a name")
    old = _things(design, head).get(name)
    if not rest and not isinstance(value, dict):
        raise EditError(f"{dotted(parts)} is a table; write it like {dotted(parts)} = {{ … }}")
    if rest and old is None:
        raise no_such(design, head, name)
    before = _plain_thing(head, old) if rest else {}
    return read_named(design, head, name, _put(before, rest, value, parts), parts)


def _plain_thing(head: str, thing: Any) -> _Tables:
    if head == "box":
        return plainly.plain_box(thing)
    if head == "wire":
        return plainly.plain_wire(thing)
    tables: _Tables = plain(thing)
    return tables


def read_named(design: Design, head: str, name: str, tables: _Tables, parts: tuple[str, ...]) -> Design:
    """The design with one box, wire or component read from its tables. Raises EditError for what does not fit."""
    found = reading.Found()
    edited = design
    if head == "box":
        edited = design.with_box(reading.read_box(name, tables, found))
    elif head == "component":
        part = reading.read_component(name, tables, found)
        edited = replace(design, components=design.components.set(name, part))
    else:
        wire = reading.read_wire(name, tables, found)
        if wire and reading.ends_exist(wire, design.boxes, found):
            edited = design.with_wire(wire)
    _check(found, parts)
    _check_references(edited, parts)
    return edited


def _remove_named(design: Design, parts: tuple[str, ...]) -> Design:
    head, rest = parts[0], parts[2:]
    if len(parts) == 1:
        raise EditError(f"name one {head} to remove, like {head}.first")
    name = parts[1]
    things = _things(design, head)
    if name not in things:
        near = nearest(name, things)
        raise EditError(f"there is no {head} {name}" + (f"; did you mean {near}?" if near else ""))
    if rest:
        return read_named(design, head, name, _cut(_plain_thing(head, things[name]), rest, parts), parts)
    if head == "box":
        return follow(design.without_box(name), name, None)
    if head == "wire":
        return design.without_wire(name)
    return replace(design, components=design.components.without(name))


def follow(design: Design, old: str, new: str | None) -> Design:
    """Places that named the box `old` name `new`, or nothing."""
    boxes = {
        name: replace(box, caches=new) if box.caches == old else box for name, box in design.boxes.items()
    }
    work = design.workload
    if work and work.dataset and work.dataset.on == old:
        work = replace(work, dataset=replace(work.dataset, on=new))
    if work and work.checkpoint:
        saved = work.checkpoint
        saved = replace(saved, to=new) if saved.to == old else saved
        saved = replace(saved, stage=new) if saved.stage == old else saved
        work = replace(work, checkpoint=saved)
    # A table that lost its only key is gone, as it is when the file is read again.
    if work and work.dataset == Dataset():
        work = replace(work, dataset=None)
    if work and work.checkpoint == Checkpoint():
        work = replace(work, checkpoint=None)
    return replace(design, boxes=FrozenMap(boxes), workload=work)


# --- stories


def _step_index(design: Design, parts: tuple[str, ...]) -> int:
    if not parts[1].isdigit() or int(parts[1]) >= len(design.story):
        raise EditError(f"there is no story step {parts[1]}; there are {len(design.story)}, counted from 0")
    return int(parts[1])


def _set_story(design: Design, parts: tuple[str, ...], value: Any) -> Design:
    tables: Any = [plainly.plain_step(step) for step in design.story]
    if len(parts) == 1:
        tables = value
    else:
        index = _step_index(design, parts)
        if len(parts) == 2 and not isinstance(value, dict):
            raise EditError(f"{dotted(parts)} is a table; write it like {dotted(parts)} = {{ … }}")
        tables[index] = _put(tables[index], parts[2:], value, parts)
    found = reading.Found()
    story = reading.read_story(tables, found)
    _check(found, parts)
    return replace(design, story=story)


def _get_story(design: Design, parts: tuple[str, ...]) -> Any:
    if len(parts) == 1:
        return design.story
    step = design.story[_step_index(design, parts)]
    return _get_inside(step, "story", parts[2:], parts)


def _remove_story(design: Design, parts: tuple[str, ...]) -> Design:
    if len(parts) == 1:
        return replace(design, story=())
    index = _step_index(design, parts)
    if len(parts) == 2:
        return replace(design, story=design.story[:index] + design.story[index + 1 :])
    rest = _cut(plainly.plain_step(design.story[index]), parts[2:], parts)
    return _set_story(design, parts[:2], rest)


def _unknown(parts: tuple[str, ...], at: int, table: str) -> EditError:
    near = nearest(parts[at], schema.names_of(table))
    if near:
        meant = dotted((*parts[:at], near, *parts[at + 1 :]))
        return EditError(f"{dotted(parts)}: there is no such key; did you mean {meant}?")
    known = [name for name in schema.names_of(table) if name != "schema"]
    return EditError(f"{dotted(parts)}: there is no such key; known here are {', '.join(known)}")
