"""One collective over all chips that are drawn: bus bandwidth by the convention of nccl-tests."""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of
from infralab.models.job import COMMUNICATION, OVERHEAD, Job, Latency, Part, Step, Traffic
from infralab.models.machine import Machine
from infralab.models.network import compute_links, group
from infralab.models.physics.collectives import FACTORS, Group, bus_factor, cause, seconds

DEFAULT_MESSAGE = 2.0**30  # bytes: long enough that bandwidth shows


def lower(machine: Machine) -> Job:
    """A step is one collective; its units are the bytes that count for the bus bandwidth."""
    workload = machine.design.workload
    assert workload is not None
    job = Job(unit="bytes/s")
    pools = machine.steppers()
    if not pools:
        return job
    pool = pools[0]
    op = (workload.op or "all-reduce").replace("_", "-")
    if op not in FACTORS:
        text = f"no collective named {op!r}: choose one of {', '.join(FACTORS)}"
        job.missing("workload", text)
        return job
    if workload.message_bytes is None:
        machine.figures.assume("message_bytes not given: 1 GiB")
    size = machine.figures.number("workload.message_bytes", workload.message_bytes or DEFAULT_MESSAGE)
    ranks = group(machine, pool, pool.all_chips)
    if ranks.outer is None and any_of(ranks.remote > 1.0):
        text = f"the servers of {pool.name} have no network between them: draw a fabric"
        job.missing(pool.owner, text)
        return job
    if not any_of(ranks.size > 1.0):
        job.missing(pool.owner, "a collective needs more than one chip")
        return job
    units = bus_factor(op, ranks.size) * size
    step = Step(pool.owner, units, _parts(op, size, ranks), name=op)
    job.steps.append(step)
    job.latency = Latency(seconds=step.seconds())
    if compute_links(machine, pool) and any_of(ranks.remote > 1.0):
        away = size * (ranks.remote - 1.0) / ranks.remote * pool.servers
        turns = FACTORS[op] or 1.0
        job.traffic.append(Traffic(op, pool.name, pool.name, turns * away / units, op))
    return job


def _parts(op: str, size: Number, ranks: Group) -> list[Part]:
    total = seconds(op, size, ranks)
    fixed = seconds(op, 1.0, ranks)
    lane = cause(ranks, op)
    hops = ranks.outer if ranks.outer is not None and any_of(ranks.remote > 1.0) else ranks.inner
    return [
        Part("latency", f"{hops.owner}.latency", f"{hops.kind} latency", fixed, fixed, OVERHEAD,
             "alpha + steps of a ring or tree x seconds a hop"),
        Part("transfer", lane.resource, lane.kind, total - fixed, total - fixed, COMMUNICATION,
             "bytes a chip or NIC moves / achieved bandwidth, best of ring, tree and in-network reduction"),
    ]  # fmt: skip
