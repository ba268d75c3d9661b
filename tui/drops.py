"""What dropping a part somewhere does: an edit with its words, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infralab.models import schema
from infralab.models.design import Box, Design, Wire
from infralab.models.document.problem import quoted_key
from infralab.models.edits import add_box, add_wire, free_name, free_wire_name, set_value
from infralab.tui.parts import component_of
from infralab.tui.shelf import Part

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue

Place = tuple[int, int]
Edit = Callable[[Design], Design]


@dataclass(frozen=True, slots=True)
class Drop:
    """`words` say what would happen, or, without an edit, why it can't. `select`: owners afterwards."""

    words: str
    edit: Edit | None = None
    select: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.edit is not None


STEMS = {"server": "node", "chip": "node", "dpu": "node", "tier": "store", "switch": "fabric"}


def drop(design: Design, part: Part, target: str, at: Place, catalogue: Catalogue) -> Drop:
    """Dropping `part` on `target` ("box.x", "wire.x" or "" for the empty canvas)."""
    kind, _, name = target.partition(".")
    if kind == "box" and name in design.boxes:
        return _on_box(design, part, design.boxes[name], catalogue)
    if kind == "wire" and name in design.wires:
        return _on_wire(design, part, design.wires[name], at, catalogue)
    return _on_canvas(design, part, at)


def _on_canvas(design: Design, part: Part, at: Place) -> Drop:
    if part.room in STEMS and part.room != "dpu":
        name = free_name(design, STEMS[part.room])
        return Drop(
            f"add {part.id} as {name}",
            lambda old: add_box(old, Box(name=free_name(old, STEMS[part.room]), is_=part.id, at=at)),
            (f"box.{name}",),
        )
    if part.room == "dpu":
        return Drop("a DPU or SmartNIC goes into a compute box: drop it on one")
    return Drop("a link goes on a wire: draw one with w, then drop the link on it")


# -- on a box


def _on_box(design: Design, part: Part, box: Box, catalogue: Catalogue) -> Drop:
    found = component_of(box, catalogue)
    room = found.room if found else ""
    select = (f"box.{box.name}",)
    if part.room == "link":
        return Drop(f"a link goes on a wire, not into {box.name}")
    if not room or room == part.room:
        if part.room == "chip" and part.kind == "cpu" and room == "chip" and found and found.kind != "cpu":
            return _fit(box, "cpu", part, select)
        return _become(box, part, select)
    if part.room == "chip" and room == "server":
        return _fit(box, "cpu" if part.kind == "cpu" else "chip", part, select)
    if part.room == "server" and room == "chip":
        return _become(box, part, select)
    if part.room == "dpu" and room in ("server", "chip"):
        return _fit(box, "nic" if part.kind == "smartnic" else "dpu", part, select)
    if part.room == "tier" and room in ("server", "chip"):
        if part.kind not in ("block", "memory"):
            return Drop(f"{part.id} is a service, no disk to fit: drop it beside {box.name} and wire it")
        return _fit(box, "disk", part, select)
    return Drop(f"{part.id} ({part.kind}) doesn't go into {box.name} ({found.kind if found else 'unknown'})")


def _become(box: Box, part: Part, select: tuple[str, ...]) -> Drop:
    """Another part in the same place: its own figures again, wires and count kept."""
    if box.is_ == part.id:
        return Drop(f"{box.name} is {part.id} already")
    kept = {name: figure for name, figure in box.overrides.items() if name.startswith("dpu.")}
    overrides = type(box.overrides)(kept)
    new = replace(box, is_=part.id, chip=None, chips=None, cpu=None, overrides=overrides)
    words = f"replace {box.is_} by {part.id}" if box.is_ else f"make {box.name} a {part.id}"
    return Drop(words, lambda old: old.with_box(new), select)


def _fit(box: Box, slot: str, part: Part, select: tuple[str, ...]) -> Drop:
    """A part into a slot of a box; overrides of the part that leaves go with it."""
    was = getattr(box, slot)
    if was == part.id:
        return Drop(f"{box.name} has {part.id} already")
    kept = {name: figure for name, figure in box.overrides.items() if not name.startswith(f"{slot}.")}
    new = replace(box, overrides=type(box.overrides)(kept))
    path = f"box.{quoted_key(box.name)}.{slot}"
    words = f"replace {was} by {part.id} in {box.name}" if was else f"fit {part.id} into {box.name} as its {slot}"
    return Drop(words, lambda old: set_value(old.with_box(new), path, part.id), select)


