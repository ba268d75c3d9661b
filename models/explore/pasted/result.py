"""One pasted figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infralab.models.refusal import Refusal


class PastedError(Refusal):
    """A text in which no result was found; it says which forms are read."""


@dataclass(frozen=True, slots=True)
class Result:
    """`metric` as measurement files name it; `value` in its base unit.

    work: keys of a workload that the result stands for (nccl-tests, fio); empty: the design's own.
    """

    label: str
    metric: str
    value: float
    unit: str
    work: Mapping[str, Any] = field(default_factory=dict)
    ranks: int | None = None  # processes that took part, where the text says
