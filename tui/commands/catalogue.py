"""`infralab catalogue`: what exists, with sources and marks; nothing here needs Textual.

    infralab catalogue                     the rooms and how much is in each
    infralab catalogue gpu                 the entries of a room or kind
    infralab catalogue h100-sxm5-80gb      one entry in full
    infralab catalogue --search "lustre"   entries whose id, vendor or kind come near

JSON ("infralab.catalogue/1"): {schema, rooms: [{room, entries, kinds: {kind: n}}]} without an argument,
{schema, components: [{id, room, kind, figures, marks}]} for a list, {schema, component: {id, room, kind,
vendor, figures, facts, marks, sources, note}} for one entry. Figures are in SI base units; marks say
cited, assumed, derived or fitted by figure and by fact.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from infralab.models.catalogue import Catalogue, CatalogueError, Component, default_catalogue
from infralab.models.units import duration, human, significant

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = "infralab.catalogue/1"
SIGNS = {"cited": "●", "derived": "◦", "fitted": "○", "assumed": "△"}
LEGEND = "● cited   ◦ derived from cited facts   ○ fitted   △ assumed"

_WORDS = {
    "chip": "GPUs, TPUs, CPUs, FPGAs, edge devices",
    "server": "servers, racks, pod hosts, boards",
    "tier": "storage: object, file, block, memory",
    "link": "scale-up, scale-out and host links",
    "switch": "switches and fabrics",
    "dpu": "DPUs and smart network cards",
    "framework": "frameworks and stacks",
    "loader": "ways that data gets in",
    "quantisation": "weight formats",
    "model": "transformers, vision, recommenders, graphs",
    "dataset": "data sets",
}

# Columns of a list: heading, the figures to try in order, how a value is written.
Column = tuple[str, tuple[str, ...], str]
COLUMNS: dict[str, tuple[Column, ...]] = {
    "chip": (
        ("peak", ("peak.bf16", "peak.fp16", "peak.int8", "peak.fp32", "peak.fp8"), "FLOP/s"),
        ("memory", ("memory",), "B"),
        ("bandwidth", ("memory_bandwidth",), "B/s"),
        ("power", ("power",), "W"),
    ),
    "server": (
        ("chips", ("chips",), ""),
        ("network", ("nic.total",), "B/s"),
        ("cores", ("host.cores",), ""),
        ("power", ("power",), "W"),
    ),
    "tier": (
        ("read", ("read_bandwidth",), "B/s"),
        ("write", ("write_bandwidth",), "B/s"),
        ("latency", ("latency",), "s"),
    ),
    "link": (
        ("bandwidth", ("bandwidth",), "B/s"),
        ("latency", ("latency", "hop_latency"), "s"),
        ("efficiency", ("efficiency",), ""),
    ),
    "switch": (
        ("ports", ("ports", "domain"), ""),
        ("a port", ("bandwidth",), "B/s"),
        ("hop", ("hop_latency",), "s"),
    ),
    "dpu": (
        ("network", ("bandwidth",), "B/s"),
        ("cores", ("cores",), ""),
        ("NVMe-oF", ("nvmeof_iops",), "/s"),
        ("power", ("power",), "W"),
    ),
    "framework": (("learning", ("learning_curve",), ""), ("GPU", ("fit.nvidia_gpu",), ""), ("TPU", ("fit.tpu",), "")),
    "loader": (("a sample", ("overhead_per_sample",), "s"), ("a batch", ("overhead_per_batch",), "s")),
    "quantisation": (("bits", ("bits",), ""), ("in a file", ("bits_file",), ""), ("act bits", ("act_bits",), "")),
    "model": (
        ("parameters", ("parameters", "parameters.published", "embedding_parameters"), ""),
        ("layers", ("layers",), ""),
        ("MACs", ("macs",), ""),
    ),
    "dataset": (
        ("samples", ("samples", "graphs", "nodes"), ""),
        ("a sample", ("bytes_per_sample",), "B"),
        ("in all", ("total_bytes", "feature_bytes"), "B"),
    ),
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab catalogue",
        description="What exists: hardware, software, models and data sets, with their sources.",
    )
    made.add_argument("what", nargs="?", metavar="KIND|ID", help="a room (tier …), a kind (gpu …) or an entry")
    made.add_argument("--search", metavar="TEXT", help="entries whose id, vendor or kind come near to the text")
    made.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    made.add_argument("--catalogue", metavar="FILE", action="append", default=[], help="a catalogue file of your own")
    return made


def run(argv: list[str]) -> int:
    """The command; 0 when something is shown, 2 on bad use (said on stderr)."""
    options = parser().parse_args(argv)
    try:
        catalogue = default_catalogue().with_files(options.catalogue)
        for warning in catalogue.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        return _show(catalogue, options.what, options.search, options.json)
    except CatalogueError as error:
        print(f"infralab catalogue: {error}", file=sys.stderr)
        return 2


def _show(catalogue: Catalogue, what: str | None, search: str | None, as_json: bool) -> int:
    if what is None and search is None:
        _rooms(catalogue, as_json)
        return 0
    room, kind = _place(catalogue, what)
    if what is not None and room is None and kind is None:
        _one(catalogue.get(what), as_json)
        return 0
    if search is not None:
        found = catalogue.search(search, room, kind)
        if not found:
            raise CatalogueError(f"nothing in the catalogue comes near to {search!r}; leave out a word")
    else:
        rooms = [room] if room else catalogue.rooms()
        found = [catalogue.get(name, place) for place in rooms for name in catalogue.ids(place, kind)]
    _list(found, as_json)
    return 0


def _place(catalogue: Catalogue, what: str | None) -> tuple[str | None, str | None]:
    """(room, kind) that a word names, singular or plural; (None, None) for an entry's name."""
    for word in () if what is None else (what.lower(), what.lower().removesuffix("s")):
        if word in catalogue.rooms():
            return word, None
        if word in catalogue.kinds("chip"):
            return "chip", word  # servers carry the kind of their chips
        if word in catalogue.kinds():
            return None, word
    return None, None


