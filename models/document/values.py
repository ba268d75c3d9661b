"""One value of a document: from TOML to what the design keeps, by the schema's key, and back."""

from __future__ import annotations

import math
from typing import Any

from infralab.models.design import FrozenMap
from infralab.models.schema import Key, allows, nearest
from infralab.models.schema.key import NUMBER_LIMIT
from infralab.models.units import Quantity, UnitError, example, parse

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
)
_BASE = {
    "bytes": "B",
    "bytes/s": "B/s",
    "FLOP/s": "FLOP/s",
    "FLOP": "FLOP",
    "seconds": "s",
    "watts": "W",
    "joules": "J",
    "hertz": "Hz",
    "USD": "USD",
    "1/s": "1/s",
    "USD/h": "USD/h",
    "USD/kWh": "USD/kWh",
    "g/kWh": "g/kWh",
}


class Unfit(ValueError):
    """A value that does not fit its key: what was expected, and what may have been meant."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def convert(key: Key, raw: Any) -> Any:
    """The design's value for a TOML value. Raises Unfit."""
    kind = key.type
    if kind == "text":
        return _text(key, raw)
    if kind in ("number", "whole"):
        return _number(key, raw)
    if kind == "quantity":
        return _quantity(key, raw)
    if kind == "flag":
        if not isinstance(raw, bool):
            raise Unfit("expected true or false")
        return raw
    if kind == "texts":
        return _texts(key, raw)
    if kind == "point":
        return _point(raw)
    if kind == "ends":
        return _ends(raw)
    return _numbers(key, raw)


def _text(key: Key, raw: Any) -> str:
    if not isinstance(raw, str):
        scalar = isinstance(raw, int | float) and not isinstance(raw, bool)
        raise Unfit("expected a text in quotes", f'write "{raw}"' if scalar else "")
    if not allows(key, raw):
        near = nearest(raw, key.choices)
        options = ", ".join(key.choices)
        raise Unfit(f"expected one of {options}", f'did you mean "{near}"?' if near else "")
    return raw


def _number(key: Key, raw: Any) -> int | float:
    if isinstance(raw, str):
        if key.dimension:
            return _bounded(key, _parsed(key, raw).value)
        raise Unfit(f"expected {expected(key)}", _meant(key, raw))
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Unfit(f"expected {expected(key)}")
    if key.type == "whole" and isinstance(raw, float):
        if not raw.is_integer():  # also NaN and infinity
            raise Unfit(f"expected {expected(key)}")
        raw = int(raw)
    return _bounded(key, raw)


def _bounded(key: Key, number: int | float) -> int | float:
    low, high = key.minimum, key.maximum
    if isinstance(number, float) and not math.isfinite(number):
        raise Unfit(f"expected {expected(key)}, and finite")
    if low is not None and (number < low or (key.positive and number <= low)):
        raise Unfit(f"expected {expected(key)}")
    if high is not None and number > high:
        raise Unfit(f"expected {expected(key)} to {high:,.0f}".replace(",", "_"))
    return number


def _meant(key: Key, raw: str) -> str:
    """ "eight" or "8" for 8."""
    word = raw.strip().lower()
    if word in _WORDS:
        return f"did you mean {_WORDS.index(word)}?"
    try:
        number = float(word.replace("_", "").replace(",", ""))
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    return f"did you mean {int(number) if number.is_integer() else number}, without quotes?"


def _parsed(key: Key, raw: str) -> Quantity:
    try:
        return parse(raw, key.dimension)
    except UnitError as error:
        raise Unfit(str(error)) from None


def _quantity(key: Key, raw: Any) -> Quantity:
    if isinstance(raw, str):
        found = _parsed(key, raw)
    elif isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Unfit(f"expected {expected(key)}")
    elif key.dimension:
        form = f"write it like {example(key.dimension)}"
        raise Unfit("expected a text with a unit, not a bare number", form)
    elif abs(raw) > NUMBER_LIMIT:
        raise Unfit(f"expected {expected(key)}")
    else:
        found = Quantity(float(raw), "")
    _bounded(key, found.value if found.low is None else found.low)
    if found.high is not None:
        _bounded(key, found.high)
    return found


