"""Found plans: admissible, within memory, the best of what brute force finds; fixed fields stay fixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.arithmetic import first
from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.outcome import outcome
from infralab.models.plan import Layout, Limits, candidates, divisors, search

LIMITS = Limits(chips=64, domain=8, layers=32, heads=32, experts=0, sequence=4096, batch=256)
NAMES = ("data", "tensor", "pipeline", "virtual", "context", "expert", "micro_batch", "sharding", "recompute")


def test_divisors_by_hand():
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(12, 4) == [1, 2, 3, 4]


@given(
    chips=st.sampled_from([1, 2, 8, 24, 64, 96, 1000]),
    layers=st.integers(1, 100),
    heads=st.sampled_from([1, 12, 16, 40, 96]),
    experts=st.sampled_from([0, 8, 64]),
    batch=st.sampled_from([1, 16, 96, 1024]),
)
def test_every_candidate_uses_all_chips_and_divides_what_it_splits(chips, layers, heads, experts, batch):
    limits = Limits(chips, 8, layers, heads, experts, 32768, batch)
    for row in candidates({}, limits):
        plan = dict(zip(NAMES, row, strict=True))
        assert plan["data"] * plan["tensor"] * plan["pipeline"] * plan["context"] == chips
        assert heads % plan["tensor"] == 0
        assert plan["tensor"] <= 8
        assert plan["pipeline"] * plan["virtual"] <= layers
        assert batch / plan["data"] % plan["micro_batch"] == 0
        assert plan["expert"] <= max(1, experts)


@given(
    st.fixed_dictionaries({}, optional={"tensor": st.sampled_from([2.0, 4.0]), "pipeline": st.sampled_from([1.0, 4.0])})
)
def test_fixed_fields_stay_as_they_are(fixed):
    found = search(fixed, LIMITS, lambda layout: (1.0 / layout.micro_batch, 0.5 + 0.0 * layout.data))
    for name, value in fixed.items():
        assert getattr(found, name) == value


def test_the_fastest_that_fits_is_taken_as_brute_force_finds_it():
    def cost(layout: Layout) -> tuple[Any, Any]:
        seconds = 10 / layout.micro_batch + layout.tensor + 2 * layout.pipeline + layout.recompute
        return seconds, layout.micro_batch / layout.tensor / layout.pipeline / 4 - layout.recompute / 8

    best = min((cost(Layout(*row))[0] for row in candidates({}, LIMITS) if cost(Layout(*row))[1] <= 1), default=None)
    found = search({}, LIMITS, cost)
    assert cost(found)[1] <= 1
    assert cost(found)[0] <= best * 1.005


def test_where_nothing_fits_the_least_demanding_is_taken():
    found = search({}, LIMITS, lambda layout: (layout.micro_batch, 10 + layout.micro_batch - layout.tensor))
    assert (found.micro_batch, found.tensor) == (1.0, 8.0)


# ---- on whole designs ---------------------------------------------------------------------------


def drawn(count: int = 4, plan: dict[str, Any] | None = None, **workload: Any):
    data = {
        "workload": {
            "kind": "transformer-training",
            "model": "llama-3-70b",
            "precision": "bf16",
            "sequence_length": 4096,
            "global_batch": 512,
            **workload,
        },
        "plan": plan or {},
        "box": {"train": {"is": "dgx-h100", "count": count}, "fabric": {"is": "quantum-2"}},
        "wire": {"out": {"ends": ["train", "fabric"], "is": "infiniband-ndr", "count": 8}},
    }
    return from_mapping(data)[0]


def test_a_large_model_gets_a_plan_that_fits():
    report = evaluate(drawn(), fit=False)
    assert report.plan_found
    assert report.memory is not None
    assert report.memory.fits
    plan = report.plan
    assert plan["data"] * plan["tensor"] * plan["pipeline"] * plan["context"] == 32


@pytest.mark.parametrize(("tensor", "pipeline"), [(2, 1), (8, 1), (8, 4)])
def test_no_given_plan_that_fits_beats_the_found_one(tensor, pipeline):
    best = evaluate(drawn(), fit=False)
    other = evaluate(drawn(plan={"tensor": tensor, "pipeline": pipeline}), fit=False)
    assert other.status != "infeasible"
    assert other.throughput.value <= best.throughput.value * 1.006


def test_a_sweep_finds_each_variant_its_own_plan():
    counts = np.array([2.0, 4.0, 16.0])
    together = outcome(drawn(), default_catalogue(), values={"box.train.count": counts})
    one_by_one = [first(outcome(drawn(int(n)), default_catalogue()).rate) for n in counts]
    assert np.asarray(together.rate) == pytest.approx(one_by_one, rel=1e-6)


def test_what_a_figure_buys_is_asked_of_the_plan_that_runs():
    base = outcome(drawn(), default_catalogue())
    scaled = outcome(drawn(), default_catalogue(), scales={"box.train.chip.memory": np.array([1.0, 10.0])})
    assert scaled.job.plan == base.job.plan
    assert np.broadcast_to(scaled.rate, (2,)) == pytest.approx([first(base.rate)] * 2)
