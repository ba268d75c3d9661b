"""The six rooms of the start screen: a question on a preset, and what each guess would do."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the map is drawn before the model is read
    from infralab.models.catalogue import Catalogue
    from infralab.models.design import Design
    from infralab.models.explore.story import Revealed

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lessons")


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
        from infralab.models import presets
        from infralab.models.document import load
        from infralab.models.explore.lesson import LessonError

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
            str(table["title"]),
            str(table["about"]),
            str(table["preset"]),
            str(table["scene"]),
            tuple(table["options"]),
            str(table["because"]),
            tuple(table["lessons"]),
            str(table.get("shows", "rate")),
        )
        for name, table in tables.items()
    )


def shown(room: Room, one: Revealed) -> float:
    """The figure that the room compares by; 0 where there is none."""
    from infralab.models.explore.claims import figure

    value = figure(room.shows, one.report)
    return value if isinstance(value, float) else 0.0


def answer(room: Room, catalogue: Catalogue | None = None) -> tuple[Revealed, ...]:
    """The design as it is, then with each guess. Raises LessonError, VoteError, EditError."""
    from infralab.models.design import Step
    from infralab.models.explore.story import reveal

    design = room.design()
    story = replace(design, story=(*design.story, Step(vote=room.options)))
    found = reveal(design, story, story.story[-1], catalogue)
    return tuple(one for one in found if len(one.numbers) < 2)