def _rooms(catalogue: Catalogue, as_json: bool) -> None:
    counts = {
        room: Counter({kind: len(catalogue.ids(room, kind)) for kind in catalogue.kinds(room)})
        for room in catalogue.rooms()
    }
    if as_json:
        rooms = [
            {"room": room, "entries": sum(kinds.values()), "kinds": dict(kinds.most_common())}
            for room, kinds in counts.items()
        ]
        _print_json({"rooms": rooms})
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, style in (("room", "bold"), ("entries", ""), ("what", ""), ("kinds", "dim")):
        table.add_column(heading, style=style, justify="right" if heading == "entries" else "left")
    for room, kinds in counts.items():
        most = ", ".join(kind for kind, _ in kinds.most_common(4)) + (" …" if len(kinds) > 4 else "")
        table.add_row(room, str(sum(kinds.values())), _WORDS.get(room, ""), most)
    console = _console()
    console.print(table)
    console.print("infralab catalogue KIND lists, infralab catalogue ID shows one entry with its sources.", style="dim")


def _list(found: list[Component], as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "id": item.id,
                "room": item.room,
                "kind": item.kind,
                "figures": dict(item.figures),
                "marks": {name: item.marks[name] for name in item.figures},
            }
            for item in found
        ]
        _print_json({"components": rows})
        return
    console = _console()
    for room in dict.fromkeys(item.room for item in found):
        _room_table(console, room, [item for item in found if item.room == room])
    console.print(LEGEND, style="dim")


def _room_table(console: Console, room: str, items: list[Component]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(room, style="bold", overflow="fold", max_width=34)
    table.add_column("kind", style="dim", max_width=11, overflow="ellipsis", no_wrap=True)
    columns = COLUMNS.get(room, ())
    for heading, _, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    if room == "tier":
        table.add_column("per", style="dim", max_width=6, overflow="ellipsis", no_wrap=True)
    for item in items:
        cells = [_cell(item, column) for column in columns]
        if room == "tier":
            cells.append(str(item.facts.get("scales_with", "")))
        table.add_row(item.id, item.kind, *cells)
    console.print(table)


def _cell(item: Component, column: Column) -> str:
    _, names, unit = column
    for name in names:
        if name in item.figures:
            text = _written(item.figures[name], unit)
            if unit == "FLOP/s":
                text = f"{_written(item.figures[name], '')} {name.removeprefix('peak.')}"
            return f"{text} {SIGNS[item.marks[name]]}"
    return "-"


def _written(value: float, unit: str) -> str:
    if unit == "s":
        return duration(value)
    if unit == "" and (value < 1e5 or value == 0):
        return significant(value, 4)
    return human(value, unit)


# The unit in which a figure of one entry is written: the first pattern that its name holds.
_UNITS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: name.startswith(("peak", "achieved", "npu.peak")), "FLOP/s"),
    (lambda name: name.startswith("efficiency") or name.endswith("fraction"), ""),
    (lambda name: name.endswith("per_bandwidth"), "cores per B/s"),
    (lambda name: "iops" in name or name.endswith("rate"), "/s"),
    (lambda name: "latency" in name or name.startswith("overhead") or name.endswith("seconds"), "s"),
    (lambda name: name == "price_hour", "USD/h"),
    (lambda name: name == "price", "USD/B/month"),
    (lambda name: name.startswith(("price", "purchase")), "USD"),
    (lambda name: name.split(".")[-1] == "power" or name.startswith("power"), "W"),
    (lambda name: name.endswith("clock"), "Hz"),
    (lambda name: name.endswith(("count", "ports", "domain", "cores", "threads", "parameters")), ""),
    (lambda name: name.endswith("memory_per_worker"), "B"),
    (lambda name: name.endswith("per_uplink"), ""),
    (
        lambda name: (
            "bandwidth" in name
            or name.endswith((".uplink", "nic.total", "ceiling"))
            or name in ("chip_link", "nic_link", "host_link")
        ),
        "B/s",
    ),
    (lambda name: "memory" in name or "capacity" in name or "bytes" in name or name in ("cache", "flash"), "B"),
)


