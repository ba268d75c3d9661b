"""A screen with a list to search and the chosen item beside it, or below it where it is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from infralab.tui.panels.line_edit import LineEdit
from infralab.tui.panels.paint import Line, cut, left, spread, wrap
from infralab.tui.stage.asking import Answered, Asker
from infralab.tui.stage.page import Page, beside, chosen, filled, keys, rule

WIDE = 100  # columns from where the item stands beside the list
LIST_SHARE = 0.38  # of the width, for the list
NOTHING = "nothing has these words; Ctrl-U empties the search"


@dataclass(frozen=True, slots=True)
class Item:
    """Something in the list; `text` is what a search looks through, `mark` a sign with its role before the title."""

    name: str
    title: str
    text: str = ""
    note: str = ""
    mark: tuple[str, str] = ("", "")


class Browse(Screen[Any]):
    """Subclasses answer `items()` and `detail(item, width, height)`; typing searches, Enter chooses."""

    BINDINGS: ClassVar = [("escape", "give_up", "Back")]
    heading = ""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("⏎", "open"), ("type", "search"), ("↑↓", "move"), ("Esc", "back"))

    def __init__(self, at: str = "") -> None:
        super().__init__()
        self.page = Page(self._draw)
        self.edit = LineEdit()
        self.cursor = 0
        self.first = 0
        self.scroll = 0  # first line of the item that is shown
        self.asker = Asker(self, "item", "rest")
        self._at = at
        self._rows = 1

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        self.page.focus()
        names = [item.name for item in self.items()]
        if self._at in names:
            self.cursor = names.index(self._at)
        self.moved()

    def on_unmount(self) -> None:
        self.asker.close()

    # -- what subclasses say

    def items(self) -> Sequence[Item]:
        raise NotImplementedError

    def detail(self, item: Item, width: int, height: int) -> list[Line]:
        raise NotImplementedError

    def moved(self) -> None:
        """Another item is under the cursor."""

    def answered(self, kind: str, tag: Any, value: Any) -> None:
        """A figure that was asked for is there."""

    def choose(self, item: Item) -> None:
        self.dismiss(item.name)

    # -- the list

    def found(self) -> list[Item]:
        wanted = self.edit.text.lower().split()
        if not wanted:
            return list(self.items())
        every = [item for item in self.items()
                 if all(word in f"{item.name} {item.title} {item.text}".lower() for word in wanted)]  # fmt: skip
        return sorted(every, key=lambda item: not item.title.lower().startswith(wanted[0]))

    @property
    def current(self) -> Item | None:
        found = self.found()
        self.cursor = min(max(self.cursor, 0), max(len(found) - 1, 0))
        return found[self.cursor] if found else None

    def on_answered(self, message: Answered) -> None:
        answer = message.answer
        self.answered(answer.kind, answer.tag, answer.value if answer.error is None else answer.error)
        self.page.repaint()

    # -- drawing

    def _draw(self, width: int, height: int) -> list[Line]:
        item = self.current
        count = f"{len(self.found())} of {len(self.items())}  "
        search: Line = [("  / ", "key"), *self.edit.line()]
        head = [spread([("  ", ""), (self.heading, "title")], [(count, "dim")], width), rule(width)]
        foot = [rule(width), keys(self.KEYS, width)]
        room = max(height - len(head) - len(foot) - 1, 2)
        if width >= WIDE:
            across = int(width * LIST_SHARE)
            body = beside(self._list(across, room), self._item(item, width - across - 4, room), across, 4)
        else:
            rows = min(max(room // 3, 4), max(len(self.found()), 1))
            body = [*self._list(width, rows), rule(width), *self._item(item, width, room - rows - 1)]
        return filled([*head, search, *body], foot, height)

    def _list(self, width: int, rows: int) -> list[Line]:
        self._rows = rows
        found = self.found()
        self.first = max(min(self.first, self.cursor), self.cursor - rows + 1, 0)
        lines: list[Line] = []
        for number, item in enumerate(found[self.first : self.first + rows], self.first):
            note = cut(item.note, max(width // 3, 14))
            mark = [(f"{item.mark[0]} ", item.mark[1])] if item.mark[0] else []
            room = width - len(note) - 5 - (2 if mark else 0)
            line: Line = [("  ", ""), *mark, (left(cut(item.title, room), room), "strong" if number == self.cursor else ""),
                          ("  ", ""), (note, "dim")]  # fmt: skip
            lines.append(chosen(line, width) if number == self.cursor else line)
        if not found:
            lines += [[("  ", ""), (row, "dim")] for row in wrap(NOTHING, width - 2)]
        return lines

    def _item(self, item: Item | None, width: int, height: int) -> list[Line]:
        if item is None:
            return []
        lines = self.detail(item, width, height)
        self.scroll = max(0, min(self.scroll, len(lines) - height))
        shown = lines[self.scroll : self.scroll + height]
        if len(lines) > self.scroll + height and shown:
            shown[-1] = [("  ", ""), (f"▼ {len(lines) - self.scroll - height + 1} more lines: PgDn", "dim")]
        return shown

    # -- keys

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down"):
            self._to(self.cursor + (1 if event.key == "down" else -1))
        elif event.key in ("pagedown", "pageup"):
            self.scroll += 8 if event.key == "pagedown" else -8
        elif event.key == "enter":
            item = self.current
            if item is not None:
                self.choose(item)
        elif self.special(event.key):
            pass
        elif self.edit.key(event):
            self._to(0)
        else:
            return
        event.stop()
        event.prevent_default()
        self.page.repaint()

    def special(self, key: str) -> bool:
        """Keys of a subclass; True when taken."""
        return False

    def _to(self, place: int) -> None:
        before = self.current
        self.cursor = min(max(place, 0), max(len(self.found()) - 1, 0))
        if self.current is not before:
            self.scroll = 0
            self.moved()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = event.get_content_offset(self.page)
        number = place.y - 3 + self.first if place and place.y >= 3 else -1
        beyond = place is not None and self.page.size.width >= WIDE and place.x > int(self.page.size.width * LIST_SHARE)
        if not 0 <= number - self.first < self._rows or number >= len(self.found()) or beyond:
            return
        if number == self.cursor and self.current is not None:
            self.choose(self.current)
        else:
            self._to(number)
            self.page.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._to(self.cursor + 1)
        self.page.repaint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._to(self.cursor - 1)
        self.page.repaint()

    def action_give_up(self) -> None:
        if self.edit.text:
            self.edit.set("")
            self._to(0)
            self.page.repaint()
        else:
            self.dismiss(None)
