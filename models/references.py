"""Names in a design that should be catalogue entries and are not, or are entries of the wrong sort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infralab.models.catalogue import Catalogue, CatalogueError
from infralab.models.design import Box, Design, Wire

Path = tuple[str, ...]

BOX_ROOMS = frozenset({"server", "chip", "dpu", "tier", "switch"})
UNKNOWN_FABRIC = "fabric"  # a switch box whose switch is not known
FITTED = {"chip": "chip", "cpu": "chip", "dpu": "dpu", "disk": "tier"}
# Kinds of work whose `model` is an entry of the model library.
_OF_LIBRARY = ("transformer", "vision", "encoder", "recommender", "graph")


@dataclass(frozen=True, slots=True)
class Unknown:
    """`path` names the key of the design, `value` what it holds."""

    path: Path
    value: str
    message: str


def catalogue_of(design: Design, catalogue: Catalogue) -> Catalogue:
    """The catalogue with the design's own components. Raises CatalogueError where one of them is wrong."""
    return catalogue.with_components(design.components) if design.components else catalogue


def unknown(design: Design, catalogue: Catalogue) -> Iterator[Unknown]:
    """Every name that the catalogue (the design's own components included) cannot answer for.

    Raises CatalogueError where one of the design's own components is wrong.
    """
    own = catalogue_of(design, catalogue)
    for box in design.boxes.values():
        yield from _of_box(box, own)
    for wire in design.wires.values():
        yield from _of_wire(wire, own)
    framework = design.software.framework
    if framework not in (None, "auto"):
        yield from _missing(own, framework, "framework", ("software", "framework"))
    grid = design.site.grid
    if grid is not None:
        yield from _unknown_grid(grid, own)
    work = design.workload
    if work is not None and work.model and not work.shape and work.kind.startswith(_OF_LIBRARY):
        yield from _missing(own, work.model, "model", ("workload", "model"))


def _unknown_grid(grid: str, catalogue: Catalogue) -> Iterator[Unknown]:
    from infralab.models.physics.carbon import grids
    from infralab.models.schema import nearest

    known = grids(catalogue)
    if grid not in known:
        near = nearest(grid, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known)[:12])} …"
        yield Unknown(("site", "grid"), grid, f"no grid of that name; {hint}")


def _of_box(box: Box, catalogue: Catalogue) -> Iterator[Unknown]:
    path = ("box", box.name)
    if box.is_ is not None and box.is_ != UNKNOWN_FABRIC:
        found = catalogue.find(box.is_)
        if found is None:
            yield from _missing(catalogue, box.is_, None, (*path, "is"))
        elif found.room not in BOX_ROOMS and found.kind != "switch":
            stands = "a server, a chip, a storage tier or a switch can"
            yield Unknown((*path, "is"), box.is_, f"this is a {found.kind} and cannot stand as a box; {stands}")
    for part, room in FITTED.items():
        yield from _missing(catalogue, getattr(box, part), room, (*path, part))


def _of_wire(wire: Wire, catalogue: Catalogue) -> Iterator[Unknown]:
    yield from _missing(catalogue, wire.is_, "link", ("wire", wire.name, "is"))


def _missing(catalogue: Catalogue, name: str | None, room: str | None, path: Path) -> Iterator[Unknown]:
    if name is None or catalogue.has(name, room):
        return
    try:
        catalogue.get(name, room)
    except CatalogueError as error:
        message = str(error)
        other = catalogue.find(name) if room is not None else None
        if other is not None:
            message = f"this is a {other.kind} of the catalogue, and a {room} belongs here"
        yield Unknown(path, name, message)
