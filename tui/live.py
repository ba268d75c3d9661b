"""Evaluation away from the screen: one thread, and one slot for each kind of question.

A question that has not begun is replaced by a newer one of its kind; a begun one is finished and its
answer shown, so that numbers keep moving during a long drag.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Deliver = Callable[["Answer"], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """`value`, or the `error` that kept it from being found. `tag` is the asker's."""

    kind: str
    tag: Any
    value: Any = None
    error: BaseException | None = None


class Live:
    """Answers questions on one thread, the kinds in the order of `kinds`, the newest of each only.

    deliver: called on the worker's thread with each finished answer.
    """

    def __init__(self, kinds: tuple[str, ...], deliver: Deliver) -> None:
        self._kinds = kinds
        self._deliver = deliver
        self._slots: dict[str, tuple[Any, Callable[[], Any]]] = {}
        self._ready = threading.Condition()
        self._working = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, kind: str, tag: Any, work: Callable[[], Any]) -> None:
        """Put a question into its slot; never blocks. Raises ValueError for an unknown kind."""
        if kind not in self._kinds:
            raise ValueError(f"no slot {kind!r}; there are {', '.join(self._kinds)}")
        with self._ready:
            if self._closed:
                return
            self._slots[kind] = (tag, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="evaluate")
                self._thread.start()
            self._ready.notify_all()

    def withdraw(self, kind: str) -> None:
        """Drop a question that has not begun."""
        with self._ready:
            self._slots.pop(kind, None)

    def waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        with self._ready:
            return bool(self._slots)

    def rest(self, seconds: float) -> None:
        """On the worker's thread: do nothing for a while, or until somebody asks something."""
        with self._ready:
            self._ready.wait_for(lambda: bool(self._slots) or self._closed, seconds)

    @property
    def idle(self) -> bool:
        with self._ready:
            return not self._slots and not self._working

    def close(self) -> None:
        with self._ready:
            self._closed = True
            self._slots.clear()
            self._ready.notify_all()

    def _take(self) -> tuple[str, Any, Callable[[], Any]] | None:
        with self._ready:
            self._working = False
            while not self._slots and not self._closed:
                self._ready.wait()
            if self._closed:
                return None
            kind = min(self._slots, key=self._kinds.index)
            tag, work = self._slots.pop(kind)
            self._working = True
            return kind, tag, work

    def _run(self) -> None:
        while (job := self._take()) is not None:
            kind, tag, work = job
            try:
                answer = Answer(kind, tag, work())
            except Exception as error:  # shown on screen: a failing evaluation must not end the lab
                answer = Answer(kind, tag, error=error)
            if not self._closed:
                self._deliver(answer)
