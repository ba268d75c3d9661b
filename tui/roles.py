"""What each role of the panels looks like: a colour of the theme, bold or not. Data, and one function.

Looked up here rather than through component classes of CSS: those cost 20 virtual nodes a panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color


@dataclass(frozen=True)
class Role:
    """`colour` and `background` are variables of the theme; without a background, the panel's own."""

    colour: str = "foreground"
    bold: bool = False
    background: str = ""


ROLES: dict[str, Role] = {
    "": Role(),
    "dim": Role("lab-dim"),
    "strong": Role(bold=True),
    "accent": Role("accent"),
    "title": Role("primary", bold=True),
    "bottleneck": Role("lab-bottleneck", bold=True),
    "good": Role("success", bold=True),
    "bad": Role("error", bold=True),
    "warning": Role("warning", bold=True),
    "bar": Role("lab-bar"),
    "bar-first": Role("lab-bar-first"),
    "bar-new": Role("lab-bar-new"),
    "cursor": Role("lab-cursor-text", background="lab-cursor"),
    "key": Role("lab-key"),
    "what-if": Role("accent"),
    "input": Role("lab-input", background="panel"),
    "mark-cited": Role("success"),
    "mark-fitted": Role("primary"),
    "mark-assumed": Role("warning"),
    "override": Role("lab-override", bold=True),
}


def look(role: str, variables: Mapping[str, str], panel: Style, colourless: bool = False) -> Style:
    """The style of a role on a panel. A theme of somebody else's lacks some variables: then the text's colour.

    Where there is no colour, what is told by its background alone is reversed or underlined.
    """
    known = ROLES.get(role, ROLES[""])
    colourless = colourless or "lab-cursor" not in variables
    style = Style(
        bold=known.bold or None,
        reverse=(colourless and role == "cursor") or None,
        underline=(colourless and role == "input") or None,
    )
    if colourless:
        return panel + style
    colour, ground = variables.get(known.colour), variables.get(known.background)
    own = Style(
        color=Color.parse(colour).rich_color if colour else None,
        bgcolor=Color.parse(ground).rich_color if ground else None,
    )
    return panel + own + style
