"""Checkpoints and failures: what a save costs, how often something breaks, what is left of the time.

Young 1974, Daly 2006: interval sqrt(2 C M) with Daly's terms for large C/M; share of the time that
goes into work that lasts = tau / (M e^(R/M) (e^((tau+C)/M) - 1)). M = 1 / sum of count/MTBF.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from infralab.models.arithmetic import Number, any_of, divide, exp, first, maximum, minimum, sqrt, where
from infralab.models.catalogue import built_in
from infralab.models.job import OVERHEAD, Job, Part, Save
from infralab.models.machine import Machine, Pool, Tier
from infralab.models.network import host_link
from infralab.models.physics.fabric import Flow, fabric_of, inside, route, to_ledger
from infralab.models.physics.ledger import Ledger
from infralab.models.physics.storage import Access, charge, request_seconds, stream_bandwidth
from infralab.models.solve.closed import demand_limit, step_limit

HOUR = 3600.0
CHECKPOINT = "checkpoint"


def daly_interval(cost: Number, mtbf: Number) -> Number:
    """Seconds between saves that lose least; cost and mtbf in seconds (Daly 2006, third order)."""
    ratio = cost / maximum(2.0 * mtbf, 1e-9)
    inner = sqrt(maximum(2.0 * cost * mtbf, 0.0))
    best = inner * (1.0 + sqrt(ratio) / 3.0 + ratio / 9.0) - cost
    return maximum(where(ratio < 1.0, best, mtbf), 1e-9)


def goodput(interval: Number, cost: Number, mtbf: Number, restart: Number) -> Number:
    """Share of wall time in work that lasts, with exponential failures (Daly 2006, equation 20)."""
    span = minimum((interval + cost) / mtbf, 500.0)
    return interval / (mtbf * exp(minimum(restart / mtbf, 500.0)) * maximum(exp(span) - 1.0, 1e-300))


@cache
def _facts() -> dict[str, Any]:
    return dict(built_in().table("reliability"))


def failure_causes(machine: Machine, pool: Pool) -> dict[str, Number]:
    """Interruptions a second of a job on all of the pool's servers, by what breaks."""
    parts: dict[str, Any] = _facts()["component"]

    def mtbf(name: str) -> Number:
        path = f"reliability.{name}.mtbf"
        return machine.figures.figure(
            path, float(parts[name]["mtbf_h"]) * HOUR, "s of one", "cited", "catalogue"
        )

    if pool.chip.kind in ("cpu", "edge-cpu"):
        return {"servers": pool.servers / mtbf("server-cpu-only")}
    chip = pool.chip.kind if "mtbf_h" in parts.get(pool.chip.kind, {}) else "gpu-datacenter"
    ports: Number = 0.0
    for port in pool.ports:
        ports = ports + port.count
    ports = ports * pool.servers
    sockets = pool.component.figures.get("host.sockets", 2.0)
    return {
        "chips": pool.all_chips / mtbf(chip),
        "network": ports / mtbf("nic") + ports / mtbf("link-optical"),
        "hosts": pool.servers * sockets / mtbf("cpu"),
        "software": pool.all_chips / mtbf("software-and-maintenance"),
    }


def failures_per_second(machine: Machine, pool: Pool) -> Number:
    """Interruptions a second of a job on all of the pool's servers."""
    return _sum(failure_causes(machine, pool))


def _sum(causes: dict[str, Number]) -> Number:
    total: Number = 0.0
    for each in causes.values():
        total = total + each
    return total


def restart_seconds() -> float:
    """From a failure to the first useful step, without the work lost."""
    return float(_facts()["restart"]["total-default"]["seconds"])


@dataclass(slots=True)
class Cost:
    """Of one checkpoint: seconds until it is safe, seconds that the job stands still, and where it goes."""

    seconds: Number
    pause: Number
    tier: Tier
    interval: Number
    resource: str
    kind: str
    causes: dict[str, Number]  # of interruptions, a second
    mtbf: Number


def cost(machine: Machine, job: Job) -> Cost | None:
    """Cost of saving the job's state; None when nothing is saved or no tier takes it."""
    save = job.save
    workload = machine.design.workload
    stored = bool(machine.tiers) or any(p.disk is not None for p in machine.pools.values())
    if save is None or workload is None or not stored:
        return None
    given = workload.checkpoint
    pool = machine.pools.get(save.writer.removeprefix("box."))
    if pool is None:
        return None
    tier = _target(
        machine, job, pool, None if given is None else given.to, None if given is None else given.stage
    )
    if tier is None:
        return None
    seconds, resource, kind = write_seconds(machine, save, pool, tier)
    causes = failure_causes(machine, pool)
    mtbf = 1.0 / _sum(causes)
    every = None if given is None or given.every is None else given.every.value
    interval = daly_interval(seconds, mtbf)
    if every is not None:
        interval = machine.figures.number("workload.checkpoint.every", every)
    pause = seconds
    if given is not None and (given.mode or "").startswith("async"):
        each = (
            divide(save.bytes, pool.all_chips)
            if not any_of(save.per_chip_bytes > 0.0)
            else save.per_chip_bytes
        )
        copy = each / host_link(machine, pool)
        pause = copy + maximum(seconds - interval, 0.0)
    return Cost(seconds, pause, tier, interval, resource, kind, causes, mtbf)


