"""Lists to choose from: a field's entry of the catalogue or choice, the context menu, every action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from infralab.tui import actions, edits, shelf
from infralab.tui.fields import Field
from infralab.tui.screens.pick import Choice, Pick

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component
    from infralab.tui.screens.lab import LabScreen


def choose(lab: LabScreen, field: Field) -> None:
    """A value for a field: from the catalogue's rooms, or from the field's own choices."""
    catalogue = lab.catalogue
    if field.rooms and catalogue is not None:
        choices = of_rooms(catalogue, field.rooms, str(field.value or field.text))
        pick = Pick(
            f"{field.label}: choose",
            choices,
            search=lambda text: _found(catalogue, field.rooms, text),
            describe=lambda choice: _described(catalogue, choice, field.rooms),
            at=str(field.value or ""),
        )
    else:
        choices = [Choice(name, name) for name in field.choices]
        free = "use" if field.key is not None and (field.key.open or field.key.pattern) else ""
        pick = Pick(f"{field.label}: choose", choices, free=free, at=field.text)

    def done(value: str | None) -> None:
        if value is not None:
            edit = edits.enter(field, value, lab.desk.session.selection)
            lab.make(edit, f"{field.label} {value}")

    lab.app.push_screen(pick, done)


def of_rooms(catalogue: Catalogue, rooms: Iterable[str], now: str = "") -> list[Choice]:
    """Every entry of the rooms; those of the present one's room and kind first."""
    present = next((found for room in rooms if (found := catalogue.find(now, room))), None)
    like = (present.room, present.kind) if present else ("", "")
    groups = [(room, kind) for room in rooms for kind in catalogue.kinds(room)]
    groups.sort(key=lambda group: (group != like, group[0] != like[0]))
    return [Choice(name, name, kind) for room, kind in groups for name in catalogue.ids(room, kind)]


def _found(catalogue: Catalogue, rooms: Iterable[str], text: str) -> list[Choice]:
    parts = [part for part in shelf.search(catalogue, text) if part.room in rooms]
    return [_choice(component) for part in parts if (component := catalogue.find(part.id, part.room))]


def _described(catalogue: Catalogue, choice: Choice, rooms: Iterable[str]) -> Choice:
    component = next((found for room in rooms if (found := catalogue.find(choice.value, room))), None)
    return _choice(component) if component else choice


def _choice(component: Component) -> Choice:
    vendor = str(component.facts.get("vendor", "")).split(" (")[0]
    year = str(component.facts.get("year", "") or "")
    note = "  ".join(word for word in (component.kind, vendor, year, shelf.figures(component)) if word)
    source = component.sources[0] if component.sources else ""
    return Choice(component.id, component.id, note, f"{component.note} {source}".strip())


CONTEXT = {
    "box": (
        "edit",
        "wire",
        "more",
        "fewer",
        "number",
        "retype",
        "rename",
        "duplicate",
        "copy",
        "cut",
        "group",
        "ungroup",
        "line_up",
        "delete",
        "why",
    ),
    "wire": ("edit", "retype", "more", "fewer", "number", "rename", "delete", "why"),
    "": ("add", "paste", "select_all", "arrange", "fit_all", "undo", "redo"),
}


def context(lab: LabScreen, target: str) -> None:
    """The menu of a box, a wire, or the empty canvas."""
    kind, _, name = target.partition(".")
    by_name = {action.name: action for action in actions.ACTIONS}
    found = [by_name[action] for action in CONTEXT.get(kind, CONTEXT[""])]
    _run_one(lab, name or "Canvas", found)


def commands(lab: LabScreen) -> None:
    """Every action, to search and run."""
    _run_one(lab, "All actions", [action for action in actions.ACTIONS if action.palette])


def _run_one(lab: LabScreen, title: str, found: Iterable[actions.Action]) -> None:
    choices = [
        Choice(action.name, action.title, actions.key_text(action), f"{action.group}: {action.help}")
        for action in found
    ]

    def done(name: str | None) -> None:
        if name is not None:
            lab.call_later(lab.run_action, name)

    lab.app.push_screen(Pick(title, choices), done)
