"""One parameter of a sweep: "box.train.count=1..64*2" and the values that stand for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infralab.models.design import Design
from infralab.models.edits import set_value
from infralab.models.refusal import Refusal
from infralab.models.units import UnitError, parse

MOST_VALUES = 10_000  # of one parameter


class SweepError(Refusal):
    """A range that cannot be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The values that one parameter takes in a sweep."""

    path: str
    texts: tuple[str, ...]  # values as they would be typed
    values: tuple[float, ...]  # for plotting: the number, or the place in the list

    @property
    def numeric(self) -> bool:
        return self.values != tuple(float(i) for i in range(len(self.texts))) or all(
            t.replace(".", "").isdigit() for t in self.texts
        )


def axis(spec: str) -> Axis:
    """ "box.train.count=1..64*2", "wire.a.count=1..8", "box.train.is=a,b". Raises SweepError."""
    path, sign, text = spec.partition("=")
    if not sign or not path.strip() or not text.strip():
        raise SweepError(f'"{spec}": write a sweep as path=from..to, path=from..to*factor, from..to+step or a,b,c')
    try:
        texts = tuple(_values(text.strip()))
    except SweepError as error:
        raise SweepError(f"{path.strip()}={error}") from None
    numbers = [_number(t) for t in texts]
    values = tuple(n for n in numbers if n is not None)
    if len(values) != len(texts):
        values = tuple(float(i) for i in range(len(texts)))
    return Axis(path.strip(), texts, values)


def _number(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        pass
    try:
        return parse(text).value
    except UnitError:
        return None


def _values(text: str) -> Iterator[str]:
    if ".." not in text:
        yield from (part.strip() for part in text.split(",") if part.strip())
        return
    low_text, _, rest = text.partition("..")
    sign = next((s for s in "*+" if s in rest), "")
    high_text, _, by_text = rest.partition(sign) if sign else (rest, "", "")
    high_number, unit = _split_unit(high_text.strip())
    low_number, low_unit = _split_unit(low_text.strip())
    if low_unit and low_unit != unit:
        raise SweepError(f'"{text}": both ends of a range need one unit, as in "5..12 GB/s"')
    try:
        low, high = float(low_number), float(high_number)
        by = float(by_text.split()[0]) if by_text.strip() else 1.0
    except (ValueError, IndexError):
        raise SweepError(
            f'"{text}": write a range as 1..8, 1..64*2 or 0..100+25, with a unit after the last number'
        ) from None
    extra = by_text.strip().partition(" ")[2] if sign else ""
    unit = unit or extra
    if high < low or (sign == "*" and (by <= 1 or low <= 0)) or (sign != "*" and by <= 0):
        raise SweepError(f'"{text}": the range never ends; give the smaller end first and a step above it')
    value = low
    count = 0
    while value <= high * (1 + 1e-9):
        if count >= MOST_VALUES:
            raise SweepError(f'"{text}": more than {MOST_VALUES} values; take larger steps, like {low:g}..{high:g}*2')
        shown = f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
        yield f"{shown} {unit}".strip()
        value = value * by if sign == "*" else value + by
        count += 1


def _split_unit(text: str) -> tuple[str, str]:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/µ% ")
    return number.strip(), text[len(number) :].strip()


def edited(design: Design, path: str, text: str) -> Design:
    """The design with one value as typed: TOML where it is some, else a string."""
    from infralab.models.edits import parse_assignment

    where, value = parse_assignment(f"{path}={text}")
    return set_value(design, where, value)
