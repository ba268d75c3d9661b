"""From parsed tables to the parts of a Design, by the schema. What does not fit is left out, and said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infralab.models import schema
from infralab.models.design import (
    EMPTY,
    Box,
    Checkpoint,
    Dataset,
    Design,
    FrozenMap,
    Plan,
    Site,
    Software,
    Step,
    Wire,
    Workload,
)
from infralab.models.document.problem import Problem, dotted, shown
from infralab.models.document.scan import Path, line_of, statements
from infralab.models.document.values import Unfit, convert, frozen
from infralab.models.schema import Key, names_of, nearest


@dataclass(slots=True)
class Found:
    """Problems as they are met; lines and texts are filled in at the end, if there are any."""

    items: list[tuple[str, Path, str, str, Any]] = field(default_factory=list)

    def error(self, path: Path, message: str, hint: str = "", value: Any = None) -> None:
        self.items.append(("error", path, message, hint, value))

    def warning(self, path: Path, message: str, hint: str = "", value: Any = None) -> None:
        self.items.append(("warning", path, message, hint, value))

    def unknown(self, path: Path, known: Iterable[str]) -> None:
        near = nearest(str(path[-1]), known)
        hint = f"did you mean {near}?" if near else ""
        self.items.append(("unknown", path, "unknown key, kept but not used", hint, None))

    def problems(self, text: str, where: str) -> tuple[Problem, ...]:
        if not self.items:
            return ()
        found = statements(text) if text else []
        return tuple(
            Problem(
                "error" if severity == "error" else "warning",
                dotted(path),
                line_of(found, path),
                message,
                hint,
                "" if value is None else shown(value),
                where,
            )
            for severity, path, message, hint, value in self.items
        )


_DESIGN_TABLES = frozenset(schema.INNER[""])


def read_design(data: Mapping[str, Any], found: Found) -> Design:
    """The whole document; each table by its own reader below."""
    rest = {name: value for name, value in data.items() if name not in _DESIGN_TABLES}
    fields, extra = read_fields("", schema.DESIGN, rest, (), found)
    fields.pop("schema", None)
    if "workload" in data:
        fields["workload"] = read_workload(data["workload"], found)
    if "plan" in data:
        fields["plan"] = read_plan(data["plan"], ("plan",), found)
    if "software" in data:
        fields["software"] = read_software(data["software"], found)
    if "site" in data:
        fields["site"] = read_site(data["site"], found)
    boxes = _named("box", data, found)
    fields["boxes"] = FrozenMap({name: read_box(name, raw, found) for name, raw in boxes})
    wires = ((name, read_wire(name, raw, found)) for name, raw in _named("wire", data, found))
    fields["wires"] = FrozenMap(
        {name: wire for name, wire in wires if wire and ends_exist(wire, fields["boxes"], found)}
    )
    fields["components"] = FrozenMap(
        {name: read_component(name, raw, found) for name, raw in _named("component", data, found)}
    )
    if "story" in data:
        fields["story"] = read_story(data["story"], found)
    design = Design(**fields, extra=extra)
    check_references(design, found)
    return design


def _named(table: str, data: Mapping[str, Any], found: Found) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The tables of `[table.<name>]`."""
    raw = data.get(table)
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        found.error((table,), f"expected tables with a name each, like [{table}.first]", value=_brief(raw))
        return
    for name, inner in raw.items():
        if isinstance(inner, Mapping):
            yield name, inner
        else:
            found.error((table, name), f"expected a table, like [{table}.{name}]", value=_brief(inner))


def _brief(raw: Any) -> Any:
    return None if isinstance(raw, list | dict) else raw


def _table(raw: Any, path: Path, found: Found) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return raw
    found.error(path, f"expected a table, like [{dotted(path)}]", value=_brief(raw))
    return {}


def read_fields(
    table: str, keys: Mapping[str, Key], raw: Mapping[str, Any], path: Path, found: Found
) -> tuple[dict[str, Any], FrozenMap[str, Any]]:
    """Fields of the dataclass, and the keys that this version does not know."""
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        key = keys.get(name)
        if key is None:
            extra[name] = frozen(value)
            found.unknown((*path, name), names_of(table))
            continue
        if value == "":
            continue
        try:
            fields[key.field] = convert(key, value)
        except Unfit as error:
            found.error((*path, name), error.message, error.hint, value)
    return fields, FrozenMap(extra) if extra else EMPTY


def _without(raw: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in names}


