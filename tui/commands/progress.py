"""A bar on stderr for what takes longer than a second; Ctrl-C stops the work and keeps what there is."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType, TracebackType
from typing import Any

PATIENCE_SECONDS = 1.0
EVERY_SECONDS = 0.1
WIDTH = 30


class Progress:
    """`with Progress("sweep") as step:` then `step(done, total)` until it answers False."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.stopped = False
        self._begun = self._drawn = time.monotonic()
        self._shown = False
        self._before: Any = None

    def __enter__(self) -> Progress:
        try:
            self._before = signal.signal(signal.SIGINT, self._stop)
        except ValueError:  # not the main thread: nobody presses Ctrl-C there
            self._before = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt  # a second time: at once
        self.stopped = True

    def __call__(self, done: int, total: int = 0) -> bool:
        now = time.monotonic()
        if now - self._begun >= PATIENCE_SECONDS and now - self._drawn >= EVERY_SECONDS and sys.stderr.isatty():
            self._drawn, self._shown = now, True
            sys.stderr.write(f"\r\x1b[K{self._text(done, total, now - self._begun)}")
            sys.stderr.flush()
        return not self.stopped

    def _text(self, done: int, total: int, seconds: float) -> str:
        if not total:
            return f"{self.what}: {done} tried, ^C stops"
        full = round(WIDTH * done / total)
        left = seconds / max(done, 1) * (total - done)
        return f"{self.what} [{'#' * full}{'.' * (WIDTH - full)}] {done}/{total}, {left:.0f} s left, ^C keeps what there is"
