"""What ranges of the inputs do to the rate: every corner of them, in one batched evaluation.

The rate is monotone in each figure as long as what the model finds (a plan, a way) stays the same, so
its extremes lie at corners. Beyond MOST_CORNERS ranges: each alone, all low and all high.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import product
from operator import attrgetter
from typing import Any

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, FrozenMap
from infralab.models.outcome import Outcome, outcome
from infralab.models.units import Quantity

MOST_CORNERS = 6  # ranges of which all 2^n corners are tried


def ranges(design: Design) -> dict[str, Quantity]:
    """Overrides given as a range ("5..12 GB/s"), by the path under which the model reads them."""
    found = {}
    for family, things in (("box", design.boxes), ("wire", design.wires)):
        for name, thing in things.items():
            for key, quantity in thing.overrides.items():
                if quantity.low is not None:
                    found[f"{family}.{name}.{key}"] = quantity
    return found


def extremes(base: Outcome, design: Design, catalogue: Catalogue) -> tuple[float, float] | None:
    """Lowest and highest rate over the ranges of the inputs, in units/s; None where no input is one."""
    given = ranges(design)
    elsewhere = list(_elsewhere(design))
    if not given and not elsewhere:
        return None
    import numpy as np

    rates = []
    read = {path: q for path, q in given.items() if path in base.machine.figures.read}
    if read:
        corners = _corners(len(read))
        values = {
            path: np.array([(q.low if side < 0 else q.high if side > 0 else q.value) for side in column], dtype=float)
            for (path, q), column in zip(read.items(), zip(*corners, strict=True), strict=True)
        }
        varied = outcome(design, catalogue, values=values)
        rates += [float(r) for r in np.broadcast_to(np.asarray(varied.rate, dtype=float), (len(corners),))]
    others = [*elsewhere, *_singly(design, [path for path in given if path not in read])]
    for variant in others:
        found = outcome(variant, catalogue)
        if found.rate is not None:
            rates.append(float(np.asarray(found.rate)))
    finite = [r for r in rates if np.isfinite(r) and r > 0]
    return (min(finite), max(finite)) if finite else None


def _corners(count: int) -> list[tuple[int, ...]]:
    """-1: low, 0: middle, +1: high."""
    if count <= MOST_CORNERS:
        return list(product((-1, 1), repeat=count))
    alone = [tuple(side if i == j else 0 for j in range(count)) for i in range(count) for side in (-1, 1)]
    return [*alone, (-1,) * count, (1,) * count]


def _singly(design: Design, paths: list[str]) -> Iterator[Design]:
    """Designs with one override at an end of its range."""
    for path in paths:
        family, name, key = path.split(".", 2)
        things = design.boxes if family == "box" else design.wires
        thing = things[name]
        for end in _ends(thing.overrides[key]):
            varied: Any = replace(thing, overrides=thing.overrides.set(key, end))
            yield design.with_box(varied) if family == "box" else design.with_wire(varied)


def _elsewhere(design: Design) -> Iterator[Design]:
    """Designs with one ranged quantity of the workload at an end of its range."""
    for workload in _variants(design.workload):
        yield replace(design, workload=workload)


def _variants(thing: Any) -> Iterator[Any]:
    """Copies of a table in which one ranged quantity, here or deeper, stands at an end."""
    if not is_dataclass(thing) or isinstance(thing, type):
        return
    names, values = _fields(type(thing))
    for name, value in zip(names, values(thing), strict=True):
        if value is None:
            continue
        if isinstance(value, Quantity):
            if value.low is not None:
                for end in _ends(value):
                    yield replace(thing, **{name: end})
        elif not isinstance(value, (str, int, float, tuple, FrozenMap)):
            for inner in _variants(value):
                yield replace(thing, **{name: inner})


@cache
def _fields(table: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Names of a table's fields, and what reads all of them at once."""
    names = tuple(field.name for field in fields(table))
    return names, attrgetter(*names)


def _ends(quantity: Quantity) -> tuple[Quantity, Quantity]:
    assert quantity.low is not None
    assert quantity.high is not None
    return Quantity(quantity.low, quantity.dimension), Quantity(quantity.high, quantity.dimension)
