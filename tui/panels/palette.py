"""What can be added: sections of the catalogue, a search, and what each part would do here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.line_edit import LineEdit
from infralab.tui.panels.paint import Line, cut, left, right, spread

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.tui import shelf

DRAG_CELLS = 1  # the mouse has to move so far before a press becomes a drag


@dataclass(frozen=True, slots=True)
class Row:
    """A heading that opens and closes, or a part."""

    section: str
    part: shelf.Part | None = None
    count: int = 0
    gain: str = ""


class Palette(LinePanel, can_focus=True):
    BORDER_TITLE = "4 Add"

    class PickedUp(Message):
        """A part is to be put on the canvas; `dragging` while the mouse button is held."""

        def __init__(self, part: shelf.Part, dragging: bool = False) -> None:
            self.part, self.dragging = part, dragging
            super().__init__()

    class Left(Message):
        """Back to the canvas."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.search = LineEdit()
        self.cursor = 0
        self.gains: Mapping[str, str] = {}  # part id -> "×4.8"; what adding it alone would do
        self.show_gains = True
        self._catalogue: Catalogue | None = None
        self._sections: list[tuple[shelf.Section, list[shelf.Part]]] = []
        self._open: set[str] = set()
        self._found: list[shelf.Part] = []
        self._only: frozenset[str] = frozenset()
        self._pressed: tuple[int, int, shelf.Part] | None = None
        self._shown = 0  # first row shown

    # -- contents

    def stock(self, catalogue: Catalogue, sections: shelf.Sections) -> None:
        """Take over a catalogue; called after the first paint."""
        self._catalogue = catalogue
        self._sections = sections
        self.repaint()

    def offer(self, gains: Mapping[str, str]) -> None:
        """Parts that suit this design, best first, with what each would do."""
        if dict(gains) != dict(self.gains):
            self.gains = dict(gains)
            self.repaint()

    def only(self, rooms: frozenset[str]) -> None:
        """Offer these rooms alone (what fits where a wire was let go); empty: all."""
        self._only = rooms
        self.cursor = 0
        self.repaint()

    def rows(self) -> list[Row]:
        if self.search.text.strip():
            return [Row("", part, gain=self.gains.get(part.id, "")) for part in self._allowed(self._found)]
        rows: list[Row] = []
        if self.gains and not self._only and self.show_gains:
            rows.append(Row("Fits this design", None, len(self.gains)))
            if "Fits this design" not in self._open:
                by_id = {part.id: part for _, found in self._sections for part in found}
                rows += [
                    Row("Fits this design", by_id[name], gain=gain)
                    for name, gain in self.gains.items()
                    if name in by_id
                ]
        for section, found in self._sections:
            if self._only and section.room not in self._only:
                continue
            rows.append(Row(section.name, None, len(found)))
            if section.name in self._open:
                rows.extend(Row(section.name, part, gain=self.gains.get(part.id, "")) for part in found)
        return rows

    def _allowed(self, found: list[shelf.Part]) -> list[shelf.Part]:
        return [part for part in found if not self._only or part.room in self._only]

    def lines(self, width: int) -> list[Line]:
        if self._catalogue is None:
            return [[("/ search", "dim")], [], [("  reading the catalogue …", "dim")]]
        rows = self.rows()
        self.cursor = min(max(self.cursor, 0), max(len(rows) - 1, 0))
        height = self.content_size.height - 1
        first = self._first(len(rows), height)
        lines = [self._search_line(rows)]
        for number in range(first, min(first + height, len(rows))):
            lines.append(self._row(rows[number], number, width))
        if not rows:
            lines.append([(f"  nothing like “{cut(self.search.text, width - 18)}”", "dim")])
        self._tell(first, len(rows), height)
        return lines

    def _first(self, count: int, height: int) -> int:
        if self.cursor < self._shown:
            self._shown = self.cursor
        if self.cursor >= self._shown + height:
            self._shown = self.cursor - height + 1
        self._shown = max(0, min(self._shown, count - height))
        return self._shown

    def _tell(self, first: int, count: int, height: int) -> None:
        more = count - first - height
        text = " ".join(filter(None, (f"▲{first}" if first else "", f"▼{more}" if more > 0 else "")))
        self.label(foot=text)

    def _tell_more(self, total: int, height: int) -> None:
        """The palette scrolls its own rows."""

    def _search_line(self, rows: list[Row]) -> Line:
        if self.has_focus:
            return [("/ ", "key"), *self.search.line()]
        return [("/ ", "key"), (self.search.text, "input") if self.search.text else ("search", "dim")]

    def _row(self, row: Row, number: int, width: int) -> Line:
        here = number == self.cursor and self.has_focus
        if row.part is None:
            closed = (row.section not in self._open) != (row.section == "Fits this design")
            line = spread(
                [("▸ " if closed else "▾ ", "accent"), (row.section, "strong")], [(f"{row.count}", "dim")], width
            )
        else:
            line = self._part_line(row, width)
        return [(text, "cursor") for text, _ in line] if here else line

    def _part_line(self, row: Row, width: int) -> Line:
        part = row.part
        assert part is not None
        assert self._catalogue is not None
        gain = row.gain if self.show_gains else ""
        from infralab.tui import shelf

        component = self._catalogue.find(part.id, part.room)
        figures = shelf.figures(component) if component else ""
        tail: Line = [(right(gain, 6), "good" if gain.startswith(("×", "+")) else "dim")] if gain else []
        room = width - 2 - sum(len(text) for text, _ in tail)
        if width < 30 or len(part.id) + 12 > room:
            return [("  ", ""), (left(part.id, room), ""), *tail]
        name = max(min(len(part.id), room // 2), room - len(figures) - 1)
        name = min(name, len(part.id))
        return spread(
            [("  ", ""), (left(part.id, name), ""), ("  ", ""), (cut(figures, room - name - 2), "dim")], tail, width
        )

    # -- keys

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if event.key in moves:
            self._move(moves[event.key])
        elif event.key in ("enter", "right", "left") and self._act(event.key):
            pass
        elif event.key == "escape":
            self._escape()
        elif self.search.key(event):
            self._look_up()
        else:
            return
        event.stop()
        event.prevent_default()

    def _move(self, by: int) -> None:
        self.cursor = min(max(self.cursor + by, 0), max(len(self.rows()) - 1, 0))
        self.repaint()

    def _act(self, key: str) -> bool:
        """Open or close a heading; pick a part up. Left and right belong to the search while it has text."""
        if key != "enter" and self.search.text:
            return False
        rows = self.rows()
        if not rows:
            return True
        row = rows[self.cursor]
        if row.part is not None:
            if key == "enter":
                self.post_message(self.PickedUp(row.part))
            elif key == "left":
                self.cursor = next(i for i in range(self.cursor, -1, -1) if rows[i].part is None)
                self.repaint()
            return True
        self._open ^= {row.section}
        self.repaint()
        return True

    def _escape(self) -> None:
        if self.search.text:
            self.search.set("")
            self._look_up()
        else:
            self._only = frozenset()
            self.post_message(self.Left())

    def _look_up(self) -> None:
        from infralab.tui import shelf

        text = self.search.text.strip()
        self._found = shelf.search(self._catalogue, text) if text and self._catalogue else []
        self.cursor = 0
        self._shown = 0
        self.repaint()

    def fresh(self) -> None:
        """Begin a new search."""
        self.search.set("")
        self._look_up()

    # -- mouse

    def _at(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset(self)
        if place is None or place.y < 1:
            return None
        number = self._shown + place.y - 1
        return number if number < len(self.rows()) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        number = self._at(event)
        if number is None or event.button != 1:
            return
        self.cursor = number
        part = self.rows()[number].part
        self._pressed = (event.screen_x, event.screen_y, part) if part else None
        if part is None:
            self._act("enter") if not self.search.text else None
        self.repaint()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed is None or event.button != 1:
            return
        x, y, part = self._pressed
        if abs(event.screen_x - x) + abs(event.screen_y - y) > DRAG_CELLS:
            self._pressed = None
            self.post_message(self.PickedUp(part, dragging=True))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._pressed is not None:
            part, self._pressed = self._pressed[2], None
            self.post_message(self.PickedUp(part))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-3)

    def _scroll(self, by: int) -> None:
        height = max(self.content_size.height - 1, 1)
        first = max(0, min(self._shown + by, len(self.rows()) - height))
        self._shown = first
        self.cursor = min(max(self.cursor, first), first + height - 1)
        self.repaint()
