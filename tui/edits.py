"""Edits that the lab's keys and fields make, as functions from a design to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from infralab.models.design import Box, Design, FrozenMap, Wire
from infralab.models.document.problem import quoted_key, toml_value
from infralab.models.edits import (
    EditError,
    free_name,
    free_wire_name,
    get_value,
    parse_assignment,
    remove,
    rename_box,
    set_value,
)
from infralab.tui.fields import Field

Edit = Callable[[Design], Design]


def paths(field: Field, selection: Iterable[str]) -> list[str]:
    """The paths that a field stands for: its own, or one for each selected thing."""
    kind, _, rest = field.path.partition(".*.")
    if not rest:
        return [field.path]
    chosen = [owner.partition(".") for owner in selection]
    return [f"{kind}.{quoted_key(name)}.{rest}" for sort, _, name in chosen if sort == kind]


def enter(field: Field, text: str, selection: Iterable[str]) -> Edit:
    """What was typed into a field becomes its value; an empty text unsets it."""
    if field.renames:
        return rename(field.renames, text)
    wanted = paths(field, selection)
    if not text:
        return lambda design: _each(design, wanted, unset)
    text = _number_text(text)

    def one(design: Design, path: str) -> Design:
        return set_value(design, *parse_assignment(f"{path}={text}"))

    if field.key is not None and field.key.type == "flag":
        text = {"yes": "true", "no": "false", "on": "true", "off": "false"}.get(text.lower(), text)
    if field.key is not None and field.key.type == "texts":
        several = [word.strip() for word in text.strip("[]").replace('"', "").split(",") if word.strip()]
        return lambda design: _each(design, wanted, lambda old, path: set_value(old, path, several))
    if field.key is not None and field.key.type == "text":
        return lambda design: _each(design, wanted, lambda old, path: set_value(old, path, text))
    return lambda design: _each(design, wanted, one)


def put(field: Field, value: Any, selection: Iterable[str]) -> Edit:
    """A field gets a value as it is."""
    wanted = paths(field, selection)
    return lambda design: _each(design, wanted, lambda old, path: set_value(old, path, value))


def reset(field: Field, selection: Iterable[str]) -> Edit:
    """The design says nothing of a field any more: the catalogue's figure, or what the model finds."""
    wanted = paths(field, selection)
    return lambda design: _each(design, wanted, unset)


def unset(design: Design, path: str) -> Design:
    """Without the key; one that isn't set, or says what is so anyway, is no error."""
    value = get_value(design, path)
    one_box = path.startswith("box.") and path.endswith(".count") and value == 1
    return design if value is None or value == () or one_box else remove(design, path)


def _each(design: Design, wanted: list[str], one: Callable[[Design, str], Design]) -> Design:
    for path in wanted:
        design = one(design, path)
    return design


def _number_text(text: str) -> str:
    """ "1 281 167" as people write it, as TOML wants it."""
    plain = text.replace(" ", " ")
    digits = plain.replace(" ", "")
    return digits if digits.replace(".", "", 1).replace("_", "").isdigit() else plain


def rename(owner: str, new: str) -> Edit:
    """A box or wire under another name. Raises EditError when the name is taken or empty."""
    kind, _, old = owner.partition(".")
    if kind == "box":
        return lambda design: rename_box(design, old, new)

    def edit(design: Design) -> Design:
        if new == old:
            return design
        if not new.strip():
            raise EditError("a wire needs a name")
        if new in design.wires:
            raise EditError(f"there is a wire {new} already")
        wires = {
            new if name == old else name: replace(wire, name=new) if name == old else wire
            for name, wire in design.wires.items()
        }
        return replace(design, wires=FrozenMap(wires))

    return edit


def delete(owners: Iterable[str]) -> Edit:
    """Without boxes (their wires go along) and wires."""
    wanted = tuple(owners)

    def edit(design: Design) -> Design:
        for owner in wanted:
            kind, _, name = owner.partition(".")
            if name in (design.boxes if kind == "box" else design.wires):
                design = remove(design, f"{kind}.{quoted_key(name)}")
        return design

    return edit


