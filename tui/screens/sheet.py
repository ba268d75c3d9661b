"""A page over the whole screen: a title, lines that a subclass draws, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, Piece, cut, fit, spread

T = TypeVar("T")
Keys = Sequence[tuple[str, str]]  # key as people write it, what it does
STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -100_000, "end": 100_000}
TICK_SECONDS = 0.15

# Roles of the plots, as the theme knows them.
ROLES = {
    "axis": "dim", "curve": "title", "turn": "bottleneck", "knee": "good", "cursor": "cursor", "dim": "dim", "front": "bottleneck",
    "area-0": "title", "area-1": "warning", "area-2": "good", "area-3": "override", "area-4": "accent", "area-5": "bad",
}  # fmt: skip


def in_roles(lines: Sequence[Sequence[Piece]]) -> list[Line]:
    """A plot's lines in the panels' roles."""
    return [[(text, ROLES.get(role, role)) for text, role in line] for line in lines]


def beside(first: Sequence[Line], second: Sequence[Line], width: int, second_width: int) -> list[Line]:
    """Two columns with a rule between them."""
    room = width - second_width - 3
    made = []
    for number in range(max(len(first), len(second))):
        a = first[number] if number < len(first) else []
        b = second[number] if number < len(second) else []
        made.append([*fit(a, room), (" │ ", "dim"), *fit(b, second_width)])
    return made


class OneLine(LinePanel):
    """The title, or the keys."""

    def __init__(self, line: Callable[[int], Line]) -> None:
        super().__init__()
        self._line = line
        self.styles.height = 1
        self.styles.border = ("none", "transparent")  # over the frames that ASCII gives every panel

    def lines(self, width: int) -> list[Line]:
        return [self._line(width)]


class Page(LinePanel, can_focus=True):
    """What the sheet draws. It scrolls by itself only where the sheet keeps no cursor."""

    def __init__(self, draw: Callable[[int, int], list[Line]]) -> None:
        super().__init__()
        self._draw = draw

    def lines(self, width: int) -> list[Line]:
        return self._draw(width, self.content_size.height)


class Sheet(Screen[T]):
    """Subclasses answer `draw(width, height)` and `pressed(key)`."""

    AUTO_FOCUS = "Page"
    heading: str = ""
    keys: ClassVar[Keys] = (("Esc", "back"),)

    def __init__(self) -> None:
        super().__init__()
        self.note = ""  # what is going on, at the right end of the title
        self.head = OneLine(self._head)
        self.page = Page(self.draw)
        self.foot = OneLine(self._keys)

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.page
        yield self.foot

    def draw(self, width: int, height: int) -> list[Line]:
        raise NotImplementedError

    def pressed(self, key: str) -> bool:
        """Take a key; False where it means nothing here."""
        return False

    def repaint(self) -> None:
        if self.is_mounted:
            for panel in (self.head, self.page, self.foot):
                panel.repaint()

    def _head(self, width: int) -> Line:
        return spread([(f" {self.heading}", "title")], [(f"{self.note} ", "accent")], width)

    def _keys(self, width: int) -> Line:
        line: Line = [(" ", "")]
        used = 1
        for key, word in self.keys:
            if used + len(key) + len(word) + 1 > width:
                break
            line += [(key, "key"), (f" {word}   ", "dim")]
            used += len(key) + len(word) + 4
        return line

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" or (event.key == "q" and not self.pressed("q")):
            event.stop()
            self.leave()
        elif self.pressed(event.key):
            event.stop()
            event.prevent_default()
            self.repaint()

    def leave(self, result: Any = None) -> None:
        self.dismiss(result)

    def on_resize(self, event: events.Resize) -> None:
        self.repaint()


def header(text: str, width: int) -> Line:
    """A heading with a rule to the right of it."""
    return [(f"{text} ", "accent"), ("─" * max(width - len(text) - 1, 0), "dim")]


def shortened(text: str, width: int) -> str:
    return cut(text, max(width, 1))
