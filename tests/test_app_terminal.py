"""The program in a real terminal: a dropped line loses nothing, a terminal that can't draw is told so."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from infralab.models.document import read
from infralab.tui.recovery import lost
from tests.app_pilot import DESIGN


class Terminal:
    """`infralab FILE` in a pseudo-terminal of 120×40."""

    def __init__(self, arguments: list[str], home: Path, **environment: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(home), "HOME": str(home), **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infralab", *arguments],
            stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def wait(self, text: str, seconds: float = 20.0) -> None:
        """Until the text was written."""
        deadline = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} never came: {self.seen[-600:]!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    break
        assert text.encode() in self.seen

    def send(self, text: str) -> None:
        self.seen = b""
        os.write(self.master, text.encode())

    def drain(self) -> None:
        while select.select([self.master], [], [], 0.2)[0]:
            try:
                if not os.read(self.master, 65536):
                    return
            except OSError:
                return


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_an_edit_survives_whatever_ends_the_lab_and_the_file_is_untouched(
    tmp_path: Path, ending: signal.Signals
) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    terminal = Terminal([str(path)], tmp_path)
    terminal.wait("Topology")
    terminal.wait("images/s")
    terminal.send("\t\t+")  # the second box, one more of it
    terminal.wait("•")
    if ending is signal.SIGKILL:
        time.sleep(1.2)  # older than a second: it must be there whatever happens
    terminal.process.send_signal(ending)
    terminal.drain()
    terminal.process.wait(10)
    assert path.read_text() == DESIGN
    folder = next(tmp_path.rglob("recovery"))
    (item,) = lost(folder)
    assert item.of == str(path.resolve())
    counts = {name: box.count for name, box in read(item.text).design.boxes.items()}
    assert counts in ({"store": 1, "train": 5}, {"store": 2, "train": 4})


def test_a_dumb_terminal_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    terminal = Terminal([str(path)], tmp_path, TERM="dumb")
    terminal.wait("infralab eval")
    assert terminal.process.wait(10) == 2


def test_without_colour_the_lab_still_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    terminal = Terminal([str(path)], tmp_path, NO_COLOR="1")
    terminal.wait("images/s")
    assert b"38;2;" not in terminal.seen
    terminal.send("\x11")
    terminal.drain()
    assert terminal.process.wait(10) == 0
