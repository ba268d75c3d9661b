"""Tiers, caches and the storage workloads: what limits a read, by hand."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.catalogue import built_in
from infralab.models.constants import table
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.outcome import outcome
from infralab.models.physics.cache import hit_ratio
from infralab.models.report import Report

MEASUREMENTS = Path(__file__).parents[1] / "models" / "measurements" / "storage"


def report(text: str) -> Report:
    design, problems = from_mapping(tomllib.loads('schema = "infralab.design/1"\n' + text))
    assert not [p for p in problems if p.severity == "error"], problems
    return evaluate(design, built_in(), fit=False)


def rate(text: str) -> float:
    found = report(text)
    assert found.throughput is not None, found.sentence
    return found.throughput.value


def transfer(
    store: str, workload: str, wire: str = 'is = "infiniband-ndr"\ncount = 2', clients: int = 1
) -> str:
    return f"""
[workload]
kind = "storage-io"
{workload}
[box.store]
{store}
[box.clients]
is = "cpu-2s-xeon-8480"
count = {clients}
[wire.w]
ends = ["store", "clients"]
{wire}
"""


# Caches


def test_hit_ratios_by_hand() -> None:
    assert hit_ratio("pinned", 0.65) == 0.65
    assert hit_ratio("lru", 0.65) == pytest.approx(0.65 + 0.35 * np.log(0.35))
    assert hit_ratio("random", 0.65) == pytest.approx(0.46, abs=0.005)  # as published for a page cache
    for policy in ("pinned", "lru", "random", "none"):
        assert hit_ratio(policy, 0.0) == pytest.approx(0.0, abs=1e-6)
        assert hit_ratio(policy, 1.0) == 1.0
        assert hit_ratio(policy, 3.0) == 1.0


def simulate(policy: str, size: int, capacity: int, epochs: int = 30) -> float:
    """Hits of a cache under a fresh shuffle each epoch, the first few epochs left out."""
    draw = random.Random(3)
    held: dict[int, None] = {}
    hits = reads = 0
    for epoch in range(epochs):
        order = list(range(size))
        draw.shuffle(order)
        for sample in order:
            hit = sample in held
            if epoch > 5:
                reads += 1
                hits += hit
            if hit and policy == "lru":
                del held[sample]
            elif not hit and len(held) >= capacity:
                del held[next(iter(held)) if policy == "lru" else draw.choice(list(held))]
            held[sample] = None
    return hits / reads


@pytest.mark.parametrize("policy", ["lru", "random"])
@pytest.mark.parametrize("share", [0.35, 0.65, 0.9])
def test_closed_forms_agree_with_simulation(policy: str, share: float) -> None:
    assert hit_ratio(policy, share) == pytest.approx(simulate(policy, 300, int(300 * share)), abs=0.02)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["lru", "pinned", "random", "none"]), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_cache_never_hits_less(policy: str, a: float, b: float) -> None:
    assert hit_ratio(policy, min(a, b)) <= hit_ratio(policy, max(a, b)) + 1e-9
    assert hit_ratio(policy, np.array([a, b])) == pytest.approx([hit_ratio(policy, a), hit_ratio(policy, b)])


# What limits a transfer


def test_bandwidth_of_the_tier_times_its_units() -> None:
    # two drives of 6.8 GB/s inside the host
    assert rate(transfer('is = "nvme-gen4"\ncount = 2', 'op = "read"', "")) == pytest.approx(13.6e9)


def test_wire_between_tier_and_clients() -> None:
    # weka: 30 GB/s a node, ten nodes; twenty clients with one 100 Gb/s port each, as far as a client gets
    share = float(table("storage")["rdma"]["client_share"])
    text = transfer(
        'is = "weka"\ncount = 10', 'op = "read"', 'is = "infiniband-edr"\ncount = 1\npath = "rdma"', 20
    )
    assert rate(text) == pytest.approx(20 * 12.5e9 * share)
    found = report(text)
    assert found.bottleneck is not None
    assert found.bottleneck.owner == "wire.w"


def test_requests_of_one_prefix() -> None:
    # 5,500 GET/s a prefix, 100 kB objects; four prefixes give four times that
    work = 'op = "read"\nfile_bytes = 100_000'
    assert rate(transfer('is = "s3-standard"', work)) == pytest.approx(5500 * 1e5)
    assert rate(transfer('is = "s3-standard"\nprefixes = 4', work)) == pytest.approx(4 * 5500 * 1e5)


def test_requests_in_flight_bound_small_files() -> None:
    # Little: 64 streams / (150 ms first byte + 1 MB at 90 MB/s) files a second
    work = 'op = "read"\nfile_bytes = 1_000_000\nstreams = 64'
    found = report(transfer('is = "s3-standard"', work))
    assert found.throughput is not None
    assert found.throughput.value == pytest.approx(64 / (0.150 + 1 / 90) * 1e6)
    # and at the limit a file takes exactly that long
    assert found.latency == pytest.approx(0.150 + 1 / 90)


def test_operations_bind_small_blocks() -> None:
    # a million operations a second of 4 KiB each
    work = 'op = "random-read"\nfile_bytes = 1e9\nblock_bytes = 4096'
    assert rate(transfer('is = "nvme-gen4"', work, "")) == pytest.approx(1e6 * 4096)


def test_metadata_binds_small_files_not_shards() -> None:
    text = """
