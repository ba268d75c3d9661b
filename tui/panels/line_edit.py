"""One line of text being typed: keys in, text and cursor out. No widget of its own."""

from __future__ import annotations

from textual import events

from infralab.tui.panels.paint import Line


class LineEdit:
    """Text with a cursor; `key` answers whether it took the key."""

    def __init__(self, text: str = "", fresh: bool = False) -> None:
        self.text = text
        self.at = len(text)
        self.fresh = fresh  # the first letter typed replaces what stands there

    def set(self, text: str, fresh: bool = False) -> None:
        self.text, self.at, self.fresh = text, len(text), fresh

    def key(self, event: events.Key) -> bool:
        """Take a key that edits text."""
        if event.is_printable and event.character:
            if self.fresh:
                self.text, self.at = "", 0
            self.insert(event.character)
            return True
        move = _MOVES.get(event.key)
        if move is None:
            return False
        move(self)
        self.fresh = False
        return True

    def insert(self, text: str) -> None:
        self.text = self.text[: self.at] + text + self.text[self.at :]
        self.at += len(text)
        self.fresh = False

    def _back(self) -> None:
        if self.fresh:
            self.set("")
        elif self.at:
            self.text = self.text[: self.at - 1] + self.text[self.at :]
            self.at -= 1

    def _forward(self) -> None:
        self.text = self.text[: self.at] + self.text[self.at + 1 :]

    def _to(self, at: int) -> None:
        self.at = min(max(at, 0), len(self.text))

    def _word(self) -> None:
        head = self.text[: self.at].rstrip()
        cut = head.rfind(" ") + 1
        self.text, self.at = self.text[:cut] + self.text[self.at :], cut

    def line(self, role: str = "input") -> Line:
        """The text with the cursor as a reversed cell."""
        under = self.text[self.at : self.at + 1] or " "
        return [(self.text[: self.at], role), (under, "cursor"), (self.text[self.at + 1 :], role)]


_MOVES = {
    "backspace": LineEdit._back,
    "delete": LineEdit._forward,
    "left": lambda edit: edit._to(edit.at - 1),
    "right": lambda edit: edit._to(edit.at + 1),
    "home": lambda edit: edit._to(0),
    "end": lambda edit: edit._to(len(edit.text)),
    "ctrl+u": lambda edit: edit.set(""),
    "ctrl+w": LineEdit._word,
}
