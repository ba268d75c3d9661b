"""Opening, saving and leaving, with a question wherever work could be lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from infralab.tui.library import is_shipped
from infralab.tui.screens.ask import Ask, Prompt
from infralab.tui.screens.pick import Choice, Pick

if TYPE_CHECKING:
    from infralab.models.document import Document
    from infralab.tui.screens.lab import LabScreen

Then = Callable[[], None]
UNSAVED = "{name} has edits that aren't saved."
NEW = 'schema = "infralab.design/1"\n'


def unless_lost(lab: LabScreen, then: Then) -> None:
    """Go on at once when everything is saved; else ask: save first, throw away, or stay."""
    session = lab.desk.session
    if not session.dirty:
        then()
        return

    def done(answer: str | None) -> None:
        if answer == "s":
            save(lab, then)
        elif answer == "d":
            if lab.desk.recovery is not None:
                lab.desk.recovery.clear()
            then()

    text = UNSAVED.format(name=session.name)
    lab.app.push_screen(Ask("Not saved", text, (("s", "save"), ("d", "discard"), ("n", "stay"))), done)


def open_file(lab: LabScreen) -> None:
    """A preset of the list, or a file by its path."""
    from infralab.models.presets import presets

    choices = [Choice(str(item.path), item.name, item.title, item.question) for item in presets()]
    pick = Pick("Open a preset, or type the path of a file", choices, free="open the file")

    def done(value: str | None) -> None:
        if value is not None:
            unless_lost(lab, lambda: open_path(lab, value))

    lab.app.push_screen(pick, done)


def open_path(lab: LabScreen, value: str) -> None:
    from infralab.models.document import DocumentError
    from infralab.tui.library import open_named

    try:
        document = open_named(value)
    except DocumentError as error:
        lab.say(str(error), "bad")
        return
    take(lab, document)


def take(lab: LabScreen, document: Document) -> None:
    """Show another document; what is wrong in it is said."""
    lab.canvas._framed = False
    lab.desk.session.open(document)
    lab.call_after_refresh(lab.canvas.fit)
    lab.restock()
    if document.problems:
        more = f" (and {len(document.problems) - 1} more)" if len(document.problems) > 1 else ""
        lab.say(f"{document.problems[0]}{more}", "bad" if document.errors else "warning")


def new_design(lab: LabScreen) -> None:
    from infralab.models.document import read

    unless_lost(lab, lambda: take(lab, read(NEW)))


def save(lab: LabScreen, then: Then | None = None) -> None:
    """Write to the document's file; without one, or where it isn't ours to write, ask for a name."""
    session = lab.desk.session
    if session.path is None or is_shipped(session.path):
        save_as(lab, then)
        return
    _write(lab, session.path, False, then)


def save_as(lab: LabScreen, then: Then | None = None) -> None:
    path = lab.desk.session.path
    name = str(path) if path and not is_shipped(path) else f"{path.stem if path else 'design'}.toml"

    def done(text: str | None) -> None:
        if text:
            target = Path(text).expanduser()
            _write(lab, target if target.suffix else target.with_suffix(".toml"), False, then)

    lab.app.push_screen(
        Prompt("Save as", name, "a .toml file; a folder in front of the name if you like", _check), done
    )


def _check(text: str) -> str:
    if not text:
        return "a file needs a name"
    target = Path(text).expanduser()
    if target.is_dir():
        return f"{text} is a directory: add a name, like {text.rstrip('/')}/design.toml"
    return ""


def _write(lab: LabScreen, path: Path, force: bool, then: Then | None) -> None:
    from infralab.models.document import ChangedOnDisk, DocumentError

    try:
        lab.desk.session.save(path, force)
    except ChangedOnDisk as error:
        _ask_to_replace(lab, path, str(error), then)
        return
    except DocumentError as error:
        lab.say(str(error), "bad")
        return
    lab.say(f"saved {path}", "good")
    if then is not None:
        then()


def _ask_to_replace(lab: LabScreen, path: Path, why: str, then: Then | None) -> None:
    def done(answer: str | None) -> None:
        if answer == "r":
            _write(lab, path, True, then)
        elif answer == "a":
            save_as(lab, then)

    answers = (("r", "replace it"), ("a", "another name"), ("n", "don't save"))
    lab.app.push_screen(Ask("The file is not as it was", why, answers), done)


def leave(lab: LabScreen) -> None:
    unless_lost(lab, lambda: lab.app.exit(0))


def offer_recovery(lab: LabScreen) -> None:
    """What a lab that was cut off left behind, for the file that is open or for none."""
    from infralab.tui.recovery import lost

    path = lab.desk.session.path
    own = str(path.resolve()) if path else ""
    recovery = lab.desk.recovery
    found = [item for item in lost(recovery.where if recovery else None) if item.of in ("", own)]
    if not found:
        return
    item = found[0]
    what = item.name if item.of else "a design that was never saved"

    def done(answer: str | None) -> None:
        if answer == "r":
            if _recover(lab, item.text):
                item.forget()
        elif answer == "d":
            item.forget()

    text = f"The lab was cut off with unsaved edits to {what}. Bring them back?"
    answers = (("r", "bring back"), ("d", "discard"), ("n", "later"))
    lab.app.push_screen(Ask("Unsaved edits were found", text, answers), done)


def _recover(lab: LabScreen, text: str) -> bool:
    """The recovered design as one edit of the open one, so that it can be undone; True once it is safe again."""
    from infralab.models.document import DocumentError, read

    try:
        design = read(text).design
    except DocumentError as error:
        lab.say(str(error), "bad")
        return False
    lab.make(lambda old: design, "bring back unsaved edits")
    lab.say("brought back: ^S saves them, ^Z returns to the file")
    recovery = lab.desk.recovery
    if recovery is None:
        return not lab.desk.session.dirty
    recovery.flush()  # the old file may go only once this lab's own is written
    return not recovery.failure
