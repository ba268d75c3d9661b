"""What the lab's keys do: one method for each action of the table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infralab.tui.canvas import messages
from infralab.tui.panels.helps import Helps
from infralab.tui.panels.inspector import Inspector
from infralab.tui.panels.palette import Palette
from infralab.tui.screens.arranging import ArrangeActions
from infralab.tui.screens.following import FileFollower
from infralab.tui.screens.touring import TourActions
from infralab.tui.stage.lab import StageActions

if TYPE_CHECKING:
    from infralab.models.explore.why import Reason
    from infralab.models.report import Report
    from infralab.tui.edits import Clipboard
    from infralab.tui.screens.compare import Scenario
    from infralab.tui.screens.lab import LabScreen

    _Lab = LabScreen
else:
    _Lab = object

SEARCH_AFTER_SECONDS = 0.4  # without an edit
OVERLAYS = ("traffic", "busy", "money", "heat", "confidence")


class LabActions(StageActions, ArrangeActions, TourActions, FileFollower, _Lab):
    """Mixed into the lab's screen."""

    _overlay = 0
    _explained: Report | None = None  # the report whose chain was asked for
    _search = 0  # number of the newest search for fixes
    _board: Clipboard | None = None
    scenarios: list[Scenario]  # designs put aside

    # -- drawing

    def show_palette(self) -> None:
        self.open_palette = True
        if self.whole is not None:
            self.whole = None
        self.lay_out()
        self.palette.focus()

    def action_add(self) -> None:
        self._start = None
        self.palette.only(frozenset())
        self.show_palette()
        self.palette.fresh()

    def action_wire(self) -> None:
        if self.canvas.cursor_box is None:
            self.say("choose a box first: arrows go from box to box")
            return
        self.canvas.focus()
        self.canvas.start_wire()

    def action_edit(self) -> None:
        self.side = "inspector"
        self.lay_out()
        self.inspector.focus()

    def action_more(self) -> None:
        self._count(1)

    def action_fewer(self) -> None:
        self._count(-1)

    def _count(self, by: int) -> None:
        from infralab.tui import edits

        chosen = self.desk.session.selection
        if not chosen:
            self.say("choose a box or a wire first")
            return
        self.make(edits.counted(chosen, by), "one more" if by > 0 else "one fewer", f"count {chosen}")

    def action_rename(self) -> None:
        from infralab.models.edits import EditError
        from infralab.tui import edits
        from infralab.tui.screens.ask import Prompt

        chosen = self.desk.session.selection
        if len(chosen) != 1:
            self.say("choose one box or wire to rename")
            return
        owner = chosen[0]

        def check(text: str) -> str:
            try:
                edits.rename(owner, text)(self.desk.session.design)
            except EditError as error:
                return str(error)
            return ""

        def done(text: str | None) -> None:
            if text is not None:
                kind = owner.partition(".")[0]
                self.make(edits.rename(owner, text), f"rename to {text}", select=(f"{kind}.{text}",))

        name = owner.partition(".")[2]
        self.app.push_screen(Prompt(f"Rename {name}", name, "wires, caches and data sets follow", check), done)

    def action_duplicate(self) -> None:
        from infralab.tui import edits

        self._paste(edits.copied(self.desk.session.design, self.desk.session.selection), "duplicate")

    def action_copy(self) -> None:
        from infralab.tui import edits

        board = edits.copied(self.desk.session.design, self.desk.session.selection)
        if board.boxes:
            type(self)._board = board
            self.say(f"copied {len(board.boxes)} box{'es' if len(board.boxes) > 1 else ''}: v pastes")
        else:
            self.say("nothing to copy: choose a box first. ^Q leaves the lab")

    def action_cut(self) -> None:
        self.action_copy()
        self.action_delete()

    def action_paste(self) -> None:
        self._paste(type(self)._board, "paste")

    def _paste(self, board: Clipboard | None, label: str) -> None:
        from infralab.tui import edits

        if board is None or not board.boxes:
            self.say("nothing to paste: choose boxes and copy them with y")
            return
        start = edits.pinned(self.places())(self.desk.session.design)
        placed = {box.name: start.boxes[box.name].at for box in board.boxes if box.name in start.boxes}
        from dataclasses import replace

        board = replace(board, boxes=tuple(replace(b, at=b.at or placed.get(b.name)) for b in board.boxes))
        design, owners = edits.pasted(start, board)
        self.make(lambda old: design, label, select=owners)

    def action_delete(self) -> None:
        from infralab.tui import edits

        chosen = self.desk.session.selection
        if not chosen:
            self.say("choose what to delete first")
            return
        places = self.places()
        names = ", ".join(owner.partition(".")[2] for owner in chosen)
        if self.make(lambda old: edits.delete(chosen)(edits.pinned(places)(old)), f"delete {names}", select=()):
            self.say(f"deleted {names}: ^Z brings it back")

    def action_select_all(self) -> None:
        self.canvas.select_all()

    def action_arrange(self) -> None:
        from infralab.tui import edits

        self.make(edits.unplaced, "lay out again")
        self.canvas.fit()

    def action_undo(self) -> None:
        label = self.desk.session.undo()
        self._look_back(label)
        self.say(f"undid: {label}" if label else "nothing to undo")

    def action_redo(self) -> None:
        label = self.desk.session.redo()
        self._look_back(label)
        self.say(f"redid: {label}" if label else "nothing to redo")

    def _look_back(self, label: str | None) -> None:
        """Undo and redo show the place where the step was made."""
        if label is not None:
            self.canvas.show_look(self.desk.session.look)

    def action_menu(self) -> None:
        self.canvas.ask_context()

    # -- answers

    def action_why(self) -> None:
        if self.side == "why" and self.why.has_focus:
            self.side = ""
            self.canvas.focus()
        else:
            self.side = "why"
            self.lay_out()
            self.why.focus()
            self.ask_why()
        self.lay_out()

    def action_pin(self) -> None:
        self.desk.session.pin()
        self.say("pinned: figures are compared with the design as it is now")

    def action_overlay(self, name: str = "") -> None:
        self._overlay = OVERLAYS.index(name) if name else (self._overlay + 1) % len(OVERLAYS)
        self.show_overlay()
        self.say(f"overlay: {OVERLAYS[self._overlay]}")

    def show_overlay(self) -> None:
        from infralab.tui.overlays import overlay

        mode = OVERLAYS[self._overlay]
        self.canvas.set_overlay(overlay(mode, self.desk.state.design, self.desk.state.report))
        title = "Topology" if mode == "traffic" else f"Topology  overlay: {mode}"
        if self.canvas.border_title != title:
            self.canvas.border_title = title

    def action_hints(self) -> None:
        self.palette.show_gains = not self.palette.show_gains
        self.palette.repaint()

    def action_command_line(self) -> None:
        from infralab.tui import edits

        session = self.desk.session
        changes = edits.assignments(session.document.design, session.design)
        name = str(session.path) if session.path else "FILE"
        text = " ".join(("infralab eval", name, *changes))
        self.app.copy_to_clipboard(text)
        from infralab.tui.screens.ask import Ask

        self.app.push_screen(Ask("The same on the command line (copied)", text, (("o", "well"),)))

    def action_copy_card(self) -> None:
        from infralab.tui.screens.sharing import copy_card

        copy_card(self)

    def ask_search(self) -> None:
        """Look for fixes and for what parts would do here, once edits rest and the worker has nothing to do."""
        self._search += 1
        number = self._search
        self.set_timer(SEARCH_AFTER_SECONDS, lambda: self._search_now(number))

    def _search_now(self, number: int) -> None:
        from infralab.tui.search import Found, search

        design, catalogue = self.desk.session.design, self.catalogue
        if number != self._search or catalogue is None:
            return
        if self.canvas.scene.unrouted:  # the picture comes first
            self.ask_search()
            return

        def wanted() -> bool:
            return number == self._search and not self.desk.hurried()

        def done(found: Found) -> None:
            if number != self._search or self.desk.session.design is not design:
                return
            if not found.whole:
                self.ask_search()
                return
            self.palette.offer(dict(found.gains))
            self.helps.offer(found)

        self.desk.task(lambda: search(design, catalogue, wanted), done, "search")

    def on_helps_chosen(self, message: Helps.Chosen) -> None:
        """A fix is made: one edit."""
        from infralab.models.explore.upgrades import applied

        fix = message.fix
        self.desk.what_if(None)
        if self.make(lambda old: applied(old, fix.changes), fix.label):
            self.say(f"{fix.label}: ^Z takes it back")

    def on_helps_looked_at(self, message: Helps.LookedAt) -> None:
        """The fix under the cursor is tried out in the what-if line."""
        from infralab.models.explore.upgrades import applied

        fix = message.fix
        if fix is None:
            self.desk.what_if(None)
        else:
            self.desk.what_if(lambda old: applied(old, fix.changes), fix.label, title="IF YOU DO IT")

    def ask_why(self) -> None:
        """The chain of equations behind the rate, for the panel that shows it."""
        from infralab.tui.parts import catalogue_for

        design, report = self.desk.session.design, self.desk.state.report
        self._explained = report
        if self.canvas.scene.unrouted:  # the picture comes first
            self.set_timer(SEARCH_AFTER_SECONDS, self.ask_why)
            return

        def work() -> Reason:
            from infralab.models.explore.why import why

            return why(design, "rate", catalogue_for(design))

        self.desk.task(work, self.why.tell, "why")

    # -- view

    def action_focus_canvas(self) -> None:
        if self.whole is not None:
            self.whole = None
        if self.has_class("-narrow"):
            self.open_palette, self.side = None, None
        self.lay_out()
        self.canvas.focus()

    def on_palette_left(self, message: Palette.Left) -> None:
        self._start = None
        self.action_focus_canvas()

    def on_inspector_left(self, message: Inspector.Left) -> None:
        self.action_focus_canvas()

    def action_panel(self, number: int) -> None:
        """Show and focus a panel; once more takes it away."""
        panel = (self.ceilings, self.fit, self.helps, self.palette, self.inspector)[number - 1]
        away = panel.has_focus
        if panel is self.palette:
            self.open_palette = not away
        elif panel is self.inspector:
            self.side = "" if away else "inspector"
        elif panel is not self.ceilings:
            self.second = "helps" if panel is self.helps else "fit"
        self.lay_out()
        (self.canvas if away else panel).focus()

    def action_helps(self) -> None:
        """The panel of fixes; from inside it, all of them."""
        if self.helps.has_focus:
            self.action_upgrades()
        else:
            self.action_panel(3)

    def action_upgrades(self) -> None:
        from infralab.tui.screens.upgrades import open_upgrades

        open_upgrades(self)

    def action_sweep(self) -> None:
        from infralab.tui.screens.sweep import open_sweep

        open_sweep(self)

    def action_explain(self) -> None:
        from infralab.tui.screens.why import open_why

        open_why(self)

    def action_scenario(self) -> None:
        from infralab.tui.screens.compare import put_aside

        put_aside(self, self.scenarios)

    def action_measured(self) -> None:
        from infralab.tui.screens.measured import open_measured

        open_measured(self)

    def action_compare(self) -> None:
        from infralab.tui.screens.compare import open_compare

        open_compare(self, self.scenarios)

    def action_maximise(self) -> None:
        focused = self.focused
        known = (self.canvas, self.palette, self.inspector, self.why, self.ceilings, self.fit, self.helps)
        self.whole = None if self.whole is not None else focused if focused in known else None
        self.lay_out()

    def action_wider(self) -> None:
        self.side_width = min(self.side_width + 4, 24)
        self.lay_out()

    def action_narrower(self) -> None:
        self.side_width = max(self.side_width - 4, -12)
        self.lay_out()

    def action_zoom(self) -> None:
        self.canvas.set_zoom((self.canvas.zoom - 1) % 3)

    def action_fit_all(self) -> None:
        self.canvas.fit()

    def action_theme(self) -> None:
        from infralab.tui.themes import THEMES

        names = [theme.name for theme in THEMES]
        now = names.index(self.app.theme) if self.app.theme in names else -1
        self.app.theme = names[(now + 1) % len(names)]
        self.say(f"theme: {self.app.theme.removeprefix('infralab-')}")

    # -- choosing

    def on_inspector_choosing(self, message: Inspector.Choosing) -> None:
        from infralab.tui.screens.choose import choose

        choose(self, message.field)

    def on_opened(self, message: messages.Opened) -> None:
        self.action_edit()

    def on_context_asked(self, message: messages.ContextAsked) -> None:
        from infralab.tui.screens.choose import context

        context(self, message.target)

    def action_help(self) -> None:
        from infralab.tui.screens.help import Help

        self.app.push_screen(Help((self.focused.id or "") if self.focused else ""))

    def action_command_palette(self) -> None:
        from infralab.tui.screens.choose import commands

        commands(self)

    # -- files

    def action_open(self) -> None:
        from infralab.tui.screens.files import open_file

        open_file(self)

    def action_new(self) -> None:
        from infralab.tui.screens.files import new_design

        new_design(self)

    def action_save(self) -> None:
        from infralab.tui.screens.files import save

        save(self)

    def action_save_as(self) -> None:
        from infralab.tui.screens.files import save_as

        save_as(self)

    def action_export(self) -> None:
        from infralab.tui.screens.sharing import export

        export(self)

    def action_leave(self) -> None:
        from infralab.tui.screens.files import leave

        leave(self)

    def action_redraw(self) -> None:
        forget = getattr(self.app, "forget_frame", None)
        forget() if forget is not None else self.refresh()

    def action_mouse(self) -> None:
        """Give the mouse to the terminal, for copying text, and take it back."""
        driver: Any = self.app._driver
        app: Any = self.app
        app.mouse_on = not getattr(app, "mouse_on", True)
        (driver._enable_mouse_support if app.mouse_on else driver._disable_mouse_support)()
        self.say("mouse on" if app.mouse_on else "mouse off: the terminal selects and copies; M takes it back")

    def take_path(self, path: Path) -> None:
        """Remember where files are opened and saved."""
        self.app.last_folder = path.parent  # type: ignore[attr-defined]
