"""The catalogue: built-in entries read one by one when asked for, with a user's own laid over them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infralab.models.catalogue.component import CatalogueError, Component, UnknownComponent
from infralab.models.catalogue.store import Store, built_in, fold, fold_loosely

if TYPE_CHECKING:
    from pathlib import Path

# Which room a name means when several have it and none was asked for.
ROOM_ORDER = (
    *("server", "chip", "tier", "switch", "link", "dpu"),
    *("framework", "loader", "quantisation", "model", "dataset"),
)


class Catalogue:
    """Components by name. Immutable: `with_components` and `with_files` give another one."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = built_in() if store is None else store
        self._own: dict[tuple[str, str], Component] = {}
        self._own_names: dict[tuple[str, str], str] = {}  # room, folded name -> id
        self._read: dict[tuple[str, str | None], Component | None] = {}
        self._tables: dict[str, Mapping[str, Any]] = {}
        self._ids: dict[tuple[str | None, str | None], tuple[str, ...]] = {}
        self.warnings: tuple[str, ...] = ()

    def get(self, name: str, room: str | None = None) -> Component:
        """The entry of that id or alias. Raises UnknownComponent with the nearest names."""
        found = self.find(name, room)
        if found is None:
            raise UnknownComponent(name, self._near(name, room), room, self._why(name))
        return found

    def find(self, name: str, room: str | None = None) -> Component | None:
        """As `get`, but None when there is no such entry."""
        key = (name, room)
        if key not in self._read:
            self._read[key] = self._find(name, room)
        return self._read[key]

    def has(self, name: str, room: str | None = None) -> bool:
        return self.find(name, room) is not None

    def ids(self, room: str | None = None, kind: str | None = None) -> tuple[str, ...]:
        """Ids of a room and kind, sorted; a user's entries among them."""
        found = self._ids.get((room, kind))
        if found is None:
            found = tuple(sorted({key for key, place, sort in self._heads() if _in(place, sort, room, kind)}))
            self._ids[room, kind] = found
        return found

    def kinds(self, room: str | None = None) -> tuple[str, ...]:
        return tuple(sorted({sort for _, place, sort in self._heads() if _in(place, sort, room, None)}))

    def rooms(self) -> tuple[str, ...]:
        return ROOM_ORDER

    def search(self, text: str, room: str | None = None, kind: str | None = None) -> list[Component]:
        """Entries whose id, vendor or kind come near to the text, best first."""
        from infralab.models.catalogue.search import ranked

        return ranked(self, text, [head for head in self._heads() if _in(head[1], head[2], room, kind)])

    def model(self, name: str) -> Component:
        """A model of the library by id or alias; kind transformer, vision, recommender or graph."""
        return self.get(name, "model")

    def dataset(self, name: str) -> Component | None:
        return self.find(name, "dataset")

    def table(self, name: str) -> Mapping[str, Any]:
        """A whole table ("power"), or one of its parts ("power.chip"). Raises UnknownComponent."""
        if name not in self._tables:
            self._tables[name] = self._read_table(name)
        return self._tables[name]

    def _read_table(self, name: str) -> Mapping[str, Any]:
        table, _, part = name.partition(".")
        found = {kind: payload for _, kind, payload in self._store.lines(f"#{table}")}
        if part:
            found = {key: payload for key, payload in found.items() if key == part}
            if found:
                value: Mapping[str, Any] = json.loads(found[part])
                return value
        if not found:
            raise UnknownComponent(name, (), "table")
        return {key: json.loads(payload) for key, payload in found.items()}

    def with_components(self, components: Mapping[str, Mapping[str, Any]], where: str = "") -> Catalogue:
        """This catalogue with a preset's or a person's own entries laid over it.

        Fields are the collectors' keys or the names of figures; `like` starts from an entry.
        Raises CatalogueError that names the entry, the key and what would be right.
        """
        if not components:
            return self
        from infralab.models.catalogue.user import Builder

        other = Catalogue(self._store)
        other._own = dict(self._own)
        other._own_names = dict(self._own_names)
        builder = Builder(self, components, where)
        for component in builder.build():
            other._own[component.room, component.id] = component
            for alias in (component.id, *component.facts.get("aliases", ())):
                other._own_names[component.room, fold(alias)] = component.id
        other.warnings = self.warnings + tuple(builder.warnings)
        return other

    def with_files(self, paths: Iterable[str | Path]) -> Catalogue:
        """This catalogue with a person's own TOML files laid over it, later files over earlier."""
        catalogue = self
        for path in paths:
            from infralab.models.catalogue.user import read_file

            catalogue = catalogue.with_components(read_file(str(path)), where=str(path))
        return catalogue

    def pcie_lane(self, gen: int) -> float | None:
        """Bytes/s per direction of one PCIe lane of a generation."""
        link = self.find(f"pcie{gen}-x16", "link")
        if link is None:
            return None
        lane = link.figures.get("bandwidth.lane")
        return lane if lane is not None else link.figures.get("bandwidth", 0.0) / 16 or None

    def _find(self, name: str, room: str | None) -> Component | None:
        rooms = ROOM_ORDER if room is None else (room,)
        for place in rooms:
            if (place, name) in self._own:
                return self._own[place, name]
        entries = {place: (kind, payload) for place, kind, payload in self._store.lines(name)}
        for place in rooms:
            if place in entries:
                return _component(name, place, *entries[place])
        for folded in dict.fromkeys((fold(name), fold_loosely(name))):
            aliases = {place: target for _, place, target in self._store.lines(f"~{folded}")}
            for place in rooms:
                own = self._own_names.get((place, folded))
                if own is not None:
                    return self._own[place, own]
                if place in aliases and aliases[place] != name:
                    return self._find(aliases[place], place)
        return None

    def _heads(self) -> Iterator[tuple[str, str, str]]:
        """(id, room, kind) of every entry."""
        for key, room, kind in self._store.entries():
            if (room, key) not in self._own:
                yield key, room, kind
        for component in self._own.values():
            yield component.id, component.room, component.kind

    def _near(self, name: str, room: str | None) -> list[str]:
        from infralab.models.catalogue.search import near

        return near(name, {key for key, place, _ in self._heads() if room in (None, place)})

    def _why(self, name: str) -> str:
        """What the catalogue knows of a name that it has no entry for."""
        for table, words in (
            ("unidentifiable", "the name fits several products: {}"),
            ("left_out", "known, but without a public peak or enough published results"),
        ):
            for _, key, payload in self._store.lines(f"#{table}"):
                if key == name:
                    return words.format(json.loads(payload))
        return ""


def _in(place: str, sort: str, room: str | None, kind: str | None) -> bool:
    return room in (None, place) and kind in (None, sort)


def _component(key: str, room: str, kind: str, payload: str) -> Component:
    try:
        data = json.loads(payload)
    except ValueError as error:
        raise CatalogueError(f"the compiled catalogue is damaged at {key!r}: {error}") from None
    return make(key, room, kind, data["facts"], data["figures"], data["marks"])


def make(
    key: str,
    room: str,
    kind: str,
    facts: Mapping[str, Any],
    figures: Mapping[str, float],
    marks: Mapping[str, str],
) -> Component:
    """A component with sources and note picked out of its facts."""
    sources = facts.get("source", ())
    names = (sources,) if isinstance(sources, str) else tuple(sources)
    return Component(key, room, kind, facts, figures, marks, names, str(facts.get("note", "")))
