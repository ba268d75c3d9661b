"""The parallel plan of a training job: how given fields are read, and how absent ones are found.

A `Layout` is a plan as numbers, floats or arrays of candidates. What a design leaves open is
searched: all admissible candidates are one batch through the workload's own step function, those
that do not fit memory are masked, and the fastest is taken (the least demanding if none fits).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from itertools import product
from math import ceil, inf

from infralab.models.arithmetic import Number
from infralab.models.design import Plan
from infralab.models.figures import Figures

SHARDING = ("none", "optimizer", "gradients", "full")
RECOMPUTE = ("none", "selective", "full")
MOST_CANDIDATES = 60_000


@dataclass(slots=True)
class Layout:
    """A plan as numbers. Switches are 0 or 1, so that candidates can be one batch.

    sharding: 0 none, 1 optimizer, 2 gradients, 3 full. sharding_group: replicas that share one sharded
    copy (0: all). recompute: 0 none, 1 selective, 2 full; 1.5 is half of the layers in full, as it
    can be found where nobody says; 3 is full with the layers' inputs kept in host memory.
    offload: the optimizer's state is kept in host memory.
    """

    data: Number
    tensor: Number
    pipeline: Number
    virtual: Number
    context: Number
    expert: Number
    micro_batch: Number
    sharding: Number
    recompute: Number
    sequence_parallel: Number = 1.0
    sharding_group: Number = 0.0
    offload: Number = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the search: the machine's chips and the model's divisible counts."""

    chips: float
    domain: float  # chips in one scale-up domain
    layers: float
    heads: float
    experts: float
    sequence: float
    batch: float  # sequences of one step
    fits_tensor_beyond_domain: bool = False


Evaluate = Callable[[Layout], tuple[Number, Number]]  # seconds of a step; memory over capacity


def given(figures: Figures, plan: Plan, recompute: str | None) -> dict[str, Number]:
    """The fields that the design fixes, by the names of Layout."""
    found: dict[str, Number] = {}
    for name in ("data", "tensor", "pipeline", "context", "expert", "micro_batch"):
        _take(figures, found, f"plan.{name}", name, getattr(plan, name))
    _take(figures, found, "plan.virtual_pipeline", "virtual", plan.virtual_pipeline)
    _take(figures, found, "plan.sharding_group", "sharding_group", plan.sharding_group)
    if plan.sharding in SHARDING:
        found["sharding"] = float(SHARDING.index(plan.sharding))
    if recompute in RECOMPUTE:
        found["recompute"] = float(RECOMPUTE.index(recompute))
    if plan.sequence_parallel is not None:
        found["sequence_parallel"] = float(plan.sequence_parallel)
    if plan.offload is not None:
        found["offload"] = 0.0 if plan.offload in ("none", "activations") else 1.0
        if "activations" in plan.offload:
            found["recompute"] = 3.0
    return found


def _take(figures: Figures, found: dict[str, Number], path: str, name: str, value: float | None) -> None:
    if value is not None:
        found[name] = figures.number(path, value)
    elif path in figures.values:
        found[name] = figures.values[path]


