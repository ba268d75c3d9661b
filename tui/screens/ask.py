"""Small questions: a choice of answers by letter, or one line of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.line_edit import LineEdit
from infralab.tui.panels.paint import Line, wrap


class Question(LinePanel, can_focus=True):
    def __init__(self, text: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.text = text
        self.answers = answers
        self._spans: list[tuple[int, int, str]] = []

    def lines(self, width: int) -> list[Line]:
        told = [row for line in self.text.splitlines() for row in wrap(line, width)]
        lines: list[Line] = [[(row, "")] for row in told][:6]
        keys: Line = []
        self._spans, at = [], 0
        for key, word in self.answers:
            keys += [(f" {key} ", "cursor"), (f" {word}   ", "")]
            self._spans.append((at, at + len(key) + 3 + len(word), key))
            at += len(key) + 6 + len(word)
        return [*lines, [], keys]

    def _tell_more(self, total: int, height: int) -> None:
        """A question is never longer than its room."""

    def on_key(self, event: events.Key) -> None:
        for key, _ in self.answers:
            if (event.character or "").lower() == key.lower():
                event.stop()
                self.screen.dismiss(key)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and place.y == len(self._rows) - 1:
            for start, end, key in self._spans:
                if start <= place.x < end:
                    self.screen.dismiss(key)


class Ask(ModalScreen[str | None]):
    """Ends with the letter of the answer; Esc with None."""

    BINDINGS = [("escape", "give_up", "Back")]  # noqa: RUF012

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._question = Question(text, answers)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog small"):
            yield self._question

    def on_mount(self) -> None:
        self._question.label(self._title, "Esc back")
        self._question.focus()

    def action_give_up(self) -> None:
        self.dismiss(None)


class OneLine(LinePanel, can_focus=True):
    def __init__(self, text: str, about: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self.edit = LineEdit(text)
        self.about = about
        self.check = check
        self.problem = ""

    def lines(self, width: int) -> list[Line]:
        role = "bad" if self.problem else "dim"
        below: list[Line] = [[(text, role)] for text in wrap(self.problem or self.about, width)][:4]
        return [self.edit.line("bad" if self.problem else "input"), [], *below]

    def _tell_more(self, total: int, height: int) -> None:
        """One line has nothing hidden."""

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self.problem = self.check(self.edit.text.strip())
            if not self.problem:
                self.screen.dismiss(self.edit.text.strip())
        elif self.edit.key(event):
            self.problem = ""
        else:
            return
        event.stop()
        event.prevent_default()
        self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.edit.insert(event.text.replace("\n", " "))
        self.repaint()


class Prompt(ModalScreen[str | None]):
    """Ends with the text that was typed; Esc with None. `check` answers why a text can't be taken."""

    BINDINGS = [("escape", "give_up", "Back")]  # noqa: RUF012

    def __init__(
        self, title: str, text: str = "", about: str = "", check: Callable[[str], str] = lambda text: ""
    ) -> None:
        super().__init__()
        self._title = title
        self._line = OneLine(text, about, check)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog small"):
            yield self._line

    def on_mount(self) -> None:
        self._line.label(self._title, "⏎ take   Esc back")
        self._line.focus()

    def action_give_up(self) -> None:
        self.dismiss(None)
