"""The inspector's fields over every preset: what is shown can be typed back, every step is a valid edit."""

from __future__ import annotations

import pytest

from infralab.models.document import load
from infralab.models.presets import presets
from infralab.models.report import Report
from infralab.tui import edits
from infralab.tui.fields import exact, fields
from infralab.tui.parts import catalogue_for
from infralab.tui.steps import nice, step


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_every_field_takes_back_what_it_shows_and_steps_to_something_valid(preset) -> None:
    design = load(preset.path).design
    catalogue = catalogue_for(design)
    selections = [(), *((f"box.{name}",) for name in design.boxes), *((f"wire.{name}",) for name in design.wires)]
    tried = 0
    for selection in selections:
        for field in fields(design, Report("ok"), selection, catalogue):
            if field.heading or field.renames:
                continue
            for direction in (1, -1):
                value = step(field, direction)
                if value is not None:
                    edits.put(field, value, selection)(design)
                    tried += 1
            if field.value is not None and field.text and not field.rooms:
                assert edits.enter(field, field.text, selection)(design) == design, field.path
                if field.key is None or not field.key.required:
                    again = edits.reset(field, selection)(edits.reset(field, selection)(design))
                    assert again != design or (field.label, field.value) == ("count", 1), field.path
    assert tried > 10


def test_an_override_shows_what_it_replaces_and_a_reset_brings_that_back() -> None:
    design = load(next(p.path for p in presets() if "photos-on" in p.name)).design
    catalogue = catalogue_for(design)
    name = next(box.name for box in design.boxes.values() if catalogue.find(box.is_ or "", "server"))

    def bandwidth(of):
        return next(
            f for f in fields(of, None, (f"box.{name}",), catalogue) if f.path.endswith("with.chip.memory_bandwidth")
        )

    before = bandwidth(design)
    assert before.mark == "cited"
    edited = edits.enter(before, "4 TB/s", ())(design)
    after = bandwidth(edited)
    assert (after.text, after.overridden, after.mark, after.base) == ("4 TB/s", True, "override", before.base)
    assert edits.reset(after, ())(edited) == design


def test_steps_walk_nice_numbers_up_and_the_same_way_down() -> None:
    up, value = [], 1.0
    for _ in range(12):
        value = nice(value, 1)
        up.append(value)
    assert up == sorted(set(up))
    assert up[9] == 10
    down = [value := nice(value, -1) for _ in range(12)]
    assert down == [*reversed(up[:-1]), 1.0]


def test_sizes_that_are_binary_stay_binary() -> None:
    assert exact(16 * 2**20, "bytes") == "16 MiB"
    assert exact(64e6, "bytes") == "64 MB"
    assert exact(123456789, "bytes") == "123.456789 MB"
