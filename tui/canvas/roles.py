"""What a cell of the canvas means; themes decide how each role looks."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """One small number a cell; the widget maps each to a style through `canvas--<name>`."""

    EMPTY = 0
    COMPUTE = 1
    STORAGE = 2
    FABRIC = 3
    OTHER = 4
    TITLE = 5
    TEXT = 6
    DIM = 7
    BAR_LOW = 8
    BAR_MIDDLE = 9
    BAR_HIGH = 10
    BAR_EMPTY = 11
    BOTTLENECK = 12
    PROBLEM = 13
    BADGE = 14
    SELECTED = 15
    CURSOR = 16
    GHOST = 17
    GHOST_TEXT = 18
    TARGET = 19
    REFUSED = 20
    WIRE = 21
    WIRE_BUSY = 22
    WIRE_FULL = 23
    LABEL = 24
    MARQUEE = 25
    NOTE = 26
    HEAT_LOW = 27
    HEAT_MIDDLE = 28
    HEAT_HIGH = 29
    GRID = 30

    @property
    def css_class(self) -> str:
        return "canvas--" + self.name.lower().replace("_", "-")


FRAME_OF_KIND = {"compute": Role.COMPUTE, "storage": Role.STORAGE, "fabric": Role.FABRIC}

# Bands of utilisation: below half there is room, from nine tenths on a queue builds.
HALF_FULL = 0.5
NEARLY_FULL = 0.9


def bar_role(fraction: float) -> Role:
    """Colour role of a utilisation (0 to 1)."""
    if fraction >= NEARLY_FULL:
        return Role.BAR_HIGH
    return Role.BAR_MIDDLE if fraction >= HALF_FULL else Role.BAR_LOW


def heat_role(fraction: float) -> Role:
    """Colour role of an overlay's value, as a fraction of the design's largest."""
    if fraction >= 2 / 3:
        return Role.HEAT_HIGH
    return Role.HEAT_MIDDLE if fraction >= 1 / 3 else Role.HEAT_LOW


def fullness_glyph(fraction: float) -> str:
    """▁ idle, ▄ half, █ full: the sign that stands for a utilisation where there is no colour."""
    if fraction >= NEARLY_FULL:
        return "█"
    return "▄" if fraction >= HALF_FULL / 2 else "▁"
