"""Colours by role, as data. Every theme keeps text at WCAG AA against what it stands on (a test checks)."""

from __future__ import annotations

from textual.theme import Theme


def _theme(name: str, dark: bool, **colours: str) -> Theme:
    variables = {key.replace("_", "-"): colours.pop(key) for key in list(colours) if key in _VARIABLES}
    return Theme(name=name, dark=dark, variables=variables, **colours)


_VARIABLES = (
    "lab_dim",
    "lab_bar",
    "lab_bar_first",
    "lab_bar_new",
    "lab_cursor",
    "lab_cursor_text",
    "lab_border",
    "lab_border_focus",
    "lab_key",
    "lab_input",
    "lab_override",
    "lab_bottleneck",
)

DARK = _theme(
    "infralab-dark",
    True,
    primary="#5aa9e6",
    secondary="#8fb8de",
    accent="#7fd1c7",
    foreground="#d8dee6",
    background="#10151c",
    surface="#161d26",
    panel="#1d2631",
    success="#7cc58c",
    warning="#e3b65c",
    error="#f07a6a",
    lab_dim="#8a97a6",
    lab_bar="#4d7ea8",
    lab_bar_first="#f07a6a",
    lab_bar_new="#7cc58c",
    lab_cursor="#2b4a66",
    lab_cursor_text="#ffffff",
    lab_border="#324152",
    lab_border_focus="#5aa9e6",
    lab_key="#e3b65c",
    lab_input="#ffffff",
    lab_override="#d6a4f0",
    lab_bottleneck="#ff8a75",
)
LIGHT = _theme(
    "infralab-light",
    False,
    primary="#0b62a8",
    secondary="#2f5f8a",
    accent="#00695f",
    foreground="#1d2530",
    background="#fbfaf6",
    surface="#f3f1ea",
    panel="#e9e6dc",
    success="#1d6b34",
    warning="#8a5a00",
    error="#b3261e",
    lab_dim="#5a6470",
    lab_bar="#467aab",
    lab_bar_first="#b3261e",
    lab_bar_new="#1d6b34",
    lab_cursor="#cfe2f3",
    lab_cursor_text="#0d1520",
    lab_border="#b9b4a6",
    lab_border_focus="#0b62a8",
    lab_key="#7a4f00",
    lab_input="#000000",
    lab_override="#6a2a94",
    lab_bottleneck="#a81c12",
)
CONTRAST = _theme(
    "infralab-high-contrast",
    True,
    primary="#6cc5ff",
    secondary="#bfe3ff",
    accent="#5cffe6",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#101010",
    success="#5cff7a",
    warning="#ffd84a",
    error="#ff9a8c",
    lab_dim="#d0d0d0",
    lab_bar="#6cc5ff",
    lab_bar_first="#ff9a8c",
    lab_bar_new="#5cff7a",
    lab_cursor="#ffffff",
    lab_cursor_text="#000000",
    lab_border="#9a9a9a",
    lab_border_focus="#ffd84a",
    lab_key="#ffd84a",
    lab_input="#ffffff",
    lab_override="#f0b8ff",
    lab_bottleneck="#ff9a8c",
)
# Okabe and Ito's palette (2008): told apart with any of the common colour deficiencies.
SAFE = _theme(
    "infralab-colour-blind",
    True,
    primary="#56b4e9",
    secondary="#9fd4f2",
    accent="#f0e442",
    foreground="#e6e6e6",
    background="#12151a",
    surface="#181c22",
    panel="#20252d",
    success="#56b4e9",
    warning="#f0e442",
    error="#f09a3e",
    lab_dim="#9aa4b0",
    lab_bar="#4a86ab",
    lab_bar_first="#f09a3e",
    lab_bar_new="#56b4e9",
    lab_cursor="#0f4c75",
    lab_cursor_text="#ffffff",
    lab_border="#3a4652",
    lab_border_focus="#f0e442",
    lab_key="#f0e442",
    lab_input="#ffffff",
    lab_override="#e08fc0",
    lab_bottleneck="#f09a3e",
)

THEMES: tuple[Theme, ...] = (DARK, LIGHT, CONTRAST, SAFE)
