"""Every number the model reads passes through here once.

A `Figures` records what was read (path, value, unit, mark), and can replace or scale any of it by
an array of variants: elasticities, sweeps and fits are the same evaluation with another Figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from infralab.models.arithmetic import Number


class Figure(NamedTuple):
    """A number as it was read: value in its base unit, and where it comes from."""

    value: Number
    unit: str
    mark: str  # cited, derived, fitted, assumed, override
    source: str


_new = tuple.__new__  # a third of the time of Figure(...), and there are hundreds in each evaluation


class Figures:
    """What one evaluation read.

    values: path -> replacement (float or array (V,)) of a design's number or a hardware figure.
    scales: path -> factor (array (V,)) on a hardware figure or fitted constant.
    """

    __slots__ = ("assumptions", "plain", "read", "scales", "values")

    def __init__(
        self, values: Mapping[str, Number] | None = None, scales: Mapping[str, Number] | None = None
    ) -> None:
        self.values = values or {}
        self.scales = scales or {}
        self.plain = not values and not scales
        self.read: dict[str, Figure] = {}
        self.assumptions: dict[str, bool] = {}

    def figure(
        self, path: str, value: Number, unit: str = "", mark: str = "cited", source: str = ""
    ) -> Number:
        """A hardware figure or constant: recorded, and scaled or replaced where variants say so."""
        if not self.plain:
            if path in self.values:
                value = self.values[path]
                mark = "override"
            if path in self.scales:
                value = value * self.scales[path]
        self.read[path] = _new(Figure, (value, unit, mark, source))
        return value

    def number(self, path: str, value: float) -> Number:
        """A number of the design itself (a count, a batch): replaced where variants say so."""
        if path in self.values:
            return self.values[path]
        return float(value)

    def assume(self, text: str, moves: bool = True) -> None:
        """Note that something not given was filled; `moves`: it moves the result, not only a detail."""
        self.assumptions[text] = self.assumptions.get(text, False) or moves
