"""The canvas's hands: mouse events and keys, turned into gestures, selection and panning."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, cast

from textual import events

from infralab.tui.canvas import furniture, hit, messages
from infralab.tui.canvas.gestures import Band, Ghost, Marquee, Move, Pan
from infralab.tui.canvas.layout import COLUMN_GAP, ROW_GAP, Place, snap
from infralab.tui.canvas.view import Zoom

if TYPE_CHECKING:
    from infralab.tui.canvas.widget import TopologyCanvas

ARROWS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
PANS = {"H": (-8, 0), "L": (8, 0), "K": (0, -4), "J": (0, 4)}
LEFT, MIDDLE, RIGHT = 1, 2, 3
LEAP = 5  # grid steps with Shift
WHEEL = (6, 3)  # columns and rows a notch


class CanvasKeys:
    """Mixed into the widget; holds only what a gesture needs before it begins."""

    _prefix = ""  # W or g, waiting for the key after it
    _kept: frozenset[str] = frozenset()  # boxes that Space marked
    _pressed: tuple[int, int] | None = None  # where the left button went down on a box

    @property
    def _canvas(self) -> TopologyCanvas:
        return cast("TopologyCanvas", self)

    def _cell(self, event: events.MouseEvent) -> tuple[int, int]:
        gutter = self._canvas.gutter
        return event.x - gutter.left, event.y - gutter.top

    def _hit(self, x: int, y: int) -> hit.Hit:
        place = self._canvas.to_scene(x, y)
        return hit.hit(self._canvas.scene, place.x, place.y, self._canvas.decor.selected)

    # -- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        canvas, (x, y) = self._canvas, self._cell(event)
        event.stop()
        gestures = canvas.gestures
        gestures.follow()
        if isinstance(gestures.current, Ghost) and event.button == LEFT:
            gestures.ghost_to(x, y)
            return  # the button's release drops it
        if gestures.cancel() and event.button != LEFT:
            canvas.release_mouse()
            return
        if event.button == RIGHT:
            self._menu_at(x, y)
        elif event.button == MIDDLE:
            canvas.capture_mouse()
            gestures.begin(Pan(canvas, x, y))
        elif event.button == LEFT:
            canvas.capture_mouse()
            self._press(event, x, y)

    def _press(self, event: events.MouseDown, x: int, y: int) -> None:
        canvas = self._canvas
        there = furniture.map_place(canvas, x, y)
        if there is not None:
            width, height = canvas.content_size
            canvas.look_at(Place(there.x - width // 2, there.y - height // 2))
            return
        found, add = self._hit(x, y), event.ctrl or event.shift
        self._kept = frozenset()
        if found.kind == "wire":
            canvas.select((), wire=found.name)
        elif found.kind == "empty":
            canvas.gestures.begin(Marquee(canvas, canvas.to_scene(x, y), add))
        elif add:
            self._toggle(found.name)
        else:
            if found.name not in canvas.decor.selected:
                canvas.select([found.name])
            elif canvas.decor.cursor != found.name:
                canvas.decor.cursor = found.name
            if found.kind == "port":
                canvas.gestures.start_wire(found.name, mouse=True)
            else:
                self._pressed = (x, y)

    def _toggle(self, name: str) -> None:
        canvas = self._canvas
        if name in canvas.decor.selected:
            canvas.select([other for other in canvas.selected if other != name])
        else:
            canvas.select([name], add=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        canvas, (x, y) = self._canvas, self._cell(event)
        gestures = canvas.gestures
        if self._pressed is not None and (x, y) != self._pressed:
            px, py = self._pressed
            self._pressed = None
            gestures.begin(Move(canvas, canvas.selected, canvas.to_scene(px, py), mouse=True))
        current = gestures.current
        if current is not None and (current.mouse or isinstance(current, Ghost)):
            gestures.pointer = (x, y)  # the newest wins; a frame follows it once
            canvas.repaint()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        canvas = self._canvas
        event.stop()
        canvas.release_mouse()
        if self._pressed is not None:  # a click: of several selected, the one
            self._pressed = None
            if len(canvas.selected) > 1 and canvas.decor.cursor:
                canvas.select([canvas.decor.cursor])
        current = canvas.gestures.current
        if current is not None and (current.mouse or isinstance(current, Ghost)):
            canvas.gestures.drop()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and event.button == LEFT:
            x, y = self._cell(event)
            found = self._hit(x, y)
            if found.kind in ("box", "wire", "badge"):
                self._canvas.post_message(messages.Opened(found.owner))

    def _menu_at(self, x: int, y: int) -> None:
        canvas, found = self._canvas, self._hit(x, y)
        if found.kind == "wire":
            canvas.select((), wire=found.name)
        elif found.name and found.name not in canvas.decor.selected:
            canvas.select([found.name])
        region = canvas.content_region
        at = snap(*canvas.to_at(canvas.to_scene(x, y)))
        canvas.post_message(messages.ContextAsked(found.owner, at, (region.x + x, region.y + y)))

    def ask_context(self) -> None:
        """The menu of what is selected, by key."""
        canvas = self._canvas
        width, height = canvas.content_size
        place = Place(width // 2, height // 2)
        if canvas.decor.cursor:
            middle = hit.centre(canvas.scene, canvas.decor.cursor)
            place = Place(middle.x - canvas.origin.x, middle.y - canvas.origin.y)
        region, at = canvas.content_region, snap(*canvas.to_at(canvas.to_scene(*place)))
        target = f"box.{canvas.decor.cursor}" if canvas.decor.cursor else ""
        if canvas.decor.wire:
            target = f"wire.{canvas.decor.wire}"
        canvas.post_message(messages.ContextAsked(target, at, (region.x + place.x, region.y + place.y)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self._canvas.pan(-WHEEL[0], 0)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self._canvas.pan(WHEEL[0], 0)

    def _wheel(self, event: events.MouseEvent, turn: int) -> None:
        event.stop()
        canvas, (x, y) = self._canvas, self._cell(event)
        found = self._hit(x, y)
        if found.kind == "badge":
            canvas.post_message(messages.CountScrolled(found.name, -turn))
        elif event.ctrl or event.meta:
            canvas.set_zoom(canvas.zoom - turn, canvas.to_scene(x, y))
        elif event.shift:
            canvas.pan(turn * WHEEL[0], 0)
        else:
            canvas.pan(0, turn * WHEEL[1])

    # -- keys

    def on_key(self, event: events.Key) -> None:
        if self._take(event.key, event.character or ""):
            event.stop()
            event.prevent_default()

    def _take(self, key: str, character: str) -> bool:
        """Do what a key asks; False when it is not the canvas's."""
        canvas = self._canvas
        prefix, self._prefix = self._prefix, ""
        if prefix == "W":
            return key in ARROWS and self._neighbour(key)
        if prefix == "g":
            return self._jump_to(character)
        base = key.rsplit("+", 1)[-1]
        if base in ARROWS:
            return self._arrow(base, key)
        if character in PANS:
            canvas.pan(*PANS[character])
            return True
        simple = {
            "enter": self._enter,
            "escape": self._escape,
            "tab": lambda: self._tab(1),
            "shift+tab": lambda: self._tab(-1),
            "space": self._space,
        }
        if key in simple:
            return simple[key]()
        return self._letter(character)

    def _letter(self, character: str) -> bool:
        canvas = self._canvas
        if character == "w" and canvas.decor.cursor:
            canvas.start_wire()
        elif character == "W" and canvas.decor.cursor:
            self._prefix = "W"
        elif character == "g" and canvas.scene.boxes:
            self._prefix = "g"
            canvas.decor.letters = self.jump_letters()
            canvas.repaint()
        elif character in ("z", "Z"):
            canvas.set_zoom((canvas.zoom + (1 if character == "Z" else -1)) % len(Zoom))
        elif character == "f":
            canvas.fit()
        else:
            return False
        return True

    def _arrow(self, direction: str, key: str) -> bool:
        canvas, (dx, dy) = self._canvas, ARROWS[direction]
        current = canvas.gestures.current
        if key.startswith("ctrl+"):
            return self._neighbour(direction)
        if current is not None:
            leap = LEAP if key.startswith("shift+") else 1
            current.step(dx * leap, dy * leap)
            canvas.repaint()
            return True
        if key.startswith("shift+"):
            if not canvas.decor.cursor:
                return False
            canvas.gestures.begin(Move(canvas, canvas.selected, Place(0, 0), mouse=False))
            move = canvas.gestures.current
            if move is not None:
                move.step(dx * LEAP, dy * LEAP)
            return True
        name = hit.nearest(canvas.scene, canvas.decor.cursor, direction)
        if name is not None:
            self._go(name)
        return True

    def _neighbour(self, direction: str) -> bool:
        canvas = self._canvas
        name = canvas.decor.cursor
        if name is None:
            return False
        box = canvas.scene.boxes[canvas.scene.index[name]]
        dx, dy = ARROWS[direction]
        at = snap(box.at[0] + dx * (box.size.width + COLUMN_GAP), box.at[1] + dy * (box.size.height + ROW_GAP + 1))
        canvas.post_message(messages.NeighbourAsked(name, direction, at))
        return True

    def _enter(self) -> bool:
        canvas = self._canvas
        if canvas.gestures.current is not None:
            canvas.gestures.drop()
            return True
        if canvas.decor.cursor:
            canvas.gestures.begin(Move(canvas, canvas.selected, Place(0, 0), mouse=False))
            return True
        if canvas.decor.wire:
            canvas.post_message(messages.Opened(f"wire.{canvas.decor.wire}"))
            return True
        return False

    def _escape(self) -> bool:
        canvas = self._canvas
        self._pressed, self._kept = None, frozenset()
        if canvas.gestures.cancel():
            canvas.release_mouse()
            return True
        if canvas.decor.selected or canvas.decor.wire:
            canvas.select()
            return True
        return False

    def _tab(self, step: int) -> bool:
        canvas = self._canvas
        current = canvas.gestures.current
        if isinstance(current, (Ghost, Band)):
            current.cycle(step)
            canvas.repaint()
            return True
        names = [box.name for box in canvas.scene.boxes]
        index = names.index(canvas.decor.cursor) + step if canvas.decor.cursor in names else (0 if step > 0 else -1)
        if current is not None or not 0 <= index % (len(names) + 1) < len(names) or not names:
            return False  # past the last box, Tab leaves the canvas
        self._go(names[index])
        return True

    def _space(self) -> bool:
        """Add the nearest thing to the selection: the cursor stays, arrows with Space extend."""
        canvas = self._canvas
        if canvas.decor.cursor is None:
            return False
        self._kept = self._kept ^ {canvas.decor.cursor}
        self._go(canvas.decor.cursor)
        return True

    def _go(self, name: str) -> None:
        """The cursor to a box; what Space marked stays selected."""
        self._canvas.select([*(self._kept - {name}), name])
        self._canvas.show_box(name)

    # -- jump letters

    def jump_letters(self) -> dict[str, str]:
        """A letter for each box in view, to jump to it."""
        canvas = self._canvas
        width, height = canvas.content_size
        x, y = canvas.origin
        names = hit.boxes_within(canvas.scene, x, y, x + width - 1, y + height - 1)
        return dict(zip(names, ascii_lowercase, strict=False))

    def _jump_to(self, character: str) -> bool:
        canvas = self._canvas
        letters, canvas.decor.letters = canvas.decor.letters, {}
        for name, letter in letters.items():
            if letter == character:
                self._go(name)
        canvas.repaint()
        return True
