"""A panel that draws by line and repaints only the rows that changed."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from infralab.tui.panels.paint import Line, fit, to_ascii
from infralab.tui.roles import look
from infralab.tui.state import LabState


class LinePanel(Widget):
    """Subclasses answer `lines(width)`; `show(state)` repaints what became different."""

    ALLOW_SELECT = False
    can_focus = False

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.auto_links = False
        self.state = LabState()
        self.top = 0  # first line shown
        self._rows: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._look: dict[str, Style] = {}

    # -- what a panel says

    def lines(self, width: int) -> list[Line]:
        """Everything the panel has to say, at this width."""
        raise NotImplementedError

    def show(self, state: LabState) -> None:
        """Take over a new state of the lab."""
        self.state = state
        self.repaint()

    # -- drawing

    def repaint(self) -> None:
        """Draw again, and mark dirty only the rows that differ."""
        width, height = self.content_size
        if width <= 0 or height <= 0:
            return
        rows = self.lines(width)
        self.top = max(0, min(self.top, len(rows) - height))
        self._tell_more(len(rows), height)
        rows = [fit(row, width) for row in rows[self.top : self.top + height]]
        old, self._rows = self._rows, rows
        dirty = [y for y in range(height) if (rows[y] if y < len(rows) else None) != (old[y] if y < len(old) else None)]
        for y in dirty:
            self._strips.pop(y, None)
        if dirty:
            self.refresh(*(Region(0, y, width, 1) for y in dirty))

    def _tell_more(self, total: int, height: int) -> None:
        """Say on the border that lines are hidden."""
        if not self.can_focus:
            return
        hidden = []
        if self.top:
            hidden.append(f"▲{self.top}")
        if total > self.top + height:
            hidden.append(f"▼{total - self.top - height}")
        self.label(foot=" ".join(hidden))

    @property
    def plain(self) -> bool:
        """ASCII only."""
        return bool(getattr(self.app, "ascii_only", False))

    def role(self, role: str) -> Style:
        """How a role looks in the present theme, on this panel's background."""
        style = self._look.get(role)
        if style is None:
            style = self._look[role] = look(role, self.app.theme_variables, self.rich_style, self.app.no_color)
        return style

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            row = self._rows[y] if y < len(self._rows) else [(" " * self.content_size.width, "")]
            plain = self.plain
            segments = [Segment(to_ascii(text) if plain else text, self.role(role)) for text, role in row if text]
            strip = self._strips[y] = Strip(segments).adjust_cell_length(self.content_size.width, self.role(""))
        return strip

    def forget(self) -> None:
        """Drop everything drawn: size, theme or focus changed."""
        self._strips.clear()
        self._look.clear()
        self._rows = []
        self.repaint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._look.clear()

    def on_resize(self, event: events.Resize) -> None:
        self.forget()

    def on_show(self) -> None:
        self.forget()

    def label(self, title: str | None = None, foot: str | None = None) -> None:
        """Words on the frame, above and below; equal ones repaint nothing."""
        if title is not None:
            title = to_ascii(title) if self.plain else title
            if (self.border_title or "") != title:
                self.border_title = title
        if foot is not None:
            foot = to_ascii(foot) if self.plain else foot
            if (self.border_subtitle or "") != foot:
                self.border_subtitle = foot

    # -- scrolling

    def scroll_lines(self, amount: int) -> None:
        self.top = max(0, self.top + amount)
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-3)
