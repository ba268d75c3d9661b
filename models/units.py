"""Quantities with units: parse "400 Gb/s", "3.35 TB/s", "30 min"; print them back.

SI prefixes are decimal; `KiB`, `MiB` … are binary. `b` is a bit and `B` a byte; a rate in bits is
kept in bytes. Base units: bytes, bytes/s, FLOP/s, seconds, watts, joules, hertz, USD, 1/s.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


class UnitError(ValueError):
    """A text that is no quantity, or one of another dimension than needed."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the base unit of its dimension; `low` and `high` when a range was given."""

    value: float
    dimension: str
    text: str = ""
    low: float | None = None
    high: float | None = None


_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_SMALL = {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3}
_FIXED = {
    "s": (1.0, "seconds"),
    "min": (60.0, "seconds"),
    "h": (3600.0, "seconds"),
    "hour": (3600.0, "seconds"),
    "hours": (3600.0, "seconds"),
    "d": (86400.0, "seconds"),
    "day": (86400.0, "seconds"),
    "days": (86400.0, "seconds"),
    "week": (604800.0, "seconds"),
    "weeks": (604800.0, "seconds"),
    "W": (1.0, "watts"),
    "J": (1.0, "joules"),
    "Wh": (3600.0, "joules"),
    "Hz": (1.0, "hertz"),
    "B": (1.0, "bytes"),
    "b": (0.125, "bytes"),
    "bit": (0.125, "bytes"),
    "B/s": (1.0, "bytes/s"),
    "b/s": (0.125, "bytes/s"),
    "bps": (0.125, "bytes/s"),
    "Bps": (1.0, "bytes/s"),
    "FLOP/s": (1.0, "FLOP/s"),
    "FLOPS": (1.0, "FLOP/s"),
    "OP/s": (1.0, "FLOP/s"),
    "OPS": (1.0, "FLOP/s"),
    "FLOP": (1.0, "FLOP"),
    "USD": (1.0, "USD"),
    "$": (1.0, "USD"),
    "IOPS": (1.0, "1/s"),
    "1/s": (1.0, "1/s"),
    "/s": (1.0, "1/s"),
    "ops/s": (1.0, "1/s"),
    "requests/s": (1.0, "1/s"),
    "files/s": (1.0, "1/s"),
    "images/s": (1.0, "1/s"),
    "samples/s": (1.0, "1/s"),
    "tokens/s": (1.0, "1/s"),
    "nodes/s": (1.0, "1/s"),
    "USD/h": (1.0, "USD/h"),
    "$/h": (1.0, "USD/h"),
    "USD/kWh": (1.0, "USD/kWh"),
    "g/kWh": (1.0, "g/kWh"),
    "USD/GB": (1e-9, "USD/bytes"),
    "USD/GB/month": (1e-9, "USD/bytes/month"),
    "%": (0.01, ""),
}
_NUMBER = r"[-+]?(?:\d[\d_]*(?:\.(?!\.))?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"^\s*({_NUMBER})(?:\s*\.\.\s*({_NUMBER}))?\s*(.*?)\s*$")

_EXAMPLE = {
    "bytes": '"80 GB"',
    "bytes/s": '"3.35 TB/s" or "400 Gb/s"',
    "FLOP/s": '"989 TFLOP/s"',
    "seconds": '"30 min" or "5 us"',
    "watts": '"700 W"',
    "joules": '"60 Wh"',
    "hertz": '"1.98 GHz"',
    "1/s": '"5500 requests/s"',
    "USD": '"30000 USD"',
    "USD/h": '"2.5 USD/h"',
    "USD/kWh": '"0.12 USD/kWh"',
    "g/kWh": '"342 g/kWh"',
    "USD/bytes/month": '"0.023 USD/GB/month"',
}


def example(dimension: str) -> str:
    """A well-formed text of the dimension, for error messages."""
    return _EXAMPLE.get(dimension, "a number")


def unit(text: str) -> tuple[float, str]:
    """Factor to the base unit, and the dimension, of a unit's name.

    Raises UnitError when no unit of that name is known.
    """
    if text == "":
        return 1.0, ""
    if text in _FIXED:
        return _FIXED[text]
    for size in (2, 1):
        head, tail = text[:size], text[size:]
        if tail in _FIXED:
            factor, dimension = _FIXED[tail]
            if head in _BINARY and dimension in ("bytes", "bytes/s"):
                return _BINARY[head] * factor, dimension
            if head in _SMALL and dimension in ("seconds", "watts", "joules"):
                return _SMALL[head] * factor, dimension
            if head in _PREFIX and dimension not in ("seconds", ""):
                return _PREFIX[head] * factor, dimension
    raise UnitError(f"unknown unit {text!r}")


def parse(text: str, dimension: str | None = None) -> Quantity:
    """Parse a quantity or a range ("5..12 GB/s"); a range's value is its middle.

    Raises UnitError with the right form when the text is no quantity of `dimension`.
    """
    match = _RANGE.match(text)
    if not match:
        want = f"; write it like {example(dimension)}" if dimension else ""
        raise UnitError(f"{text!r} is not a quantity{want}")
    low = float(match[1].replace("_", ""))
    try:
        factor, found = unit(match[3])
    except UnitError as error:
        want = f"; write it like {example(dimension)}" if dimension else ""
        raise UnitError(f"{error}{want}") from None
    if dimension is not None and found != dimension:
        what = f"a unit of {dimension}" if dimension else "a plain number"
        raise UnitError(f"{text!r} needs {what}; write it like {example(dimension)}")
    if not math.isfinite(low):
        raise UnitError(f"{text!r} is not a finite number")
    if match[2] is None:
        return Quantity(low * factor, found, text.strip())
    high = float(match[2].replace("_", ""))
    if high < low:
        raise UnitError(f"{text!r}: the range runs downwards")
    return Quantity((low + high) / 2 * factor, found, text.strip(), low * factor, high * factor)


_STEPS = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def significant(x: float, digits: int = 3) -> str:
    """`x` with so many significant digits and no exponent where it can be avoided."""
    if x == 0 or not math.isfinite(x):
        return "0" if x == 0 else ("∞" if x > 0 else "-∞" if x < 0 else "?")
    places = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    text = f"{x:.{min(places, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def human(x: float, unit_name: str = "", digits: int = 3) -> str:
    """`x` base units for a reader: 3.35e12, "B/s" -> "3.35 TB/s"; seconds as ms, min, h."""
    if not math.isfinite(x):
        return significant(x) + (f" {unit_name}" if unit_name else "")
    if unit_name in ("s", "seconds"):
        return duration(x, digits)
    for step, prefix in _STEPS:
        if abs(x) >= step * 0.9995:
            return f"{significant(x / step, digits)} {prefix}{unit_name}".rstrip()
    return f"{significant(x, digits)} {unit_name}".rstrip()


def duration(seconds: float, digits: int = 3) -> str:
    """Seconds for a reader: "12.3 ms", "1 h 16 min", "3.2 days"."""
    if not math.isfinite(seconds):
        return "∞"
    size = abs(seconds)
    if size == 0:
        return "0 s"
    for factor, name in ((1e-6, "ns"), (1e-3, "µs"), (1.0, "ms")):
        if size < factor:
            return f"{significant(seconds / factor * 1e3, digits)} {name}"
    if size < 120:
        return f"{significant(seconds, digits)} s"
    if size < 3600:
        return f"{significant(seconds / 60, digits)} min"
    if size < 86400:
        hours, minutes = divmod(round(size / 60), 60)
        return f"{'-' if seconds < 0 else ''}{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{significant(seconds / 86400, digits)} days"
