"""Editing in the lab by keyboard and by mouse: what a person does, and what the design is afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from infralab.models.document import load
from tests.app_pilot import lab


async def test_the_lab_opens_with_an_answer_in_words_and_figures(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        assert "images/s" in driver.text(driver.lab.answer)
        assert "◆" in driver.text(driver.lab.answer)
        assert "store" in driver.text(driver.lab.ceilings)
        assert "pytorch" in driver.text(driver.lab.fit)


async def test_a_value_typed_in_the_inspector_changes_design_and_rate_and_can_be_undone(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        before = driver.app.desk.state.report.throughput.value
        driver.lab.canvas.select(["store"])
        await driver.keys("e")
        await to_field(driver, "prefixes")
        await driver.keys("8", "enter")
        assert driver.session.design.boxes["store"].prefixes == 8
        assert driver.app.desk.state.report.throughput.value == pytest.approx(2 * before, rel=0.02)
        assert driver.session.dirty
        await driver.keys("escape", "ctrl+z")
        assert driver.session.design.boxes["store"].prefixes == 4
        assert not driver.session.dirty
        assert driver.app.desk.state.report.throughput.value == pytest.approx(before)
        await driver.keys("ctrl+y")
        assert driver.session.design.boxes["store"].prefixes == 8


async def test_an_override_is_typed_in_any_unit_shown_as_such_and_reset(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("e")
        await to_field(driver, "memory bandwidth")
        await driver.type("4800 GB/s")
        await driver.keys("enter")
        override = driver.session.design.boxes["train"].overrides["chip.memory_bandwidth"]
        assert override.value == pytest.approx(4.8e12)
        assert "✎" in driver.text(driver.lab.inspector)
        await driver.keys("delete")
        assert "chip.memory_bandwidth" not in driver.session.design.boxes["train"].overrides


async def test_a_wrong_value_says_what_would_be_right_and_changes_nothing(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        design = driver.session.design
        driver.lab.canvas.select(["train"])
        await driver.keys("e")
        await to_field(driver, "memory bandwidth")
        await driver.type("3 GB")
        assert "TB/s" in driver.lab.inspector.problem
        await driver.keys("enter")
        assert driver.session.design is design
        await driver.keys("escape")
        assert driver.lab.inspector.edit is None


async def test_stepping_a_count_is_one_undo(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "plus", "plus")
        assert driver.session.design.boxes["train"].count == 7
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["train"].count == 4


async def test_a_disk_from_the_palette_is_spliced_into_the_wire_with_a_what_if_before(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("a")
        await driver.type("nvme-gen4")
        await driver.keys("enter")
        for _ in range(6):
            await driver.keys("tab")
            what = driver.app.desk.state.what_if
            if what is not None and what.place.endswith("cache of store"):
                break
        what = driver.app.desk.state.what_if
        assert what is not None
        assert what.report is not None
        assert what.report.throughput.value > driver.app.desk.state.report.throughput.value
        assert "images/s" in driver.text(driver.lab.change)
        await driver.keys("enter")
        cache = driver.session.design.boxes["cache"]
        assert cache.caches == "store"
        assert "store-train" not in driver.session.design.wires
        assert {w.ends for w in driver.session.design.wires.values()} == {("store", "cache"), ("cache", "train")}
        await driver.keys("ctrl+z")
        assert "store-train" in driver.session.design.wires
        assert "cache" not in driver.session.design.boxes


async def test_escape_gives_a_part_back_and_changes_nothing(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        design = driver.session.design
        await driver.keys("a")
        await driver.type("quantum-2")
        await driver.keys("enter", "right", "right", "escape")
        assert driver.session.design is design
        assert driver.app.desk.state.what_if is None
        assert driver.lab._part is None


async def test_a_switch_is_dropped_on_the_canvas_and_wired_by_keys(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("a")
        await driver.type("quantum-2")
        await driver.keys("enter", *["down"] * 12, "enter")
        assert driver.session.design.boxes["fabric"].is_ == "quantum-2"
        assert driver.session.selection == ("box.fabric",)
        await driver.keys("w", "tab")
        await driver.press_until("tab", lambda: "train" in (driver.lab.canvas.decor.target or ""))
        await driver.keys("enter")
        assert ("fabric", "train") in {wire.ends for wire in driver.session.design.wires.values()}


async def test_a_chip_dropped_on_a_server_replaces_its_chips(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("a")
        await driver.type("b200-sxm-180gb")
        await driver.keys("enter", "tab")
        await driver.press_until("tab", lambda: driver.lab._hover == ("box.train",))
        await driver.keys("enter")
        assert driver.session.design.boxes["train"].chip == "b200-sxm-180gb"
        assert driver.session.design.boxes["train"].is_ == "dgx-h100"


async def test_a_part_that_does_not_fit_says_why(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        design = driver.session.design
        await driver.keys("a")
        await driver.type("bluefield-3")
        await driver.keys("enter", *["down"] * 14, "enter")
        assert "compute box" in driver.message
        assert driver.session.design is design


async def test_a_part_is_dragged_from_the_palette_with_the_mouse(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("a")
        await driver.type("quantum-2")
        palette, canvas = driver.lab.palette, driver.lab.canvas
        row = 2
        await driver.pilot.mouse_down(palette, offset=(4, row))
        await drag_to(driver, palette, (12, row))
        await drag_to(driver, canvas, (30, 18))
        await driver.pilot.mouse_up(canvas, offset=(30, 18))
        await driver.settle()
        assert "fabric" in driver.session.design.boxes


async def test_a_box_is_moved_with_the_mouse_and_the_file_keeps_its_place(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        canvas = driver.lab.canvas
        index = canvas.scene.index["train"]
        x, y = canvas.scene.corner(index)
        at = (x - canvas.origin.x + 4, y - canvas.origin.y + 3)
        await driver.pilot.mouse_down(canvas, offset=at)
        await drag_to(driver, canvas, (at[0] + 6, at[1] + 5))
        await driver.pilot.mouse_up(canvas, offset=(at[0] + 6, at[1] + 5))
        await driver.settle()
        assert driver.session.design.boxes["train"].at == (46, 7)
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["train"].at == (40, 2)


async def test_copies_keep_their_wires_and_get_names_of_their_own(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("ctrl+a", "y", "v")
        design = driver.session.design
        assert set(design.boxes) == {"store", "train", "store-2", "train-2"}
        assert ("store-2", "train-2") in {wire.ends for wire in design.wires.values()}
        assert set(driver.session.selection) == {"box.store-2", "box.train-2"}


async def test_delete_takes_the_wires_along_and_undo_brings_the_selection_back(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["store"])
        await driver.settle()
        await driver.keys("delete")
        assert set(driver.session.design.boxes) == {"train"}
        assert not driver.session.design.wires
        await driver.keys("ctrl+z")
        assert driver.session.selection == ("box.store",)
        assert "store-train" in driver.session.design.wires


async def test_rename_is_asked_for_checked_and_followed(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["store"])
        await driver.settle()
        await driver.keys("R", "ctrl+u")
        await driver.type("train")
        await driver.keys("enter")
        assert len(driver.app.screen_stack) == 2  # refused: the name is taken
        await driver.keys("ctrl+u")
        await driver.type("photos")
        await driver.keys("enter")
        assert "photos" in driver.session.design.boxes
        assert driver.session.design.workload.dataset.on == "photos"


async def test_save_keeps_comments_and_reopening_shows_the_same_design(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "ctrl+s")
        assert not driver.session.dirty
        text = (tmp_path / "photos.toml").read_text()
        assert text.startswith("# what this file is for")
        assert load(tmp_path / "photos.toml").design.boxes["train"].count == 5


async def test_a_file_that_changed_on_disk_is_not_overwritten_without_asking(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        path = tmp_path / "photos.toml"
        other = path.read_text() + "\n# somebody else was here\n"
        path.write_text(other)
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "ctrl+s")
        assert path.read_text() == other
        assert len(driver.app.screen_stack) == 2
        await driver.keys("n")
        assert path.read_text() == other
        assert driver.session.dirty
        await driver.keys("ctrl+s", "r")
        assert load(path).design.boxes["train"].count == 5


async def test_a_file_that_cannot_be_written_is_said_and_the_edits_stay(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        path = tmp_path / "photos.toml"
        path.chmod(0o444)
        before = path.read_text()
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "ctrl+s")
        assert "read-only" in driver.message
        assert path.read_text() == before
        assert driver.session.dirty


async def test_save_as_takes_another_name_and_goes_on_there(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "S", "ctrl+u")
        await driver.type(str(tmp_path / "other"))
        await driver.keys("enter")
        assert load(tmp_path / "other.toml").design.boxes["train"].count == 5
        assert load(tmp_path / "photos.toml").design.boxes["train"].count == 4
        assert driver.session.path == tmp_path / "other.toml"
        assert not driver.session.dirty


async def test_leaving_with_edits_asks_and_discard_leaves_the_file_alone(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        before = (tmp_path / "photos.toml").read_text()
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "ctrl+q")
        assert driver.app.is_running
        await driver.keys("escape")
        assert driver.app.is_running
        await driver.keys("ctrl+q")
        await driver.pilot.press("d")
        await driver.pilot.pause(0.1)
        assert not driver.app.is_running
    assert (tmp_path / "photos.toml").read_text() == before


async def test_unsaved_edits_of_a_lab_that_was_killed_are_offered_and_brought_back(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("plus")
        driver.app.recovery.flush()
        text, facts = (file.read_text() for file in driver.app.recovery.files)
    folder = tmp_path / "recovery"
    dead = 2**22 + 1  # no process has this number
    (folder / "1-1.toml").write_text(text)
    (folder / "1-1.json").write_text(facts.replace(f'"pid": {__import__("os").getpid()}', f'"pid": {dead}'))
    async with lab(tmp_path, recover=True) as driver:
        await driver.settle()
        assert len(driver.app.screen_stack) == 2
        await driver.keys("r")
        assert driver.session.design.boxes["train"].count == 5
        assert not list(folder.glob("1-1.*"))
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["train"].count == 4


async def test_the_baseline_is_what_figures_are_compared_with(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        assert "Change something" in driver.text(driver.lab.change)
        driver.lab.canvas.select(["store"])
        await driver.keys("e")
        await to_field(driver, "prefixes")
        await driver.keys("8", "enter")
        assert "×2" in driver.text(driver.lab.change)
        await driver.keys("escape", "p")
        assert "Change something" in driver.text(driver.lab.change)


async def test_an_empty_design_says_what_to_do_and_takes_a_first_part(tmp_path: Path) -> None:
    async with lab(tmp_path, 'schema = "infralab.design/1"\n', file="") as driver:
        assert driver.app.desk.state.report.status == "incomplete"
        assert "workload" in driver.text(driver.lab.answer)
        await driver.keys("a")
        await driver.type("dgx-h100")
        await driver.keys("enter", "enter")
        assert [box.is_ for box in driver.session.design.boxes.values()] == ["dgx-h100"]


# -- helpers


async def to_field(driver, label: str) -> None:
    """The inspector's cursor to the field of that label."""
    inspector = driver.lab.inspector
    assert label in [row.label for row in inspector.fields]
    await driver.keys("home")
    await driver.press_until("down", lambda: inspector.at is not None and inspector.at.label == label)


async def drag_to(driver, widget, offset: tuple[int, int]) -> None:
    """Move the mouse with the left button held."""
    from textual.events import MouseMove

    await driver.pilot._post_mouse_events([MouseMove], widget, offset=offset, button=1)
    await driver.settle()
