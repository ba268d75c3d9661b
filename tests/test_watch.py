"""In step with the file: what another program writes is shown and taken over as one edit."""

from __future__ import annotations

import os
from pathlib import Path

from infralab.models.document import load
from infralab.tui.watch import Watch, in_words
from tests.app_pilot import DESIGN, lab


def write(path: Path, text: str, tick: int = 1) -> None:
    """As an editor in the next pane does: the date moves on."""
    path.write_text(text)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + tick * 1_000_000))


def test_only_what_another_program_wrote_is_news_and_only_once(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    document, watch = load(path), Watch()
    assert watch.look(document) is None
    write(path, DESIGN)  # touched, not changed
    assert watch.look(document) is None
    write(path, DESIGN.replace("count = 4", "count = 9"), 2)
    found = watch.look(document)
    assert found is not None and found.document is not None
    assert in_words(document.design, found.document.design) == "box.train.count=9"
    assert watch.look(document) is None
    path.unlink()
    assert watch.look(document) is None


def test_a_file_that_is_half_written_is_said_and_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    document, watch = load(path), Watch()
    write(path, "[box.train\n")
    found = watch.look(document)
    assert found is not None and found.document is None
    assert "photos.toml" in found.reason
    write(path, DESIGN.replace("count = 4", "count = 9"), 2)
    found = watch.look(document)
    assert found is not None and found.document is not None


async def test_an_edit_of_the_file_is_taken_over_with_figures_and_undone_as_one(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        path = tmp_path / "photos.toml"
        write(path, DESIGN.replace("prefixes = 4", "prefixes = 8 # more").replace("count = 4", "count = 9"))
        before = driver.app.desk.state.report.throughput.value
        driver.lab.look_at_file()
        await driver.settle()
        assert "box.store.prefixes=8" in driver.message
        assert driver.session.design.boxes["train"].count == 9
        assert driver.app.desk.state.report.throughput.value > 1.5 * before
        assert not driver.session.dirty
        await driver.keys("ctrl+z")
        assert driver.session.dirty
        assert driver.session.design.boxes["train"].count == 4
        await driver.keys("ctrl+s")  # nobody is asked: the lab knows what is on disk
        assert len(driver.app.screen_stack) == 1
        text = path.read_text()
        assert "count = 4" in text
        assert "# more" in text, "the other program's comment stays"


async def test_edits_of_one_s_own_are_not_lost_to_the_file(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        path = tmp_path / "photos.toml"
        driver.lab.canvas.select(["train"])
        await driver.keys("plus")
        mine = driver.session.design
        write(path, DESIGN.replace("prefixes = 4", "prefixes = 8"))
        driver.lab.look_at_file()
        await driver.settle()
        assert len(driver.app.screen_stack) == 2
        await driver.keys("k")
        assert driver.session.design is mine
        write(path, DESIGN.replace("prefixes = 4", "prefixes = 16"), 2)
        driver.lab.look_at_file()
        await driver.settle()
        await driver.keys("t")
        assert driver.session.design.boxes["store"].prefixes == 16
        await driver.keys("ctrl+z")
        assert driver.session.design == mine


async def test_comments_alone_change_no_figure_and_are_kept_when_saving(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        path = tmp_path / "photos.toml"
        driver.lab.canvas.select(["train"])
        await driver.keys("plus")
        write(path, "# said by somebody else\n" + DESIGN)
        driver.lab.look_at_file()
        await driver.keys("ctrl+s")
        assert len(driver.app.screen_stack) == 1
        assert path.read_text().startswith("# said by somebody else")
        assert load(path).design.boxes["train"].count == 5
