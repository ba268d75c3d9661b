"""Between the lab and the stage: F5 presents, `e` leaves for a detour on the live design, F5 comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infralab.models.design import Design, Step
from infralab.tui.session import Session
from infralab.tui.stage.show import Show

if TYPE_CHECKING:
    from infralab.tui.screens.lab import LabScreen
    from infralab.tui.screens.presenter import Left

_HELD = "_show_held"


@dataclass(frozen=True, slots=True)
class Held:
    """A show that waits while one tries things out, and how many edits there were before."""

    show: Show
    steps: int
    first: Design  # where the document's history begins: another one means another document


def present(lab: LabScreen, then: Callable[[], None] | None = None) -> None:
    """Show the story of the open design, or go on where a detour left it. `then`: after the last slide."""
    from infralab.tui.screens.presenter import PresenterScreen

    session = lab.desk.session
    held: Held | None = getattr(lab, _HELD, None)
    if held is not None and held.first is session.past()[0][1]:
        held.show.detour = lab.desk.state.report
        _take_back(session, held.steps)
        show = held.show
    else:
        show = Show(session.design)
    setattr(lab, _HELD, None)

    def done(left: Left | None) -> None:
        if left is not None and left.detour and left.design is not None:
            setattr(lab, _HELD, Held(left.show, session.steps, session.past()[0][1]))
            design = replace(left.design, story=session.design.story)
            session.apply(lambda old: design, f"step {left.show.slide.step + 1} of the story")
            lab.say("a detour: change what you like; F5 goes back to the story")
        elif then is not None:
            then()

    lab.app.push_screen(PresenterScreen(show), done)


def _take_back(session: Session, steps: int) -> None:
    """Undo what the detour did; redo still has it."""
    while session.steps > steps and session.undo() is not None:
        pass


# -- recording


@dataclass(slots=True)
class Recording:
    """Where the recording of a story began."""

    steps: int


def record(lab: LabScreen) -> None:
    """Begin to record what is done as a story; the second time, write its steps into the design."""
    from infralab.models.explore.story import record as steps_of

    session = lab.desk.session
    begun: Recording | None = getattr(lab, "_recording", None)
    if begun is None:
        lab._recording = Recording(session.steps)  # type: ignore[attr-defined]
        lab.say("recording: every edit becomes a step of the story; the same key ends it")
        return
    lab._recording = None  # type: ignore[attr-defined]
    found = steps_of(session.past(begun.steps))
    if not found:
        lab.say("nothing was changed, so nothing is recorded")
        return
    story = (Step(title="As it is"), *found)
    start = session.past(begun.steps)[0][1]
    session.apply(lambda old: replace(start, story=story), f"record a story of {len(story)} steps")
    lab.say(f"recorded a story of {len(story)} steps; F5 shows it, ^Z brings the edited design back", "good")
