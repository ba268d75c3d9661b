"""What the catalogue says of a drawn box or wire, for the canvas and the inspector."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from infralab.models.design import Box, Design, FrozenMap, Wire
from infralab.models.units import human
from infralab.tui.canvas.view import BoxFacts

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component

KINDS = {"server": "compute", "chip": "compute", "dpu": "compute", "tier": "storage", "switch": "fabric"}
BOX_ROOMS = ("server", "chip", "tier", "switch", "dpu")


@lru_cache(maxsize=16)
def catalogue_of(components: FrozenMap[str, object]) -> Catalogue:
    """The catalogue with a design's own components laid over it.

    Raises CatalogueError when one of those is wrong.
    """
    from infralab.models.catalogue import default_catalogue

    return default_catalogue().with_components(components)  # type: ignore[arg-type]


def catalogue_for(design: Design) -> Catalogue:
    """As `catalogue_of`, without the design's own components where those can't be read."""
    from infralab.models.catalogue import CatalogueError, default_catalogue

    try:
        return catalogue_of(design.components)
    except CatalogueError:
        return default_catalogue()


def component_of(box: Box, catalogue: Catalogue) -> Component | None:
    """The entry that a box is, whichever room it stands in."""
    if not box.is_:
        return None
    for room in BOX_ROOMS:
        found = catalogue.find(box.is_, room)
        if found is not None:
            return found
    return None


class CatalogueParts:
    """The canvas's `Parts`, answered by the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def box(self, box: Box) -> BoxFacts:
        found = component_of(box, self._catalogue)
        if found is None:
            return BoxFacts("other", box.name, box.is_ or "not chosen yet")
        kind = KINDS.get(found.room, "other")
        return BoxFacts(kind, box.name, self._detail(box, found))

    def _detail(self, box: Box, found: Component) -> str:
        if found.room == "tier" and box.prefixes:
            return f"{found.id} · {box.prefixes} prefixes"
        if found.room in ("tier", "chip") and (box.chips or box.drives or box.servers):
            return f"{box.chips or box.drives or box.servers} × {found.id}"
        return found.id

    def wire(self, wire: Wire) -> str:
        link = self._catalogue.find(wire.is_, "link") if wire.is_ else None
        override = wire.overrides.get("bandwidth")
        bandwidth = override.value if override else (link.figures.get("bandwidth") if link else None)
        if bandwidth is None:
            return ""
        return human(bandwidth * 8, "b/s").removesuffix("b/s").replace(" ", "")
