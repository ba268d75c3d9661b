"""The canvas as the lab frames it: all boxes stay in view until a person pans or zooms."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Any

from textual import events

from infralab.models.design import Box, Design
from infralab.tui.canvas.layout import Place, Size
from infralab.tui.canvas.view import BoxFacts, Parts, PlainParts, full_size
from infralab.tui.canvas.widget import TopologyCanvas
from infralab.tui.session import Look

MANY_WIRES = 100
SHOW_SECONDS = 0.15
ROUTE_SECONDS = 0.01  # of routing in a row, while keys wait


class FirstParts(PlainParts):
    """What boxes are before the catalogue was read: named as they will be, so that nothing jumps."""

    def box(self, box: Box) -> BoxFacts:
        return BoxFacts(super().box(box).kind, box.name, box.is_ or "")


class LabCanvas(TopologyCanvas):
    """Fits the design anew whenever its own size changes, as long as nobody chose another view."""

    whole_view = True
    _shown = 0.0  # when wires that are being routed were last painted

    def at_work(self) -> None:
        """Told to the lab while wires are being routed, so that what runs behind can rest."""

    @property
    def painted(self) -> bool:
        """Whether there is a picture."""
        return bool(self._strips)

    def on_resize(self, event: events.Resize) -> None:
        if self.whole_view:
            self.call_later(super().fit)

    def set_design(self, design: Design, report: Any | None = None, parts: Parts | None = None) -> None:
        before = self._scene.extent() if self._scene is not None else None  # the first picture needs no scene
        super().set_design(design, report, parts)
        if before is None or not self.whole_view or self.gestures.current is not None:
            return
        if self.scene.extent() != before and not self._all_in_view():
            self.call_later(super().fit)

    def _all_in_view(self) -> bool:
        left, top, right, bottom = self.scene.extent()
        width, height = self.content_size
        x, y = self.origin
        return x <= left and y <= top and right <= x + width and bottom <= y + height

    def fit(self) -> None:
        self.whole_view = True
        super().fit()

    @property
    def look(self) -> Look:
        """Where one looks; None while everything is in view by itself."""
        return None if self.whole_view else (int(self.zoom), self.origin.x, self.origin.y)

    def show_look(self, look: Look) -> None:
        """Look where one looked before."""
        if look == self.look:
            return
        if look is None:
            self.fit()
            return
        zoom, x, y = look
        self.set_zoom(zoom)
        self.look_at(Place(x, y))
        self.whole_view = False

    def _route(self, seconds: float) -> None:
        """Many wires wait until the catalogue says what the boxes are: they would all be routed twice."""
        if isinstance(self.parts, FirstParts) and len(self.design.wires) > MANY_WIRES:
            return
        super()._route(seconds)

    def _route_more(self) -> None:
        """The next wires; shown a few times a second, for painting takes longer than routing a slice."""
        self._route(ROUTE_SECONDS)
        self.at_work()
        now = perf_counter()
        if not self.scene.unrouted or now - self._shown > SHOW_SECONDS:
            self._shown = now
            self.repaint()

    def full_sizes(self, names: Iterable[str]) -> dict[str, Size]:
        """Cells that boxes take in the full view, whatever the zoom is."""
        parts = self.parts or PlainParts(self.design)
        boxes = [self.design.boxes[name] for name in names]
        return {box.name: full_size(parts.box(box), box.count) for box in boxes}

    def look_at(self, origin: Place) -> None:
        before = self.origin
        super().look_at(origin)
        if self.origin != before:
            self.whole_view = False

    def set_zoom(self, zoom: int, keep: Place | None = None) -> None:
        self.whole_view = False
        super().set_zoom(zoom, keep)
