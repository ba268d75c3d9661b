"""A result of one's own beside the model's answer: paste it here, or open a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events

from infralab.models.refusal import Refusal
from infralab.tui.commands import measured as told
from infralab.tui.panels.paint import Line, wrap
from infralab.tui.screens.ask import Prompt
from infralab.tui.screens.sheet import STEPS, Keys, Sheet
from infralab.tui.screens.why import ROLES

if TYPE_CHECKING:
    from infralab.models.explore.measured import Beside
    from infralab.tui.screens.lab import LabScreen

INVITATION = (
    "Paste what was printed: lines or a table of nccl-tests, fio's summary or its JSON, a step time "
    '("step 1.23 s"), a rate ("145 k tokens/s"), a time to the first token or per token. '
    "It is compared with the design as it is drawn now."
)


class MeasuredSheet(Sheet[None]):
    heading = "Measured beside predicted"
    keys: ClassVar[Keys] = (
        ("paste", "a result"),
        ("o", "open a file"),
        ("t", "type one"),
        ("↑↓", "scroll"),
        ("Esc", "back"),
    )

    def __init__(self, lab: LabScreen) -> None:
        super().__init__()
        self.lab = lab
        self.found: list[tuple[str, Beside]] = []
        self.problem = ""
        self.top = 0

    def compare(self, text: str) -> None:
        """Read a result and ask the model for the same."""
        from infralab.models.explore.pasted import read

        self.found, self.problem, self.top = [], "", 0
        try:
            results = read(text)
        except Refusal as error:
            self.problem = str(error)
            self.repaint()
            return
        design = self.lab.desk.session.design
        self.note = "asking the model …"

        def work() -> list[tuple[str, Beside]]:
            from infralab.models.explore.measured import beside
            from infralab.tui.parts import catalogue_for

            catalogue = catalogue_for(design)
            return [(design.title, beside(design, result, catalogue)) for result in results]

        def done(found: list[tuple[str, Beside]]) -> None:
            self.found, self.note = found, ""
            self.repaint()

        self.lab.desk.task(work, done, "task")
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        if not self.found:
            lines: list[Line] = [[], *([(f"  {text}", "")] for text in wrap(INVITATION, width - 4))]
            if self.problem:
                lines += [[], *([(f"  {text}", "bad")] for text in wrap(self.problem, width - 4))]
            return lines
        lines = [
            [(text, ROLES.get(style, "")) for text, style in line] for line in told.lines(self.found, min(width, 100))
        ]
        self.top = min(max(self.top, 0), max(len(lines) - height, 0))
        return lines[self.top :][:height]

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.compare(event.text)

    def pressed(self, key: str) -> bool:
        if key in STEPS:
            self.top += STEPS[key]
        elif key == "o":
            self.app.push_screen(Prompt("Open a result", "", "the path of a text file", _readable), self._open)
        elif key == "t":
            about = "like step 1.23 s, 145 k tokens/s, 11 ms per token"
            self.app.push_screen(Prompt("What was measured", "", about), self._typed)
        else:
            return False
        return True

    def _typed(self, text: str | None) -> None:
        if text:
            self.compare(text)

    def _open(self, name: str | None) -> None:
        if name:
            self.compare(Path(name).expanduser().read_text(encoding="utf-8", errors="replace"))


def _readable(name: str) -> str:
    """Why a file can't be read; "" where it can."""
    try:
        with Path(name).expanduser().open("rb"):
            return ""
    except OSError as error:
        return f"{name}: {error.strerror}"


def open_measured(lab: LabScreen) -> None:
    lab.app.push_screen(MeasuredSheet(lab))
