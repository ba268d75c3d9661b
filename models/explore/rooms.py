"""The six rooms of the start screen: a question on a preset, and what each guess would do."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, replace
from functools import cache

from infralab.models import presets
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, Step
from infralab.models.explore.claims import figure
from infralab.models.explore.lesson import FOLDER, LessonError
from infralab.models.explore.story import Revealed, reveal


@dataclass(frozen=True, slots=True)
class Room:
    """`options` are written as a story's vote; `because` is what the answer teaches."""

    name: str
    title: str
    about: str
    preset: str
    scene: str
    options: tuple[str, ...]
    because: str
    lessons: tuple[str, ...]
    shows: str = "rate"  # the figure that the guesses are compared by

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(text.partition("|")[0].strip() for text in self.options)

    def design(self) -> Design:
        """The preset that the question is about. Raises LessonError."""
        from infralab.models.document import load

        path = presets.path_of(self.preset)
        if path is None:
            raise LessonError(f"room {self.name}: there is no preset {self.preset}")
        return load(path).design


@cache
def rooms() -> tuple[Room, ...]:
    """All six, in the order of the map."""
    with open(os.path.join(FOLDER, "start.toml"), "rb") as file:
        tables = tomllib.load(file)
    return tuple(
        Room(
            name,
            *(str(table[key]) for key in ("title", "about", "preset", "scene")),
            tuple(table["options"]),
            str(table["because"]),
            tuple(table["lessons"]),
            str(table.get("shows", "rate")),
        )
        for name, table in tables.items()
    )


def shown(room: Room, one: Revealed) -> float:
    """The figure that the room compares by; 0 where there is none."""
    value = figure(room.shows, one.report)
    return value if isinstance(value, float) else 0.0


def answer(room: Room, catalogue: Catalogue | None = None) -> tuple[Revealed, ...]:
    """The design as it is, then with each guess. Raises LessonError, VoteError, EditError."""
    design = room.design()
    story = replace(design, story=(*design.story, Step(vote=room.options)))
    found = reveal(design, story, story.story[-1], catalogue)
    return tuple(one for one in found if len(one.numbers) < 2)