def _target(machine: Machine, job: Job, pool: Pool, to: str | None, stage: str | None) -> Tier | None:
    """The tier that takes the state: the one named (by its cache when staged), else the first in reach."""
    disks = {p.disk.name: p.disk for p in machine.pools.values() if p.disk is not None}
    tiers = {**machine.tiers, **disks}
    fabric = fabric_of(machine)
    reached = {name: t for name, t in tiers.items() if t is pool.disk or fabric.reach(pool.name, name)}
    if to is None:
        stores = [t for t in reached.values() if t.caches is None] or list(reached.values())
        return stores[0] if stores else None
    if to not in tiers and f"{to}.disk" in tiers:
        to = f"{to}.disk"
    if to not in tiers:
        text = f"checkpoints go to {to}, which is not drawn: draw it, or name one of {', '.join(tiers)}"
        job.missing("workload", text)
        return None
    cache = next((t for t in reached.values() if t.caches == to), None)
    if stage == "cache" and cache is not None:
        return cache
    if stage == "cache":
        job.warn("workload", f"no cache of {to} is drawn: checkpoints go straight to it")
    if to in reached:
        return tiers[to]
    if cache is not None:
        return cache  # the only way there leads through it
    text = f"{pool.name} cannot reach {to}, where checkpoints go: draw a wire between them"
    job.missing(f"box.{to}", text)
    return None


def write_seconds(
    machine: Machine, save: Save, pool: Pool, tier: Tier, stored_by_wire: bool = True
) -> tuple[Number, str, str]:
    """Seconds until the state is stored, and the resource that sets them: the slowest of tier, wires, streams."""
    ledger = Ledger()
    writers = pool.all_chips
    access = Access(save.bytes / writers, write=True, clients=pool.servers)
    charge(machine, ledger, tier, access, writers, CHECKPOINT)
    asked = ledger.demands()
    if stored_by_wire and not inside(tier):
        fabric = fabric_of(machine)
        loads = route(fabric, [Flow(pool.name, tier.name, save.bytes, CHECKPOINT)])
        asked += to_ledger(fabric, loads).demands()
    slowest = access.bytes_per_sample / stream_bandwidth(machine, tier, access)
    resource, kind = "workload.streams", "one stream a chip"
    for demand in asked:
        seconds = 1.0 / demand_limit(demand)
        if any_of(seconds > slowest):
            resource, kind = demand.resource, demand.kind
        slowest = maximum(slowest, seconds)
    return slowest + request_seconds(machine, tier, write=True), resource, kind


def checkpoint(machine: Machine, job: Job) -> None:
    """Fill the job's answers and, when the design saves, add the pause to its steps."""
    found = cost(machine, job)
    if found is None or job.save is None:
        return
    pool = machine.pools[job.save.writer.removeprefix("box.")]
    causes, mtbf = found.causes, found.mtbf
    restart = restart_seconds() + found.seconds
    lasting = goodput(found.interval, found.pause, mtbf, restart)
    saving = found.pause / (found.interval + found.pause)
    job.metrics |= {
        "checkpoint_seconds": found.seconds,
        "checkpoint_interval": found.interval,
        "mtbf_seconds": mtbf,
        "goodput": lasting,
        "lost_to_checkpoints": saving,
        "lost_to_failures": maximum(1.0 - saving - lasting, 0.0),
        **{f"failures_per_day.{cause}": each * 24.0 * HOUR for cause, each in causes.items()},
    }
    workload = machine.design.workload
    if workload is None or workload.checkpoint is None:
        return
    job.metrics["checkpoints_per_day"] = 24.0 * HOUR / (found.interval + found.pause)
    _check_drain(machine, job, pool, found)
    for step in job.steps:
        pause = step.seconds() * found.pause / found.interval
        if first(pause) > 0.0 or any_of(pause > 0.0):
            step.parts.append(
                Part(
                    "checkpoint",
                    found.resource,
                    f"checkpoint: {found.kind}",
                    pause,
                    pause,
                    OVERHEAD,
                    "pause of one checkpoint x step / interval",
                )
            )


def _drained(machine: Machine, found: Cost) -> Tier | None:
    """The tier behind a staging cache, to which it passes checkpoints on."""
    workload = machine.design.workload
    if workload is None or workload.checkpoint is None or workload.checkpoint.to == found.tier.name:
        return None
    to = workload.checkpoint.to
    return machine.tiers.get(to) if to is not None and found.tier.caches == to else None


def _check_drain(machine: Machine, job: Job, pool: Pool, found: Cost) -> None:
    """A staged checkpoint has to leave the cache before the next one comes."""
    behind = _drained(machine, found)
    if behind is None or job.save is None:
        return
    seconds, _, _ = write_seconds(machine, job.save, pool, behind, stored_by_wire=False)
    if any_of(seconds > found.interval):
        text = (
            f"{behind.name} takes {first(seconds):.0f} s for a checkpoint that comes every "
            f"{first(found.interval):.0f} s: {found.tier.name} fills up"
        )
        job.warn(behind.owner, text)


def flows(machine: Machine, job: Job) -> list[Flow]:
    """Checkpoint bytes a unit of work sends to their tier: bytes / (interval x rate that the steps allow)."""
    workload = machine.design.workload
    if job.save is None or workload is None or workload.checkpoint is None or not job.steps:
        return []
    found = cost(machine, job)
    if found is None:
        return []
    rate: Number = float("inf")
    for step in job.steps:
        rate = minimum(rate, step_limit(step))
    amount = job.save.bytes / (found.interval * maximum(rate, 1e-30))
    writer = job.save.writer.removeprefix("box.")
    moved: list[Flow] = []
    if not inside(found.tier):
        moved.append(Flow(writer, found.tier.name, amount, CHECKPOINT))
    behind = _drained(machine, found)
    if behind is not None:
        source = writer if inside(found.tier) else found.tier.name
        moved.append(Flow(source, behind.name, amount, CHECKPOINT))
    return moved
