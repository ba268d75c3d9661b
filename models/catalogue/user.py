"""A person's own entries: read from TOML, checked, and laid over the catalogue.

Errors name file, entry and key, and say what would be right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infralab.models.catalogue.catalogue import make
from infralab.models.catalogue.component import ASSUMED, CatalogueError, Component, UnknownComponent
from infralab.models.catalogue.figure_tables import ROOMS, Rule, rule_for
from infralab.models.catalogue.figures import derive, scales_with
from infralab.models.catalogue.layout import ROOM_OF_KIND
from infralab.models.catalogue.marks import META, lookup, mark_of
from infralab.models.units import UnitError, example, parse

if TYPE_CHECKING:
    from infralab.models.catalogue.catalogue import Catalogue

_KINDS = '"gpu", "cpu", "tpu", "object", "parallel-fs", "block", "scale-out", "switch", "dpu" …'
_GROUPS = ("peak", "achieved", "host", "nic", "storage_nic", "front_nic", "disk", "chip_link")
_MARKS = ("checked", "unchecked", "from_memory", "estimate", "source", "derived", "conflict")


def read_file(path: str) -> dict[str, Mapping[str, Any]]:
    """The entries of a TOML file: a table each, at the top or under [component]."""
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not valid TOML: {error}") from None
    data.pop("schema", None)
    inner = data.pop("component", {})
    entries = {**data, **inner} if isinstance(inner, dict) else {**data, "component": inner}
    for key, value in entries.items():
        if not isinstance(value, dict):
            raise CatalogueError(
                f'{path}: {key} = {_toml(value)}: expected a table for each component, e.g. [{key}] with kind = "gpu"'
            )
    return entries


class Builder:
    """Makes components of plain tables; entries may be like each other in any order."""

    def __init__(self, base: Catalogue, tables: Mapping[str, Mapping[str, Any]], where: str = "") -> None:
        self._base = base
        self._tables = tables
        self._where = f"{where}: " if where else ""
        self._done: dict[str, Component] = {}
        self._busy: list[str] = []
        self.warnings: list[str] = []

    def build(self) -> Iterator[Component]:
        for key in self._tables:
            yield self._component(key)

    def _component(self, key: str) -> Component:
        if key in self._done:
            return self._done[key]
        if key in self._busy:
            chain = " -> ".join([*self._busy, key])
            raise self._error(key, "like", f"entries are like each other in a circle: {chain}")
        self._busy.append(key)
        self._done[key] = self._made(key, self._tables[key])
        self._busy.pop()
        return self._done[key]

    def _made(self, key: str, fields: Mapping[str, Any]) -> Component:
        if not isinstance(fields, Mapping):
            raise CatalogueError(f'{self._where}{key} = {_toml(fields)}: expected a table, e.g. {{ kind = "gpu" }}')
        base = self._starting_point(key, fields)
        room = self._room(key, fields, base)
        own = self._checked(key, room, fields)
        facts, stale = _merged(base.facts if base else {}, own, room)
        if room == "tier" and (scale := scales_with(facts)):
            facts["scales_with"] = scale
        figures, marks = derive(room, facts, self._base.pcie_lane)
        if base is not None:
            for name, value in base.figures.items():  # prices that no fact of the entry holds
                if name not in figures and name not in stale and not _has_source(room, name, facts):
                    figures[name] = value
            _inherit(marks, figures, base, facts, own, room)
        kind = str(fields.get("kind", base.kind if base else room))
        return make(key, room, kind, facts, figures, marks)

    def _starting_point(self, key: str, fields: Mapping[str, Any]) -> Component | None:
        like = fields.get("like")
        if like is None:
            room = fields.get("room")
            return self._base.find(key, room) if "kind" not in fields else None
        if not isinstance(like, str):
            raise self._error(key, "like", f"{like!r}: expected the name of an entry", like)
        if like in self._tables and like != key:
            return self._component(like)
        try:
            return self._base.get(like, fields.get("room"))
        except UnknownComponent as error:
            raise self._error(key, "like", str(error), like) from None

    def _room(self, key: str, fields: Mapping[str, Any], base: Component | None) -> str:
        if isinstance(fields.get("room"), str):
            return str(fields["room"])
        if base is not None:
            return base.room
        kind = fields.get("kind")
        if "chip" in fields and "chips" in fields:
            return "server"
        if isinstance(kind, str) and kind in ROOM_OF_KIND:
            return ROOM_OF_KIND[kind]
        if kind is None:
            raise CatalogueError(
                f"{self._where}{key}: says neither what it is (kind = {_KINDS}) "
                "nor what it starts from (like = the name of an entry)"
            )
        raise self._error(key, "kind", f"unknown kind{_nearest(str(kind))}; expected {_KINDS}", kind)

    def _checked(self, key: str, room: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with quantities in the unit of their key; raises on a wrong type."""
        own: dict[str, Any] = {}
        for name, value in fields.items():
            own[name] = self._value(key, room, name, value)
        return own

    def _value(self, key: str, room: str, path: str, value: Any) -> Any:
        rule = rule_for(room, path)
        if isinstance(value, Mapping):
            if rule is not None and path not in _GROUPS and not _has_below(room, path):
                raise self._wrong(key, path, value, rule, room)
            return {name: self._value(key, room, f"{path}.{name}", inner) for name, inner in value.items()}
        if rule is None:
            self._warn_unknown(key, room, path)
            return value
        return self._number(key, room, path, value, rule)

    def _number(self, key: str, room: str, path: str, value: Any, rule: Rule) -> Any:
        if isinstance(value, str) and room == "model" and not rule.dimension:
            return value
        if isinstance(value, list):
            return value
        if isinstance(value, str):
            try:
                return parse(value, rule.dimension).value / rule.factor
            except UnitError as error:
                raise self._wrong(key, path, value, rule, room, str(error)) from None
        bare = rule.factor != 1.0 or rule.path != rule.figure or not rule.dimension
        if isinstance(value, bool) or not isinstance(value, int | float) or not bare:
            raise self._wrong(key, path, value, rule, room)
        if value < 0 or value != value:
            raise self._wrong(key, path, value, rule, room, "a negative figure")
        return value

    def _wrong(self, key: str, path: str, value: Any, rule: Rule, room: str, why: str = "") -> CatalogueError:
        document_name = rule.path == rule.figure and rule.dimension and rule.factor == 1.0
        if document_name:
            right = f"expected a quantity with its unit, e.g. {example(rule.dimension)}"
        else:
            unit = f", {rule.unit}" if rule.unit else ""
            right = f"expected a number{unit}, e.g. {self._example(room, path)}"
        return self._error(key, path, right + (f" ({why})" if why else ""), value)

    def _example(self, room: str, path: str) -> str:
        for name in self._base.ids(room):
            value = lookup(self._base.get(name, room).facts, path)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return f"{value:g}"
        return "1.5"

    def _warn_unknown(self, key: str, room: str, path: str) -> None:
        head = path.split(".")[0]
        if head in META or head in ("kind", "room", "vendor", "year", "note"):
            return
        from infralab.models.catalogue.search import nearest

        known = {rule.path for rule in ROOMS.get(room, ())} | {rule.figure for rule in ROOMS.get(room, ())}
        close = nearest(path, known)
        if close and not _known_fact(self._base, room, path):
            self.warnings.append(f"{self._where}{key}.{path}: no such figure; did you mean {close}?")

    def _error(self, key: str, path: str, text: str, value: Any = None) -> CatalogueError:
        shown = "" if value is None else f" = {_toml(value)}"
        return CatalogueError(f"{self._where}{key}.{path}{shown}: {text}")


