"""The first picture shows the same cells as the painter that takes over from it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models import presets
from infralab.models.design import Box, Dataset, Design, Wire, Workload
from infralab.models.document import load
from infralab.tui.canvas import first
from infralab.tui.canvas.decor import Decor
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paint import Painter
from infralab.tui.canvas.scene import Scene
from infralab.tui.canvas.view import Zoom, view


def rows_of_painter(seen, origin, width, height, ascii_only):
    scene = Scene(seen)
    assert scene.route_within(60, (origin, width, height))
    chars, roles = Painter(ascii_only).paint(scene, origin, width, height, Decor())
    return [row.tobytes().decode("utf-32-le") for row in chars], [row.tobytes() for row in roles]


def assert_same(seen, ascii_only=False):
    left, top, right, bottom = first.extent(seen)
    assert (left, top, right, bottom) == Scene(seen).extent()
    origin, width, height = Place(left - 3, top - 2), right - left + 8, bottom - top + 12
    made = first.picture(seen, origin, width, height, ascii_only=ascii_only)
    assert made == rows_of_painter(seen, origin, width, height, ascii_only)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("zoom", [Zoom.FULL, Zoom.NAMES])
def test_every_preset_that_it_takes_on_looks_the_same(zoom, ascii_only):
    taken = 0
    for preset in presets.presets():
        seen = view(load(preset.path).design, zoom=zoom)
        if first.can(seen):
            taken += 1
            assert_same(seen, ascii_only)
    assert taken >= 3


@st.composite
def designs(draw):
    count = draw(st.integers(1, 7))
    design = Design(workload=Workload(kind="vision-training", dataset=Dataset(on="b0")))
    for k in range(count):
        at = (draw(st.integers(0, 60)), draw(st.integers(0, 22)))
        fabric = draw(st.booleans())
        design = design.with_box(
            Box(f"b{k}", at=at, count=draw(st.integers(1, 20)), topology="fat-tree" if fabric else None)
        )
    for a in range(count):
        for b in draw(st.sets(st.integers(0, count - 1), max_size=2)):
            if a != b:
                wires = draw(st.integers(1, 3))
                design = design.with_wire(Wire(f"b{a}-b{b}", (f"b{a}", f"b{b}"), count=wires))
    return design


@settings(max_examples=60, deadline=None)
@given(designs(), st.sampled_from([Zoom.FULL, Zoom.NAMES]))
def test_any_small_design_looks_the_same(design, zoom):
    """Crossings, detours, boxes over each other, labels, arrows, joints."""
    seen = view(design, zoom=zoom)
    if first.can(seen):
        assert_same(seen)


def test_the_first_frame_does_without_numpy():
    """It shows the default preset's boxes and a wire; figures and hands come later, numpy with them."""
    code = """
import asyncio, sys
from infralab.models import presets
from infralab.models.document import load
from infralab.tui.app import LabApp, Settings

document = load(presets.default().path)
app = LabApp(document, Settings(recover=False))
app.lab._begin = lambda: None  # what comes after the first frame

async def main():
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        canvas = app.lab.canvas
        text = "\\n".join(canvas.render_line(y).text for y in range(canvas.content_size.height))
        assert all(name in text for name in document.design.boxes), text
        assert "▶" in text, text
        assert "numpy" not in sys.modules
        assert canvas.scene.boxes and "numpy" in sys.modules

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