def moved(places: Mapping[str, tuple[int, int]]) -> Edit:
    """Boxes at other places, in cells."""

    def edit(design: Design) -> Design:
        boxes = {
            name: replace(box, at=(int(places[name][0]), int(places[name][1]))) if name in places else box
            for name, box in design.boxes.items()
        }
        return replace(design, boxes=FrozenMap(boxes))

    return edit


def pinned(places: Mapping[str, tuple[int, int]]) -> Edit:
    """Boxes that were laid out get the places where they stand, so that nothing jumps later."""

    def edit(design: Design) -> Design:
        missing = {name: places[name] for name, box in design.boxes.items() if box.at is None and name in places}
        return moved(missing)(design) if missing else design

    return edit


def unplaced(design: Design) -> Design:
    """All boxes without a place: they are laid out anew."""
    return replace(design, boxes=FrozenMap({name: replace(box, at=None) for name, box in design.boxes.items()}))


def counted(owners: Iterable[str], by: int) -> Edit:
    """One more or one fewer of boxes, or of parallel links; never below one."""
    wanted = tuple(owners)

    def edit(design: Design) -> Design:
        for owner in wanted:
            kind, _, name = owner.partition(".")
            thing = design.boxes.get(name) if kind == "box" else design.wires.get(name)
            if thing is not None:
                count = max((thing.count or 1) + by, 1)
                if count != thing.count:
                    design = set_value(design, f"{kind}.{quoted_key(name)}.count", count)
        return design

    return edit


# -- copies


@dataclass(frozen=True, slots=True)
class Clipboard:
    """Copied boxes and the wires between them; they can be pasted into another design."""

    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()


def copied(design: Design, owners: Iterable[str]) -> Clipboard:
    names = [owner.partition(".")[2] for owner in owners if owner.startswith("box.")]
    boxes = tuple(design.boxes[name] for name in names if name in design.boxes)
    inside = {box.name for box in boxes}
    wires = tuple(wire for wire in design.wires.values() if set(wire.ends) <= inside)
    return Clipboard(boxes, wires)


def pasted(design: Design, board: Clipboard, by: tuple[int, int] = (4, 2)) -> tuple[Design, tuple[str, ...]]:
    """With copies of what is on the clipboard, and the owners of the new boxes."""
    names: dict[str, str] = {}
    for box in board.boxes:
        names[box.name] = free_name(design, box.name)
        at = (box.at[0] + by[0], box.at[1] + by[1]) if box.at else None
        caches = names.get(box.caches or "", box.caches if box.caches in design.boxes else None)
        design = design.with_box(replace(box, name=names[box.name], at=at, caches=caches))
    for wire in board.wires:
        ends = (names[wire.ends[0]], names[wire.ends[1]])
        design = design.with_wire(replace(wire, name=free_wire_name(design, *ends), ends=ends))
    return design, tuple(f"box.{name}" for name in names.values())


# -- the command line that gives the same


def assignments(before: Design, after: Design) -> list[str]:
    """`--set` and `--remove` arguments that lead from one design to the other."""
    from infralab.models.document import to_mapping

    found: list[str] = []
    _differences((), to_mapping(before), to_mapping(after), found)
    return found


def _differences(path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any], found: list[str]) -> None:
    for key in old:
        if key not in new:
            found.append(f"--remove {_dotted((*path, key))}")
    for key, value in new.items():
        was = old.get(key, {} if not path and isinstance(value, Mapping) else None)
        if value == was or key == "at":
            continue
        if isinstance(value, Mapping) and isinstance(was, Mapping):
            _differences((*path, key), was, value, found)
        else:
            shown = {k: v for k, v in value.items() if k != "at"} if isinstance(value, Mapping) else value
            found.append(f"--set '{_dotted((*path, key))}={toml_value(shown)}'")


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(quoted_key(part) for part in path)
