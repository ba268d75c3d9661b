"""Where boxes go when nobody said where, and how they are lined up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.design import Box, Design, Wire
from infralab.tui.canvas.layout import Place, Size, align, distribute, layered, overlaps, place_all, snap

KINDS = ("storage", "compute", "fabric", "other")


@st.composite
def drawings(draw):
    count = draw(st.integers(1, 25))
    names = [f"b{i}" for i in range(count)]
    kinds = {name: draw(st.sampled_from(KINDS)) for name in names}
    sizes = {name: Size(draw(st.integers(22, 28)), draw(st.integers(5, 6))) for name in names}
    design = Design()
    for name in names:
        at = draw(st.one_of(st.none(), st.tuples(st.integers(0, 200), st.integers(0, 60))))
        design = design.with_box(Box(name, at=at))
    for i in range(draw(st.integers(0, 30))):
        a, b = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        if a != b:
            design = design.with_wire(Wire(f"w{i}", (names[a], names[b])))
    return design, kinds, sizes


@settings(max_examples=80, deadline=None)
@given(drawings())
def test_a_layout_covers_no_box_with_another(drawing):
    design, kinds, sizes = drawing
    assert overlaps(layered(design, kinds, sizes), sizes) == []


@settings(max_examples=80, deadline=None)
@given(drawings())
def test_boxes_placed_by_hand_stay_and_the_others_keep_clear(drawing):
    design, kinds, sizes = drawing
    places = place_all(design, kinds, sizes)
    by_hand = {name for name, box in design.boxes.items() if box.at is not None}
    assert all(places[name] == design.boxes[name].at for name in by_hand)
    assert all({a, b} <= by_hand for a, b in overlaps(places, sizes))


def test_data_flows_from_left_to_right_and_fabrics_stand_below():
    design = Design()
    kinds = {"store": "storage", "cache": "storage", "train": "compute", "net": "fabric"}
    for name in ("train", "net", "cache", "store"):
        design = design.with_box(Box(name, caches="store" if name == "cache" else None))
    for a, b in (("store", "cache"), ("cache", "train"), ("train", "net")):
        design = design.with_wire(Wire(f"{a}-{b}", (a, b)))
    places = layered(design, kinds, dict.fromkeys(kinds, Size(22, 6)))
    assert places["store"].x < places["cache"].x < places["train"].x
    assert places["net"].y > max(places[name].y + 6 for name in ("store", "cache", "train"))


def test_neighbours_in_a_layer_follow_what_they_are_wired_to():
    kinds = {f"s{i}": "storage" for i in range(3)} | {f"t{i}": "compute" for i in range(3)}
    design = Design()
    for name in kinds:
        design = design.with_box(Box(name))
    for i in range(3):
        design = design.with_wire(Wire(f"w{i}", (f"s{i}", f"t{2 - i}")))
    places = layered(design, kinds, dict.fromkeys(kinds, Size(22, 6)))
    assert places["t2"].y < places["t1"].y < places["t0"].y


def test_align_and_distribute():
    sizes = {"a": Size(22, 6), "b": Size(26, 6), "c": Size(22, 5)}
    places = {"a": Place(2, 1), "b": Place(40, 9), "c": Place(100, 4)}
    assert {at.x for at in align(places, sizes, "left").values()} == {2}
    assert {at.x + sizes[name].width for name, at in align(places, sizes, "right").items()} == {122}
    assert {at.y for at in align(places, sizes, "top").values()} == {1}
    spaced = distribute(places, sizes, "horizontal")
    gaps = (spaced["b"].x - 24, spaced["c"].x - spaced["b"].x - 26)
    assert abs(gaps[0] - gaps[1]) <= 2
    assert (spaced["a"], spaced["c"]) == (places["a"], places["c"])
    with pytest.raises(ValueError, match="expected left, right"):
        align(places, sizes, "up")


def test_snapping_keeps_to_the_canvas():
    assert snap(-3, -1) == Place(0, 0)
    assert snap(4.9, 2.4) == Place(4, 2)
