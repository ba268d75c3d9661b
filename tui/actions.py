"""Every action of the lab, once: bindings, footer, help, command palette and the docs follow this table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is the method `action_<name>`; `keys` the first of which is shown; `short` stands in the footer."""

    name: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    short: str = ""
    footer: int = 0  # place in the footer; 0: not there
    priority: bool = False
    palette: bool = True
    shown: str = ""  # the key as people write it, when not as Textual does


ACTIONS: tuple[Action, ...] = (
    # Parts
    Action("add", ("a",), "Add a part", "Search the palette; Enter picks a part up, Enter drops it", "Draw", "add", 1),
    Action(
        "wire",
        ("w",),
        "Draw a wire",
        "From the box under the cursor: arrows or Tab to the other end, Enter",
        "Draw",
        "wire",
        2,
    ),
    Action(
        "edit",
        ("e",),
        "Edit what is selected",
        "The inspector: Enter types a value, left and right step it",
        "Draw",
        "edit",
        3,
    ),
    Action(
        "more",
        ("plus", "equals_sign"),
        "One more of it",
        "Raise the count of the selected boxes or wires",
        "Draw",
        "count",
        4,
        shown="+ -",
    ),
    Action("fewer", ("minus",), "One fewer of it", "Lower the count of the selected boxes or wires", "Draw", shown="-"),
    Action("number", ("number_sign",), "How many", "Type the count of the selected boxes or wires", "Draw", shown="#"),
    Action(
        "retype",
        ("r",),
        "Another part",
        "Another link for the wire, another part for the box: from the catalogue",
        "Draw",
    ),
    Action("rename", ("R", "f2"), "Rename", "Give the selected box or wire another name", "Draw"),
    Action("duplicate", ("d", "ctrl+d"), "Duplicate", "Copy the selection with its wires", "Draw"),
    Action("copy", ("y", "ctrl+c"), "Copy", "Copy the selected boxes", "Draw", shown="y"),
    Action("cut", ("x", "ctrl+x"), "Cut", "Copy the selected boxes and take them away", "Draw"),
    Action("paste", ("v", "ctrl+v"), "Paste", "Put copied boxes on the canvas", "Draw"),
    Action("delete", ("delete", "backspace"), "Delete", "Take away the selected boxes and wires", "Draw", shown="Del"),
    Action("select_all", ("ctrl+a",), "Select all", "Select every box", "Draw"),
    Action(
        "group",
        ("G",),
        "Group into a pod",
        "Boxes that move as one and stand there so many times; again: how many",
        "Draw",
    ),
    Action("ungroup", ("ctrl+g",), "Ungroup", "The pod comes apart; counts stay", "Draw", shown="^G"),
    Action("line_up", ("l",), "Line up", "One side of the selected boxes in line, or equal gaps", "Draw"),
    Action("arrange", ("A",), "Lay out again", "Place all boxes in layers, storage to compute", "Draw"),
    Action("undo", ("ctrl+z", "U"), "Undo", "Take the last edit back", "Draw", "undo", 5, shown="^Z"),
    Action("redo", ("ctrl+y", "ctrl+shift+z"), "Redo", "Do what was undone again", "Draw", shown="^Y"),
    Action("menu", ("m",), "Menu", "What can be done with the selection", "Draw"),
    # Answers
    Action(
        "why",
        ("i",),
        "Why this number?",
        "The chain behind the rate: what binds, what is close, which inputs",
        "Answers",
        "why",
        7,
    ),
    Action(
        "pin", ("p",), "Pin as baseline A", "Compare every figure with the design as it is now", "Answers", "pin A", 8
    ),
    Action("overlay", ("o",), "Next overlay", "Traffic, busy, money, heat, confidence", "Answers", "overlay", 9),
    Action("overlay('traffic')", ("t",), "Overlay: traffic", "Bytes on every wire", "Answers"),
    Action("overlay('busy')", ("b",), "Overlay: busy", "How full every part is", "Answers"),
    Action(
        "overlay('money')", ("dollar_sign",), "Overlay: money", "What every part costs an hour", "Answers", shown="$"
    ),
    Action("overlay('heat')", ("h",), "Overlay: heat", "What every part draws", "Answers"),
    Action("overlay('confidence')", ("c",), "Overlay: confidence", "How sure each part's figures are", "Answers"),
    Action(
        "helps",
        ("u",),
        "Fixes",
        "Problems, fixes by what they cost, what could be taken away; Enter makes one",
        "Answers",
        "fixes",
        6,
    ),
    Action(
        "upgrades",
        ("F",),
        "What would help",
        "Every change and pair ranked, under limits; what could go; Enter makes one (also u, u)",
        "Answers",
    ),
    Action(
        "sweep", ("s",), "Sweep the selected value", "A curve with the knee, or a map of two", "Answers", "sweep", 7
    ),
    Action("explain", ("I",), "Why, for any figure", "The chain behind every figure, part and framework", "Answers"),
    Action("scenario", ("P",), "Put aside as a scenario", "Keep the design as it is now under a letter", "Answers"),
    Action("compare", ("C",), "Compare scenarios", "A, scenarios and now side by side", "Answers"),
    Action("measured", ("B",), "Measured beside predicted", "Paste a result of your own: both figures, and why", "Answers"),
    Action("hints", ("full_stop",), "Show or hide gains", "Figures beside the palette's parts", "Answers", shown="."),
    Action(
        "command_line",
        ("backslash",),
        "Show the command line",
        "The `infralab eval` that gives the present figures",
        "Answers",
        shown="\\",
    ),
    Action("copy_card", ("Y",), "Copy a card", "Five lines of the result, to paste into a chat", "Answers"),
    # View
    Action(
        "focus_canvas",
        ("escape",),
        "Back to the canvas",
        "Leave a panel, a search, a gesture",
        "View",
        palette=False,
        shown="Esc",
    ),
    Action("panel(1)", ("1",), "Ceilings", "What each part could do", "View"),
    Action("panel(2)", ("2",), "Framework fit", "Which framework suits", "View"),
    Action("panel(3)", ("3",), "Fixes", "Problems, fixes, what could be taken away", "View"),
    Action("panel(4)", ("4",), "Palette", "Show or hide the palette", "View"),
    Action("panel(5)", ("5",), "Inspector", "Show or hide the inspector", "View"),
    Action("maximise", ("X",), "Maximise the panel", "The focused panel alone, and back", "View"),
    Action("wider", ("greater_than_sign",), "Wider side panels", "Give the side panels more room", "View", shown=">"),
    Action("narrower", ("less_than_sign",), "Narrower side panels", "Give the canvas more room", "View", shown="<"),
    Action("zoom", ("z",), "Zoom", "Dots, names, full", "View"),
    Action("fit_all", ("f",), "Fit all", "Bring all boxes into view", "View"),
    Action("theme", ("T",), "Next theme", "Dark, light, high contrast, safe for colour-blind people", "View"),
    Action("mouse", ("M",), "Mouse on or off", "Off: the terminal's own selecting and copying works", "View"),
    Action("redraw", ("ctrl+l",), "Redraw", "Paint the whole screen again", "View", shown="^L"),
    # Present and learn
    Action(
        "present",
        ("f5",),
        "Present the story",
        "One step a key; e tries things out, F5 comes back",
        "Learn",
        "present",
        9,
        shown="F5",
    ),
    Action(
        "record", ("f6",), "Record a story", "Every edit becomes a step; F6 again writes the story", "Learn", shown="F6"
    ),
    Action("gallery", ("f3",), "Presets", "Questions that have a design already, with figures", "Learn", shown="F3"),
    Action("lessons", ("f4",), "Lessons", "What a guide to the field claims, tested with numbers", "Learn", shown="F4"),
    Action(
        "glossary",
        ("f7",),
        "Glossary",
        "Every word on screen in plain words, from what binds here",
        "Learn",
        shown="F7",
    ),
    Action("tour", ("f9",), "Tour", "Five steps that build a small design; F9 again leaves it", "Learn", shown="F9"),
    Action("no_tour", ("f10",), "No tour", "Don't offer the tour again", "Learn", shown="F10"),
    Action("start", ("f8",), "Start screen", "The map of six rooms: guess, then see", "Learn", shown="F8"),
    # File
    Action("open", ("ctrl+o",), "Open", "A preset, or a file", "File", "open", 10, shown="^O"),
    Action("new", ("ctrl+n",), "New design", "An empty canvas", "File", shown="^N"),
    Action("save", ("ctrl+s",), "Save", "Write the design to its file", "File", "save", 11, priority=True, shown="^S"),
    Action("save_as", ("S",), "Save as", "Write the design under another name", "File"),
    Action("export", ("E",), "Export", "A picture, report, table or card in a file", "File"),
    Action("help", ("question_mark", "f1"), "Help", "Keys and the legend of every sign", "File", "help", 12, shown="?"),
    Action(
        "command_palette", ("ctrl+p",), "All actions", "Search and run any action", "File", palette=False, shown="^P"
    ),
    Action(
        "leave",
        ("ctrl+q", "q"),
        "Quit",
        "Leave the lab; asks when something isn't saved",
        "File",
        "quit",
        13,
        shown="q",
    ),
)


def bindings() -> list[Binding]:
    """Textual's bindings, one for each key."""
    return [
        Binding(key, action.name, action.title, show=bool(action.footer), priority=action.priority)
        for action in ACTIONS
        for key in action.keys
    ]


def key_text(action: Action) -> str:
    """The action's key as people write it."""
    return action.shown or action.keys[0].replace("ctrl+", "^").replace("shift+", "⇧")


def footer() -> list[Action]:
    return sorted((action for action in ACTIONS if action.footer), key=lambda action: action.footer)


def groups() -> Iterator[tuple[str, list[Action]]]:
    """Actions by group, in the table's order."""
    names = list(dict.fromkeys(action.group for action in ACTIONS))
    for name in names:
        yield name, [action for action in ACTIONS if action.group == name]