# -- on a wire


def _on_wire(design: Design, part: Part, wire: Wire, at: Place, catalogue: Catalogue) -> Drop:
    if part.room == "link":
        if wire.is_ == part.id:
            return Drop(f"{wire.name} is {part.id} already")
        new = replace(wire, is_=part.id, overrides=type(wire.overrides)())
        words = f"replace {wire.is_} by {part.id}" if wire.is_ else f"make {wire.name} {part.id}"
        return Drop(words, lambda old: old.with_wire(new), (f"wire.{wire.name}",))
    if part.room == "switch":
        return _splice(design, part, wire, at, None)
    if part.room == "tier":
        return _splice(design, part, wire, at, _tier_end(design, wire, catalogue))
    return Drop(f"{part.id} ({part.kind}) doesn't go on a wire; a link, a switch or a storage tier does")


def _tier_end(design: Design, wire: Wire, catalogue: Catalogue) -> str | None:
    """The storage end of a wire: what a tier that is put on it would cache."""
    for end in wire.ends:
        found = component_of(design.boxes[end], catalogue) if end in design.boxes else None
        if found is not None and found.room == "tier":
            return end
    return None


def _splice(design: Design, part: Part, wire: Wire, at: Place, caches: str | None) -> Drop:
    """A box in the middle of a wire: one edit, one undo."""
    stem = "cache" if caches else STEMS[part.room]
    name = free_name(design, stem)

    def edit(old: Design) -> Design:
        new = add_box(
            old.without_wire(wire.name),
            Box(name=name, is_=part.id, at=at, caches=caches, policy="lru" if caches else None),
        )
        for ends in ((wire.ends[0], name), (name, wire.ends[1])):
            new = add_wire(new, replace(wire, name=free_wire_name(new, *ends), ends=ends))
        return new

    words = f"put {part.id} between {wire.ends[0]} and {wire.ends[1]}"
    if caches:
        words = f"splice {part.id} in as a cache of {caches}"
    return Drop(words, edit, (f"box.{name}",))


# -- wires


def wire(design: Design, start: str, end: str) -> Drop:
    """Drawing a wire between two boxes, of the boxes' own ports."""
    if start == end:
        return Drop("a wire needs two different boxes")
    if start not in design.boxes or end not in design.boxes:
        return Drop("a wire needs a box at either end")
    joined = next((item.name for item in design.wires_of(start) if end in item.ends), None)
    if joined:
        return Drop(f"{start} and {end} are joined by {joined} already: + adds links to it")
    name = free_wire_name(design, start, end)
    return Drop(
        f"wire {start} to {end}",
        lambda old: add_wire(old, Wire(free_wire_name(old, start, end), (start, end))),
        (f"wire.{name}",),
    )


def neighbour(design: Design, part: Part, start: str, at: Place) -> Drop:
    """A new box that is wired to `start`."""
    placed = _on_canvas(design, part, at)
    if placed.edit is None:
        return placed
    name = placed.select[0].removeprefix("box.")
    edit = placed.edit

    def both(old: Design) -> Design:
        new = edit(old)
        return add_wire(new, Wire(free_wire_name(new, start, name), (start, name)))

    return Drop(f"{placed.words}, wired to {start}", both, placed.select)


SETTINGS = {
    "framework": "software.framework",
    "loader": "software.loader",
    "model": "workload.model",
    "dataset": "workload.dataset.name",
}


def setting(design: Design, part: Part) -> Drop:
    """Software, a model or a data set: it belongs to the job, wherever it is dropped."""
    path = SETTINGS[part.room]
    if design.workload is None and part.room == "model":
        return _first_workload(part)
    if design.workload is None and path.startswith("workload"):
        return Drop(f"{part.id} has no workload to belong to yet: add a model first, or e chooses a workload")
    return Drop(f"{path.rpartition('.')[2]} {part.id}", lambda old: set_value(old, path, part.id))


def _first_workload(part: Part) -> Drop:
    """A model in a design that does no work yet: train it; the inspector changes what is done with it."""
    kind = f"{part.kind}-training"
    if kind not in schema.KINDS:
        return Drop(f"{part.id} ({part.kind}) names no workload: e chooses one")
    return Drop(
        f"train {part.id} ({kind}); e changes that",
        lambda old: set_value(set_value(old, "workload.kind", kind), "workload.model", part.id),
    )
