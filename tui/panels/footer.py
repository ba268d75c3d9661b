"""The last line: what the keys do now. Clickable."""

from __future__ import annotations

from textual import events
from textual.message import Message

from infralab.tui import actions
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line

Hint = tuple[str, str, str]  # key, word, action


class Footer(LinePanel):
    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, action: str) -> None:
            self.action = action
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.hints: tuple[Hint, ...] = ()  # of the gesture under way; empty: the lab's own
        self.note: tuple[str, str] = ("", "")  # text, role: a message that passes
        self._spans: list[tuple[int, int, str]] = []

    def lines(self, width: int) -> list[Line]:
        text, role = self.note
        if text:
            return [[(f" {text}", role)]]
        line: Line = [(" ", "")]
        self._spans, at = [], 1
        for key, word, action in self.hints or _standing():
            piece = len(key) + 1 + len(word)
            if at + piece > width:
                break
            line += [(key, "key"), (f" {word}", "dim"), ("   ", "")]
            self._spans.append((at, at + piece, action))
            at += piece + 3
        return [line]

    def say(self, text: str, role: str = "") -> None:
        """Show a message in place of the keys; an empty one brings them back."""
        self.note = (text, role)
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end and not self.note[0]:
                self.post_message(self.Pressed(action))


def _standing() -> list[Hint]:
    return [(actions.key_text(action), action.short, action.name) for action in actions.footer()]