[workload]
kind = "loading"
dataset = {{ samples = 1e9, bytes_per_sample = "1 kB", samples_per_file = {}, encoding = "records", on = "store" }}
[box.store]
is = "lustre-exascaler"
with.metadata_rate = "20000 1/s"
[box.clients]
is = "cpu-2s-xeon-8480"
[wire.w]
ends = ["store", "clients"]
is = "infiniband-ndr"
"""
    assert rate(text.format(1)) == pytest.approx(20000)
    assert rate(text.format(10)) == pytest.approx(200000)
    assert rate(text.format(10000)) < 10000 * 20000  # something else binds by then


def test_gpudirect_storage_lifts_the_hosts_memory() -> None:
    text = """
[workload]
kind = "storage-io"
op = "read"
[box.store]
is = "nvme-gen5"
count = 16
[box.clients]
is = "l40s"
chips = 8
with.host.memory_bandwidth = "200 GB/s"
[wire.w]
ends = ["store", "clients"]
"""
    bounced = rate(text)
    assert bounced == pytest.approx(200e9 * 0.8 / 2)  # in once, out once
    assert rate(text + 'path = "gpudirect-storage"\n') > 2 * bounced


def test_reading_from_nowhere_is_a_problem_not_an_error() -> None:
    found = report(transfer('is = "weka"', 'op = "read"').split("[wire.w]")[0])
    assert found.status == "incomplete"
    assert any("cannot reach store" in p.text for p in found.problems)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["read_bandwidth", "latency", "client_bandwidth"]),
    st.floats(1.01, 4.0),
    st.sampled_from([1e4, 1e6, 1e9]),
    st.sampled_from([1, 64, 4096]),
)
def test_more_of_any_capacity_never_slows(figure: str, factor: float, size: float, streams: int) -> None:
    text = transfer('is = "s3-standard"', f'op = "read"\nfile_bytes = {size}\nstreams = {streams}')
    design, _ = from_mapping(tomllib.loads('schema = "infralab.design/1"\n' + text))
    better = 1 / factor if figure == "latency" else factor
    scaled = outcome(design, built_in(), scales={f"box.store.{figure}": np.array([1.0, better])}).rate
    scaled = np.broadcast_to(np.asarray(scaled), (2,))
    assert scaled[1] >= scaled[0] * (1 - 1e-12)


# The emulated benchmark


def emulation(count: str, bandwidth: float) -> str:
    return f"""
[workload]
kind = "storage-emulation"
model = "unet3d"
accelerator = "h100"
{count}
[box.store]
is = "nvme-raid0-8x-gen4"
with.read_bandwidth = "{bandwidth} GB/s"
[box.clients]
is = "cpu-2s-xeon-8480"
[wire.w]
ends = ["store", "clients"]
"""


def test_supported_count_is_what_the_bandwidth_feeds_at_the_threshold() -> None:
    # an emulated H100 takes 7 x 146.6 MB in 0.323 s = 3.18 GB/s; at 90 % of that, 20 GB/s feed 6.99 -> 6
    assert report(emulation("", 20.0)).metrics["accelerators_supported"] == 6
    assert report(emulation("", 20.1)).metrics["accelerators_supported"] == 7


def test_utilisation_falls_as_demand_over_supply() -> None:
    ample = report(emulation("accelerators = 2", 30.0)).metrics["accelerator_utilisation"]
    short = report(emulation("accelerators = 20", 30.0)).metrics["accelerator_utilisation"]
    assert 0.95 < ample < 1.0
    assert short == pytest.approx(30.0 / (20 * 7 * 0.146601 / 0.323), rel=0.01)


def test_an_unknown_emulation_names_those_there_are() -> None:
    found = report(emulation("", 30.0).replace('"unet3d"', '"bert-giant"'))
    assert any("unet3d-h100" in p.text for p in found.problems)


# Published rows


@pytest.mark.skipif(not MEASUREMENTS.exists(), reason="measurements are not part of this checkout")
def test_published_storage_rows() -> None:
    """Every row is answered; supported counts lie at or above those that ran, seldom beyond three times."""
    from infralab.models.validate import validate

    rows = validate([MEASUREMENTS])
    assert all(r.answered for r in rows)
    counts = [r for r in rows if r.metric == "accelerators_supported"]
    assert sum((r.predicted or 0) >= r.measured for r in counts) >= 0.95 * len(counts)
    assert sum((r.predicted or 0) > 3 * r.measured for r in counts) < 0.5 * len(counts)
    stated = ("micron", "ddn-ai400x2t")
    points = [
        abs(r.error or 0) for r in rows if r.metric == "accelerator_utilisation" and r.id.startswith(stated)
    ]
    assert len(points) >= 20
    assert sorted(points)[len(points) // 2] < 0.05
