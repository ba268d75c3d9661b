"""Plans that are found once per design and kept, and how variants of a design share them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace

from infralab.models.arithmetic import Number, first, is_scalar
from infralab.models.figures import Figures
from infralab.models.machine import Machine
from infralab.models.plan import RECOMPUTE, SHARDING, Layout
from infralab.models.workloads.training.task import Task

LAYOUT_FIELDS = frozenset(f.name for f in fields(Layout))
MOST_KEPT = 1024
MOST_SEARCHED = 64  # variants of a sweep whose plan is searched; those between take the nearest

_kept: dict[object, Layout] = {}

Tasks = Callable[[Machine], list[Task]]


def settled(task: Task, fixed: dict[str, Number], tasks: Tasks) -> Layout:
    """The layout that the design fixes, completed by the fastest that fits.

    A sweep (`Figures.values`) finds each variant's own plan. Variants of a hardware figure's scale
    (elasticities) keep the design's plan: what a figure buys is asked of the plan that runs.
    """
    figures = task.machine.figures
    swept = {k: v for k, v in figures.values.items() if not is_scalar(v)}
    scalars = {k: v for k, v in figures.values.items() if is_scalar(v)}
    if swept:
        layout = _of_variants(task, scalars, swept, tasks)
    else:
        plain = all(is_scalar(v) for v in figures.scales.values())
        layout = _of_one(task, scalars, tasks, task if plain else None)
    return replace(layout, **{k: v for k, v in fixed.items() if k in LAYOUT_FIELDS})


def forget() -> None:
    """Drop all kept plans (after constants have changed)."""
    _kept.clear()


def _of_one(task: Task, values: dict[str, Number], tasks: Tasks, ready: Task | None = None) -> Layout:
    """The plan of one design with scalar replacements, found on a machine of its own unless `ready`."""
    design, pool = task.machine.design, task.pool.name
    key = (
        design.workload, design.plan, design.boxes, design.wires, design.components, design.software.framework,
        pool, tuple(values.items()),
    )  # fmt: skip
    layout = _kept.get(key)
    if layout is not None:
        return layout
    if ready is None:
        from infralab.models.lower import lower

        machine = lower(design, task.machine.catalogue, Figures(values))
        ready = next((t for t in tasks(machine) if t.pool.name == pool), task)
    layout = ready.found()
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[key] = layout
    return layout


def _of_variants(task: Task, scalars: dict[str, Number], swept: dict[str, Number], tasks: Tasks) -> Layout:
    import numpy as np

    columns = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in swept.values()))
    count = columns[0].shape[-1]
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_SEARCHED)).round().astype(int))
    plans = []
    for i in chosen:
        values = {**scalars, **{k: float(c[i]) for k, c in zip(swept, columns, strict=True)}}
        plans.append(_of_one(task, values, tasks))
    nearest = np.abs(np.arange(count)[:, None] - chosen[None, :]).argmin(axis=1)
    layout = Layout(**{f: np.array([float(getattr(p, f)) for p in plans])[nearest] for f in LAYOUT_FIELDS})
    if len(chosen) < count and "data" not in task.fixed():
        layout.data = task.pool.all_chips / (layout.tensor * layout.pipeline * layout.context)
    return layout


def plan_of(layout: Layout) -> dict[str, object]:
    """The layout as a design's [plan] would say it."""
    named = ("data", "tensor", "pipeline", "context", "expert", "micro_batch")
    found: dict[str, object] = {name: first(getattr(layout, name)) for name in named}
    found["virtual_pipeline"] = first(layout.virtual)
    found["sharding"] = SHARDING[int(first(layout.sharding))]
    recompute = first(layout.recompute)
    found["recompute"] = RECOMPUTE[min(2, math.ceil(recompute))]
    if recompute > 2.0 or first(layout.offload) > 0.0:
        found["offload"] = "activations" if recompute > 2.0 else "optimizer"
    if 1.0 < recompute < 2.0:
        found["recomputed_layers"] = recompute - 1.0
    return found