def read_workload(raw: Any, found: Found) -> Workload | None:
    """The `[workload]` table with its inner tables; None where nothing is asked."""
    path: Path = ("workload",)
    raw = _table(raw, path, found)
    inner = ("dataset", "checkpoint", "targets")
    model = raw.get("model")
    shaped = isinstance(model, Mapping)
    fields, extra = read_fields(
        "workload", schema.WORKLOAD, _without(raw, *inner, *(("model",) if shaped else ())), path, found
    )
    if isinstance(model, Mapping):
        shape, more = read_fields("workload.model", schema.MODEL, model, (*path, "model"), found)
        fields["model"] = shape.pop("name", None)
        fields["shape"] = FrozenMap({**shape, **more})
    if "dataset" in raw:
        known, more = _inner("workload.dataset", raw["dataset"], found)
        fields["dataset"] = Dataset(**known, extra=more) if known or more else None
    if "checkpoint" in raw:
        known, more = _inner("workload.checkpoint", raw["checkpoint"], found)
        fields["checkpoint"] = Checkpoint(**known, extra=more) if known or more else None
    if "targets" in raw:
        targets_path = (*path, "targets")
        targets = _table(raw["targets"], targets_path, found)
        known, more = read_fields("workload.targets", schema.TARGETS, targets, targets_path, found)
        fields.update(known)
        if more:
            extra = extra.set("targets", more)
    kind = fields.pop("kind", "")
    if not kind and raw and "kind" not in raw:
        found.error(path, "kind is missing", 'write kind = "transformer-training", or another of the list')
    workload = Workload(kind, **fields, extra=extra)
    _check_kind(workload, raw, found)
    return None if workload == Workload("") else workload


def _check_kind(workload: Workload, raw: Mapping[str, Any], found: Found) -> None:
    """Keys that this kind of work does not use are said."""
    if not workload.kind:
        return
    for name in raw:
        key = schema.WORKLOAD.get(name)
        if key and key.kinds and workload.kind not in key.kinds:
            found.warning(("workload", name), f"not used by {workload.kind}")


def _inner(table: str, raw: Any, found: Found) -> tuple[dict[str, Any], FrozenMap[str, Any]]:
    path: Path = tuple(table.split("."))
    return read_fields(table, schema.TABLES[table], _table(raw, path, found), path, found)


def read_plan(raw: Any, path: Path, found: Found) -> Plan:
    """The `[plan]` table, or one of its pools (`plan.prefill`, `plan.decode`)."""
    raw = _table(raw, path, found)
    pools = ("prefill", "decode") if len(path) == 1 else ()
    table = "plan" if pools else "plan.prefill"
    fields, extra = read_fields(table, schema.PLAN, _without(raw, *pools), path, found)
    for pool in pools:
        if pool in raw:
            plan = read_plan(raw[pool], (*path, pool), found)
            fields[pool] = plan if plan != Plan() else None
    return Plan(**fields, extra=extra)


def read_software(raw: Any, found: Found) -> Software:
    """The `[software]` table."""
    path: Path = ("software",)
    fields, extra = read_fields("software", schema.SOFTWARE, _table(raw, path, found), path, found)
    return Software(**fields, extra=extra)


def read_site(raw: Any, found: Found) -> Site:
    """The `[site]` table."""
    path: Path = ("site",)
    fields, extra = read_fields("site", schema.SITE, _table(raw, path, found), path, found)
    return Site(**fields, extra=extra)


def read_box(name: str, raw: Mapping[str, Any], found: Found) -> Box:
    """One `[box.NAME]` with the figures that it overrides."""
    path: Path = ("box", name)
    fields, extra = _with_overrides("box", schema.BOX, schema.BOX_FIGURES, raw, path, found)
    return Box(name, **fields, extra=extra)


def read_wire(name: str, raw: Mapping[str, Any], found: Found) -> Wire | None:
    """A wire, or None where its ends are unusable: it then stays in the text only."""
    path: Path = ("wire", name)
    fields, extra = _with_overrides("wire", schema.WIRE, schema.WIRE_FIGURES, raw, path, found)
    if "ends" not in raw:
        found.error(path, "ends are missing", 'write ends = ["store", "train"]')
    return Wire(name, **fields, extra=extra) if "ends" in fields else None


def ends_exist(wire: Wire, boxes: Mapping[str, Box], found: Found) -> bool:
    """Whether both ends of a wire are drawn; what is not is said."""
    for end in wire.ends:
        if end not in boxes:
            near = nearest(end, boxes)
            hint = f"did you mean {near}?" if near else f"add a [box.{end}]"
            found.error(("wire", wire.name, "ends"), f"there is no box {end}", hint, list(wire.ends))
            return False
    return True


