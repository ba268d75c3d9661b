"""Searching for fixes while nobody waits: it gives way to every question that is asked in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.design import Design

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.explore.upgrades import Spare, Upgrade

LONGEST_SECONDS = 4.0  # a large design has more candidates than anybody reads: then what was found so far
BREATH_SECONDS = 0.002  # between candidates, so that a key pressed meanwhile is answered at once


@dataclass(frozen=True, slots=True)
class Found:
    """What would help, and what could go; `whole` unless the search gave way."""

    upgrades: tuple[Upgrade, ...] = ()
    spares: tuple[Spare, ...] = ()
    gains: tuple[tuple[str, str], ...] = ()  # part of the catalogue -> what it alone would do
    whole: bool = True


def search(design: Design, catalogue: Catalogue, wanted: Callable[[], bool]) -> Found:
    """Fixes, spares and the palette's gains. `wanted()` turning False ends it early."""
    from infralab.models.explore.upgrades import spares, upgrades
    from infralab.tui.suggest import gains

    end = time.monotonic() + LONGEST_SECONDS

    def go_on(*_: int) -> bool:
        time.sleep(BREATH_SECONDS)
        return wanted() and time.monotonic() < end

    parts = gains(design, catalogue, go_on)
    if not wanted():
        return Found(whole=False)
    found = upgrades(design, catalogue, pairs=False, progress=go_on)
    if not wanted():
        return Found(tuple(found), gains=tuple(parts.items()), whole=False)
    late = time.monotonic() > end
    return Found(tuple(found), () if late else tuple(spares(design, catalogue)), tuple(parts.items()))
