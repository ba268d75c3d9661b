"""Many points of a sweep in one batched evaluation, where that gives what single evaluations give.

What the model finds (a plan, a batch, a way) is found once for a batch, so a batch may be wrong where
a parameter changes what is found. SAMPLES of its points are therefore evaluated singly and compared:
rate within TOLERANCE, the same verdict, the same bottleneck; else there is no batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from infralab.models.arithmetic import Array
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.explore.answer import Answer, ask
from infralab.models.explore.axis import Axis, edited
from infralab.models.findings import owner_of
from infralab.models.outcome import Outcome, outcome
from infralab.models.solve.closed import demand_limit, step_limit
from infralab.models.symmetry import quotient

SAMPLES = 12
TOLERANCE = 1e-3


def batched(design: Design, axes: Sequence[Axis], catalogue: Catalogue) -> list[Answer] | None:
    """Rate, verdict and bottleneck of every combination, the last axis fastest; None where single ones are needed.

    Cost, power and latencies are not in these answers.
    """
    import numpy as np

    if not all(axis.numeric for axis in axes) or quotient(design, catalogue) is not None:
        return None
    points = np.array(list(product(*(axis.values for axis in axes))), dtype=float)
    values = {read_path(axis.path): points[:, i] for i, axis in enumerate(axes)}
    try:
        found = outcome(design, catalogue, values=values)
    except (ValueError, TypeError, IndexError, FloatingPointError):
        return None  # a part of the model that takes this number one at a time
    if found.rate is None or found.job is None:
        return None
    answers = _answers(found, len(points))
    return answers if _agree(design, axes, answers, catalogue) else None


def read_path(path: str) -> str:
    """The name under which the model reads a path of the file: without `with`."""
    return path.replace(".with.", ".", 1)


def _answers(found: Outcome, size: int) -> list[Answer]:
    import numpy as np

    def spread(value: object) -> Array:
        return np.broadcast_to(np.asarray(value, dtype=float), (size,))

    assert found.job is not None
    limits, names = [], []
    for step in found.job.steps:
        limits.append(spread(step_limit(step)))
        names.append(_names_of_step(step.pool, [(p.resource, p.kind, spread(p.seconds)) for p in step.parts], size))
    for demand in found.demands:
        limits.append(spread(demand_limit(demand)))
        names.append([(demand.owner, demand.kind)] * size)
    lowest = np.argmin(np.array(limits), axis=0) if limits else np.zeros(size, dtype=int)
    fits = np.ones(size, dtype=bool)
    for memory in found.job.memory:
        fits &= spread(memory.required_bytes) <= spread(memory.capacity_bytes)
    rates = spread(found.rate)
    none = (None,) * 6
    made = []
    for i in range(size):
        owner, kind = names[int(lowest[i])][i] if names else ("", "")
        made.append(Answer(float(rates[i]), found.job.unit, "ok" if fits[i] else "infeasible", owner, kind, *none))
    return made


def _names_of_step(pool: str, parts: list[tuple[str, str, Array]], size: int) -> list[tuple[str, str]]:
    """For each variant the resource that takes most of the step: its owner and its kind."""
    import numpy as np

    totals: dict[str, Array] = {}
    kinds: dict[str, str] = {}
    for resource, kind, seconds in parts:
        totals[resource] = totals[resource] + seconds if resource in totals else seconds
        kinds.setdefault(resource, kind)
    resources = list(totals)
    if not resources:
        return [(pool, "")] * size
    longest = np.argmax(np.array([totals[r] for r in resources]), axis=0)
    owners = [owner_of(r) if owner_of(r).startswith(("box", "wire")) else pool for r in resources]
    return [(owners[int(n)], kinds[resources[int(n)]]) for n in longest]


def _agree(design: Design, axes: Sequence[Axis], answers: list[Answer], catalogue: Catalogue) -> bool:
    size = len(answers)
    chosen = {round(i * (size - 1) / (SAMPLES - 1)) for i in range(SAMPLES)}
    across = len(axes[-1].texts)
    chosen |= {across - 1, size - across}  # the other two corners of a map
    for index in sorted(chosen):
        varied, rest = design, index
        for axis in reversed(axes):
            rest, place = divmod(rest, len(axis.texts))
            varied = edited(varied, axis.path, axis.texts[place])
        one, many = ask(varied, catalogue), answers[index]
        if one.rate is None or many.rate is None or abs(many.rate / one.rate - 1) > TOLERANCE:
            return False
        if (one.status, one.bottleneck) != (many.status, many.bottleneck):
            return False
    return True