def _texts(key: Key, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        raise Unfit("expected a list of texts", f'write ["{raw}"]')
    if not isinstance(raw, list | tuple):
        raise Unfit("expected a list of texts")
    return tuple(_text(key, item) for item in raw)


def _point(raw: Any) -> tuple[int, int]:
    good = isinstance(raw, list | tuple) and len(raw) == 2 and all(_is_cell(part) for part in raw)
    if not good:
        raise Unfit("expected a place in cells", "write it like [2, 3]")
    return int(raw[0]), int(raw[1])


def _is_cell(part: Any) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and abs(part) <= 1_000_000


def _ends(raw: Any) -> tuple[str, str]:
    texts = isinstance(raw, list | tuple) and all(isinstance(end, str) for end in raw)
    if not texts:
        raise Unfit("expected the names of two boxes", 'write it like ["store", "train"]')
    if len(raw) != 2:
        raise Unfit(f"a wire has two ends, not {len(raw)}", 'write it like ["store", "train"]')
    if raw[0] == raw[1]:
        raise Unfit("a wire cannot join a box to itself")
    return raw[0], raw[1]


def _numbers(key: Key, raw: Any) -> Any:
    if isinstance(raw, list | tuple):
        if not raw:
            raise Unfit(f"expected {expected(key)}")
        return tuple(_number(key, item) for item in raw)
    if key.type == "fanout" and isinstance(raw, str):
        if raw == "full":
            return raw
        try:
            return tuple(_bounded(key, int(part)) for part in raw.split(","))
        except ValueError:
            raise Unfit(f"expected {expected(key)}", "write it like [15, 10, 5]") from None
    number = _number(key, raw)
    return (number,) if key.type == "fanout" else number


def expected(key: Key) -> str:
    """What the key takes, for a reader: "a whole number from 1"."""
    if key.type == "quantity" and key.dimension:
        return f"a text with a unit, like {example(key.dimension)}"
    if key.type == "text" and key.choices:
        return "one of " + ", ".join(key.choices)
    noun = {
        "whole": "a whole number",
        "quantity": "a number",
        "number": "a number",
        "text": "a text",
        "flag": "true or false",
        "texts": "a list of texts",
        "point": "a place in cells, like [2, 3]",
        "ends": 'the names of two boxes, like ["store", "train"]',
        "numbers": "a number or a list of numbers",
        "fanout": 'a list of numbers, like [15, 10, 5], or "full"',
    }[key.type]
    if key.minimum is None or key.type == "fanout":
        return noun
    if key.positive:
        return f"{noun} above {key.minimum:g}"
    if key.maximum is not None and key.maximum <= 1:
        return f"{noun} from {key.minimum:g} to {key.maximum:g}"
    return f"{noun} from {key.minimum:g}"


def frozen(value: Any) -> Any:
    """Lists as tuples and tables as FrozenMap, so that the design can be hashed."""
    if isinstance(value, dict | FrozenMap):
        return FrozenMap({name: frozen(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def plain(value: Any) -> Any:
    """A design's value as TOML holds it: lists, tables, numbers, texts."""
    if isinstance(value, Quantity):
        return quantity_text(value)
    if isinstance(value, FrozenMap | dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def quantity_text(quantity: Quantity) -> str | int | float:
    """The text of a quantity as it was written; a number where it has no unit."""
    if quantity.text:
        return quantity.text
    if not quantity.dimension:
        return int(quantity.value) if quantity.value.is_integer() else quantity.value
    factor, unit = 1.0, _BASE.get(quantity.dimension, "")
    if quantity.dimension == "USD/bytes/month":
        factor, unit = 1e9, "USD/GB/month"
    return f"{quantity.value * factor!r} {unit}"
