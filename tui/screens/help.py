"""Keys and the legend of every sign, from the table of actions."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from infralab.tui import actions
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, cut, left

CANVAS = (
    ("arrows", "to the nearest box that way"),
    ("Tab", "next box; while placing: next place that takes it"),
    ("Enter", "grab the box, arrows move it (Shift: by five), Enter drops"),
    ("Space", "keep the box selected, then go on with arrows"),
    ("g letter", "jump to a box"),
    ("H J K L", "pan; z Z zoom, f fits all"),
    ("^arrow", "add a wired neighbour (W arrow where ^arrow is taken)"),
    ("mouse", "drag boxes, ports and empty canvas; right button: menu; wheel on ×N: count"),
)
LEGEND = (
    ("◆", "what sets the pace: 10 % more of it gains most"),
    ("▁ ▄ █", "a wire that is idle, half full, full; thick: more bytes (log)"),
    ("╌╌", "not there yet: a part that hovers"),
    ("● ○ △ ✎", "cited, fitted to measurements, assumed, set by you"),
    ("▲ ▼", "better, worse than the baseline"),
    ("✗ … !", "not possible as drawn, something missing, a warning"),
    ("•", "not saved yet"),
)


class HelpText(LinePanel, can_focus=True):
    BORDER_TITLE = "Help"

    def lines(self, width: int) -> list[Line]:
        blocks: list[tuple[str, list[tuple[str, str]]]] = [
            (name, [(actions.key_text(action), f"{action.title}: {action.help}") for action in found])
            for name, found in actions.groups()
        ]
        blocks[1:1] = [("On the canvas", list(CANVAS))]
        blocks.append(("Signs", list(LEGEND)))
        lines: list[Line] = []
        for name, rows in blocks:
            lines.append([(name, "accent")])
            lines.extend([(left(f"  {key}", 12), "key"), (cut(text, width - 12), "")] for key, text in rows)
            lines.append([])
        return lines

    def on_key(self, event: events.Key) -> None:
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "space": 10, "home": -1000, "end": 1000}
        if event.key in moves:
            event.stop()
            self.scroll_lines(moves[event.key])


class Help(ModalScreen[None]):
    BINDINGS = [("escape,question_mark,f1,q,enter", "give_up", "Back")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield HelpText()

    def on_mount(self) -> None:
        self.query_one(HelpText).focus()

    def action_give_up(self) -> None:
        self.dismiss(None)
