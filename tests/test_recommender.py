"""Recommenders: rows gathered, tables placed, pooled rows exchanged, queries served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.outcome import outcome
from tests.designs import constant, part, ran, rate

CARD = {
    "kind": "gpu",
    "tflops_fp16": 100.0,
    "tops_int8": 200.0,
    "mem_gb": 40,
    "mem_tbps": 1.0,
    "cache_mb": 1,
    "tdp_w": 300,
    "form_factor": "PCIe",
    "scale_up": {"kind": "nvlink3", "gb_s_per_dir": 300, "domain": 8, "topology": "switched"},
    "host_link": {"kind": "pcie4", "gb_s": 32},
}
PAIRS = 65536.0


def design(**more: Any) -> dict[str, Any]:
    training = more.pop("training", False)
    workload = {
        "kind": f"recommender-{'training' if training else 'inference'}",
        "tables": 10,
        "rows": 1_000_000,  # of a table: 10 × 256 MB in fp16
        "width": 128,
        "lookups": 2,  # of a table
        "precision": "fp16",
        **({"global_batch": PAIRS} if training else {"mode": "offline", "batch": PAIRS}),
        **more.pop("workload", {}),
    }
    return {
        "schema": "infralab.design/1",
        "workload": {k: v for k, v in workload.items() if v is not None},
        "box": {"run": {"is": "card", "chips": 1, **more.pop("box", {})}},
        "component": {"card": {**CARD, **more.pop("card", {})}},
    }


def test_rows_are_gathered_at_the_gather_share_of_the_bandwidth() -> None:
    report = ran(design())
    touched = PAIRS * 10 * 2 * 128 * 2  # pairs × tables × lookups × width × two bytes
    assert part(report, "embedding rows") == pytest.approx(touched / (1e12 * constant(report, "default.gather_share")))


def test_short_rows_cost_a_whole_line_of_memory() -> None:
    short = part(ran(design(workload={"width": 8})), "embedding rows")  # 16 bytes of a line of 64
    line = part(ran(design(workload={"width": 32})), "embedding rows")
    assert short == pytest.approx(line)


def test_training_reads_rows_and_writes_them_and_their_state() -> None:
    assert part(ran(design(training=True)), "embedding rows") == pytest.approx(
        3 * part(ran(design()), "embedding rows")
    )


def test_tables_that_fit_the_cache_cost_a_quarter() -> None:
    small = {"rows": 100}  # 10 × 25.6 kB: within 1 MB
    assert part(ran(design(workload=small)), "embedding rows") == pytest.approx(
        0.25 * part(ran(design()), "embedding rows")
    )


def test_tables_beyond_the_chips_memory_are_read_over_the_host_link() -> None:
    report = ran(design(workload={"rows": 20_000_000}))  # 10 × 5.1 GB against 36 GB: seven tables stay
    beyond = PAIRS * 3 * 2 * 256
    share = constant(report, "host.gather_share")
    assert part(report, "embedding rows in host memory") == pytest.approx(beyond / (32e9 * share))
    assert report.memory is not None
    assert report.status != "infeasible"


def test_tables_sharded_over_chips_need_no_host() -> None:
    sharded = ran(design(training=True, workload={"rows": 10_000_000}, box={"chips": 8}))  # 51 GB in fp32 over 8 × 40
    assert part(sharded, "embedding rows in host memory") == 0
    assert part(sharded, "embedding exchange") > 0


def test_copied_tables_exchange_nothing_and_one_chip_neither() -> None:
    small = {"rows": 1000}
    assert part(ran(design(training=True, workload=small, box={"chips": 8})), "embedding exchange") == 0
    assert part(ran(design(training=True)), "embedding exchange") == 0


def test_a_query_at_full_load_waits_for_the_batches_before_it() -> None:
    offline, server = ran(design()), ran(design(workload={"mode": "server"}))
    assert server.latency == pytest.approx(3 * (offline.latency or 0.0))
    assert rate(server) == pytest.approx(rate(offline))


def test_a_query_scores_many_pairs() -> None:
    report = ran(design())
    assert report.step_seconds is not None
    assert rate(report) * report.step_seconds * 270 == pytest.approx(PAIRS)


def test_missing_sizes_are_named_and_known_models_bring_their_own() -> None:
    report = ran(design(workload={"width": None}))
    assert report.throughput is None
    assert any("width of the embedding tables" in p.text for p in report.problems)
    bare = dict.fromkeys(("tables", "rows", "width", "lookups"))
    assert rate(ran(design(workload={**bare, "model": "dlrm-v2-dcn-multihot"}))) > 0
    assert rate(ran(design(workload={**bare, "model": "ncf-ml20m"}))) > 0  # its tables differ in width


@given(
    st.sampled_from(["box.run.chip.memory_bandwidth", "box.run.chip.peak.fp16", "box.run.chip.host_link",
                     "box.run.chip.link_bandwidth", "box.run.chip.memory_bytes", "box.run.chip.cache_bytes"]),
    st.booleans(),
    st.sampled_from([1e4, 1e6, 2e7]),
    st.floats(1.0, 100.0),
)  # fmt: skip
def test_more_of_any_capacity_never_lowers_the_rate(path: str, training: bool, rows: float, more: float) -> None:
    data = from_mapping(design(training=training, workload={"rows": rows}, box={"chips": 4}))[0]
    found = outcome(data, default_catalogue(), scales={path: np.array([1.0, more])})
    rates = np.broadcast_to(np.asarray(found.rate, float), (2,))
    assert rates[1] >= rates[0] * (1 - 1e-9)


@pytest.mark.parametrize("training", [False, True])
def test_batched_answers_are_the_single_ones(training: bool) -> None:
    sizes = [1000.0, 30000.0, 400000.0]
    key = "global_batch" if training else "batch"
    data = design(training=training, box={"chips": 4})
    many = outcome(from_mapping(data)[0], default_catalogue(), values={f"workload.{key}": np.array(sizes)})
    for place, size in enumerate(sizes):
        data["workload"][key] = size
        assert np.asarray(many.rate)[place] == pytest.approx(rate(ran(data)))
