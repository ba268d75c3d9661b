"""The lab: the canvas with its panels around it, on one screen."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from infralab.tui import actions, words
from infralab.tui.canvas.widget import TopologyCanvas
from infralab.tui.canvas_frame import FirstParts, LabCanvas
from infralab.tui.desk import Desk
from infralab.tui.gestures import GestureEdits
from infralab.tui.panels.answer import Answer
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.ceilings import Ceilings
from infralab.tui.panels.change import ChangeLine
from infralab.tui.panels.fit import Fit
from infralab.tui.panels.footer import Footer, Hint
from infralab.tui.panels.header import Header
from infralab.tui.panels.helps import Helps
from infralab.tui.panels.inspector import Inspector
from infralab.tui.panels.palette import Palette
from infralab.tui.panels.why import Why
from infralab.tui.screens.lab_actions import LabActions
from infralab.tui.screens.one_more import ask_one_more
from infralab.tui.state import LabState

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.design import Design
    from infralab.tui.shelf import Sections

MESSAGE_SECONDS = 6.0
NARROW, WIDE = 104, 146  # columns from where the side panels stand beside the canvas; all three below
SHORT = 32
TINY = 18  # rows under which the canvas would have none: only what cannot be spared stands beside it
HINTS: dict[str, tuple[Hint, ...]] = {
    "place": (("⏎", "drop", ""), ("Tab", "next place", ""), ("arrows", "move", ""), ("Esc", "no", "")),
    "wire": (("⏎", "wire it", ""), ("Tab", "next box", ""), ("arrows", "to a box", ""), ("Esc", "no", "")),
}


class LabScreen(LabActions, GestureEdits, Screen[None]):
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (NARROW, "-medium"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS: ClassVar = [(0, "-short"), (SHORT, "-normal"), (44, "-tall")]
    AUTO_FOCUS = "TopologyCanvas"
    BINDINGS = actions.bindings()

    def __init__(self, desk: Desk, ascii_only: bool = False) -> None:
        super().__init__()
        self.desk = desk
        self.catalogue: Catalogue | None = None
        self.canvas = LabCanvas(ascii_only=ascii_only)
        self.canvas.at_work = desk.touched  # type: ignore[method-assign]
        self.head, self.answer, self.change, self.foot = Header(), Answer(), ChangeLine(), Footer()
        self.palette, self.inspector, self.why = Palette(id="palette"), Inspector(id="inspector"), Why(id="why")
        self.ceilings, self.fit, self.helps = Ceilings(id="ceilings"), Fit(id="fit"), Helps(id="helps")
        self.open_palette: bool | None = None  # None: as the size has it
        self.side: str | None = None  # "inspector", "why", "" for neither; None: as the size has it
        self.second = "fit"  # what stands beside the ceilings where there is room for two
        self.whole: LinePanel | TopologyCanvas | None = None  # the panel that has the screen for itself
        self.scenarios = []  # designs put aside
        self.side_width = 0  # columns more or fewer for the side panels
        self.asked_one_more: tuple[Design, str] | None = None
        self._message = 0

    def compose(self) -> ComposeResult:
        self._first_classes()
        yield self.head
        yield self.answer
        with Horizontal(id="middle"):
            yield self.palette
            yield self.canvas
            yield self.inspector
            yield self.why
        with Horizontal(id="bottom"):
            yield self.ceilings
            yield self.fit
            yield self.helps
        yield self.change
        yield self.foot

    @property
    def panels(self) -> tuple[LinePanel, ...]:
        return (
            self.head,
            self.answer,
            self.palette,
            self.inspector,
            self.why,
            self.ceilings,
            self.fit,
            self.helps,
            self.change,
            self.foot,
        )

    def on_mount(self) -> None:
        self.canvas.border_title = "Topology"
        self.recall_layout()
        self.lay_out()
        self.canvas.set_design(self.desk.state.design, parts=FirstParts(self.desk.state.design))
        self.show_state(self.desk.state)
        self.call_after_refresh(self._begin)

    def _first_classes(self) -> None:
        """The size's classes before the first layout, which Textual would give only after it."""
        for value, points in (
            (self.app.size.width, self.HORIZONTAL_BREAKPOINTS),
            (self.app.size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class([name for least, name in points if value >= least][-1])

    def _begin(self, tries: int = 20) -> None:
        """After the first paint, the canvas's too: the model answers, the catalogue is read."""
        if not self.canvas.painted and tries:
            self.call_after_refresh(self._begin, tries - 1)
            return
        if not gc.isenabled():
            gc.freeze()  # what start-up made stays: the collector, off until now, need not look at it again
            gc.enable()
        self.desk.ask()
        self.desk.task(self._read_catalogue, self._stock)
        self.follow_file()
        if self.app.settings.invite:  # type: ignore[attr-defined]
            self.invite()

    def _read_catalogue(self) -> tuple[Catalogue, Sections]:
        from infralab.tui.parts import catalogue_for
        from infralab.tui.shelf import by_section, parts

        catalogue = catalogue_for(self.desk.session.design)
        return catalogue, by_section(parts(catalogue))

    def _stock(self, found: tuple[Catalogue, Sections]) -> None:
        from infralab.tui.parts import CatalogueParts

        catalogue, sections = found
        self.catalogue = catalogue
        self.canvas.set_design(self.desk.state.design, self.desk.state.report, CatalogueParts(catalogue))
        self.palette.stock(catalogue, sections)
        self.inspector.stock(catalogue)
        self.ask_search()

    def restock(self) -> None:
        """Another document is open: it may bring parts of its own."""
        self.desk.task(self._read_catalogue, self._stock)

    # -- state

    def show_state(self, state: LabState) -> None:
        """A new moment of the lab: the canvas and every panel take it over, and paint what differs."""
        design_changed = self.canvas.design is not state.design
        report_changed = self.canvas.report is not state.report
        if design_changed or report_changed:
            self.canvas.set_design(state.design, state.report)
        if report_changed and self._overlay > 1:
            self.show_overlay()
        self._show_selection(state)
        self._show_ghost_words(state)
        for panel in self.panels:
            panel.show(state)
        if design_changed:
            self.ask_search()
        if self.why.display and state.report is not None and self._explained is not state.report:
            self.ask_why()
        ask_one_more(self)

    def _show_selection(self, state: LabState) -> None:
        boxes = [owner[4:] for owner in state.selection if owner.startswith("box.")]
        wire = next((owner[5:] for owner in state.selection if owner.startswith("wire.")), None)
        if set(self.canvas.selected) != set(boxes) or self.canvas.selected_wire != wire:
            self.canvas.select(reversed(boxes), wire)

    def _show_ghost_words(self, state: LabState) -> None:
        """At the ghost, what the rate would be: what a drop does stands on its target already."""
        what, text = state.what_if, ""
        if self._part is None:
            return
        if what is not None and what.report is not None and not what.refused:
            before, after = (r.throughput if r else None for r in (state.report, what.report))
            if before is not None and after is not None:
                text = f"{words.rate(what.report)} {words.factor(before.value, after.value)}"
        self.canvas.set_ghost_text(text)

    # -- what stands where

    def lay_out(self) -> None:
        """Show the panels that the size has room for, or that were asked for."""
        narrow, wide = self.size.width < NARROW, self.size.width >= WIDE
        self.set_class(0 < self.size.height < TINY, "-tiny")
        palette = not narrow if self.open_palette is None else self.open_palette
        side = ("" if narrow else "why") if self.side is None else self.side
        shown: dict[LinePanel | TopologyCanvas, bool] = {
            self.palette: palette,
            self.inspector: side == "inspector",
            self.why: side == "why",
            self.canvas: True,
            self.ceilings: True,
            self.fit: wide or self.second == "fit",
            self.helps: wide or self.second == "helps",
        }
        if self.whole is not None:
            shown = {widget: widget is self.whole for widget in shown}
        for widget, on in shown.items():
            if widget.display != on:
                widget.display = on
        ask_one_more(self)
        middle, bottom = self.query_one("#middle"), self.query_one("#bottom")
        middle.display = any(shown[w] for w in (self.palette, self.canvas, self.inspector, self.why))
        bottom.styles.height = "1fr" if self.whole in (self.ceilings, self.fit, self.helps) else None
        bottom.display = any(shown[w] for w in (self.ceilings, self.fit, self.helps))
        self._name_tabs(wide)
        self._widths(narrow, wide)

    def _name_tabs(self, wide: bool) -> None:
        """Where one of two panels is hidden, the other's title names it with its key."""
        names = ("2 Framework fit", "3 Fixes, best value first") if wide else ("2 Fit ╱ 3 fixes", "3 Fixes ╱ 2 fit")
        for panel, title in zip((self.fit, self.helps), names, strict=True):
            panel.label(title)

    def _widths(self, narrow: bool, wide: bool) -> None:
        palette, side = (30, 36) if narrow else (28, 44) if wide else (23, 34)
        if self.whole is None:
            self.palette.styles.width = max(palette + self.side_width, 16)
            self.inspector.styles.width = self.why.styles.width = max(side + self.side_width, 20)
        else:
            for widget in (self.palette, self.inspector, self.why):
                widget.styles.width = "1fr"

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out()

    def make_room(self) -> None:
        """Where the palette covers the canvas, it folds while a part is placed."""
        if self.has_class("-narrow") and self.open_palette:
            self.open_palette = None
            self.lay_out()

    # -- words

    def say(self, text: str, role: str = "") -> None:
        """A message in the footer, for a while."""
        self._message += 1
        number = self._message
        self.foot.say(text, role)
        if text:
            self.set_timer(MESSAGE_SECONDS, lambda: self._unsay(number))

    def _unsay(self, number: int) -> None:
        if number == self._message:
            self.foot.say("")

    def hint_gesture(self, gesture: str) -> None:
        self.foot.hints = HINTS.get(gesture, ())
        self.foot.say("")

    def on_footer_pressed(self, message: Footer.Pressed) -> None:
        if message.action:
            self.run_worker(self.run_action(message.action), exclusive=False)

    def on_key(self, event: events.Key) -> None:
        """Any key takes a message away."""
        if self.foot.note[0]:
            self.foot.say("")

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A part that is let go outside the canvas goes back to the palette."""
        if self._part is not None and not self.canvas.region.contains(event.screen_x, event.screen_y):
            from infralab.tui.canvas.gestures import Ghost

            current = self.canvas.gestures.current
            if isinstance(current, Ghost) and current.mouse:
                self.canvas.cancel()
                self.on_drag_cancelled(None)  # type: ignore[arg-type]
