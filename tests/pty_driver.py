"""The real program in a pseudo-terminal, with an emulator that knows what is on the screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

import pyte

KEYS = {
    "enter": "\r", "esc": "\x1b", "tab": "\t", "btab": "\x1b[Z", "del": "\x1b[3~",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "^s": "\x13", "^z": "\x1a", "^y": "\x19", "^q": "\x11", "^u": "\x15", "^o": "\x0f",
}  # fmt: skip
LEFT, RIGHT, DRAGGED, WHEEL_UP, WHEEL_DOWN = 0, 2, 32, 64, 65


class Program:
    """`infralab ARGUMENTS`; leave the `with` block and it is gone."""

    def __init__(self, arguments: list[str], home: Path, size: tuple[int, int] = (120, 40), **environment: str) -> None:
        self.columns, self.rows = size
        self.screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self.screen)
        self.code: int | None = None
        inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        variables = {
            **inherited,
            "TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config"), **environment,
        }  # fmt: skip
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", "infralab", *arguments], variables)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.code is None:
            self.end(signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.close(self.fd)

    # -- what it shows

    def pump(self, seconds: float = 0.05) -> bool:
        """Take what it writes within a time; False at its end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        if data:
            self._answer(data)
            self._stream.feed(data)
        return bool(data)

    def _answer(self, data: bytes) -> None:
        """What a terminal answers when it is asked where its cursor stands."""
        for _ in range(data.count(b"\x1b[6n")):
            os.write(self.fd, b"\x1b[1;1R")
        if b"\x1b[?2026$p" in data:
            os.write(self.fd, b"\x1b[?2026;2$y")

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait(self, *texts: str, seconds: float = 25.0, gone: bool = False) -> None:
        """Until one of the texts is on the screen, or (`gone`) none is."""
        deadline = time.monotonic() + seconds
        while any(text in self.text for text in texts) == gone:
            going = self.pump()
            late = time.monotonic() > deadline
            assert going and not late, f"{texts} {'stayed' if gone else 'never came'}:\n{self.text}"

    def rest(self, seconds: float = 0.4) -> None:
        """Until nothing has been written for a time."""
        while select.select([self.fd], [], [], seconds)[0] and self.pump():
            pass

    def find(self, text: str) -> tuple[int, int]:
        """Column and row of a text that stands on the screen once or more: the first."""
        for y, line in enumerate(self.screen.display):
            if text in line:
                return line.index(text), y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")

    # -- what a person does

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.send(KEYS.get(key, key))
            self.pump(0.03)

    def mouse(self, button: int, x: int, y: int, release: bool = False) -> None:
        self.send(f"\x1b[<{button};{x + 1};{y + 1}{'m' if release else 'M'}")
        self.pump(0.02)

    def click(self, x: int, y: int, button: int = LEFT) -> None:
        self.mouse(button, x, y)
        self.mouse(button, x, y, release=True)

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 8) -> None:
        (x0, y0), (x1, y1) = start, end
        self.mouse(LEFT, x0, y0)
        for i in range(1, steps + 1):
            self.mouse(DRAGGED, x0 + (x1 - x0) * i // steps, y0 + (y1 - y0) * i // steps)
        self.rest(0.15)
        self.mouse(LEFT, x1, y1, release=True)

    # -- its end

    def end(self, number: int, seconds: float = 10.0) -> int:
        """Send a signal and wait; the exit status, negative for a signal that killed it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return self.ended(seconds)

    def hang_up(self) -> int:
        """The line drops: the terminal is gone, and the kernel says so with SIGHUP."""
        os.close(self.fd)
        self.fd = os.open(os.devnull, os.O_RDWR)
        return self.ended(10.0)

    def ended(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                return self.code
            self.pump(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.code = -signal.SIGKILL
        raise AssertionError(f"it did not end:\n{self.text}")
