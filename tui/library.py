"""Presets that ship with the lab, and opening by name or path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infralab.models.presets import FOLDER, path_of, presets

if TYPE_CHECKING:
    from infralab.models.document import Document

__all__ = ["folder", "open_named", "presets"]


def folder() -> Path:
    return Path(FOLDER)


def open_named(name: str) -> Document:
    """The document of a file's path or of a preset's name; a file of that name wins.

    Raises DocumentError when there is neither, or when it can't be read.
    """
    from infralab.models.document import load

    path = Path(name).expanduser()
    shipped = None if path.exists() or "/" in name else path_of(name)
    return load(shipped or path)
