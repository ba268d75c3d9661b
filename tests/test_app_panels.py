"""What stands around the canvas: at every size, in every theme, without colour and in ASCII."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from infralab.tui import actions
from infralab.tui.panels.paint import bar, cut, flow, sparkline, width_of
from infralab.tui.roles import CANVAS, ROLES
from infralab.tui.themes import THEMES
from tests.app_pilot import DESIGN, lab

SIZES = [(80, 24), (120, 40), (160, 48), (200, 60), (60, 20)]


@pytest.mark.parametrize("size", SIZES)
async def test_answer_canvas_ceilings_and_keys_are_on_the_screen_at_every_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with lab(tmp_path, size=size) as driver:
        screen = driver.lab
        for panel in (screen.head, screen.answer, screen.canvas, screen.ceilings, screen.change, screen.foot):
            region = panel.region
            assert region.area > 0
            assert region.right <= size[0]
            assert region.bottom <= size[1]
        assert screen.canvas.content_size.height >= 5
        assert "images/s" in driver.text(screen.answer)
        assert "◆" in driver.text(screen.ceilings)


async def test_on_a_small_screen_side_panels_open_by_key_and_fold_away_again(tmp_path: Path) -> None:
    async with lab(tmp_path, size=(80, 24)) as driver:
        screen = driver.lab
        assert not screen.palette.display
        assert not screen.inspector.display
        await driver.keys("a")
        assert screen.palette.display
        assert screen.palette.has_focus
        await driver.keys("escape", "e")
        assert not screen.palette.display
        assert screen.inspector.display
        await driver.keys("escape")
        assert screen.canvas.has_focus
        assert not screen.inspector.display


async def test_numbers_show_focus_and_hide_panels_and_one_can_have_the_screen(tmp_path: Path) -> None:
    async with lab(tmp_path, size=(120, 40)) as driver:
        screen = driver.lab
        assert screen.fit.display
        await driver.keys("3")
        assert screen.helps.has_focus
        assert not screen.fit.display
        await driver.keys("X")
        assert not screen.canvas.display
        assert screen.helps.region.height > 20
        await driver.keys("X", "2")
        assert screen.fit.has_focus
        await driver.keys("4")
        assert screen.palette.has_focus
        await driver.keys("escape", "4", "escape")
        assert screen.canvas.has_focus


async def test_every_action_has_a_method_a_help_and_a_key_of_its_own(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        keys = [key for action in actions.ACTIONS for key in action.keys]
        assert len(keys) == len(set(keys))
        for action in actions.ACTIONS:
            assert action.title
            assert action.help
            name = f"action_{action.name.partition('(')[0]}"
            assert hasattr(driver.lab, name), name


async def test_the_list_of_all_actions_searches_and_runs(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("ctrl+p")
        await driver.type("select all")
        await driver.keys("enter")
        assert set(driver.session.selection) == {"box.store", "box.train"}


async def test_help_names_every_action(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("question_mark")
        text = "\n".join("".join(t for t, _ in row) for row in driver.app.screen.query_one("HelpText").lines(90))
        assert all(action.title in text for action in actions.ACTIONS)
        await driver.keys("escape")
        assert driver.app.screen is driver.lab


async def test_a_fix_of_the_list_is_tried_out_and_made_as_one_edit(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("u")
        for _ in range(100):
            if driver.lab.helps.found is not None:
                break
            await driver.pilot.pause(0.05)
            await driver.settle()
        assert driver.lab.helps.found.upgrades
        await driver.settle()
        what = driver.app.desk.state.what_if
        assert what.report.throughput.value > driver.app.desk.state.report.throughput.value
        promised = what.report.throughput.value
        await driver.keys("enter")
        assert driver.session.steps == 1
        assert driver.app.desk.state.report.throughput.value == pytest.approx(promised)


async def test_several_boxes_share_a_field_and_one_entry_goes_to_all(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("ctrl+a", "e")
        inspector = driver.lab.inspector
        await driver.press_until("down", lambda: inspector.at.label == "count")
        await driver.keys("8", "enter")
        assert {box.count for box in driver.session.design.boxes.values()} == {8}
        await driver.keys("ctrl+z")
        assert {box.count for box in driver.session.design.boxes.values()} == {1, 4}


async def test_a_component_is_chosen_from_the_searchable_list(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.settle()
        await driver.keys("e")
        await driver.press_until("down", lambda: driver.lab.inspector.at.label == "part")
        await driver.keys("enter")
        await driver.type("dgx-b200")
        await driver.keys("enter")
        assert driver.session.design.boxes["train"].is_ == "dgx-b200"


async def test_the_job_is_what_the_inspector_shows_when_nothing_is_selected(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys("e")
        paths = {row.path for row in driver.lab.inspector.fields}
        assert {"workload.kind", "workload.global_batch", "workload.dataset.bytes_per_sample"} <= paths
        assert {"software.framework", "software.loader"} <= paths
        await driver.press_until("down", lambda: driver.lab.inspector.at.path == "software.framework")
        await driver.keys("enter")
        await driver.type("jax")
        await driver.keys("enter")
        assert driver.session.design.software.framework == "jax"


async def test_another_preset_is_opened_from_the_list_and_asks_when_edits_would_be_lost(tmp_path: Path) -> None:
    from infralab.models.presets import names

    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "ctrl+o")
        await driver.type(names()[0])
        await driver.keys("enter")
        assert driver.session.path.stem == "photos"  # asked first
        await driver.keys("d")
        assert driver.session.path.stem == names()[0]
        assert not driver.session.can_undo
        # a preset that ships is never written over: saving asks for another name
        await driver.keys("ctrl+s")
        assert len(driver.app.screen_stack) == 2


async def test_a_path_that_is_no_file_is_said_and_the_open_design_stays(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        design = driver.session.design
        await driver.keys("ctrl+o")
        await driver.type("nowhere/at/all.toml")
        await driver.keys("enter")
        assert "no such file" in driver.message
        assert driver.session.design is design


async def test_in_ascii_nothing_but_ascii_is_written(tmp_path: Path) -> None:
    async with lab(tmp_path, size=(80, 24), ascii_only=True) as driver:
        await driver.keys("e", "escape", "u")
        for y in range(24):
            text = "".join(s.text for s in driver.app.screen._compositor.render_strips()[y])
            assert text.isascii(), text


async def test_an_idle_lab_paints_nothing_and_equal_states_repaint_nothing(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.pilot.pause(1.5)
        await driver.settle()
        painted: list[object] = []
        for panel in driver.lab.panels:
            panel.refresh = lambda *a, **k: painted.append(a)  # type: ignore[method-assign]
        driver.lab.show_state(driver.app.desk.state)
        await driver.pilot.pause(0.3)
        assert painted == []


def test_a_broken_model_is_said_on_the_screen_and_the_design_stays_editable(tmp_path: Path) -> None:
    import asyncio

    from infralab.models.document import read
    from infralab.tui.app import LabApp, Settings

    def broken(design: object) -> None:
        raise ZeroDivisionError("no")

    async def run() -> None:
        app = LabApp(read(DESIGN), Settings(recovery_folder=tmp_path, recover=False), broken)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 40)) as pilot:
            for _ in range(50):
                await pilot.pause(0.02)
                if app.desk.state.failure:
                    break
            assert "ZeroDivisionError" in app.desk.state.failure
            app.lab.canvas.select(["train"])
            await pilot.pause(0.05)
            await pilot.press("plus")
            assert app.desk.session.design.boxes["train"].count == 5

    asyncio.run(run())


# -- colours


def ratio(one: Color, other: Color) -> float:
    """Contrast by WCAG 2.2, 1.4.3: of relative luminances."""

    def luminance(colour: Color) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_of_every_role_is_readable_on_everything_it_stands_on(theme) -> None:
    variables = {**theme.to_color_system().generate(), **theme.variables}
    weak = []
    for role, own in {**ROLES, **CANVAS}.items():
        grounds = [own.background] if own.background else ["background", "surface", "panel"]
        for ground in grounds:
            under = Color.parse(variables[ground])
            text = under.blend(Color.parse(variables[own.colour]), own.share)
            if role in ("canvas--grid", "canvas--bar-empty"):
                continue  # nothing is told by them
            least = 3.0 if "bar" in role else 4.5  # WCAG AA: graphics, text
            contrast = ratio(text, under)
            if contrast < least:
                weak.append(f"{role} on {ground}: {contrast:.1f}")
    assert not weak


def test_without_colour_the_cursor_and_what_is_typed_are_still_marked() -> None:
    from rich.style import Style

    from infralab.tui.roles import look

    looks = {role: look(role, {}, Style(), colourless=True) for role in ROLES}
    assert looks["cursor"].reverse
    assert looks["input"].underline
    assert all(own.color is None and own.bgcolor is None for own in looks.values())


def test_every_role_of_the_canvas_has_a_colour() -> None:
    from infralab.tui.canvas.roles import Role

    assert {role.css_class for role in Role} == set(CANVAS)


# -- lines


def test_pieces_that_do_not_fit_are_left_out_whole() -> None:
    pieces = [[("a" * 10, "")], [("b" * 30, "")], [("c" * 5, "")]]
    (line,) = flow(pieces, 20, gap=2)
    assert "".join(text for text, _ in line) == "a" * 10 + "  " + "c" * 5
    assert width_of(line) <= 20


def test_bars_grow_with_what_they_show_and_anything_above_nothing_is_seen() -> None:
    widths = [len(bar(share / 50, 20).rstrip()) for share in range(51)]
    assert widths == sorted(widths)
    assert bar(0, 10).strip() == ""
    assert bar(1e-9, 10).strip() != ""
    assert len(bar(2.0, 10)) == 10


def test_text_is_cut_by_cells_not_by_letters() -> None:
    assert cut("日本語テキスト", 7) == "日本語…"
    assert sparkline([1, 2, 4], 2) == "▅█"


async def test_a_tiny_window_keeps_the_answer_the_canvas_and_the_keys(tmp_path: Path) -> None:
    async with lab(tmp_path, size=(40, 12)) as driver:
        canvas, foot = driver.lab.canvas, driver.lab.foot
        assert canvas.size.height >= 3
        assert foot.region.bottom == 12
        await driver.pilot.resize_terminal(100, 30)
        await driver.settle()
        assert not driver.lab.has_class("-tiny")
        await driver.pilot.resize_terminal(40, 12)
        await driver.settle()
        assert driver.lab.has_class("-tiny")


async def test_a_sweep_begins_with_what_the_bottleneck_scales_by(tmp_path: Path) -> None:
    from infralab.tui.screens.sweep import parameter

    text = DESIGN.replace(
        "count = 4\nat = [40, 2]", 'count = 4\nat = [40, 2]\n[box.fabric]\nis = "quantum-2"\noversubscription = 8'
    )
    async with lab(tmp_path, text) as driver:
        driver.lab.canvas.select(["fabric"])
        await driver.settle()
        assert parameter(driver.lab) == "box.fabric.oversubscription=1..64*2"
