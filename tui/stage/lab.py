"""The lab's keys for presenting and learning: one method for each action of the table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.tui.screens.lab import LabScreen
    from infralab.tui.screens.start import Chosen

    _Lab = LabScreen
else:
    _Lab = object


class StageActions(_Lab):
    """Mixed into the lab's screen."""

    def action_present(self) -> None:
        from infralab.tui.stage.detour import present

        present(self)

    def action_record(self) -> None:
        from infralab.tui.stage.detour import record

        record(self)

    def action_gallery(self) -> None:
        from infralab.tui.screens.files import open_path, unless_lost
        from infralab.tui.screens.gallery import Gallery

        def done(path: str | None) -> None:
            if path is not None:
                unless_lost(self, lambda: open_path(self, path))

        self.app.push_screen(Gallery(), done)

    def action_lessons(self, at: str = "") -> None:
        from infralab.tui.screens.lessons import Lessons

        def done(design: Design | None) -> None:
            if design is not None:
                self._take_design(design)

        self.app.push_screen(Lessons(at), done)

    def _take_design(self, design: Design) -> None:
        """Open a design that stands in no file."""
        from infralab.models.document import fresh, read
        from infralab.tui.screens.files import take, unless_lost

        unless_lost(self, lambda: take(self, read(fresh(replace(design, story=())))))

    def action_glossary(self) -> None:
        from infralab.tui.screens.glossary import Glossary

        state = self.desk.state
        stuck = state.report.bottleneck if state.report is not None else None
        self.app.push_screen(Glossary(stuck.kind if stuck is not None else ""))

    def action_start(self) -> None:
        from infralab.tui.screens.start import StartScreen

        self.app.push_screen(StartScreen(), self._started)

    def _started(self, left: Chosen | None) -> None:
        """What was chosen on the map."""
        from infralab.tui.screens.files import open_path, unless_lost

        what, value = ("lab", None) if left is None else (left.what, left.value)
        if what in ("open", "new", "gallery", "glossary"):
            getattr(self, f"action_{what}")()
        elif what == "lessons":
            self.action_lessons(value or "")
        elif what in ("preset", "file"):
            unless_lost(self, lambda: open_path(self, str(value)))
