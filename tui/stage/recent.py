"""Designs that were opened lately: a short list of paths in the user's state folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

MOST = 8


def _file() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "infralab" / "recent"


def recent() -> list[Path]:
    """Files that still exist, the last one opened first."""
    try:
        lines = _file().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [path for line in lines if line and (path := Path(line)).is_file()]


def note(path: Path) -> None:
    """Remember a file; a folder that can't be written is no reason to stop anyone."""
    path = path.expanduser().resolve()
    with contextlib.suppress(OSError):
        lines = [str(path), *(str(other) for other in recent() if other != path)][:MOST]
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text("\n".join(lines) + "\n", encoding="utf-8")
