"""Networks known by their cost: what a step takes, what scales it, what is said when facts are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.outcome import Outcome, outcome
from infralab.models.physics.power import power_watts
from infralab.models.report import Report
from tests.designs import constant, part, ran, rate

CARD = {
    "kind": "gpu",
    "tflops_fp16": 100.0,
    "tflops_fp32": 10.0,
    "mem_gb": 40,
    "mem_tbps": 1.0,
    "tdp_w": 300,
    "form_factor": "PCIe",
    "scale_up": {"kind": "nvlink3", "gb_s_per_dir": 300, "domain": 8, "topology": "switched"},
}
STICK = {
    "kind": "edge-asic",
    "tops_int8": 4.0,
    "cache_mb": 8,
    "tdp_w": 2,
    "host_link": {"kind": "usb3", "gb_s": 0.5},
}
DEEP = {"macs": 4e9, "parameters": 25e6, "activations": 1e6, "layers": 50}  # bound by arithmetic
FLAT = {"macs": 4e8, "parameters": 4e6, "activations": 4e7, "layers": 50}  # bound by traffic


def design(model: Any = None, kind: str = "vision-inference", **more: Any) -> dict[str, Any]:
    workload = {"kind": kind, "model": DEEP if model is None else model, "precision": "fp16"}
    workload.update({"mode": "offline", "batch": 64} if kind.endswith("inference") else {"global_batch": 64})
    workload.update(more.pop("workload", {}))
    box = {"is": "card", "chips": 1, **more.pop("box", {})}
    return {
        "schema": "infralab.design/1",
        "workload": {key: value for key, value in workload.items() if value is not None},
        "software": more.pop("software", {"framework": "tensorrt"}),
        "box": {"run": box},
        "component": {"card": CARD, "stick": STICK},
        **more,
    }


def found(data: dict[str, Any], **arrays: Any) -> Outcome:
    return outcome(from_mapping(data)[0], default_catalogue(), **arrays)


def test_arithmetic_takes_flop_over_the_share_of_the_peak() -> None:
    report = ran(design())
    depth = min(4e9 / 1e6 / 400, 4.0)  # multiply-adds behind one output, against the usual 400
    share = constant(report, "share_16bit") * constant(report, "kernel") * depth ** constant(report, "depth_gain")
    assert part(report, "multiply-adds") == pytest.approx(64 * 2 * 4e9 / (100e12 * share))


def test_traffic_takes_passes_over_outputs_and_one_over_weights() -> None:
    report = ran(design(FLAT))
    moved = constant(report, "passes") * 4e7 * 2 * 64 + 4e6 * 2
    assert part(report, "activations and weights") == pytest.approx(
        moved / (1e12 * constant(report, "memory_share"))
    )


def test_depthwise_networks_wait_for_memory_and_deep_ones_for_arithmetic() -> None:
    assert ran(design(FLAT)).bottleneck.resource == "box.run.chip.memory_bandwidth"  # type: ignore[union-attr]
    assert ran(design(DEEP)).bottleneck.resource == "box.run.chip.peak.fp16"  # type: ignore[union-attr]


def test_every_part_names_a_figure_that_was_read_or_a_choice_of_the_plan() -> None:
    for kind in ("vision-inference", "vision-training"):
        report = ran(design(kind=kind, box={"chips": 8}, software={"framework": "pytorch"}))
        paths = {figure.path for figure in report.figures}
        assert {p.resource for p in report.step_breakdown if p.name != "waiting"} <= paths


def test_chips_serve_copies_of_the_network_side_by_side() -> None:
    assert rate(ran(design(box={"chips": 8}))) == pytest.approx(8 * rate(ran(design())))


def test_a_single_stream_has_one_sample_in_flight_whatever_the_engine_was_built_for() -> None:
    report = ran(design(workload={"mode": "single-stream", "batch": 8}))
    assert report.latency == pytest.approx(1 / rate(report))
    assert report.latency == pytest.approx(ran(design(workload={"batch": 1})).latency)


def test_a_batch_hides_the_fixed_time_between_layers() -> None:
    rates = [rate(ran(design(workload={"batch": b}))) for b in (1, 4, 16, 64, 256)]
    assert rates == sorted(rates)
    assert rates[4] / rates[3] < rates[1] / rates[0]


def test_work_of_a_library_network_follows_the_number_of_pixels() -> None:
    small, wide, large = (
        part(ran(design("resnet-50", workload={"image_size": size, "batch": 16})), "multiply-adds")
        for size in (224, [224, 448], 448)
    )
    assert wide == pytest.approx(2 * small, rel=0.03)
    assert large == pytest.approx(4 * small, rel=0.03)


def test_an_image_transformer_is_known_by_its_shape() -> None:
    report = ran(design("vit-base-16-224", workload={"batch": 16}))
    # 17.6 GMAC an image (published)
    assert report.mfu == pytest.approx(rate(report) * 2 * 17.6e9 / 100e12, rel=0.05)


def test_arithmetic_that_a_chip_lacks_falls_back_and_is_said() -> None:
    slow = ran(design(workload={"precision": "int8"}))
    assert any("no int8 arithmetic" in text for text in slow.assumptions)
    assert part(slow, "multiply-adds") == pytest.approx(part(ran(design()), "multiply-adds"))


def test_weights_beyond_on_chip_memory_stream_over_the_host_link() -> None:
    def latency(parameters: float) -> float:
        model = {**DEEP, "parameters": parameters}
        stream = {"mode": "single-stream", "batch": None, "precision": "int8"}
        report = ran(design(model, workload=stream, box={"is": "stick"}))
        return part(report, "weights from the host")

    assert latency(6e6) == 0.0
    assert latency(28e6) == pytest.approx((28e6 - 8e6) / 0.5e9)


def test_a_processor_of_which_half_the_cores_are_used_is_at_most_half_as_fast_in_bulk() -> None:
    def bulk(**box: Any) -> float:
        work = {"precision": "fp32", "batch": 256}
        return rate(ran(design(workload=work, box={"is": "xeon-8380", **box}, software={"framework": "openvino"})))

    half = bulk(**{"with": {"chip": {"cores": 20}}})
    assert 0.4 < half / bulk() <= 0.6


def test_training_counts_three_passes_and_waits_for_gradients_it_cannot_hide() -> None:
    one = ran(design(kind="vision-training", software={"framework": "pytorch"}))
    eight = ran(
        design(
            kind="vision-training", software={"framework": "pytorch"}, box={"chips": 8}, workload={"global_batch": 512}
        )
    )
    share = constant(one, "share_16bit") * constant(one, "kernel") * 4 ** constant(one, "depth_gain")
    assert part(one, "multiply-adds") == pytest.approx(64 * 3 * 2 * 4e9 / (100e12 * share))
    assert part(one, "gradients") == 0.0
    # two thirds of 2·(n−1)/n·S at what the link reaches, at least
    assert part(eight, "gradients") > 2 * 7 / 8 * 25e6 * 2 / 300e9
    assert rate(one) * 6 < rate(eight) <= rate(one) * 8


def test_a_small_batch_leaves_gradients_in_the_open() -> None:
    big = {**DEEP, "parameters": 5e9, "macs": 1e8}
    report = ran(design(big, kind="vision-training", box={"chips": 8}, workload={"global_batch": 8}))
    exposed = [part for part in report.step_breakdown if part.name == "gradients"]
    assert exposed[0].seconds > 0


def test_tensor_parallel_encoders_divide_work_and_exchange_hidden_states() -> None:
    def latency(tensor: int) -> Report:
        work = {"batch": 32, "sequence_length": 384}
        return ran(design("bert-large", "encoder-inference", workload=work, box={"chips": 8}, plan={"tensor": tensor}))

    whole, cut = latency(1), latency(4)
    assert part(cut, "multiply-adds") == pytest.approx(part(whole, "multiply-adds") / 4)
    message = 32 * 384 * 1024 * 2
    assert part(cut, "tensor parallel") > 48 * 2 * 3 / 4 * message / 300e9
    assert cut.plan["replicas"] == 2


def test_a_network_without_blocks_stays_whole_and_says_so() -> None:
    report = ran(design(plan={"tensor": 2}, box={"chips": 2}))
    assert any("plan.tensor is not used" in text for text in report.warnings)
    assert rate(report) == pytest.approx(2 * rate(ran(design())))


def test_what_does_not_fit_is_infeasible_and_still_has_a_rate() -> None:
    report = ran(design({**DEEP, "parameters": 30e9}))
    assert report.status == "infeasible"
    assert rate(report) > 0


def test_an_unknown_model_is_asked_for() -> None:
    unknown = ran(design("no-such-network"))
    assert unknown.status == "incomplete"
    assert "not in the model library" in unknown.sentence
    without_work = ran(design("unet-neuron"))
    assert "macs" in without_work.sentence


def test_unknown_layer_outputs_are_estimated_and_said() -> None:
    report = ran(design({"macs": 4e9, "parameters": 25e6}))
    assert any("layer outputs" in text for text in report.assumptions)
    assert rate(report) > 0


def test_random_queries_get_less_than_offline_batches() -> None:
    server = ran(design(workload={"mode": "server", "batch": None}))
    assert 0.3 * rate(ran(design())) < rate(server) < rate(ran(design()))
    assert server.latency is not None
    assert server.latency < 0.1


def test_power_rises_with_load_from_idle_to_the_maximum() -> None:
    machine = found(design(box={"chips": 8})).machine
    pool = machine.pools["run"]
    watts = [float(power_watts(machine, pool, busy) or 0.0) for busy in (0.0, 0.5, 1.0)]
    assert watts == sorted(watts)
    assert 8 * 300 * 0.1 < watts[0] < watts[2] < 2 * 8 * 300 + 600


CAPACITIES = ("chip.peak.fp16", "chip.memory_bandwidth", "chip.link_bandwidth")
MODELS = st.fixed_dictionaries(
    {
        "macs": st.floats(1e7, 1e12),
        "parameters": st.floats(1e5, 1e9),
        "activations": st.floats(1e5, 1e9),
        "layers": st.integers(1, 400).map(float),
    }
)


@given(MODELS, st.sampled_from(CAPACITIES), st.floats(1.0, 100.0), st.booleans(), st.integers(1, 512))
def test_more_of_a_capacity_never_lowers_the_rate(
    model: dict[str, float], figure: str, factor: float, training: bool, batch: int
) -> None:
    kind = "vision-training" if training else "vision-inference"
    size = {"global_batch": batch * 8} if training else {"batch": batch}
    data = design(model, kind, workload=size, box={"chips": 8})
    with_more = found(data, scales={f"box.run.{figure}": np.array([1.0, factor])})
    rates = np.broadcast_to(np.asarray(with_more.rate, dtype=float), (2,))
    assert rates[1] >= rates[0] * (1 - 1e-9)


@given(MODELS, st.lists(st.integers(1, 1024), min_size=2, max_size=5), st.booleans())
def test_variants_at_once_are_the_same_as_one_by_one(
    model: dict[str, float], batches: list[int], training: bool
) -> None:
    kind = "vision-training" if training else "vision-inference"
    path = "workload.global_batch" if training else "workload.batch"
    data = design(model, kind, box={"chips": 4})
    at_once = found(data, values={path: np.array(batches, dtype=float)}).rate
    alone = [float(found(data, values={path: float(b)}).rate or 0.0) for b in batches]
    assert np.broadcast_to(np.asarray(at_once), (len(batches),)) == pytest.approx(np.array(alone))
