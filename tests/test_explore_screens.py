"""What-if screens of the lab: what they show, and that what is chosen becomes one edit that can be undone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infralab.tui.screens.compare import CompareSheet
from infralab.tui.screens.measured import MeasuredSheet
from infralab.tui.screens.sheet import Sheet
from infralab.tui.screens.sweep import SweepSheet, spec_of
from infralab.tui.screens.upgrades import Upgrades
from infralab.tui.screens.why import WhySheet
from tests.app_pilot import Driver, lab

SIZES = ((80, 24), (120, 36), (160, 48))


def shown(sheet: Sheet[Any]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in sheet.page._rows)


async def sheet(driver: Driver, kind: type[Sheet[Any]]) -> Any:
    """The open sheet, once it has its answer."""
    for _ in range(400):
        await driver.pilot.pause(0.01)
        top = driver.app.screen
        if isinstance(top, kind) and driver.app.desk.idle and not getattr(top, "note", "").endswith("…"):
            await driver.settle()
            return top
    raise AssertionError(f"no {kind.__name__}: {driver.app.screen}")


@pytest.mark.parametrize("size", SIZES)
def test_upgrades_are_ranked_and_enter_makes_one_that_undo_takes_back(tmp_path: Path, size: tuple[int, int]) -> None:
    async def go() -> None:
        async with lab(tmp_path, size=size) as driver:
            before = driver.session.design
            await driver.keys("F")
            page: Upgrades = await sheet(driver, Upgrades)
            assert "Free: configure" in shown(page)
            assert "--set" in shown(page)
            offers = page.offers()
            assert [o.group for o in offers] == sorted(
                (o.group for o in offers), key=("free", "cheap", "buy", "spare").index
            )
            await driver.keys("down", "enter")
            from infralab.models.explore.candidates import applied

            assert driver.session.design == applied(before, offers[1].changes)
            await driver.keys("ctrl+z")
            assert driver.session.design == before

    asyncio.run(go())


def test_limits_are_asked_for_and_shown(tmp_path: Path) -> None:
    async def go() -> None:
        async with lab(tmp_path) as driver:
            await driver.keys("F")
            page: Upgrades = await sheet(driver, Upgrades)
            await driver.keys("k")
            await driver.type("box, workload")
            await driver.keys("enter")
            page = await sheet(driver, Upgrades)
            touched = {change.touches for offer in page.offers() for change in offer.changes}
            assert not any(t.startswith(("box", "workload")) for t in touched)
            assert "keep box" in page.note
            await driver.keys("w")
            await driver.type("fast")
            await driver.keys("enter")
            assert driver.app.screen is not page  # the question stays until it can be read
            await driver.keys("escape", "r")
            page = await sheet(driver, Upgrades)
            assert page.limits.keep == ()

    asyncio.run(go())


@pytest.mark.parametrize("size", SIZES)
def test_a_sweep_has_a_cursor_and_enter_applies_its_point(tmp_path: Path, size: tuple[int, int]) -> None:
    async def go() -> None:
        async with lab(tmp_path, size=size) as driver:
            driver.session.select(("box.train",))
            await driver.keys("s")
            page: SweepSheet = await sheet(driver, SweepSheet)
            assert page.axes[0].path == "box.train.count"
            assert page.point is not None
            assert page.point.texts == ("4",)  # where the design stands
            assert "same against now" in shown(page)
            await driver.keys("right", "enter")
            assert driver.session.design.boxes["train"].count == 8
            await driver.keys("ctrl+z")
            assert driver.session.design.boxes["train"].count == 4

    asyncio.run(go())


def test_a_second_parameter_makes_a_map_of_what_binds(tmp_path: Path) -> None:
    async def go() -> None:
        async with lab(tmp_path) as driver:
            driver.session.select(("box.train",))
            await driver.keys("s")
            await sheet(driver, SweepSheet)
            await driver.keys("2", "enter")
            page: SweepSheet = await sheet(driver, SweepSheet)
            assert len(page.axes) == 2
            assert "A " in shown(page)
            assert page.point is not None
            row = page.row
            await driver.keys("up")
            assert page.row == row + 1 or page.row == len(page.axes[0].texts) - 1
            await driver.keys("1")
            page = await sheet(driver, SweepSheet)
            assert len(page.axes) == 1

    asyncio.run(go())


def test_a_range_that_cannot_be_read_is_said_where_it_is_typed(tmp_path: Path) -> None:
    async def go() -> None:
        async with lab(tmp_path) as driver:
            driver.session.select(("box.train",))
            await driver.keys("s")
            page = await sheet(driver, SweepSheet)
            await driver.keys("e", "x", "enter")
            assert driver.app.screen is not page
            await driver.keys("escape", "escape")
            assert driver.app.screen is driver.lab

    asyncio.run(go())


@pytest.mark.parametrize("size", SIZES)
def test_any_figure_can_be_asked_why(tmp_path: Path, size: tuple[int, int]) -> None:
    async def go() -> None:
        async with lab(tmp_path, size=size) as driver:
            await driver.keys("I")
            page: WhySheet = await sheet(driver, WhySheet)
            assert "the lowest of what each part could do" in shown(page)
            await driver.press_until("down", lambda: page.figures[page.cursor][1] == "carbon")
            page = await sheet(driver, WhySheet)
            assert "site.pue" in shown(page)
            await driver.keys("end")
            assert "evidence" in shown(await sheet(driver, WhySheet))

    asyncio.run(go())


@pytest.mark.parametrize("size", SIZES)
def test_scenarios_stand_side_by_side_and_one_becomes_the_design(tmp_path: Path, size: tuple[int, int]) -> None:
    async def go() -> None:
        async with lab(tmp_path, size=size) as driver:
            first = driver.session.design
            driver.session.select(("box.train",))
            await driver.keys("plus", "P", "plus", "C")
            page: CompareSheet = await sheet(driver, CompareSheet)
            assert [one.name for one in page.columns()] == ["A", "B", "now"]
            table = shown(page)
            await driver.keys("pagedown")
            assert "box.train.count" in table + shown(page)
            await driver.keys("pageup")
            assert "now" in shown(page).splitlines()[0]
            await driver.keys("left", "enter")
            assert driver.session.design.boxes["train"].count == first.boxes["train"].count + 1
            await driver.keys("ctrl+z")
            assert driver.session.design.boxes["train"].count == first.boxes["train"].count + 2

    asyncio.run(go())


def test_a_pasted_result_stands_beside_the_models(tmp_path: Path) -> None:
    async def go() -> None:
        from textual import events

        from tests.test_measured import NCCL

        async with lab(tmp_path, size=(80, 24)) as driver:
            await driver.keys("B")
            page = await sheet(driver, MeasuredSheet)
            assert "nccl-tests" in shown(page)
            page.page.post_message(events.Paste("good morning"))
            await driver.settle()
            assert "no result found" in shown(page)
            page.page.post_message(events.Paste(NCCL))
            page = await sheet(driver, MeasuredSheet)
            assert "all-reduce of 1 MiB" in shown(page)
            await driver.keys("t", *"20000")
            await driver.type(" images/s")
            await driver.keys("enter")
            page = await sheet(driver, MeasuredSheet)
            assert "images a second" in shown(page)

    asyncio.run(go())


@pytest.mark.parametrize("key", ["F", "s", "I", "C", "B"])
def test_sheets_are_ascii_where_ascii_is_asked_for(tmp_path: Path, key: str) -> None:
    async def go() -> None:
        async with lab(tmp_path, ascii_only=True, size=(100, 30)) as driver:
            driver.session.select(("box.train",))
            await driver.keys("plus", key)
            page = await sheet(driver, Sheet)
            text = "".join(s.text for y in range(page.page.content_size.height) for s in page.page.render_line(y))
            assert text.strip()
            title = "".join(segment.text for segment in page.head.render_line(0))
            assert page.head.content_size.height == 1
            assert page.heading in title
            assert text.isascii(), [c for c in text if not c.isascii()]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("text", "choices", "spec"),
    [
        ("16", (), "p=2..128*2"),
        ("400 Gb/s", (), "p=100..1600*1.41421356 Gb/s"),
        ("a", ("b", "c"), "p=a,b,c"),
        ("", (), "p=1..64*2"),
    ],
)
def test_a_sweep_begins_with_a_sensible_range(text: str, choices: tuple[str, ...], spec: str) -> None:
    from infralab.models.design import Design

    assert spec_of(Design(), "p", text, choices) == spec


def test_rows_of_several_changes_keep_the_change_that_tells_them_apart() -> None:
    from infralab.tui.screens.upgrades import _told

    label = "pack 1,000 samples a file + train: 16 × dgx-b200 instead"
    assert _told(label, 80) == label
    for width in (34, 40, 48):
        shown = _told(label, width)
        assert shown.endswith("+ train: 16 × dgx-b200 instead")
        assert len(shown) <= width
    assert len(_told(label, 20)) <= 20
