"""Lines of styled pieces on the terminal: with colours where there are some, as plain text in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable

Piece = tuple[str, str]  # text, style in Rich's words ("" for none)
Line = list[Piece]

READABLE_COLUMNS = 100  # longer lines are hard to read, however wide the window

ASCII = str.maketrans(
    {
        "█": "#", "▓": "#", "▒": "=", "░": ".", "▏": "|", "▎": "|", "▍": "|", "▌": "|", "▋": "#", "▊": "#",
        "▉": "#", "◆": ">", "×": "x", "±": "+-", "·": "|", "●": "*", "○": "o", "△": "^", "◦": "'", "→": "->",
        "–": "-", "—": "-", "−": "-", "µ": "u", "μ": "u", "…": "...", "“": '"', "”": '"', "’": "'", "▸": ">",
        "─": "-", "│": "|", "≥": ">=", "≤": "<=", "∞": "inf", "√": "sqrt", "▇": "#",
        "├": "+", "└": "+", "┤": "+", "┊": ":", "◇": "K", "↑": "^", "Σ": "sum", "÷": "/", "≈": "~", "₂": "2",
    }
)  # fmt: skip


def show(lines: Callable[[int], Iterable[Line]], ascii_only: bool = False) -> None:
    """Print what `lines` gives for the terminal's width."""
    width = min(shutil.get_terminal_size((80, 24)).columns, READABLE_COLUMNS)
    plain = ascii_only or not _can_draw()
    if _coloured():
        _print_rich(lines(width), plain)
        return
    for line in lines(width):
        text = "".join(text for text, _ in line).rstrip()
        sys.stdout.write((text.translate(ASCII).encode("ascii", "replace").decode() if plain else text) + "\n")


def _coloured() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _can_draw() -> bool:
    """Whether the output's encoding has the characters that the bars are drawn with."""
    try:
        "█░◆±".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_rich(lines: Iterable[Line], plain: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        made = Text()
        for text, style in line:
            made.append(text.translate(ASCII) if plain else text, style or None)
        made.rstrip()
        console.print(made)
