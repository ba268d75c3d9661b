"""Results that people paste, and the model's answer beside them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design
from infralab.models.document import load
from infralab.models.edits import set_value
from infralab.models.evaluate import evaluate
from infralab.models.explore.measured import beside, for_result, of_file
from infralab.models.explore.pasted import PastedError, read

NCCL = """\
# nThread 1 nGpus 8 minBytes 1048576 maxBytes 8589934592 step: 8(factor) warmup iters: 5 iters: 20
# Using devices
#  Rank  0 Group  0 Pid  31023 on   node-a device  0 [0x1b] NVIDIA H100 80GB HBM3
#  Rank  1 Group  0 Pid  31023 on   node-a device  1 [0x43] NVIDIA H100 80GB HBM3
#                                                              out-of-place                       in-place
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
     1048576        262144     float     sum      -1    41.85   25.06   43.85      0    41.12   25.50   44.63      0
  8589934592    2147483648     float     sum      -1  31523.5  272.49  476.86      0  31510.8  272.60  477.05      0
# Out of bounds values : 0 OK
# Avg bus bandwidth    : 305.1
"""
OLD_NCCL = (
    "      131072         32768    float     sum    24.56    5.34    9.34  4e-07    24.12    5.43    9.51  4e-07\n"
)
GATHER = """\
$ mpirun -np 64 ./build/all_gather_perf -b 1G -e 1G
  1073741824      4194304     float    none      -1   3124.5  343.65  338.28      0   3120.1  344.14  338.76      0
"""
FIO = """\
randread: (g=0): rw=randread, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, ioengine=libaio, iodepth=64
...
fio-3.33
Starting 4 processes

randread: (groupid=0, jobs=4): err= 0: pid=21874: Mon Mar  4 10:21:11 2024
  read: IOPS=812k, BW=3172MiB/s (3326MB/s)(186GiB/60001msec)
    slat (nsec): min=1120, max=391120, avg=2130.21, stdev=918.02

Run status group 0 (all jobs):
   READ: bw=3172MiB/s (3326MB/s), 3172MiB/s-3172MiB/s (3326MB/s-3326MB/s), io=186GiB (200GB), run=60001-60001msec
