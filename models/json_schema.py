"""The schema's table as JSON Schema (draft 2020-12), for editors that check TOML as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infralab.models import schema
from infralab.models.schema import Key
from infralab.models.units import example

Node = dict[str, Any]


def json_schema() -> Node:
    """The JSON Schema of a design. Unknown keys are allowed, as they are when a design is read."""
    workload = _table(schema.WORKLOAD)
    model = workload["properties"]["model"]
    workload["properties"] |= {
        "model": {"description": model["description"], "anyOf": [{"type": "string"}, _table(schema.MODEL)]},
        "dataset": _table(schema.DATASET),
        "checkpoint": _table(schema.CHECKPOINT),
        "targets": _table(schema.TARGETS),
    }
    plan = _table(schema.PLAN)
    plan["properties"] |= {"prefill": _table(schema.PLAN), "decode": _table(schema.PLAN)}
    design = _table(schema.DESIGN)
    design["properties"] |= {
        "workload": workload,
        "plan": plan,
        "software": _table(schema.SOFTWARE),
        "site": _table(schema.SITE),
        "box": _family(_with_overrides(schema.BOX, _box_figures())),
        "wire": _family(_with_overrides(schema.WIRE, _table(schema.WIRE_FIGURES))),
        "component": _family({"type": "object"}),
        "story": {"type": "array", "items": _table(schema.STEP)},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": schema.VERSION, **design}


def _table(keys: Mapping[str, Key]) -> Node:
    node: Node = {"type": "object", "properties": {name: _key(key) for name, key in keys.items()}}
    required = [name for name, key in keys.items() if key.required]
    return {**node, "required": required} if required else node


def _family(table: Node) -> Node:
    return {"type": "object", "additionalProperties": table}


def _with_overrides(keys: Mapping[str, Key], figures: Node) -> Node:
    table = _table(keys)
    table["properties"]["with"] = figures
    return table


def _box_figures() -> Node:
    figures = _table(schema.BOX_FIGURES)
    for part, keys in schema.PARTS.items():
        table = _table(keys)
        if part in schema.PEAK_PARTS:
            peaks = {precision: _key(schema.PEAK) for precision in schema.PRECISIONS}
            table["properties"]["peak"] = {"type": "object", "properties": peaks}
        figures["properties"][part] = table
    return figures


def _key(key: Key) -> Node:
    node: Node = {"description": _described(key)}
    if key.type == "text":
        return node | _text(key)
    if key.type == "flag":
        return node | {"type": "boolean"}
    if key.type == "quantity":
        kinds = ["string"] if key.dimension else ["string", "number"]
        return node | {"type": kinds} | ({"examples": [example(key.dimension)]} if key.dimension else {})
    if key.type == "texts":
        return node | {"type": "array", "items": _text(key)}
    if key.type == "point":
        return node | {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
    if key.type == "ends":
        return node | {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2, "uniqueItems": True}
    number = _bounds(key) | {"type": "integer" if key.type == "whole" else "number"}
    if key.type in ("numbers", "fanout"):
        choices = [number, {"type": "array", "items": number, "minItems": 1}]
        if key.type == "fanout":
            choices.append({"type": "string", "pattern": r"^(full|\d+(,\d+)*)$"})
        return node | {"anyOf": choices}
    return node | ({"anyOf": [number, {"type": "string"}]} if key.dimension else number)


def _text(key: Key) -> Node:
    if not key.choices:
        return {"type": "string"}
    if key.open:
        return {"type": "string", "examples": list(key.choices)}
    choice: Node = {"enum": list(key.choices)}
    return {"anyOf": [choice, {"type": "string", "pattern": f"^(?:{key.pattern})$"}]} if key.pattern else choice


def _bounds(key: Key) -> Node:
    bounds: Node = {}
    if key.minimum is not None:
        bounds["exclusiveMinimum" if key.positive else "minimum"] = key.minimum
    if key.maximum is not None:
        bounds["maximum"] = key.maximum
    return bounds


def _described(key: Key) -> str:
    kinds = f" ({', '.join(kind for kind in schema.KINDS if kind in key.kinds)})" if key.kinds else ""
    return f"{key.doc}{kinds}"
