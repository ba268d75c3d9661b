"""One box as a small grid of characters and roles: made once for each look, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.glyphs import codes, cut
from infralab.tui.canvas.roles import FRAME_OF_KIND, Role, bar_role, fullness_glyph, heat_role
from infralab.tui.canvas.view import BoxView, Zoom

Grid = tuple[NDArray[np.uint32], NDArray[np.uint8]]

LABEL_WIDTH, PERCENT_WIDTH = 6, 5
CACHED = 4096


class Look(IntEnum):
    """What a person is doing with a box."""

    PLAIN = 0
    SELECTED = 1
    CURSOR = 2
    TARGET = 3
    GHOST = 4
    REFUSED = 5


LOOK_ROLE = {
    Look.SELECTED: Role.SELECTED,
    Look.CURSOR: Role.CURSOR,
    Look.TARGET: Role.TARGET,
    Look.GHOST: Role.GHOST,
    Look.REFUSED: Role.REFUSED,
}


def frame_style(box: BoxView, look: Look) -> int:
    """The line a frame is drawn with: it tells selection and bottleneck without colour."""
    if look in (Look.GHOST, Look.REFUSED) or box.dashed:
        return glyphs.DASHED
    if look in (Look.SELECTED, Look.CURSOR, Look.TARGET):
        return glyphs.DOUBLE
    if box.bottleneck:
        return glyphs.HEAVY
    return glyphs.SQUARE if box.kind == "storage" else glyphs.ROUND


class Stamps:
    """Box grids by view and look."""

    def __init__(self) -> None:
        self._made: dict[tuple[BoxView, Look], Grid] = {}

    def get(self, box: BoxView, look: Look) -> Grid:
        key = (box, look)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= CACHED:
                self._made.clear()
            made = self._made[key] = draw(box, look)
        return made


def draw(box: BoxView, look: Look = Look.PLAIN) -> Grid:
    """The box at its zoom."""
    return _dot(box, look) if box.zoom is Zoom.DOTS else _framed(box, look)


def _frame_role(box: BoxView, look: Look) -> Role:
    if look in LOOK_ROLE:
        return LOOK_ROLE[look]
    if box.heat is not None:
        return heat_role(box.heat)
    if box.problem:
        return Role.PROBLEM
    return Role.BOTTLENECK if box.bottleneck else FRAME_OF_KIND.get(box.kind, Role.OTHER)


def _dot(box: BoxView, look: Look) -> Grid:
    mark = glyphs.PROBLEM if box.problem else glyphs.BOTTLENECK if box.bottleneck else glyphs.KIND[box.kind]
    fraction = max((bar.fraction for bar in box.bars), default=0.0)
    text = mark + (fullness_glyph(fraction) if box.bars else " ")
    if look is not Look.PLAIN:
        text = f"[{mark}]"
    width = box.size.width
    chars = codes(text.ljust(width)[:width]).copy().reshape(1, width)
    return chars, np.full((1, width), _frame_role(box, look), np.uint8)


def _framed(box: BoxView, look: Look) -> Grid:
    width, height = box.size
    left_up, right_up, left_down, right_down, across, down = glyphs.FRAME[frame_style(box, look)]
    role = _frame_role(box, look)
    chars = np.full((height, width), ord(" "), np.uint32)
    roles = np.full((height, width), Role.TEXT, np.uint8)
    chars[0], chars[-1] = ord(across), ord(across)
    chars[:, 0], chars[:, -1] = ord(down), ord(down)
    for (row, column), sign in zip(
        ((0, 0), (0, -1), (-1, 0), (-1, -1)), (left_up, right_up, left_down, right_down), strict=True
    ):
        chars[row, column] = ord(sign)
    roles[0], roles[-1], roles[:, 0], roles[:, -1] = role, role, role, role
    _title(box, look, chars, roles)
    for row, spans in enumerate(_rows(box, width - 3), start=1):
        if row < height - 1:
            column = 2
            for text, span_role in spans:
                text = text[: width - 1 - column]
                chars[row, column : column + len(text)] = codes(text)
                roles[row, column : column + len(text)] = span_role
                column += len(text)
    return chars, roles


def _title(box: BoxView, look: Look, chars: NDArray[np.uint32], roles: NDArray[np.uint8]) -> None:
    """Name, ◆, ! at the left of the upper edge, ×N at the right."""
    width = box.size.width
    badge = f" ×{box.count} " if box.count > 1 else ""
    marks = (" " + glyphs.BOTTLENECK) * box.bottleneck + (" " + glyphs.PROBLEM) * bool(box.problem)
    name = cut(box.title, width - 4 - len(badge) - len(marks))
    title_role = Role.GHOST_TEXT if look in (Look.GHOST, Look.REFUSED) else Role.TITLE
    chars[0, 2 : 4 + len(name)] = codes(f" {name} ")
    roles[0, 2 : 4 + len(name)] = Role.CURSOR if look is Look.CURSOR else title_role
    if marks:
        start = 3 + len(name)
        chars[0, start : start + len(marks) + 1] = codes(marks + " ")
        roles[0, start : start + len(marks) + 1] = Role.PROBLEM if box.problem else Role.BOTTLENECK
    if badge:
        chars[0, width - 1 - len(badge) : width - 1] = codes(badge)
        roles[0, width - 1 - len(badge) : width - 1] = Role.BADGE


def _rows(box: BoxView, width: int) -> Iterator[list[tuple[str, Role]]]:
    """Inner rows as spans: bars first, notes below."""
    if box.zoom is Zoom.NAMES:
        if box.bars:
            yield _bar("", box.bars[0].fraction, width)
        elif box.notes:
            yield [(cut(box.notes[0], width), Role.DIM)]
        return
    for bar in box.bars:
        yield _bar(bar.label, bar.fraction, width)
    if box.problem:
        yield [(cut(f"{glyphs.PROBLEM} {box.problem}", width), Role.PROBLEM)]
    for note in box.notes:
        yield [(cut(note, width), Role.TEXT if note is box.notes[0] else Role.DIM)]


def _bar(label: str, fraction: float, width: int) -> list[tuple[str, Role]]:
    name = _short(label, LABEL_WIDTH) + " " if label else ""
    percent = f"{fraction * 100:.0f} %" if fraction == 0 or fraction >= 0.005 else "<1 %"
    cells = width - len(name) - PERCENT_WIDTH - 1
    full = min(round(fraction * cells), cells)
    if fraction >= 0.005 and full == 0:
        full = 1  # something, not nothing
    role = bar_role(fraction)
    return [
        (name, Role.TEXT),
        (glyphs.BAR_FULL * full, role),
        (glyphs.BAR_EMPTY * (cells - full), role),
        (percent.rjust(PERCENT_WIDTH + 1), role if role is Role.BAR_HIGH else Role.TEXT),
    ]


def _short(label: str, width: int) -> str:
    """The first words that fit, padded."""
    kept = ""
    for word in label.split():
        longer = f"{kept} {word}".strip()
        if len(longer) > width:
            break
        kept = longer
    return (kept or cut(label, width)).ljust(width)
