"""What hands do on the canvas, and what the canvas tells the app of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_canvas_scene import Parts, example, report
from textual import events
from textual.app import App
from textual.widget import Widget

from infralab.models.design import Design
from infralab.tui.canvas import hit, messages
from infralab.tui.canvas.decor import Target
from infralab.tui.canvas.keys import CanvasKeys
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.view import Zoom
from infralab.tui.canvas.widget import GhostSpec, TopologyCanvas


class Bench(App[None]):
    """The canvas alone, and what it said."""

    def __init__(self, design=None):
        super().__init__()
        self.canvas = TopologyCanvas()
        self.design = example() if design is None else design
        self.heard = []

    def compose(self):
        yield self.canvas

    def on_mount(self):
        self.canvas.open_at(Zoom.FULL, Place(0, 0))
        self.canvas.set_design(self.design, report(), Parts())
        self.canvas.focus()

    def said(self, kind):
        return [message for message in self.heard if isinstance(message, kind)]

    def lines(self):
        strips = [self.canvas.render_line(y) for y in range(self.canvas.size.height)]
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


for _kind in vars(messages).values():
    if isinstance(_kind, type) and issubclass(_kind, messages.CanvasMessage):
        setattr(Bench, _kind.handler_name, lambda self, message: self.heard.append(message))


@pytest.fixture
async def bench():
    app = Bench()
    async with app.run_test(size=(120, 32)) as pilot:
        app.pilot = pilot
        await pilot.pause()
        yield app


async def drag(app, *points, release=True):
    await app.pilot.mouse_down(offset=points[0])
    for point in points[1:]:
        await app.pilot.hover(offset=point)
    if release:
        await app.pilot.mouse_up(offset=points[-1])
    await app.pilot.pause()


async def test_dragging_a_box_moves_it_with_its_wires_and_says_where(bench):
    await drag(bench, (50, 3), (52, 5), (56, 8))
    assert bench.said(messages.BoxesMoved)[0].places == {"cache": Place(50, 6)}
    assert bench.lines()[6].find("NVMe cache") == 53
    assert "▶╣" in "".join(bench.lines()[7:12])
    assert bench.canvas.selected == ("cache",)


async def test_a_drag_to_the_edge_pans_on(bench):
    await drag(bench, (90, 3), (110, 3), (119, 3), (118, 4), (119, 4), release=False)
    assert bench.canvas.origin.x >= 4
    assert bench.canvas.scene.corner(bench.canvas.scene.index["train"]).x >= 86 + 29


async def test_a_drag_is_given_up_by_escape_and_by_a_second_button(bench):
    before = bench.lines()
    await drag(bench, (50, 3), (60, 12), release=False)
    await bench.pilot.press("escape")
    await bench.pilot.press("escape")  # and the selection
    assert bench.lines() == before
    await drag(bench, (50, 3), (60, 12), release=False)
    await bench.pilot.mouse_down(offset=(60, 12), button=3)
    await bench.pilot.press("escape")
    assert bench.lines() == before
    assert not bench.said(messages.BoxesMoved)
    assert len(bench.said(messages.DragCancelled)) == 2


async def test_a_result_that_comes_during_a_drag_does_not_move_the_box_back(bench):
    await drag(bench, (50, 3), (60, 12), release=False)
    bench.canvas.set_design(bench.design, None)
    await bench.pilot.pause()
    assert bench.canvas.scene.corner(bench.canvas.scene.index["cache"]) == Place(54, 10)


async def test_the_keys_that_move_a_box(bench):
    bench.canvas.select(["cache"])
    await bench.pilot.press("enter")
    assert "arrows move it" in "\n".join(bench.lines())
    await bench.pilot.press("right", "down", "shift+down", "enter")
    assert "arrows move it" not in "\n".join(bench.lines())
    assert bench.said(messages.BoxesMoved)[0].places == {"cache": Place(46, 7)}


async def test_arrows_go_to_the_nearest_box_that_way_and_tab_in_the_order_drawn(bench):
    bench.canvas.select(["store"])
    seen = []
    for key in ("right", "right", "down", "up", "left"):
        await bench.pilot.press(key)
        seen.append(bench.canvas.cursor_box)
    assert seen == ["cache", "train", "fabric", "train", "cache"]
    await bench.pilot.press("escape", "tab", "tab")
    assert bench.canvas.cursor_box == "cache"


async def test_space_adds_to_the_selection(bench):
    bench.canvas.select(["store"])
    await bench.pilot.press("space", "right", "space", "right")
    assert bench.canvas.selected == ("train", "store", "cache")


async def test_a_wire_is_dragged_from_a_port(bench):
    await drag(bench, (2, 5), (30, 14), (90, 13))
    drawn = bench.said(messages.WireDrawn)[0]
    assert (drawn.start, drawn.end) == ("store", "fabric")


async def test_a_wire_let_go_over_nothing_asks_for_what_to_add(bench):
    await drag(bench, (2, 5), (30, 20))
    let_go = bench.said(messages.WireLetGo)[0]
    assert (let_go.start, let_go.at, let_go.target) == ("store", Place(30, 20), "")


async def test_a_wire_to_what_refuses_it_is_not_drawn_and_says_why(bench):
    await drag(bench, (2, 5), (30, 14), release=False)
    bench.canvas.show_targets({"box.fabric": Target(False, "a store has no port for it")})
    await bench.pilot.hover(offset=(90, 13))
    await bench.pilot.pause()
    assert "! a store has no port for it" in "\n".join(bench.lines())
    await bench.pilot.mouse_up(offset=(90, 13))
    await bench.pilot.pause()
    assert not bench.said(messages.WireDrawn)


async def test_a_wire_by_keys(bench):
    bench.canvas.select(["store"])
    await bench.pilot.press("w", "right", "right", "enter")
    assert bench.said(messages.WireStarted)[0].start == "store"
    drawn = bench.said(messages.WireDrawn)[0]
    assert (drawn.start, drawn.end) == ("store", "train")


async def test_a_wired_neighbour_by_keys_with_or_without_ctrl_arrows(bench):
    bench.canvas.select(["cache"])
    await bench.pilot.press("ctrl+down", "W", "down")
    asked = bench.said(messages.NeighbourAsked)
    assert [(m.name, m.direction, m.at) for m in asked] == [("cache", "down", Place(44, 10))] * 2


async def test_a_marquee_selects_what_it_touches(bench):
    await drag(bench, (30, 10), (50, 4))
    assert bench.canvas.selected == ("cache",)
    await drag(bench, (0, 0), (119, 20))
    assert set(bench.canvas.selected) == {"store", "cache", "train", "fabric"}


async def test_a_part_from_the_palette_follows_the_pointer_and_lights_its_targets(bench):
    bench.canvas.begin_ghost(GhostSpec("DPU", "compute"), screen=(60, 20))
    bench.canvas.show_targets({"box.train": Target(True, "fit it"), "wire.store-cache": Target(False, "not a link")})
    bench.canvas.ghost_to_screen(98, 4)
    await bench.pilot.pause()
    assert "▼ fit it" in "\n".join(bench.lines())
    bench.canvas.ghost_to_screen(30, 3)
    await bench.pilot.pause()
    assert "! not a link" in "\n".join(bench.lines())
    bench.canvas.drop_ghost()
    await bench.pilot.pause()
    assert bench.said(messages.GhostDropped)[0].target == "wire.store-cache"
    assert "DPU" not in "\n".join(bench.lines())


async def test_a_part_is_placed_by_keys_with_tab_through_its_targets(bench):
    bench.canvas.begin_ghost(GhostSpec("NVMe cache", "storage"))
    bench.canvas.show_targets({"wire.cache-train": Target(True, "splice here"), "box.train": Target(False, "no")})
    await bench.pilot.press("tab", "enter")
    assert bench.said(messages.GhostDropped)[0].target == "wire.cache-train"
    bench.canvas.begin_ghost(GhostSpec("NVMe cache", "storage"))
    await bench.pilot.press("shift+right", "down", "enter")
    first, second = bench.said(messages.GhostMoved)[-2:]
    assert bench.said(messages.GhostDropped)[1].at == second.at
    assert second.at == Place(first.at.x, first.at.y + 1) or second.at == first.at


async def test_the_wheel_counts_over_a_badge_and_pans_elsewhere(bench):
    await bench.pilot._post_mouse_events([events.MouseScrollUp], offset=(62, 1))
    await bench.pilot.pause()
    assert [(m.name, m.delta) for m in bench.said(messages.CountScrolled)] == [("cache", 1)]
    await bench.pilot._post_mouse_events([events.MouseScrollDown], offset=(30, 20))
    await bench.pilot.pause()
    assert bench.canvas.origin == Place(0, 3)


async def test_a_right_click_asks_for_the_menu_of_what_is_there(bench):
    await bench.pilot.mouse_down(offset=(50, 3), button=3)
    await bench.pilot.mouse_up(offset=(50, 3))
    await bench.pilot.pause()
    asked = bench.said(messages.ContextAsked)[0]
    assert (asked.target, asked.screen) == ("box.cache", (50, 3))


async def test_zoom_keeps_the_cursor_in_place_and_fit_shows_all(bench):
    bench.canvas.select(["train"])
    await bench.pilot.press("z")
    assert bench.canvas.zoom is Zoom.NAMES
    assert any("GPU node" in line for line in bench.lines())
    await bench.pilot.press("f")
    assert bench.canvas.zoom is Zoom.FULL
    text = "\n".join(bench.lines())
    assert all(title in text for title in ("Object store", "NVMe cache", "GPU node", "Fabric"))


async def test_jump_letters(bench):
    await bench.pilot.press("g")
    assert "[c]" in "\n".join(bench.lines())
    await bench.pilot.press("c")
    assert bench.canvas.cursor_box == "train"
    assert "[c]" not in "\n".join(bench.lines())


async def test_only_rows_that_changed_are_refreshed(bench):
    regions = []
    refresh = bench.canvas.refresh
    bench.canvas.refresh = lambda *given, **options: (regions.extend(given), refresh(*given, **options))[1]
    bench.canvas.select(["fabric"])
    await bench.pilot.pause()
    assert {region.y for region in regions} == set(range(11, 15))
    assert all(region.height == 1 for region in regions)
    regions.clear()
    bench.canvas.repaint()
    await bench.pilot.pause()
    assert regions == []


async def test_a_design_that_grows_and_shrinks_leaves_no_selection_behind(bench):
    bench.canvas.select(["cache"], wire=None)
    bench.canvas.set_design(bench.design.without_box("cache"), None)
    await bench.pilot.pause()
    assert bench.canvas.selected == ()
    bench.canvas.set_design(Design(), None)
    await bench.pilot.pause()
    assert "Nothing drawn yet" in "\n".join(bench.lines())


async def test_every_cell_of_a_box_belongs_to_it_and_wires_are_found_by_their_labels(bench):
    scene = bench.canvas.scene
    for name, i in scene.index.items():
        (x, y), (w, h) = scene.corner(i), scene.boxes[i].size
        found = {hit.hit(scene, x + dx, y + dy).name for dx in range(w) for dy in range(h)}
        assert found == {name}
    line = bench.lines()[3]
    assert hit.hit(scene, line.index("100G"), 3) == hit.Hit("wire", "store-cache")


async def test_a_moved_design_is_taken_without_being_routed_again(bench):
    await drag(bench, (50, 3), (52, 5), (56, 8))
    before = bench.lines()
    moved = replace(bench.design.boxes["cache"], at=(50, 6))
    bench.canvas.set_design(bench.design.with_box(moved), report())
    await bench.pilot.pause()
    assert bench.lines() == before


def test_the_canvas_takes_no_name_that_textual_uses():
    own = {name for kind in (CanvasKeys, TopologyCanvas) for name in vars(kind)} | set(vars(TopologyCanvas()))
    taken = own & (set(dir(Widget)) | set(vars(Widget()))) - set(vars(Widget()).keys() & set(vars(TopologyCanvas())))
    meant = {"ALLOW_SELECT", "COMPONENT_CLASSES", "DEFAULT_CSS", "can_focus", "notify_style_update", "render_line"}
    made = {"_css_type_name", "_css_type_names", "_decorated_handlers", "_merged_bindings", "_reactives", "_computes"}
    made |= {"_inherit_bindings", "_inherit_component_classes", "_inherit_css", "can_focus_children"}
    assert {name for name in taken if not name.startswith("__")} <= meant | made
