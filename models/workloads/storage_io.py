"""A plain transfer between a tier and the hosts that are drawn: reads, scattered reads, writes, one checkpoint."""

from __future__ import annotations

from infralab.models.arithmetic import maximum, minimum
from infralab.models.job import Input, Job, Latency
from infralab.models.machine import Machine

OPERATIONS = ("read", "random-read", "write")


def lower(machine: Machine) -> Job:
    """One unit is a byte; latency is that of a file (or call) with all streams at work."""
    from infralab.models.datapath import fetch_rate

    workload = machine.design.workload
    assert workload is not None
    job = Job(unit="bytes/s")
    pools = machine.steppers()
    if not pools:
        return job
    op = workload.op or "read"
    if op not in OPERATIONS:
        text = f"no operation named {op!r}: choose one of {', '.join(OPERATIONS)}"
        job.missing("workload", text)
        return job
    number = machine.figures.number
    size = number("workload.file_bytes", workload.file_bytes or workload.block_bytes or 1e9)
    job.inputs.append(Input(pools[0].name, 1.0 / size, "bytes"))
    rate = fetch_rate(machine, job)
    call = (
        size
        if workload.block_bytes is None
        else minimum(size, number("workload.block_bytes", workload.block_bytes))
    )
    if workload.streams is not None:
        streams = number("workload.streams", workload.streams)
        whole = size if op != "random-read" else call
        job.latency = Latency(seconds=streams * whole / maximum(rate, 1e-30))
    if workload.checkpoint is not None:
        job.metrics["checkpoint_seconds"] = size * (workload.files or 1.0) / maximum(rate, 1e-30)
    return job
