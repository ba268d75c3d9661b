"""Opening by a preset's name or a file's path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.models.document import Document


def is_shipped(path: Path) -> bool:
    """Whether a file belongs to the lab itself: edits to it are saved under another name."""
    from infralab.models.presets import FOLDER

    return path.resolve().parent == Path(FOLDER).resolve()


def open_named(name: str) -> Document:
    """The document in a file, or else in the preset of that name.

    Raises DocumentError when there is neither, or when it can't be read.
    """
    from infralab.models.document import load
    from infralab.models.presets import path_of

    path = Path(name).expanduser()
    return load(path if path.exists() else path_of(name) or path)
