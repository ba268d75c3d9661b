"""A whole screen that is drawn by line: only rows that differ are sent to the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import ASCII, Line, Piece, cut, fit, left, width_of, wrap

# Signs of these pages that the panels' own table does not have.
PLAIN = str.maketrans({**dict.fromkeys("▀", '"'), **dict.fromkeys("“”", '"'), "◐": "%", "▣": "#", "▤": "=",
                       "◇": "o", "▷": ">", "◉": "@", "▦": "%", "≈": "~", "÷": "/", "−": "-", "■": "#"})  # fmt: skip

Source = Callable[[int, int], list[Line]]


class Page(LinePanel, can_focus=True):
    """Paints what its screen's `draw(width, height)` answers. Keys are the screen's."""

    def __init__(self, draw: Source) -> None:
        super().__init__()
        self._draw = draw
        self.styles.border = ("none", "transparent")  # stronger than the panels' frame in the style sheet

    def lines(self, width: int) -> list[Line]:
        lines = [_parted(line) for line in self._draw(width, self.content_size.height)]
        if self.plain:
            lines = [[(text.translate(PLAIN).translate(ASCII), role) for text, role in line] for line in lines]
            lines = [[(text.encode("ascii", "replace").decode(), role) for text, role in line] for line in lines]
        return lines

    def _tell_more(self, total: int, height: int) -> None:
        """A page shows all that fits; the screen scrolls by itself where it must."""


def _parted(line: Line) -> Line:
    """Leading blanks as pieces of their own: exported pictures drop them otherwise."""
    found: Line = []
    for text, role in line:
        bare = text.lstrip(" ")
        if bare and len(bare) < len(text):
            found.append((text[: len(text) - len(bare)], role))
        found.append((bare or text, role))
    return found


def rule(width: int) -> Line:
    return [("─" * width, "dim")]


def paragraph(text: str, width: int, role: str = "", indent: int = 2, most: int = 99) -> list[Line]:
    """Text on as many lines as it needs, at most `most`; what is cut ends in an ellipsis."""
    rows = wrap(text, max(width - 2 * indent, 8))
    if len(rows) > most:
        rows = rows[:most]
        rows[-1] = cut(rows[-1] + " …", max(width - 2 * indent, 8))
    return [[(" " * indent, ""), (row, role)] for row in rows]


def beside(one: Sequence[Line], other: Sequence[Line], width: int, gap: int = 2) -> list[Line]:
    """Two columns: the first in `width` cells, the second after a gap."""
    count = max(len(one), len(other))
    found: list[Line] = []
    for y in range(count):
        first = fit(one[y], width) if y < len(one) else [(" " * width, "")]
        second = list(other[y]) if y < len(other) else []
        found.append([*first, (" " * gap, ""), *second])
    return found


def filled(body: Sequence[Line], foot: Sequence[Line], height: int) -> list[Line]:
    """The body, blank lines, and the foot at the bottom; the body yields where there is no room."""
    room = max(height - len(foot), 0)
    kept = list(body[:room])
    return [*kept, *([] for _ in range(room - len(kept))), *foot]


def keys(pairs: Sequence[tuple[str, str]], width: int) -> Line:
    """A line of keys and what they do; those that do not fit are left out."""
    line: Line = [(" ", "")]
    for key, what in pairs:
        pieces: list[Piece] = [(key, "key"), (f" {what}  ", "dim")]
        if width_of(line) + width_of(pieces) - 2 > width:
            break
        line += pieces
    return line


def chosen(line: Line, width: int) -> Line:
    """The line under the cursor, over the whole width."""
    return [(text, "cursor") for text, _ in fit(line, width)]


def named(name: str, text: str, width: int, role: str = "", name_width: int = 12) -> list[Line]:
    """A name on the left and a paragraph beside it."""
    rows = wrap(text, max(width - name_width - 2, 8)) or [""]
    return [
        [(left(name if y == 0 else "", name_width), "dim"), (row, role)] for y, row in enumerate(rows)
    ]
