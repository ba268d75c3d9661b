"""Transfers on shared wires: the fixed point of rate and load, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models.job import COMMUNICATION, Demand, Job, Part, Step, Traffic
from infralab.models.solve.contention import settle

WIRE = "wire.w.bandwidth"


def job(exposed: float) -> Job:
    parts = [
        Part("compute", "box.a.chip.peak.bf16", "matrix engine", 1.0, 1.0),
        Part("gradients", WIRE, "network", exposed, 0.5, COMMUNICATION),
    ]
    traffic = [Traffic("gradients", "a", "a", 10.0, "gradients")]
    return Job("units/s", steps=[Step("box.a", 1.0, parts)], traffic=traffic)


def load(traffic: str, amount: float) -> Demand:
    return Demand(WIRE, "wire.w", "network", "B/s", 100.0, amount, traffic)


def test_a_wire_of_ones_own_changes_nothing() -> None:
    work = job(0.5)
    assert settle(work, [load("gradients", 10.0)]) == pytest.approx(1 / 1.5)


def test_input_on_the_same_wire_lengthens_the_transfer() -> None:
    # X (1 + 0.5 / (1 - 0.2 X)) = 1 with input taking 20 of 100 B a unit: 0.2 X^2 - 1.7 X + 1 = 0
    found = settle(job(0.5), [load("gradients", 10.0), load("input", 20.0)])
    assert found == pytest.approx((1.7 - math.sqrt(1.7**2 - 0.8)) / 0.4, rel=1e-4)


def test_what_overlap_hides_stays_hidden() -> None:
    work = job(0.0)
    assert settle(work, [load("gradients", 10.0), load("input", 20.0)]) == pytest.approx(1.0)
    assert work.steps[0].parts[1].alone > 0.5


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 50.0), st.floats(1.01, 3.0))
def test_more_input_never_speeds_up(amount: float, factor: float) -> None:
    less = settle(job(0.5), [load("gradients", 10.0), load("input", amount)])
    more = settle(job(0.5), [load("gradients", 10.0), load("input", amount * factor)])
    assert more <= less * (1 + 1e-6)


def test_variants_at_once_equal_one_by_one() -> None:
    amounts = np.array([1.0, 20.0, 60.0])
    many = settle(job(0.5), [load("gradients", 10.0), load("input", amounts)])  # type: ignore[arg-type]
    single = [settle(job(0.5), [load("gradients", 10.0), load("input", float(a))]) for a in amounts]
    assert many == pytest.approx(single)
