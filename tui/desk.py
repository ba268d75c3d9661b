"""Between the session and the panels: asks the model for what changed, and keeps the state that is shown.

Edits go down into the session, answers come up as one `LabState`; no panel talks to another.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infralab.models.design import Design
from infralab.tui.live import Answer, Deliver, Live
from infralab.tui.recovery import Recovery
from infralab.tui.session import Change, Edit, Session
from infralab.tui.state import LabState, WhatIf

if TYPE_CHECKING:
    from infralab.models.report import Report

KEPT_REPORTS = 64  # so that undo and redo show their figures at once
REST_SECONDS = 0.06  # after a key, for what takes long
Evaluate = Callable[[Design], "Report"]
Listener = Callable[[LabState], None]
KINDS = ("what-if", "design", "baseline", "task", "why", "margin", "search")  # the order in which they are answered


def model(design: Design) -> Report:
    """The model's answer; imported late, on the worker's thread."""
    from infralab.models.evaluate import evaluate
    from infralab.tui.parts import catalogue_for

    return evaluate(design, catalogue_for(design))


class Desk:
    """Owns the open session, the worker and the recovery file; `show` is told every new state."""

    def __init__(
        self,
        session: Session,
        show: Listener,
        deliver: Deliver,
        recovery: Recovery | None = None,
        evaluate: Evaluate = model,
    ) -> None:
        self.session = session
        self.recovery = recovery
        self.state = LabState(design=session.design, name=session.name)
        self._show = show
        self._evaluate = evaluate
        self._live = Live(KINDS, deliver)
        self._reports: OrderedDict[int, tuple[Design, Report]] = OrderedDict()
        self._tasks: dict[int, Callable[[Any], None]] = {}
        self._task = 0
        self._touched = 0.0
        session.subscribe(self._changed)

    # -- from the session

    def _changed(self, change: Change) -> None:
        session, state = self.session, self.state
        if change.what == "opened":
            self._reports.clear()
            state = LabState()
        moved = change.what in ("design", "opened", "baseline")
        report = self._known(session.design) if moved else state.report
        self.state = replace(
            state,
            design=session.design,
            report=report or state.report,
            baseline=self._known(session.baseline) or (None if change.what == "opened" else state.baseline),
            baseline_is_now=session.baseline == session.design if moved else state.baseline_is_now,
            what_if=None if moved else state.what_if,
            selection=session.selection,
            name=session.name,
            dirty=session.dirty,
        )
        if moved:
            self._note_rate(report)
            self.ask()
        if change.what in ("design", "opened"):
            self._recover()
        elif change.what == "saved" and self.recovery is not None:
            self.recovery.clear()
        self._show(self.state)

    def _recover(self) -> None:
        """Edits that aren't in the file yet go to the recovery file."""
        if self.recovery is None:
            return
        session = self.session
        if not session.dirty:
            self.recovery.clear()
            return
        document, design = session.document, session.design

        def text() -> str:
            from infralab.models.document import render

            return render(document, design)

        self.recovery.note(text, session.path, session.name)

    # -- to the model

    def ask(self) -> None:
        """Have the present design evaluated, and the baseline where it isn't known."""
        design, baseline = self.session.design, self.session.baseline
        if self._known(design) is None:
            self._live.ask("design", design, lambda: self._evaluate(design))
        if baseline is not design and self._known(baseline) is None:
            self._live.ask("baseline", baseline, lambda: self._evaluate(baseline))

    def what_if(self, edit: Edit | None, place: str = "", refused: str = "", title: str = "WHAT IF") -> None:
        """Show what an edit would do; None withdraws the question."""
        self._live.withdraw("what-if")
        if edit is None:
            wanted = WhatIf("", refused=refused, title=title) if refused else None
            if wanted != self.state.what_if:
                self._put(replace(self.state, what_if=wanted))
            return
        try:
            design = edit(self.session.design)
        except ValueError as error:
            self._put(replace(self.state, what_if=WhatIf("", refused=str(error), title=title)))
            return
        known = self._known(design)
        before = self.state.what_if
        report = known or (before.report if before and before.place == place else None)
        self._put(replace(self.state, what_if=WhatIf(place, report, place, title)))
        if known is None:
            self._live.ask("what-if", (design, place), lambda: self._evaluate(design))

    def task(self, work: Callable[[], Any], done: Callable[[Any], None], kind: str = "task") -> None:
        """Some other work for the worker; `done` gets its result on the screen's thread."""
        self._task += 1
        self._tasks = {self._task: done, **{k: v for k, v in self._tasks.items() if k > self._task - 8}}
        self._live.ask(kind, self._task, work)

    def touched(self) -> None:
        """A key or the mouse was used."""
        self._touched = time.monotonic()

    def hurried(self) -> bool:
        """Whether a question waits: what takes long should give way. Asked on the worker, which rests here while
        somebody types, so that the screen's thread has Python for itself."""
        while (rest := self._touched + REST_SECONDS - time.monotonic()) > 0 and not self._live.waiting():
            self._live.rest(rest)
        return self._live.waiting()

    @property
    def idle(self) -> bool:
        return self._live.idle

    def close(self) -> None:
        self._live.close()

    # -- from the model

    def answer(self, answer: Answer) -> None:
        """Take a finished answer; called on the screen's thread."""
        if answer.kind in ("task", "why", "margin", "search"):
            done = self._tasks.pop(answer.tag, None)
            if done is not None and answer.error is None:
                done(answer.value)
            return
        if answer.error is not None:
            self._put(replace(self.state, failure=failure(answer.error), what_if=None))
            return
        design = answer.tag[0] if answer.kind == "what-if" else answer.tag
        self._remember(design, answer.value)
        if answer.kind == "what-if":
            what = self.state.what_if
            if what is not None and what.place == answer.tag[1] and not what.refused:
                self._put(replace(self.state, what_if=replace(what, report=answer.value)))
            return
        state = replace(self.state, baseline=self._known(self.session.baseline) or self.state.baseline, failure="")
        if answer.kind == "design":
            state = replace(state, report=answer.value)
        self.state = state
        if design is self.session.design:
            self._note_rate(answer.value)
        self._put(self.state)

    def _put(self, state: LabState) -> None:
        self.state = state
        self._show(state)

    def _note_rate(self, report: Report | None) -> None:
        if report is not None and report.throughput is not None:
            self.state = replace(self.state, history=(*self.state.history, report.throughput.value)[-60:])

    def _known(self, design: Design) -> Report | None:
        found = self._reports.get(id(design))
        return found[1] if found is not None else None

    def _remember(self, design: Design, report: Report) -> None:
        self._reports[id(design)] = (design, report)
        while len(self._reports) > KEPT_REPORTS:
            self._reports.popitem(last=False)


def failure(error: BaseException) -> str:
    """An error of the model in one line: it is the lab's fault, not the design's."""
    return f"the model failed on this design ({type(error).__name__}: {error}); please report it"
