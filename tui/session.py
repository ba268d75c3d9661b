"""The open document: its design, history, baseline and selection. No widgets, no threads.

An edit is a function `Design -> Design`; nothing is ever mutated, so a moment of the history is the
design itself. Undo brings back the selection too, but selecting is no step of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infralab.models.design import Design

if TYPE_CHECKING:
    from infralab.models.document import Document

Edit = Callable[[Design], Design]
What = Literal["design", "selection", "saved", "baseline", "opened"]
Listener = Callable[["Change"], None]

Look = tuple[int, int, int] | None  # zoom and the corner in view; None: everything in view

COALESCE_SECONDS = 1.5  # slides of one value within this time are one step of undo


@dataclass(frozen=True, slots=True)
class Change:
    """What became different, and by what."""

    what: What
    label: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A design in the history, the step that led to it, and what was selected."""

    design: Design
    label: str = ""
    selection: tuple[str, ...] = ()
    before: tuple[str, ...] = ()  # what was selected when the step began
    look: Look = None  # where one looked when the step was made
    look_before: Look = None
    slide: str = ""
    at: float = 0.0


class Session:
    """One open document. `apply`, `undo`, `redo`, `select`, `pin`, `save` tell every subscriber."""

    def __init__(self, document: Document, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listeners: list[Listener] = []
        self._take(document)

    def _take(self, document: Document) -> None:
        self.document = document
        self._saved = document.design
        self._moments = [Moment(document.design)]
        self._now = 0
        self.selection: tuple[str, ...] = ()
        self.look: Look = None  # kept up by the canvas; undo and redo bring it back
        self.baseline = document.design
        self.revision = 0

    # -- what is open

    @property
    def design(self) -> Design:
        return self._moments[self._now].design

    @property
    def path(self) -> Path | None:
        """Where the document lies; None for one that was never saved."""
        return Path(self.document.path) if self.document.path else None

    @property
    def name(self) -> str:
        return self.path.name if self.path else "unnamed"

    @property
    def dirty(self) -> bool:
        return self.design is not self._saved and self.design != self._saved

    def open(self, document: Document) -> None:
        """Take another document; its history begins anew."""
        self._take(document)
        self._tell("opened", self.name)

    # -- edits

    def apply(self, edit: Edit, label: str, slide: str = "", select: tuple[str, ...] | None = None) -> bool:
        """Make an edit; False when it changes nothing. Whatever `edit` raises passes through.

        slide: edits in a row with the same name and close in time are undone as one.
        select: what is selected after it.
        """
        design = edit(self.design)
        if design == self.design:
            return False
        now = self._moments[self._now]
        moment = Moment(
            design,
            label,
            _present(self.selection if select is None else select, design),
            self.selection,
            self.look,
            self.look,
            slide,
            self._clock(),
        )
        joins = slide and now.slide == slide and moment.at - now.at <= COALESCE_SECONDS and self._now > 0
        del self._moments[self._now + 1 :]
        if joins:
            self._moments[self._now] = replace(moment, before=now.before, look_before=now.look_before)
        else:
            self._moments.append(moment)
            self._now += 1
        self.selection = moment.selection
        self.revision += 1
        self._tell("design", label)
        return True

    def follow(self, document: Document, label: str) -> bool:
        """Another program wrote the file: take it over as one edit, so that undo brings one's own back.

        False when only what isn't drawn changed (comments, spaces).
        """
        same = document.design == self.document.design
        self.document, self._saved = document, document.design
        return not same and self.apply(lambda old: document.design, label)

    def undo(self) -> str | None:
        """Go one step back; the step's label, or None when there is none."""
        if self._now == 0:
            return None
        moment = self._moments[self._now]
        self._now -= 1
        self.selection, self.look = _present(moment.before, self.design), moment.look_before
        self.revision += 1
        self._tell("design", f"undo {moment.label}")
        return moment.label

    def redo(self) -> str | None:
        """Go one step forward again; the step's label, or None when there is none."""
        if self._now + 1 >= len(self._moments):
            return None
        self._now += 1
        moment = self._moments[self._now]
        self.selection, self.look = _present(moment.selection, self.design), moment.look
        self.revision += 1
        self._tell("design", f"redo {moment.label}")
        return moment.label

    @property
    def can_undo(self) -> bool:
        return self._now > 0

    @property
    def can_redo(self) -> bool:
        return self._now + 1 < len(self._moments)

    @property
    def steps(self) -> int:
        """How many steps can be undone."""
        return self._now

    def past(self, since: int = 0) -> list[tuple[str, Design]]:
        """Labels and designs from step `since` to now; the first is the design before those steps."""
        return [(moment.label, moment.design) for moment in self._moments[min(since, self._now) : self._now + 1]]

    # -- selection and baseline

    def select(self, owners: tuple[str, ...]) -> None:
        """Select boxes and wires by owner ("box.train"); what isn't drawn is left out."""
        owners = _present(owners, self.design)
        if owners != self.selection:
            self.selection = owners
            self._tell("selection")

    def pin(self) -> None:
        """Make the present design the baseline that figures are compared with."""
        self.baseline = self.design
        self._tell("baseline")

    # -- saving

    def save(self, path: Path | None = None, force: bool = False) -> Path:
        """Write the design to its file, or to `path`.

        Raises ChangedOnDisk when the file is not as it was read and `force` is not given, and
        DocumentError when it cannot be written.
        """
        from infralab.models.document import save

        target = path or self.path
        if target is None:
            raise ValueError("this design has no file yet: save it under a name")
        self.document = save(self.document, self.design, target, force=force)
        self._saved = self.design
        self._tell("saved", self.name)
        return Path(target)

    def text(self) -> str:
        """The document as it would be saved."""
        from infralab.models.document import render

        return render(self.document, self.design)

    # -- listeners

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every Change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, what: What, label: str = "") -> None:
        for listener in tuple(self._listeners):
            listener(Change(what, label))


def _present(owners: tuple[str, ...], design: Design) -> tuple[str, ...]:
    """The owners that are drawn."""
    there = {"box": design.boxes, "wire": design.wires}
    found = []
    for owner in owners:
        kind, _, name = owner.partition(".")
        if name in there.get(kind, ()):
            found.append(owner)
    return tuple(found)
