"""What the canvas shows of a design and its report: a pure function to small frozen views."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from infralab.models.design import Box, Design, Wire
from infralab.models.units import human
from infralab.tui.canvas.layout import Place, Size, place_all
from infralab.tui.data_path import class_words, holder, latency_use


class Zoom(IntEnum):
    """How much of a box is shown."""

    DOTS = 0
    NAMES = 1
    FULL = 2


# Screen cells for each cell of `at`, across and down. `at` is in cells of the full view.
SCALE = {Zoom.DOTS: (0.15, 0.25), Zoom.NAMES: (0.7, 0.5), Zoom.FULL: (1.0, 1.0)}

FULL_WIDTH = (22, 28)  # narrowest and widest box
INNER_ROWS = {"compute": 4, "storage": 4, "fabric": 2, "other": 2}
NAMES_WIDTH, NAMES_HEIGHT = (12, 20), 3
NAMES_GAP = 4  # columns between neighbours: room for a wire
DOTS_SIZE = Size(3, 1)
THIN_BYTES_PER_S = 1e8  # from here on a wire gains a class of thickness every 1.5 decades
DECADES_PER_CLASS = 1.5


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What the catalogue knows of a box: its kind (compute, storage, fabric, other), title and a line of detail."""

    kind: str
    title: str
    detail: str = ""


class Parts(Protocol):
    """Who can say what a box or a wire is; the catalogue's answer or a plain guess."""

    def box(self, box: Box) -> BoxFacts: ...

    def wire(self, wire: Wire) -> str:
        """The link's speed as people write it: "400G"."""
        ...


class PlainParts:
    """What can be told from the design alone, without a catalogue."""

    def __init__(self, design: Design) -> None:
        workload = design.workload
        tiers = {box.caches for box in design.boxes.values()}
        tiers |= {name for name, box in design.boxes.items() if box.caches or box.prefixes or box.drives}
        if workload is not None:
            tiers.add(workload.dataset.on if workload.dataset else None)
            tiers.add(workload.checkpoint.to if workload.checkpoint else None)
        self._tiers = tiers

    def box(self, box: Box) -> BoxFacts:
        if (box.topology and not box.chips) or box.oversubscription or box.routing:
            kind = "fabric"
        elif box.name in self._tiers and not box.chips:
            kind = "storage"
        else:
            kind = "compute" if box.chips or box.chip or box.cpu or box.is_ else "other"
        return BoxFacts(kind, box.is_ or box.name)

    def wire(self, wire: Wire) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One resource's utilisation: "GETs ▓▓▓▓▓░ 96 %"."""

    label: str
    fraction: float


@dataclass(frozen=True, slots=True)
class BoxView:
    """A box as painted; `at` is its upper left corner in cells of the full view."""

    name: str
    kind: str
    title: str
    count: int
    at: Place = field(compare=False)  # boxes that look alike share a stamp wherever they stand
    size: Size
    zoom: Zoom
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = ()
    bottleneck: bool = False
    problem: str | None = None
    heat: float | None = None  # the overlay's value as a fraction of the largest
    dashed: bool = False
    pod: str = field(default="", compare=False)  # drawn around the box, not in it

    @property
    def corner(self) -> Place:
        """Where the box stands at its zoom, in scene cells."""
        across, down = SCALE[self.zoom]
        return Place(round(self.at[0] * across), round(self.at[1] * down))


