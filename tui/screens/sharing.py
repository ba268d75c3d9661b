"""What one shows to others, from the lab: a card for a chat, and files to send."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from infralab.models.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from infralab.tui.export.exporting import Job
    from infralab.tui.screens.lab import LabScreen


def job_of(screen: LabScreen) -> Job | None:
    """The present design with its answer; None while there is no answer yet."""
    from infralab.models.document import render
    from infralab.tui import edits
    from infralab.tui.export.exporting import Job
    from infralab.tui.parts import catalogue_for

    session, report = screen.desk.session, screen.desk.state.report
    if report is None:
        return None
    design = screen.desk.state.design
    changes = edits.assignments(session.document.design, design)
    command = " ".join(("infralab eval", _named(session.path), *changes))
    return Job(design, report, catalogue_for(design), render(session.document, design), command)


def _named(path: Path | None) -> str:
    """The design as others would name it: a preset, or a file without the folders of this machine."""
    from infralab.tui.library import is_shipped

    if path is None:
        return "FILE"
    return path.stem if is_shipped(path) else shlex.quote(path.name)


def copy_card(screen: LabScreen) -> None:
    """Five lines of the result on the clipboard, and on the screen."""
    from infralab.tui.export.card import card
    from infralab.tui.screens.ask import Ask

    job = job_of(screen)
    if job is None:
        screen.say("no answer yet: nothing to copy")
        return
    text = card(job.design, job.report, job.command)
    screen.app.copy_to_clipboard(text)
    first = "\n".join(text.splitlines()[:3])
    screen.app.push_screen(Ask("Five lines for a chat, copied", first, (("o", "ok"),)))


def export(screen: LabScreen) -> None:
    """Ask for a file and write it; what stands in the way is said where one types."""
    from infralab.tui.export import exporting, files
    from infralab.tui.screens.ask import Prompt

    job = job_of(screen)
    if job is None:
        screen.say("no answer yet: nothing to export")
        return

    def form(text: str) -> exporting.Form:
        return exporting.Form(os.path.expanduser(text))

    def problem(text: str) -> str:
        try:
            exporting.check(form(text))
            files.check(form(text).paths)
        except Refusal as error:
            return str(error).replace("--force replaces it", "choose another name")
        return ""

    def done(text: str | None) -> None:
        if text is None:
            return
        try:
            files.write(exporting.files(job, form(text)))
        except Refusal as error:
            screen.say(str(error))
        else:
            screen.say(f"written: {', '.join(form(text).paths)}")

    stem = os.path.splitext(screen.desk.session.name)[0] if screen.desk.session.path else "design"
    about = f"the ending says what is written: {', '.join(exporting.ENDINGS)}; pictures open again as designs"
    screen.app.push_screen(Prompt("Export to", f"{stem}.svg", about, problem), done)