def _with_overrides(
    table: str,
    keys: Mapping[str, Key],
    figures: Mapping[str, Key],
    raw: Mapping[str, Any],
    path: Path,
    found: Found,
) -> tuple[dict[str, Any], FrozenMap[str, Any]]:
    if "with" not in raw:
        return read_fields(table, keys, raw, path, found)
    fields, extra = read_fields(table, keys, _without(raw, "with"), path, found)
    inner = (*path, "with")
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    parts = schema.PARTS if table == "box" else {}
    for name, value in _table(raw["with"], inner, found).items():
        if name in parts:
            _part(name, value, (*inner, name), known, unknown, found)
        else:
            _figure(name, value, figures, (*parts,), inner, "", known, unknown, found)
    if known:
        fields["overrides"] = FrozenMap(known)
    return fields, extra.set("with", frozen(unknown)) if unknown else extra


def _part(
    part: str, raw: Any, path: Path, known: dict[str, Any], unknown: dict[str, Any], found: Found
) -> None:
    rest: dict[str, Any] = {}
    for name, value in _table(raw, path, found).items():
        if name == "peak" and part in schema.PEAK_PARTS:
            _peaks(part, value, (*path, name), known, found)
            continue
        others = ("peak",) if part in schema.PEAK_PARTS else ()
        _figure(name, value, schema.PARTS[part], others, path, f"{part}.", known, rest, found)
    if rest:
        unknown[part] = rest


def _figure(
    name: str,
    value: Any,
    figures: Mapping[str, Key],
    others: tuple[str, ...],
    path: Path,
    prefix: str,
    known: dict[str, Any],
    unknown: dict[str, Any],
    found: Found,
) -> None:
    key = figures.get(name)
    if key is None:
        unknown[name] = value
        found.unknown((*path, name), (*figures, *others))
        return
    try:
        known[prefix + name] = convert(key, value)
    except Unfit as error:
        found.error((*path, name), error.message, error.hint, value)


def _peaks(part: str, raw: Any, path: Path, known: dict[str, Any], found: Found) -> None:
    """with.chip.peak.<precision>"""
    if not isinstance(raw, Mapping):
        found.error(path, "expected a rate for each number format", 'write peak.bf16 = "989 TFLOP/s"', raw)
        return
    for precision, value in raw.items():
        try:
            if precision not in schema.PRECISIONS:
                near = nearest(precision, schema.PRECISIONS)
                raise Unfit("unknown number format", f"did you mean {near}?" if near else "")
            known[f"{part}.peak.{precision}"] = convert(schema.PEAK, value)
        except Unfit as error:
            found.error((*path, precision), error.message, error.hint, value)


def read_component(name: str, raw: Mapping[str, Any], found: Found) -> FrozenMap[str, Any]:
    """A part of one's own: the catalogue knows its fields."""
    if "kind" not in raw and "like" not in raw:
        found.error(("component", name), "needs a kind, or like = a catalogue entry", 'write kind = "gpu"')
    result: FrozenMap[str, Any] = frozen(raw)
    return result


def read_story(raw: Any, found: Found) -> tuple[Step, ...]:
    """The steps under `[[story]]`, in their order."""
    if not isinstance(raw, list | tuple):
        found.error(("story",), "expected steps, each under [[story]]", value=_brief(raw))
        return ()
    steps = []
    for index, step in enumerate(raw):
        path: Path = ("story", index)
        if not isinstance(step, Mapping):
            found.error(path, "expected a step under [[story]]", value=_brief(step))
            continue
        fields, extra = read_fields("story", schema.STEP, step, path, found)
        steps.append(Step(**fields, extra=extra))
    return tuple(steps)


def check_references(design: Design, found: Found) -> None:
    """Names of boxes that are not drawn: said, and kept."""
    for path, target in references(design):
        if target not in design.boxes:
            near = nearest(target, design.boxes)
            hint = f"did you mean {near}?" if near else f"add a [box.{target}]"
            found.error(path, "there is no such box", hint, target)
        elif path[0] == "box" and path[1] == target:
            found.error(path, "a box cannot cache itself", "name the tier behind it", target)


def references(design: Design) -> list[tuple[Path, str]]:
    """Every place, wires aside, that names a box."""
    found: list[tuple[Path, str]] = [
        (("box", name, "caches"), box.caches) for name, box in design.boxes.items() if box.caches
    ]
    work = design.workload
    if work and work.dataset and work.dataset.on:
        found.append((("workload", "dataset", "on"), work.dataset.on))
    if work and work.checkpoint:
        if work.checkpoint.to:
            found.append((("workload", "checkpoint", "to"), work.checkpoint.to))
        if work.checkpoint.stage and work.checkpoint.stage != "cache":
            found.append((("workload", "checkpoint", "stage"), work.checkpoint.stage))
    return found