def _merged(base: Mapping[str, Any], own: Mapping[str, Any], room: str) -> tuple[dict[str, Any], set[str]]:
    """The base's facts with one's own over them, and the figures that one's own fields decide.

    A fact of the base that gives the same figure under another key falls away; the base's marks stay
    with the base's facts (see _inherit), so its own words on them are dropped.
    """
    facts = {key: value for key, value in base.items() if key not in ("aliases", "like", *_MARKS)}
    decided = {figure for path in _paths(own) if (figure := _figure(room, path))}
    for path in list(_paths(facts)):
        if _figure(room, path) in decided:
            _remove(facts, path)
    for key, value in own.items():
        before = facts.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            facts[key] = {**before, **value}
        else:
            facts[key] = value
    return facts, decided


def _inherit(
    marks: dict[str, str],
    figures: Mapping[str, float],
    base: Component,
    facts: Mapping[str, Any],
    own: Mapping[str, Any],
    room: str,
) -> None:
    """Marks of what was taken over are the base's; figures that rest on one's own fields keep theirs."""
    changed = set(_paths(own))
    heads = {path.split(".")[0] for path in changed}
    for name in list(marks):
        if name in base.marks and name not in figures and name.split(".")[0] not in heads:
            marks[name] = base.marks[name]
    for name, value in figures.items():
        if base.figures.get(name) == value and not any(_figure(room, path) == name for path in changed):
            marks[name] = base.marks.get(name, ASSUMED)
        elif name not in marks:
            marks[name] = mark_of(marks, name)


def _nearest(kind: str) -> str:
    from infralab.models.catalogue.search import nearest

    close = nearest(kind, ROOM_OF_KIND)
    return f', did you mean "{close}"?' if close else ""


def _figure(room: str, path: str) -> str | None:
    rule = rule_for(room, path)
    return rule.figure if rule else None


def _has_source(room: str, figure: str, facts: Mapping[str, Any]) -> bool:
    return any(_figure(room, path) == figure for path in _paths(facts))


def _has_below(room: str, path: str) -> bool:
    return any(name.startswith(path + ".") for rule in ROOMS.get(room, ()) for name in (rule.path, rule.figure))


def _known_fact(base: Catalogue, room: str, path: str) -> bool:
    return any(lookup(base.get(name, room).facts, path) is not None for name in base.ids(room))


def _paths(facts: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in facts.items():
        yield prefix + key
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")


def _remove(facts: dict[str, Any], path: str) -> None:
    head, _, rest = path.partition(".")
    if not rest:
        facts.pop(head, None)
    elif isinstance(facts.get(head), Mapping):
        facts[head] = dict(facts[head])
        _remove(facts[head], rest)


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
