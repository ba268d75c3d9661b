"""Lessons: a claim of the guide, the designs that test it, and a verdict from live numbers.

Data stand in `models/lessons/*.toml`, one table a lesson:

    [c27]
    title, claim    in our own words
    preset          the design it starts from; or `design`, a whole one as text
    set, remove     edits that every run starts with
    vary            a sweep ("box.train.count = 1..64*2"): every run becomes a curve
    shows           the figure that is drawn as bars ("rate")
    [c27.run.NAME]  label, preset, set, remove: what is compared
    [c27.figure]    named expressions
    [[c27.verdict]] when, is, text: the first whose `when` holds is the verdict
    precise, facts  where the guide is imprecise, and the catalogue's rows on it
    evidence        cited rows, for a claim that no equation of ours can test
    next            what to try

Expressions know `RUN.FIGURE` (as in a story's claims; a tuple for a curve), + - * / and comparisons,
`and`, `or`, and the functions of `models/explore/expression.py`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from infralab.models import presets
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design, Step
from infralab.models.edits import apply_step
from infralab.models.evaluate import evaluate
from infralab.models.explore.expression import Ran, Runs, said
from infralab.models.explore.sweep import axis, edited
from infralab.models.refusal import Refusal

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lessons")
ROOMS = ("compute", "storage", "networks", "frameworks", "graphs", "systems")  # one file each, in this order
KEYS = frozenset(
    ("title", "claim", "preset", "design", "set", "remove", "vary", "shows", "run", "figure", "verdict",
     "precise", "facts", "evidence", "next", "fit")
)  # fmt: skip


class LessonError(Refusal):
    """A lesson that cannot be read or carried out; the text names it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One design of a lesson. `preset` and `text` are empty where the lesson's own design is meant."""

    name: str
    label: str
    step: Step
    preset: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a lesson says (`verdict`, `text`) where the condition `when` holds of its runs."""

    when: str
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """`number` as in the guide's list ("c27"); `room` is the file it stands in."""

    number: str
    room: str
    title: str
    claim: str
    runs: tuple[Run, ...] = ()
    vary: str = ""
    shows: str = "rate"
    figures: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    precise: str = ""
    facts: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    next: str = ""
    fit: bool = False

    @property
    def computed(self) -> bool:
        """Whether the model tests the claim; otherwise only cited evidence stands for it."""
        return bool(self.runs)


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the catalogue on what the guide says."""

    claim: str
    verdict: str
    detail: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taught:
    """A lesson carried out. `verdict` is "true", "true when …", "not here" or "evidence only"."""

    lesson: Lesson
    verdict: str
    text: str
    runs: tuple[Ran, ...] = ()
    facts: tuple[Fact, ...] = ()


@cache
def lessons() -> tuple[Lesson, ...]:
    """Every lesson in the guide's order. Raises LessonError for a file that is wrong."""
    found = []
    for room in ROOMS:
        path = os.path.join(FOLDER, f"{room}.toml")
        with open(path, "rb") as file:
            tables = tomllib.load(file)
        found += [_read(number, room, table) for number, table in tables.items()]
    return tuple(sorted(found, key=lambda lesson: int(lesson.number[1:])))


def lesson(number: str) -> Lesson:
    """The lesson of a number like "c27". Raises LessonError."""
    for one in lessons():
        if one.number == number:
            return one
    raise LessonError(f"there is no lesson {number}; they run from {lessons()[0].number} to {lessons()[-1].number}")


def _read(number: str, room: str, table: Mapping[str, Any]) -> Lesson:
    unknown = set(table) - KEYS
    if unknown:
        known = ", ".join(sorted(KEYS))
        raise LessonError(f"lesson {number}: no such key {', '.join(sorted(unknown))}; there are {known}")
    runs = tuple(_run(name, raw, table) for name, raw in table.get("run", {}).items())
    rules = tuple(Rule(str(r.get("when", "")), str(r["is"]), str(r["text"])) for r in table.get("verdict", ()))
    return Lesson(
        number,
        room,
        str(table["title"]),
        str(table["claim"]),
        runs,
        str(table.get("vary", "")),
        str(table.get("shows", "rate")),
        dict(table.get("figure", {})),
        rules,
        str(table.get("precise", "")),
        tuple(table.get("facts", ())),
        tuple(table.get("evidence", ())),
        str(table.get("next", "")),
        bool(table.get("fit", False)),
    )


def _run(name: str, raw: Mapping[str, Any], table: Mapping[str, Any]) -> Run:
    own = "preset" in raw or "design" in raw
    of = raw if own else table
    common = ((), ()) if own else (tuple(table.get("remove", ())), tuple(table.get("set", ())))
    step = Step(
        str(raw.get("label", name)),
        remove=(*common[0], *raw.get("remove", ())),
        set=(*common[1], *raw.get("set", ())),
    )
    return Run(name, step.title, step, str(of.get("preset", "")), str(of.get("design", "")))


def start(run: Run) -> Design:
    """The design that a run computes. Raises LessonError, EditError."""
    from infralab.models.document import load, read

    if run.text:
        design = read(run.text).design
    else:
        path = presets.path_of(run.preset)
        if path is None:
            raise LessonError(f'"{run.label}": there is no preset {run.preset or "named"}')
        design = load(path).design
    return apply_step(design, run.step)


def teach(one: Lesson, catalogue: Catalogue | None = None) -> Taught:
    """Carry a lesson out. Raises LessonError, EditError."""
    catalogue = catalogue or default_catalogue()
    facts = tuple(_fact(catalogue, name) for name in one.facts)
    if not one.computed:
        return Taught(one, "evidence only", " ".join(one.evidence) or facts[0].detail, (), facts)
    ran = tuple(_ran(one, run, catalogue) for run in one.runs)
    known = Runs({run.name: run for run in ran}, one.figures, catalogue)
    for rule in one.rules:
        if not rule.when or known.holds(rule.when):
            return Taught(one, said(rule.verdict, known), said(rule.text, known), ran, facts)
    raise LessonError(f"lesson {one.number}: no verdict holds; the last one should have no `when`")


def _ran(one: Lesson, run: Run, catalogue: Catalogue) -> Ran:
    design = start(run)
    if not one.vary:
        return Ran(run.name, run.label, (design,), (evaluate(design, catalogue, fit=one.fit),))
    along = axis(re.sub(r"\s*=\s*", "=", one.vary, count=1))
    designs = tuple(edited(design, along.path, text) for text in along.texts)
    reports = tuple(evaluate(varied, catalogue, fit=one.fit) for varied in designs)
    return Ran(run.name, run.label, designs, reports, along.values, along.texts)


def _fact(catalogue: Catalogue, name: str) -> Fact:
    row = catalogue.table(f"articles.{name}")
    source = row.get("source", ())
    sources = (source,) if isinstance(source, str) else tuple(str(s) for s in source)
    return Fact(str(row.get("claim", "")), str(row.get("verdict", "")), str(row.get("detail", "")), sources)