def figure_text(name: str, value: float) -> str:
    """A figure as a person reads it: "3.35 TB/s", "0.88", "12 µs"."""
    unit = next((unit for matches, unit in _UNITS if matches(name)), "")
    if unit == "USD/B/month":
        return f"{significant(value * 1e9)} USD/GB/month"
    if unit == "cores per B/s":
        return f"{significant(value * 1e9 / 8, 4)} cores per Gb/s"
    if unit.startswith("USD"):
        return f"{significant(value, 4)} {unit}"
    return _written(value, unit)


_MARKING = ("source", "checked", "unchecked", "from_memory", "estimate")
_SAID_ELSEWHERE = frozenset((*_MARKING, "note", "vendor", "year", "kind", "conflict", "derived"))


def _mark(item: Component, fact: str) -> str:
    """The mark of a fact; of a table of facts the one that all of it shares, or none."""
    if fact in item.marks and fact not in item.figures:
        return item.marks[fact]
    inner = {mark for name, mark in item.marks.items() if name.startswith(f"{fact}.")}
    return inner.pop() if len(inner) == 1 else item.marks.get(fact, "")


def _one(item: Component, as_json: bool) -> None:
    if as_json:
        _print_json(
            {
                "component": {
                    "id": item.id,
                    "room": item.room,
                    "kind": item.kind,
                    "vendor": item.facts.get("vendor"),
                    "figures": dict(item.figures),
                    "facts": dict(item.facts),
                    "marks": dict(item.marks),
                    "sources": list(item.sources),
                    "note": item.note,
                }
            }
        )
        return
    from rich.text import Text

    console = _console()
    words = (item.room, item.kind, item.facts.get("vendor"), item.facts.get("year"))
    console.print(Text.assemble((item.id, "bold"), "  ", (" · ".join(str(word) for word in words if word), "dim")))
    figures = [(name, figure_text(name, value), item.marks[name]) for name, value in item.figures.items()]
    _section(console, "Figures", figures)
    shown = {name: value for name, value in item.facts.items() if name not in _SAID_ELSEWHERE}
    facts = [(name, _plain(value), _mark(item, name)) for name, value in shown.items()]
    _section(console, "Facts as collected", facts)
    for word in ("note", "conflict", "derived"):
        if item.facts.get(word):
            console.print(Text.assemble((f"{word.capitalize()}: ", "bold"), str(item.facts[word])))
    console.print(Text("Sources" if item.sources else "Sources: none, from general knowledge", "bold"))
    for source in item.sources:
        console.print(Text(f"  {source}"))
    console.print(Text(LEGEND, "dim"))


def _section(console: Console, title: str, rows: list[tuple[str, str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    console.print(Text(title, "bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=1)
    table.add_column(style="cyan", no_wrap=True, max_width=28, overflow="ellipsis")
    table.add_column(overflow="fold")
    for name, text, mark in rows:
        table.add_row(f"  {SIGNS.get(mark, ' ')}", Text(name), Text(text))
    console.print(table)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items() if key not in ("source", "unchecked"))
    if isinstance(value, list):
        return ", ".join(_plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def _print_json(body: dict[str, Any]) -> None:
    print(json.dumps({"schema": SCHEMA, **body}, ensure_ascii=False, indent=1))
