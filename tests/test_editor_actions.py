"""What a person does with several boxes, wires and files: by keys and by mouse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from infralab.models.design import Box, Design, Wire
from infralab.tui.canvas.view import view
from tests.app_pilot import DESIGN, Driver, lab

THREE = DESIGN + '\n[box.fabric]\nis = "quantum-2"\nat = [40, 14]\n\n[wire.train-fabric]\nends = ["train", "fabric"]\n'


def at(driver: Driver, name: str, dx: int = 4, dy: int = 3) -> tuple[int, int]:
    """A cell inside a box, as the canvas widget counts."""
    canvas = driver.lab.canvas
    x, y = canvas.scene.corner(canvas.scene.index[name])
    gutter = canvas.gutter
    return x - canvas.origin.x + dx + gutter.left, y - canvas.origin.y + dy + gutter.top


def canvas_text(driver: Driver) -> str:
    canvas = driver.lab.canvas
    height = canvas.content_size.height
    return "\n".join("".join(s.text for s in canvas.render_line(y)) for y in range(height))


async def drag(driver: Driver, points: Sequence[tuple[int, int]]) -> None:
    canvas = driver.lab.canvas
    await driver.pilot.mouse_down(canvas, offset=points[0])
    for point in points[1:]:
        await driver.pilot.hover(canvas, offset=point)
        await driver.pilot.pause()
    await driver.pilot.mouse_up(canvas, offset=points[-1])
    await driver.settle()


# -- pods


async def test_boxes_grouped_with_a_count_are_framed_move_as_one_and_come_apart(tmp_path: Path) -> None:
    async with lab(tmp_path, THREE) as driver:
        driver.lab.canvas.select(["train", "fabric"])
        await driver.settle()
        await driver.keys("G", "ctrl+u", "3", "enter")
        boxes = driver.session.design.boxes
        assert {name: (box.pod, box.count) for name, box in boxes.items()} == {
            "store": (None, 1),
            "train": ("pod-1", 12),
            "fabric": ("pod-1", 3),
        }
        assert "pod-1 ×3" in canvas_text(driver)
        before = {name: box.at for name, box in boxes.items()}
        driver.lab.canvas.select(["train"])
        await driver.keys("enter", "down", "down", "enter")
        after = {name: box.at for name, box in driver.session.design.boxes.items()}
        assert after["store"] == before["store"]
        assert after["train"] != before["train"]
        assert after["fabric"][1] - before["fabric"][1] == after["train"][1] - before["train"][1]
        await driver.keys("G", "ctrl+u", "2", "enter")
        assert [box.count for box in driver.session.design.boxes.values()] == [1, 8, 2]
        await driver.keys("ctrl+g")
        assert not any(box.pod for box in driver.session.design.boxes.values())
        for _ in range(4):
            await driver.keys("ctrl+z")
        assert not driver.session.dirty


async def test_one_box_of_a_pod_dragged_with_the_mouse_takes_the_others_along(tmp_path: Path) -> None:
    async with lab(tmp_path, THREE) as driver:
        driver.lab.canvas.select(["train", "fabric"])
        await driver.settle()
        await driver.keys("G", "enter")
        x, y = at(driver, "fabric", dy=1)
        await drag(driver, [(x, y), (x + 2, y + 1), (x + 4, y + 2)])
        boxes = driver.session.design.boxes
        assert (boxes["train"].at, boxes["fabric"].at) == ((44, 4), (44, 16))


# -- order


async def test_boxes_are_lined_up_and_spread_evenly(tmp_path: Path) -> None:
    async with lab(tmp_path, THREE) as driver:
        await driver.keys("ctrl+a", "l")
        await driver.type("upper")
        await driver.keys("enter")
        assert {box.at[1] for box in driver.session.design.boxes.values()} == {2}
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["fabric"].at == (40, 14)


async def test_auto_layout_places_storage_left_of_compute_and_is_one_undo(tmp_path: Path) -> None:
    text = THREE.replace("at = [2, 2]", "at = [90, 30]")
    async with lab(tmp_path, text) as driver:
        await driver.keys("A")
        places = {name: driver.lab.places()[name] for name in driver.session.design.boxes}
        assert places["store"][0] < places["train"][0]
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["store"].at == (90, 30)


# -- counts and parts


async def test_a_count_is_typed_for_all_that_is_selected(tmp_path: Path) -> None:
    async with lab(tmp_path, THREE) as driver:
        await driver.keys("ctrl+a", "number_sign", "ctrl+u", "6", "enter")
        assert {box.count for box in driver.session.design.boxes.values()} == {6}
        await driver.keys("number_sign", "ctrl+u", "0", "enter")
        assert len(driver.app.screen_stack) == 2  # refused: it says why
        await driver.keys("escape", "ctrl+z")
        assert driver.session.design.boxes["train"].count == 4


async def test_the_wheel_over_a_badge_counts_and_is_one_undo(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        canvas = driver.lab.canvas
        row = next(y for y, line in enumerate(canvas_text(driver).splitlines()) if "×4" in line)
        column = canvas_text(driver).splitlines()[row].index("×4")
        place = (column + canvas.gutter.left, row + canvas.gutter.top)
        for _ in range(3):
            await driver.pilot._post_mouse_events([_scroll_up()], canvas, offset=place)
        await driver.settle()
        assert driver.session.design.boxes["train"].count == 7
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["train"].count == 4


def _scroll_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_a_wire_is_retyped_from_the_catalogue_and_by_the_palette(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select((), wire="store-train")
        await driver.settle()
        await driver.keys("r")
        await driver.type("ethernet-400")
        await driver.keys("enter")
        assert driver.session.design.wires["store-train"].is_.startswith("ethernet-400")
        await driver.keys("ctrl+z", "a")
        await driver.type("infiniband-ndr")
        await driver.keys("enter")
        await driver.press_until("tab", lambda: driver.lab._hover == ("wire.store-train",))
        await driver.keys("enter")
        assert driver.session.design.wires["store-train"].is_ == "infiniband-ndr"


async def test_a_value_slides_by_mouse_and_by_key_between_a_quarter_and_four_times(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["store"])
        await driver.keys("e")
        inspector = driver.lab.inspector
        await driver.press_until("down", lambda: inspector.at is not None and inspector.at.label == "prefixes")
        row = inspector.cursor - inspector._first + inspector.gutter.top
        await driver.pilot.mouse_down(inspector, offset=(10, row))
        for x in (13, 16, 19, 40):
            await driver.pilot.hover(inspector, offset=(x, row))
        await driver.pilot.mouse_up(inspector, offset=(40, row))
        await driver.settle()
        assert driver.session.design.boxes["store"].prefixes == 16
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["store"].prefixes == 4, "one slide is one step"
        await driver.keys(*["shift+left"] * 14)
        assert driver.session.design.boxes["store"].prefixes == 1
        await driver.keys("ctrl+z")
        assert driver.session.design.boxes["store"].prefixes == 4


# -- selecting and looking


async def test_ctrl_click_adds_to_the_selection_and_a_click_takes_one(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        canvas = driver.lab.canvas
        await driver.pilot.click(canvas, offset=at(driver, "store"))
        await driver.pilot.click(canvas, offset=at(driver, "train"), control=True)
        await driver.settle()
        assert set(driver.session.selection) == {"box.store", "box.train"}
        await driver.pilot.click(canvas, offset=at(driver, "train"))
        await driver.settle()
        assert driver.session.selection == ("box.train",)


async def test_a_marquee_selects_and_its_boxes_move_together(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        canvas = driver.lab.canvas
        x0, y0 = at(driver, "store", dx=-2, dy=-1)
        x1, y1 = at(driver, "train", dx=10, dy=8)
        await drag(driver, [(x0, y0), (x0 + 8, y0 + 2), (x1, y1)])
        assert set(driver.session.selection) == {"box.store", "box.train"}
        x, y = at(driver, "store")
        await drag(driver, [(x, y), (x + 4, y), (x + 8, y)])
        assert [box.at[0] for box in driver.session.design.boxes.values()] == [10, 48]
        assert len(canvas.selected) == 2


async def test_keys_that_come_faster_than_the_screen_end_in_peace(tmp_path: Path) -> None:
    from textual import events

    async with lab(tmp_path, THREE) as driver:
        canvas = driver.lab.canvas
        for key in ("tab", "tab", "right", "tab", "left", "down", "tab"):
            driver.app.post_message(events.Key(key, None))
        await driver.settle()
        await driver.pilot.pause(0.1)
        shown: list[object] = []
        canvas.repaint = lambda: shown.append(1)  # type: ignore[method-assign]
        await driver.pilot.pause(0.3)
        assert not shown, "selection and canvas don't answer each other for ever"
        assert tuple(owner[4:] for owner in driver.session.selection) == canvas.selected


async def test_undo_shows_the_place_where_the_step_was_made(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        canvas = driver.lab.canvas
        canvas.select(["train"])
        await driver.keys("Z", "L")
        look = canvas.look
        await driver.keys("plus", "z", "H", "H", "J")
        assert canvas.look != look
        await driver.keys("ctrl+z")
        assert canvas.look == look
        await driver.keys("f")
        await driver.keys("ctrl+y")
        assert canvas.look == look


async def test_copies_go_into_another_design_that_is_opened(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('schema = "infralab.design/1"\n[box.alone]\nis = "dgx-h100"\n')
    async with lab(tmp_path) as driver:
        await driver.keys("ctrl+a", "x")
        assert not driver.session.design.boxes
        await driver.keys("ctrl+s", "ctrl+o")
        await driver.type(str(other))
        await driver.keys("enter")
        assert set(driver.session.design.boxes) == {"alone"}
        await driver.keys("v")
        assert set(driver.session.design.boxes) == {"alone", "store", "train"}
        assert [wire.ends for wire in driver.session.design.wires.values()] == [("store", "train")]


async def test_the_context_menu_opens_by_right_click_and_by_key_and_runs(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        await driver.pilot.mouse_down(driver.lab.canvas, offset=at(driver, "train"), button=3)
        await driver.pilot.mouse_up(driver.lab.canvas, offset=at(driver, "train"))
        await driver.settle()
        assert len(driver.app.screen_stack) == 2
        await driver.type("duplicate")
        await driver.keys("enter")
        assert "train-2" in driver.session.design.boxes
        driver.lab.canvas.select(["train-2"])
        await driver.keys("m")
        await driver.type("delete")
        await driver.keys("enter")
        assert "train-2" not in driver.session.design.boxes


async def test_jump_letters_lead_to_a_box(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["store"])
        await driver.keys("g")
        letter = driver.lab.canvas.decor.letters["train"]
        await driver.keys(letter)
        assert driver.session.selection == ("box.train",)


@pytest.mark.parametrize(
    ("key", "mode"), [("t", "traffic"), ("b", "busy"), ("dollar_sign", "money"), ("h", "heat"), ("c", "confidence")]
)
async def test_each_overlay_has_a_key_and_says_what_it_shows(tmp_path: Path, key: str, mode: str) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys(key)
        assert driver.lab.canvas.overlay.mode == mode
        words = {"money": "$", "heat": " W", "confidence": "cited"}.get(mode, "")
        assert words in canvas_text(driver)
        assert driver.session.design == driver.session.document.design


# -- equal boxes


def test_a_box_that_another_stands_for_shows_that_one_s_figures() -> None:
    design = Design()
    for name in ("a", "b", "c"):
        design = design.with_box(Box(name, is_="x"))
    design = design.with_wire(Wire("a-c", ("a", "c"))).with_wire(Wire("b-c", ("b", "c")))
    use = {"kind": "memory bandwidth", "capacity": 1e12, "unit": "B/s"}
    report = SimpleNamespace(
        utilisation=(
            SimpleNamespace(owner="box.a", resource="box.a.m", utilisation=0.8, **use),
            SimpleNamespace(owner="wire.a-c", resource="wire.a-c", utilisation=0.4, **use),
        ),
        bottleneck=SimpleNamespace(owner="box.a"),
        ceilings=(),
        problems=(),
        stands_for={"box.b": "box.a", "wire.b-c": "wire.a-c"},
    )
    seen = view(design, report)
    boxes, wires = {box.name: box for box in seen.boxes}, {wire.name: wire for wire in seen.wires}
    assert boxes["b"].bars == boxes["a"].bars != ()
    assert boxes["b"].bottleneck and not boxes["c"].bottleneck
    assert wires["b-c"].utilisation == pytest.approx(0.4)


# -- a design from nothing, by keys


async def pick(driver: Driver, part: str) -> None:
    """A part from the palette in the air."""
    await driver.keys("a")
    await driver.type(part)
    await driver.keys("enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_parts_that_enter_drops_stand_beside_each_other_and_a_model_makes_it_work(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with lab(tmp_path, size=size) as driver:
        await driver.keys("ctrl+n")
        for part in ("dgx-h100", "weka", "quantum-2", "dgx-h100"):
            await pick(driver, part)
            await driver.keys("enter")
        boxes = driver.session.design.boxes
        assert [box.is_ for box in boxes.values()] == ["dgx-h100", "weka", "quantum-2", "dgx-h100"]
        corners = [driver.lab.canvas.scene.corner(i) for i in range(4)]
        rects = [(*corner, *box.size) for corner, box in zip(corners, driver.lab.canvas.scene.boxes, strict=True)]
        for i, (x, y, w, h) in enumerate(rects):
            assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in rects[:i])
        await pick(driver, "resnet-50")
        assert driver.session.design.workload.kind == "vision-training"
        assert driver.app.desk.state.report.throughput is not None
        assert driver.app.focused is driver.lab.canvas
        await driver.keys("ctrl+z")
        assert driver.session.design.workload is None


async def test_a_part_for_a_slot_begins_on_the_selected_box_even_while_the_box_is_grabbed(tmp_path: Path) -> None:
    async with lab(tmp_path, THREE) as driver:
        driver.lab.canvas.select(["train"])
        await driver.keys("enter")  # grabs it
        await pick(driver, "bluefield-3")
        await driver.keys("enter")
        assert driver.session.design.boxes["train"].dpu == "bluefield-3"
