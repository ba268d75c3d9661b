"""From a Design to plain tables, in the order in which a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infralab.models import schema
from infralab.models.design import (
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
from infralab.models.document.values import plain
from infralab.models.schema import Key
from infralab.models.units import Quantity

Tables = dict[str, Any]


def to_mapping(design: Design) -> Tables:
    """The design as nested tables, ready for TOML or JSON; what is absent or a default is left out."""
    result = _fields(design, schema.DESIGN)
    for name, value in (
        ("workload", plain_workload(design.workload) if design.workload else {}),
        ("plan", plain_plan(design.plan)),
        ("software", plain_software(design.software)),
        ("site", plain_site(design.site)),
        ("box", {name: plain_box(box) for name, box in design.boxes.items()}),
        ("wire", {name: plain_wire(wire) for name, wire in design.wires.items()}),
        ("component", {name: plain(part) for name, part in design.components.items()}),
        ("story", [plain_step(step) for step in design.story]),
    ):
        if value:
            result[name] = value
    return result


def _fields(thing: Any, keys: Mapping[str, Key]) -> Tables:
    """Known keys that are set, then the unknown ones."""
    result: Tables = {}
    for key in keys.values():
        value = getattr(thing, key.field, None)
        if value is not None and value != "" and value != ():
            result[key.name] = plain(value)
    result.update(plain(thing.extra))
    return result


def plain_workload(work: Workload) -> Tables:
    """The `[workload]` table."""
    result = _fields(work, schema.WORKLOAD)
    if work.shape:
        named = {"name": work.model} if work.model else {}
        result["model"] = {**named, **plain(work.shape)}
    targets = {
        key.name: plain(value)
        for key in schema.TARGETS.values()
        if (value := getattr(work, key.field)) is not None
    }
    if targets:
        result["targets"] = {**targets, **result.get("targets", {})}
    if work.dataset:
        result["dataset"] = plain_dataset(work.dataset)
    if work.checkpoint:
        result["checkpoint"] = plain_checkpoint(work.checkpoint)
    return result


def plain_dataset(dataset: Dataset) -> Tables:
    """The `[workload.dataset]` table."""
    return _fields(dataset, schema.DATASET)


def plain_checkpoint(checkpoint: Checkpoint) -> Tables:
    """The `[workload.checkpoint]` table."""
    return _fields(checkpoint, schema.CHECKPOINT)


def plain_plan(plan: Plan) -> Tables:
    """The `[plan]` table with its pools."""
    result = _fields(plan, schema.PLAN)
    for pool in ("prefill", "decode"):
        inner: Plan | None = getattr(plan, pool)
        if inner is not None and inner != Plan():
            result[pool] = _fields(inner, schema.PLAN)
    return result


def plain_software(software: Software) -> Tables:
    """The `[software]` table."""
    return _fields(software, schema.SOFTWARE)


def plain_site(site: Site) -> Tables:
    """The `[site]` table."""
    return _fields(site, schema.SITE)


def plain_box(box: Box) -> Tables:
    """One `[box.NAME]` table; a count of one is not written."""
    result = _fields(box, schema.BOX)
    if box.count == 1:
        result.pop("count", None)
    return _with_overrides(result, box.overrides)


def plain_wire(wire: Wire) -> Tables:
    """One `[wire.NAME]` table."""
    return _with_overrides(_fields(wire, schema.WIRE), wire.overrides)


def plain_step(step: Step) -> Tables:
    """One `[[story]]` table."""
    return _fields(step, schema.STEP)


def _with_overrides(result: Tables, overrides: FrozenMap[str, Quantity]) -> Tables:
    """Overrides as `with.<part>.<figure>`, beside unknown ones that were kept."""
    if not overrides:
        return result
    inner: Tables = result.pop("with", {})
    for path, quantity in overrides.items():
        *parts, figure = path.split(".")
        table = inner
        for part in parts:
            table = table.setdefault(part, {})
        table[figure] = plain(quantity)
    result["with"] = inner
    return result
