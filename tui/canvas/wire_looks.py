"""What a wire's figures make of its look: class of thickness, role, words, and where the words may stand."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.paths import Corners
from infralab.tui.canvas.roles import HALF_FULL, NEARLY_FULL, Role, fullness_glyph
from infralab.tui.canvas.view import WireView

DASHED_CLASS = 3


def thickness_class(wire: WireView) -> int:
    return DASHED_CLASS if wire.dashed else wire.thickness


def wire_role(wire: WireView) -> Role:
    if wire.problem:
        return Role.PROBLEM
    if wire.bottleneck:
        return Role.BOTTLENECK
    used = wire.utilisation or 0.0
    if used >= NEARLY_FULL:
        return Role.WIRE_FULL
    return Role.WIRE_BUSY if used >= HALF_FULL else Role.WIRE


class Label(NamedTuple):
    """A text beside or on a wire, in world cells."""

    y: int
    x: int
    text: str


def texts(wire: WireView) -> list[str]:
    """What a label could say, longest first: the link, what it carries, how full, and the glyph for it."""
    if wire.utilisation is None:
        return [wire.label] if wire.label else []
    used = wire.utilisation
    percent = f"{used * 100:.0f} %" if used == 0 or used >= 0.005 else "<1 %"
    full = f"{percent} {fullness_glyph(used)}"
    if wire.bottleneck:
        full = f"{glyphs.BOTTLENECK} {full}"
    short = full.replace(" ", "")
    longer = [f"{wire.label} {full}"] if wire.label else []
    if wire.classes:
        longer = [f"{wire.label} {wire.classes} {full}".strip(), f"{wire.classes} {full}", *longer]
    return [*longer, full, short]


class LabelPlaces:
    """Looks for places for labels; whoever knows what stands where says which cells are free."""

    def free(self, y: int, x: int, length: int, wires: int) -> bool:
        """Whether a run of cells has no box, no label, and at most so many wires in a cell."""
        raise NotImplementedError

    def find(self, wire: WireView, path: Corners) -> Label | None:
        """A place for the wire's label: on its longest run across, else beside one that goes down."""
        runs = sorted(
            itertools.pairwise(path),
            key=lambda run: -(abs(run[1][0] - run[0][0]) + abs(run[1][1] - run[0][1])),
        )
        for text in texts(wire):
            for (x0, y0), (x1, y1) in runs:
                if (x0, y0) == (x1, y1):
                    continue
                if y0 == y1:
                    place = self._on(text, x0, x1, y0) or self._above(text, x0, x1, y0)
                else:
                    place = self._beside(text, x0, y0, y1)
                if place is not None:
                    return place
        return None

    def _above(self, text: str, x0: int, x1: int, y: int) -> Label | None:
        """Over or under a run that is too short to carry the text."""
        room = abs(x1 - x0) + 1
        if room < len(text):
            return None
        x = min(x0, x1) + (room - len(text)) // 2
        for row in (y - 1, y + 1):
            if self.free(row, x, len(text), 0):
                return Label(row, x, text)
        return None

    def _on(self, text: str, x0: int, x1: int, y: int) -> Label | None:
        text = f" {text} "
        room = abs(x1 - x0) + 1
        if room < len(text) + 2:  # the ends stay: an arrowhead may be there
            return None
        x = min(x0, x1) + (room - len(text)) // 2
        return Label(y, x, text) if self.free(y, x, len(text), 1) else None

    def _beside(self, text: str, x: int, y0: int, y1: int) -> Label | None:
        if abs(y1 - y0) < 2:
            return None
        y = (y0 + y1) // 2
        for start in (x - len(text) - 1, x + 2):
            if self.free(y, start, len(text), 0):
                return Label(y, start, text)
        return None
