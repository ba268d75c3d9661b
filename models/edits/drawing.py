"""What a hand does on the canvas: boxes and wires added, renamed, moved, copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from infralab.models.design import Box, Design, FrozenMap, Step, Wire
from infralab.models.document import plain as plainly
from infralab.models.document.problem import dotted, quoted_key, toml_value
from infralab.models.edits.paths import EditError, parse_assignment, split_path
from infralab.models.edits.values import follow, no_such, read_named, set_value


def add_box(design: Design, box: Box) -> Design:
    """With a new box; `free_name` finds a name that is not taken."""
    if box.name in design.boxes:
        raise EditError(f"there is a box {box.name} already; {free_name(design, box.name)} is free")
    return read_named(design, "box", box.name, plainly.plain_box(box), ("box", box.name))


def add_wire(design: Design, wire: Wire) -> Design:
    """With a new wire; `free_wire_name` finds a name that is not taken."""
    if wire.name in design.wires:
        free = free_wire_name(design, *wire.ends)
        raise EditError(f"there is a wire {wire.name} already; {free} is free")
    return read_named(design, "wire", wire.name, plainly.plain_wire(wire), ("wire", wire.name))


def free_name(design: Design, stem: str) -> str:
    """`stem`, or `stem-2` and so on: a name that no box has."""
    return _free(stem, design.boxes)


def free_wire_name(design: Design, a: str, b: str) -> str:
    """`a-b`, or `a-b-2` and so on: a name that no wire has."""
    return _free(f"{a}-{b}", design.wires)


def _free(stem: str, taken: Mapping[str, Any]) -> str:
    if stem not in taken:
        return stem
    base, _, tail = stem.rpartition("-")
    base = base if base and tail.isdigit() else stem
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def rename_box(design: Design, old: str, new: str) -> Design:
    """Under a new name, at its old place in the order; wires, caches, on, to and the story follow."""
    if old not in design.boxes:
        raise no_such(design, "box", old)
    if not new.strip():
        raise EditError("a box needs a name")
    if new == old:
        return design
    if new in design.boxes:
        raise EditError(f"there is a box {new} already; {free_name(design, new)} is free")
    boxes = {
        (new if name == old else name): replace(box, name=new) if name == old else box
        for name, box in design.boxes.items()
    }
    wires = {
        name: replace(wire, ends=(_renamed(wire.ends[0], old, new), _renamed(wire.ends[1], old, new)))
        for name, wire in design.wires.items()
    }
    story = tuple(_renamed_in_step(step, old, new) for step in design.story)
    edited = replace(design, boxes=FrozenMap(boxes), wires=FrozenMap(wires), story=story)
    return follow(edited, old, new)


def _renamed(name: str, old: str, new: str) -> str:
    return new if name == old else name


def _renamed_in_step(step: Step, old: str, new: str) -> Step:
    removed = tuple(_renamed_path(path, old, new) for path in step.remove)
    return replace(step, remove=removed, set=tuple(_renamed_assignment(text, old, new) for text in step.set))


def _renamed_path(path: str, old: str, new: str) -> str:
    try:
        parts = split_path(path)
    except EditError:
        return path
    return dotted(("box", new, *parts[2:])) if parts[:2] == ("box", old) else path


def _renamed_assignment(text: str, old: str, new: str) -> str:
    """The assignment under the new name: its path, and the names of boxes in its value."""
    try:
        path, value = parse_assignment(text)
    except EditError:
        return text
    renamed_path = _renamed_path(path, old, new)
    renamed_value = _renamed_value(split_path(path)[-1], value, old, new)
    if (renamed_path, renamed_value) == (path, value):
        return text
    return f"{renamed_path} = {toml_value(renamed_value)}"


def _renamed_value(key: str, value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _renamed_value(name, inner, old, new) for name, inner in value.items()}
    if key == "ends" and isinstance(value, list):
        return [new if end == old else end for end in value]
    return new if value == old and key in ("caches", "on", "to", "stage") else value


def move(design: Design, name: str, at: tuple[int, int]) -> Design:
    """With the box at another place, in cells."""
    if name not in design.boxes:
        raise no_such(design, "box", name)
    return set_value(design, f"box.{quoted_key(name)}.at", list(at))


def shift(design: Design, names: Iterable[str], by: tuple[int, int]) -> Design:
    """With several boxes moved by so many cells; a box without a place counts as at the origin."""
    for name in names:
        box = design.boxes.get(name)
        if box is None:
            raise no_such(design, "box", name)
        x, y = box.at or (0, 0)
        design = move(design, name, (x + by[0], y + by[1]))
    return design


def duplicate(
    design: Design, names: Iterable[str], by: tuple[int, int] = (2, 2)
) -> tuple[Design, dict[str, str]]:
    """With copies of the boxes and of their wires; also the copies' names, by the name copied."""
    copies: dict[str, str] = {}
    original = design
    for name in names:
        if name not in original.boxes:
            raise no_such(design, "box", name)
        box = original.boxes[name]
        copies[name] = free_name(design, name)
        at = (box.at[0] + by[0], box.at[1] + by[1]) if box.at else None
        design = design.with_box(replace(box, name=copies[name], at=at))
    for copy in copies.values():
        box = design.boxes[copy]
        if box.caches in copies:
            design = design.with_box(replace(box, caches=copies[box.caches]))
    for wire in original.wires.values():
        if wire.ends[0] in copies or wire.ends[1] in copies:
            a, b = (copies.get(end, end) for end in wire.ends)
            design = design.with_wire(replace(wire, name=free_wire_name(design, a, b), ends=(a, b)))
    return design, copies
