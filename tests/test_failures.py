"""Checkpoints and failures: Young, Daly, and what saving costs a training."""

from __future__ import annotations

import math
import random
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.catalogue import built_in
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.job import Job, Part, Save, Step
from infralab.models.lower import lower
from infralab.models.machine import Machine
from infralab.models.physics.failures import checkpoint, daly_interval, failures_per_second, flows, goodput


def test_young_for_short_checkpoints() -> None:
    # C = 10 s, M = 10 h: sqrt(2 C M) = 849 s, Daly's terms take off less than 2 %
    young = math.sqrt(2 * 10 * 36000)
    assert daly_interval(10.0, 36000.0) == pytest.approx(young, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(st.floats(1, 600), st.floats(1800, 1e7), st.floats(0.3, 3.0))
def test_no_interval_beats_dalys_by_much(cost: float, mtbf: float, factor: float) -> None:
    best = daly_interval(cost, mtbf)
    assert goodput(best * factor, cost, mtbf, 300.0) <= goodput(best, cost, mtbf, 300.0) * 1.01


def test_goodput_agrees_with_a_simulated_run() -> None:
    interval, cost, mtbf, restart = 600.0, 60.0, 7200.0, 300.0
    draw = random.Random(5)
    clock = done = 0.0
    for _ in range(20000):
        while True:
            fails = draw.expovariate(1 / mtbf)
            if fails >= interval + cost:
                clock += interval + cost
                break
            clock += fails
            # restarting may fail as well
            while (again := draw.expovariate(1 / mtbf)) < restart:
                clock += again
            clock += restart
        done += interval
    assert goodput(interval, cost, mtbf, restart) == pytest.approx(done / clock, rel=0.02)


TRAINING = """
schema = "infralab.design/1"
[workload]
kind = "vision-training"
model = "resnet-50"
[workload.checkpoint]
every = "{every} s"
to = "store"
{more}
[box.train]
is = "dgx-h100"
count = {count}
[box.store]
is = "weka"
count = {nodes}
[wire.w]
ends = ["train", "store"]
is = "infiniband-ndr"
count = 2
"""


def machine(every: float = 600, count: int = 4, nodes: int = 2, more: str = "") -> Machine:
    text = TRAINING.format(every=every, count=count, nodes=nodes, more=more)
    design, problems = from_mapping(tomllib.loads(text))
    assert not [p for p in problems if p.severity == "error"], problems
    return lower(design, built_in(), Figures())


def job(size: float = 276e9) -> Job:
    part = Part("compute", "box.train.chip.peak.bf16", "matrix engine", 1.0, 1.0)
    return Job("units/s", steps=[Step("box.train", 100.0, [part])], save=Save(size, "train"))


def test_write_time_is_the_slowest_of_tier_wires_and_streams() -> None:
    work = job()
    checkpoint(machine(), work)
    # 276 GB to two nodes of 15 GB/s at 0.92 of it: 10 s
    assert work.metrics["checkpoint_seconds"] == pytest.approx(276 / (30 * 0.92), rel=0.01)
    slow = job()
    checkpoint(machine(count=1, nodes=100), slow)
    # 8 chips of 1 GB/s a stream
    assert slow.metrics["checkpoint_seconds"] == pytest.approx(276 / 8, rel=0.01)


def test_a_synchronous_save_pauses_the_step_by_its_share_of_the_interval() -> None:
    work = job()
    checkpoint(machine(), work)
    pause = work.steps[0].parts[-1]
    assert pause.name == "checkpoint"
    assert pause.seconds == pytest.approx(work.metrics["checkpoint_seconds"] / 600)


def test_an_asynchronous_save_hides_all_but_the_copy_off_the_chips() -> None:
    work = job()
    checkpoint(machine(more='mode = "asynchronous"'), work)
    # 276 GB / 32 chips over 63 GB/s each
    assert work.steps[0].parts[-1].seconds == pytest.approx(276 / 32 / 63 / 600, rel=0.01)


def test_checkpoint_bytes_travel_on_the_wires() -> None:
    found = flows(machine(), job())
    assert [(f.source, f.target, f.traffic) for f in found] == [("train", "store", "checkpoint")]
    # 100 units a second: 276 GB every 600 s
    assert found[0].bytes == pytest.approx(276e9 / 600 / 100)


def test_goodput_of_sixteen_thousand_gpus_is_near_the_published_one() -> None:
    large = machine(count=2048)
    hours = 1 / failures_per_second(large, large.pools["train"]) / 3600
    assert hours == pytest.approx(3.09, rel=0.1)  # 419 interruptions in 54 days


def test_a_checkpoint_without_a_way_is_a_problem_not_an_error() -> None:
    cut = machine()
    cut.links.clear()
    work = job()
    checkpoint(cut, work)
    assert any("cannot reach store" in text for _, _, text in work.problems)
    assert "checkpoint_seconds" not in work.metrics


def test_variants_at_once_equal_one_by_one() -> None:
    costs, mtbfs = np.array([1.0, 60.0, 5000.0]), np.array([1e5, 1e4, 3e3])
    many = daly_interval(costs, mtbfs)
    assert many == pytest.approx(
        [daly_interval(float(c), float(m)) for c, m in zip(costs, mtbfs, strict=True)]
    )


def test_a_staged_checkpoint_pauses_for_the_cache_and_drains_to_the_store() -> None:
    text = TRAINING.format(every=600, count=4, nodes=2, more='stage = "cache"')
    text = text.replace("[box.store]", 'disk = "nvme-gen4"\ndisks = 8\ncaches = "store"\n[box.store]')
    design, problems = from_mapping(tomllib.loads(text))
    assert not [p for p in problems if p.severity == "error"], problems
    staged = lower(design, built_in(), Figures())
    work = job()
    checkpoint(staged, work)
    # 32 drives of 4 GB/s, of which 0.95; one stream a chip is slower: 276 GB / 32 chips at 1 GB/s
    assert work.metrics["checkpoint_seconds"] == pytest.approx(276 / 32, rel=0.01)
    assert [(f.source, f.target) for f in flows(staged, work)] == [("train", "store")]
    assert not work.problems


def test_a_store_that_cannot_keep_up_with_staged_checkpoints_is_named() -> None:
    text = TRAINING.format(every=5, count=4, nodes=2, more='stage = "cache"')
    text = text.replace("[box.store]", 'disk = "nvme-gen4"\ndisks = 8\ncaches = "store"\n[box.store]')
    design, _ = from_mapping(tomllib.loads(text))
    work = job()
    checkpoint(lower(design, built_in(), Figures()), work)
    assert any("fills up" in problem for _, _, problem in work.problems)
