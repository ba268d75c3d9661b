"""Wires run at right angles, from port to port, and round boxes; tables stay true move by move."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.tui.canvas.ports import PortTable, port, sides, spread
from infralab.tui.canvas.route import BLOCKED, Router

WIDTH, HEIGHT = 120, 60
boxes = st.lists(
    st.tuples(st.integers(14, 80), st.integers(6, 40), st.integers(4, 22), st.integers(3, 7)),
    min_size=2,
    max_size=8,
)


def cells_of(path):
    for (x0, y0), (x1, y1) in itertools.pairwise(path):
        assert x0 == x1 or y0 == y1, "a run is neither across nor down"
        for x in range(min(x0, x1), max(x0, x1) + 1):
            for y in range(min(y0, y1), max(y0, y1) + 1):
                yield x, y


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_a_route_joins_its_ports_and_its_cost_tells_whether_it_runs_through_a_box(rects):
    router = Router(WIDTH, HEIGHT, np.array(rects))
    for a, b in itertools.combinations(range(len(rects)), 2):
        side_a, side_b = sides(rects[a], rects[b], below=False)
        start = port(rects[a], side_a, spread(rects[a], side_a, [rects[b][0]])[0])
        end = port(rects[b], side_b, spread(rects[b], side_b, [rects[a][0]])[0])
        path, cost = router.route(start, end)
        assert path[0] == (start.x, start.y)
        assert path[-1] == (end.x, end.y)
        covered = any(router.occupied[y, x] for x, y in cells_of(path))
        assert covered == (cost >= BLOCKED)


@settings(max_examples=40, deadline=None)
@given(boxes, st.lists(st.tuples(st.integers(0, 7), st.integers(14, 80), st.integers(6, 40)), max_size=6))
def test_moving_boxes_leaves_the_tables_as_if_they_had_always_stood_there(rects, moves):
    router = Router(WIDTH, HEIGHT, np.array(rects))
    for i, x, y in moves:
        router.move_box(i % len(rects), x, y)
    fresh = Router(WIDTH, HEIGHT, router.boxes)
    assert (router.occupied == fresh.occupied).all()
    assert (router.row_sums == fresh.row_sums).all()
    assert (router.column_sums == fresh.column_sums).all()


def test_a_forgotten_wire_leaves_no_trace():
    router = Router(WIDTH, HEIGHT, np.array([(14, 6, 10, 4), (60, 30, 10, 4)]))
    path = ((24, 8), (40, 8), (40, 8), (40, 32), (40, 32), (59, 32))
    router.use(path, 1)
    assert router.row_use.any()
    assert router.column_use.any()
    router.use(path, -1)
    assert not router.row_use.any()
    assert not router.column_use.any()
    assert not router.corner_use.any()


def test_a_search_finds_the_way_out_of_a_pocket_that_no_bent_shape_leaves():
    walls = [(20, 10, 60, 3), (20, 40, 60, 3), (77, 13, 3, 27), (30, 20, 6, 6), (95, 20, 6, 6), (50, 13, 3, 20)]
    router = Router(WIDTH, HEIGHT, np.array(walls))
    start, end = port(walls[3], "right", 22), port(walls[4], "left", 22)
    _, cost = router.route(start, end)
    assert cost >= BLOCKED
    path = router.detour(start, end)
    assert path is not None
    assert not any(router.occupied[y, x] for x, y in cells_of(path))
    assert router.detour(start, end, limit=5) is None


@given(st.lists(st.floats(0, 60), min_size=1, max_size=9))
def test_ports_spread_in_order_along_their_side(wishes):
    cells = spread((20, 10, 22, 6), "bottom", sorted(wishes))
    assert cells == sorted(cells)
    assert len(set(cells)) == len(cells)
    assert all(20 < cell < 41 for cell in cells)


def test_boxes_in_line_are_wired_by_a_straight_line():
    table = PortTable([(10, 10, 22, 6), (60, 10, 22, 5)], [(0, 1)], [False, False])
    start, end = table.ports[0]
    assert (start.side, end.side) == ("right", "left")
    assert start.y == end.y


def test_only_wires_whose_ports_changed_are_reported_by_a_move():
    rects = [(10, 10, 22, 6), (60, 10, 22, 6), (10, 40, 22, 6), (60, 40, 22, 6)]
    table = PortTable(rects, [(0, 1), (2, 3)], [False] * 4)
    assert table.move(0, 12, 12) == {0}
