"""A training step by hand on a chip of round numbers, and what must hold for every design."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.arithmetic import first
from infralab.models.catalogue import default_catalogue
from infralab.models.constants import table
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.edits import set_value
from infralab.models.evaluate import evaluate
from infralab.models.outcome import Outcome, outcome
from infralab.models.physics.roofline import Engine, Tiles, matmul_seconds, useful_share

MODEL = {"layers": 8, "hidden": 2048, "heads": 16, "kv_heads": 16, "head_size": 128, "ffn": 8192, "gated": False}
LAYERS = 8 * 12 * 2048**2  # parameters in matrices
CHIP = {
    "kind": "gpu",
    "tflops_bf16": 100,
    "tflops_fp8": 200,
    "mem_tbps": 1.0,
    "mem_gb": 80,
    "scale_up": {"kind": "nvlink4", "gb_s_per_dir": 100, "domain": 8},
}
ONE = {"data": 1, "tensor": 1, "pipeline": 1, "virtual_pipeline": 1, "context": 1, "micro_batch": 1, "sharding": "none"}


def design(plan: dict[str, Any] | None = None, chips: int = 1, count: int = 1, **workload: Any) -> Design:
    data = {
        "workload": {
            "kind": "transformer-training",
            "model": {**MODEL, "vocabulary": 1000},
            "precision": "bf16",
            "sequence_length": 2048,
            "global_batch": 8,
            "attention": "flash",
            "recompute": "none",
            **workload,
        },
        "component": {"round-chip": CHIP},
        "plan": ONE if plan is None else {**ONE, **plan},
        "box": {"train": {"is": "round-chip", "chips": chips, "count": count}},
    }
    if count > 1:
        data["box"]["fabric"] = {"is": "fabric"}  # type: ignore[index]
        data["wire"] = {"out": {"ends": ["train", "fabric"], "is": "infiniband-ndr", "count": chips}}
    found, problems = from_mapping(data)
    assert not [p for p in problems if p.severity == "error"], problems
    return found


def run(found: Design, **options: Any) -> Outcome:
    return outcome(found, default_catalogue(), **options)


def parts(found: Design) -> dict[str, float]:
    """Exposed seconds of one step by part."""
    job = run(found).job
    assert job is not None
    return {p.name: first(p.seconds) for p in job.steps[0].parts}


def memory(found: Design) -> dict[str, float]:
    job = run(found).job
    assert job is not None
    return {name: first(each) for name, each in job.memory[0].parts}


# ---- kernels ------------------------------------------------------------------------------------


def test_a_large_product_runs_at_the_engine_s_rate_and_a_thin_one_at_the_memory_s():
    engine = Engine(1e12, 1e9, Tiles(16, 16, 16, 0.0))
    assert matmul_seconds(engine, 4096, 4096, 4096) == pytest.approx(2 * 4096**3 / 1e12)
    # one row: 2 bytes of every operand, 2 of the result
    assert matmul_seconds(engine, 16, 4096, 4096) == pytest.approx((2 * (16 * 4096 + 4096**2) + 2 * 16 * 4096) / 1e9)


def test_a_dimension_below_the_tile_pads_to_it():
    systolic = Engine(1e12, 1e12, Tiles(8, 256, 256, 0.0))
    assert useful_share(systolic, 1024, 128, 1024) == 0.5
    assert useful_share(systolic, 1024, 320, 1024) == pytest.approx(320 / 512)


def test_more_tiles_waste_less_of_the_last_wave():
    gpu = Engine(1e12, 1e12, Tiles(128, 128, 32, 100.0))
    assert useful_share(gpu, 1024, 1024, 4096) < useful_share(gpu, 8192, 8192, 4096) < 1.0


# ---- the step by hand ---------------------------------------------------------------------------


def test_the_products_of_one_step_take_six_flop_a_parameter_and_token():
    default = table("transformer_training")["default"]
    rate = 1e14 * default["matmul_efficiency"] * default["matmul_share"]
    # whole tiles everywhere, and no count of units on record that a last wave could leave idle
    assert parts(design())["matrix products"] == pytest.approx(6 * LAYERS * 8 * 2048 / rate)


def test_a_chip_without_a_measurement_takes_the_mean_of_its_generation_and_says_so():
    """Else the one that nobody measured would win: 2.3 PFLOP/s at a usual share over 2.5 at a measured one."""

    def on(chip: str) -> Outcome:
        return run(set_value(design(), "box.train.is", chip))

    measured = on("mi355x").machine.figures.read["box.train.chip.efficiency.bf16"]
    taken = on("mi350x").machine.figures.read["box.train.chip.efficiency.bf16"]
    assert (measured.mark, taken.mark, taken.source) == ("cited", "assumed", "mean of mi355x")
    assert taken.value == measured.value
    assert first(on("mi350x").rate) < first(on("mi355x").rate)


def test_full_recomputation_repeats_the_forward_pass():
    plain, again = parts(design()), parts(design(recompute="full"))
    assert again["matrix products"] == pytest.approx(plain["matrix products"] * 4 / 3, rel=0.02)
    assert again["norms and activations"] == pytest.approx(plain["norms and activations"] * 4 / 3)
    assert again["attention"] == pytest.approx(plain["attention"] * 4.5 / 3.5)


def test_selective_recomputation_repeats_only_the_scores_where_they_exist():
    plain = parts(design(attention="unfused"))
    again = parts(design(attention="unfused", recompute="selective"))
    assert again["attention"] > 1.25 * plain["attention"]
    assert again["matrix products"] == plain["matrix products"]
    assert memory(design(attention="unfused", recompute="selective"))["activations"] == pytest.approx(
        memory(design(attention="unfused"))["activations"] - 5 * 16 * 2048 * 2048 * 8
    )


def test_the_bubble_is_stages_less_one_over_micro_batches():
    found = parts(design({"pipeline": 4, "micro_batch": 1}, chips=4, model={**MODEL, "vocabulary": 8}, global_batch=16))
    busy = sum(v for k, v in found.items() if k not in ("bubble", "optimizer", "gradients"))
    assert found["bubble"] / busy == pytest.approx(3 / 16, rel=0.1)
    halved = parts(
        design(
            {"pipeline": 4, "virtual_pipeline": 2, "micro_batch": 1},
            chips=4,
            model={**MODEL, "vocabulary": 8},
            global_batch=16,
        )
    )
    assert halved["bubble"] == pytest.approx(found["bubble"] / 2, rel=0.1)


def test_eight_bits_speed_the_layers_and_nothing_else():
    wide, narrow = parts(design()), parts(design(precision="fp8"))
    assert narrow["matrix products"] < 0.75 * wide["matrix products"]
    assert narrow["attention"] == wide["attention"]
    assert narrow["vocabulary"] == wide["vocabulary"]


def test_adapters_need_no_gradients_of_the_model():
    whole, adapters = design({"data": 8}, chips=8), design({"data": 8}, chips=8, tuning="lora")
    assert parts(adapters)["matrix products"] == pytest.approx(parts(whole)["matrix products"] * 2 / 3, rel=0.1)
    assert parts(adapters).get("gradients", 0.0) == 0.0
    assert memory(adapters)["optimizer"] < 0.02 * memory(whole)["optimizer"]


# ---- memory -------------------------------------------------------------------------------------


def test_state_of_mixed_precision_adam_by_hand():
    found = memory(design())
    parameters = LAYERS + 8 * 2 * 2048 + 2048 + 2 * 1000 * 2048
    assert found["weights"] == pytest.approx(2 * parameters)
    assert found["optimizer"] == pytest.approx(12 * parameters)


def test_sharding_divides_optimizer_then_gradients_then_weights():
    levels = [memory(design({"data": 8, "sharding": s}, chips=8)) for s in ("none", "optimizer", "gradients", "full")]
    assert levels[1]["optimizer"] == pytest.approx(levels[0]["optimizer"] / 8)
    assert levels[1]["gradients"] == levels[0]["gradients"]
    assert levels[2]["gradients"] == pytest.approx(levels[0]["gradients"] / 8)
    assert levels[2]["weights"] == levels[0]["weights"]
    assert levels[3]["weights"] < levels[2]["weights"]


def test_activations_of_a_plain_block_are_34_bytes_a_token_and_unit_of_width():
    # Korthikanti et al. 2022: 34 with dropout, and 5 · heads · sequence of scores
    found = memory(design(attention="unfused"))
    assert found["activations"] == pytest.approx(8 * 2048 * (34 * 2048 + 5 * 16 * 2048))


def test_full_recomputation_keeps_the_inputs_of_the_layers():
    kept = memory(design(recompute="full", attention="unfused"))["activations"]
    assert kept == pytest.approx(2048 * (8 * 2 * 2048 + 34 * 2048 + 5 * 16 * 2048))


def test_what_does_not_fit_is_said_and_still_has_a_rate():
    report = evaluate(design(global_batch=128, plan={"micro_batch": 128}), fit=False)
    assert report.status == "infeasible"
    assert report.throughput is not None
    assert any("fit" in p.text for p in report.problems)


# ---- traffic ------------------------------------------------------------------------------------


def test_gradients_cross_the_fabric_once_out_and_once_back():
    found = run(design({"data": 16, "sharding": "optimizer"}, chips=8, count=2, global_batch=16)).job
    assert found is not None
    sent = {t.name: first(t.bytes) for t in found.traffic}
    parameters = LAYERS + 8 * 2 * 2048 + 2048 + 2 * 1000 * 2048
    # 4 bytes reduced and 2 gathered of each; half of a ring of two servers crosses, spread over 8 chips of each
    assert sent["gradients"] * 16 * 2048 == pytest.approx(6 * parameters / 2 / 8 * 16)


def test_experts_exchange_tokens_and_slow_the_step_on_a_thin_network():
    moe = {**MODEL, "vocabulary": 1000, "experts": 16, "experts_per_token": 2, "expert_ffn": 2048}
    plan = {"data": 16, "expert": 16, "sharding": "optimizer"}
    found = design(plan, chips=8, count=2, model=moe, global_batch=16)
    assert parts(found)["experts"] > 0
    job = run(found).job
    assert job is not None
    assert {"experts", "gradients"} <= {t.name for t in job.traffic}


# ---- what must hold always ----------------------------------------------------------------------

PLANS = st.sampled_from(
    [
        {"data": 16, "sharding": "none"},
        {"data": 16, "sharding": "full"},
        {"data": 4, "tensor": 4, "sharding": "optimizer"},
        {"tensor": 16},
        {"data": 2, "tensor": 2, "pipeline": 4, "sharding": "optimizer"},
        {"data": 4, "pipeline": 4, "virtual_pipeline": 2},
        {"data": 4, "context": 4, "sharding": "optimizer"},
    ]
)
CAPACITIES = st.sampled_from(
    [
        "box.train.chip.peak.bf16",
        "box.train.chip.memory_bandwidth",
        "box.train.chip.link_bandwidth",
        "wire.out.bandwidth",
    ]
)


@given(
    plan=PLANS,
    capacity=CAPACITIES,
    factor=st.floats(1.01, 100.0),
    precision=st.sampled_from(["bf16", "fp8"]),
    recompute=st.sampled_from(["none", "selective", "full"]),
)
def test_more_of_any_capacity_never_lowers_the_rate(plan, capacity, factor, precision, recompute):
    found = design(plan, chips=8, count=2, global_batch=32, precision=precision, recompute=recompute)
    before = run(found).rate
    after = run(found, scales={capacity: factor}).rate
    assert after >= before * (1 - 1e-9)


@given(plan=PLANS, batches=st.lists(st.sampled_from([16.0, 32.0, 48.0, 256.0]), min_size=2, max_size=5))
def test_variants_in_one_batch_are_the_designs_one_by_one(plan, batches):
    found = design(plan, chips=8, count=2, global_batch=16)
    together = run(found, values={"workload.global_batch": np.array(batches)})
    one_by_one = [first(run(found, values={"workload.global_batch": b}).rate) for b in batches]
    assert np.broadcast_to(together.rate, (len(batches),)) == pytest.approx(one_by_one)


def test_tensor_parallelism_is_cheaper_inside_the_domain_than_across():
    inside = parts(design({"data": 2, "tensor": 8}, chips=8, count=2, global_batch=16))
    across = parts(design({"tensor": 16}, chips=8, count=2, global_batch=16))
    assert across["tensor parallel"] > 2 * inside["tensor parallel"]


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ({"kind": "transformer-training"}, "model"),
        ({"kind": "transformer-training", "model": "no-such-model"}, "not in the model library"),
        ({"kind": "transformer-training", "model": {"hidden": 8}}, "layers"),
    ],
)
def test_what_is_missing_is_said_in_words(workload, words):
    found, _ = from_mapping({"workload": workload, "box": {"train": {"is": "h100-sxm5-80gb", "chips": 8}}})
    report = evaluate(found, fit=False)
    assert report.status == "incomplete"
    assert any(words in p.text for p in report.problems)


def test_an_almost_empty_drawing_trains_with_assumptions_named():
    found, _ = from_mapping(
        {
            "workload": {"kind": "transformer-training", "model": "llama-3-8b"},
            "box": {"train": {"is": "h100-sxm5-80gb", "chips": 8}},
        }
    )
    report = evaluate(found, fit=False)
    assert report.throughput is not None
    assert report.plan_found
    text = " ".join(report.assumptions)
    assert all(word in text for word in ("precision", "sequence length", "global batch"))


def test_a_plan_for_more_chips_than_drawn_is_no_plan():
    report = evaluate(design({"data": 4, "tensor": 4}, chips=8), fit=False)
    assert report.status == "infeasible"
    assert any("16 chips" in p.text for p in report.problems)


def test_a_batch_smaller_than_a_micro_batch_is_not_padded():
    small = run(design({"micro_batch": 8}, global_batch=2)).rate
    assert small == pytest.approx(first(run(design({"micro_batch": 2}, global_batch=2)).rate))


def test_two_pools_share_the_batch_by_their_chips():
    data = {
        "workload": {"kind": "transformer-training", "model": MODEL | {"vocabulary": 1000}, "precision": "bf16",
                     "sequence_length": 2048, "global_batch": 64, "attention": "flash"},
        "box": {"one": {"is": "h100-sxm5-80gb", "chips": 8}, "two": {"is": "h100-sxm5-80gb", "chips": 8}},
    }  # fmt: skip
    job = run(from_mapping(data)[0]).job
    assert [first(step.share) for step in job.steps] == [0.5, 0.5]
