"""The canvas's characters as numpy arrays of code points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import glyphs

Codes = NDArray[np.uint32]


def codes(text: str) -> Codes:
    """The code points of a text, one a cell."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _ascii_table() -> Codes:
    table = np.full(0x2600, ord("?"), np.uint32)
    table[:128] = np.arange(128, dtype=np.uint32)
    for code, plain in glyphs.PLAIN.items():
        table[code] = ord(plain)
    return table


_TABLE = _ascii_table()
WIRE_CODES = np.array([codes(line) for line in glyphs.WIRE])
JOINT_CODES = np.array([codes(line) for line in glyphs.JOINT])
CROSSING_CODES = np.array([codes(line) for line in glyphs.CROSSING])


def to_ascii(chars: Codes) -> Codes:
    """The same grid in ASCII; what has no stand-in becomes a question mark."""
    plain: Codes = _TABLE[np.minimum(chars, len(_TABLE) - 1)]
    return plain
