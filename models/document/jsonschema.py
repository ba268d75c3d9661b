"""The JSON Schema of a design document, made from the one table of keys in `models/schema.py`.

Quantities are strings with a unit, so their bounds stay with the reader: a document that this schema
accepts may still have problems, one that it refuses always has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infralab.models import schema
from infralab.models.schema import Key

DIALECT = "https://json-schema.org/draft/2020-12/schema"
QUANTITY = r"^\s*[-+]?[0-9._]+([eE][-+]?[0-9]+)?(\s*\.\.\s*[-+]?[0-9._]+([eE][-+]?[0-9]+)?)?\s*[^0-9\s].*$"
_Schema = dict[str, Any]


def design_schema() -> _Schema:
    """The whole schema as plain tables; keys that it does not know are allowed, as in a document."""
    return {
        "$schema": DIALECT,
        "$id": schema.VERSION,
        "title": "InfraLab design",
        "type": "object",
        "properties": {
            **_properties(schema.DESIGN),
            "workload": _workload(),
            "plan": _plan(),
            "software": _table(schema.SOFTWARE),
            "box": _named(_with_overrides(schema.BOX, _box_overrides())),
            "wire": _named(_with_overrides(schema.WIRE, _table(schema.WIRE_FIGURES))),
            "component": {
                "type": "object",
                "description": "Parts of one's own, with the fields of the catalogue",
                "additionalProperties": {"type": "object"},
            },
            "story": {"type": "array", "items": _table(schema.STEP)},
        },
    }


def _workload() -> _Schema:
    made = _table(schema.WORKLOAD)
    entry = made["properties"]["model"]
    shape = _table(schema.MODEL)
    made["properties"]["model"] = {"description": entry["description"], "anyOf": [{"type": "string"}, shape]}
    inner = {"dataset": schema.DATASET, "checkpoint": schema.CHECKPOINT, "targets": schema.TARGETS}
    made["properties"].update({name: _table(keys) for name, keys in inner.items()})
    return made


def _plan() -> _Schema:
    made = _table(schema.PLAN)
    made["properties"].update({"prefill": _table(schema.PLAN), "decode": _table(schema.PLAN)})
    return made


def _with_overrides(keys: dict[str, Key], overrides: _Schema) -> _Schema:
    made = _table(keys)
    made["properties"]["with"] = {**overrides, "description": "Figures that replace the catalogue's"}
    return made


def _box_overrides() -> _Schema:
    made = _table(schema.BOX_FIGURES)
    for part, keys in schema.PARTS.items():
        inner = _table(keys)
        if part in schema.PEAK_PARTS:
            inner["properties"]["peak"] = _table(dict.fromkeys(schema.PRECISIONS, schema.PEAK))
        made["properties"][part] = inner
    return made


def _named(table: _Schema) -> _Schema:
    return {"type": "object", "additionalProperties": table}


def _table(keys: dict[str, Key]) -> _Schema:
    made: _Schema = {"type": "object", "properties": _properties(keys)}
    required = [key.name for key in keys.values() if key.required]
    if required:
        made["required"] = required
    return made


def _properties(keys: dict[str, Key]) -> _Schema:
    return {name: _key(key) for name, key in keys.items()}


def _key(key: Key) -> _Schema:
    made = {**_TYPES[key.type](key), "description": _described(key)}
    return made


def _described(key: Key) -> str:
    kinds = f" ({', '.join(kind for kind in schema.KINDS if kind in key.kinds)})" if key.kinds else ""
    unit = f", in {key.dimension}" if key.type == "quantity" and key.dimension else ""
    return f"{key.doc}{unit}{kinds}"


def _text(key: Key) -> _Schema:
    if not key.choices:
        return {"type": "string"}
    if key.open:
        return {"type": "string", "examples": list(key.choices)}
    if key.pattern:
        return {"anyOf": [{"enum": list(key.choices)}, {"type": "string", "pattern": f"^(?:{key.pattern})$"}]}
    return {"enum": list(key.choices)}


def _bounds(key: Key) -> _Schema:
    made: _Schema = {}
    if key.minimum is not None:
        made["exclusiveMinimum" if key.positive and key.minimum == 0 else "minimum"] = key.minimum
    if key.maximum is not None:
        made["maximum"] = key.maximum
    return made


def _number(key: Key) -> _Schema:
    plain = {"type": "number", **_bounds(key)}
    return {"anyOf": [plain, _written()]} if key.dimension else plain


def _written() -> _Schema:
    return {"type": "string", "pattern": QUANTITY}


def _quantity(key: Key) -> _Schema:
    if key.dimension:
        return _written()
    return {"anyOf": [{"type": "number", **_bounds(key)}, {"type": "string"}]}


def _numbers(key: Key) -> _Schema:
    one = {"type": "number", **_bounds(key)}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _fanout(key: Key) -> _Schema:
    one = {"type": "number", **_bounds(key)}
    return {"anyOf": [{"const": "full"}, one, {"type": "array", "items": one}]}


def _texts(key: Key) -> _Schema:
    one: _Schema = {"enum": list(key.choices)} if key.choices else {"type": "string"}
    return {"type": "array", "items": one}


_TYPES: dict[str, Callable[[Key], _Schema]] = {
    "text": _text,
    "number": _number,
    "whole": lambda key: {"type": "integer", **_bounds(key)},
    "flag": lambda key: {"type": "boolean"},
    "quantity": _quantity,
    "texts": _texts,
    "point": lambda key: {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    "numbers": _numbers,
    "fanout": _fanout,
    "ends": lambda key: {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
