"""From data set to device: who reads, who prepares, what the way costs the hosts."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.catalogue import built_in
from infralab.models.constants import table
from infralab.models.datapath import demands, fetch_rate, flows, reads
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.job import Demand, Input, Job
from infralab.models.lower import lower
from infralab.models.machine import Machine
from infralab.models.outcome import outcome

PHOTOS = """
schema = "infralab.design/1"
[workload]
kind = "vision-training"
model = "resnet-50"
global_batch = 2048
precision = "bf16"
image_size = 224
[workload.dataset]
samples = 1_000_000
bytes_per_sample = "100 kB"
samples_per_file = {per_file}
encoding = "{encoding}"
on = "store"
[software]
loader = "{loader}"
{software}
[box.store]
is = "{store}"
count = {stores}
[box.train]
is = "dgx-h100"
count = 4
{train}
{more}
"""
WIRE = '[wire.w]\nends = ["store", "train"]\nis = "{link}"\ncount = 2\n{path}'


def design(
    store: str = "s3-standard",
    stores: int = 1,
    link: str = "ethernet-100-tcp",
    path: str = "",
    loader: str = "ffcv",
    encoding: str = "jpeg",
    per_file: float = 1,
    train: str = "",
    software: str = "",
    more: str | None = None,
) -> Design:
    wires = WIRE.format(link=link, path=path) if more is None else more
    text = PHOTOS.format(
        store=store,
        stores=stores,
        loader=loader,
        encoding=encoding,
        per_file=per_file,
        train=train,
        more=wires,
        software=software,
    )
    found, problems = from_mapping(tomllib.loads(text))
    assert not [p for p in problems if p.severity == "error"], problems
    return found


def machine(**drawn: object) -> Machine:
    return lower(design(**drawn), built_in(), Figures())  # type: ignore[arg-type]


def photos(samples: float = 1.0) -> Job:
    return Job("images/s", inputs=[Input("train", samples, "image", 3.0 * 224**2)])


def load(found: list[Demand], resource: str, traffic: str = "") -> float:
    """Amount a unit of work of one resource and class; 0 when nothing is asked of it."""
    rows = [d for d in found if d.resource == resource and traffic in ("", d.traffic)]
    return float(max((d.amount for d in rows), default=0.0))


def test_no_storage_drawn_charges_nothing_and_says_so() -> None:
    bare = machine()
    bare.tiers.clear()
    assert demands(bare, photos()) == []
    assert any("no storage drawn" in text for text in bare.figures.assumptions)


def test_decoding_is_charged_to_the_hosts_by_the_loader() -> None:
    # ffcv: (pixels x 4.77 ns + 224 x 224 x 3 ns) / 0.67 and 2 us of its own
    decode = table("host")["decode"]
    pixels = 100e3 / decode["jpeg_bytes_per_pixel"]
    bare = pixels * decode["jpeg_seconds_per_pixel"] + 224**2 * decode["augment_seconds_per_pixel"]
    found = demands(machine(), photos())
    each = bare / table("host")["ffcv"]["decode_share"] + 2e-6
    assert load(found, "box.train.host.cores", "prepare") == pytest.approx(each)
    slower = demands(machine(loader="pytorch-dataloader"), photos())
    assert load(slower, "box.train.host.cores", "prepare") > 3 * each


def test_decompression_costs_cores_by_what_comes_out() -> None:
    plain = load(
        demands(machine(encoding="records", loader="raw"), photos()), "box.train.host.cores", "prepare"
    )
    packed = machine(encoding='records"\ncompression = 2.0\n#', loader="raw")
    found = load(demands(packed, photos()), "box.train.host.cores", "prepare")
    assert found - plain == pytest.approx(200e3 / 1e9)  # 100 kB stored, 200 kB out, 1 GB/s a core


def test_a_decoder_on_the_chip_takes_most_of_it() -> None:
    host = load(demands(machine(loader="dali-cpu"), photos()), "box.train.host.cores", "prepare")
    found = demands(machine(loader="dali"), photos())
    assert load(found, "box.train.host.cores", "prepare") < 0.2 * host
    assert load(found, "fitted.host.hopper.jpeg_per_second") == 1.0


def test_tcp_takes_cores_a_dpu_gives_them_back() -> None:
    tcp = demands(machine(), photos())
    # 100 kB by 0.024 cores per Gb/s
    assert load(tcp, "box.train.host.cores", "input") == pytest.approx(100e3 * 8 / 1e9 * 0.024)
    offloaded = demands(machine(train='dpu = "bluefield-3"'), photos())
    assert load(offloaded, "box.train.host.cores", "input") == 0.0
    assert load(offloaded, "box.train.dpu.bandwidth") == pytest.approx(100e3)
    rdma = demands(machine(store="weka", link="infiniband-ndr", path='path = "rdma"'), photos())
    assert load(rdma, "box.train.host.cores", "input") == 0.0


def test_tcp_crosses_the_hosts_memory_more_often_than_rdma() -> None:
    def crossings(**drawn: object) -> float:
        one = machine(store="gcs-standard", **drawn)
        return load(demands(one, photos()), "box.train.host.memory_bandwidth") - 3 * 224**2

    assert crossings() == pytest.approx(3 * 100e3)
    assert crossings(link="infiniband-ndr", path='path = "rdma"') == pytest.approx(100e3)


CACHED = """
[box.cache]
is = "{tier}"
count = {count}
caches = "store"
policy = "{policy}"
[wire.fill]
ends = ["store", "cache"]
is = "ethernet-100-tcp"
[wire.w]
ends = ["cache", "train"]
is = "ethernet-100-tcp"
"""


def test_a_cache_takes_what_it_holds_off_the_store() -> None:
    # 100 GB of photos, 60 GB pinned: 0.4 of the requests are left for the store
    more = (
        CACHED.format(tier="dram-page-cache", count=1, policy="pinned")
        + '[box.cache.with]\ncapacity = "60 GB"\n'
    )
    one = machine(more=more)
    found = demands(one, photos())
    assert load(found, "box.store.request_rate") == pytest.approx(0.4)
    assert load(found, "box.cache.read_bandwidth") == pytest.approx(0.6 * 100e3)
    assert load(found, "box.cache.write_bandwidth") == 0.0
    moved = {(f.source, f.target): f.bytes for f in flows(one, photos())}
    assert moved == pytest.approx({("store", "cache"): 0.4 * 100e3, ("cache", "train"): 100e3})


def test_a_cache_that_evicts_pays_for_every_miss_with_a_write() -> None:
    more = (
        CACHED.format(tier="dram-page-cache", count=1, policy="lru")
        + '[box.cache.with]\ncapacity = "60 GB"\n'
    )
    found = demands(machine(more=more), photos())
    hits = 0.6 + 0.4 * np.log(0.4)
    assert load(found, "box.store.request_rate") == pytest.approx(1 - hits)
    share = float(table("storage")["memory"]["write_share"])
    assert load(found, "box.cache.write_bandwidth") == pytest.approx((1 - hits) * 100e3 / share)


def test_file_systems_are_cached_by_free_memory_object_stores_are_not() -> None:
    # 100 GB fit the memory of a server many times over
    files = reads(machine(store="weka", link="infiniband-ndr", path='path = "rdma"'), photos())[0]
    assert [(level.tier is None, level.served) for level in files.levels] == [(True, 1.0), (False, 0.0)]
    objects = reads(machine(), photos())[0]
    assert [(level.tier is None, level.served) for level in objects.levels] == [(False, 1.0)]


POOL = """
[box.prepare]
is = "cpu-2s-xeon-8480"
count = 3
runs = ["prepare"]
[wire.in]
ends = ["store", "prepare"]
is = "ethernet-100-tcp"
[wire.out]
ends = ["prepare", "train"]
is = "ethernet-100-tcp"
"""


def test_a_pool_that_prepares_takes_the_decoding_and_sends_pictures() -> None:
    one = machine(more=POOL)
    found = demands(one, photos())
    assert load(found, "box.train.host.cores") == 0.0
    assert load(found, "box.prepare.host.cores", "prepare") > 0.0
    moved = {(f.source, f.target): f.bytes for f in flows(one, photos())}
    assert moved == pytest.approx({("store", "prepare"): 100e3, ("prepare", "train"): 3 * 224**2})


def test_workers_fetch_and_prepare_in_turn() -> None:
    one = machine(software="workers = 16\nin_flight = 4")
    found = {d.traffic: d for d in demands(one, photos()) if d.resource == "software.workers"}
    assert found["input"].capacity == 16 * 4  # a host, hosts
    assert found["input"].amount == pytest.approx((0.150 + 100e3 / 90e6) / 4)  # four requests open in each
    cores = load(demands(one, photos()), "box.train.host.cores", "prepare")
    assert found["all"].amount == pytest.approx(found["input"].amount + cores)


def test_storage_out_of_reach_is_a_problem_not_an_error() -> None:
    job = photos()
    assert demands(machine(more=""), job) == []
    assert any("train cannot reach store" in text for _, _, text in job.problems)


def test_data_on_a_box_that_is_not_drawn_is_named() -> None:
    job = photos()
    one = machine()
    del one.tiers["store"]
    one.tiers.update(machine(more=CACHED.format(tier="nvme-gen4", count=1, policy="lru")).tiers)
    del one.tiers["store"]
    demands(one, job)
    assert any("store, which is not drawn" in text for _, _, text in job.problems)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["weka", "s3-standard", "lustre-exascaler", "nvme-gen4"]),
    st.sampled_from(["ffcv", "pytorch-dataloader", "dali"]),
    st.sampled_from(["box.train.host.cores", "box.train.host.memory_bandwidth", "wire.w.bandwidth"]),
    st.floats(1.01, 3.0),
)
def test_more_of_any_capacity_never_slows(store: str, loader: str, figure: str, factor: float) -> None:
    drawn = design(store=store, loader=loader)

    def rate(scale: float) -> float:
        return float(fetch_rate(lower(drawn, built_in(), Figures(None, {figure: scale})), photos()))

    assert rate(factor) >= rate(1.0) * (1 - 1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["weka", "s3-standard", "nvme-gen4"]),
    st.lists(st.sampled_from([1.0, 2.0, 5.0, 64.0]), min_size=1, max_size=5),
    st.sampled_from(
        [
            "",
            CACHED.format(tier="nvme-gen4", count=2, policy="lru"),
            CACHED.format(tier="nvme-gen4", count=2, policy="random"),
        ]
    ),
)
def test_variants_at_once_equal_one_by_one(store: str, counts: list[float], more: str) -> None:
    drawn = design(store=store, more=more or None)
    names = ("box.train.count", "box.store.count", "workload.dataset.samples")
    columns = (np.array(counts), np.array(counts)[::-1].copy(), np.array(counts) * 1e6)
    many = outcome(drawn, built_in(), dict(zip(names, columns, strict=True))).rate
    single = [
        outcome(drawn, built_in(), {n: float(c[i]) for n, c in zip(names, columns, strict=True)}).rate
        for i in range(len(counts))
    ]
    assert np.broadcast_to(np.asarray(many), (len(counts),)) == pytest.approx(
        np.array(single, dtype=float), rel=1e-9
    )
