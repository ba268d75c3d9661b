"""A recovery file beside the user's own: every edit is in it within a second, and it never touches theirs.

One pair of files a running lab: `<id>.toml` holds the design, `<id>.json` says of which file it is.
A lab that ends in good order removes its pair; a pair whose lab no longer runs is offered at the next start.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DELAY_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Lost:
    """What a lab left behind that ended without being asked to."""

    text: str
    of: str  # the file it belongs to; "" for a design that was never saved
    name: str
    at: float  # seconds since the epoch
    files: tuple[Path, Path]

    def forget(self) -> None:
        for file in self.files:
            file.unlink(missing_ok=True)


def folder() -> Path:
    """Where recovery files lie: the platform's state directory."""
    import platformdirs

    return platformdirs.user_state_path("infralab") / "recovery"


class Recovery:
    """Writes the newest text soon after `note`, on a thread of its own."""

    def __init__(self, where: Path | None = None) -> None:
        self.where = where or folder()
        self._name = f"{os.getpid()}-{time.time_ns() % 10**9}"
        self._slot: tuple[Callable[[], str], Path | None, str] | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self.failure: str = ""  # why the last one could not be written

    @property
    def files(self) -> tuple[Path, Path]:
        return self.where / f"{self._name}.toml", self.where / f"{self._name}.json"

    def note(self, text: Callable[[], str], of: Path | None, name: str) -> None:
        """Remember what to write; `text` is called on the writing thread, once for edits in a row."""
        with self._lock:
            self._slot = (text, of, name)
            if self._timer is None:
                self._timer = threading.Timer(DELAY_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits, now."""
        with self._writing:
            with self._lock:
                slot, self._slot = self._slot, None
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if slot is not None:
                self._write(*slot)

    def clear(self) -> None:
        """All is saved, or was given up on purpose: nothing needs to be recovered."""
        with self._writing:
            with self._lock:
                self._slot = None
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            for file in self.files:
                file.unlink(missing_ok=True)

    def _write(self, text: Callable[[], str], of: Path | None, name: str) -> None:
        import json

        design, facts = self.files
        try:
            whose = str(of.resolve()) if of else ""
            about = json.dumps({"of": whose, "name": name, "at": time.time(), "pid": os.getpid()})
            self.where.mkdir(parents=True, exist_ok=True)
            _replace(design, text())
            _replace(facts, about)
            self.failure = ""
        except (OSError, ValueError) as error:  # a full disk must not stop the editing; the lab says so
            self.failure = str(error)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(path.suffix + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def lost(where: Path | None = None) -> list[Lost]:
    """What labs that no longer run left behind, newest first."""
    import json

    where = where or folder()
    found = []
    for facts in where.glob("*.json") if where.is_dir() else ():
        try:
            about = json.loads(facts.read_text("utf-8"))
            if _runs(int(about["pid"])):
                continue
            design = facts.with_suffix(".toml")
            found.append(
                Lost(
                    design.read_text("utf-8"),
                    str(about["of"]),
                    str(about["name"]),
                    float(about["at"]),
                    (design, facts),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda item: -item.at)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
