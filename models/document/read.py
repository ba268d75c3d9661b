"""From TOML to a Design. What does not fit is left out, said, and stays in the text."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from infralab.models import schema
from infralab.models.design import (
    EMPTY,
    Box,
    Checkpoint,
    Dataset,
    Design,
    FrozenMap,
    Plan,
    Software,
    Step,
    Wire,
    Workload,
)
from infralab.models.document.problem import DocumentError, Problem, dotted, shown
from infralab.models.document.scan import Path, line_of, statements
from infralab.models.document.values import Unfit, convert, frozen
from infralab.models.schema import Key, names_of, nearest

T = TypeVar("T")

# What brings data of an older version to the next one; it also changes the "schema" key.
MIGRATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
LARGEST_BYTES = 64_000_000  # a design of that size is no design


class Stamp(NamedTuple):
    """What a file looked like when it was read."""

    mtime_ns: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text and the design that it holds. `stamp` is None for a text that came from no file."""

    design: Design
    problems: tuple[Problem, ...] = ()
    text: str = ""
    path: str = ""
    stamp: Stamp | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "warning")


@dataclass(slots=True)
class Found:
    """Problems as they are met; lines and texts are filled in at the end, if there are any."""

    items: list[tuple[Any, Path, str, str, Any]] = field(default_factory=list)

    def error(self, path: Path, message: str, hint: str = "", value: Any = None) -> None:
        self.items.append(("error", path, message, hint, value))

    def warning(self, path: Path, message: str, hint: str = "", value: Any = None) -> None:
        self.items.append(("warning", path, message, hint, value))

    def problems(self, text: str, where: str) -> tuple[Problem, ...]:
        if not self.items:
            return ()
        found = statements(text) if text else []
        return tuple(
            Problem(
                severity,
                dotted(path),
                line_of(found, path),
                message,
                hint,
                "" if value is None else shown(value),
                where,
            )
            for severity, path, message, hint, value in self.items
        )


def load(path: str | os.PathLike[str]) -> Document:
    """Read a file. Raises DocumentError where nothing can be made of it."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
            stamp = stamp_of(os.fstat(file.fileno()), content)
    except FileNotFoundError:
        raise DocumentError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise DocumentError(f"{name}: this is a directory; name a .toml file in it") from None
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_BYTES:
        raise DocumentError(f"{name}: larger than {LARGEST_BYTES // 1_000_000} MB; this is no design")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(f"{name}:{line}: not UTF-8 text; a design is a TOML file in UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{name}: a binary file; a design is a TOML file in UTF-8")
    return read(text, name, stamp)


def stamp_of(status: os.stat_result, content: bytes) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, hashlib.sha256(content).hexdigest())


def read(text: str, path: str = "", stamp: Stamp | None = None) -> Document:
    """Read a text. Raises DocumentError for broken TOML and for a version this one cannot read."""
    data = _parsed(text, path)
    found = Found()
    version = data.get("schema")
    kept = text
    if version != schema.VERSION:
        data, migrated = _migrated(data, found, path)
        if migrated:
            kept = _written(data)
    design = _design(data, found)
    return Document(design, found.problems(text, path), kept, path, stamp)


def from_mapping(data: Mapping[str, Any], path: str = "") -> tuple[Design, tuple[Problem, ...]]:
    """A design from tables that are already parsed, such as a measurement's merged row."""
    found = Found()
    design = _design(data, found)
    return design, found.problems("", path)


def _parsed(text: str, path: str) -> dict[str, Any]:
    text = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(_broken(str(error), path)) from None
    except RecursionError:
        raise DocumentError(f"{path or 'text'}: tables or lists are nested too deeply") from None


def _broken(message: str, path: str) -> str:
    """tomllib's sentence with the line where an editor can find it."""
    head, _, place = message.partition(" (at ")
    line = ""
    if place.startswith("line "):
        line, _, column = place.removeprefix("line ").rstrip(")").partition(", column ")
        head = f"{head} at column {column}"
    elif place:
        head = f"{head} at the end"
    if "overwrite" in head or "twice" in head or "Cannot mutate" in head:
        head += ": a name may stand only once"
    elif "Invalid value" in head:
        head += ": texts stand in quotes"
    where = ":".join(part for part in (path, line) if part)
    return f"{where or 'text'}: not valid TOML: {head}"


def _migrated(data: dict[str, Any], found: Found, path: str) -> tuple[dict[str, Any], bool]:
    version = data.get("schema")
    if version is None:
        found.warning(("schema",), "missing", f'taken as schema = "{schema.VERSION}"')
        return data, False
    where = f"{path or 'text'}: schema = {shown(version)}"
    if not isinstance(version, str):
        raise DocumentError(f'{where}: expected schema = "{schema.VERSION}"')
    first = version
    while version in MIGRATIONS:
        data = MIGRATIONS[version](dict(data))
        version = data["schema"]
    if version == schema.VERSION:
        found.warning(
            ("schema",),
            f"an older version, read as {schema.VERSION}",
            "saving writes the new version, without the old file's comments",
            first,
        )
        return data, True
    family, _, number = version.partition("/")
    if family == "infralab.measurements":
        raise DocumentError(f"{where}: measurements, no design; run: infralab validate {path}".rstrip())
    current = schema.VERSION.partition("/")[2]
    if family == "infralab.design" and number.isdigit() and int(number) > int(current):
        raise DocumentError(f"{where}: written by a newer InfraLab; this one reads {schema.VERSION}: update it")
    raise DocumentError(f'{where}: not a version this InfraLab reads; expected "{schema.VERSION}"')


