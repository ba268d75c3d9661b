"""Interchangeable boxes of a large drawing, evaluated once.

Boxes that have the same contents and the same wires to the same kinds of neighbours carry the same
load, so a class of k of them is one box of k-fold count (model.md, 1). It is also the better
answer: of two equal boxes drawn apart, raising one alone gives nothing. The classes are the
coarsest equitable partition of the drawn graph, found by colour refinement (Weisfeiler & Leman 1968);
editing one box splits its class. Boxes that something names (a tier that holds data) stay alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from infralab.models.catalogue import Catalogue
from infralab.models.design import Box, Design, FrozenMap, Wire

WORTH = 4  # boxes: two equal pools and what they hang on
ROUNDS = 8


class Quotient(NamedTuple):
    """A smaller design of one box a class, and who stands for whom: owner -> representative's owner."""

    design: Design
    stands_for: dict[str, str]


def quotient(design: Design, catalogue: Catalogue) -> Quotient | None:
    """The design with interchangeable boxes merged; None where that is not worth it."""
    if len(design.boxes) < WORTH:
        return None
    colours = _refined(design, catalogue)
    classes: dict[int, list[str]] = {}
    for name, colour in colours.items():
        classes.setdefault(colour, []).append(name)
    if len(classes) == len(colours):
        return None
    leader = {name: members[0] for members in classes.values() for name in members}
    size = {members[0]: len(members) for members in classes.values()}
    boxes = {
        name: box if size[name] == 1 else _merged(box, size[name], catalogue)
        for name, box in design.boxes.items()
        if leader[name] == name
    }
    wires, wire_of = _merged_wires(design, leader, size, catalogue)
    stands_for = {f"box.{n}": f"box.{first}" for n, first in leader.items() if n != first}
    stands_for |= {f"wire.{n}": f"wire.{first}" for n, first in wire_of.items() if n != first}
    return Quotient(replace(design, boxes=FrozenMap(boxes), wires=FrozenMap(wires)), stands_for)


_box_kinds: dict[int, tuple[Box, int]] = {}
_wire_kinds: dict[int, tuple[Wire, int]] = {}


def _kind_of_box(box: Box) -> int:
    """A hash of what a box is, whatever its name and place; kept per object, since boxes are frozen."""
    held = _box_kinds.get(id(box))
    if held is None or held[0] is not box:
        held = (box, hash(replace(box, name="", at=None, pod=None)))
        if len(_box_kinds) > 100_000:
            _box_kinds.clear()
        _box_kinds[id(box)] = held
    return held[1]


def _kind_of_wire(wire: Wire) -> int:
    held = _wire_kinds.get(id(wire))
    if held is None or held[0] is not wire:
        held = (wire, hash(replace(wire, name="", ends=("", ""))))
        if len(_wire_kinds) > 100_000:
            _wire_kinds.clear()
        _wire_kinds[id(wire)] = held
    return held[1]


@lru_cache(maxsize=4096)
def _room(name: str | None, catalogue: Catalogue) -> str:
    found = catalogue.find(name) if name else None
    return "" if found is None else found.room


def _refined(design: Design, catalogue: Catalogue) -> dict[str, int]:
    """A colour a box; equal colours are interchangeable."""
    named = {b.caches for b in design.boxes.values() if b.caches}
    work = design.workload
    if work is not None and work.dataset is not None and work.dataset.on:
        named.add(work.dataset.on)
    if work is not None and work.checkpoint is not None and work.checkpoint.to:
        named.add(work.checkpoint.to)
    colours: dict[str, int] = {}
    for name, box in design.boxes.items():
        kind = _kind_of_box(box)
        # tiers are never merged: what they hold has a place
        alone = name in named or _room(box.is_, catalogue) not in ("server", "chip", "switch")
        colours[name] = hash((kind, name)) if alone else kind
    pairs = [
        (w.ends[0], w.ends[1], _kind_of_wire(w))
        for w in design.wires.values()
        if w.ends[0] in colours and w.ends[1] in colours
    ]
    known = len(set(colours.values()))
    for _ in range(ROUNDS):
        around = dict.fromkeys(colours, 0)
        for a, b, kind in pairs:
            around[a] += hash((kind, 0, colours[b]))
            around[b] += hash((kind, 1, colours[a]))
        colours = {name: hash((colour, around[name])) for name, colour in colours.items()}
        now = len(set(colours.values()))
        if now == known:
            break
        known = now
    return colours


def _merged(box: Box, size: int, catalogue: Catalogue) -> Box:
    """One box for `size` of them; a switch box stands for its whole fabric already."""
    return box if _room(box.is_, catalogue) == "switch" else replace(box, count=box.count * size)


def _merged_wires(
    design: Design, leader: dict[str, str], size: dict[str, int], catalogue: Catalogue
) -> tuple[dict[str, Wire], dict[str, str]]:
    """One wire for each kind between two classes, with the links that each replica, or each fabric, has."""
    groups: dict[tuple[str, str, int], list[Wire]] = {}
    for wire in design.wires.values():
        a, b = wire.ends
        if a in leader and b in leader:
            groups.setdefault((leader[a], leader[b], _kind_of_wire(wire)), []).append(wire)
        else:
            groups.setdefault((wire.name, "", 0), []).append(wire)
    wires: dict[str, Wire] = {}
    stands: dict[str, str] = {}
    for (a, b, _), members in groups.items():
        first = members[0]
        for wire in members:
            stands[wire.name] = first.name
        if len(members) == 1 or not b:
            wires[first.name] = first if not b else replace(first, ends=(a, b))
            continue
        replicas = max(_replicas(design.boxes[n], size[n], catalogue) for n in (a, b))
        # links of all members over the replicas that the merged wire is counted for
        times = len(members) * max(_replicas(design.boxes[n], 1, catalogue) for n in (a, b)) / replicas
        count = first.count if first.count is not None or times == 1 else 1
        merged = replace(first, ends=(a, b))
        if times != 1 and count is not None:
            merged = replace(merged, count=max(1, round(count * times)))
        wires[first.name] = merged
    return wires, stands


def _replicas(box: Box, size: int, catalogue: Catalogue) -> int:
    return 1 if _room(box.is_, catalogue) in ("switch", "tier") else box.count * size
