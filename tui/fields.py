"""What the inspector shows of a selection: fields with value, unit, source mark, override and choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infralab.models import schema
from infralab.models.design import Box, Design, FrozenMap, Wire
from infralab.models.document.problem import quoted_key
from infralab.models.report import Report
from infralab.models.schema import Key
from infralab.models.units import Quantity, human, parse, significant
from infralab.tui.parts import component_of

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the inspector. `path` as in the file; "" for a heading.

    value: what the design holds, or None; base: the catalogue's figure, in base units;
    text: what is shown; found: the model chose it; rooms: catalogue rooms to choose from.
    """

    path: str
    label: str
    text: str = ""
    value: Any = None
    base: float | None = None
    key: Key | None = None
    mark: str = ""
    source: str = ""
    overridden: bool = False
    found: bool = False
    rooms: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    renames: str = ""  # owner that this field names

    @property
    def heading(self) -> bool:
        return not self.path


_HEAD = ("count",)
_OF_KIND = {
    "server": ("chips", "chip", "cpu", "nic", "dpu", "disk", "disks", "caches", "policy", "scope", "runs", "topology"),
    "chip": ("chips", "cpu", "nic", "dpu", "disk", "disks", "caches", "policy", "scope", "runs", "topology"),
    "dpu": ("runs",),
    "tier": ("caches", "policy", "scope", "prefixes", "servers", "drives"),
    "switch": ("topology", "oversubscription", "routing"),
}
_FIGURES_OF = {"chip": "chip", "cpu": "cpu", "dpu": "dpu", "nic": "nic", "disk": "disk"}
_ROOMS = {
    "box.is": ("server", "chip", "tier", "switch", "dpu"),
    "box.chip": ("chip",),
    "box.cpu": ("chip",),
    "box.nic": ("dpu", "link"),
    "box.dpu": ("dpu",),
    "box.disk": ("tier",),
    "wire.is": ("link",),
    "workload.model": ("model",),
    "workload.dataset.name": ("dataset",),
    "workload.accelerator": ("chip",),
    "software.framework": ("framework",),
    "software.loader": ("loader",),
}


def fields(design: Design, report: Report | None, selection: tuple[str, ...], catalogue: Catalogue) -> list[Field]:
    """Fields of what is selected: a box, a wire, several things at once, or else the job itself."""
    boxes = [design.boxes[name] for name in _names(selection, "box") if name in design.boxes]
    wires = [design.wires[name] for name in _names(selection, "wire") if name in design.wires]
    if len(boxes) == 1 and not wires:
        return list(_box_fields(boxes[0], design, catalogue))
    if len(wires) == 1 and not boxes:
        return list(_wire_fields(wires[0], design, catalogue))
    if boxes or wires:
        return _several(boxes, wires)
    return list(_job_fields(design, report))


def _names(selection: Iterable[str], kind: str) -> list[str]:
    return [owner.partition(".")[2] for owner in selection if owner.startswith(f"{kind}.")]


# -- a box


def _box_fields(box: Box, design: Design, catalogue: Catalogue) -> Iterator[Field]:
    at = f"box.{quoted_key(box.name)}"
    component = component_of(box, catalogue)
    room = component.room if component else "server"
    yield Field(
        "",
        f"{component.kind if component else 'box'}  {component.facts.get('vendor', '')}".strip()
        if component
        else "box",
    )
    yield Field(f"{at}.name", "name", box.name, box.name, renames=f"box.{box.name}")
    yield _own(f"{at}.is", "part", schema.BOX["is"], box.is_, "box.is", design)
    for name in (*_HEAD, *_OF_KIND.get(room, ())):
        default = _fact_default(component, name)
        yield _own(
            f"{at}.{name}",
            _label(name),
            schema.BOX[name],
            getattr(box, schema.BOX[name].field),
            f"box.{name}",
            design,
            default,
        )
    precision = design.workload.precision if design.workload else None
    yield from _part_figures(box, component, catalogue, at, precision)
    if box.extra:
        yield Field("", "not understood, kept as it is")
        for name, value in box.extra.items():
            yield Field(f"{at}.{name}", name, str(value), value)


def _fact_default(component: Component | None, name: str) -> str:
    """What the catalogue's entry has where the design says nothing."""
    if component is None:
        return ""
    if name == "chips":
        value = component.figures.get("chips")
        return significant(value) if value else ""
    fact = component.facts.get({"cpu": "cpu_id"}.get(name, name))
    return fact if isinstance(fact, str) else ""