@dataclass(frozen=True, slots=True)
class WireView:
    """A wire as painted. `flow`: forward runs from ends[0] to ends[1]; both, back, none."""

    name: str
    ends: tuple[str, str]
    label: str = ""
    classes: str = ""  # what it carries: "input", "gradients+pipeline"
    utilisation: float | None = None
    thickness: int = 0  # 0 thin, 1 thick, 2 double: traffic on a log scale
    flow: str = "none"
    bottleneck: bool = False
    problem: str | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Overlay:
    """A look at one thing: traffic, busy, money, heat, confidence.

    `values` maps an owner ("box.store", "wire.store-train") to (fraction of the largest, text to show);
    traffic and busy need none.
    """

    mode: str = "traffic"
    values: Mapping[str, tuple[float, str]] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the painter needs, in the order drawn."""

    boxes: tuple[BoxView, ...]
    wires: tuple[WireView, ...]
    zoom: Zoom


def view(
    design: Design,
    report: Any | None = None,
    zoom: Zoom = Zoom.FULL,
    parts: Parts | None = None,
    overlay: Overlay | None = None,
) -> View:
    """The picture of `design` with the figures of `report` (None: nothing evaluated yet)."""
    parts = parts or PlainParts(design)
    overlay = overlay or Overlay()
    facts = {name: parts.box(box) for name, box in design.boxes.items()}
    sizes = {name: full_size(facts[name], box.count) for name, box in design.boxes.items()}
    kinds = {name: fact.kind for name, fact in facts.items()}
    places = place_all(design, kinds, sizes)
    figures = Figures(report, holder(design, report))
    shown = shown_sizes(zoom, places, sizes)
    boxes = tuple(
        _box_view(box, facts[name], places[name], shown[name], zoom, figures, overlay)
        for name, box in design.boxes.items()
    )
    wires = tuple(
        _wire_view(wire, kinds, parts, zoom, figures, overlay)
        for wire in design.wires.values()
        if all(end in facts for end in wire.ends) and wire.ends[0] != wire.ends[1]
    )
    return View(boxes, wires, zoom)


def full_size(facts: BoxFacts, count: int) -> Size:
    """Cells of a box in the full view: fixed by the design, so that results never move it."""
    badge = len(f" ×{count}") if count > 1 else 0
    narrow, wide = FULL_WIDTH
    width = min(max(len(facts.title) + badge + 7, narrow), wide)
    return Size(width, INNER_ROWS.get(facts.kind, 3) + 2)


def shown_sizes(zoom: Zoom, places: Mapping[str, Place], sizes: Mapping[str, Size]) -> Mapping[str, Size]:
    """Cells of the boxes at a zoom: names are as wide as the closest neighbours allow."""
    if zoom is Zoom.FULL:
        return sizes
    if zoom is Zoom.DOTS:
        return dict.fromkeys(sizes, DOTS_SIZE)
    least, most = NAMES_WIDTH
    pitch = _closest_across(places, max((size.height for size in sizes.values()), default=0))
    widest = min(max(int(pitch * SCALE[zoom][0]) - NAMES_GAP, least), most)
    return {name: Size(min(size.width, widest), NAMES_HEIGHT) for name, size in sizes.items()}


def _closest_across(places: Mapping[str, Place], height: int) -> float:
    """The least distance across between the left edges of boxes that stand side by side."""
    by_x = sorted(places.values())
    closest = math.inf
    for index, place in enumerate(by_x):
        for other in by_x[index + 1 :]:
            if other.x - place.x >= min(closest, 60):
                break
            if other.x > place.x and abs(other.y - place.y) < height:
                closest = other.x - place.x
    return min(closest, 60)


class Figures:
    """A report, looked up by owner. Everything is optional: a report may not be there yet.

    Where the model evaluated one of several equal boxes, its figures are those of all of them.
    """

    def __init__(self, report: Any | None, holder: str = "") -> None:
        self._stands_for: Mapping[str, str] = getattr(report, "stands_for", None) or {}
        self.by_owner: dict[str, list[Any]] = {}
        for resource in getattr(report, "utilisation", None) or ():
            self.by_owner.setdefault(resource.owner, []).append(resource)
        for resources in self.by_owner.values():
            resources.sort(key=lambda resource: -resource.utilisation)
        self.ceiling: dict[str, float] = {}
        for ceiling in getattr(report, "ceilings", None) or ():
            known = self.ceiling.get(ceiling.owner, math.inf)
            self.ceiling[ceiling.owner] = min(known, ceiling.rate)
        self.holder = holder  # the box that the data is read from: it answers for the latency
        self.latency = latency_use(report)
        bottleneck = getattr(report, "bottleneck", None)
        self.bottleneck: str | None = getattr(bottleneck, "owner", None)
        self.problems = {
            problem.owner: str(getattr(problem, "text", "") or getattr(problem, "reason", "") or "problem")
            for problem in getattr(report, "problems", None) or ()
            if getattr(problem, "owner", None)
        }

    def asked(self, owner: str) -> str:
        """The owner that was evaluated for this one: mostly itself."""
        return self._stands_for.get(owner, owner)

    def resources(self, owner: str) -> list[Any]:
        """What the owner's parts do, the busiest first."""
        return self.by_owner.get(self.asked(owner), [])

    def busiest(self, owner: str) -> float | None:
        resources = self.resources(owner)
        return resources[0].utilisation if resources else None

    def binds(self, owner: str) -> bool:
        return self.bottleneck is not None and self.bottleneck == self.asked(owner)

    def problem(self, owner: str) -> str | None:
        return self.problems.get(owner) or self.problems.get(self.asked(owner))


