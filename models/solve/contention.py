"""Collectives on shared wires: a transfer sees the capacity that other traffic leaves on average.

A part of a step that waits for a wire was priced as if the wire were its own. At a rate X the other
classes keep it busy for a share u = X · (their bytes) / capacity, so the transfer takes 1/(1-u) as
long; the slower step lowers X, which lowers u. The fixed point is monotone and reached in a few
rounds (model.md, 1).
"""

from __future__ import annotations

from collections.abc import Sequence

from infralab.models.arithmetic import Number, any_of, maximum, minimum, where
from infralab.models.job import COMMUNICATION, Demand, Job, Part
from infralab.models.physics.ledger import ALL
from infralab.models.solve.closed import rate

ROUNDS = 6
MOST = 0.9  # share of a wire that others can keep from a transfer: beyond, the wire itself binds


def settle(job: Job, demands: Sequence[Demand]) -> Number:
    """Lengthen the job's exposed transfers by what shares their wires, in place; the rate that results."""
    shared = _shared(job, demands)
    found = rate(job, demands)
    if not shared:
        return found
    alone = [(part.seconds, part.alone) for part, _ in shared]
    for _ in range(ROUNDS):
        for (part, others), (seconds, whole) in zip(shared, alone, strict=True):
            busy = minimum(found * others, MOST)
            longer = whole * busy / (1.0 - busy)
            # what overlap hides entirely stays hidden: how much room is left there is not known here
            part.seconds = where(seconds > 0.0, seconds + longer, seconds)
            part.alone = whole + longer
        found = rate(job, demands)
    return found


def _shared(job: Job, demands: Sequence[Demand]) -> list[tuple[Part, Number]]:
    """Transfers with the load of the other classes on their resource, as a share of it a unit of work."""
    transfers = [part for step in job.steps for part in step.parts if part.nature == COMMUNICATION]
    loads: dict[str, dict[str, Number]] = {part.resource: {} for part in transfers}
    for demand in demands:
        if demand.resource in loads and demand.traffic and demand.traffic != ALL:
            classes = loads[demand.resource]
            share = demand.amount / demand.capacity
            classes[demand.traffic] = maximum(classes.get(demand.traffic, 0.0), share)
    own = {traffic.traffic or traffic.name for traffic in job.traffic}  # these follow one another in the step
    found: list[tuple[Part, Number]] = []
    for part in transfers:
        others: Number = 0.0
        for traffic, share in loads[part.resource].items():
            if traffic not in own:
                others = others + share
        if any_of(others > 0.0):
            found.append((part, others))
    return found
