"""Lines with roles as a standalone SVG picture: what the terminal shows, for a page or a slide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from infralab.tui.panels.paint import Line, width_of

CELL_WIDTH, CELL_HEIGHT = 8.4, 18.0  # user units a cell; fonts are scaled to it
MARGIN = 12.0
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_BOLD = frozenset(("strong", "title", "bottleneck", "good", "bad", "warning"))


def colours(dark: bool = False) -> Mapping[str, str]:
    """The colour of every role, and of "background", from the lab's own theme."""
    from infralab.tui.themes import DARK, LIGHT

    theme = DARK if dark else LIGHT
    own = theme.variables
    return {
        "background": str(theme.background), "": str(theme.foreground), "text": str(theme.foreground),
        "strong": str(theme.foreground), "dim": own["lab-dim"], "accent": str(theme.accent),
        "title": str(theme.primary), "bottleneck": own["lab-bottleneck"], "good": str(theme.success),
        "bad": str(theme.error), "warning": str(theme.warning), "bar": own["lab-bar"],
        "bar-first": own["lab-bar-first"], "bar-new": own["lab-bar-new"], "key": own["lab-key"],
        "what-if": str(theme.accent), "mark-cited": str(theme.success), "mark-fitted": str(theme.primary),
        "mark-assumed": str(theme.warning),
    }  # fmt: skip


def as_svg(lines: Sequence[Line], title: str = "", dark: bool = False) -> str:
    """A picture of the lines; `title` is what a screen reader says."""
    ink = colours(dark)
    columns = max((width_of(line) for line in lines), default=1)
    width, height = columns * CELL_WIDTH + 2 * MARGIN, len(lines) * CELL_HEIGHT + 2 * MARGIN
    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{ink["background"]}"/>',
        f'<g font-family="{FONTS}" font-size="14" xml:space="preserve">',
    ]
    for y, line in enumerate(lines):
        found += _row(line, MARGIN + (y + 0.75) * CELL_HEIGHT, ink)
    return "\n".join([*found, "</g>", "</svg>", ""])


def _row(line: Line, y: float, ink: Mapping[str, str]) -> list[str]:
    found, x = [], 0
    for text, role in line:
        cells = width_of([(text, role)])
        bare = text.strip(" ")
        if bare:
            start = x + len(text) - len(text.lstrip(" "))
            long = width_of([(bare, role)])
            weight = ' font-weight="bold"' if role in _BOLD else ""
            found.append(
                f'<text x="{MARGIN + start * CELL_WIDTH:.1f}" y="{y:.1f}" textLength="{long * CELL_WIDTH:.1f}" '
                f'lengthAdjust="spacingAndGlyphs" fill="{ink.get(role, ink[""])}"{weight}>{escape(bare)}</text>'
            )
        x += cells
    return found
