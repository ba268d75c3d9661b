"""The painted grid: what a design looks like, and that no drawing ever lies about what joins what."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.design import Box, Dataset, Design, Wire, Workload
from infralab.tui.canvas.codes import CROSSING_CODES
from infralab.tui.canvas.decor import Decor, Target
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paint import Painter
from infralab.tui.canvas.roles import Role
from infralab.tui.canvas.scene import MARGIN, Scene
from infralab.tui.canvas.view import BoxFacts, Overlay, Zoom, thickness, view
from infralab.tui.canvas.wires import ACROSS, DOWN, FORM, X, Y

FACTS = {
    "store": BoxFacts("storage", "Object store", "16 prefixes"),
    "cache": BoxFacts("storage", "NVMe cache", "8 × 6.9 GB/s"),
    "train": BoxFacts("compute", "GPU node", "8 × 80 GB"),
    "fabric": BoxFacts("fabric", "Fabric", "1:1"),
}


class Parts:
    def box(self, box):
        return FACTS.get(box.name.split("-")[0], BoxFacts("compute", box.name))

    def wire(self, wire):
        return "100G"


def use(owner, kind, utilisation, capacity=1e9):
    return SimpleNamespace(
        resource=f"{owner}.{kind}", owner=owner, kind=kind, utilisation=utilisation, capacity=capacity, unit="B/s"
    )


def example():
    design = Design(workload=Workload(kind="vision-training", dataset=Dataset(on="store")))
    for box in (
        Box("store", at=(2, 1)),
        Box("cache", at=(44, 1), count=16, caches="store"),
        Box("train", at=(86, 1), count=16),
        Box("fabric", at=(86, 11)),
    ):
        design = design.with_box(box)
    for wire in (
        Wire("store-cache", ("store", "cache")),
        Wire("cache-train", ("cache", "train"), count=2),
        Wire("train-fabric", ("train", "fabric"), count=8),
    ):
        design = design.with_wire(wire)
    return design


def report():
    return SimpleNamespace(
        utilisation=(
            use("box.store", "GETs", 1.0),
            use("box.store", "GB/s", 0.14),
            use("box.train", "HBM bandwidth", 0.21),
            use("wire.store-cache", "link", 0.03, 1e9),
            use("wire.cache-train", "link", 0.6, 2e10),
            use("wire.train-fabric", "link", 0.004, 1e11),
        ),
        bottleneck=SimpleNamespace(owner="box.store", resource="", kind="GETs", reason=""),
        ceilings=(SimpleNamespace(owner="box.store", kind="GETs", rate=88e3),),
        problems=(SimpleNamespace(owner="box.fabric", text="too few ports", severity="infeasible"),),
    )


def scene_of(design, figures=None, zoom=Zoom.FULL):
    scene = Scene(view(design, figures, zoom, Parts()))
    assert scene.route_within(60)
    return scene


def text(scene, width, height, decor=None, ascii_only=False):
    chars, _ = Painter(ascii_only).paint(scene, Place(0, 0), width, height, decor or Decor())
    return [bytes(row.tobytes()).decode("utf-32-le").rstrip() for row in chars]


def test_a_design_with_its_figures():
    assert text(scene_of(example(), report()), 110, 17) == [
        "",
        "  ┏━ Object store ◆ ━━━┓                    ┌─ NVMe cache ── ×16 ┐                    ╭─ GPU node ──── ×16 ╮",
        "  ┃ GETs   ▓▓▓▓▓▓ 100 %┃                    │ 8 × 6.9 GB/s       │                    │ HBM    ▓░░░░░  21 %│",
        "  ┃ GB/s   ▓░░░░░  14 %┣──── 100G 3 % ▁ ───▶┤                    ├━━ 2×100G 60 % ▄ ━━▶┤ 8 × 80 GB          │",
        "  ┃ 16 prefixes        ┃                    │                    │                    │                    │",
        "  ┃ could do 88 k      ┃                    │                    │                    │                    │",
        "  ┗━━━━━━━━━━━━━━━━━━━━┛                    └────────────────────┘                    ╰──────────────┬─────╯",
        "                                                                                                     │",
        "                                                                                       8×100G <1 % ▁ │",
        "                                                                                                     │",
        "                                                                                                     │",
        "                                                                                      ╭─ Fabric ! ───┴─────╮",
        "                                                                                      │ ! too few ports    │",
        "                                                                                      │ 1:1                │",
        "                                                                                      ╰────────────────────╯",
        "",
        "",
    ]


def test_nothing_evaluated_yet_paints_names_and_details():
    lines = "\n".join(text(scene_of(example()), 110, 17))
    assert "Object store" in lines
    assert "16 prefixes" in lines
    assert "◆" not in lines
    assert "%" not in lines


def test_the_names_and_the_dots_say_bottleneck_and_problem_too():
    for zoom in (Zoom.NAMES, Zoom.DOTS):
        lines = "\n".join(text(scene_of(example(), report(), zoom), 110, 17))
        assert "◆" in lines
        assert "!" in lines


@pytest.mark.parametrize("zoom", list(Zoom))
def test_ascii_mode_writes_ascii_only_and_loses_no_sign(zoom):
    decor = Decor(selected=frozenset({"cache"}), cursor="cache", marquee=(0, 12, 30, 16))
    lines = "\n".join(text(scene_of(example(), report(), zoom), 110, 17, decor, ascii_only=True))
    assert lines.isascii()
    assert "?" not in lines
    assert "*" in lines


def test_a_results_change_moves_nothing():
    scene = scene_of(example())
    before = [scene.corner(i) for i in range(4)], list(scene.paths)
    scene.update(view(example(), report(), Zoom.FULL, Parts()))
    assert before == ([scene.corner(i) for i in range(4)], list(scene.paths))
    assert "◆" in "\n".join(text(scene, 110, 17))


def test_figures_that_arrive_later_look_as_if_they_had_always_been_there():
    scene = scene_of(example())
    scene.update(view(example(), report(), Zoom.FULL, Parts()))
    assert text(scene, 110, 17) == text(scene_of(example(), report()), 110, 17)


def test_an_edit_elsewhere_keeps_the_paths_of_other_wires():
    scene = scene_of(example(), report())
    kept = {wire.name: path for wire, path in zip(scene.wires, scene.paths, strict=True)}
    design = example().with_box(Box("extra", at=(2, 24)))
    scene.update(view(design, report(), Zoom.FULL, Parts()))
    assert {wire.name: path for wire, path in zip(scene.wires, scene.paths, strict=True)} == kept


def test_targets_are_lit_and_refusals_say_why():
    decor = Decor(target="box.train", targets={"box.train": Target(False, "no free slot")})
    scene = scene_of(example(), report())
    chars, roles = Painter().paint(scene, Place(0, 0), 110, 17, decor)
    words = bytes(chars[0].tobytes()).decode("utf-32-le")
    assert "! no free slot" in words
    assert (roles[1] == Role.REFUSED).any()


def test_an_overlay_colours_frames_and_says_its_figure():
    overlay = Overlay("money", {"box.train": (1.0, "$320/h")})
    scene = Scene(view(example(), report(), Zoom.FULL, Parts(), overlay))
    chars, roles = Painter().paint(scene, Place(0, 0), 110, 17, Decor())
    assert (roles[1] == Role.HEAT_HIGH).any()
    assert any("$320/h" in bytes(row.tobytes()).decode("utf-32-le") for row in chars)


def test_thickness_grows_with_the_logarithm_of_traffic():
    assert [thickness(rate) for rate in (0, 1e8, 1e9, 1e10, 1e11, 1e13)] == [0, 0, 0, 1, 2, 2]


# -- pictures that cannot lie

designs = st.builds(
    lambda places, pairs: (places, pairs),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), min_size=2, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=14),
)


def build(places, pairs):
    design = Design()
    names = [("store", "train", "fabric", "cache")[i % 4] + f"-{i}" for i in range(len(places))]
    for name, (x, y) in zip(names, places, strict=True):
        design = design.with_box(Box(name, at=(2 * x, y)))
    for a, b in pairs:
        a, b = a % len(names), b % len(names)
        if a != b:
            design = design.with_wire(Wire(f"w{a}-{b}", (names[a], names[b])))
    return design


def check(scene):
    count = np.zeros_like(scene.wire_count)
    for k, path in enumerate(scene.paths):
        assert path is not None
        cells = scene.cells[k]
        count[cells[Y], cells[X]] += 1
        steps = np.abs(np.diff(cells[:2], axis=1)).sum(0)
        assert (steps == 1).all(), "a wire has a gap"
        inside = scene.router.occupied[cells[Y], cells[X]].any()
        assert not inside or k in scene.blocked
    assert (count == scene.wire_count).all()
    for k, label in enumerate(scene.labels):
        if label is not None:
            part = slice(label.x, label.x + len(label.text))
            assert (scene.room.owner[label.y, part] == k).all(), "two labels share a cell"
            assert not scene.router.occupied[label.y, part].any(), "a label lies under a box"


@settings(max_examples=40, deadline=None)
@given(designs, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 70), st.integers(0, 40)), max_size=5))
def test_any_drawing_stays_true_while_boxes_move(drawing, moves):
    scene = scene_of(build(*drawing))
    check(scene)
    for i, x, y in moves:
        scene.move_box(i % len(scene.boxes), Place(2 * x, y))
        check(scene)


@settings(max_examples=40, deadline=None)
@given(designs)
def test_a_cross_is_drawn_only_where_one_wire_runs_straight_over_another(drawing):
    scene = scene_of(build(*drawing))
    chars, _ = Painter().paint(scene, Place(-MARGIN.x, -MARGIN.y), scene.router.width, scene.router.height, Decor())
    across, down = np.zeros(chars.shape, bool), np.zeros(chars.shape, bool)
    for cells in scene.cells:
        for form, grid in ((ACROSS, across), (DOWN, down)):
            at = cells[:, cells[FORM] == form]
            grid[at[Y], at[X]] = True
    crosses = np.isin(chars, CROSSING_CODES)
    assert not (crosses & ~(across & down)).any()


def test_a_move_and_back_is_the_same_picture():
    scene = scene_of(example(), report())
    before = text(scene, 110, 17)
    for dx in itertools.chain(range(0, 20, 2), range(20, -1, -2)):
        scene.move_box(scene.index["cache"], Place(44 + dx, 1))
    assert text(scene, 110, 17) == before


def test_a_world_that_grows_keeps_its_wires():
    scene = scene_of(example(), report())
    scene.move_box(scene.index["train"], Place(400, 90))
    check(scene)
    assert scene.corner(scene.index["train"]) == Place(400, 90)


def test_wires_out_of_view_can_wait():
    design = example()
    for i in range(40):
        design = design.with_box(Box(f"far-{i}", at=(40 * (i % 5), 60 + 9 * (i // 5))))
        if i:
            design = design.with_wire(Wire(f"f{i}", (f"far-{i - 1}", f"far-{i}")))
    scene = Scene(view(design, None, Zoom.FULL, Parts()))
    assert not scene.route_within(0.0, (Place(0, 0), 110, 17))
    while len(scene.unrouted) > 39:
        scene.route_within(0.0, (Place(0, 0), 110, 17))
    assert all(scene.paths[scene.wire_index[name]] for name in ("store-cache", "cache-train", "train-fabric"))
    assert scene.route_within(60)
    check(scene)


def test_a_design_with_places_missing_gets_some_that_do_not_cover_the_others():
    design = example()
    design = design.with_box(replace(design.boxes["cache"], at=None))
    scene = scene_of(design, report())
    assert scene.router.occupied.max() == 1
