"""Lines of text with roles: what a panel draws, before any colour is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

Piece = tuple[str, str]  # text, role ("" is plain text)
Line = list[Piece]

MARKS = {"cited": "●", "derived": "●", "fitted": "○", "assumed": "△", "override": "✎"}

ASCII = str.maketrans(
    {
        **dict.fromkeys("─━╌═", "-"),
        **dict.fromkeys("│┃╎║", "|"),
        **dict.fromkeys("┌┐└┘╭╮╰╯┏┓┗┛├┤┬┴┼╔╗╚╝", "+"),
        **dict.fromkeys("█▓▉▊", "#"),
        **dict.fromkeys("▇▆▄▋▌", "="),
        **dict.fromkeys("░▁▂▃▍▎▏", "."),
        **dict.fromkeys("●", "*"),
        **dict.fromkeys("○", "o"),
        **dict.fromkeys("△▲", "^"),
        **dict.fromkeys("◆", "#"),
        **dict.fromkeys("▸▶→›", ">"),
        **dict.fromkeys("◂◀←‹", "<"),
        **dict.fromkeys("▾▼↓", "v"),
        "↑": "^",
        "×": "x",
        "·": "-",
        "•": "*",
        "…": "~",
        "±": "~",
        "µ": "u",
        "–": "-",
        "−": "-",
        "↔": "-",
        "≈": "~",
        "“": '"',
        "”": '"',
        "’": "'",
        "÷": "/",
        " ": " ",
        "✎": "!",
        "✓": "y",
        "✗": "x",
        "∞": "?",
        "≤": "<",
        "≥": ">",
        "²": "2",
        "╱": "/",
        "↺": "r",
        "⏎": "<",
        "ρ": "r",
        "η": "e",
    }
)


def to_ascii(text: str) -> str:
    """The same text in ASCII, cell for cell; what has no stand-in becomes a question mark."""
    plain = text.translate(ASCII)
    return plain if plain.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in plain)


def width_of(line: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in line)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, with … where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def left(text: str, width: int) -> str:
    """`text` in exactly `width` cells, from the left."""
    return set_cell_size(cut(text, width), max(width, 0))


def right(text: str, width: int) -> str:
    """`text` in exactly `width` cells, to the right."""
    text = cut(text, width)
    return " " * (width - cell_len(text)) + text


def fit(line: Sequence[Piece], width: int) -> Line:
    """The line in exactly `width` cells."""
    out: Line = []
    room = width
    for text, role in line:
        if room <= 0:
            break
        text = cut(text, room)
        out.append((text, role))
        room -= cell_len(text)
    if room > 0:
        out.append((" " * room, ""))
    return out


def spread(first: Sequence[Piece], last: Sequence[Piece], width: int) -> Line:
    """`first` from the left and `last` to the right; `first` yields where there is no room."""
    tail = width_of(last)
    if tail >= width:
        return fit(last, width)
    return [*fit(first, width - tail), *last]


def flow(pieces: Iterable[Sequence[Piece]], width: int, gap: int = 4, rows: int = 1) -> list[Line]:
    """As many whole pieces as fit on `rows` lines, `gap` cells apart; what doesn't fit is left out."""
    lines: list[Line] = []
    line: Line = []
    used = 0
    for piece in pieces:
        need = width_of(piece)
        if need == 0:
            continue
        if line and used + gap + need > width:
            if len(lines) + 1 >= rows:
                continue  # a shorter one may still fit
            lines.append(line)
            line, used = [], 0
        if line:
            line.append((" " * gap, ""))
            used += gap
        line.extend(piece)
        used += need
    if line:
        lines.append(line)
    return lines[:rows]


def wrap(text: str, width: int) -> list[str]:
    """Words of `text` on lines of at most `width` cells."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    return [cut(item, width) for item in lines]


_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(fraction: float, width: int) -> str:
    """A bar of `width` cells, filled by `fraction`, at least one cell when there is anything."""
    fraction = min(max(fraction, 0.0), 1.0)
    eighths = round(fraction * width * 8)
    whole, rest = divmod(eighths, 8)
    text = "█" * whole + (_EIGHTHS[rest] if rest else "")
    if not text.strip() and fraction > 0:
        text = "▏"
    return text + " " * (width - len(text))


SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values, each as one of eight heights from zero to the largest."""
    shown = list(values)[-width:]
    top = max(shown, default=0.0)
    if top <= 0:
        return SPARKS[0] * len(shown)
    return "".join(SPARKS[min(int(v / top * 8), 7)] if v > 0 else SPARKS[0] for v in shown)
