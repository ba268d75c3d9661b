"""Physics as properties, over every preset: what must hold whatever the constants are."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.arithmetic import first
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design
from infralab.models.document import from_mapping, load, read
from infralab.models.edits import set_value
from infralab.models.evaluate import evaluate
from infralab.models.outcome import Outcome, outcome

PRESETS = sorted((Path(__file__).parents[1] / "presets").glob("*.toml"))
NAMES = [p.stem for p in PRESETS]
CAPACITIES = {"B/s", "FLOP/s", "B", "1/s"}


@cache
def design_of(name: str) -> Design:
    return load(next(p for p in PRESETS if p.stem == name)).design


@cache
def base_of(name: str) -> Outcome:
    return outcome(design_of(name), default_catalogue())


def rate_of(name: str, **kwargs: object) -> object:
    return outcome(design_of(name), default_catalogue(), **kwargs).rate  # type: ignore[arg-type]


def capacities(name: str) -> list[str]:
    read = base_of(name).machine.figures.read
    return [p for p, f in read.items() if f.unit in CAPACITIES and p.startswith(("box.", "wire."))]


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_gives_a_rate(name: str) -> None:
    rate = base_of(name).rate
    assert rate is not None
    assert math.isfinite(first(rate))
    assert first(rate) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_agrees_with_single_evaluations(name: str) -> None:
    """Every figure and constant, raised in a variant of its own, against the same raise evaluated alone."""
    paths = list(base_of(name).machine.figures.read)
    scales = {}
    for i, path in enumerate(paths):
        factor = np.ones(len(paths))
        factor[i] = 1.37
        scales[path] = factor
    together = np.broadcast_to(np.asarray(rate_of(name, scales=scales), dtype=float), (len(paths),))
    for i in range(0, len(paths), max(1, len(paths) // 12)):
        alone = first(rate_of(name, scales={paths[i]: 1.37}))
        assert together[i] == pytest.approx(alone, rel=1e-9), paths[i]


@pytest.mark.parametrize("name", NAMES)
def test_more_of_any_capacity_never_lowers_the_rate(name: str) -> None:
    paths = capacities(name)
    scales = {}
    for i, path in enumerate(paths):
        factor = np.ones(len(paths))
        factor[i] = 1.5
        scales[path] = factor
    rates = np.broadcast_to(np.asarray(rate_of(name, scales=scales), dtype=float), (len(paths),))
    base = first(base_of(name).rate)
    lower = [(p, r / base) for p, r in zip(paths, rates, strict=True) if r < base * (1 - 1e-6)]
    assert not lower


@pytest.mark.parametrize("name", NAMES)
def test_twice_as_fast_hardware_at_most_doubles_the_rate(name: str) -> None:
    """All rates twice, all times half; sizes stay (a larger cache may give more), and nothing fails on the way."""
    design = design_of(name)
    if design.workload is not None:
        design = replace(design, workload=replace(design.workload, checkpoint=None))
    base = outcome(design, default_catalogue())
    rates = {"B/s", "FLOP/s", "1/s"}
    faster: dict[str, float] = {}
    for path, figure in base.machine.figures.read.items():
        if figure.unit in rates or path.endswith((".cores", ".threads")):
            faster[path] = 2.0
        elif figure.unit == "s" and "_per_" not in path:
            faster[path] = 0.5
    doubled = outcome(design, default_catalogue(), scales=faster)  # type: ignore[arg-type]
    assert first(doubled.rate) <= 2.0 * first(base.rate) * (1 + 1e-6)


@settings(deadline=None)
@given(name=st.sampled_from(NAMES), factors=st.lists(st.floats(0.3, 3.0), min_size=4, max_size=4), data=st.data())
def test_any_mix_of_changes_agrees_between_batch_and_single(name: str, factors: list[float], data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from(capacities(name)), min_size=1, max_size=4, unique=True))
    used = dict(zip(paths, factors, strict=False))
    alone = first(rate_of(name, scales=used))
    together = rate_of(name, scales={p: np.array([1.0, f]) for p, f in used.items()})
    both = np.broadcast_to(np.asarray(together, dtype=float), (2,))
    assert both[1] == pytest.approx(alone, rel=1e-9)
    assert both[0] == pytest.approx(first(base_of(name).rate), rel=1e-9)


TRANSFER = """
schema = "infralab.design/1"
[workload]
kind = "storage-io"
op = "read"
streams = 4096
block_bytes = 16_000_000
[box.store]
is = "tier"
[box.clients]
is = "cpu-2s-xeon-8480"
[wire.a]
ends = ["store", "clients"]
is = "infiniband-ndr"
count = 1
path = "rdma"
[component.tier]
kind = "parallel-fs"
read_gb_s = 10.0
latency_ms = 0.1
"""


def test_a_design_without_choices_is_what_a_calculator_says() -> None:
    """A store of 10 GB/s behind a wire of 50 GB/s delivers 10 GB/s; behind one of 5 GB/s, that times its efficiency."""
    design = read(TRANSFER).design
    report = evaluate(design)
    assert report.throughput is not None
    assert report.throughput.value == pytest.approx(10e9)
    assert report.bottleneck is not None
    assert report.bottleneck.owner == "box.store"
    thin = set_value(set_value(design, "wire.a.with.bandwidth", "5 GB/s"), "wire.a.with.efficiency", 0.9)
    report = evaluate(thin)
    assert report.throughput is not None
    assert report.throughput.value == pytest.approx(4.5e9)
    assert report.bottleneck is not None
    assert report.bottleneck.owner == "wire.a"


def test_units_change_nothing() -> None:
    design = read(TRANSFER).design
    rates = {
        text: evaluate(set_value(design, "wire.a.with.bandwidth", text)).throughput
        for text in ("5 GB/s", "40 Gb/s", "5000 MB/s", "0.04 Tb/s")
    }
    assert len({t.value for t in rates.values() if t is not None}) == 1


def test_an_unfinished_drawing_says_what_is_missing() -> None:
    empty = Design()
    report = evaluate(empty)
    assert report.status == "incomplete"
    assert "compute" in report.sentence or "workload" in report.sentence
    assert report.throughput is None


def test_what_does_not_fit_still_shows_what_it_would_do() -> None:
    report = evaluate(design_of("model-too-large"))
    assert report.status == "infeasible"
    assert report.throughput is not None
    assert report.memory is not None
    assert not report.memory.fits


def test_utilisation_is_one_where_it_binds_and_ceilings_are_sorted() -> None:
    report = evaluate(design_of("photos-on-object-storage"))
    assert report.throughput is not None
    assert report.bottleneck is not None
    binding = next(u for u in report.utilisation if u.resource == report.bottleneck.resource)
    assert binding.utilisation == pytest.approx(1.0)
    rates = [c.rate for c in report.ceilings]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(report.throughput.value)


def pods(pods_of: list[int], count_of_first: int) -> Design:
    """Leaves with so many servers each on one spine, and a store; the first server of the first leaf differs.

    Inference: training would reduce gradients over one merged pool, but over each plain one by itself.
    """
    lines = ["[workload]", 'kind = "vision-inference"', 'model = "resnet-50"', "batch = 64", 'precision = "int8"',
             "[workload.dataset]", "samples = 1e9", 'bytes_per_sample = "114 kB"', "samples_per_file = 1000",
             'encoding = "jpeg"', 'on = "store"', "[box.store]", 'is = "weka"', "count = 2", "[box.spine]",
             'is = "quantum-2"', "[wire.store-spine]", 'ends = ["store", "spine"]', 'is = "infiniband-ndr"', "count = 8"]  # fmt: skip
    for leaf, servers in enumerate(pods_of):
        lines += [f"[box.leaf{leaf}]", 'is = "quantum-2"', f"[wire.leaf{leaf}-spine]", f'ends = ["leaf{leaf}", "spine"]',
                  'is = "infiniband-ndr"', "count = 4"]  # fmt: skip
        for server in range(servers):
            name = f"s{leaf}-{server}"
            count = count_of_first if leaf == server == 0 else 1
            lines += [f"[box.{name}]", 'is = "dgx-h100"', f"count = {count}", f"[wire.{name}-leaf]",
                      f'ends = ["{name}", "leaf{leaf}"]', 'is = "infiniband-ndr"', "count = 8"]  # fmt: skip
    return read("\n".join(lines)).design


@settings(deadline=None, max_examples=8)
@given(pods_of=st.lists(st.integers(1, 5), min_size=1, max_size=4), count=st.integers(1, 3))
def test_interchangeable_boxes_may_be_evaluated_once(pods_of: list[int], count: int) -> None:
    design = pods(pods_of, count)
    merged = evaluate(design, fit=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infralab.models.symmetry.WORTH", 1_000)
        plain = evaluate(design, fit=False)
    assert plain.throughput is not None
    assert merged.throughput is not None
    assert merged.throughput.value == pytest.approx(plain.throughput.value, rel=1e-9)
    own = {(u.resource, u.owner): u.utilisation for u in plain.utilisation}
    for use in merged.utilisation:
        assert own[use.resource, use.owner] == pytest.approx(use.utilisation, rel=1e-6), use.resource


@pytest.mark.parametrize("op", ["all-reduce", "all-gather", "all-to-all", "broadcast"])
@pytest.mark.parametrize(("servers", "message"), [(2, "1 MB"), (8, "1 MB"), (8, "1 GB"), (64, "1 GB")])
def test_a_collective_always_names_what_sets_its_pace(op: str, servers: int, message: str) -> None:
    found, problems = from_mapping(
        {
            "workload": {"kind": "collective", "op": op, "message_bytes": message},
            "box": {"chips": {"is": "dgx-h100", "count": servers}, "fabric": {"is": "fabric"}},
            "wire": {"out": {"ends": ["chips", "fabric"], "is": "infiniband-ndr"}},
        }
    )
    assert not problems
    report = evaluate(found, fit=False)
    assert report.bottleneck is not None
    if op == "all-to-all" and message == "1 GB":  # half of the bytes or more leave the server
        assert report.bottleneck.owner == "wire.out"
