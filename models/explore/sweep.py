"""Sweeps: one or two parameters varied, the curve with its knee and every change of bottleneck.

A point is a full evaluation of the edited design, so that whatever the model finds anew (a plan, a
batch) is found anew; a progress callback may stop it. `rates` is the batched way for figures and
numbers that do not change what is found: 10^5 variants a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from infralab.models.arithmetic import Array, Number
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.design import Design
from infralab.models.edits import EditError
from infralab.models.explore.answer import Answer, ask
from infralab.models.explore.axis import Axis, SweepError, axis, edited
from infralab.models.outcome import outcome

BATCHED_FROM = 48  # points; fewer are evaluated singly as fast as a batch can be checked

__all__ = ["Axis", "Point", "Sweep", "SweepError", "Turn", "as_rows", "axis", "edited", "rates", "sweep"]


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of values and its answer."""

    texts: tuple[str, ...]
    values: tuple[float, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """Between two neighbours of a curve the bottleneck changes."""

    index: int  # of the first point with the new one
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """A grid of answers over one or several axes."""

    axes: tuple[Axis, ...]
    points: tuple[Point, ...]  # the last axis runs fastest
    whole: bool = True  # not stopped early

    def turns(self) -> tuple[Turn, ...]:
        """Changes of bottleneck along a sweep of one parameter."""
        named = [(i, p.answer.bottleneck) for i, p in enumerate(self.points) if p.answer.rate is not None]
        return tuple(Turn(i, before, after) for (_, before), (i, after) in pairwise(named) if before != after)

    def knee(self) -> int | None:
        """Index of the last point worth its price: beyond it doubling the parameter gives under 10 %."""
        points = [(i, p.values[0], p.answer.rate) for i, p in enumerate(self.points) if p.answer.rate]
        if len(self.axes) != 1 or len(points) < 3 or any(v <= 0 for _, v, _ in points):
            return None
        from math import log

        for (i, v, rate), (_, w, later) in pairwise(points):
            assert rate is not None
            assert later is not None
            if w > v and log(later / rate) / log(w / v) < 0.1375:  # log2(1.1): ten per cent a doubling
                return i
        return None


def sweep(
    design: Design,
    axes: Sequence[Axis],
    catalogue: Catalogue | None = None,
    progress: Callable[[int, int], bool] | None = None,
    brief: bool = False,
) -> Sweep:
    """Evaluate every combination. `progress(done, total)` returning False stops with what there is.

    brief: rate, verdict and bottleneck are enough; many points then go in one batch where it is exact.

    Raises SweepError for a path or value that the design does not take.
    """
    catalogue = catalogue or default_catalogue()
    total = 1
    for one in axes:
        _known(design, one, catalogue)
        total *= len(one.texts)
    if brief and total >= BATCHED_FROM:
        from infralab.models.explore.grid import batched

        answers = batched(design, axes, catalogue)
        if answers is not None:
            texts_of, values_of = product(*(a.texts for a in axes)), product(*(a.values for a in axes))
            made = zip(texts_of, values_of, answers, strict=True)
            return Sweep(tuple(axes), tuple(Point(t, v, one) for t, v, one in made))
    points = []
    for combination in product(*(range(len(a.texts)) for a in axes)):
        varied = design
        texts = tuple(a.texts[i] for a, i in zip(axes, combination, strict=True))
        for a, text in zip(axes, texts, strict=True):
            varied = edited(varied, a.path, text)
        values = tuple(a.values[i] for a, i in zip(axes, combination, strict=True))
        points.append(Point(texts, values, ask(varied, catalogue)))
        if progress is not None and not progress(len(points), total):
            break
    return Sweep(tuple(axes), tuple(points), len(points) == total)


def _known(design: Design, one: Axis, catalogue: Catalogue) -> None:
    """Raise SweepError for a value that cannot be set, or that the catalogue does not have."""
    from infralab.models.references import unknown

    before = set(unknown(design, catalogue))
    for text in one.texts:
        try:
            varied = edited(design, one.path, text)
        except EditError as error:
            raise SweepError(f"{one.path}={text}: {error}") from None
        for item in unknown(varied, catalogue):
            if item not in before:
                raise SweepError(f"{one.path}={text}: {item.message}")


def rates(design: Design, values: Mapping[str, Number], catalogue: Catalogue | None = None) -> Array:
    """Rates of V variants in one batched call, shape (V,), in units per second.

    values: paths of numbers and figures, as `Report.figures` names them (`box.train.count`,
    `box.train.chip.memory_bandwidth`, `workload.global_batch`) -> a float or an array (V,). What the
    model finds (a plan, a batch) is found once, for the design as it is. Raises SweepError where the
    design cannot be evaluated.
    """
    import numpy as np

    found = outcome(design, catalogue or default_catalogue(), values=dict(values))
    if found.rate is None:
        raise SweepError("the design is incomplete: " + "; ".join(text for _, _, text in found.machine.problems))
    size = max((np.size(v) for v in values.values()), default=1)
    return np.broadcast_to(np.asarray(found.rate, dtype=float), (size,))


def as_rows(result: Sweep) -> list[dict[str, Any]]:
    """One flat row a point, for CSV and JSON."""
    return [
        {
            **{a.path: text for a, text in zip(result.axes, p.texts, strict=True)},
            "rate": p.answer.rate,
            "unit": p.answer.unit,
            "status": p.answer.status,
            "bottleneck": p.answer.bottleneck,
            "cost_per_hour": p.answer.cost_per_hour,
            "power_watts": p.answer.power_watts,
            "time_to_first_token": p.answer.time_to_first_token,
            "time_per_output_token": p.answer.time_per_output_token,
        }
        for p in result.points
    ]
