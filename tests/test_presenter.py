"""Presenting: a story on stage, votes, detours, recording, and the story as a page with pictures."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design, Step
from infralab.models.document import load, read
from infralab.models.edits import apply_step, set_value
from infralab.models.explore.claims import tell
from infralab.models.explore.story import VoteError, options, record, reveal
from infralab.tui.app import LabApp, Settings
from infralab.tui.commands import main
from infralab.tui.export.story_markdown import story_page
from infralab.tui.panels.paint import width_of
from infralab.tui.screens.gallery import Gallery
from infralab.tui.screens.lessons import Lessons
from infralab.tui.screens.presenter import FRAMES, PresenterScreen
from infralab.tui.screens.start import RoomScreen, StartScreen
from infralab.tui.stage import big, slides
from infralab.tui.stage.show import Show, play
from tests.designs import PHOTOS, rate

VOTES = (
    "Faster GPUs | box.train.is = 'dgx-b200'",
    "More prefixes | box.store.prefixes = 64",
    "More wires | wire.store-train.count = 8",
)
STORY = (
    """
schema = "infralab.design/1"
title = "Photos from object storage"
question = "What helps?"
"""
    + PHOTOS
    + """\
[software]
framework = "pytorch"
loader = "dali"
[box.store]
is = "s3-standard"
prefixes = 4
[box.train]
is = "dgx-h100"
count = 4
[wire.store-train]
ends = ["store", "train"]
is = "ethernet-100-tcp"
count = 2
[[story]]
title = "As it is"
note = "One request for each photo."
[[story]]
title = "More prefixes"
vote = ["Faster GPUs | box.train.is = 'dgx-b200'", "More prefixes | step 2"]
set = ["box.store.prefixes = 64"]
expect = ["rate > 2 * before"]
[[story]]
title = "Pack them"
set = ["workload.dataset.samples_per_file = 1000"]
expect = ["rate < 0.5 * before"]
"""
)


def design() -> Design:
    return read(STORY).design


# --- votes and records, without a screen -----------------------------------------------------------


def test_what_is_revealed_is_what_each_option_does_to_the_design_on_stage() -> None:
    start = design()
    step = replace(start.story[0], vote=VOTES)
    now, gpus, prefixes, wires, *rest = reveal(start, start, step)
    assert now.numbers == ()
    assert rate(gpus.report) == pytest.approx(rate(now.report))
    assert rate(wires.report) == pytest.approx(rate(now.report))
    assert rate(prefixes.report) > 2 * rate(now.report)
    assert all(rate(both.report) > 1.01 * rate(prefixes.report) for both in rest)


def test_a_pair_that_beats_both_alone_is_shown_too() -> None:
    start = set_value(design(), "workload.dataset.samples_per_file", 1)
    step = Step(vote=("Prefixes | box.store.prefixes = 1024", "GPUs | box.train.is = 'dgx-b200'"))
    *_, both = reveal(start, start, step)
    assert both.numbers == (1, 2)


def test_an_option_may_remove_and_may_point_at_a_step() -> None:
    start = design()
    step = Step(vote=("Pointed | step 3", "Two edits | - wire.store-train ; box.train.count = 8"))
    pointed, two = options(start, step)
    assert pointed.step.set == start.story[2].set
    assert two.step.remove == ("wire.store-train",)
    assert two.step.set == ("box.train.count = 8",)


@pytest.mark.parametrize("text", ["no edit", "| box.a = 1", "label |", "label | step 9", "label | step x"])
def test_an_option_that_cannot_be_read_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(VoteError, match="vote"):
        options(design(), Step(vote=(text,)))


def test_a_vote_is_kept_by_the_file() -> None:
    from infralab.models.document import render

    document = read(STORY)
    assert read(render(document, document.design)).design.story == document.design.story
    assert document.design.story[1].vote[1] == "More prefixes | step 2"


@pytest.mark.parametrize("name", ["photos-on-object-storage", "host-cpu-starves-gpus", "checkpoints-on-16384-gpus"])
def test_what_was_done_is_recorded_as_steps_that_do_it_again(name: str) -> None:
    path = presets.path_of(name)
    assert path is not None
    start = load(path).design
    moments = [("", start), *((told.step.title, told.design) for told in tell(start))]
    again = start
    for step in record(moments):
        again = apply_step(again, step)
    assert again == moments[-1][1]


# --- the show --------------------------------------------------------------------------------------


def test_a_step_with_a_vote_has_three_slides_and_back_leads_the_same_way() -> None:
    show = Show(design())
    seen = [show.slide]
    while show.next():
        seen.append(show.slide)
    assert [(slide.step, slide.phase) for slide in seen] == [
        (0, "step"), (1, "vote"), (1, "reveal"), (1, "step"), (2, "step"),
    ]  # fmt: skip
    while show.back():
        pass
    assert show.at == 0


def test_the_design_on_stage_is_that_of_the_step_before_until_the_vote_is_over() -> None:
    show = Show(design())
    show.played = play(show.design)
    show.next()
    assert show.live.boxes["store"].prefixes == 4
    show.next()
    show.next()
    assert show.live.boxes["store"].prefixes == 64


def test_a_claim_that_the_model_does_not_bear_out_is_said_on_the_slide() -> None:
    show = Show(design())
    show.played = play(show.design)
    show.to(2)
    text = "\n".join("".join(piece for piece, _ in line) for line in slides.slide(show, 100, 30, 1.0, None, False))
    assert "the story expects rate < 0.5 * before" in text


def test_a_faulty_step_stops_the_story_with_a_sentence_and_keeps_what_came_before() -> None:
    bad = design()
    bad = replace(bad, story=(*bad.story, Step("Broken", set=("box.nowhere.count = 2",))))
    played = play(bad)
    assert len(played.told) == 3
    assert "nowhere" in played.failure


@pytest.mark.parametrize("name", presets.names())
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48)])
def test_every_slide_of_every_preset_fits_the_screen(name: str, width: int, height: int) -> None:
    path = presets.path_of(name)
    assert path is not None
    show = Show(load(path).design)
    show.played = play(show.design)
    assert not show.played.failure
    while True:
        lines = slides.slide(show, width, height, 1.0, None, False)
        assert len(lines) == height
        assert all(width_of(line) <= width for line in lines)
        if not show.next():
            break
    assert len(slides.one_page(show, width, height)) == height


def test_large_figures_spell_every_figure_that_the_model_can_give() -> None:
    for text in ("88 k", "1.71 M", "48.2 MB/s", "672.9", "0.5 G", "12 T", "3 m"):
        assert big.spelled(text)
        assert len(big.rows(text)) == 3
        assert len(big.rows(text, 2)) == 5
        assert len({len(row) for row in big.rows(text)}) == 1


# --- on screen -------------------------------------------------------------------------------------


class Stage:
    """The lab under test, with whatever screen is on top."""

    def __init__(self, app: LabApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        quiet = 0
        for _ in range(600):
            await self.pilot.pause(0.01)
            asker = getattr(self.app.screen, "asker", None)
            idle = self.app.desk.idle and (asker is None or asker.idle)
            quiet = quiet + 1 if idle else 0
            if quiet == 4:
                return
        raise AssertionError("the model never answered")

    def text(self) -> str:
        page = self.app.screen.page  # type: ignore[attr-defined]
        return "\n".join("".join(piece for piece, _ in line) for line in page.lines(page.content_size.width))


@asynccontextmanager
async def stage(
    folder: Path, size: tuple[int, int] = (80, 24), **settings: Any
) -> AsyncIterator[Stage]:
    app = LabApp(read(STORY), Settings(recover=False, recovery_folder=folder, **settings))
    async with app.run_test(size=size) as pilot:
        found = Stage(app, pilot)
        await found.settle()
        yield found


async def test_f5_shows_the_story_a_step_a_key_and_q_leaves(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.press("f5")
        assert isinstance(on.app.screen, PresenterScreen)
        assert "As it is" in on.text()
        assert "22 k" in on.text() or "images/s" in on.text()
        await on.press("n")
        assert "One request for each photo." in on.text()
        await on.press("n", "space", "2", "2", "1")
        assert on.app.screen.show.counts == {2: 2, 1: 1}
        assert "×" not in on.text()  # nothing is told before the room has voted
        await on.press("backspace")
        assert on.app.screen.show.counts == {2: 2}
        await on.press("space")
        assert "×" in on.text()
        await on.press("left", "left")
        assert "As it is" in on.text()
        await on.press("q")
        assert on.app.screen is on.app.lab


async def test_present_begins_on_stage_and_ends_with_the_story(tmp_path: Path) -> None:
    async with stage(tmp_path, present=True) as on:
        assert isinstance(on.app.screen, PresenterScreen)
        await on.press("q")
        assert on.app.return_value == 0


async def test_a_detour_changes_the_live_design_and_f5_comes_back_to_the_same_slide(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        session = on.app.desk.session
        before = session.design
        await on.press("f5", "space", "space", "space", "e")
        assert on.app.screen is on.app.lab
        assert session.design.boxes["store"].prefixes == 64
        session.apply(lambda old: set_value(old, "box.store.prefixes", 16), "try 16")
        await on.settle()
        await on.press("f5")
        assert isinstance(on.app.screen, PresenterScreen)
        assert on.app.screen.show.slide.step == 1
        assert "your detour" in on.text()
        assert session.design == before
        assert session.can_redo  # nothing that was tried is lost


async def test_what_is_done_between_two_f6_becomes_the_story(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        session = on.app.desk.session
        start = session.design
        await on.press("f6")
        session.apply(lambda old: set_value(old, "box.store.prefixes", 32), "32 prefixes")
        session.apply(lambda old: set_value(old, "box.train.count", 8), "twice the servers")
        await on.press("f6")
        story = session.design.story
        assert [step.title for step in story] == ["As it is", "32 prefixes", "Twice the servers"]
        assert session.design.boxes == start.boxes
        *_, last = tell(session.design)
        assert last.design.boxes["train"].count == 8
        await on.press("ctrl+z")
        assert session.design.boxes["train"].count == 8


async def test_nothing_moves_after_the_few_frames_of_a_change(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.press("f5", "space", "space", "space")
        await on.pilot.pause(0.06 * (FRAMES + 4))
        painted: list[object] = []
        page = on.app.screen.page  # type: ignore[attr-defined]
        page.refresh = lambda *regions, **more: painted.append(regions)
        await on.pilot.pause(0.5)
        assert not painted


@pytest.mark.parametrize("key", ["f3", "f4", "f7", "f8", "f5"])
async def test_screens_keep_to_ascii_where_that_is_all_there_is(tmp_path: Path, key: str) -> None:
    async with stage(tmp_path, ascii_only=True) as on:
        await on.press(key)
        assert on.text().isascii()


async def test_the_start_screen_leads_through_a_guess_to_a_lesson_and_into_the_lab(tmp_path: Path) -> None:
    async with stage(tmp_path, start=True) as on:
        assert isinstance(on.app.screen, StartScreen)
        await on.press("2")
        assert isinstance(on.app.screen, RoomScreen)
        assert "×" not in on.text()
        await on.press("3", "enter")
        assert "You were right" in on.text()
        await on.press("l")
        assert isinstance(on.app.screen, Lessons)
        await on.press("enter")
        assert on.app.screen is on.app.lab
        assert on.app.desk.session.path is None  # a design of its own, in no file yet


async def test_the_gallery_finds_a_preset_by_words_and_opens_it(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(160, 48)) as on:
        await on.press("f3")
        assert isinstance(on.app.screen, Gallery)
        await on.press(*"bisection")
        assert on.app.screen.current is not None
        assert on.app.screen.current.name == "oversubscribed-fabric"
        assert "tokens/s" in on.text()
        await on.press("enter")
        assert on.app.desk.session.name == "oversubscribed-fabric.toml"


# --- the page --------------------------------------------------------------------------------------


def test_the_page_tells_every_step_with_a_picture_that_is_sound_svg() -> None:
    page = story_page(design(), "talk", default_catalogue())
    for number, step in enumerate(design().story, start=1):
        assert f"## {number}. {step.title}" in page.text
        assert f"talk-{number}.svg" in page.text
        root = ElementTree.fromstring(page.pictures[f"talk-{number}.svg"])
        words = "".join(root.itertext())
        assert "s3-standard" in words
        assert "images/s" in words
    assert "| 2 More prefixes |" in page.text
    assert "the model finds" in page.text  # the claim that does not hold


def test_present_writes_the_page_and_replaces_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "talk.md"
    assert main(["present", "photos-on-object-storage", "--markdown", str(target)]) == 0
    written = sorted(os.listdir(tmp_path))
    assert "talk.md" in written
    assert "talk-1.svg" in written
    assert main(["present", "photos-on-object-storage", "--markdown", str(target)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["present", "photos-on-object-storage", "--markdown", str(target), "--force"]) == 0


def test_present_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = tmp_path / "plain.toml"
    plain.write_text('schema = "infralab.design/1"\n')
    assert main(["present", str(plain), "--markdown", str(tmp_path / "x.md")]) == 2
    assert "has no story" in capsys.readouterr().err
    assert main(["present", "no-such-preset"]) == 2
    assert "infralab presets" in capsys.readouterr().err


