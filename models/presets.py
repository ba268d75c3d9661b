"""The designs that ship with the lab: found by name, listed with what each is for."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from infralab.models.schema import nearest

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "presets")
FIRST = "default"  # the tag of the preset that opens when nothing else was asked for


@dataclass(frozen=True, slots=True)
class Preset:
    """`workload` is its kind; `path` a file in the installed package."""

    name: str
    title: str
    question: str
    tags: tuple[str, ...]
    workload: str
    path: str


@cache
def names() -> tuple[str, ...]:
    """Names of all presets, sorted."""
    if not os.path.isdir(FOLDER):
        return ()
    return tuple(sorted(file[:-5] for file in os.listdir(FOLDER) if file.endswith(".toml")))


def path_of(name: str) -> str | None:
    """The file of a preset, or None where there is none of that name; case and `.toml` do not matter."""
    wanted = name.lower().removesuffix(".toml").replace("_", "-")
    return os.path.join(FOLDER, f"{wanted}.toml") if wanted in names() else None


def near(name: str) -> str | None:
    """The preset that a misspelt name was probably meant to be."""
    return nearest(name.removesuffix(".toml"), names())


@cache
def presets() -> tuple[Preset, ...]:
    """Every preset, sorted by name. Only the head of each file is parsed."""
    return tuple(_read(name) for name in names())


def default() -> Preset | None:
    """The preset that invites a first what-if: the one tagged so, else the first by name."""
    for name in names():
        with open(os.path.join(FOLDER, f"{name}.toml"), encoding="utf-8") as file:
            if f'"{FIRST}"' in file.read(4000):
                found = _read(name)
                if FIRST in found.tags:
                    return found
    return _read(names()[0]) if names() else None


def _read(name: str) -> Preset:
    path = os.path.join(FOLDER, f"{name}.toml")
    with open(path, encoding="utf-8") as file:
        data = _head(file.read())
    tags = tuple(str(tag) for tag in data.get("tags", ()))
    kind = str(data.get("workload", {}).get("kind", ""))
    return Preset(name, str(data.get("title", name)), str(data.get("question", "")), tags, kind, path)


def _head(text: str) -> dict[str, Any]:
    """Keys before the first table, and the workload where it stands first; else the whole file."""
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if line.startswith("[")]
    if len(headers) > 1:
        try:
            data = tomllib.loads("".join(lines[: headers[1]]))
        except tomllib.TOMLDecodeError:  # a bracket at the start of a line that is no header
            data = {}
        if "workload" in data:
            return data
    return tomllib.loads(text)
