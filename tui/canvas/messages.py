"""What the canvas tells the app: facts about what a person did. The app makes edits of them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.message import Message

from infralab.tui.canvas.layout import Place


class CanvasMessage(Message):
    """Base of all that the canvas says; bubbles to the screen and the app."""


class BoxesMoved(CanvasMessage):
    """Boxes were dropped elsewhere: name -> new `at`. The picture already shows it."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = dict(places)
        super().__init__()


class WireStarted(CanvasMessage):
    """A wire is being drawn from a box: answer with `show_targets` for what it may end on."""

    def __init__(self, start: str) -> None:
        self.start = start
        super().__init__()


class WireDrawn(CanvasMessage):
    """A wire was drawn between two boxes."""

    def __init__(self, start: str, end: str) -> None:
        self.start, self.end = start, end
        super().__init__()


class WireLetGo(CanvasMessage):
    """A wire was let go over nothing (or over another wire): open the add menu there."""

    def __init__(self, start: str, at: Place, target: str) -> None:
        self.start, self.at, self.target = start, at, target
        super().__init__()


class NeighbourAsked(CanvasMessage):
    """A wired neighbour is wanted beside a box: direction is right, left, up or down."""

    def __init__(self, name: str, direction: str, at: Place) -> None:
        self.name, self.direction, self.at = name, direction, at
        super().__init__()


class SelectionChanged(CanvasMessage):
    """Boxes now selected (the cursor first), or the selected wire."""

    def __init__(self, boxes: tuple[str, ...], wire: str | None) -> None:
        self.boxes, self.wire = boxes, wire
        super().__init__()


class GhostMoved(CanvasMessage):
    """The ghost is elsewhere: `at` in cells of `at`; `target` is "box.x", "wire.x" or "" (empty canvas)."""

    def __init__(self, at: Place, target: str) -> None:
        self.at, self.target = at, target
        super().__init__()


class GhostDropped(GhostMoved):
    """The ghost was let go: the app adds, fits or splices, or says why not."""


class DragCancelled(CanvasMessage):
    """A drag, a ghost or a wire was given up; everything is back where it was."""


class BoxesDragged(CanvasMessage):
    """Boxes are being moved (not yet dropped)."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = dict(places)
        super().__init__()


class CountScrolled(CanvasMessage):
    """The wheel turned over a ×N badge: `delta` is +1 or -1."""

    def __init__(self, name: str, delta: int) -> None:
        self.name, self.delta = name, delta
        super().__init__()


class ContextAsked(CanvasMessage):
    """A menu is wanted for `target` ("box.x", "wire.x" or ""); `screen` is the cell on the screen."""

    def __init__(self, target: str, at: Place, screen: tuple[int, int]) -> None:
        self.target, self.at, self.screen = target, at, screen
        super().__init__()


class Opened(CanvasMessage):
    """A box or wire was double-clicked."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__()


class ViewChanged(CanvasMessage):
    """The canvas was panned or zoomed."""

    def __init__(self, zoom: int, origin: Place) -> None:
        self.zoom, self.origin = zoom, origin
        super().__init__()
