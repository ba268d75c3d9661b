"""Waiting by stage: a step's time that fetching, preparing and copying each add, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infralab.models.design import FrozenMap
from infralab.models.document import load, read
from infralab.models.evaluate import evaluate
from infralab.models.job import COPY, Demand
from infralab.models.physics.ledger import Ledger
from infralab.models.presets import names, path_of
from infralab.models.report import Report
from infralab.models.stalls import slowest, stage_rates, stalls, waits

PHOTOS = """
schema = "infralab.design/1"
[workload]
kind = "vision-training"
model = "resnet-50"
global_batch = 8192
[workload.dataset]
samples = 1_281_167
bytes_per_sample = "114 kB"
samples_per_file = 1
on = "store"
[software]
framework = "pytorch"
loader = "pytorch-dataloader"
[box.store]
is = "s3-standard"
prefixes = {prefixes}
[box.train]
is = "dgx-h100"
with.host.cores = {cores}
[wire.store-train]
ends = ["store", "train"]
is = "ethernet-100-tcp"
count = 2
"""


def photos(prefixes: int = 4, cores: int = 4096) -> Report:
    return evaluate(read(PHOTOS.format(prefixes=prefixes, cores=cores)).design, fit=False)


def asked(rate: float, traffic: str, stage: str = "", resource: str = "") -> Demand:
    """A resource that allows `rate` units a second."""
    return Demand(resource or traffic, "box.train", traffic, "1/s", rate, 1.0, traffic, stage=stage)


def test_each_stage_is_charged_what_it_adds_to_the_next_faster_one() -> None:
    # 10 units a step: 0.02 s of its own, prepared at 200/s in 0.05 s, fetched at 100/s in 0.1 s, copied in 0.01 s
    demands = [asked(100.0, "input"), asked(200.0, "prepare"), asked(1000.0, "input", COPY, "link")]
    parts = waits(demands, units=10.0, seconds=0.1, own=0.02, bottleneck=None)
    assert [part.name for part in parts] == ["waiting: prepare", "waiting: fetch"]
    assert [part.seconds for part in parts] == pytest.approx([0.03, 0.05])
    assert stalls(parts) == pytest.approx({"fetch": 0.05, "prepare": 0.03})
    assert stage_rates(demands) == {"fetch_rate": 100.0, "prepare_rate": 200.0, "copy_rate": 1000.0}


def test_what_classes_share_counts_to_the_one_that_asks_most() -> None:
    ledger = Ledger()
    ledger.open("cores", "box.train", "host cores", "cores", 12.0)
    ledger.add("cores", "input", 1.0)
    ledger.add("cores", "prepare", 2.0)
    found = slowest(ledger.demands())
    assert found["prepare"].traffic == "all"  # 12 cores / 3 core-seconds, not 12 / 2
    assert found["prepare"].amount == 3.0


def test_requests_of_a_store_are_a_fetch_stall() -> None:
    report = photos()
    # 4 prefixes x 5,500 GET/s, one a photo
    assert report.metrics["fetch_rate"] == pytest.approx(22_000)
    own = sum(part.seconds for part in report.step_breakdown if not part.name.startswith("waiting"))
    assert stalls(report.step_breakdown)["fetch"] == pytest.approx(8192 / 22_000 - own)
    (wait,) = [part for part in report.step_breakdown if part.name == "waiting: fetch"]
    assert wait.resource == "box.store.request_rate"


def test_too_few_cores_are_a_prepare_stall_and_more_of_them_end_it() -> None:
    slow, fast = photos(cores=4), photos(cores=8)
    assert slow.metrics["prepare_rate"] * 2 == pytest.approx(fast.metrics["prepare_rate"], rel=1e-6)
    assert max(stalls(slow.step_breakdown), key=lambda stage: stalls(slow.step_breakdown)[stage]) == "prepare"
    assert "prepare" not in stalls(photos().step_breakdown)


def test_both_stalls_stand_side_by_side_when_both_are_slower_than_the_step() -> None:
    report = photos(prefixes=1, cores=64)
    found = stalls(report.step_breakdown)
    fetched, prepared = (8192 / report.metrics[f"{stage}_rate"] for stage in ("fetch", "prepare"))
    assert fetched > prepared
    assert found["fetch"] == pytest.approx(fetched - prepared)
    assert found["prepare"] > 0


@pytest.mark.parametrize("name", names())
def test_a_steps_parts_add_up_to_it_in_every_preset(name: str) -> None:
    report = evaluate(load(path_of(name)).design, fit=False)
    if report.step_seconds is not None:
        assert sum(part.seconds for part in report.step_breakdown) == pytest.approx(report.step_seconds, rel=2e-3)


def test_a_first_epoch_fills_the_cache_at_the_stores_rate_and_is_never_faster_than_what_prepares() -> None:
    cached = evaluate(load(path_of("photos-with-nvme-cache")).design, fit=False)
    assert cached.metrics["first_epoch_rate"] == pytest.approx(16 * 5_500)
    starved = evaluate(load(path_of("host-cpu-starves-gpus")).design, fit=False)
    assert starved.metrics["first_epoch_rate"] == pytest.approx(starved.metrics["prepare_rate"])


def test_a_first_epoch_is_bound_by_the_wire_that_later_ones_spare() -> None:
    design = load(path_of("photos-with-nvme-cache")).design
    thin = replace(design.wires["photos-cache"], is_="ethernet-10-tcp", count=1)
    report = evaluate(replace(design, wires=FrozenMap({**design.wires, thin.name: thin})), fit=False)
    (wire,) = [use for use in report.utilisation if use.owner == "wire.photos-cache"]
    assert report.bottleneck is not None
    assert report.bottleneck.owner == "wire.photos-cache"
    each = wire.capacity / (114e3)  # cold, every photo crosses the wire
    assert report.metrics["first_epoch_rate"] == pytest.approx(each, rel=1e-3)
    assert report.throughput is not None
    assert report.throughput.value > 1.1 * each
