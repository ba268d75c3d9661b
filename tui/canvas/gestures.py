"""Drags, ghosts and rubber bands: what the pointer and the keys do to the picture before anything is decided.

Each gesture is a small class with the same five doors: `to` (the pointer is there), `step` (a key moved
it), `drop`, `undo` (put everything back) and `refresh` (the design changed underneath). One at a time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infralab.tui.canvas import hit, messages
from infralab.tui.canvas.layout import GRID, Place, snap
from infralab.tui.canvas.places import free_place, pan_to
from infralab.tui.canvas.ports import sides
from infralab.tui.canvas.view import SCALE, BoxView

if TYPE_CHECKING:
    from infralab.tui.canvas.widget import TopologyCanvas


MOVE_HINT = "arrows move it, Enter drops, Esc puts it back"
WIRE_HINT = "arrows or Tab to the other end, Enter, Esc"
EDGE_PAN = (4, 2)  # columns and rows panned when a drag touches the edge of the view


class Gesture:
    """What all gestures share. `mouse`: led by the pointer, not by keys."""

    def __init__(self, canvas: TopologyCanvas, mouse: bool) -> None:
        self.canvas, self.mouse = canvas, mouse

    def to(self, x: int, y: int) -> None:
        """The pointer is at a cell of the view."""

    def step(self, dx: int, dy: int) -> None:
        """Keys moved it by grid steps."""

    def drop(self) -> None:
        """Let go: say what happened."""

    def undo(self) -> None:
        """Put everything back."""

    def refresh(self) -> None:
        """The design or the targets changed."""


class Move(Gesture):
    """Boxes follow the pointer or the keys, their pods and wires with them."""

    def __init__(self, canvas: TopologyCanvas, names: tuple[str, ...], grip: Place, mouse: bool) -> None:
        super().__init__(canvas, mouse)
        self.grip = grip  # scene cell where the boxes were taken
        scene = canvas.scene
        self.start = {name: Place(*scene.boxes[scene.index[name]].at) for name in scene.with_pods(names)}
        self.places = dict(self.start)
        canvas.decor.hint = "" if mouse else MOVE_HINT

    def to(self, x: int, y: int) -> None:
        place = self.canvas.to_scene(x, y)
        across, down = SCALE[self.canvas.zoom]
        self._shift((place.x - self.grip.x) / across, (place.y - self.grip.y) / down)

    def step(self, dx: int, dy: int) -> None:
        first = next(iter(self.start))
        now, start = self.places[first], self.start[first]
        across, down = SCALE[self.canvas.zoom]  # zoomed out, a step is one that can be seen
        wide, high = max(round(1 / across / GRID.width), 1), max(round(1 / down / GRID.height), 1)
        self._shift(now.x - start.x + dx * GRID.width * wide, now.y - start.y + dy * GRID.height * high)
        self.canvas.show_box(first)

    def _shift(self, dx: float, dy: float) -> None:
        dx = max(dx, -min(at.x for at in self.start.values()))
        dy = max(dy, -min(at.y for at in self.start.values()))
        by = (round(dx / GRID.width) * GRID.width, round(dy / GRID.height) * GRID.height)
        places = {name: Place(at.x + by[0], at.y + by[1]) for name, at in self.start.items()}
        if places != self.places:
            self.places = places
            self.refresh()
            self.canvas.post_message(messages.BoxesDragged(places))

    def refresh(self) -> None:
        across, down = SCALE[self.canvas.zoom]
        for name, at in self.places.items():
            if name in self.canvas.scene.index:
                corner = Place(round(at.x * across), round(at.y * down))
                self.canvas.scene.move_box(self.canvas.scene.index[name], corner)

    def drop(self) -> None:
        self.canvas.decor.hint = ""
        self.canvas.scene.settle()
        if self.places != self.start:
            self.canvas.post_message(messages.BoxesMoved(self.places))

    def undo(self) -> None:
        self.canvas.decor.hint = ""
        self.places = dict(self.start)
        self.refresh()
        self.canvas.scene.settle()


class Ghost(Gesture):
    """A part on its way to a place: follows the pointer or the keys, snaps to targets with Tab."""

    def __init__(self, canvas: TopologyCanvas, box: BoxView, mouse: bool) -> None:
        super().__init__(canvas, mouse)
        self.box = box
        self.at = Place(0, 0)
        self.target = ""
        self.chosen: str | None = None  # a target that Tab chose

    def to(self, x: int, y: int) -> None:
        self.chosen = None
        place = self.canvas.to_scene(x, y)
        width, _ = self.box.size
        across, down = SCALE[self.canvas.zoom]
        self._put(snap((place.x - width // 2) / across, (place.y - 1) / down), self._under(place))

    def step(self, dx: int, dy: int) -> None:
        self.chosen = None
        at = snap(self.at.x + dx * GRID.width, self.at.y + dy * GRID.height)
        self._put(at, self._under(self._centre(at)))

    def cycle(self, step: int) -> None:
        """On to the next target that takes it."""
        good = self._takers()
        if good:
            index = good.index(self.target) + step if self.target in good else (0 if step > 0 else -1)
            self._onto(good[index % len(good)])

    def begin_onto(self) -> None:
        """To a target that takes it: what is selected, else the one it is on, else the first."""
        good = self._takers()
        chosen = [f"box.{name}" for name in self.canvas.selected] + [f"wire.{self.canvas.selected_wire}"]
        wanted = [owner for owner in (*chosen, self.target, *good[:1]) if owner in good]
        if wanted:
            self._onto(wanted[0])

    def _takers(self) -> list[str]:
        return [owner for owner, target in self.canvas.decor.targets.items() if target.ok and owner]

    def _onto(self, owner: str) -> None:
        self.chosen = owner
        place = _middle_of(self.canvas, self.chosen)
        if place is not None:
            across, down = SCALE[self.canvas.zoom]
            width, height = self.box.size
            self._put(snap((place.x - width // 2) / across, (place.y - height // 2) / down), self.chosen)

    def begin_free(self) -> None:
        """To the free place in view that is nearest to where it is; where there is none, it stays."""
        found = free_place(self.canvas, self.box.size, self.at)
        if found is not None:
            across, down = SCALE[self.canvas.zoom]
            pan_to(self.canvas, Place(round(found.x * across), round(found.y * down)), self.box.size)
            self._put(found, self._under(self._centre(found)))

    def _centre(self, at: Place) -> Place:
        across, down = SCALE[self.canvas.zoom]
        width, height = self.box.size
        return Place(round(at.x * across) + width // 2, round(at.y * down) + height // 2)

    def _under(self, place: Place) -> str:
        """The box under a cell, else a wire on it or a row beside it."""
        for dy in (0, 1, -1):
            found = hit.hit(self.canvas.scene, place.x, place.y + dy)
            if found.kind == "wire" or (dy == 0 and found.kind != "empty"):
                return found.owner
        return ""

    def _put(self, at: Place, target: str) -> None:
        if (at, target) == (self.at, self.target) and self.canvas.decor.ghost is not None:
            return
        self.at, self.target = at, target
        self._show()
        self.canvas.post_message(messages.GhostMoved(at, target))

    def _show(self) -> None:
        decor = self.canvas.decor
        verdict = decor.targets.get(self.target)
        decor.target = self.target or None
        decor.ghost_ok = verdict is None or verdict.ok
        across, down = SCALE[self.canvas.zoom]
        shown = Place(round(self.at.x * across), round(self.at.y * down))
        decor.ghost = replace(self.box, at=shown)  # painted in full at any zoom

    def refresh(self) -> None:
        self._show()

    def drop(self) -> None:
        _clear(self.canvas)
        self.canvas.post_message(messages.GhostDropped(self.at, self.target))

    def undo(self) -> None:
        _clear(self.canvas)


class Band(Gesture):
    """A wire from a box to the pointer, or to the box that the keys chose."""

    def __init__(self, canvas: TopologyCanvas, start: str, mouse: bool) -> None:
        super().__init__(canvas, mouse)
        self.start, self.end = start, ""
        self.place = hit.centre(canvas.scene, start)
        canvas.decor.hint = "" if mouse else WIRE_HINT
        canvas.post_message(messages.WireStarted(start))

    def to(self, x: int, y: int) -> None:
        self.place = self.canvas.to_scene(x, y)
        found = hit.hit(self.canvas.scene, self.place.x, self.place.y)
        self.end = "" if found.name == self.start else found.owner
        self.refresh()

    def step(self, dx: int, dy: int) -> None:
        direction = ("right" if dx > 0 else "left") if dx else ("down" if dy > 0 else "up")
        here = self.end.removeprefix("box.") or self.start
        self._choose(hit.nearest(self.canvas.scene, here, direction))

    def cycle(self, step: int) -> None:
        """On to the next box that may be an end."""
        targets = self.canvas.decor.targets
        names = [box.name for box in self.canvas.scene.boxes if box.name != self.start]
        good = [n for n in names if f"box.{n}" not in targets or targets[f"box.{n}"].ok] or names
        if good:
            here = self.end.removeprefix("box.")
            index = good.index(here) + step if here in good else (0 if step > 0 else -1)
            self._choose(good[index % len(good)])

    def _choose(self, name: str | None) -> None:
        if name is None:
            return
        self.end = f"box.{name}" if name != self.start else ""
        self.canvas.decor.hint = "" if self.end else WIRE_HINT  # the target's words take its place
        self.place = hit.centre(self.canvas.scene, name)
        self.canvas.show_box(name)
        self.refresh()

    def refresh(self) -> None:
        canvas, decor = self.canvas, self.canvas.decor
        if self.start not in canvas.scene.index:
            return
        verdict = decor.targets.get(self.end)
        decor.ghost_ok = verdict is None or verdict.ok
        decor.target = self.end if self.end.startswith("box.") else None
        decor.band_text = "" if verdict is None else verdict.text
        decor.band = self._line()
        if decor.target is not None:
            decor.band_text = ""  # the words stand above the target

    def _line(self) -> tuple[tuple[Place, ...], tuple[str, str]] | None:
        """Corners from the start's side that faces the pointer to the pointer, or to the target's near side."""
        scene = self.canvas.scene
        box = self._rect(self.start)
        name = self.end.removeprefix("box.")
        other = self._rect(name) if name in scene.index else (self.place.x, self.place.y, 1, 1)
        if box[0] <= self.place.x < box[0] + box[2] and box[1] <= self.place.y < box[1] + box[3]:
            return None
        out, into = sides(box, other, False)
        start = _beside(*box, out)
        end = _beside(*other, into) if name in scene.index else self.place
        if out in ("right", "left"):
            lane = (start.x + end.x) // 2
            return (start, Place(lane, start.y), Place(lane, end.y), end), (out, into)
        lane = (start.y + end.y) // 2
        return (start, Place(start.x, lane), Place(end.x, lane), end), (out, into)

    def _rect(self, name: str) -> tuple[int, int, int, int]:
        i = self.canvas.scene.index[name]
        return (*self.canvas.scene.corner(i), *self.canvas.scene.boxes[i].size)

    def drop(self) -> None:
        canvas, end, ok = self.canvas, self.end, self.canvas.decor.ghost_ok
        at = snap(*canvas.to_at(self.place))
        _clear(canvas)
        if end.startswith("box.") and ok:
            canvas.post_message(messages.WireDrawn(self.start, end.removeprefix("box.")))
        elif end.startswith("box.") or not self.mouse:
            canvas.post_message(messages.DragCancelled())
        elif hit.hit(canvas.scene, self.place.x, self.place.y).name != self.start:
            canvas.post_message(messages.WireLetGo(self.start, at, end))
        else:
            canvas.post_message(messages.DragCancelled())

    def undo(self) -> None:
        _clear(self.canvas)


class Marquee(Gesture):
    """A rectangle over empty canvas selects what it touches."""

    def __init__(self, canvas: TopologyCanvas, start: Place, add: bool) -> None:
        super().__init__(canvas, True)
        self.start, self.add = start, add

    def to(self, x: int, y: int) -> None:
        place = self.canvas.to_scene(x, y)
        self.canvas.decor.marquee = (*self.start, *place)

    def drop(self) -> None:
        marquee, self.canvas.decor.marquee = self.canvas.decor.marquee, None
        names = hit.boxes_within(self.canvas.scene, *marquee) if marquee else ()
        self.canvas.select(names, add=self.add)

    def undo(self) -> None:
        self.canvas.decor.marquee = None


class Pan(Gesture):
    """The picture follows the pointer."""

    def __init__(self, canvas: TopologyCanvas, x: int, y: int) -> None:
        super().__init__(canvas, True)
        self.last = (x, y)

    def to(self, x: int, y: int) -> None:
        dx, dy = self.last[0] - x, self.last[1] - y
        self.last = (x, y)
        self.canvas.pan(dx, dy)


class Gestures:
    """The gesture under way, if any, and the newest place of the pointer."""

    def __init__(self, canvas: TopologyCanvas) -> None:
        self.canvas = canvas
        self.current: Gesture | None = None
        self.pointer: tuple[int, int] | None = None  # newest, not yet followed

    def begin(self, gesture: Gesture) -> None:
        self.cancel()
        self.current = gesture
        self.canvas.repaint()

    def begin_ghost(self, box: BoxView, screen: tuple[int, int] | None) -> None:
        ghost = Ghost(self.canvas, box, screen is not None)
        self.begin(ghost)
        region = self.canvas.content_region
        if screen is not None:
            ghost.to(screen[0] - region.x, screen[1] - region.y)
        else:
            ghost.to(region.width // 2, region.height // 2)

    def settle_ghost(self, onto: bool) -> None:
        """A ghost that keys lead begins on the first target that takes it (`onto`), or at a free place."""
        if isinstance(self.current, Ghost):
            if onto:
                self.current.begin_onto()
            else:
                self.current.begin_free()
            self.canvas.repaint()

    @property
    def carries(self) -> bool:
        """Whether a part is in the air."""
        return isinstance(self.current, Ghost)

    def start_wire(self, name: str, mouse: bool = False) -> None:
        self.begin(Band(self.canvas, name, mouse))

    def ghost_to(self, x: int, y: int) -> None:
        if isinstance(self.current, Ghost):
            self.pointer = (x, y)
            self.canvas.repaint()

    def follow(self) -> None:
        """Bring the gesture to the pointer's newest place: once a frame, however many moves came."""
        if self.pointer is not None and self.current is not None:
            pointer, self.pointer = self.pointer, None
            if isinstance(self.current, (Move, Ghost, Band)):
                self._pan_at_edge(*pointer)
            self.current.to(*pointer)

    def _pan_at_edge(self, x: int, y: int) -> None:
        """A drag that reaches the edge of the view pans on, so that it can go farther."""
        width, height = self.canvas.content_size
        dx = EDGE_PAN[0] * ((x >= width - 1) - (x <= 0))
        dy = EDGE_PAN[1] * ((y >= height - 1) - (y <= 0))
        if (dx or dy) and -1 <= x <= width and -1 <= y <= height:
            self.canvas.pan(dx, dy)

    def drop(self) -> None:
        self.follow()
        gesture, self.current = self.current, None
        if gesture is not None:
            gesture.drop()
            self.canvas.repaint()

    def cancel(self) -> bool:
        gesture, self.current, self.pointer = self.current, None, None
        if gesture is None:
            return False
        gesture.undo()
        self.canvas.post_message(messages.DragCancelled())
        self.canvas.repaint()
        return True

    def design_changed(self) -> None:
        if self.current is not None:
            self.current.refresh()

    def targets_changed(self) -> None:
        if self.current is not None:
            self.current.refresh()


def _clear(canvas: TopologyCanvas) -> None:
    """Nothing hovers any more."""
    decor = canvas.decor
    decor.ghost, decor.band, decor.target = None, None, None
    decor.ghost_ok, decor.ghost_text, decor.band_text = True, "", ""
    decor.hint = ""
    decor.targets = {}


def _beside(x: int, y: int, w: int, h: int, side: str) -> Place:
    """The cell outside the middle of a side."""
    return {
        "right": Place(x + w, y + h // 2),
        "left": Place(x - 1, y + h // 2),
        "bottom": Place(x + w // 2, y + h),
        "top": Place(x + w // 2, y - 1),
    }[side]


def _middle_of(canvas: TopologyCanvas, owner: str) -> Place | None:
    kind, _, name = owner.partition(".")
    scene = canvas.scene
    if kind == "box" and name in scene.index:
        return hit.centre(scene, name)
    if kind == "wire" and name in scene.wire_index:
        return hit.wire_middle(scene, scene.wire_index[name])
    return None