def _written(data: dict[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(data)


# --- tables ----------------------------------------------------------------------------------------

_DESIGN_TABLES = frozenset(schema.INNER[""])


def _design(data: Mapping[str, Any], found: Found) -> Design:
    rest = {name: value for name, value in data.items() if name not in _DESIGN_TABLES}
    fields, extra = _fields("", schema.DESIGN, rest, (), found)
    fields.pop("schema", None)
    if "workload" in data:
        fields["workload"] = read_workload(data["workload"], found)
    if "plan" in data:
        fields["plan"] = read_plan(data["plan"], ("plan",), found)
    if "software" in data:
        fields["software"] = read_software(data["software"], found)
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


def _fields(
    table: str, keys: Mapping[str, Key], raw: Mapping[str, Any], path: Path, found: Found
) -> tuple[dict[str, Any], FrozenMap[str, Any]]:
    """Fields of the dataclass, and the keys that this version does not know."""
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        key = keys.get(name)
        if key is None:
            extra[name] = frozen(value)
            _unknown(name, names_of(table), (*path, name), found)
            continue
        try:
            fields[key.field] = convert(key, value)
        except Unfit as error:
            found.error((*path, name), error.message, error.hint, value)
    return fields, FrozenMap(extra) if extra else EMPTY


def _unknown(name: str, known: Iterable[str], path: Path, found: Found) -> None:
    near = nearest(name, known)
    found.warning(path, "unknown key, kept but not used", f"did you mean {near}?" if near else "")


def _without(raw: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in names}


def read_workload(raw: Any, found: Found) -> Workload | None:
    path: Path = ("workload",)
    raw = _table(raw, path, found)
    inner = ("dataset", "checkpoint", "targets")
    model = raw.get("model")
    shaped = isinstance(model, Mapping)
    fields, extra = _fields(
        "workload", schema.WORKLOAD, _without(raw, *inner, *(("model",) if shaped else ())), path, found
    )
    if isinstance(model, Mapping):
        shape, more = _fields("workload.model", schema.MODEL, model, (*path, "model"), found)
        fields["model"] = shape.pop("name", None)
        fields["shape"] = FrozenMap({**shape, **more})
    if "dataset" in raw:
        fields["dataset"] = _inner(Dataset, "workload.dataset", raw["dataset"], found)
    if "checkpoint" in raw:
        fields["checkpoint"] = _inner(Checkpoint, "workload.checkpoint", raw["checkpoint"], found)
    if "targets" in raw:
        targets_path = (*path, "targets")
        targets = _table(raw["targets"], targets_path, found)
        known, more = _fields("workload.targets", schema.TARGETS, targets, targets_path, found)
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


def _inner(kind: type[T], table: str, raw: Any, found: Found) -> T | None:
    path: Path = tuple(table.split("."))
    fields, extra = _fields(table, schema.TABLES[table], _table(raw, path, found), path, found)
    return kind(**fields, extra=extra) if fields or extra else None


def read_plan(raw: Any, path: Path, found: Found) -> Plan:
    raw = _table(raw, path, found)
    pools = ("prefill", "decode") if len(path) == 1 else ()
    table = "plan" if pools else "plan.prefill"
    fields, extra = _fields(table, schema.PLAN, _without(raw, *pools), path, found)
    for pool in pools:
        if pool in raw:
            plan = read_plan(raw[pool], (*path, pool), found)
            fields[pool] = plan if plan != Plan() else None
    return Plan(**fields, extra=extra)


def read_software(raw: Any, found: Found) -> Software:
    path: Path = ("software",)
    fields, extra = _fields("software", schema.SOFTWARE, _table(raw, path, found), path, found)
    return Software(**fields, extra=extra)


def read_box(name: str, raw: Mapping[str, Any], found: Found) -> Box:
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
        return _fields(table, keys, raw, path, found)
    fields, extra = _fields(table, keys, _without(raw, "with"), path, found)
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
        _unknown(name, (*figures, *others), (*path, name), found)
        return
    try:
        known[prefix + name] = convert(key, value)
    except Unfit as error:
        found.error((*path, name), error.message, error.hint, value)


def _peaks(part: str, raw: Any, path: Path, known: dict[str, Any], found: Found) -> None:
    """with.chip.peak.<precision>"""
    if not isinstance(raw, Mapping):
        found.error(path, "expected a rate for each number format", f'write {path[-1]}.bf16 = "989 TFLOP/s"', raw)
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
    if not isinstance(raw, list | tuple):
        found.error(("story",), "expected steps, each under [[story]]", value=_brief(raw))
        return ()
    steps = []
    for index, step in enumerate(raw):
        path: Path = ("story", index)
        if not isinstance(step, Mapping):
            found.error(path, "expected a step under [[story]]", value=_brief(step))
            continue
        fields, extra = _fields("story", schema.STEP, step, path, found)
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
