"""The first-run tour: one step at a time in a strip above the canvas; it watches what is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from infralab.models.design import Design
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, wrap

if TYPE_CHECKING:
    from infralab.tui.session import Session

STEPS_FILE = Path(__file__).resolve().parent.parent / "tour.toml"


@dataclass(frozen=True, slots=True)
class TourStep:
    title: str
    text: str
    done: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    design: str
    steps: tuple[TourStep, ...]
    end: TourStep
    invitation: TourStep


@lru_cache(maxsize=1)
def script() -> Script:
    """The tour as its file tells it."""
    import tomllib

    found = tomllib.loads(STEPS_FILE.read_text("utf-8"))
    steps = tuple(TourStep(**step) for step in found["step"])
    return Script(found["design"], steps, TourStep(**found["end"]), TourStep(**found["invitation"]))


def reached(done: str, session: Session) -> bool:
    """Whether what a step waits for is there."""
    design = session.design
    kinds = _kinds(design)
    compute = [name for name, kind in kinds.items() if kind == "compute"]
    storage = [name for name, kind in kinds.items() if kind == "storage"]
    if done == "wire":
        ends = [set(wire.ends) for wire in design.wires.values()]
        return any(end & set(compute) and end & set(storage) for end in ends)
    return {
        "storage": bool(storage),
        "compute": bool(compute),
        "count": any(design.boxes[name].count > 1 for name in compute),
        "undone": session.can_redo,
    }[done]


def _kinds(design: Design) -> dict[str, str]:
    from infralab.tui.parts import CatalogueParts, catalogue_for

    parts = CatalogueParts(catalogue_for(design))
    return {name: parts.box(box).kind for name, box in design.boxes.items()}


class Tour(LinePanel):
    """`at`: the step shown; -1 while it only invites."""

    def __init__(self, begun: bool) -> None:
        super().__init__(id="tour")
        self.at = 0 if begun else -1

    @property
    def begun(self) -> bool:
        return self.at >= 0

    @property
    def over(self) -> bool:
        return self.at >= len(script().steps)

    def on_mount(self) -> None:
        self.label("Tour", "F9 leaves it" if self.begun else "F10 don't ask again")
        self.set_class(not self.begun, "-invites")

    def begin(self) -> None:
        self.at = 0
        self.label(foot="F9 leaves it")
        self.remove_class("-invites")
        self.repaint()

    def watch_session(self, session: Session) -> None:
        """Go on to the first step that isn't done; never back."""
        steps = script().steps
        while self.begun and not self.over and reached(steps[self.at].done, session):
            self.at += 1
        self.repaint()

    def lines(self, width: int) -> list[Line]:
        told = script()
        if not self.begun:
            step, count = told.invitation, ""
        elif self.over:
            step, count = told.end, ""
        else:
            step, count = told.steps[self.at], f"{self.at + 1} of {len(told.steps)}  "
        first, *rest = wrap(step.text, max(width - 2, 20)) or [""]
        head = f" {count}{step.title}{'' if step.title.endswith('?') else ':'} "
        if len(head) + len(step.text) <= width:
            return [[(head, "title"), (step.text, "strong")]]
        return [[(head, "title")], [(f" {first}", "strong")], *([(f" {line}", "strong")] for line in rest)]
