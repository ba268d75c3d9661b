"""The topology editor's widget: holds a scene, paints rows that changed, turns input over to gestures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from infralab.models.design import Design
from infralab.tui.canvas import first, furniture, hit
from infralab.tui.canvas.decor import Decor, Target
from infralab.tui.canvas.gestures import Gestures
from infralab.tui.canvas.keys import CanvasKeys
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.messages import SelectionChanged, ViewChanged
from infralab.tui.canvas.roles import Role
from infralab.tui.canvas.view import SCALE, BoxFacts, BoxView, Overlay, Parts, View, Zoom, full_size, view
from infralab.tui.roles import look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infralab.tui.canvas.paint import Painter
    from infralab.tui.canvas.scene import Scene

FIRST_ROUTES_SECONDS = 0.03  # wires routed before the first paint, those in view first
SLICE_SECONDS = 0.006  # and then in slices, so that input never waits


@dataclass(frozen=True, slots=True)
class GhostSpec:
    """A part that is being placed: as it would look when dropped."""

    title: str
    kind: str = "compute"
    count: int = 1
    notes: tuple[str, ...] = ()


class TopologyCanvas(CanvasKeys, Widget, can_focus=True):
    """Boxes and wires of a design. It changes nothing: it tells what a person did (`messages`)."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TopologyCanvas { width: 1fr; height: 1fr; background: $background; color: $foreground; }
    """

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        empty_text: str = "Nothing drawn yet: a adds a part",
        legend: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self.decor = Decor()
        self.origin = Place(0, 0)
        self.zoom = Zoom.FULL
        self.overlay = Overlay()
        self.legend = legend
        self.empty_text = empty_text
        self.design = Design()
        self.report: Any | None = None
        self.parts: Parts | None = None
        self._scene: Scene | None = None
        self._painter: Painter | None = None
        self._first_made_of: tuple[Any, ...] = ()  # what the first picture was made of
        self.gestures = Gestures(self)
        self._framed = False  # whether a design was ever brought into view
        self._chars: NDArray[np.uint32] | None = None
        self._roles: NDArray[np.uint8] | None = None
        self._picture_size: tuple[int, int] | None = None  # width and height of the picture
        self._strips: list[Strip] = []
        self._styles: list[Style] = []
        self._scheduled = False
        self._rendering = False

    # -- state that the app gives

    def set_design(self, design: Design, report: Any | None = None, parts: Parts | None = None) -> None:
        """Show a design and its report (None: not evaluated yet). A drag that is under way goes on."""
        self.design, self.report = design, report
        if parts is not None:
            self.parts = parts
        self._look_again()
        if not self._framed and design.boxes and self.content_size.width:
            self.fit()

    def set_overlay(self, overlay: Overlay | str) -> None:
        """Look at traffic, busy, money, heat or confidence."""
        self.overlay = Overlay(overlay) if isinstance(overlay, str) else overlay
        self._look_again()

    def set_ascii(self, on: bool) -> None:
        """Draw with ASCII characters only, or with box-drawing ones."""
        self.ascii_only = on
        if self._painter is not None:
            self._painter.ascii_only = on
        self._forget_rows()

    def _view(self) -> View:
        return view(self.design, self.report, self.zoom, self.parts, self.overlay)

    @property
    def scene(self) -> Scene:
        """Boxes and wires with their paths; made when first asked for, as numpy comes with it."""
        if self._scene is None:
            from infralab.tui.canvas.scene import Scene

            self._scene = Scene(self._view())
            self._route(FIRST_ROUTES_SECONDS)
        return self._scene

    @property
    def painter(self) -> Painter:
        if self._painter is None:
            from infralab.tui.canvas.paint import Painter

            self._painter = Painter(self.ascii_only)
        return self._painter

    def _at_first(self) -> bool:
        """Whether the picture is still the first: no figures yet, nobody at work, and small."""
        return (
            self._scene is None
            and self.report is None
            and self.decor == Decor()
            and first.can(self._view())
        )

    def _look_again(self) -> None:
        if self._at_first():
            self.repaint()
            return
        self.scene.update(self._view())
        kept = frozenset(name for name in self.decor.selected if name in self.scene.index)
        if kept != self.decor.selected:
            self.decor.selected = kept
        if self.decor.cursor not in self.scene.index:
            self.decor.cursor = None
        if self.decor.wire not in self.scene.wire_index:
            self.decor.wire = None
        self.gestures.design_changed()
        self._route(FIRST_ROUTES_SECONDS)
        self.repaint()

    @property
    def selected(self) -> tuple[str, ...]:
        """Names of the selected boxes, the cursor first."""
        names = [name for name in self.design.boxes if name in self.decor.selected]
        if self.decor.cursor in names:
            names.remove(self.decor.cursor)
            names.insert(0, self.decor.cursor)
        return tuple(names)

    @property
    def selected_wire(self) -> str | None:
        return self.decor.wire

    @property
    def cursor_box(self) -> str | None:
        return self.decor.cursor

    def select(self, names: Iterable[str] = (), wire: str | None = None, add: bool = False) -> None:
        """Select boxes (the last becomes the cursor) or one wire; `add` keeps what was selected."""
        chosen = [name for name in names if name in self.scene.index]
        before = (self.selected, self.decor.wire)
        self.decor.selected = frozenset(chosen) | (self.decor.selected if add else frozenset())
        self.decor.cursor = chosen[-1] if chosen else (self.decor.cursor if add else None)
        self.decor.wire = wire if wire in self.scene.wire_index else None
        if (self.selected, self.decor.wire) != before:
            self.post_message(SelectionChanged(self.selected, self.decor.wire))
        self.repaint()

    def select_all(self) -> None:
        self.select(self.scene.index)

    def show_targets(self, targets: Mapping[str, Target]) -> None:
        """Light what a ghost or a wire may be dropped on: "box.store" or "wire.x" -> Target."""
        self.decor.targets = dict(targets)
        self.gestures.targets_changed()
        self.repaint()

    def set_ghost_text(self, text: str) -> None:
        """A line of words at the ghost: what would happen if it were dropped."""
        self.decor.ghost_text = text
        self.repaint()

    # -- placing a part

    def begin_ghost(self, spec: GhostSpec, screen: tuple[int, int] | None = None) -> None:
        """Pick a part up; it follows `ghost_to_screen` or the keys. Without `screen` it waits in the middle."""
        size = full_size(BoxFacts(spec.kind, spec.title), spec.count)
        ghost = BoxView(
            "", spec.kind, spec.title, spec.count, Place(0, 0), size, Zoom.FULL, notes=spec.notes, dashed=True
        )
        self.gestures.begin_ghost(ghost, screen)

    def ghost_to_screen(self, x: int, y: int) -> None:
        """The pointer that carries the ghost is at a screen cell."""
        self.gestures.ghost_to(x - self.content_region.x, y - self.content_region.y)

    def drop_ghost(self) -> None:
        self.gestures.drop()

    def cancel(self) -> bool:
        """Give up the drag, ghost or wire under way; False when there was none."""
        return self.gestures.cancel()

    def start_wire(self, name: str | None = None) -> None:
        """Begin a wire at a box (the cursor's when None), to be led by keys."""
        start = name or self.decor.cursor
        if start in self.scene.index:
            self.gestures.start_wire(start)

    # -- where one looks

    def pan(self, dx: int, dy: int) -> None:
        self.look_at(Place(self.origin.x + dx, self.origin.y + dy))

    def look_at(self, origin: Place) -> None:
        """Put a scene cell in the upper left corner; some part of the design stays in view."""
        left, top, right, bottom = self.scene.extent()
        width, height = self.content_size
        x = min(max(origin.x, left - width + 8), max(right - 8, 0))
        y = min(max(origin.y, top - height + 4), max(bottom - 4, 0))
        if (x, y) != tuple(self.origin):
            self.origin = Place(x, y)
            self._route(SLICE_SECONDS)
            self.repaint()
            self.post_message(ViewChanged(int(self.zoom), self.origin))

    def set_zoom(self, zoom: int, keep: Place | None = None) -> None:
        """Show dots, names or all; the scene cell `keep` (the middle when None) stays where it is."""
        zoom = Zoom(min(max(zoom, Zoom.DOTS), Zoom.FULL))
        if zoom is self.zoom:
            return
        width, height = self.content_size
        if keep is None and self.decor.cursor in self.scene.index:
            keep = hit.centre(self.scene, self.decor.cursor)
        keep = keep or Place(self.origin.x + width // 2, self.origin.y + height // 2)
        dx, dy = keep.x - self.origin.x, keep.y - self.origin.y
        across, down = (SCALE[zoom][k] / SCALE[self.zoom][k] for k in (0, 1))
        self.gestures.cancel()
        self.zoom = zoom
        self.scene.update(self._view())
        self.origin = Place(round(keep.x * across) - dx, round(keep.y * down) - dy)
        self._route(FIRST_ROUTES_SECONDS)
        self.repaint()
        self.post_message(ViewChanged(int(zoom), self.origin))

    def fit(self) -> None:
        """The largest zoom at which everything fits, centred; dots when nothing does."""
        width, height = self.content_size
        if not width:
            return
        self._framed = True
        for zoom in (Zoom.FULL, Zoom.NAMES, Zoom.DOTS):
            self.zoom = zoom
            left, top, right, bottom = self._extent()
            if right - left <= width and bottom - top <= height:
                break
        self.origin = Place(left - _edge(width - right + left), top - _edge(height - bottom + top))
        self._route(FIRST_ROUTES_SECONDS)
        self.repaint()
        self.post_message(ViewChanged(int(self.zoom), self.origin))

    def _extent(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of all boxes at the present zoom, in scene cells."""
        if self._at_first():
            return first.extent(self._view())
        self.scene.update(self._view())
        return self.scene.extent()

    def open_at(self, zoom: int, origin: Place) -> None:
        """Look here when the first design comes, instead of fitting it."""
        self.zoom, self.origin, self._framed = Zoom(zoom), origin, True

    def show_box(self, name: str) -> None:
        """Pan as little as brings a box into view."""
        if name not in self.scene.index:
            return
        i = self.scene.index[name]
        (x, y), (w, h) = self.scene.corner(i), self.scene.boxes[i].size
        width, height = self.content_size
        ox = min(max(self.origin.x, x + w + 2 - width), x - 2) if w + 4 <= width else x
        oy = min(max(self.origin.y, y + h + 1 - height), y - 1) if h + 2 <= height else y
        self.look_at(Place(ox, oy))

    def to_scene(self, x: int, y: int) -> Place:
        """The scene cell under a cell of this widget's content."""
        return Place(x + self.origin.x, y + self.origin.y)

    def to_at(self, place: Place) -> tuple[float, float]:
        """A scene cell in cells of `at`."""
        across, down = SCALE[self.zoom]
        return place.x / across, place.y / down

    # -- painting

    def _route(self, seconds: float) -> None:
        width, height = self.content_size
        if self._scene is not None and not self._scene.route_within(seconds, (self.origin, width, height)):
            self.set_timer(0.002, self._route_more)

    def _route_more(self) -> None:
        self._route(SLICE_SECONDS)
        self.repaint()

    def repaint(self) -> None:
        """Paint once, after what is already waiting in the queue."""
        if not self._scheduled and self.is_attached:
            self._scheduled = True
            self.call_later(self._paint)

    def _paint(self) -> None:
        self._scheduled = False
        width, height = self.content_size
        if not width or not height:
            return
        self.gestures.follow()
        if self._paint_first(width, height):
            return
        chars, roles = self.painter.paint(self.scene, self.origin, width, height, self.decor)
        furniture.add(self, chars, roles)
        old_chars, old_roles = self._chars, self._roles
        self._chars, self._roles, self._picture_size = chars, roles, (width, height)
        if old_chars is None or old_roles is None or old_chars.shape != chars.shape:
            self._strips = [self._array_strip(c, r) for c, r in zip(chars, roles, strict=True)]
            if not self._rendering:
                self.refresh()
            return
        changed = (chars != old_chars) | (roles != old_roles)
        regions = []
        for y in changed.any(1).nonzero()[0].tolist():
            columns = changed[y].nonzero()[0]
            self._strips[y] = self._array_strip(chars[y], roles[y])
            regions.append(Region(int(columns[0]), y, int(columns[-1] - columns[0]) + 1, 1))
        if regions:
            self.refresh(*regions)

    def _paint_first(self, width: int, height: int) -> bool:
        """The first picture, which does without numpy; False when it is not the time for it."""
        if not self._at_first():
            return False
        left, top, right, bottom = first.extent(self._view())
        x, y = self.origin
        if x > left or y > top or right > x + width or bottom > y + height:
            return False
        made_of = (self.design, self.parts, self.overlay, self.zoom, self.origin, width, height, self.ascii_only)
        if made_of == self._first_made_of and self._picture_size is not None:
            return True
        legend = furniture.LEGEND.get(self.overlay.mode, ()) if self.legend else ()
        rows = first.picture(self._view(), self.origin, width, height, legend, self.ascii_only)
        self._first_made_of, self._picture_size = made_of, (width, height)
        self._strips = [
            self._strip(text, roles, [k for k in range(1, width) if roles[k] != roles[k - 1]])
            for text, roles in zip(*rows, strict=True)
        ]
        if not self._rendering:
            self.refresh()
        return True

    def _array_strip(self, chars: NDArray[np.uint32], roles: NDArray[np.uint8]) -> Strip:
        ends = ((roles[1:] != roles[:-1]).nonzero()[0] + 1).tolist()
        return self._strip(chars.tobytes().decode("utf-32-le"), roles.tobytes(), ends)

    def _strip(self, text: str, roles: bytes, ends: list[int]) -> Strip:
        """One row: a segment for each run of one role; `ends` are where another role begins."""
        if not self._styles:
            app = self.app  # roles by the table: component classes of CSS would cost 30 rules and nodes
            self._styles = [look(role.css_class, app.theme_variables, self.rich_style, app.no_color) for role in Role]
        start, segments = 0, []
        for end in (*ends, len(text)):
            segments.append(Segment(text[start:end], self._styles[roles[start]]))
            start = end
        return Strip(segments, len(text))

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if self._picture_size != (width, height):
            self._paint_before_render()
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(width, self.rich_style)

    def _paint_before_render(self) -> None:
        """The first picture goes out with the first frame, not after an empty one."""
        self._rendering = True
        if not self._framed and self.design.boxes:
            self.fit()
        self._paint()
        self._rendering = False

    def _forget_rows(self) -> None:
        self._styles, self._chars, self._picture_size = [], None, None
        self.repaint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._forget_rows()

    def on_resize(self, event: events.Resize) -> None:
        if not self._framed and self.design.boxes:
            self.fit()
        self._paint()


def _edge(spare: int) -> int:
    """Cells left free before a drawing with so many to spare: half of them, and none where it just fits."""
    return max(spare // 2, 1) if spare else 0
