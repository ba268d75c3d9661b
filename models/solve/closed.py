"""The rate in closed form: X = min over resources of capacity / demand (Denning & Buzen 1978).

Accelerator time is a resource like any other: a step of `units` on `replicas` takes its parts'
seconds, so overlapped and serial work compose by this one rule. Where a drawing leaves a choice of
ways, `network.py` has settled it before: what arrives here are loads.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from infralab.models.arithmetic import Number, divide, minimum
from infralab.models.job import Demand, Job, Step


def step_limit(step: Step) -> Number:
    """Units per second that a pool's accelerator time allows."""
    return divide(step.units * step.replicas, step.seconds() * step.share)


def demand_limit(demand: Demand) -> Number:
    """Units per second that a queued resource allows."""
    return divide(demand.capacity, demand.amount)


def rate(job: Job, demands: Iterable[Demand]) -> Number:
    """Units per second of the whole design; infinite when nothing is asked of anything."""
    bound: Number = inf if job.offered_rate is None else job.offered_rate
    for step in job.steps:
        bound = minimum(bound, step_limit(step))
    for demand in demands:
        if not demand.in_sum:
            bound = minimum(bound, demand_limit(demand))
    return bound
