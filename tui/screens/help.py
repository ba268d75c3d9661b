"""Keys, those of the focused panel first, and the legend of every sign; actions from their table."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from infralab.tui import actions
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, left, wrap

CANVAS = (
    ("arrows", "to the nearest box that way; ⇧arrows move the box by five"),
    ("Tab", "next box; while placing: next place that takes it"),
    ("Enter", "grab the box, arrows move it (Shift: by five), Enter drops, Esc puts it back; on a wire: edit it"),
    ("Space", "keep the box selected, then go on with arrows"),
    ("g letter", "jump to a box"),
    ("H J K L", "pan; z Z zoom, f fits all"),
    ("^arrow", "add a wired neighbour (W arrow where ^arrow is taken)"),
    ("mouse", "drag boxes, ports and empty canvas; ^click adds; right button: menu; double click: edit"),
    ("wheel", "pans; with ^ zooms, with Shift pans sideways; on ×N: count; middle button: pan"),
    ("minimap", "appears when not everything is in view: click where to look"),
)
SCROLL = (
    ("↑ ↓", "scroll; PgUp PgDn by eight"),
    ("X", "this panel alone on the screen, and back"),
    ("Esc", "back to the canvas"),
)
PANELS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "palette": (
        "In the palette",
        (
            ("letters", "search by name, kind and vendor"),
            ("↑ ↓", "from part to part"),
            ("Enter", "pick the part up; arrows or Tab to its place, Enter drops; on a heading: open or close"),
            ("← →", "close and open a heading"),
            ("mouse", "drag a part onto the canvas, a box or a wire"),
            ("Esc", "clear the search; then back to the canvas"),
        ),
    ),
    "inspector": (
        "In the inspector",
        (
            ("↑ ↓", "from field to field"),
            ("Enter", "type a value in any unit, or choose from the list (▾)"),
            ("← →", "step to the next sensible value; the wheel over the field does the same"),
            ("⇧← ⇧→", "slide from ¼ to ×4; so does dragging over the field"),
            ("digits", "begin to type at once"),
            ("Del", "reset to the catalogue's figure, or let the model find it"),
            ("Esc", "give the value up; then back to the canvas"),
        ),
    ),
    "helps": (
        "Among the fixes",
        (("↑ ↓", "try the next fix out in the what-if line"), ("Enter", "make it: one edit"), *SCROLL[1:]),
    ),
    "why": ("In the chain behind the rate", SCROLL),
    "ceilings": ("Among the ceilings", SCROLL),
    "fit": ("In the framework fit", SCROLL),
}
LEGEND = (
    ("◆", "what sets the pace: 10 % more of it gains most; its frame is heavy: ┏━┓"),
    ("■ ● ◇ ○", "seen from afar: compute, storage, fabric, something else"),
    ("╭╮ ┌┐", "frames: compute and fabric are round, storage is square; ╔╗ selected"),
    ("▓ ░", "in use, room"),
    ("█ ▌ ▏", "bars in eighths; log scale where the title says so"),
    ("▁ ▄ █", "a wire that is idle, half full, full"),
    ("─ ━ ═", "a wire by its traffic, on a log scale"),
    ("▶ ◀ ▲ ▼", "which way data flows; ▲ ▼ before a figure: better, worse than the baseline; on a frame: hidden lines"),
    ("┼", "wires that cross without touching"),
    ("╌╌ ╎", "not there yet: a part that hovers, a wire being drawn"),
    ("┄┄ ┆", "a pod: boxes that move as one; ×N: how often it stands there"),
    ("×4", "how many of it, how many times as much"),
    ("● ○ △ ✎", "a figure's mark: cited, fitted to measurements, assumed, set by you"),
    ("±", "how far the answer may be off"),
    ("✗ … !", "not possible as drawn, something missing, a warning"),
    ("•", "not saved yet"),
    ("▸ ▾", "open or the one that is used; a list to choose from"),
    ("▁▂▅█", "the rate over your edits"),
    ("╱", "two panels share the place: the number before its name brings the other"),
    ("▕▏", "the minimap; its lighter part is what is in view"),
    ("⏎ ← → ↑ ↓", "keys: Enter and arrows; ^ is Ctrl, ⇧ is Shift"),
)


class HelpText(LinePanel, can_focus=True):
    BORDER_TITLE = "Help"

    def __init__(self, panel: str = "") -> None:
        super().__init__()
        self.panel = panel

    def lines(self, width: int) -> list[Line]:
        blocks: list[tuple[str, list[tuple[str, str]]]] = [
            (name, [(actions.key_text(action), f"{action.title}: {action.help}") for action in found])
            for name, found in actions.groups()
        ]
        here = PANELS.get(self.panel)
        blocks[0:0] = (
            [(here[0], list(here[1])), ("On the canvas", list(CANVAS))] if here else [("On the canvas", list(CANVAS))]
        )
        blocks.append(("Signs", list(LEGEND)))
        lines: list[Line] = []
        for name, rows in blocks:
            lines.append([(name, "accent")])
            for key, text in rows:
                pieces = wrap(text, max(width - 12, 20)) or [""]
                lines.append([(left(f"  {key}", 12), "key"), (pieces[0], "")])
                lines.extend([(" " * 12, ""), (piece, "")] for piece in pieces[1:])
            lines.append([])
        return lines

    def on_key(self, event: events.Key) -> None:
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "space": 10, "home": -1000, "end": 1000}
        if event.key in moves:
            event.stop()
            self.scroll_lines(moves[event.key])


class Help(ModalScreen[None]):
    """`panel`: the id of what had the focus; its keys come first."""

    BINDINGS = [("escape,question_mark,f1,q,enter", "give_up", "Back")]  # noqa: RUF012

    def __init__(self, panel: str = "") -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield HelpText(self.panel)

    def on_mount(self) -> None:
        self.query_one(HelpText).focus()

    def action_give_up(self) -> None:
        self.dismiss(None)