def _box_view(
    box: Box, facts: BoxFacts, at: Place, size: Size, zoom: Zoom, figures: Figures, overlay: Overlay
) -> BoxView:
    owner = f"box.{box.name}"
    bars = tuple(Bar(_label(resource), float(resource.utilisation)) for resource in figures.resources(owner))
    if figures.latency is not None and figures.asked(owner) == figures.holder:
        bars = tuple(sorted((*bars, Bar("flight", figures.latency)), key=lambda bar: -bar.fraction))
    heat, said = _heat(owner, figures, overlay)
    ceiling = figures.ceiling.get(figures.asked(owner))
    notes = [said] if said else []
    if facts.detail:
        notes.append(facts.detail)
    if ceiling is not None and math.isfinite(ceiling):
        notes.append(f"could do {human(ceiling)}")
    return BoxView(
        name=box.name,
        kind=facts.kind,
        title=facts.title,
        count=box.count,
        at=at,
        size=size,
        zoom=zoom,
        bars=bars[: size.height // 2 - 1 or 1],
        notes=tuple(notes),
        bottleneck=figures.binds(owner),
        problem=figures.problem(owner),
        heat=heat,
        pod=box.pod or "",
    )


def _heat(owner: str, figures: Figures, overlay: Overlay) -> tuple[float | None, str]:
    if overlay.mode == "busy":
        return figures.busiest(owner), ""
    values = overlay.values or {}
    return values.get(owner) or values.get(figures.asked(owner)) or (None, "")


# Names that fit a bar, for the kinds of resource whose first word would not tell them apart.
SHORT = {
    "matrix engine": "FLOPs",
    "memory bandwidth": "memory",
    "host memory bandwidth": "RAM",
    "host link": "PCIe",
    "host cores": "cores",
    "read bandwidth": "read",
    "write bandwidth": "write",
    "checkpoint: write bandwidth": "save",
    "read operations": "reads",
    "write operations": "writes",
    "requests": "req/s",
    "requests in flight": "flight",
    "bandwidth of a client": "client",
    "metadata operations": "meta",
    "kernel launches": "launch",
    "kernel gaps": "gaps",
    "pipeline bubble": "bubble",
    "fabric uplinks": "uplink",
    "loader workers": "loader",
}


def _label(resource: Any) -> str:
    """The shortest name that a person would give a resource."""
    kind = str(resource.kind)
    return SHORT.get(kind, kind.replace("_", " "))


def _wire_view(
    wire: Wire, kinds: Mapping[str, str], parts: Parts, zoom: Zoom, figures: Figures, overlay: Overlay
) -> WireView:
    owner = f"wire.{wire.name}"
    resources = figures.resources(owner)
    utilisation = figures.busiest(owner)
    traffic = max(
        (r.utilisation * r.capacity for r in resources if str(r.unit) in ("B/s", "bytes/s")), default=0.0
    )
    _, said = _heat(owner, figures, overlay)
    return WireView(
        name=wire.name,
        ends=wire.ends,
        label=said or _wire_label(wire, parts),
        classes=class_words(resources) if overlay.mode == "traffic" and zoom is Zoom.FULL else "",
        utilisation=utilisation,
        thickness=thickness(traffic) if zoom is not Zoom.DOTS else 0,
        flow=_flow(kinds[wire.ends[0]], kinds[wire.ends[1]]) if zoom is not Zoom.DOTS else "none",
        bottleneck=figures.binds(owner),
        problem=figures.problem(owner),
    )


def thickness(bytes_per_s: float) -> int:
    """Class of a wire's thickness, 0 to 2, by traffic on a log scale."""
    if bytes_per_s <= THIN_BYTES_PER_S:
        return 0
    return min(int(math.log10(bytes_per_s / THIN_BYTES_PER_S) / DECADES_PER_CLASS), 2)


def _wire_label(wire: Wire, parts: Parts) -> str:
    speed = parts.wire(wire)
    if wire.count and wire.count > 1:
        return f"{wire.count}×{speed}"
    return speed


def _flow(first: str, second: str) -> str:
    """Data flows from storage to what reads it; between computers and a fabric both ways."""
    if first == "storage" and second != "storage":
        return "forward"
    if second == "storage" and first != "storage":
        return "back"
    if first == second == "storage":
        return "forward"
    return "both"
