"""From what a person did on the canvas and in the panels to edits of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infralab.models.design import Design
from infralab.tui.canvas import messages
from infralab.tui.canvas.decor import Target
from infralab.tui.panels.inspector import Inspector
from infralab.tui.panels.palette import Palette

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.tui.canvas_frame import LabCanvas
    from infralab.tui.desk import Desk
    from infralab.tui.drops import Drop
    from infralab.tui.shelf import Part

Edit = Callable[[Design], Design]


class GestureEdits:
    """Mixed into the lab's screen, which has `desk`, `canvas`, `catalogue`, `say` and the panels."""

    desk: Desk
    canvas: LabCanvas
    catalogue: Catalogue | None
    palette: Palette
    _part: Part | None = None  # in the air
    _start: tuple[str, tuple[int, int]] | None = None  # a wire that was let go here waits for its other end
    _drop: Drop | None = None
    _hover: tuple[object, ...] = ()

    def say(self, text: str, role: str = "") -> None:
        raise NotImplementedError

    # -- edits

    def make(self, edit: Edit, label: str, slide: str = "", select: tuple[str, ...] | None = None) -> bool:
        """Apply an edit; what is wrong with it is said on screen and nothing changes."""
        from infralab.models.edits import EditError

        self.desk.session.look = self.canvas.look
        try:
            done = self.desk.session.apply(edit, label, slide, select)
        except EditError as error:
            self.say(str(error), "bad")
            return False
        return done

    def make_drop(self, drop: Drop) -> bool:
        from infralab.tui import edits

        if drop.edit is None:
            self.say(f"✗ {drop.words}", "bad")
            return False
        edit = drop.edit
        places = self.places()
        return self.make(lambda old: edit(edits.pinned(places)(old)), drop.words, select=drop.select or None)

    def places(self) -> dict[str, tuple[int, int]]:
        """Where boxes stand on the canvas, in cells."""
        return {box.name: (int(box.at[0]), int(box.at[1])) for box in self.canvas.scene.boxes}

    # -- a part from the palette

    def on_palette_picked_up(self, message: Palette.PickedUp) -> None:
        from infralab.tui import drops
        from infralab.tui.shelf import DROPS

        part = message.part
        if DROPS.get(part.room) == "setting":
            drop = drops.setting(self.desk.session.design, part)
            if self.make_drop(drop):
                self.say(drop.words)
                if not message.dragging:
                    self.canvas.focus()
                    self.make_room()
            return
        if self._start is not None:
            (start, at), self._start = self._start, None
            self.palette.only(frozenset())
            self.make_drop(drops.neighbour(self.desk.session.design, part, start, at))
            self.canvas.focus()
            return
        self.pick_up(part, self.mouse_at(message) if message.dragging else None)

    def mouse_at(self, message: Palette.PickedUp) -> tuple[int, int]:
        place = self.canvas.app.mouse_position
        return place.x, place.y

    def pick_up(self, part: Part, screen: tuple[int, int] | None) -> None:
        """A ghost of the part on the canvas, with the places that take it lit."""
        from infralab.tui.canvas.widget import GhostSpec
        from infralab.tui.parts import KINDS
        from infralab.tui.shelf import DROPS, figures

        self._part = part
        self._hover = ()
        self.make_room()
        component = self.catalogue.find(part.id, part.room) if self.catalogue else None
        notes = (figures(component),) if component else ()
        self.canvas.focus()
        self.canvas.begin_ghost(GhostSpec(part.id, KINDS.get(part.room, "other"), 1, notes), screen)
        self.canvas.show_targets(self.targets(part))
        if screen is None:
            self.canvas.gestures.settle_ghost(DROPS.get(part.room) != "box")
        self.hint_gesture("place")

    def targets(self, part: Part) -> dict[str, Target]:
        """What the part may be dropped on, in words."""
        design = self.desk.session.design
        owners = [f"box.{name}" for name in design.boxes] + [f"wire.{name}" for name in design.wires]
        found = {}
        for owner in owners:
            drop = self.drop_on(part, owner, (0, 0))
            found[owner] = Target(drop.ok, drop.words)
        return found

    def drop_on(self, part: Part, target: str, at: tuple[int, int]) -> Drop:
        from infralab.tui import drops

        assert self.catalogue is not None
        return drops.drop(self.desk.session.design, part, target, at, self.catalogue)

    def on_ghost_moved(self, message: messages.GhostMoved) -> None:
        """What would a drop here do? Asked once a target, not once a cell."""
        if self._part is None or isinstance(message, messages.GhostDropped):
            return
        place = (message.target,) if message.target else ("", self._part)
        if place == self._hover:
            return
        self._hover = place
        drop = self.drop_on(self._part, message.target, (message.at.x, message.at.y))
        self.desk.what_if(drop.edit, drop.words, "" if drop.ok else drop.words, "IF YOU DROP IT HERE")

    def on_ghost_dropped(self, message: messages.GhostDropped) -> None:
        part, self._part = self._part, None
        self._settled()
        if part is not None:
            self.make_drop(self.drop_on(part, message.target, (message.at.x, message.at.y)))

    def on_drag_cancelled(self, message: messages.DragCancelled) -> None:
        if self.canvas.gestures.carries:
            return  # a part was picked up since: it took the place of the gesture that ended
        self._part = None
        self._settled()

    def _settled(self) -> None:
        """No gesture is under way any more."""
        self._hover = ()
        self.canvas.show_targets({})
        self.desk.what_if(None)
        self.hint_gesture("")

    def hint_gesture(self, gesture: str) -> None:
        raise NotImplementedError

    def make_room(self) -> None:
        raise NotImplementedError

    # -- boxes

    def on_boxes_moved(self, message: messages.BoxesMoved) -> None:
        from infralab.tui import edits

        places = {**self.places(), **message.places}
        names = ", ".join(message.places)
        self.make(lambda old: edits.moved(message.places)(edits.pinned(places)(old)), f"move {names}")

    def on_count_scrolled(self, message: messages.CountScrolled) -> None:
        from infralab.tui import edits

        owner = f"box.{message.name}"
        self.make(edits.counted((owner,), message.delta), f"count of {message.name}", f"count {owner}")

    def on_selection_changed(self, message: messages.SelectionChanged) -> None:
        """What is selected by now: the message may be older than the next key, and would turn it back."""
        owners = tuple(f"box.{name}" for name in self.canvas.selected)
        wire = self.canvas.selected_wire
        self.desk.session.select((*owners, f"wire.{wire}") if wire else owners)

    # -- wires

    def on_wire_started(self, message: messages.WireStarted) -> None:
        from infralab.tui import drops

        design = self.desk.session.design
        found = {}
        for name in design.boxes:
            if name != message.start:
                drop = drops.wire(design, message.start, name)
                found[f"box.{name}"] = Target(drop.ok, drop.words)
        self.canvas.show_targets(found)
        self.hint_gesture("wire")

    def on_wire_drawn(self, message: messages.WireDrawn) -> None:
        from infralab.tui import drops

        self._settled()
        self.make_drop(drops.wire(self.desk.session.design, message.start, message.end))

    def on_wire_let_go(self, message: messages.WireLetGo) -> None:
        self._settled()
        self.ask_neighbour(message.start, (message.at.x, message.at.y))

    def on_neighbour_asked(self, message: messages.NeighbourAsked) -> None:
        self.ask_neighbour(message.name, (message.at.x, message.at.y))

    def ask_neighbour(self, start: str, at: tuple[int, int]) -> None:
        """The palette, with what can stand at the other end of a wire."""
        self._start = (start, at)
        self.show_palette()
        self.palette.only(frozenset(("server", "chip", "tier", "switch")))
        self.palette.fresh()
        self.say(f"what stands at the other end of the wire from {start}?")

    def show_palette(self) -> None:
        raise NotImplementedError

    # -- the inspector

    def on_inspector_entered(self, message: Inspector.Entered) -> None:
        from infralab.tui import edits

        self.desk.what_if(None)
        edit = edits.enter(message.field, message.text, self.desk.session.selection)
        self.make(edit, f"{message.field.label} {message.text}".strip())

    def on_inspector_stepped(self, message: Inspector.Stepped) -> None:
        from infralab.tui import edits

        edit = edits.put(message.field, message.value, self.desk.session.selection)
        self.make(edit, f"{message.field.label} {message.value}", f"step {message.field.path}")

    def on_inspector_reset(self, message: Inspector.Reset) -> None:
        from infralab.tui import edits

        if message.field.renames:
            self.say("a name can be changed, not taken away")
            return
        self.make(edits.reset(message.field, self.desk.session.selection), f"reset {message.field.label}")

    def on_inspector_typing(self, message: Inspector.Typing) -> None:
        from infralab.tui import edits

        if message.text is None:
            self.desk.what_if(None)
            return
        edit = edits.enter(message.field, message.text, self.desk.session.selection)
        self.desk.what_if(edit, f"{message.field.label} {message.text}")
