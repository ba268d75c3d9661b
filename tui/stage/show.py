"""A story on stage: which slide is shown, what the room voted, what the model found. No widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, Step
from infralab.models.explore.claims import Told, tell
from infralab.models.explore.story import Revealed, options, reveal
from infralab.models.refusal import Refusal
from infralab.models.report import Report

Phase = Literal["vote", "reveal", "step"]
PLAIN = (Step(title="As it is"),)  # what a design without a story shows


@dataclass(frozen=True, slots=True)
class Slide:
    """One picture of the show; a step with a vote has three of them."""

    step: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class Played:
    """What the model found for a story. `failure` is why it stopped early."""

    start: Report | None = None
    told: tuple[Told, ...] = ()
    revealed: dict[int, tuple[Revealed, ...]] = field(default_factory=dict)
    failure: str = ""


def play(design: Design, catalogue: Catalogue | None = None) -> Played:
    """Carry the story out, and every option that may be voted for. Never raises for a faulty step."""
    from infralab.models.evaluate import evaluate

    story = with_steps(design)
    told: list[Told] = []
    revealed: dict[int, tuple[Revealed, ...]] = {}
    failure = ""
    try:
        before = story
        for number, one in enumerate(tell(story, catalogue)):
            if one.step.vote:
                revealed[number] = tuple(reveal(before, story, one.step, catalogue))
            told.append(one)
            before = one.design
    except Refusal as error:
        failure = str(error)
    return Played(evaluate(design, catalogue), tuple(told), revealed, failure)


def with_steps(design: Design) -> Design:
    return design if design.story else replace(design, story=PLAIN)


class Show:
    """Where the presenter stands. Slides follow the story; votes are kept by step."""

    def __init__(self, design: Design) -> None:
        self.design = with_steps(design)
        self.played = Played()
        self.slides = tuple(_slides(self.design.story))
        self.at = 0
        self.votes: dict[int, list[int]] = {}
        self.plain = False  # half blocks can't be drawn: figures need whole cells
        self.detour: Report | None = None  # what one found on the way, beside the story

    @property
    def slide(self) -> Slide:
        return self.slides[self.at]

    @property
    def step(self) -> Step:
        return self.design.story[self.slide.step]

    @property
    def told(self) -> Told | None:
        number = self.slide.step
        return self.played.told[number] if number < len(self.played.told) else None

    @property
    def before(self) -> Report | None:
        """The report one step earlier; at the first step that of the start."""
        number = self.slide.step
        if number == 0:
            return self.played.start
        return self.played.told[number - 1].report if number <= len(self.played.told) else None

    @property
    def live(self) -> Design:
        """The design on stage: before the vote is revealed, that of the step before."""
        number = self.slide.step - (0 if self.slide.phase == "step" else 1)
        if 0 <= number < len(self.played.told):
            return self.played.told[number].design
        return self.design

    def next(self) -> bool:
        """One slide on; False at the end."""
        if self.at + 1 >= len(self.slides):
            return False
        self.at += 1
        self.detour = None
        return True

    def back(self) -> bool:
        if self.at == 0:
            return False
        self.at -= 1
        self.detour = None
        return True

    def to(self, step: int) -> None:
        """The first slide of a step."""
        self.at = next((i for i, slide in enumerate(self.slides) if slide.step == step), self.at)

    # -- votes

    def vote(self, number: int) -> bool:
        """One more hand for an option (from 1); False where there is nothing to vote on."""
        if self.slide.phase == "step" or not 1 <= number <= len(self.step.vote):
            return False
        self.votes.setdefault(self.slide.step, []).append(number)
        return True

    def unvote(self) -> bool:
        """Take the last vote back."""
        cast = self.votes.get(self.slide.step)
        if self.slide.phase == "step" or not cast:
            return False
        cast.pop()
        return True

    @property
    def counts(self) -> Counter[int]:
        return Counter(self.votes.get(self.slide.step, ()))

    @property
    def labels(self) -> tuple[str, ...]:
        """What may be voted for; empty where the story cannot say."""
        try:
            return tuple(option.label for option in options(self.design, self.step))
        except Refusal:
            return ()


def _slides(story: Sequence[Step]) -> list[Slide]:
    found = []
    for number, step in enumerate(story):
        if step.vote:
            found += [Slide(number, "vote"), Slide(number, "reveal")]
        found.append(Slide(number, "step"))
    return found
