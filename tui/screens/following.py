"""The lab in step with its file: what another program writes is taken over as one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui.watch import EVERY_SECONDS, Watch, in_words

if TYPE_CHECKING:
    from infralab.models.document import Document
    from infralab.tui.screens.lab import LabScreen

    _Lab = LabScreen
else:
    _Lab = object


class FileFollower(_Lab):
    """Mixed into the lab's actions; `follow_file` begins it."""

    _watch: Watch

    def follow_file(self) -> None:
        self._watch = Watch()
        self.set_interval(EVERY_SECONDS, self.look_at_file)

    def look_at_file(self) -> None:
        """Ask the disk; not while a question or another screen is up, nor in the middle of a gesture."""
        if self.app.screen is not self or self.canvas.gestures.current is not None or self.inspector.edit is not None:
            return
        session = self.desk.session
        found = self._watch.look(session.document)
        if found is None:
            return
        if found.document is None:
            self.say(f"{session.name} changed on disk and can't be read: {found.reason}", "warning")
        elif session.dirty and found.document.design != session.document.design:
            self._ask_to_follow(found.document)
        else:
            self._follow(found.document)

    def _follow(self, document: Document) -> None:
        session = self.desk.session
        before = session.design
        words = in_words(before, document.design)
        session.look = self.canvas.look
        if session.follow(document, f"{session.name} as it is on disk"):
            self.say(f"{session.name} changed on disk: {words}. ^Z takes it back", "warning")
            if document.design.components != before.components:
                self.restock()

    def _ask_to_follow(self, document: Document) -> None:
        from infralab.tui.screens.ask import Ask

        session = self.desk.session
        words = in_words(session.document.design, document.design)

        def done(answer: str | None) -> None:
            if answer == "t":
                self._follow(document)

        text = f"Another program changed {session.name}: {words}. You have edits of your own; ^Z would bring them back."
        answers = (("t", "take it over"), ("k", "keep mine"))
        self.app.push_screen(Ask("The file changed on disk", text, answers), done)
