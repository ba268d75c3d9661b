"""A person's own entries: read from TOML, checked, and laid over the catalogue.

Errors name file, entry and key, and say what would be right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infralab.models.catalogue.catalogue import make
from infralab.models.catalogue.component import ASSUMED, CatalogueError, Component, UnknownComponent
from infralab.models.catalogue.figure_tables import ROOMS, Rule, follows_from, is_group, rule_for
from infralab.models.catalogue.figures import derive, scales_with
from infralab.models.catalogue.layout import ROOM_OF_KIND
from infralab.models.catalogue.marks import META, fact_marks, lookup, mark_of, weakest
from infralab.models.units import UnitError, example, parse

if TYPE_CHECKING:
    from infralab.models.catalogue.catalogue import Catalogue

_KINDS = '"gpu", "cpu", "tpu", "object", "parallel-fs", "block", "scale-out", "switch", "dpu" …'
_GROUPS = {
    "peak": '{ bf16 = "989 TFLOP/s" }',
    "nic": "{ count = 8, gbps = 400 }",
    "host": '{ cores = 112, memory = "2 TB" }',
}
_NUMBERS = {
    "nccl_hw_latency_us": "[2.7, 4.0, 14.0]",
    "latency_ns_total": "[100, 300]",
    "power_range_w": "[15, 60]",
    "ports_gbps": "[200, 200]",
    "capacity_tib": "[12, 100]",
}
_NAMES = {"source": '["title of a document"]', "aliases": '["other name"]', "unchecked": '["tdp_w"]'}
_TABLES = {"fit": "{ nvidia_gpu = 0.9 }"}
_PRICES = ("purchase_price", "price_hour", "price")  # they come from the table of money, not from the entry
_MARKS = ("checked", "unchecked", "from_memory", "estimate", "source", "derived", "conflict")


def read_file(path: str) -> dict[str, Mapping[str, Any]]:
    """The entries of a TOML file: a table each, at the top or under [component]."""
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CatalogueError(f"{path}: not UTF-8 text; a catalogue file is a TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
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
        facts = _merged(base.facts if base else {}, own, room)
        if room == "tier" and (scale := scales_with(facts)):
            facts["scales_with"] = scale
        figures, marks = derive(room, facts, self._base.pcie_lane)
        if base is not None:
            for name, value in base.figures.items():
                if name not in figures and name in _PRICES:
                    figures[name] = value
            _inherit(marks, figures, base, own, room)
        kind = str(fields.get("kind", base.kind if base else room))
        return make(key, room, kind, facts, figures, marks)

    def _starting_point(self, key: str, fields: Mapping[str, Any]) -> Component | None:
        like = fields.get("like")
        if like is None:
            room = fields.get("room")
            return self._base.find(key, room) if "kind" not in fields else None
        if not isinstance(like, str):
            raise self._error(key, "like", "expected the name of an entry", like)
        if like in self._tables and like != key:
            return self._component(like)
        try:
            return self._base.get(like, fields.get("room"))
        except UnknownComponent as error:
            raise self._error(key, "like", str(error), like) from None

    def _room(self, key: str, fields: Mapping[str, Any], base: Component | None) -> str:
        if "room" in fields:
            if fields["room"] not in ROOMS:
                raise self._error(key, "room", f"no such room; expected one of {', '.join(ROOMS)}", fields["room"])
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
        self._check_form(key, path, value)
        rule = rule_for(room, path)
        if isinstance(value, Mapping):
            if rule is not None and not is_group(room, path):
                raise self._wrong(key, path, value, rule, room)
            return {name: self._value(key, room, f"{path}.{name}", inner) for name, inner in value.items()}
        if rule is None:
            if is_group(room, path):
                raise self._error(key, path, f"expected a table of figures, e.g. {_GROUPS.get(path, '{ … }')}", value)
            self._warn_unknown(key, room, path)
            return value
        return self._number(key, room, path, value, rule)

    def _check_form(self, key: str, path: str, value: Any) -> None:
        """Keys that hold neither a figure nor a plain label: lists of numbers or names, tables."""
        if path in _NUMBERS:
            numbers = isinstance(value, list) and all(type(inner) in (int, float) for inner in value)
            if not numbers or not value:
                raise self._error(key, path, f"expected a list of numbers, e.g. {_NUMBERS[path]}", value)
        elif path in _NAMES:
            names = isinstance(value, list) and all(isinstance(inner, str) for inner in value)
            if not names and not (path == "source" and isinstance(value, str)):
                raise self._error(key, path, f"expected a list of texts, e.g. {_NAMES[path]}", value)
        elif path in _TABLES and not isinstance(value, Mapping):
            raise self._error(key, path, f"expected a table, e.g. {_TABLES[path]}", value)

    def _number(self, key: str, room: str, path: str, value: Any, rule: Rule) -> Any:
        if isinstance(value, str) and room == "model" and not rule.dimension:
            return value
        if isinstance(value, list) and room in ("model", "dataset"):
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


def _merged(base: Mapping[str, Any], own: Mapping[str, Any], room: str) -> dict[str, Any]:
    """The base's facts with one's own over them.

    A fact of the base that gives the same figure under another key falls away; the base's marks stay
    with the base's facts (see _inherit), so its own words on them are dropped.
    """
    facts = {key: value for key, value in base.items() if key not in ("aliases", "like", *_MARKS)}
    decided = {figure for path in _paths(own) if (figure := _figure(room, path))}
    for path in list(_paths(facts)):
        figure = _figure(room, path)
        if figure in decided or (figure and _is_stale(room, figure, decided)):
            _remove(facts, path)
    for key, value in own.items():
        before = facts.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            facts[key] = {**before, **value}
        else:
            facts[key] = value
    return facts


def _is_stale(room: str, figure: str, decided: set[str]) -> bool:
    """Whether a figure of the base no longer holds once others are changed; a measured share may."""
    return not figure.startswith("efficiency.") and bool(decided.intersection(follows_from(room, figure)))


def _inherit(
    marks: dict[str, str], figures: Mapping[str, float], base: Component, own: Mapping[str, Any], room: str
) -> None:
    """Marks of what was taken over are the base's; what one's own fields say is marked by their words."""
    own_marks = fact_marks(room, own)
    changed = {path: mark_of(own_marks, path) for path in _paths(own)}
    for name in list(marks):
        if name in figures:
            continue
        if name in changed:
            marks[name] = changed[name]
        elif name in base.marks and not any(path.startswith(f"{name}.") for path in changed):
            marks[name] = base.marks[name]
    decided = {figure: mark for path, mark in changed.items() if (figure := _figure(room, path))}
    for name, value in figures.items():
        if name in decided:
            marks[name] = decided[name]
        elif base.figures.get(name) == value and not decided.keys() & set(follows_from(room, name)):
            marks[name] = base.marks.get(name, ASSUMED)
        else:
            marks[name] = weakest(marks.get(name, ASSUMED), ASSUMED)  # rests on something changed


def _nearest(kind: str) -> str:
    from infralab.models.catalogue.search import nearest

    close = nearest(kind, ROOM_OF_KIND)
    return f', did you mean "{close}"?' if close else ""


def _figure(room: str, path: str) -> str | None:
    rule = rule_for(room, path)
    return rule.figure if rule else None


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
