"""One pasted figure, and the reader that finds out which tool printed it."""

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


FORMS = (
    "lines or a table of nccl-tests; fio's summary or its --output-format=json; a step time (\"step 1.23 s\"), "
    "a rate (\"145 k tokens/s\"), a time to the first token or per token; or a measurement file"
)


def read(text: str) -> list[Result]:
    """Every result in a text. Raises PastedError where there is none."""
    from infralab.models.explore.pasted import figures, fio, nccl

    found = fio.of_json(text) or nccl.of_text(text) or fio.of_text(text) or figures.of_text(text)
    if not found:
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        shown = f'"{first[:60]}"' if first else "nothing at all"
        raise PastedError(f"no result found in {shown}; what is read: {FORMS}")
    return found
