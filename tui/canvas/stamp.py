"""Boxes as small grids of characters and roles: made once for each look, then copied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas.card import Look, draw
from infralab.tui.canvas.codes import codes
from infralab.tui.canvas.view import BoxView

Grid = tuple[NDArray[np.uint32], NDArray[np.uint8]]

CACHED = 4096


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
            made = self._made[key] = _grid(box, look)
        return made


def _grid(box: BoxView, look: Look) -> Grid:
    chars, roles = draw(box, look)
    shape = (len(chars), -1)
    return codes("".join(chars)).reshape(shape), np.frombuffer(b"".join(roles), np.uint8).reshape(shape)
