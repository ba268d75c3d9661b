"""Framework fit: where each runs, how fast it is against the others, what that rests on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from infralab.models.constants import table
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.frameworks import FACTS, evidence, reference
from infralab.models.report import FrameworkFit, Report

OURS = ("jax", "pytorch", "tensorflow")


def report(chip: str, chips: float = 8, **software: Any) -> Report:
    data = {
        "schema": "infralab.design/1",
        "workload": {
            "kind": "transformer-training",
            "model": "llama-3-8b",
            "sequence_length": 8192,
            "global_batch": 64,
        },
        "software": software,
        "box": {"train": {"is": chip, "chips": chips}},
    }
    return evaluate(from_mapping(data)[0])


def fits(found: Report) -> dict[str, FrameworkFit]:
    return {fit.framework: fit for fit in found.framework_fit}


@pytest.mark.parametrize("chip", ["h100-sxm5-80gb", "tpu-v5p", "tpu-v7x-ironwood", "xeon-6980p", "mi300x"])
def test_every_framework_is_judged_best_first_with_its_reasons_and_facts(chip: str) -> None:
    found = report(chip).framework_fit
    assert {fit.framework for fit in found} == set(OURS)
    assert [fit.score for fit in found] == sorted((fit.score for fit in found), reverse=True)
    for fit in found:
        assert fit.reasons
        assert {name for name, _ in fit.facts} == set(FACTS)
        assert fit.evidence == "assumed" or fit.evidence_rows


def test_the_newest_tpu_runs_no_tensorflow_and_the_one_before_does() -> None:
    newest, before = fits(report("tpu-v7x-ironwood")), fits(report("tpu-v5p"))
    assert newest["tensorflow"].support == "none"
    assert newest["tensorflow"].throughput is None
    assert newest["tensorflow"].score == 0
    assert before["tensorflow"].support == "native"
    assert before["jax"].score > before["tensorflow"].score  # support that ends counts half


def test_a_bridge_costs_speed_on_a_tpu_and_nothing_like_it_on_a_gpu() -> None:
    tpu, gpu = fits(report("tpu-v5p")), fits(report("h100-sxm5-80gb"))
    assert tpu["pytorch"].support == "bridge"
    assert 0.65 <= (tpu["pytorch"].ratio or 0) <= 0.85  # of the fastest; PyTorch/XLA in published pairs
    assert gpu["pytorch"].support == "native"
    assert min(fit.ratio or 0 for fit in gpu.values()) > 0.85


def test_a_rate_is_the_designs_own_under_that_framework() -> None:
    compared = fits(report("tpu-v5p", framework="jax"))
    for name in OURS:
        found = report("tpu-v5p", framework=name)
        assert found.throughput is not None
        assert compared[name].throughput == pytest.approx(found.throughput.value)


@pytest.mark.parametrize("chip", ["h100-sxm5-80gb", "tpu-v5p", "xeon-6980p"])
def test_auto_is_the_framework_that_fits_best(chip: str) -> None:
    found = report(chip, framework="auto")
    assert found.throughput is not None
    assert found.throughput.value == pytest.approx(found.framework_fit[0].throughput)


def test_a_framework_is_compared_with_a_loader_that_it_can_use() -> None:
    found = fits(report("h100-sxm5-80gb", framework="tensorflow", loader="tf-data"))
    assert any("cannot read with tf-data" in reason for reason in found["pytorch"].reasons)
    assert not any("cannot read" in reason for reason in found["tensorflow"].reasons)
    assert found["pytorch"].throughput


def test_evidence_names_measurements_that_exist_and_is_marked_as_used() -> None:
    folder = Path(__file__).parents[1] / "models/measurements/frameworks"
    fitted: set[str] = set()
    for path in folder.glob("*.toml"):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        fitted |= {m["id"] for m in data["measurement"] if m.get("fitted", data.get("fitted", False))}
    for framework, factors in table("frameworks")["factor"].items():
        for name, factor in factors.items():
            assert set(factor["rows"]) <= fitted, (framework, name)
            assert factor["low"] <= factor["median"] <= factor["high"]


def test_without_a_pair_the_factor_is_what_is_assumed_and_says_so() -> None:
    assert evidence("jax", "cpu").word == "assumed"
    assert evidence("jax", "cpu").factor == 1.0
    assert evidence("tensorflow", "cpu").factor == table("frameworks")["prior"]["tensorflow"]["cpu"]
    assert evidence("an engine of nobody", "nvidia_gpu").factor == 1.0
    assert evidence("jax", "amd_gpu") == evidence("jax", "nvidia_gpu")  # pairs of any vendor's GPU


def test_the_reference_of_a_processor_has_factor_one() -> None:
    for name in ("nvidia_gpu", "tpu", "cpu"):
        assert evidence(reference(name), name).factor == 1.0
    assert reference("tpu") == "jax"


def test_factors_lie_between_the_pairs_and_parity() -> None:
    """Shrinking never goes past what pairs print, and never to the other side of the prior by much."""
    for framework in OURS:
        for name in ("nvidia_gpu", "tpu"):
            found = evidence(framework, name)
            if found.rows and framework != reference(name):
                prior = table("frameworks")["prior"].get(framework, {}).get(name, 1.0)
                assert min(found.low, prior) <= found.factor <= max(found.high, prior)
