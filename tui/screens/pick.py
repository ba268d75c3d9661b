"""A list to search and choose from: presets, catalogue entries, actions, choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.line_edit import LineEdit
from infralab.tui.panels.paint import Line, cut, left, spread, wrap


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose. `note` stands beside the title, `about` below the list when it is under the cursor."""

    value: str
    title: str
    note: str = ""
    about: str = ""


Search = Callable[[str], list[Choice]]
Describe = Callable[[Choice], Choice]


class PickList(LinePanel, can_focus=True):
    def __init__(self, choices: Sequence[Choice], free: str, search: Search | None, describe: Describe) -> None:
        super().__init__()
        self.choices = list(choices)
        self.describe = describe  # fills in note and about of what is in view
        self.free = free  # what a text that is no choice means; "": it means nothing
        self.search = search
        self.edit = LineEdit()
        self.cursor = 0
        self._first = 0

    def found(self) -> list[Choice]:
        text = self.edit.text.strip()
        if not text:
            return self.choices
        if self.search is not None:
            return self.search(text)
        return matches(self.choices, text)

    def lines(self, width: int) -> list[Line]:
        found = self.found()
        self.cursor = min(max(self.cursor, 0), max(len(found) - 1, 0))
        about = wrap(self.describe(found[self.cursor]).about, width)[:2] if found else []
        height = max(self.content_size.height - 4, 1)
        self._first = min(max(self._first, self.cursor - height + 1), self.cursor)
        lines: list[Line] = [[("/ ", "key"), *self.edit.line()], [("─" * width, "dim")]]
        title = min(max((len(choice.title) for choice in found), default=0), width // 2)
        for number, plain in enumerate(found[self._first : self._first + height], self._first):
            choice = self.describe(plain)
            line = spread(
                [
                    (" ", ""),
                    (left(choice.title, title), "strong"),
                    ("  ", ""),
                    (cut(choice.note, width - title - 4), "dim"),
                ],
                [],
                width,
            )
            lines.append([(text, "cursor") for text, _ in line] if number == self.cursor else line)
        if not found:
            text = f"⏎ {self.free} “{self.edit.text}”" if self.free else "nothing like that"
            lines.append([(f" {text}", "dim")])
        lines += [[] for _ in range(height + 2 - len(lines))]
        return [*lines, *([(text, "dim")] for text in about)]

    def _tell_more(self, total: int, height: int) -> None:
        """The list scrolls its own rows."""

    def on_key(self, event: events.Key) -> None:
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if event.key in moves:
            self.cursor = min(max(self.cursor + moves[event.key], 0), max(len(self.found()) - 1, 0))
        elif event.key == "enter":
            self._choose()
        elif self.edit.key(event):
            self.cursor = self._first = 0
        else:
            return
        event.stop()
        event.prevent_default()
        self.repaint()

    def _choose(self) -> None:
        found = self.found()
        if found:
            self.screen.dismiss(found[self.cursor].value)
        elif self.free and self.edit.text.strip():
            self.screen.dismiss(self.edit.text.strip())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = event.get_content_offset(self)
        number = place.y - 2 + self._first if place and place.y >= 2 else -1
        if 0 <= number < len(self.found()):
            if number == self.cursor:
                self._choose()
                return
            self.cursor = number
            self.repaint()

    def scroll_lines(self, amount: int) -> None:
        self.cursor = min(max(self.cursor + amount, 0), max(len(self.found()) - 1, 0))
        self.repaint()


class Pick(ModalScreen[str | None]):
    """Ends with the value of what was chosen, or None."""

    BINDINGS = [("escape", "give_up", "Back")]  # noqa: RUF012 - Textual's own way

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        free: str = "",
        search: Search | None = None,
        describe: Describe = lambda choice: choice,
        at: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._list = PickList(choices, free, search, describe)
        self._list.cursor = next((i for i, choice in enumerate(choices) if choice.value == at), 0)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield self._list

    def on_mount(self) -> None:
        self._list.label(self._title, "⏎ take   Esc back")
        self._list.focus()

    def action_give_up(self) -> None:
        self.dismiss(None)


def matches(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Choices that hold every word; failing that, those whose letters come in this order."""
    words = text.lower().split()
    plain = [f"{choice.title} {choice.note} {choice.about} {choice.value}".lower() for choice in choices]
    found = [choice for choice, own in zip(choices, plain, strict=True) if all(word in own for word in words)]
    if found:
        return sorted(found, key=lambda choice: _distance(choice.title.lower(), text.lower(), words))
    letters = "".join(words)
    return [choice for choice in choices if _in_order(letters, choice.title.lower())]


def _distance(title: str, text: str, words: Sequence[str]) -> int:
    """0 when the title begins with the text, then by how many of the words it lacks."""
    return 0 if title.startswith(text) else 1 + sum(word not in title for word in words)


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
