"""What the panels show, at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.design import Design

if TYPE_CHECKING:
    from infralab.models.report import Report


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What an edit would do that isn't made yet: the value that slides, the part that hovers."""

    label: str
    report: Report | None = None  # None: being evaluated
    place: str = ""  # what it does, in words
    title: str = "WHAT IF"
    refused: str = ""  # why it can't be done


@dataclass(frozen=True, slots=True)
class LabState:
    """One moment of the lab. `report` may be of an earlier design while the newest is being evaluated."""

    design: Design = Design()  # noqa: RUF009 - frozen
    report: Report | None = None
    baseline: Report | None = None
    baseline_name: str = "A"
    baseline_is_now: bool = True  # nothing changed since the baseline was pinned
    what_if: WhatIf | None = None
    selection: tuple[str, ...] = ()  # owners: "box.train", "wire.store-train"
    name: str = ""
    dirty: bool = False
    history: tuple[float, ...] = ()  # the rate after each edit
    failure: str = ""  # why the model could not answer
