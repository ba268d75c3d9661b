"""One evaluation before it is told: machine, job, demands and the rate, floats or arrays of variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infralab.models.arithmetic import Number
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.figures import Figures
from infralab.models.job import COMMUNICATION, Demand, Job
from infralab.models.lower import lower
from infralab.models.machine import Machine
from infralab.models.solve.contention import settle
from infralab.models.workloads import KINDS, lowering


@dataclass(slots=True)
class Outcome:
    """One evaluation, or one of V variants at once. `job` is None where nothing was asked."""

    machine: Machine
    job: Job | None
    demands: list[Demand]
    rate: Number | None  # units per second


def outcome(
    design: Design,
    catalogue: Catalogue,
    values: Mapping[str, Number] | None = None,
    scales: Mapping[str, Number] | None = None,
) -> Outcome:
    """Evaluate a design, or V variants of it at once.

    values: dotted path -> replacement, a float or an array (V,). scales: path -> factor on a hardware
    figure or a fitted constant. `rate` is None when the design is too incomplete to answer.
    """
    from infralab.models import datapath, network

    machine = lower(design, catalogue, Figures(values, scales))
    workload = design.workload
    if workload is None or workload.kind not in KINDS:
        kind = "" if workload is None else f" ({workload.kind} is none)"
        machine.missing("workload", f"no workload yet{kind}: choose one of {', '.join(KINDS)}")
        return Outcome(machine, None, [], None)
    job = lowering(workload.kind)(machine)
    if not job.steps and not job.demands and not job.inputs and not job.traffic:
        return Outcome(machine, job, [], None)
    network.say_unjoined(machine, job)
    _apply_framework(machine, job)
    datapath.checkpoint(machine, job)
    demands = [*job.demands, *network.demands(machine, job), *datapath.demands(machine, job)]
    return Outcome(machine, job, demands, settle(job, demands))


def _apply_framework(machine: Machine, job: Job) -> None:
    """Divide what the chips compute by the framework's kernel factor (1 for the reference framework)."""
    from infralab.models.frameworks import kernel_factor

    for step in job.steps:
        pool = machine.pools.get(step.pool.partition(".")[2])
        if pool is None:
            continue
        own = kernel_factor(machine, pool.chip)
        factor = machine.figures.figure("software.kernel_factor", own, "", "fitted", "fitted/frameworks.toml")
        if isinstance(factor, float) and factor == 1.0:
            continue
        for part in step.parts:
            if part.nature != COMMUNICATION:
                part.seconds = part.seconds / factor
                part.alone = part.alone / factor
