"""Questions to the model from a screen: answered on a thread, told back as a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.message import Message
from textual.message_pump import MessagePump

from infralab.tui.live import Answer, Live


class Answered(Message):
    """The worker has an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Asker:
    """One worker for one screen; of each kind of question only the newest waits."""

    def __init__(self, screen: MessagePump, *kinds: str) -> None:
        self._screen = screen
        self._live = Live(kinds, self._deliver)

    def ask(self, kind: str, tag: Any, work: Callable[[], Any]) -> None:
        self._live.ask(kind, tag, work)

    @property
    def idle(self) -> bool:
        return self._live.idle

    def close(self) -> None:
        self._live.close()

    def _deliver(self, answer: Answer) -> None:
        self._screen.post_message(Answered(answer))