"""
FIO_JSON = json.dumps(
    {
        "fio version": "fio-3.33",
        "global options": {"bs": "1m", "iodepth": "32", "rw": "read"},
        "jobs": [
            {
                "jobname": "seq",
                "job options": {"name": "seq", "numjobs": "8"},
                "read": {"bw_bytes": 6650000000, "bw": 6494140, "iops": 6342.0},
                "write": {"bw_bytes": 0, "bw": 0, "iops": 0},
            }
        ],
    }
)


def preset(name: str) -> Design:
    path = presets.path_of(name)
    assert path is not None
    return load(path).design


def test_a_table_of_nccl_tests_is_read_line_by_line_out_of_place() -> None:
    found = read(NCCL)
    assert [r.value for r in found] == [43.85e9, 476.86e9]
    assert [r.work["message_bytes"] for r in found] == [2.0**20, 2.0**33]
    assert {r.work["op"] for r in found} == {"all-reduce"}
    assert {r.ranks for r in found} == {2}


def test_the_tools_name_says_which_collective_it_was_and_old_lines_have_no_root() -> None:
    (gather,) = read(GATHER)
    assert (gather.work["op"], gather.value) == ("all-gather", 338.28e9)
    (old,) = read(OLD_NCCL)
    assert (old.work["message_bytes"], old.value) == (131072.0, 9.34e9)


def test_fios_summary_and_its_json_give_pattern_block_and_streams() -> None:
    (text,) = read(FIO)
    assert text.value == pytest.approx(3172 * 2**20)
    assert dict(text.work) == {"kind": "storage-io", "op": "random-read", "streams": 256.0, "block_bytes": 4096.0}
    (data,) = read("fio: some warning\n" + FIO_JSON)
    assert data.value == 6.65e9
    assert dict(data.work) == {"kind": "storage-io", "op": "read", "streams": 256.0, "block_bytes": 2.0**20}


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("step 1.23 s", "step_seconds", 1.23),
        ("step time: 812 ms", "step_seconds", 0.812),
        ("1.7 s/it", "step_seconds", 1.7),
        ("elapsed time per iteration (ms): 1234.5 | learning rate: 1e-4", "step_seconds", 1.2345),
        ("145 k tokens/s", "tokens_per_second", 145e3),
        ("throughput (tokens/sec): 41,234", "tokens_per_second", 41234.0),
        ("3,050 tokens/s/gpu", "tokens_per_second_per_chip", 3050.0),
        ("87000 images/sec", "images_per_second", 87e3),
        ("Mean TTFT (ms):   35.1", "time_to_first_token", 0.0351),
        ("Mean TPOT (ms):   12.5", "time_per_output_token", 0.0125),
        ("11 ms per token", "time_per_output_token", 0.011),
    ],
)
def test_figures_of_logs_are_read(text: str, metric: str, value: float) -> None:
    found = {r.metric: r.value for r in read(text)}
    assert found[metric] == pytest.approx(value)


@given(st.floats(1e-3, 1e3), st.sampled_from(["s", "ms"]))
def test_a_step_time_is_read_back_whatever_it_is(value: float, unit: str) -> None:
    (found,) = read(f"iteration time {value:.4f} {unit}\n")
    assert found.value == pytest.approx(float(f"{value:.4f}") * {"s": 1.0, "ms": 1e-3}[unit])


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"jobs": [', "# nccl only comments", "step one of two"])
def test_what_holds_no_result_is_refused_with_the_forms_that_do(text: str) -> None:
    with pytest.raises(PastedError, match="nccl-tests"):
        read(text)


def test_a_collective_is_compared_with_the_model_of_that_collective() -> None:
    design = set_value(preset("compute-bound-gpu-pod"), "box.train.count", 1)
    for result in read(NCCL):
        one = beside(design, result, default_catalogue())
        asked = evaluate(for_result(design, result), fit=False)
        assert asked.throughput is not None
        assert one.predicted == pytest.approx(asked.throughput.value)
        assert one.ratio == pytest.approx(result.value / asked.throughput.value)
        assert "2 ranks" in one.notes[0]


def test_what_the_model_says_itself_is_as_predicted_and_twice_the_time_is_not() -> None:
    design = preset("compute-bound-gpu-pod")
    step = evaluate(design, fit=False).step_seconds
    (same,) = (beside(design, r, default_catalogue()) for r in read(f"step {step} s"))
    assert same.ratio == pytest.approx(1.0)
    assert same.expected
    (slow,) = (beside(design, r, default_catalogue()) for r in read(f"step {2 * (step or 0)} s"))
    assert slow.ratio == pytest.approx(0.5)
    assert not slow.expected


def test_a_suspect_with_its_needed_value_explains_the_difference() -> None:
    from infralab.models.evaluate import nudged
    from infralab.models.explore.why import with_found_plan

    design = preset("compute-bound-gpu-pod")
    report = evaluate(design, fit=False)
    assert report.throughput is not None
    (one,) = (beside(design, r, default_catalogue()) for r in read(f"step {(report.step_seconds or 0) * 1.03} s"))
    assert one.suspects
    assert all(s.input.mark in ("assumed", "fitted") for s in one.suspects)
    pinned = with_found_plan(design, default_catalogue())
    for suspect in one.suspects[:2]:
        after = nudged(pinned, default_catalogue(), suspect.input.path, suspect.needed / suspect.input.value)
        assert after.throughput is not None
        assert after.throughput.value / report.throughput.value == pytest.approx(1 / 1.03, rel=0.01)


def test_a_measurement_file_brings_its_designs_along(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'schema = "infralab.measurements/1"\n[[measurement]]\nid = "mine"\n'
        'measured = [{ metric = "bus_bandwidth", value = "450 GB/s" }]\n'
        '[measurement.design.workload]\nkind = "collective"\nop = "all-reduce"\nmessage_bytes = 1073741824\n'
        '[measurement.design.box.train]\nis = "dgx-h100"\n',
        encoding="utf-8",
    )
    ((name, one),) = of_file(path, default_catalogue())
    assert name == "mine"
    assert one.ratio is not None
    assert 0.5 < one.ratio < 2


def test_long_figures_of_a_comparison_stay_apart() -> None:
    from infralab.tui.commands.measured import lines

    design = preset("compute-bound-gpu-pod")
    (one,) = (beside(design, r, default_catalogue()) for r in read("1.11 M tokens/s"))
    rows = ["".join(text for text, _ in line) for line in lines([("t", one)], 80)]
    assert any(re.search(r"1\.11 M tokens/s {2,}\d+ k tokens/s", row) for row in rows)
    million = replace(one, predicted=1.29e6)
    rows = ["".join(text for text, _ in line) for line in lines([("t", million)], 80)]
    assert any("1.11 M tokens/s  1.29 M tokens/s" in row for row in rows)
