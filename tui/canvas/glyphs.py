"""The characters that the canvas draws with, and what stands for each in a terminal of ASCII only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

# Frame or line styles, in the order of the tables below.
ROUND, SQUARE, HEAVY, DOUBLE, DASHED = range(5)

# Corners and edges of a frame: upper left, upper right, lower left, lower right, across, down.
FRAME = ("╭╮╰╯─│", "┌┐└┘─│", "┏┓┗┛━┃", "╔╗╚╝═║", "┌┐└┘╌╎")
# Where a wire meets a frame, by side: right, left, bottom, top.
JOINT = ("├┤┬┴", "├┤┬┴", "┣┫┳┻", "╠╣╦╩", "├┤┬┴")
# Wires by class of thickness (thin, thick, double, dashed): across, down, then corners by where they lead:
# right and down, left and down, right and up, left and up.
WIRE = ("─│╭╮╰╯", "━┃┏┓┗┛", "═║╔╗╚╝", "╌╎╭╮╰╯")
ARROW = {"right": "▶", "left": "◀", "bottom": "▼", "top": "▲"}
# A straight crossing by the thickness of the wire across (row) and down (column).
CROSSING = ("┼╂╫┼", "┿╋╫┿", "╪╪╬╪", "┼╂╫┼")

BOTTLENECK, PROBLEM = "◆", "!"
BAR_FULL, BAR_EMPTY = "▓", "░"
KIND = {"compute": "■", "storage": "●", "fabric": "◇", "other": "○"}

_ASCII = {
    "─━╌┄═": "-",
    "│┃╎┆║": "|",
    "╭╮╰╯┌┐└┘┏┓┗┛╔╗╚╝├┤┬┴┣┫┳┻╠╣╦╩┼╂╫┿╋╪╬": "+",
    "▶→▸": ">",
    "◀←": "<",
    "▲↑": "^",
    "▼↓": "v",
    "◆": "*",
    "■▓█▇▕▏": "#",
    "░·": ".",
    "▁": "_",
    "▄": "=",
    "●○◇◦": "o",
    "×": "x",
    "…": "~",
    "±": "~",
    "µ": "u",
    "∞": "*",
}


def codes(text: str) -> Codes:
    """The code points of a text, one a cell."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _ascii_table() -> Codes:
    table = np.full(0x2600, ord("?"), np.uint32)
    table[:128] = np.arange(128, dtype=np.uint32)
    for signs, plain in _ASCII.items():
        for sign in signs:
            table[ord(sign)] = ord(plain)
    return table


_TABLE = _ascii_table()
WIRE_CODES = np.array([codes(line) for line in WIRE])
JOINT_CODES = np.array([codes(line) for line in JOINT])
CROSSING_CODES = np.array([codes(line) for line in CROSSING])


def to_ascii(chars: Codes) -> Codes:
    """The same grid in ASCII; what has no stand-in becomes a question mark."""
    plain: Codes = _TABLE[np.minimum(chars, len(_TABLE) - 1)]
    return plain


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis says that something is missing."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 1 else text[:width]
