"""Axes: where a value stands, and which round values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to 0…1. Logarithmic where `log`; all values are then above 0."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """The place of a value, kept within 0…1."""
        low, high = self._raw(self.low), self._raw(self.high)
        if high <= low:
            return 0.5
        return min(max((self._raw(value) - low) / (high - low), 0.0), 1.0)

    def value(self, place: float) -> float:
        """The value at a place of 0…1."""
        low, high = self._raw(self.low), self._raw(self.high)
        raw = low + (high - low) * place
        return math.exp(raw) if self.log else raw

    def _raw(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value


def scale_of(values: Sequence[float], zero: bool = False) -> Scale:
    """A scale over the values: logarithmic where they are spread evenly by factors, or over two decades.

    zero: a linear scale begins at 0, so that heights can be compared.
    """
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return Scale(0.0, 1.0)
    low, high = min(finite), max(finite)
    if low > 0 and (high / low > 100 or (high / low >= 8 and _by_factors(finite))):
        return Scale(low, high, True)
    if zero and low >= 0:
        low = 0.0
    if low == high:
        return Scale(low - abs(low) / 2 - 0.5, high + abs(high) / 2 + 0.5)
    return Scale(low, high)


def _by_factors(values: Sequence[float]) -> bool:
    """Whether the middle one is nearer to the geometric than to the arithmetic middle."""
    ordered = sorted(set(values))
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    arithmetic, geometric = (ordered[0] + ordered[-1]) / 2, math.sqrt(ordered[0] * ordered[-1])
    return abs(middle - geometric) < abs(middle - arithmetic)
