"""Presets that ship with the lab, and opening by name or path."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.models.document import Document


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    title: str
    question: str
    path: Path


def folder() -> Path:
    from infralab import presets

    return Path(presets.__file__).parent


def presets() -> list[Preset]:
    """Every preset that ships, by name."""
    found = []
    for path in sorted(folder().glob("*.toml")):
        with path.open("rb") as file:
            head = tomllib.load(file)
        found.append(Preset(path.stem, str(head.get("title", path.stem)), str(head.get("question", "")), path))
    return found


def open_named(name: str) -> Document:
    """The document of a preset's name or of a file's path.

    Raises DocumentError when there is neither, or when it can't be read.
    """
    from infralab.models.document import load

    preset = folder() / f"{name}.toml"
    if "/" not in name and not Path(name).exists() and preset.exists():
        return load(preset)
    return load(Path(name).expanduser())
