"""The session: an edit, undo, redo, selection, baseline and saving, without a screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from infralab.models.design import Box, Design, Wire
from infralab.models.document import ChangedOnDisk, load, read
from infralab.models.edits import add_box, add_wire, free_name, free_wire_name, set_value
from infralab.tui import edits
from infralab.tui.session import COALESCE_SECONDS, Session

TEXT = """\
# kept
schema = "infralab.design/1"
title = "two boxes"

[box.store]
is = "s3-standard"
at = [2, 2]

[box.train]
is = "dgx-h100"
count = 4
at = [40, 2]
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def count(number: int):
    return lambda design: set_value(design, "box.train.count", number)


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    session = Session(read(TEXT))
    assert not session.apply(count(4), "the same")
    assert not session.can_undo
    assert not session.dirty


def test_undo_to_the_saved_design_is_not_dirty_and_a_new_edit_forgets_what_was_undone() -> None:
    session = Session(read(TEXT))
    session.apply(count(8), "eight")
    assert session.dirty
    assert session.undo() == "eight"
    assert not session.dirty
    session.apply(count(2), "two")
    assert session.redo() is None
    assert session.design.boxes["train"].count == 2


def test_slides_of_one_value_are_one_step_until_one_rests() -> None:
    clock = Clock()
    session = Session(read(TEXT), clock)
    for number in (5, 6, 7):
        clock.now += COALESCE_SECONDS / 2
        session.apply(count(number), f"count {number}", slide="count")
    clock.now += COALESCE_SECONDS * 2
    session.apply(count(8), "count 8", slide="count")
    assert session.steps == 2
    session.undo()
    assert session.design.boxes["train"].count == 7
    session.undo()
    assert session.design.boxes["train"].count == 4


def test_undo_restores_what_was_selected_when_the_edit_was_made() -> None:
    session = Session(read(TEXT))
    session.select(("box.train",))
    session.apply(edits.delete(("box.train",)), "delete", select=())
    assert session.selection == ()
    session.select(("box.store",))
    session.undo()
    assert session.selection == ("box.train",)


def test_every_change_is_told_once_and_selecting_is_no_step() -> None:
    session = Session(read(TEXT))
    told: list[str] = []
    stop = session.subscribe(lambda change: told.append(change.what))
    session.select(("box.train",))
    session.select(("box.train",))
    session.apply(count(8), "eight")
    session.pin()
    session.undo()
    stop()
    session.redo()
    assert told == ["selection", "design", "baseline", "design"]


def test_saving_keeps_comments_and_refuses_a_file_that_somebody_else_wrote(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TEXT)
    session = Session(load(path))
    session.apply(count(8), "eight")
    session.save()
    assert not session.dirty
    assert path.read_text().startswith("# kept")
    path.write_text(TEXT)
    session.apply(count(9), "nine")
    with pytest.raises(ChangedOnDisk):
        session.save()
    assert path.read_text() == TEXT
    assert session.dirty
    session.save(force=True)
    assert load(path).design.boxes["train"].count == 9


def test_the_command_line_of_the_changes_leads_to_the_same_design() -> None:
    from infralab.models.edits import parse_assignment, remove

    before = read(TEXT).design
    after = add_wire(
        add_box(count(8)(before), Box(name="fabric", is_="quantum-2")), Wire("f", ("train", "fabric"), count=8)
    )
    after = edits.delete(("box.store",))(after)
    design = before
    for argument in edits.assignments(before, after):
        option, _, rest = argument.partition(" ")
        if option == "--remove":
            design = remove(design, rest)
        else:
            design = set_value(design, *parse_assignment(rest.strip("'")))
    assert design == after


class Editing(RuleBasedStateMachine):
    """Random edits, undo, redo, save and load: a plain list of designs says what must be there."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(read(TEXT), Clock())
        self.done: list[Design] = [self.session.design]
        self.undone: list[Design] = []
        self.saved = self.session.design

    def make(self, edit) -> None:
        if self.session.apply(edit, "edit"):
            self.done.append(self.session.design)
            self.undone.clear()

    @rule(room=st.sampled_from(["dgx-h100", "s3-standard", "quantum-2"]), x=st.integers(0, 90))
    def add(self, room: str, x: int) -> None:
        self.make(lambda design: add_box(design, Box(name=free_name(design, "box"), is_=room, at=(x, 3))))

    @precondition(lambda self: len(self.session.design.boxes) > 1)
    @rule(data=st.data())
    def wire(self, data) -> None:
        ends = data.draw(st.permutations(sorted(self.session.design.boxes)))[:2]
        self.make(lambda design: add_wire(design, Wire(free_wire_name(design, *ends), (ends[0], ends[1]))))

    @precondition(lambda self: bool(self.session.design.boxes))
    @rule(data=st.data(), number=st.integers(1, 64))
    def count(self, data, number: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.session.design.boxes)))
        self.make(lambda design: set_value(design, f"box.{name}.count", number))

    @precondition(lambda self: bool(self.session.design.boxes))
    @rule(data=st.data())
    def delete(self, data) -> None:
        name = data.draw(st.sampled_from(sorted(self.session.design.boxes)))
        self.make(edits.delete((f"box.{name}",)))

    @precondition(lambda self: bool(self.session.design.boxes))
    @rule(data=st.data(), by=st.tuples(st.integers(0, 9), st.integers(0, 9)))
    def paste(self, data, by: tuple[int, int]) -> None:
        names = data.draw(st.sets(st.sampled_from(sorted(self.session.design.boxes)), min_size=1))
        board = edits.copied(self.session.design, [f"box.{name}" for name in sorted(names)])
        self.make(lambda design: edits.pasted(design, board, by)[0])

    @rule()
    def undo(self) -> None:
        if self.session.undo() is not None:
            self.undone.append(self.done.pop())

    @rule()
    def redo(self) -> None:
        if self.session.redo() is not None:
            self.done.append(self.undone.pop())

    @rule()
    def save_and_load(self) -> None:
        again = read(self.session.text()).design
        assert again == self.session.design

    @rule(data=st.data())
    def select(self, data) -> None:
        names = sorted(self.session.design.boxes)
        self.session.select(tuple(f"box.{name}" for name in names[: data.draw(st.integers(0, 3))]))

    @invariant()
    def the_design_is_what_the_edits_made(self) -> None:
        assert self.session.design == self.done[-1]
        assert self.session.dirty == (self.session.design != self.saved)
        assert self.session.can_undo == (len(self.done) > 1)
        assert self.session.can_redo == bool(self.undone)

    @invariant()
    def wires_end_on_boxes_and_only_what_is_drawn_is_selected(self) -> None:
        design = self.session.design
        assert all(set(wire.ends) <= set(design.boxes) for wire in design.wires.values())
        assert all(owner.partition(".")[2] in design.boxes for owner in self.session.selection)


TestEditing = Editing.TestCase


def test_places_that_were_laid_out_are_kept_once_something_is_moved() -> None:
    design = read(TEXT).design
    loose = replace(design, boxes=edits.unplaced(design).boxes)
    moved = edits.moved({"train": (50, 9)})(edits.pinned({"store": (4, 4), "train": (40, 4)})(loose))
    assert moved.boxes["store"].at == (4, 4)
    assert moved.boxes["train"].at == (50, 9)
