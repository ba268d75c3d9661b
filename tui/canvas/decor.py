"""What a person is doing on the canvas, to be drawn on top of the design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.view import BoxView


@dataclass(frozen=True, slots=True)
class Target:
    """Something a ghost may or may not be dropped on, with the effect or the reason in words."""

    ok: bool
    text: str = ""


@dataclass(slots=True)
class Decor:
    """What a person is doing, on top of the scene: nothing here changes the design."""

    selected: frozenset[str] = frozenset()
    cursor: str | None = None
    wire: str | None = None  # the selected wire
    ghost: BoxView | None = None
    ghost_ok: bool = True
    ghost_text: str = ""  # a line of words at the ghost: what would happen, or why not
    targets: Mapping[str, Target] = field(default_factory=dict)  # "box.store" -> Target
    target: str | None = None  # the one under the ghost
    marquee: tuple[int, int, int, int] | None = None  # x0, y0, x1, y1 in scene cells
    band: tuple[tuple[Place, ...], tuple[str, str]] | None = None  # a wire being drawn: corners, sides
    band_text: str = ""
    hint: str = ""  # the keys of a gesture that keys lead, below the cursor's box
    letters: Mapping[str, str] = field(default_factory=dict)  # jump letters by box
