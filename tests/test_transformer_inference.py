"""Serving a transformer: what a calculator gives for small cases, and what must hold for every design."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infralab.models.arithmetic import first
from infralab.models.catalogue import default_catalogue
from infralab.models.constants import table
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.outcome import Outcome, outcome
from infralab.models.workloads.inference.family import family_of

LLAMA = {
    "layers": 32,
    "hidden": 4096,
    "heads": 32,
    "kv_heads": 8,
    "head_size": 128,
    "ffn": 14336,
    "gated": True,
    "vocabulary": 128256,
}
EXPERTS = {**LLAMA, "experts": 64, "experts_per_token": 4, "expert_ffn": 512, "ffn": 4096}


def design(box: dict[str, Any] | None = None, plan: dict[str, Any] | None = None, **workload: Any) -> Design:
    data = {
        "workload": {
            "kind": "transformer-inference",
            "model": LLAMA,
            "precision": "bf16",
            "weight_precision": "bf16",
            "kv_precision": "bf16",
            "mode": "offline",
            "input_length": 1024,
            "output_length": 128,
            **workload,
        },
        "software": {"framework": "vllm"},
        "box": {"serve": {"is": "h100-sxm5-80gb", "chips": 8, **(box or {})}},
    }
    if plan is not None:
        data["plan"] = plan
    found, problems = from_mapping(data)
    assert not problems
    return found


def answer(found: Design, **scales: Any) -> Outcome:
    return outcome(found, default_catalogue(), scales=scales)


def rate(found: Design, scales: dict[str, Any] | None = None, values: dict[str, Any] | None = None) -> Any:
    result = outcome(found, default_catalogue(), values, scales)
    assert result.rate is not None
    return result.rate


def part(result: Outcome, name: str) -> float:
    assert result.job is not None
    return sum(first(p.alone) for s in result.job.steps for p in s.parts if p.name == name)


def constant(result: Outcome, name: str) -> float:
    """The fitted constant of that name that the evaluation read."""
    read = result.machine.figures.read
    paths = [p for p in read if p.startswith("fitted.transformer_inference.") and p.endswith(f".{name}")]
    return first(read[paths[0]].value)


# ---- a calculator's answers ------------------------------------------------------------------------


def test_a_decode_step_reads_every_weight_once_and_the_cache_of_each_sequence() -> None:
    batch, prompt = 4, 2000
    result = answer(design(plan={"tensor": 1}, mode="decode", batch=batch, input_length=prompt, output_length=0.0001))
    read = 3.35e12 * constant(result, "bandwidth_share") * constant(result, "bandwidth_factor")
    layer = 4096 * 128 * (32 + 2 * 8) + 32 * 128 * 4096 + 3 * 4096 * 14336
    weights = 2 * (32 * layer + 128256 * 4096)
    assert part(result, "decode: weights") == pytest.approx(weights / read, rel=1e-6)
    cache = batch * prompt * 32 * 2 * 8 * 128 * 2
    assert part(result, "decode: keys and values") == pytest.approx(
        cache / (read * constant(result, "cache_factor")), rel=1e-4
    )


def test_a_prompt_costs_two_flop_a_parameter_and_token_and_half_the_square_of_attention() -> None:
    result = answer(design(plan={"tensor": 1}, mode="prefill", batch=1, input_length=4096))
    layer = 4096 * 128 * (32 + 2 * 8) + 32 * 128 * 4096 + 3 * 4096 * 14336
    flop = 2 * 4096 * 32 * layer + 2 * 128256 * 4096  # the head for the last token only
    engine = 989e12 * min(constant(result, "matmul_share_16bit") * constant(result, "matmul_factor"), 0.97)
    assert part(result, "prefill: matrix products") == pytest.approx(flop / engine, rel=1e-6)
    square = 4096 * 2 * 32 * (128 + 128) * 32 * 4096 / 2
    scores = 989e12 * constant(result, "attention_share") * constant(result, "attention_factor")
    assert part(result, "prefill: attention") == pytest.approx(square / scores, rel=1e-6)


def test_few_tokens_touch_few_experts() -> None:
    """E·(1 − (1 − k/E)^B) of E experts: 4 of 64 for one token, nearly all for a hundred."""

    def weights(batch: int) -> float:
        found = design(plan={"tensor": 1}, mode="decode", model=EXPERTS, batch=batch, input_length=1, output_length=1)
        result = answer(found)
        read = 3.35e12 * constant(result, "bandwidth_share") * constant(result, "bandwidth_factor")
        return part(result, "decode: weights") * read / 2

    share = constant(answer(design(plan={"tensor": 1}, model=EXPERTS, mode="decode", batch=1)), "expert_factor")
    expert = 32 * 3 * 4096 * 512
    touched = 64 * (1 - (1 - 4 / 64) ** 100)
    assert weights(100) - weights(1) == pytest.approx((touched - 4) * expert / share, rel=1e-6)


def test_a_group_of_chips_divides_weights_but_copies_heads_when_ranks_outnumber_them() -> None:
    def both(tensor: int) -> tuple[float, float]:
        result = answer(design(plan={"tensor": tensor}, mode="decode", batch=8, model={**LLAMA, "kv_heads": 4}))
        return part(result, "decode: weights"), part(result, "decode: keys and values")

    (w4, c4), (w8, c8) = both(4), both(8)
    assert w8 == pytest.approx(w4 / 2)
    assert c8 == pytest.approx(c4)


def test_the_batch_is_what_memory_leaves_and_is_said() -> None:
    found = design(box={"chips": 1}, plan={"tensor": 1})
    result = answer(found)
    job = result.job
    assert job is not None
    weights = 2 * (32 * (4096 * 128 * 48 + 4096 * 4096 + 3 * 4096 * 14336) + 2 * 128256 * 4096)
    room = 0.9 * 80e9 - weights
    sequence = (1024 + 64) * 32 * 2 * 8 * 128 * 2
    assert first(job.steps[0].units) / 128 == pytest.approx(room // sequence, abs=1)
    assert any("largest that fits" in text for text in result.machine.figures.assumptions)


def test_a_model_too_large_is_infeasible_and_still_answered() -> None:
    report = evaluate(design(box={"chips": 1}, plan={"tensor": 1}, model="llama-3-70b", batch=1))
    assert report.status == "infeasible"
    assert report.throughput is not None


# ---- how a plan is found ---------------------------------------------------------------------------


def test_the_plan_found_fits_the_model() -> None:
    report = evaluate(design(model="llama-3-70b", input_length=512))
    assert report.plan_found
    assert report.status == "ok"
    assert float(str(report.plan["tensor"])) >= 2  # 140 GB of weights, 80 GB a chip


def test_one_request_at_a_time_takes_all_chips() -> None:
    alone = evaluate(design(mode="single-stream", model="llama-3-70b"))
    assert float(str(alone.plan["tensor"])) == 8


def test_replicas_multiply_the_rate() -> None:
    one = first(rate(design(plan={"tensor": 2, "data": 1}, batch=16)))
    four = first(rate(design(plan={"tensor": 2, "data": 4}, batch=16)))
    assert four == pytest.approx(4 * one)


# ---- load ------------------------------------------------------------------------------------------


def test_more_clients_raise_the_rate_and_the_wait() -> None:
    few = evaluate(design(plan={"tensor": 8}, mode="server", concurrency=4))
    many = evaluate(design(plan={"tensor": 8}, mode="server", concurrency=64))
    assert few.throughput
    assert many.throughput
    assert many.throughput.value > few.throughput.value
    assert (many.time_to_first_token or 0) > (few.time_to_first_token or 0)
    assert (many.time_per_output_token or 0) > (few.time_per_output_token or 0)


def test_a_batch_given_belongs_to_the_replica_that_the_plan_spells_out() -> None:
    found = design(plan={"tensor": 8}, batch=1, model="deepseek-v3", weight_precision="fp8", precision="fp8")
    report = evaluate(found)
    assert float(str(report.plan["tensor"])) == 8


def test_little_s_law_holds_in_a_closed_loop() -> None:
    """Clients = requests a second × time of a request (Little 1961)."""
    report = evaluate(design(plan={"tensor": 8}, mode="server", concurrency=32))
    assert report.throughput is not None
    assert report.latency is not None
    assert report.throughput.value / 128 * report.latency == pytest.approx(32, rel=0.02)


def test_an_open_stream_is_served_until_the_accelerators_are_full() -> None:
    def served(requests: float) -> float:
        return first(rate(design(plan={"tensor": 8}, mode="server", requests_per_second=requests)))

    assert served(2.0) == pytest.approx(2.0 * 128)
    assert served(1e4) < 1e4 * 128
    assert served(1e4) == pytest.approx(served(2e4), rel=0.01)
    crowded = evaluate(design(plan={"tensor": 8}, mode="server", requests_per_second=1e4))
    assert any("queue grows" in text for text in crowded.warnings)


def test_two_pools_hand_the_cache_over_the_wire() -> None:
    data = {
        "workload": {
            "kind": "transformer-inference",
            "model": LLAMA,
            "weight_precision": "bf16",
            "precision": "bf16",
            "kv_precision": "bf16",
            "mode": "server",
            "input_length": 4096,
            "output_length": 256,
            "concurrency": 64,
        },
        "plan": {"prefill": {"tensor": 1}, "decode": {"tensor": 1}},
        "software": {"framework": "vllm"},
        "box": {
            "ahead": {"is": "dgx-h100", "runs": ["prefill"]},
            "behind": {"is": "dgx-h100", "runs": ["decode"]},
            "fabric": {"is": "fabric"},
        },
        "wire": {"a": {"ends": ["ahead", "fabric"]}, "b": {"ends": ["behind", "fabric"]}},
    }
    found, problems = from_mapping(data)
    assert not problems
    result = outcome(found, default_catalogue())
    job = result.job
    assert job is not None
    assert [s.name for s in job.steps] == ["prefill", "decode"]
    handed = job.traffic[0]
    assert (handed.source, handed.target) == ("ahead", "behind")
    assert first(handed.bytes) * 256 == pytest.approx(4096 * 32 * 2 * 8 * 128 * 2)
    assert any(d.traffic == "cache" for d in result.demands)


def test_experts_spread_over_servers_load_the_wires() -> None:
    """Each token goes to 4 experts in 8 bits and comes back in 16; half of the ranks are on the other server."""
    data = {
        "workload": {
            "kind": "transformer-inference",
            "model": EXPERTS,
            "precision": "bf16",
            "mode": "decode",
            "batch": 8,
            "input_length": 100,
        },
        "plan": {"tensor": 1, "data": 16, "expert": 16},
        "software": {"framework": "vllm"},
        "box": {"serve": {"is": "dgx-h100", "count": 2}, "fabric": {"is": "fabric"}},
        "wire": {"w": {"ends": ["serve", "fabric"]}},
    }
    found, problems = from_mapping(data)
    assert not problems
    result = outcome(found, default_catalogue())
    assert result.job is not None
    sent = next(t for t in result.job.traffic if t.traffic == "experts")
    assert first(sent.bytes) == pytest.approx(32 * 4 * 4096 * 3 / 2)
    assert any(d.traffic == "experts" for d in result.demands)


# ---- incomplete designs and software ---------------------------------------------------------------


def test_an_unknown_model_is_a_problem_not_an_error() -> None:
    report = evaluate(design(model="no-such-model"))
    assert report.status == "incomplete"
    assert any("no-such-model" in p.text for p in report.problems)


def test_an_unknown_number_format_is_named() -> None:
    from dataclasses import replace

    usual = design()
    assert usual.workload is not None
    report = evaluate(replace(usual, workload=replace(usual.workload, weight_precision="q99_z")))
    assert report.status == "incomplete"
    assert any("q99_z" in p.text for p in report.problems)


def test_a_release_may_belong_to_another_family() -> None:
    families = table("transformer_inference")["families"]
    dated = [(family, m) for family, members in families.items() for m in members if "<" in m]
    assert dated, "no family speaks of releases"
    for family, member in dated:
        name, limit = member.split("<")
        software = design().software
        from dataclasses import replace

        assert family_of(replace(software, framework=name, version="0.0.1")) == family
        assert family_of(replace(software, framework=name, version=limit)) != family
        assert family_of(replace(software, framework=name, version=None)) != family


def test_narrow_weights_are_read_faster() -> None:
    wide = first(rate(design(plan={"tensor": 1}, mode="decode", batch=1)))
    narrow = first(rate(design(plan={"tensor": 1}, mode="decode", batch=1, weight_precision="w4a16")))
    assert 1.2 * wide < narrow < 4 * wide


# ---- what must hold for every design ---------------------------------------------------------------

LOADS = st.sampled_from(
    [
        {"mode": "offline"},
        {"mode": "offline", "batch": 8},
        {"mode": "server", "concurrency": 32},
        {"mode": "server", "requests_per_second": 50.0},
        {"mode": "decode", "batch": 4},
        {"mode": "prefill", "batch": 1},
        {"mode": "single-stream"},
    ]
)
MODELS = st.sampled_from([LLAMA, EXPERTS, "llama-3-70b", "deepseek-v3", "gpt-oss-120b", "qwen3.5-397b-a17b"])
PLANS = st.sampled_from([None, {"tensor": 8}, {"tensor": 2, "pipeline": 4}, {"tensor": 1, "data": 8, "expert": 8}])
CAPACITIES = st.sampled_from(
    [
        "box.serve.chip.memory_bandwidth",
        "box.serve.chip.peak.bf16",
        "box.serve.chip.link_bandwidth",
        "box.serve.chip.memory",
    ]
)


@given(load=LOADS, model=MODELS, plan=PLANS, figure=CAPACITIES, factor=st.floats(1.0, 4.0))
def test_more_of_any_capacity_never_lowers_the_rate(
    load: dict[str, Any], model: Any, plan: dict[str, Any] | None, figure: str, factor: float
) -> None:
    # a free plan is chosen by a rough merit: with more memory it may take a cut that serves a little worse
    assume(plan is not None or figure != "box.serve.chip.memory")
    found = design(plan=plan, model=model, **load)
    assert first(rate(found, {figure: factor})) >= first(rate(found)) * (1 - 1e-3)


@given(load=LOADS, model=MODELS, plan=PLANS, factors=st.lists(st.floats(0.3, 3.0), min_size=2, max_size=4))
def test_variants_together_answer_as_each_alone(
    load: dict[str, Any], model: Any, plan: dict[str, Any] | None, factors: list[float]
) -> None:
    found = design(plan=plan, model=model, **load)
    for figure in ("box.serve.chip.memory_bandwidth", "box.serve.chip.memory"):
        together = np.broadcast_to(rate(found, {figure: np.array(factors)}), (len(factors),))
        alone = [first(rate(found, {figure: factor})) for factor in factors]
        assert np.allclose(together, alone, rtol=1e-9)


SWEEPS = st.sampled_from(
    [
        ({"mode": "server", "concurrency": 1}, "workload.concurrency", [1, 3, 64, 1000]),
        ({"mode": "offline", "batch": 1}, "workload.batch", [1, 7, 64]),
        ({"mode": "server", "requests_per_second": 1.0}, "workload.requests_per_second", [0.5, 20.0, 500.0]),
        ({"mode": "offline"}, "workload.input_length", [1, 500, 20000]),
        ({"mode": "offline", "batch": 4}, "workload.output_length", [1, 500, 20000]),
        ({"mode": "prefill", "batch": 1}, "workload.input_length", [1, 500, 20000]),
        ({"mode": "offline"}, "box.serve.count", [1, 2, 4]),
    ]
)


@given(sweep=SWEEPS, plan=PLANS, model=MODELS)
def test_sweeps_answer_as_each_value_alone(
    sweep: tuple[dict[str, Any], str, list[float]], plan: dict[str, Any] | None, model: Any
) -> None:
    load, path, points = sweep
    found = design(plan=plan, model=model, **load)
    together = np.broadcast_to(rate(found, values={path: np.array(points, dtype=float)}), (len(points),))
    alone = [first(rate(found, values={path: float(n)})) for n in points]
    assert np.allclose(together, alone, rtol=1e-9)


def test_tensor_degrees_swept_answer_as_each_alone() -> None:
    found = design(plan={"tensor": 1}, model="llama-3-70b", mode="server", concurrency=32)
    degrees = [1.0, 2.0, 4.0, 8.0]
    together = rate(found, values={"plan.tensor": np.array(degrees)})
    assert np.allclose(together, [first(rate(found, values={"plan.tensor": d})) for d in degrees], rtol=1e-9)


def test_a_small_exchange_between_servers_takes_longer_whatever_the_tensor_degree() -> None:
    servers, _ = from_mapping(
        {
            "workload": {
                "kind": "transformer-inference",
                "model": EXPERTS,
                "precision": "bf16",
                "weight_precision": "bf16",
                "kv_precision": "bf16",
                "mode": "server",
                "concurrency": 32,
                "input_length": 1024,
                "output_length": 128,
            },
            "plan": {"tensor": 1, "expert": 32},
            "box": {"serve": {"is": "dgx-h100", "count": 4}, "fabric": {"is": "fabric"}},
            "wire": {"between": {"ends": ["serve", "fabric"], "is": "infiniband-ndr"}},
        }
    )
    degrees = [1.0, 8.0]
    together = rate(servers, values={"plan.tensor": np.array(degrees)})
    assert np.allclose(together, [first(rate(servers, values={"plan.tensor": d})) for d in degrees], rtol=1e-9)
    slower = rate(servers, scales={"fitted.network.infiniband.alpha_seconds": 2.0})
    assert first(slower) < first(rate(servers))
