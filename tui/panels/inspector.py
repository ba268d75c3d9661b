"""Every field of the selection: value, unit, where it comes from; type it, step it, choose it, reset it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.line_edit import LineEdit
from infralab.tui.panels.paint import MARKS, Line, cut, left, right, wrap
from infralab.tui.state import LabState

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.explore.margin import OneMore
    from infralab.tui.fields import Field


NOTCHES = 12  # of a slide by keys, to either side
LOW = 20  # rows; a lower panel tells less of what is selected before its fields


class Inspector(LinePanel, can_focus=True):
    BORDER_TITLE = "5 Inspector"

    class Entered(Message):
        """A value was typed or chosen for a field; an empty text unsets it."""

        def __init__(self, field: Field, text: str) -> None:
            self.field, self.text = field, text
            super().__init__()

    class Stepped(Message):
        def __init__(self, field: Field, value: Any) -> None:
            self.field, self.value = field, value
            super().__init__()

    class Reset(Message):
        """A field goes back to what it is without the design saying anything."""

        def __init__(self, field: Field) -> None:
            self.field = field
            super().__init__()

    class Choosing(Message):
        """A catalogue entry, or one of many choices, is wanted for a field."""

        def __init__(self, field: Field) -> None:
            self.field = field
            super().__init__()

    class Typing(Message):
        """A value is being typed: it may be tried out. None: given up."""

        def __init__(self, field: Field, text: str | None) -> None:
            self.field, self.text = field, text
            super().__init__()

    class Left(Message):
        """Back to the canvas."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.catalogue: Catalogue | None = None
        self.fields: list[Field] = []
        self.cursor = 0
        self.edit: LineEdit | None = None
        self.problem = ""  # why the typed value can't be taken
        self.one_more: tuple[str, OneMore | None] | None = None  # a wire, and what one more link on it gives
        self._asked: tuple[Any, ...] = ()
        self._first = 0  # first field shown
        self._grip: tuple[Field, int, bool] | None = None  # a field under the button: since where, a click so far
        self._sliding: tuple[Field, int] | None = None  # a field that keys slide: as it was, and how far

    def show(self, state: LabState) -> None:
        if state.selection != self.state.selection:
            self.edit = None
            self.cursor = self._first = 0
            self.problem = ""
        path = self.at.path if self.at else ""
        self.state = state
        self._collect()
        if path and (self.at is None or self.at.path != path):
            self.cursor = next((i for i, row in enumerate(self.fields) if row.path == path), self.cursor)
        self.repaint()

    def forget(self) -> None:
        self._collect()  # how much is told depends on the height
        super().forget()

    def stock(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._asked = ()
        self._collect()
        self.repaint()

    def tell_one_more(self, wire: str, found: OneMore | None) -> None:
        """What one more link on a wire gives; None: nothing to say."""
        self.one_more = (wire, found)
        self.show(self.state)

    def _collect(self) -> None:
        """Fields anew, only when something they show is different."""
        if self.catalogue is None:
            return
        from infralab.tui.facts import facts
        from infralab.tui.fields import fields

        design, report, selection = self.state.design, self.state.report, self.state.selection
        told = facts(design, report, selection, self.one_more, self.content_size.height < LOW)
        asked = (design, selection, report.plan if report else None, self.catalogue, told)
        if asked == self._asked:
            return
        self._asked = asked
        self.fields = [*told, *fields(design, report, selection, self.catalogue)]
        self._settle(1)

    def _settle(self, direction: int) -> None:
        """Keep the cursor off headings."""
        self.cursor = min(max(self.cursor, 0), max(len(self.fields) - 1, 0))
        at = self.cursor
        while 0 <= at < len(self.fields) and self.fields[at].heading:
            at += direction
        if not 0 <= at < len(self.fields):
            at = next((i for i, row in enumerate(self.fields) if not row.heading), 0)
        self.cursor = at

    @property
    def at(self) -> Field | None:
        """The field under the cursor."""
        if not 0 <= self.cursor < len(self.fields):
            return None
        row = self.fields[self.cursor]
        return None if row.heading else row

    # -- drawing

    def lines(self, width: int) -> list[Line]:
        self._retitle()
        if self.catalogue is None:
            return []
        foot = self._foot(width)
        height = max(self.content_size.height - len(foot), 1)
        first = self._first
        if self.cursor - 1 < first:
            first = max(self.cursor - 1, 0)
        if self.cursor >= first + height:
            first = self.cursor - height + 1
        first = max(0, min(first, len(self.fields) - height))
        label = min(max((len(row.label) for row in self.fields if not row.heading), default=8), width // 2 - 2)
        shown = [self._row(row, first + i, width, label) for i, row in enumerate(self.fields[first : first + height])]
        shown += [[] for _ in range(height - len(shown))]
        self._first = first
        more = len(self.fields) - first - height
        text = " ".join(filter(None, (f"▲{first}" if first else "", f"▼{more}" if more > 0 else "")))
        self.label(foot=text)
        return [*shown, *foot]

    def _tell_more(self, total: int, height: int) -> None:
        """The inspector scrolls its own rows."""

    def _retitle(self) -> None:
        chosen = self.state.selection
        if len(chosen) == 1:
            title = f"5 {chosen[0].replace('.', ' ', 1)}"
        else:
            title = f"5 {len(chosen)} selected" if chosen else "5 The job"
        self.label(title)

    def _row(self, row: Field, number: int, width: int, label: int) -> Line:
        if row.heading and row.text:
            return [(left(f" {row.label}", width - len(row.text) - 2), "dim"), (f" {row.text} ", "strong")]
        if row.heading:
            return [(cut(row.label, width), "accent")]
        here = number == self.cursor and self.has_focus
        if here and self.edit is not None:
            return [(left(f" {row.label}", label + 2), "strong"), *self.edit.line("bad" if self.problem else "input")]
        mark = MARKS.get(row.mark, " ")
        role = {"override": "override", "✎": "override"}.get(row.mark, f"mark-{row.mark}" if row.mark else "")
        role = role if role in ("mark-cited", "mark-fitted", "mark-assumed", "override") else "dim"
        room = width - label - 5
        value = row.text or "–"
        if row.overridden and row.base is not None:
            value = f"{value} (was {_was(row)})" if len(value) + 12 < room else value
        sign = "▾" if row.rooms or len(row.choices) > 1 else " "
        line: Line = [
            (left(f" {row.label}", label + 2), "" if row.text and not row.found else "dim"),
            (right(value, room), "override" if row.overridden else "dim" if row.found or not row.text else "strong"),
            (sign, "dim"),
            (" ", ""),
            (mark, role),
        ]
        return [(text, "cursor") for text, _ in line] if here else line

    def _foot(self, width: int) -> list[Line]:
        """What the field under the cursor is, or why the typed value can't be."""
        row = self.at
        if row is None or not self.has_focus or self.content_size.height < 6:
            return []
        if self.problem:
            return [[(text, "bad")] for text in wrap(self.problem, width)[:3]]
        doc = row.key.doc if row.key else ""
        keys = "⏎ type  ←→ step  Del reset" if not row.rooms else "⏎ choose  Del reset"
        lines: list[Line] = [[("─" * width, "dim")]]
        if doc:
            lines.append([(cut(doc, width), "dim")])
        lines.append(
            [(cut(row.source, width), "dim")]
            if row.source and self.content_size.height > 10
            else [(cut(keys, width), "dim")]
        )
        return lines

    # -- keys

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self._give_up()
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        taken = self._type(event) if self.edit is not None else self._walk(event)
        if taken:
            event.stop()
            event.prevent_default()

    def _walk(self, event: events.Key) -> bool:
        if not event.key.startswith("shift+"):
            self._sliding = None
        moves = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8, "home": -1000, "end": 1000}
        if event.key in moves:
            by = moves[event.key]
            self.cursor = min(max(self.cursor + by, 0), max(len(self.fields) - 1, 0))
            self._settle(1 if by > 0 else -1)
            self.repaint()
        elif event.key == "escape":
            self.post_message(self.Left())
        elif self.at is None:
            return False
        elif event.key in ("left", "right"):
            self._step(1 if event.key == "right" else -1)
        elif event.key in ("shift+left", "shift+right"):
            self._slide_by_key(1 if event.key == "shift+right" else -1)
        elif event.key == "enter":
            self.begin()
        elif event.key in ("delete", "backspace"):
            self.post_message(self.Reset(self.at))
        elif event.character and event.character in '0123456789."':
            self.begin(event.character)
        else:
            return False
        return True

    def begin(self, text: str | None = None) -> None:
        """Start typing a value, or choosing one."""
        row = self.at
        if row is None:
            return
        if (row.rooms or row.choices) and text is None:
            self.post_message(self.Choosing(row))
            return
        self.problem = ""
        self.edit = LineEdit(text if text is not None else row.text.replace(" ", " "), fresh=text is None)
        self.repaint()

    def _step(self, direction: int) -> None:
        from infralab.tui.steps import step

        row = self.at
        assert row is not None
        value = step(row, direction)
        if value is not None:
            self.post_message(self.Stepped(row, value))
        elif row.rooms:
            self.post_message(self.Choosing(row))

    def _type(self, event: events.Key) -> bool:
        row, edit = self.at, self.edit
        assert row is not None
        assert edit is not None
        if event.key == "enter":
            if not self.problem:
                text = edit.text.strip()
                self.edit = None
                self.post_message(self.Entered(row, text))
        elif event.key == "escape":
            self._give_up()
        elif edit.key(event):
            self.problem = problem_with(self.state, row, edit.text.strip())
            if not self.problem:
                self.post_message(self.Typing(row, edit.text.strip()))
        else:
            return event.key in ("up", "down", "tab")
        self.repaint()
        return True

    def _give_up(self) -> None:
        if self.edit is not None:
            self.edit = None
            self.problem = ""
            if self.at is not None:
                self.post_message(self.Typing(self.at, None))

    # -- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = event.get_content_offset(self)
        number = place.y + self._first if place else -1
        if not 0 <= number < len(self.fields) or self.fields[number].heading:
            return
        again = number == self.cursor and self.has_focus and self.edit is None
        self.cursor = number
        self._grip = (self.fields[number], event.screen_x, again)
        self.capture_mouse()
        self.repaint()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grip is not None:
            field, x, _ = self._grip
            self._grip = (field, x, False)  # a slide, not a click
            self._slide(field, event.screen_x - x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
        grip, self._grip = self._grip, None
        if grip is not None and grip[2]:
            self.begin()

    def _slide_by_key(self, direction: int) -> None:
        """A notch from where the field stood when the slide began."""
        field = self.at
        assert field is not None
        base, notches = self._sliding if self._sliding and self._sliding[0].path == field.path else (field, 0)
        notches = max(min(notches + direction, NOTCHES), -NOTCHES)
        self._sliding = (base, notches)
        self._slide(base, notches)

    def _slide(self, base: Field, notches: int) -> None:
        from infralab.tui.steps import slid

        value = slid(base, notches)
        if value is not None:
            self.post_message(self.Stepped(base, value))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        """On the field under the cursor the wheel steps its value; elsewhere it scrolls."""
        event.stop()
        place = event.get_content_offset(self)
        number = place.y + self._first if place else -1
        if self.has_focus and number == self.cursor and self.at is not None:
            self._step(direction)
            return
        self.cursor = min(max(self.cursor - 2 * direction, 0), max(len(self.fields) - 1, 0))
        self._settle(-direction)
        self.repaint()


def _was(row: Field) -> str:
    from infralab.tui.fields import shown

    return shown(row.base, row.key.dimension if row.key else "")


def problem_with(state: LabState, row: Field, text: str) -> str:
    """Why the field can't have this value; "" when it can."""
    from infralab.models.edits import EditError
    from infralab.tui.edits import enter

    try:
        enter(row, text, state.selection)(state.design)
    except EditError as error:
        return str(error)
    return ""