def _part_figures(
    box: Box, component: Component | None, catalogue: Catalogue, at: str, precision: str | None
) -> Iterator[Field]:
    """Figures that may be overridden: of the box itself, and of the parts in it."""
    if component is None:
        return
    if component.room in ("tier", "switch"):
        yield from _figures_of("figures", schema.BOX_FIGURES.values(), "", component, box, at)
        return
    chip = (
        component
        if component.room == "chip"
        else catalogue.find(box.chip or str(component.facts.get("chip", "")), "chip")
    )
    if chip is not None:
        keys = [*schema.PARTS["chip"].values()]
        yield from _figures_of(f"chip  {chip.id}", keys, "chip", chip, box, at)
        yield from _peaks(chip, box, at, precision)
    for part, name in (("cpu", box.cpu), ("nic", box.nic), ("dpu", box.dpu), ("disk", box.disk)):
        found = catalogue.find(name, {"disk": "tier", "cpu": "chip"}.get(part, "dpu")) if name else None
        if found is not None:
            yield from _figures_of(f"{part}  {found.id}", schema.PARTS[part].values(), part, found, box, at)
    if component.room == "server":
        yield from _figures_of("host", schema.PARTS["host"].values(), "host", component, box, at, "host.")


def _figures_of(
    title: str, keys: Iterable[Key], part: str, component: Component, box: Box, at: str, prefix: str = ""
) -> Iterator[Field]:
    rows = [_figure(key, part, component, box, at, prefix) for key in keys]
    rows = [row for row in rows if row.base is not None or row.overridden]
    if rows:
        yield Field("", title)
        yield from rows


def _figure(key: Key, part: str, component: Component, box: Box | Wire, at: str, prefix: str = "") -> Field:
    name = f"{part}.{key.name}" if part else key.name
    override = box.overrides.get(name)
    base = component.figures.get(prefix + key.name)
    mark = "override" if override is not None else _weaker(component, prefix + key.name)
    text = _quantity(override, key.dimension) if override is not None else shown(base, key.dimension)
    source = component.sources[0] if component.sources else ""
    return Field(f"{at}.with.{name}", _label(key.name), text, override, base, key, mark, source, override is not None)


def _peaks(chip: Component, box: Box, at: str, precision: str | None) -> Iterator[Field]:
    wanted = [name for name in (precision, "bf16", "fp8", "fp32") if name and f"peak.{name}" in chip.figures]
    for name in list(dict.fromkeys(wanted))[:3]:
        row = _figure(schema.PEAK, "chip", chip, box, at)
        figure = f"chip.peak.{name}"
        override, base = box.overrides.get(figure), chip.figures[f"peak.{name}"]
        yield Field(
            f"{at}.with.{figure}",
            f"peak {name}",
            _quantity(override, "FLOP/s") if override is not None else shown(base, "FLOP/s"),
            override,
            base,
            schema.PEAK,
            "override" if override is not None else _weaker(chip, f"peak.{name}"),
            row.source,
            override is not None,
        )


def _weaker(component: Component, figure: str) -> str:
    return component.marks.get(figure, "assumed")


# -- a wire


def _wire_fields(wire: Wire, design: Design, catalogue: Catalogue) -> Iterator[Field]:
    at = f"wire.{quoted_key(wire.name)}"
    yield Field("", f"wire  {wire.ends[0]} ↔ {wire.ends[1]}")
    for name in ("is", "count", "path", "port", "spread", "share"):
        key = schema.WIRE[name]
        label = "link" if name == "is" else _label(name)
        yield _own(f"{at}.{name}", label, key, getattr(wire, key.field), f"wire.{name}", design)
    link = catalogue.find(wire.is_, "link") if wire.is_ else None
    if link is None:
        return
    rows = [_figure(key, "", link, wire, at) for key in schema.WIRE_FIGURES.values()]
    rows = [row for row in rows if row.base is not None or row.overridden]
    if rows:
        yield Field("", f"figures  {link.id}")
        yield from rows


# -- the job


def _job_fields(design: Design, report: Report | None) -> Iterator[Field]:
    work = design.workload
    yield Field("", "design")
    yield Field("title", "title", design.title, design.title, key=schema.DESIGN["title"])
    yield Field("question", "question", design.question, design.question, key=schema.DESIGN["question"])
    yield Field("", "workload")
    kind = work.kind if work else None
    yield _own("workload.kind", "kind", schema.WORKLOAD["kind"], kind, "workload.kind", design)
    if work is not None:
        yield from _workload_fields(design)
    yield from _found_plan(design, report)
    yield Field("", "software")
    for name, key in schema.SOFTWARE.items():
        value = getattr(design.software, key.field)
        default = (report.framework or "") if report and name == "framework" else ""
        yield _own(f"software.{name}", _label(name), key, value, f"software.{name}", design, default)