def divisors(n: float, most: float = inf) -> list[float]:
    """Divisors of a whole number up to `most`, ascending."""
    whole = int(n)
    small = [d for d in range(1, int(whole**0.5) + 1) if whole % d == 0]
    return [float(d) for d in sorted({*small, *(whole // d for d in small)}) if d <= most]


def _options(fixed: dict[str, float], limits: Limits) -> dict[str, list[float]]:
    """Values to try, field by field; a fixed field has one."""
    powers = [float(2**i) for i in range(14)]

    def choose(name: str, values: Iterable[float]) -> list[float]:
        return [fixed[name]] if name in fixed else list(values)

    tensor = [t for t in powers if t <= min(limits.domain, limits.heads, 16.0) and limits.heads % t == 0]
    stages = [p for p in divisors(limits.chips) if p <= 64 and _even(limits.layers, p)]
    context = [c for c in powers if c <= max(1.0, limits.sequence / 8192.0) and c <= limits.chips]
    experts = [e for e in divisors(max(limits.experts, 1.0), 64.0) if e == 1 or 4 <= e <= limits.chips]
    return {
        "tensor": choose("tensor", tensor or [1.0]),
        "pipeline": choose("pipeline", stages or [1.0]),
        "virtual": choose("virtual", [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0]),
        "context": choose("context", context or [1.0]),
        "expert": choose("expert", experts),
        "micro_batch": choose("micro_batch", powers[:8]),
        "sharding": choose("sharding", [1.0, 3.0]),
        "recompute": choose("recompute", [0.0, 1.0, 1.25, 1.5, 1.75, 2.0]),
    }


def candidates(fixed: dict[str, float], limits: Limits) -> list[tuple[float, ...]]:
    """Admissible (data, tensor, pipeline, virtual, context, expert, micro_batch, sharding, recompute)."""
    options = _options(fixed, limits)
    found: list[tuple[float, ...]] = []
    spreads = list(product(options["tensor"], options["pipeline"], options["context"]))
    if "data" in fixed:  # what the replicas leave over, if any combination does
        spreads = [s for s in spreads if fixed["data"] * s[0] * s[1] * s[2] == limits.chips] or spreads[:1]
    for t, p, c in spreads:
        data = fixed.get("data") or limits.chips / (t * p * c)
        if data < 1 or ("data" not in fixed and data != int(data)):
            continue
        if "data" not in fixed and data > limits.batch:
            continue  # more replicas than sequences
        each = limits.batch / data
        for v, e in product(_interleavings(options["virtual"], p, limits, "virtual" in fixed), options["expert"]):
            if "expert" not in fixed and e > data * t * c:
                continue
            for b in options["micro_batch"]:
                if "micro_batch" not in fixed and (b > each or (each / b) % 1):
                    continue
                for z, r in product(options["sharding"], options["recompute"]):
                    if z == 3 and "sharding" not in fixed and p > 1:
                        continue  # gathering the weights of every micro-batch of a pipeline never pays
                    found.append((data, t, p, v, c, e, b, z, r))
                    if len(found) > MOST_CANDIDATES:
                        return found
    return found


def _interleavings(values: list[float], stages: float, limits: Limits, fixed: bool) -> list[float]:
    if fixed:
        return values
    if stages == 1:
        return [1.0]
    even = [v for v in values if _even(limits.layers, stages * v)] or [1.0]
    return list(dict.fromkeys((even[0], even[len(even) // 2], even[-1])))  # more gain little over these


def _even(layers: float, parts: float) -> bool:
    """Whether layers split into so many parts without more than a tenth of the time waiting for the longest."""
    return parts <= layers and ceil(layers / parts) * parts <= 1.1 * layers


def search(fixed: dict[str, float], limits: Limits, evaluate: Evaluate) -> Layout:
    """The fastest layout that fits, or the least demanding if none does; what is fixed stays as it is.

    Activations go to host memory only where nothing fits otherwise. Where nothing admissible is left
    (counts that divide by nothing), the fixed fields are taken with ones for the rest.
    """
    layout, fits = _best(fixed, limits, evaluate)
    if not fits and "recompute" not in fixed:
        away, fits = _best({**fixed, "recompute": 3.0}, limits, evaluate)
        layout = away if fits else layout
    return layout


def _best(fixed: dict[str, float], limits: Limits, evaluate: Evaluate) -> tuple[Layout, bool]:
    rows = candidates(fixed, limits)
    extra = {k: v for k, v in fixed.items() if k in ("sequence_parallel", "sharding_group", "offload")}
    if not rows:
        spread = fixed.get("tensor", 1.0) * fixed.get("pipeline", 1.0) * fixed.get("context", 1.0)
        values = {"data": max(1.0, limits.chips / spread), **dict.fromkeys(_AXES[1:], 1.0), "recompute": 2.0}
        return Layout(**{**values, **{k: v for k, v in fixed.items() if k in values}, **extra}), True
    if len(rows) == 1:
        return _layout(rows[0], extra), True
    import numpy as np

    columns = np.array(rows, dtype=float).T.copy()
    batch = Layout(**{name: columns[i] for i, name in enumerate(_AXES)}, **extra)
    seconds, load = (np.broadcast_to(np.asarray(x, dtype=float), (len(rows),)) for x in evaluate(batch))
    fits = load <= 1.0
    if not fits.any():
        return _layout(rows[int(np.argmin(load))], extra), False
    timed = np.where(fits, seconds, inf)
    # of plans within half a per cent, the one that is simplest and leaves most memory
    near = np.flatnonzero(timed <= timed.min() * 1.005)
    return _layout(rows[int(near[np.argmin(load[near])])], extra), True


def _layout(row: tuple[float, ...], extra: dict[str, float]) -> Layout:
    return Layout(**dict(zip(_AXES, row, strict=True)), **extra)


_AXES = tuple(f.name for f in fields(Layout))[:9]
