"""Colours of pictures by role, for light and dark pages, as a style sheet that stands in the picture."""

from __future__ import annotations

from typing import Literal

Theme = Literal["auto", "light", "dark"]

FONTS = "Inter,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif"

LIGHT = {
    "page": "#fbfaf6", "panel": "#ffffff", "ink": "#1d2530", "dim": "#5a6470", "rule": "#dcd8cc", "track": "#e6e3d9",
    "compute": "#0b62a8", "storage": "#00695f", "fabric": "#6a2a94", "other": "#5a6470",
    "bar": "#4a80b3", "busy": "#8a5a00", "full": "#b3261e", "good": "#1d6b34",
    "wire": "#7d8794", "on-full": "#ffffff",
}  # fmt: skip
DARK = {
    "page": "#10151c", "panel": "#19212b", "ink": "#dbe1e8", "dim": "#97a4b3", "rule": "#2b3846", "track": "#2b3846",
    "compute": "#5aa9e6", "storage": "#7fd1c7", "fabric": "#c7a2f2", "other": "#97a4b3",
    "bar": "#4d8fc4", "busy": "#e3b65c", "full": "#ff8a75", "good": "#7cc58c",
    "wire": "#73839a", "on-full": "#10151c",
}  # fmt: skip


def style(theme: Theme) -> str:
    """The <style> element. "auto" is light, and dark where the viewer asks for it."""
    rules = _rules(DARK if theme == "dark" else LIGHT)
    if theme == "auto":
        rules += "@media (prefers-color-scheme:dark){" + _rules(DARK) + "}"
    return f"<style>text{{font-family:{FONTS}}}.b{{font-weight:700}}{rules}</style>"


def _rules(colours: dict[str, str]) -> str:
    """Class f-NAME fills with a colour, s-NAME strokes with it."""
    return "".join(f".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}" for name, colour in colours.items())
