"""The characters that the canvas draws with, and what stands for each in a terminal of ASCII only."""

from __future__ import annotations

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


class _Plain(dict[int, str]):
    """For `str.translate`: what has no stand-in becomes a question mark."""

    def __missing__(self, code: int) -> str:
        return chr(code) if code < 128 else "?"


PLAIN = _Plain({ord(sign): plain for signs, plain in _ASCII.items() for sign in signs})


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; an ellipsis says that something is missing."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 1 else text[:width]
