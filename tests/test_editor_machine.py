"""Any order of edits, undo, redo, saving and opening: design, file, canvas and report stay of one mind."""

from __future__ import annotations

import queue
import tempfile
import time
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infralab.models.design import Box, Design
from infralab.models.document import load
from infralab.models.edits import EditError, add_box, free_name, set_value
from infralab.tui import drops, edits, grouping
from infralab.tui.canvas.scene import Scene
from infralab.tui.canvas.view import Zoom, view
from infralab.tui.desk import Desk, model
from infralab.tui.live import Answer
from infralab.tui.parts import CatalogueParts, catalogue_for
from infralab.tui.session import Session
from tests.app_pilot import DESIGN

PARTS = ("dgx-h100", "s3-standard", "quantum-2", None)
WAIT_SECONDS = 20.0
number = st.integers(0, 30)


class Editor(RuleBasedStateMachine):
    """A person at the lab without the screen: session, desk and the canvas's scene."""

    @initialize()
    def open_a_file(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "design.toml"
        self.path.write_text(DESIGN)
        self.session = Session(load(self.path))
        self.parts = CatalogueParts(catalogue_for(self.session.design))
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.desk = Desk(self.session, lambda state: None, self.answers.put)
        self.desk.ask()
        self.zoom = Zoom.FULL
        self.scene = Scene(view(self.session.design, None, self.zoom, self.parts))
        self.past: list[tuple[Design, tuple[str, ...]]] = [(self.session.design, ())]
        self.future: list[tuple[Design, tuple[str, ...]]] = []
        self.saved = self.session.design
        self.on_disk = self.session.design

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.close()
            self.folder.cleanup()

    # -- what a person does

    def make(self, edit: edits.Edit, label: str, select: tuple[str, ...] | None = None) -> None:
        before, chosen = self.session.design, self.session.selection
        try:
            done = self.session.apply(edit, label, select=select)
        except EditError:
            assert self.session.design is before, "a refused edit changes nothing"
            return
        assert done == (self.session.design != before)
        if done:
            self.past[-1] = (before, chosen)
            self.past.append((self.session.design, self.session.selection))
            self.future.clear()

    def pick(self, things: object, at: int) -> str | None:
        names = list(things)  # type: ignore[call-overload]
        return names[at % len(names)] if names else None

    @rule(part=st.sampled_from(PARTS), x=number, y=number)
    def add(self, part: str | None, x: int, y: int) -> None:
        name = free_name(self.session.design, "part")
        self.make(lambda old: add_box(old, Box(name, is_=part, at=(4 * x, 2 * y))), "add", (f"box.{name}",))

    @rule(a=number, b=number)
    def wire(self, a: int, b: int) -> None:
        boxes = self.session.design.boxes
        if boxes:
            drop = drops.wire(self.session.design, self.pick(boxes, a) or "", self.pick(boxes, b) or "")
            if drop.edit is not None:
                self.make(drop.edit, drop.words, drop.select)

    @rule(at=number)
    def select(self, at: int) -> None:
        design = self.session.design
        owner = self.pick([*(f"box.{n}" for n in design.boxes), *(f"wire.{n}" for n in design.wires)], at)
        self.session.select((owner,) if owner else ())

    @rule()
    def select_all(self) -> None:
        self.session.select(tuple(f"box.{name}" for name in self.session.design.boxes))

    @rule(by=st.sampled_from((-1, 1)))
    def count(self, by: int) -> None:
        self.make(edits.counted(self.session.selection, by), "count")

    @rule()
    def delete(self) -> None:
        self.make(edits.delete(self.session.selection), "delete", ())

    @rule()
    def duplicate(self) -> None:
        if len(self.session.design.boxes) > 12:
            return
        board = edits.copied(self.session.design, self.session.selection)
        design, owners = edits.pasted(self.session.design, board)
        self.make(lambda old: design, "duplicate", owners)

    @rule(name=st.sampled_from(("store", "train", "a b", "x.y", "", 'q"', "neu")))
    def rename(self, name: str) -> None:
        if len(self.session.selection) == 1:
            kind = self.session.selection[0].partition(".")[0]
            self.make(edits.rename(self.session.selection[0], name), "rename", (f"{kind}.{name}",))

    @rule(x=number, y=number)
    def move(self, x: int, y: int) -> None:
        name = self.pick(self.session.design.boxes, x)
        if name:
            self.make(edits.moved({name: (4 * x, 2 * y)}), "move")

    @rule()
    def lay_out(self) -> None:
        self.make(edits.unplaced, "lay out")

    @rule(count=st.integers(1, 4))
    def group(self, count: int) -> None:
        names = [owner[4:] for owner in self.session.selection if owner.startswith("box.")]
        if names:
            self.make(grouping.grouped(names, grouping.free_pod(self.session.design), count), "group")

    @rule()
    def ungroup(self) -> None:
        names = [owner[4:] for owner in self.session.selection if owner.startswith("box.")]
        self.make(grouping.ungrouped(names), "ungroup")

    @rule(prefixes=st.integers(1, 64))
    def value(self, prefixes: int) -> None:
        if "store" in self.session.design.boxes:
            self.make(lambda old: set_value(old, "box.store.prefixes", prefixes), "prefixes")

    @rule()
    def undo(self) -> None:
        label = self.session.undo()
        assert (label is not None) == (len(self.past) > 1)
        if label is not None:
            self.future.append(self.past.pop())
            assert self.session.selection == self.past[-1][1]

    @rule()
    def redo(self) -> None:
        label = self.session.redo()
        assert (label is not None) == bool(self.future)
        if label is not None:
            self.past.append(self.future.pop())

    @rule(zoom=st.sampled_from(Zoom))
    def look_closer(self, zoom: Zoom) -> None:
        self.zoom = zoom

    @rule()
    def save(self) -> None:
        self.session.save()
        self.saved = self.on_disk = self.session.design

    @precondition(lambda self: not self.session.dirty)
    @rule()
    def reopen(self) -> None:
        self.session.open(load(self.path))
        self.past, self.future = [(self.session.design, ())], []
        self.saved = self.session.design

    # -- what always holds

    @invariant()
    def the_design_is_what_the_history_says(self) -> None:
        assert self.session.design == self.past[-1][0]
        assert self.session.steps == len(self.past) - 1
        assert self.session.can_redo == bool(self.future)
        assert self.session.dirty == (self.session.design != self.saved)

    @invariant()
    def every_wire_ends_on_boxes_and_every_selection_is_drawn(self) -> None:
        design = self.session.design
        for name, wire in design.wires.items():
            assert wire.name == name
            assert set(wire.ends) <= set(design.boxes)
        drawn = {f"box.{name}" for name in design.boxes} | {f"wire.{name}" for name in design.wires}
        assert set(self.session.selection) <= drawn

    @invariant()
    def the_file_holds_what_was_saved_and_the_text_what_is_drawn(self) -> None:
        assert load(self.path).design == self.on_disk
        from infralab.models.document import read

        assert read(self.session.text()).design == self.session.design

    @invariant()
    def the_report_is_of_the_design_that_is_shown(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not (self.desk.idle and self.answers.empty()):
            assert time.monotonic() < deadline, "the model never answered"
            try:
                self.desk.answer(self.answers.get(timeout=0.01))
            except queue.Empty:
                continue
        state = self.desk.state
        assert not state.failure
        assert state.design is self.session.design
        assert state.report == model(self.session.design)

    @invariant()
    def the_canvas_shows_every_box_and_wire_where_the_design_has_them(self) -> None:
        wanted = view(self.session.design, self.desk.state.report, self.zoom, self.parts)
        self.scene.update(wanted)
        self.scene.route_within(5.0)
        fresh = Scene(wanted)
        assert self.scene.index == fresh.index
        assert self.scene.wire_index == fresh.wire_index
        assert set(self.scene.index) == set(self.session.design.boxes)
        assert self.scene.rects.tolist() == fresh.rects.tolist()
        assert self.scene.boxes == fresh.boxes
        assert self.scene.wires == fresh.wires
        for i, box in enumerate(self.scene.boxes):
            at = self.session.design.boxes[box.name].at
            if at is not None:
                assert tuple(box.at) == tuple(at)
            assert tuple(self.scene.corner(i)) == (max(box.corner.x, 0), max(box.corner.y, 0))


TestEditor = Editor.TestCase
TestEditor.settings = settings(stateful_step_count=20, deadline=None)
