"""What parts of the catalogue would do here: each tried alone, through the model, best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from infralab.models.design import Design
from infralab.tui import drops
from infralab.tui.parts import component_of
from infralab.tui.shelf import Part
from infralab.tui.words import factor

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component

EACH = 4  # candidates of a sort
SHOWN = 8


def gains(design: Design, catalogue: Catalogue, go_on: Callable[[], bool] = lambda: True) -> dict[str, str]:
    """Part id -> "×4.8", for parts that suit the design, best first; those that change nothing last.

    `go_on` is asked between candidates; False ends the search with what was found.
    """
    from infralab.models.evaluate import evaluate

    before = evaluate(design, catalogue, fit=False).throughput
    if before is None or before.value <= 0:
        return {}
    best: dict[str, float] = {}
    for part, target in candidates(design, catalogue):
        drop = drops.drop(design, part, target, (0, 0), catalogue)
        if drop.edit is None:
            continue
        if not go_on():
            break
        report = evaluate(drop.edit(design), catalogue, fit=False)
        if report.status == "ok" and report.throughput is not None and report.throughput.unit == before.unit:
            best[part.id] = max(best.get(part.id, 0.0), report.throughput.value / before.value)
    ranked = sorted(best.items(), key=lambda item: -item[1])[:SHOWN]
    return {name: "0 %" if (text := factor(1.0, ratio)) == "same" else text for name, ratio in ranked}


def candidates(design: Design, catalogue: Catalogue) -> Iterator[tuple[Part, str]]:
    """Parts to try and where: newer chips and DPUs in compute boxes, disks as caches, faster links."""
    tiers = set()
    for name, box in design.boxes.items():
        found = component_of(box, catalogue)
        if found is None:
            continue
        if found.room == "tier":
            tiers.add(name)
        elif found.room in ("server", "chip"):
            chip = (
                found if found.room == "chip" else catalogue.find(box.chip or str(found.facts.get("chip", "")), "chip")
            )
            if chip is not None:
                yield from ((part, f"box.{name}") for part in _better(catalogue, chip, "memory_bandwidth"))
            yield from ((part, f"box.{name}") for part in _first(catalogue, "dpu", "dpu", "bandwidth", 2))
    for name, wire in design.wires.items():
        target = f"wire.{name}"
        if tiers & set(wire.ends):
            yield from ((part, target) for part in _first(catalogue, "tier", "block", "read_bandwidth", 2))
        link = catalogue.find(wire.is_, "link") if wire.is_ else None
        if link is not None:
            yield from ((part, target) for part in _better(catalogue, link, "bandwidth"))


def _better(catalogue: Catalogue, now: Component, figure: str) -> list[Part]:
    """Entries of the same kind and vendor with more of a figure, the nearest first."""
    have = now.figures.get(figure, 0.0)
    vendor = now.facts.get("vendor")
    found = []
    for name in catalogue.ids(now.room, now.kind):
        other = catalogue.find(name, now.room)
        if other is not None and other.figures.get(figure, 0.0) > have and other.facts.get("vendor") == vendor:
            found.append((other.figures[figure], name))
    found.sort()
    step = max(len(found) // EACH, 1)
    return [Part(name, now.room, now.kind) for _, name in found[::step][:EACH]]


def _first(catalogue: Catalogue, room: str, kind: str, figure: str, count: int) -> list[Part]:
    """The entries of a kind with most of a figure."""
    entries = [found for name in catalogue.ids(room, kind) if (found := catalogue.find(name, room))]
    entries.sort(key=lambda entry: -entry.figures.get(figure, 0.0))
    return [Part(entry.id, room, kind) for entry in entries[:count]]
