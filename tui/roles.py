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
    """`colour` and `background` are variables of the theme; without a background, the panel's own.

    share: how much of the colour there is, the rest being background.
    """

    colour: str = "foreground"
    bold: bool = False
    background: str = ""
    share: float = 1.0


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


# The canvas's, by the names of its component classes, which would cost 30 nodes more at start-up.
CANVAS: dict[str, Role] = {
    "canvas--empty": Role("foreground", background="background"),
    "canvas--grid": Role("foreground", background="background", share=0.25),
    "canvas--compute": Role("text-secondary", background="surface"),
    "canvas--storage": Role("text-success", background="surface"),
    "canvas--fabric": Role("text-primary", background="surface"),
    "canvas--other": Role("foreground", background="surface", share=0.7),
    "canvas--title": Role("foreground", bold=True, background="surface"),
    "canvas--text": Role("foreground", background="surface"),
    "canvas--dim": Role("foreground", background="surface", share=0.75),
    "canvas--bar-low": Role("text-success", background="surface"),
    "canvas--bar-middle": Role("text-warning", background="surface"),
    "canvas--bar-high": Role("text-error", bold=True, background="surface"),
    "canvas--bar-empty": Role("foreground", background="surface", share=0.3),
    "canvas--bottleneck": Role("text-error", background="surface"),
    "canvas--problem": Role("text-warning", background="surface"),
    "canvas--badge": Role("text-accent", bold=True, background="surface"),
    "canvas--selected": Role("text-accent", background="surface"),
    "canvas--cursor": Role("text-accent", background="surface"),
    "canvas--ghost": Role("text-accent", background="surface"),
    "canvas--ghost-text": Role("text-accent", bold=True, background="surface"),
    "canvas--target": Role("text-success", bold=True, background="background"),
    "canvas--refused": Role("text-error", bold=True, background="background"),
    "canvas--wire": Role("foreground", background="background", share=0.75),
    "canvas--wire-busy": Role("text-warning", background="background"),
    "canvas--wire-full": Role("text-error", background="background"),
    "canvas--label": Role("foreground", background="background", share=0.75),
    "canvas--marquee": Role("text-accent", background="background"),
    "canvas--note": Role("foreground", background="background", share=0.75),
    "canvas--heat-low": Role("text-success", background="surface"),
    "canvas--heat-middle": Role("text-warning", background="surface"),
    "canvas--heat-high": Role("text-error", bold=True, background="surface"),
}


def look(role: str, variables: Mapping[str, str], panel: Style, colourless: bool = False) -> Style:
    """The style of a role on a panel. A theme of somebody else's lacks some variables: then the text's colour.

    Where there is no colour, what is told by its background alone is reversed or underlined.
    """
    known = ROLES.get(role) or CANVAS.get(role) or ROLES[""]
    colourless = colourless or "lab-cursor" not in variables
    style = Style(
        bold=known.bold or None,
        reverse=(colourless and role == "cursor") or None,
        underline=(colourless and role == "input") or None,
    )
    if colourless:
        return panel + style
    colour, ground = variables.get(known.colour), variables.get(known.background)
    text, under = (None if name is None else Color.parse(name) for name in (colour, ground))
    if text is not None and under is not None and known.share < 1:
        text = under.blend(text, known.share)
    own = Style(
        color=None if text is None else text.rich_color,
        bgcolor=None if under is None else under.rich_color,
    )
    return panel + own + style
