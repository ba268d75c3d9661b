"""Lessons: every claim of the guide is carried out, and every verdict rests on figures of the model."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from infralab.models.catalogue import default_catalogue
from infralab.models.explore.expression import ExpressionError, Runs
from infralab.models.explore.lesson import LessonError, Rule, lesson, lessons, teach
from infralab.models.explore.rooms import Room, answer, rooms, shown

WANTED = [f"c{number}" for number in range(1, 46)]


def test_every_claim_of_the_guide_has_its_lesson_and_most_are_computed() -> None:
    assert [one.number for one in lessons()] == WANTED
    assert sum(one.computed for one in lessons()) >= 30


@pytest.mark.parametrize("number", WANTED)
def test_a_lesson_yields_a_verdict_with_numbers(number: str) -> None:
    one = lesson(number)
    taught = teach(one)
    assert re.search(r"\d", taught.text), taught.text
    assert "{" not in taught.text
    assert "–" not in taught.text, f"a figure is missing: {taught.text}"
    assert one.next
    if one.computed:
        assert taught.verdict.startswith(("true", "not"))
        assert all(ran.reports and all(report.throughput for report in ran.reports) for ran in taught.runs)
    else:
        assert taught.verdict == "evidence only"
        assert taught.facts
        assert all(fact.sources for fact in taught.facts)


def test_every_row_on_the_guide_that_the_catalogue_has_is_told_somewhere() -> None:
    told = {name for one in lessons() for name in one.facts}
    about_sources = {"h100_pcie_memory", "b200_memory"}  # of pages about hardware, not of the guide
    assert set(default_catalogue().table("articles")) - told <= about_sources


def test_a_verdict_follows_the_numbers_not_the_text() -> None:
    one = lesson("c21")
    always = replace(one, rules=(Rule("files.rate > shards.rate", "true", "no"), Rule("", "not here", "{files.rate:r}")))
    assert teach(always).verdict == "not here"
    with pytest.raises(LessonError, match="no verdict holds"):
        teach(replace(one, rules=(Rule("files.rate > shards.rate", "true", "no"),)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("none.rate", "there is no run none"),
        ("files.colour", "files has no colour"),
        ("files.rate +", "files.rate"),
        ("__import__('os')", "__import__"),
        ("[1][0]", "nothing that an expression may hold"),
    ],
)
def test_an_expression_that_cannot_be_read_says_why(text: str, says: str) -> None:
    ran = teach(lesson("c21")).runs
    known = Runs({run.name: run for run in ran}, {}, default_catalogue())
    with pytest.raises(ExpressionError, match=re.escape(says)):
        known.value(text)


def test_an_unknown_lesson_is_refused() -> None:
    with pytest.raises(LessonError, match="from c1 to c45"):
        lesson("c99")


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_a_room_asks_what_the_model_can_answer_with_one_guess_that_matters(room: Room) -> None:
    found = answer(room)
    assert [one.numbers for one in found] == [(), *((number,) for number in range(1, len(room.options) + 1))]
    assert 3 <= len(room.options) <= 4
    start = shown(room, found[0])
    gains = sorted((shown(room, one) / start for one in found[1:]), reverse=True)
    assert gains[0] > 1.1
    assert gains[-1] < 0.9 * gains[0]
    assert all(lesson(number) for number in room.lessons)


def test_the_map_has_the_six_rooms() -> None:
    assert [room.name for room in rooms()] == ["compute", "storage", "networks", "frameworks", "graphs", "systems"]


