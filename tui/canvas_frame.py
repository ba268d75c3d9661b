"""The canvas as the lab frames it: all boxes stay in view until a person pans or zooms."""

from __future__ import annotations

from textual import events

from infralab.models.design import Box
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.view import BoxFacts, PlainParts
from infralab.tui.canvas.widget import TopologyCanvas


class FirstParts(PlainParts):
    """What boxes are before the catalogue was read: named as they will be, so that nothing jumps."""

    def box(self, box: Box) -> BoxFacts:
        return BoxFacts(super().box(box).kind, box.name, box.is_ or "")


class LabCanvas(TopologyCanvas):
    """Fits the design anew whenever its own size changes, as long as nobody chose another view."""

    whole_view = True

    @property
    def painted(self) -> bool:
        """Whether there is a picture."""
        return bool(self._strips)

    def on_resize(self, event: events.Resize) -> None:
        if self.whole_view:
            self.call_later(super().fit)

    def fit(self) -> None:
        self.whole_view = True
        super().fit()

    def look_at(self, origin: Place) -> None:
        before = self.origin
        super().look_at(origin)
        if self.origin != before:
            self.whole_view = False

    def set_zoom(self, zoom: int, keep: Place | None = None) -> None:
        self.whole_view = False
        super().set_zoom(zoom, keep)
