"""Compile the TOML files into the one text file that is read at run time.

`python -m infralab.models.catalogue.compile` writes it; `--check` says whether it is fresh.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infralab.models.catalogue import layout
from infralab.models.catalogue.component import DERIVED, CatalogueError
from infralab.models.catalogue.figures import derive, number
from infralab.models.catalogue.marks import fact_marks, mark_of, weakest
from infralab.models.catalogue.store import COMPILED, fold, fold_loosely


def compiled_text() -> str:
    """What the compiled file has to hold for the TOML files as they are."""
    found = layout.read()
    lines = sorted(line.encode() for line in _lines(found))
    return b"\n".join(lines).decode() + "\n"


def _lines(found: layout.Sources) -> Iterator[str]:
    for (room, key), (kind, facts) in found.entries.items():
        figures, marks = derive(room, facts, lambda gen: pcie_lane(found, gen))
        _add_prices(found, room, key, figures, marks)
        payload = {"facts": facts, "figures": figures, "marks": marks}
        yield "\t".join((key, room, kind, _json(payload)))
    for (room, name), key in other_names(found).items():
        yield "\t".join((f"~{name}", "@", room, key))
    for name, table in found.tables.items():
        for key, value in table.items():
            yield "\t".join((f"#{name}", "table", key, _json(value)))


def other_names(found: layout.Sources) -> dict[tuple[str, str], str]:
    """(room, folded name) -> id; a loosely folded name only where a single entry can be meant.

    Raises CatalogueError when two entries of a room claim the same name.
    """
    names: dict[tuple[str, str], str] = {}
    for name, room, key in _names(found):
        if names.setdefault((room, fold(name)), key) != key:
            raise CatalogueError(f"{room} {name!r} is claimed by {key!r} and by {names[room, fold(name)]!r}")
    loose: dict[tuple[str, str], set[str]] = {}
    for name, room, key in _names(found):
        loose.setdefault((room, fold_loosely(name)), set()).add(key)
    for place, keys in loose.items():
        if len(keys) == 1:
            names.setdefault(place, next(iter(keys)))
    return names


def _names(found: layout.Sources) -> Iterator[tuple[str, str, str]]:
    """Other names of entries; a name that is some entry's own id in that room means that entry."""
    own = {(room, fold(key)): key for room, key in found.entries}
    for room, key in found.entries:
        yield key, room, key
    for alias, room, key in found.aliases:
        if (room, fold(alias)) not in own:
            yield alias, room, key


def pcie_lane(found: layout.Sources, gen: int) -> float | None:
    """Bytes/s per direction of one PCIe lane, from the link entries."""
    entry = found.entries.get(("link", f"pcie{gen}-x16"))
    if entry is None:
        return None
    lane = number(entry[1].get("gb_s_per_lane_per_dir"))
    if lane is None:
        whole = number(entry[1].get("gb_s_per_dir"))
        lane = whole / 16 if whole is not None else None
    return lane * 1e9 if lane is not None else None


def _add_prices(found: layout.Sources, room: str, key: str, figures: dict[str, float], marks: dict[str, str]) -> None:
    """Purchase prices and rents, which stand in the table of money, where the entry names none."""
    money = found.tables["economics"]
    rows = {
        "server": [("purchase_price", "capex", key, "usd", 1.0), ("price_hour", "cloud", key, "on_demand_usd_h", 1.0)],
        "chip": [
            ("purchase_price", "capex", key, "usd", 1.0),
            ("price_hour", "cloud", f"chip-{key}", "median_usd_h", 1.0),
        ],
        "tier": [("price", "storage", key, "usd_gb_month", 1e-9)],
    }.get(room, [("purchase_price", "capex", key, "usd", 1.0)])
    for figure, table, name, field, factor in rows:
        row = money[table].get(name, {})
        value = number(row.get(field))
        if figure in figures or row.get("per") or value is None:
            continue
        figures[figure] = value * factor
        mark = mark_of(fact_marks("table", row), field)
        marks[figure] = weakest(mark, DERIVED) if "derived" in row or row.get("basis") == "derived" else mark


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(argv: list[str] | None = None) -> int:
    text = compiled_text()
    target = Path(COMPILED)
    arguments = sys.argv[1:] if argv is None else argv
    if "--check" in arguments:
        fresh = target.exists() and target.read_text(encoding="utf-8") == text
        print("fresh" if fresh else "stale: run python -m infralab.models.catalogue.compile")
        return 0 if fresh else 1
    written = target.with_suffix(".new")  # who has the old one mapped keeps it whole
    written.write_text(text, encoding="utf-8")
    written.replace(target)
    print(f"{target.name}: {text.count(chr(10))} lines, {len(text.encode()) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
