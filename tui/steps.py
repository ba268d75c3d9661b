"""The next sensible value of a field, up or down: whole steps, nice numbers, the next choice."""

from __future__ import annotations

import math
from typing import Any

from infralab.models.units import Quantity, UnitError, parse, unit
from infralab.tui.fields import UNIT, Field

NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
SLIDE, NOTCHES = 4.0, 12  # a slide reaches from a quarter to four times the value
WHOLE_STEP_BELOW = 8  # counts step by one up to here, then along powers of two and their halves


def step(field: Field, direction: int) -> Any:
    """The value after one step up (+1) or down (−1); None where there is none to step to."""
    key = field.key
    if key is None:
        return None
    if key.type == "flag":
        return not bool(field.value)
    if field.choices and key.type in ("text", "texts") and not field.rooms:
        found = _choice(field, direction)
        return [found] if key.type == "texts" else found
    if key.type == "quantity" or isinstance(field.value, Quantity):
        return _quantity(field, direction)
    if key.type in ("number", "whole"):
        return _number(field, direction)
    return None


def slid(field: Field, notches: int) -> Any:
    """The value a slide away: NOTCHES to either side are ×4 and ×¼; None where nothing can be slid."""
    key = field.key
    factor = SLIDE ** (max(min(notches, NOTCHES), -NOTCHES) / NOTCHES)
    if key is None or field.choices or key.type not in ("quantity", "number", "whole"):
        return None
    if key.type == "quantity" or isinstance(field.value, Quantity):
        number, _, name = field.text.strip().partition(" ")
        try:
            parse(field.text, None)
            return f"{float(number.replace(',', '')) * factor:.3g} {name}".strip()
        except (UnitError, ValueError):
            return None
    try:
        value = float(field.value if field.value is not None else field.text.replace("\u202f", "").replace(" ", ""))
    except (TypeError, ValueError):
        return None
    scaled = value * factor
    return _bounded(
        field, max(round(scaled), 1) if key.type == "whole" or value.is_integer() else float(f"{scaled:.3g}")
    )


def _choice(field: Field, direction: int) -> str:
    names = list(field.choices)
    now = field.text if field.text in names else None
    return names[0 if direction > 0 else -1] if now is None else names[(names.index(now) + direction) % len(names)]


def _number(field: Field, direction: int) -> float | int | None:
    assert field.key is not None
    value = field.value
    if value is None:
        try:
            value = float(field.text.replace(" ", "")) if field.text else None
        except ValueError:
            value = None
    if not isinstance(value, int | float):
        return _bounded(field, 1)
    whole = field.key.type == "whole" or float(value).is_integer()
    after = _whole(int(value), direction) if whole and value >= 1 else nice(float(value), direction)
    if whole and value <= 1 and direction < 0:
        after = 0
    return _bounded(field, after)


def _whole(value: int, direction: int) -> int:
    """1, 2, 3 … 8, 12, 16, 24, 32, 48 …"""
    if value + min(direction, 0) < WHOLE_STEP_BELOW:
        return value + direction
    power = 2 ** int(math.log2(value))
    ladder = sorted({power // 2 * 3 // 2, power // 2, power, power * 3 // 2, power * 2, power * 3})
    if direction > 0:
        return next(item for item in ladder if item > value)
    return next(item for item in reversed(ladder) if item < value)


def nice(value: float, direction: int) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 … times a power of ten."""
    if value == 0:
        return 1.0 if direction > 0 else 0.0
    power = 10.0 ** math.floor(math.log10(abs(value)))
    ladder = [base * power * scale for scale in (0.1, 1.0, 10.0) for base in NICE]
    slack = value * 1e-6
    if direction > 0:
        found = next(item for item in ladder if item > value + slack)
    else:
        found = next(item for item in reversed(ladder) if item < value - slack)
    return float(f"{found:.6g}")


def _quantity(field: Field, direction: int) -> str | float | None:
    """Nice numbers in the unit that the field is written in."""
    assert field.key is not None
    try:
        quantity = parse(field.text, None)
    except UnitError:
        return None
    name = field.text.strip().split(" ", 1)[1] if " " in field.text.strip() else ""
    try:
        factor = unit(name)[0] if name else 1.0
    except UnitError:
        name = UNIT.get(field.key.dimension, "")
        factor = 1.0
    after = nice(quantity.value / factor, direction)
    if after <= 0 and field.key.positive:
        return None
    text = f"{after:.6g}"
    return f"{text} {name}" if name else after


def _bounded(field: Field, value: float | int) -> float | int:
    assert field.key is not None
    if field.key.minimum is not None:
        value = max(value, field.key.minimum)
    if field.key.maximum is not None:
        value = min(value, field.key.maximum)
    return int(value) if float(value).is_integer() else value
