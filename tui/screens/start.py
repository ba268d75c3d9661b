"""The start screen: a map of six rooms, each a one-minute "guess, then see", beside open, new and recent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from infralab.models.explore.rooms import Room, rooms, shown
from infralab.tui import words
from infralab.tui.panels.paint import Line, bar, cut, fit, left, right, spread
from infralab.tui.stage.asking import Answered, Asker
from infralab.tui.stage.page import Page, beside, filled, keys, paragraph, rule
from infralab.tui.stage.recent import recent

if TYPE_CHECKING:
    from infralab.models.explore.story import Revealed

TITLE = "InfraLab"
ABOUT = "Draw a machine room for AI, see what it does, what holds it back, and what would help."
TALL = 38  # rows from where a room shows its question
HIGH, LOW = 11, 6  # rows of a room
SIGNS = {"compute": "▣", "storage": "▤", "networks": "◇", "frameworks": "▷", "graphs": "◉", "systems": "▦"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """How the start screen was left. `what`: open, new, gallery, lessons, glossary, preset, file, design, lab."""

    what: str
    value: Any = None


class StartScreen(Screen[Chosen]):
    BINDINGS: ClassVar = [
        ("left", "move(-1,0)", "Left"), ("right", "move(1,0)", "Right"),
        ("up", "move(0,-1)", "Up"), ("down", "move(0,1)", "Down"),
        ("tab", "move(1,0)", "Next"), ("shift+tab", "move(-1,0)", "Previous"),
        ("enter,space", "enter", "Enter"),
        ("o", "leave('open')", "Open"), ("n", "leave('new')", "New"), ("g", "leave('gallery')", "Presets"),
        ("l", "leave('lessons')", "Lessons"), ("question_mark", "leave('glossary')", "Glossary"),
        ("escape,q", "leave('lab')", "To the lab"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.page = Page(self._draw)
        self.at = 0
        self.files = recent()[:5]
        self.seen: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        self.page.focus()

    # -- drawing

    @property
    def across(self) -> int:
        """Rooms beside each other."""
        return 3 if self.page.size.width >= 76 else 2 if self.page.size.width >= 50 else 1

    def _draw(self, width: int, height: int) -> list[Line]:
        head: list[Line] = [spread([("  ", ""), (TITLE, "title"), ("  ", ""), (ABOUT, "dim")], [], width), rule(width)]
        tall = height >= TALL
        body: list[Line] = [[]] if tall else []
        body += [
            [("  ", ""), ("Six rooms. ", "strong"), ("Each asks a question; guess, then see what the model says.", "")],
            [],
        ]
        body += self._map(width, HIGH if tall else LOW)
        body += [[], *self._ways(width), [], *self._files(width)]
        foot = [rule(width), keys((("⏎ 1-6", "a room"), ("g", "presets"), ("o", "open"), ("n", "new"), ("l", "lessons"),
                                   ("?", "glossary"), ("q", "to the lab")), width)]  # fmt: skip
        return filled([*head, *body], foot, height)

    def _map(self, width: int, high: int) -> list[Line]:
        across = self.across
        wide = (width - 4 - 2 * (across - 1)) // across
        tiles = [self._tile(number, room, wide, high) for number, room in enumerate(rooms())]
        lines: list[Line] = []
        for first in range(0, len(tiles), across):
            row = tiles[first : first + across]
            joined = row[0]
            for place, tile in enumerate(row[1:], start=1):
                joined = beside(joined, tile, place * wide + 2 * (place - 1))
            lines += [[("  ", ""), *line] for line in joined]
        return lines

    def _tile(self, number: int, room: Room, width: int, height: int) -> list[Line]:
        at = number == self.at
        edge = "title" if at else "dim"
        top, side, bottom = ("┏━┓", "┃", "┗━┛") if at else ("╭─╮", "│", "╰─╯")
        name = f" {number + 1} {room.title} "
        inner = width - 2
        text = paragraph(room.about, inner, "" if at else "dim", 1)
        if height > 6:
            text += [[], *paragraph(room.scene, inner, "strong" if at else "", 1)]
        mark: Line = [
            (f" {SIGNS.get(room.name, '·')} ", "accent"),
            ("seen" if room.name in self.seen else "guess, then see", "dim"),
        ]
        rows = [
            *text,
            *([] for _ in range(height)),
        ][: height - 3]
        lines: list[Line] = [[(top[0] + top[1], edge), (name, "strong" if at else "accent"),
                              (top[1] * max(inner - len(name) - 1, 0) + top[2], edge)]]  # fmt: skip
        for row in [*rows, mark]:
            lines.append([(side, edge), *fit(row, inner), (side, edge)])
        return [*lines, [(bottom[0] + bottom[1] * inner + bottom[2], edge)]]

    def _ways(self, width: int) -> list[Line]:
        """Where else one may begin."""
        ways = (("g", "Presets", "designs that ask and answer a question, each with its story"),
                ("l", "Lessons", "what a guide to the field claims, tested with numbers"),
                ("?", "Glossary", "every word on screen, in plain words"))  # fmt: skip
        return [[("  ", ""), (key, "key"), (left(f"  {name}", 12), "strong"), (cut(text, width - 18), "dim")]
                for key, name, text in ways]  # fmt: skip

    def _files(self, width: int) -> list[Line]:
        if not self.files:
            return [[("  ", ""), ("Recent: ", "strong"), ("nothing yet; Ctrl-S in the lab saves what you draw", "dim")]]
        line: Line = [("  ", ""), ("Recent  ", "strong")]
        for letter, path in zip("abcde", self.files, strict=False):
            line += [(letter, "key"), (f" {cut(path.name, 24)}   ", "")]
        return [line]

    # -- keys

    def action_move(self, across: int, down: int) -> None:
        self.at = (self.at + across + down * self.across) % len(rooms())
        self.page.repaint()

    def action_enter(self) -> None:
        self.go(self.at)

    def action_leave(self, what: str) -> None:
        self.dismiss(Chosen(what))

    def go(self, number: int) -> None:
        """Into a room; a design that was chosen there ends the start screen."""
        self.at = number
        room = rooms()[number]

        def done(left: Chosen | None) -> None:
            self.seen.add(room.name)
            if left is not None:
                self.dismiss(left)
            else:
                self.page.repaint()

        self.app.push_screen(RoomScreen(room), done)

    def on_key(self, event: events.Key) -> None:
        if event.key in "123456" and len(event.key) == 1:
            self.go(int(event.key) - 1)
        elif len(event.key) == 1 and event.key in "abcde" and "abcde".index(event.key) < len(self.files):
            self.dismiss(Chosen("file", self.files["abcde".index(event.key)]))
        else:
            return
        event.stop()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = event.get_content_offset(self.page)
        if place is None:
            return
        tall = self.page.size.height >= TALL
        top, high = (5, HIGH) if tall else (4, LOW)
        wide = (self.page.size.width - 4 - 2 * (self.across - 1)) // self.across + 2
        column, row = (place.x - 2) // wide, (place.y - top) // high
        number = row * self.across + column
        if 0 <= column < self.across and row >= 0 and 0 <= number < len(rooms()):
            self.go(number)


class RoomScreen(Screen[Chosen]):
    """A question, the guess, and the answer that the model computes."""

    BINDINGS: ClassVar = [
        ("enter,space", "reveal", "See"), ("escape,q,left", "leave", "Back"), ("o", "open", "Open in the lab"),
        ("l", "lesson", "The lesson"),
    ]  # fmt: skip

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.page = Page(self._draw)
        self.guess = 0
        self.revealed = False
        self.answer: Sequence[Revealed] = ()
        self.failure = ""
        self.asker = Asker(self, "answer")

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        self.page.focus()
        self.asker.ask("answer", self.room.name, lambda: _answer(self.room))

    def on_unmount(self) -> None:
        self.asker.close()

    def on_answered(self, message: Answered) -> None:
        if message.answer.error is not None:
            self.failure = str(message.answer.error)
        else:
            self.answer = message.answer.value
        self.page.repaint()

    # -- drawing

    def _draw(self, width: int, height: int) -> list[Line]:
        room = self.room
        head = [spread([("  ", ""), (f"{room.title}: guess, then see", "title")], [(f"{room.preset}  ", "dim")], width),
                rule(width)]  # fmt: skip
        gap: list[Line] = [[]] if height >= 22 else []
        body = [*gap, *paragraph(room.scene, width, "strong"), *gap]
        body += self._seen(width) if self.revealed else self._asked(width, height)
        if self.failure:
            body += [[], *paragraph(f"the model can't answer this: {self.failure}", width, "bad")]
        pairs = (("o", "open it in the lab"), ("l", "the lesson"), ("Esc", "back to the map"))
        if not self.revealed:
            pairs = (("1-4", "guess"), ("⏎", "see"), ("Esc", "back to the map"))
        return filled([*head, *body], [rule(width), keys(pairs, width)], height)

    def _asked(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for number, label in enumerate(self.room.labels, start=1):
            mine = number == self.guess
            lines.append(
                [("   ▸ " if mine else "     ", "key"), (f"{number}  ", "key"), (label, "strong" if mine else "")]
            )
            if height >= 22:
                lines.append([])
        text = (
            "Your guess?  A number; Enter shows what the model says."
            if not self.guess
            else "Enter shows what the model says."
        )
        return [*lines, [], [("  ", ""), (text, "dim")]]

    def _seen(self, width: int) -> list[Line]:
        if not self.answer:
            return [[("  the model is working …", "dim")]]
        start = self._value(self.answer[0])
        top = max((self._value(one) for one in self.answer), default=1.0) or 1.0
        names = min(max(len(label) for label in self.room.labels) + 6, width // 2)
        best = max(self.answer[1:], key=self._value)
        lines: list[Line] = []
        for one in self.answer:
            number = one.numbers[0] if one.numbers else 0
            value = self._value(one)
            role = "bar-first" if not number else "bar-new" if one is best else "bar"
            factor = words.factor(start, value) if number else ""
            said = "good" if value > 1.005 * start else "bad" if value < 0.995 * start else "dim"
            label = f"{number}  {one.label}" if number else "   as it is"
            lines.append([("▸ " if number and number == self.guess else "  ", "key"), (left(cut(label, names - 1), names), ""),
                          (bar(value / top, max(width - names - 24, 6)), role), (right(self._said(one), 11), "strong"),
                          (right(factor, 8), said)])  # fmt: skip
        unit = self.answer[0].report.throughput.unit if self.answer[0].report.throughput else ""
        lines += [[], [("  ", ""), (unit if self.room.shows == "rate" else "share of the time that counts", "dim")], []]
        return [
            *lines,
            *self._verdict(best, start, width),
            *paragraph(self.room.because, width),
            [],
            *self._next(width),
        ]

    def _verdict(self, best: Revealed, start: float, width: int) -> list[Line]:
        gain = words.factor(start, self._value(best))
        answer = f"{best.label}: {gain}."
        if not self.guess:
            return paragraph(answer, width, "accent")
        if self.guess == best.numbers[0]:
            return paragraph(f"You were right. {answer}", width, "good")
        mine = next(one for one in self.answer if one.numbers == (self.guess,))
        close = self._value(mine) > 0.98 * self._value(best)
        gives = words.factor(start, self._value(mine))
        text = (
            "Too close to call; yours does as well."
            if close
            else f"Yours gives {'nothing' if gives == 'same' else gives}."
        )
        return paragraph(f"{answer} {text}", width, "accent")

    def _next(self, width: int) -> list[Line]:
        from infralab.models.explore.lesson import lesson

        titles = ", ".join(f"“{lesson(number).title}”" for number in self.room.lessons)
        return paragraph(
            f"What to try: open it (o) and change what you guessed. Lessons (l): {titles}.", width, "dim", 2, 3
        )

    def _value(self, one: Revealed) -> float:
        return shown(self.room, one)

    def _said(self, one: Revealed) -> str:
        value = self._value(one)
        if self.room.shows != "rate":
            return words.percent(value)
        return words.number(value, one.report.throughput.unit if one.report.throughput else "")

    # -- keys

    def action_reveal(self) -> None:
        self.revealed = True
        self.page.repaint()

    def action_open(self) -> None:
        if self.revealed:
            self.dismiss(Chosen("preset", self.room.preset))

    def action_lesson(self) -> None:
        if self.revealed:
            self.dismiss(Chosen("lessons", self.room.lessons[0]))

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        if event.key.isdigit() and 1 <= int(event.key) <= len(self.room.options) and not self.revealed:
            event.stop()
            self.guess = int(event.key)
            self.page.repaint()


def _answer(room: Room) -> Sequence[Revealed]:
    from infralab.models.explore.rooms import answer

    return answer(room)
