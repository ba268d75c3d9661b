"""Edits: what a path sets, what follows from it, and what is refused with a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models import edits, schema
from infralab.models.design import Box, Design, Wire
from infralab.models.document import from_mapping, read
from infralab.models.edits import EditError
from infralab.models.units import Quantity

TEXT = """
[workload]
kind = "vision-training"
model = "net"
dataset = { samples = 1000, on = "store" }
checkpoint = { every = "30 min", to = "store" }
[box.store]
is = "object-store"
at = [2, 3]
[box.cache]
is = "ssd"
caches = "store"
[box.train]
is = "node"
count = 16
with.chip.memory_bandwidth = "4 TB/s"
[wire.store-train]
ends = ["store", "train"]
[wire.store-cache]
ends = ["store", "cache"]
[[story]]
title = "Slow it"
remove = ["wire.store-train"]
set = ["box.store.with.read_bandwidth = '1 GB/s'", "wire.again = { ends = ['store', 'train'] }"]
"""
DESIGN = read(TEXT).design


def assigned(text: str, design: Design = DESIGN) -> Design:
    return edits.set_value(design, *edits.parse_assignment(text))


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("box.train.count=32", 32),
        ("box.train.count = 4", 4),
        ("software.framework=jax", "jax"),
        ("software.version=2.40", "2.40"),
        ("title=3", "3"),
        ("workload.dataset.samples=5e6", 5e6),
        ("workload.dataset.on=train", "train"),
        ("workload.model=other-net", "other-net"),
        ("plan.tensor=8", 8),
        ("plan.prefill.tensor=4", 4),
        ("plan.sequence_parallel=true", True),
        ("box.train.runs=prepare", ("prepare",)),
        ("box.store.at=[4, 5]", (4, 5)),
        ("wire.store-train.count=2", 2),
        ("box.cache.caches=train", "train"),
        ("workload.targets.time_to_first_token=200 ms", Quantity(0.2, "seconds", "200 ms")),
        ("box.train.with.chip.memory_bandwidth=5 TB/s", Quantity(5e12, "bytes/s", "5 TB/s")),
        ("box.train.with.chip.peak.fp8=2 PFLOP/s", Quantity(2e15, "FLOP/s", "2 PFLOP/s")),
        ("box.train.with.host.cores=64", Quantity(64.0, "")),
        ("wire.store-train.with.bandwidth=400 Gb/s", Quantity(5e10, "bytes/s", "400 Gb/s")),
        ("story.0.title=Other", "Other"),
    ],
)
def test_a_path_sets_what_the_same_path_gets(assignment: str, value: Any) -> None:
    path = edits.parse_assignment(assignment)[0]
    assert edits.get_value(assigned(assignment), path) == value


def test_an_edit_changes_nothing_else() -> None:
    edited = assigned("box.train.count=32")
    assert edits.set_value(edited, "box.train.count", 16) == DESIGN
    assert edited.boxes["store"] is DESIGN.boxes["store"]
    assert DESIGN.boxes["train"].count == 16


def test_single_hyperparameters_override_a_library_model() -> None:
    work = assigned("workload.model.layers=12").workload
    assert work is not None
    assert (work.model, dict(work.shape)) == ("net", {"layers": 12})


def test_whole_tables_are_set_and_new_things_come_last() -> None:
    edited = assigned("box.pool = { is = 'node', count = 3, with.host.cores = 8 }")
    assert list(edited.boxes) == ["store", "cache", "train", "pool"]
    assert edited.boxes["pool"].overrides["host.cores"].value == 8
    assert assigned("wire.w = { ends = ['cache', 'train'], count = 2 }").wires["w"].count == 2
    plan = assigned("plan = { tensor = 2 }").plan
    assert (plan.tensor, plan.data) == (2, None)


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("box.train.cuont=3", "did you mean count?"),
        ("box.trian.count=3", "did you mean train?"),
        ("bxo.train.count=3", "did you mean box.train.count?"),
        ("box.train.count=eight", 'box.train.count = "eight": expected a whole number from 1; did you mean 8?'),
        ("box.train.count=-1", "expected a whole number from 1"),
        ("box.train.count=nan", "expected a whole number from 1"),
        ("box.train.with.chip.memory=80", 'write it like "80 GB"'),
        ("box.train.with.chip.memry=1 GB", "did you mean memory?"),
        ("box.train.is.foo=3", "is a value, and has no foo in it"),
        ("box.train=3", "is a table"),
        ("box={}", "name one box"),
        ("plan=3", "plan is a table"),
        ("workload.kind=vision-traning", "vision-training"),
        ("workload.dataset.on=nowhere", "there is no box nowhere"),
        ("wire.store-train.ends=['store', 'trian']", "did you mean train?"),
        ("wire.store-train.ends=['store', 'store']", "cannot join a box to itself"),
        ("wire.new.count=1", "there is no wire new"),
        ("story.7.title=x", "there are 1, counted from 0"),
        ("box.train.count", "write it like box.train.count=32"),
        ("box.train.count=", "has no value"),
        ("box..count=3", "no path"),
        ("schema=x", "no such key"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_would_be_right(assignment: str, says: str) -> None:
    with pytest.raises(EditError, match=re.escape(says)):
        assigned(assignment)


def test_removing_a_box_takes_its_wires_and_what_named_it() -> None:
    edited = edits.remove(DESIGN, "box.store")
    assert list(edited.wires) == []
    assert edited.boxes["cache"].caches is None
    assert edited.workload is not None
    assert edited.workload.dataset is not None
    assert edited.workload.dataset.on is None
    assert edited.workload.checkpoint is not None
    assert edited.workload.checkpoint.to is None


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("box.train.count", 1),
        ("box.train.with.chip.memory_bandwidth", None),
        ("workload.checkpoint", None),
        ("workload.dataset.samples", None),
        ("story", ()),
    ],
)
def test_removing_a_key_leaves_its_default(path: str, left: Any) -> None:
    assert edits.get_value(edits.remove(DESIGN, path), path) == left


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("box.trian", "did you mean train?"),
        ("box.train.chips", "is not set"),
        ("wire.store-train.ends", "ends are missing"),
        ("workload.kind", "kind is missing"),
        ("nothing", "no such key"),
        ("wire", "name one wire"),
    ],
)
def test_what_cannot_be_removed_is_refused(path: str, says: str) -> None:
    with pytest.raises(EditError, match=re.escape(says)):
        edits.remove(DESIGN, path)


def test_a_renamed_box_keeps_its_place_and_everything_follows() -> None:
    edited = edits.rename_box(DESIGN, "store", "lake")
    assert list(edited.boxes) == ["lake", "cache", "train"]
    assert edited.wires["store-train"].ends == ("lake", "train")
    assert edited.boxes["cache"].caches == "lake"
    assert edited.workload is not None
    assert edited.workload.dataset is not None
    assert edited.workload.dataset.on == "lake"
    told = edits.apply_step(edited, edited.story[0])
    assert told.wires["again"].ends == ("lake", "train")
    assert told.boxes["lake"].overrides["read_bandwidth"].value == 1e9
    assert edits.rename_box(edited, "lake", "store").boxes == DESIGN.boxes
    with pytest.raises(EditError, match="train-2 is free"):
        edits.rename_box(DESIGN, "store", "train")


def test_a_step_removes_first_and_says_where_it_failed() -> None:
    told = edits.apply_step(DESIGN, DESIGN.story[0])
    assert list(told.wires) == ["store-cache", "again"]
    with pytest.raises(EditError, match='step "Slow it": there is no wire store-train'):
        edits.apply_step(told, DESIGN.story[0])


def test_copies_have_free_names_their_own_wires_and_their_own_caches() -> None:
    edited, copies = edits.duplicate(DESIGN, ["store", "cache"], by=(0, 4))
    assert copies == {"store": "store-2", "cache": "cache-2"}
    assert edited.boxes["store-2"].at == (2, 7)
    assert edited.boxes["cache-2"].caches == "store-2"
    ends = [wire.ends for wire in edited.wires.values()]
    assert ("store-2", "train") in ends
    assert ("store-2", "cache-2") in ends
    assert len(ends) == 4


def test_boxes_and_wires_are_added_under_free_names_only() -> None:
    edited = edits.add_box(DESIGN, Box(edits.free_name(DESIGN, "train"), is_="node"))
    edited = edits.add_wire(edited, Wire("w", ("train-2", "store")))
    assert edited.wires_of("train-2") == (edited.wires["w"],)
    with pytest.raises(EditError, match="already"):
        edits.add_box(DESIGN, Box("train"))
    with pytest.raises(EditError, match="there is no box"):
        edits.add_wire(DESIGN, Wire("w", ("train", "nowhere")))


def test_boxes_move_together() -> None:
    moved = edits.shift(edits.move(DESIGN, "train", (10, 3)), ["train", "store"], (1, -1))
    assert (moved.boxes["train"].at, moved.boxes["store"].at) == ((11, 2), (3, 2))


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_words_set_something_or_are_refused(path: str, value: str) -> None:
    for attempt in (
        lambda: assigned(f"{path}={value}"),
        lambda: edits.set_value(DESIGN, path, value),
        lambda: edits.get_value(DESIGN, path),
        lambda: edits.remove(DESIGN, path),
    ):
        try:
            attempt()
        except EditError as error:
            assert str(error)  # noqa: PT017


_KEYS = [
    f"{prefix}.{key}"
    for prefix, table in {
        "box.train": "box",
        "wire.store-train": "wire",
        "workload": "workload",
        "plan": "plan",
    }.items()
    for key in schema.TABLES[table]
]


@given(st.sampled_from(_KEYS), st.integers(0, 9) | st.sampled_from(["a", "full", "cache", "5 GB"]) | st.booleans())
def test_a_key_that_can_be_set_can_be_read_back_and_removed(path: str, value: Any) -> None:
    try:
        edited = edits.set_value(DESIGN, path, value)
    except EditError:
        return
    got = edits.get_value(edited, path)
    assert got in (value, (value,)) or isinstance(got, Quantity) or value == "5 GB"
    if path not in ("workload.kind", "wire.store-train.ends") and (path, value) != ("box.train.count", 1):
        without = edits.remove(edited, path)
        assert edits.get_value(without, path) in (None, (), 1)


def test_a_row_of_measurements_is_a_design() -> None:
    design, problems = from_mapping({"workload": {"kind": "collective", "op": "all-reduce", "message_bytes": 8}})
    assert problems == ()
    assert edits.get_value(design, "workload.message_bytes") == 8
