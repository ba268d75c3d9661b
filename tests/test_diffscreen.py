"""The differential writer leaves the screen that Textual's own writer leaves, for a fraction of the bytes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from infralab.tui import terminal
from infralab.tui.terminal import quiet
from infralab.tui.terminal.diff import Frame
from infralab.tui.terminal.quiet import GIVE_UP_SECONDS, IN_FLIGHT_BYTES, Pacer, QuietScreenApp

pyte = pytest.importorskip("pyte")
BENCHMARKS = str(Path(__file__).resolve().parent.parent / "benchmarks")

# -- the frame alone: whatever was laid, the terminal shows the last of it

WIDTH, HEIGHT = 24, 4
STYLES = [
    Style.parse(text)
    for text in ("none", "bold #ff0000", "#00ff00 on #102030", "italic underline", "reverse bold", "on #102030", "dim")
]
segments = st.lists(
    st.tuples(st.text("ab │█漢é ", min_size=1, max_size=9), st.integers(0, len(STYLES) - 1)), min_size=1, max_size=6
)
updates = st.lists(
    st.lists(st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 2), segments), max_size=4),
    min_size=1,
    max_size=5,
)


def strip(parts):
    """A strip of whole characters that begins where it is laid; the tests' screen is never overhung."""
    return Strip([Segment(text, STYLES[number]) for text, number in parts])


def cells(screen):
    result = []
    for y in range(HEIGHT):
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not (cell.reverse or cell.underscore)
            front = None if blank else (cell.fg, cell.bold, cell.italics)
            result.append((cell.data, front, cell.bg, cell.reverse, cell.underscore))
    return result


@settings(max_examples=150, deadline=None)
@given(updates)
def test_the_terminal_shows_what_was_laid_last(script):
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    frame = Frame()
    frame.fit(WIDTH, HEIGHT)
    blank = [(y, 0, Strip.blank(WIDTH, STYLES[0])) for y in range(HEIGHT)]
    stream.feed(frame.encode(blank, ColorSystem.TRUECOLOR))
    for update in script:
        rows = [(y, 0, Strip.join([strip(parts)]).adjust_cell_length(WIDTH, STYLES[0])) for y, _, parts in update]
        stream.feed(frame.encode(rows, ColorSystem.TRUECOLOR))
    kept = cells(screen)
    # a frame that has forgotten everything writes the same picture from nothing
    again = pyte.Screen(WIDTH, HEIGHT)
    last = {y: row for y, _, row in blank}
    for update in script:
        last |= {y: Strip.join([strip(parts)]).adjust_cell_length(WIDTH, STYLES[0]) for y, _, parts in update}
    fresh = Frame()
    fresh.fit(WIDTH, HEIGHT)
    pyte.Stream(again).feed(fresh.encode([(y, 0, row) for y, row in last.items()], ColorSystem.TRUECOLOR))
    assert kept == cells(again)


def test_the_same_picture_costs_nothing_and_one_cell_costs_little():
    frame = Frame()
    frame.fit(80, 24)

    def rows(mark):
        return [(y, 0, Strip([Segment("·" * 40 + mark + "·" * 39, STYLES[2])])) for y in range(24)]

    assert len(frame.encode(rows("a"), ColorSystem.TRUECOLOR)) > 1900
    assert frame.encode(rows("a"), ColorSystem.TRUECOLOR) == ""
    assert len(frame.encode(rows("b")[:1], ColorSystem.TRUECOLOR)) < 60
    frame.forget()
    assert len(frame.encode(rows("b"), ColorSystem.TRUECOLOR)) > 1900


# -- pacing

def test_a_slow_line_is_given_no_more_than_it_has_shown(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(quiet, "monotonic", lambda: clock[0])
    pacer = Pacer()
    assert pacer.sent(IN_FLIGHT_BYTES)
    pacer.answered()
    assert pacer.sent(IN_FLIGHT_BYTES)
    assert not pacer.full()
    assert pacer.sent(1)
    assert pacer.full()
    pacer.answered()
    assert not pacer.full()


def test_a_terminal_that_never_answers_is_never_paced_and_soon_no_longer_asked(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(quiet, "monotonic", lambda: clock[0])
    pacer = Pacer()
    asked = []
    for _ in range(20):
        asked.append(pacer.sent(10_000))
        assert not pacer.full()
        clock[0] += GIVE_UP_SECONDS + 1
    assert asked[0]
    assert not asked[-1]


# -- the fallback

async def test_without_the_private_parts_the_stock_writer_is_used(monkeypatch):
    class Lab(QuietScreenApp, App):
        pass

    monkeypatch.delattr(terminal, "diff", raising=False)
    monkeypatch.setitem(sys.modules, "infralab.tui.terminal.diff", None)
    lab = Lab()
    async with lab.run_test():
        assert not lab._quiet_start()
        assert lab._quiet_frame is None


# -- the whole program in a pty, beside the stock writer

@pytest.fixture(scope="module")
def canvas():
    sys.path.insert(0, BENCHMARKS)
    import canvas as module

    yield module
    sys.path.remove(BENCHMARKS)


KEYS = (
    ("m", "dialog"),
    ("m", "dialog closed"),
    ("d", "folded"),
    ("J", "panned"),
    ("L", "panned on"),
    ("\x1b[19~", "other figures"),
    ("\x1b[20~", "other theme"),
)


def play(canvas, writer, size):
    """Drags, a dialog, folding, panning, a theme and a resize; the screen after each."""
    probe, _ = canvas.start(size, ["--boxes", "12", "--writer", writer, "--zoom", "2"], quiet=0.25)
    columns, rows = probe.cols, probe.rows
    looks = []

    def look(what):
        looks.append((what, probe.look()))

    try:
        look("opened")
        canvas.drag(probe, (26, 4), (min(34, columns - 24), 9))
        look("dragged")
        for key, what in KEYS:
            probe.press(key)
            look(what)
        probe.cols, probe.rows = columns - 6, rows - 3
        probe.screen.resize(rows - 3, columns - 6)
        probe._size(columns - 6, rows - 3)
        os.kill(probe.pid, signal.SIGWINCH)
        probe.settle(limit=3)
        look("resized")
    finally:
        probe.stop()
    return looks


@pytest.mark.parametrize("size", ["80x24", "120x40", "160x48"])
def test_both_writers_leave_the_same_screen_cell_by_cell_and_colour_by_colour(canvas, size):
    for (what, stock), (_, mine) in zip(play(canvas, "stock", size), play(canvas, "quiet", size), strict=True):
        different = [
            (x, y, a, b)
            for y, (left, right) in enumerate(zip(stock, mine, strict=True))
            for x, (a, b) in enumerate(zip(left, right, strict=True))
            if a != b
        ]
        assert not different, f"{what}: {len(different)} cells differ, the first {different[:3]}"


def test_ctrl_l_mends_a_screen_that_something_else_wrote_on(canvas):
    probe, _ = canvas.start("80x24", ["--boxes", "12", "--zoom", "2"], quiet=0.25)
    try:
        before = probe.look()
        probe.stream.feed(b"\x1b[5;5H\x1b[31mBroadcast message from root\x1b[m")
        assert probe.look() != before
        probe.press("\x0c")
        assert probe.look() == before
    finally:
        probe.stop()


def test_a_drag_writes_little_and_idling_nothing(canvas):
    result = canvas.measure(50, "quiet", "120x40", idle=2.0)
    assert result["drag_bytes_median"] <= 1000
    assert result["first_paint_bytes"] <= 22_000  # wires that come later, on a busy machine, included
    assert result["idle_bytes"] == 0
