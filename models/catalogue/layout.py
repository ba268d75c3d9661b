"""Where the TOML files stand and what they hold: file -> room, kind of an entry, sub-tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infralab.models.catalogue.figures import scales_with
from infralab.models.catalogue.marks import META

HERE = Path(__file__).parent

# file (without .toml) -> room; a file that is no room of components is a table.
ENTRY_FILES: Mapping[str, str] = {
    "data/gpu": "chip",
    "data/tpu": "chip",
    "data/cpu": "chip",
    "data/accelerator": "chip",
    "data/edge": "chip",
    "data/fpga": "chip",
    "data/dpu": "dpu",
    "data/servers": "server",
    "data/storage": "tier",
    "data/links": "link",
    "data/switches": "switch",
    "data/frameworks": "framework",
    "data/loaders": "loader",
    "data/quantisation": "quantisation",
    "library/transformers": "model",
    "library/vision": "model",
    "library/recommenders": "model",
    "library/graph_networks": "model",
    "library/graphs": "dataset",
    "library/datasets": "dataset",
}
TABLE_FILES: Mapping[str, str] = {
    "data/power": "power",
    "data/economics": "economics",
    "data/reliability": "reliability",
    "data/constants": "constants",
    "data/articles": "articles",
    "data/storage_workloads": "storage_workloads",
}
# Tables that stand inside an entry file: key there -> name of the table.
INNER_TABLES: Mapping[str, Mapping[str, str]] = {
    "data/loaders": {"decode": "decode", "copy": "copy", "rule": "rules"},
}
ALIASES = "data/aliases"

_FILE_KIND = {
    "library/transformers": "transformer",
    "library/vision": "vision",
    "library/recommenders": "recommender",
    "library/graph_networks": "graph",
    "library/graphs": "graph",
    "library/datasets": "samples",
    "data/frameworks": "framework",
    "data/loaders": "library",
}

# What a kind in a user's file makes of an entry.
_KINDS_OF_ROOM: Mapping[str, tuple[str, ...]] = {
    "chip": (
        *("gpu", "tpu", "cpu", "ipu", "npu", "fpga", "fpga-aie", "inference-asic"),
        *("edge-gpu", "edge-cpu", "edge-asic", "mcu", "mcu-npu"),
    ),
    "server": ("server",),
    "dpu": ("dpu", "smartnic"),
    "tier": ("object", "parallel-fs", "nfs", "nfs/object", "object/parallel-fs", "block", "memory", "archive"),
    "link": ("scale-up", "scale-out", "host", "cpu-gpu"),
    "switch": ("switch", "fabric"),
    "framework": ("framework", "stack"),
    "loader": ("library", "service", "idealised", "loader"),
    "model": ("transformer", "vision", "recommender", "graph"),
    "dataset": ("samples", "dataset"),
    "quantisation": ("quantisation",),
}
ROOM_OF_KIND: Mapping[str, str] = {kind: room for room, kinds in _KINDS_OF_ROOM.items() for kind in kinds}


@dataclass(slots=True)
class Sources:
    """The TOML files as read: entries by room and id, tables, aliases."""

    entries: dict[tuple[str, str], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: list[tuple[str, str, str]] = field(default_factory=list)  # name, room, id


def read(here: Path = HERE) -> Sources:
    """Read every TOML file of the catalogue (about a tenth of a second: for the compiler and tests)."""
    found = Sources()
    for name, room in ENTRY_FILES.items():
        inner = INNER_TABLES.get(name, {})
        for key, facts in _load(here, name).items():
            if key in inner:
                found.tables[inner[key]] = facts
                continue
            found.entries[room, key] = (kind_of(name, room, facts), facts)
    for name, table in TABLE_FILES.items():
        found.tables[table] = _load(here, name)
    _resolve_likes(found)
    for (room, key), (kind, facts) in list(found.entries.items()):
        if room == "tier" and (scale := scales_with(facts)):
            facts["scales_with"] = scale
        if room == "server":
            chip = found.entries.get(("chip", facts.get("chip", "")))
            found.entries[room, key] = (chip[0] if chip else kind, facts)
    found.aliases = list(_aliases(found, _load(here, ALIASES)))
    return found


def kind_of(name: str, room: str, facts: Mapping[str, Any]) -> str:
    """The finer kind: what the entry says, or what its file holds."""
    if room == "quantisation":
        return str(facts.get("family", "mix"))
    if name in ("library/recommenders", "library/graph_networks", "library/graphs"):
        return _FILE_KIND[name]  # `kind` there is the architecture
    return str(facts.get("kind", _FILE_KIND.get(name, room)))


def _resolve_likes(found: Sources) -> None:
    """`like` and `same_as` take over what the entry does not say itself, doubts included."""
    for (room, key), (kind, facts) in list(found.entries.items()):
        merged = _taken_over(found, room, facts)
        if "kind" not in facts and isinstance(facts.get("like"), str):
            kind = found.entries[room, facts["like"]][0]
        found.entries[room, key] = (kind, merged)


def _taken_over(found: Sources, room: str, facts: dict[str, Any]) -> dict[str, Any]:
    like = facts.get("like", facts.get("same_as"))
    if not isinstance(like, str):
        return facts
    base = _taken_over(found, room, found.entries[room, like][1])
    taken = {name for name in base if name not in facts and name not in META}
    sure = base.get("checked") and not base.get("from_memory")
    doubts = set(facts.get("unchecked", ())) | {name for name in taken if not sure or name in base.get("unchecked", ())}
    merged = {**{name: base[name] for name in base if name in taken}, **facts}
    return {**merged, "unchecked": sorted(doubts)} if doubts else merged


def _aliases(found: Sources, table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for (room, key), (_, facts) in found.entries.items():
        if facts.get("like"):
            continue  # the aliases belong to the entry it is like
        for alias in facts.get("aliases", ()):
            yield alias, room, key
    for alias, target in table["aliases"].items():
        yield alias, "chip", target
    for alias, host in table["hosted"].items():
        yield alias, "chip", host["chip"]
    for name in ("assumed", "hosted", "unidentifiable", "left_out"):
        found.tables[name] = dict(table[name])


def _load(here: Path, name: str) -> dict[str, Any]:
    with (here / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