def _workload_fields(design: Design) -> Iterator[Field]:
    work = design.workload
    assert work is not None
    for name, key in schema.WORKLOAD.items():
        if name == "kind" or (key.kinds and work.kind not in key.kinds):
            continue
        value = getattr(work, key.field)
        if name == "model" and work.shape:
            value = work.model or str(work.shape.get("name", "")) or "own figures"
        yield _own(f"workload.{name}", _label(name), key, value, f"workload.{name}", design)
    if work.dataset is not None or "training" in work.kind or work.kind in ("loading", "storage-emulation"):
        yield from _inner("workload.dataset", "data set", schema.DATASET, work.dataset, design, work.kind)
    if work.checkpoint is not None or "training" in work.kind:
        yield from _inner("workload.checkpoint", "checkpoints", schema.CHECKPOINT, work.checkpoint, design, "")
    if "transformer-inference" in work.kind:
        yield Field("", "targets")
        for name, key in schema.TARGETS.items():
            path = f"workload.targets.{name}"
            yield _own(path, _label(name), key, getattr(work, key.field), path, design)


_GRAPH_ONLY = ("nodes", "edges", "features", "edge_features", "train_nodes", "graphs")


def _inner(at: str, title: str, keys: dict[str, Key], thing: Any, design: Design, kind: str) -> Iterator[Field]:
    yield Field("", title)
    for name, key in keys.items():
        value = getattr(thing, key.field) if thing is not None else None
        if name in _GRAPH_ONLY and not kind.startswith("graph") and value is None:
            continue
        yield _own(f"{at}.{name}", _label(name), key, value, f"{at}.{name}", design)


def _found_plan(design: Design, report: Report | None) -> Iterator[Field]:
    found = report.plan if report is not None else {}
    if not found and design.plan == type(design.plan)():
        return
    yield Field("", "plan (grey: found)" if report and report.plan_found else "plan")
    for name, key in schema.PLAN.items():
        value = getattr(design.plan, key.field)
        chosen = found.get(name)
        if value is None and chosen is None and name not in ("tensor", "pipeline", "micro_batch", "sharding"):
            continue
        default = "" if chosen is None else _plain(chosen)
        yield _own(f"plan.{name}", _label(name), key, value, f"plan.{name}", design, default)


# -- several at once


def _several(boxes: list[Box], wires: list[Wire]) -> list[Field]:
    """What the selected things share: a value set here is set on all of them."""
    rows = [Field("", f"{len(boxes) + len(wires)} things: edits go to all")]
    kind, things = ("box", boxes) if boxes else ("wire", wires)
    names = ("is", "count", "chips", "dpu", "oversubscription") if kind == "box" else ("is", "count", "path")
    for name in names:
        key = schema.TABLES[kind][name]
        values = {getattr(thing, key.field) for thing in things}
        text = _plain(values.pop()) if len(values) == 1 else "differ"
        rows.append(
            Field(
                f"{kind}.*.{name}",
                _label(name),
                text,
                key=key,
                rooms=_ROOMS.get(f"{kind}.{name}", ()),
                choices=key.choices,
            )
        )
    return rows


# -- text


def _own(path: str, label: str, key: Key, value: Any, rooms: str, design: Design, default: str = "") -> Field:
    choices = tuple(design.boxes) if key.refers == "box" else key.choices
    text = _quantity(value, key.dimension) if isinstance(value, Quantity) else _plain(value)
    if value is not None and key.dimension and isinstance(value, int | float):
        text = exact(float(value), key.dimension)
    return Field(
        path,
        label,
        text or default,
        value,
        key=key,
        found=value is None and bool(default),
        rooms=_ROOMS.get(rooms, ()),
        choices=choices,
    )


def _label(name: str) -> str:
    return {"is": "part"}.get(name, name.replace("_", " "))


def _plain(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}".replace(",", " ") if float(value).is_integer() else significant(value, 6)
    if isinstance(value, tuple):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, FrozenMap):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return str(value)


def _quantity(quantity: Quantity, dimension: str) -> str:
    return quantity.text or shown(quantity.value, dimension)


UNIT = {
    "bytes": "B",
    "bytes/s": "B/s",
    "FLOP/s": "FLOP/s",
    "seconds": "s",
    "watts": "W",
    "hertz": "Hz",
    "1/s": "/s",
    "USD": "USD",
    "USD/h": "USD/h",
}


def exact(value: float, dimension: str) -> str:
    """A value of the design itself, so that typing what is shown changes nothing."""
    if dimension == "bytes" and value >= 1024 and value % 1024 == 0 and value % 1000:
        for factor, name in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
            if value % factor == 0:
                return f"{value / factor:.0f} {name}"
    for digits in (3, 5, 8, 12):
        text = human(value, UNIT.get(dimension, dimension), digits)
        if abs(parse(text).value - value) <= 1e-12 * abs(value):
            return text
    return text


def shown(value: float | None, dimension: str) -> str:
    """A figure in base units, for a reader; it can be typed back the same way."""
    if value is None:
        return ""
    if dimension == "USD/bytes/month":
        return f"{significant(value * 1e9)} USD/GB/month"
    if dimension == "" and 0 < abs(value) < 1e-3:
        return f"{value:.3g}"
    if dimension == "":
        return _plain(float(significant(value, 4)))
    return human(value, UNIT.get(dimension, dimension))
