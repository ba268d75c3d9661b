"""The published storage benchmark: accelerators that sleep for a batch's time while their data is read.

Utilisation is the share of wall time that the sleeps make up. One step takes
t ((1 + o/t)^p + rho^p)^(1/p) with rho the demand over what storage and hosts deliver and o the
benchmark's own time a step: prefetch hides waiting far from the knee, not at it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from infralab.models.arithmetic import Number, floor, maximum, minimum, power, where
from infralab.models.catalogue import built_in
from infralab.models.constants import fitted
from infralab.models.job import COMPUTE, OVERHEAD, Input, Job, Part, Step
from infralab.models.machine import Machine, Pool


@cache
def _facts() -> dict[str, Any]:
    return dict(built_in().table("storage_workloads"))


def facts(machine: Machine) -> dict[str, Any] | None:
    """Batch, time of a batch, record size … of the workload's model and accelerator; None if unknown."""
    workload = machine.design.workload
    assert workload is not None
    model = (workload.model or "").lower().replace("-", "")
    accelerator = (workload.accelerator or "").lower()
    for row in _facts().values():
        if row["model"] == model and row["accelerator"].startswith(accelerator) and accelerator:
            return dict(row)
    return None


def lower(machine: Machine) -> Job:
    """One unit is a sample; without `accelerators` the design is filled with as many as it supports."""
    workload = machine.design.workload
    assert workload is not None
    job = Job(unit="samples/s")
    pools = machine.steppers("prepare") or machine.steppers()
    if not pools:
        return job
    row = facts(machine)
    if row is None:
        known = ", ".join(sorted(_facts()))
        text = f"no emulated workload {workload.model} on {workload.accelerator}: the benchmark has {known}"
        job.missing("workload", text)
        return job
    pool = pools[0]
    batch = machine.figures.number("workload.batch", workload.batch or float(row["batch"]))
    per_batch = machine.figures.figure("workload.computation_time", float(row["computation_time_s"]), "s")
    size = float(row["record_bytes"])
    if workload.dataset is not None and workload.dataset.bytes_per_sample is not None:
        size = workload.dataset.bytes_per_sample.value
    job.inputs.append(Input(pool.name, 1.0, _modality(row)))
    _assume_loader(machine, row)
    rate = _delivered(machine, job, pool, row, size)
    overhead = _overhead(machine, row, batch * size)
    threshold = float(row["au_threshold"])
    supported = _supported(rate, batch, per_batch, overhead, threshold)
    job.metrics["accelerators_supported"] = supported
    count = supported
    if workload.accelerators is not None:
        count = machine.figures.number("workload.accelerators", workload.accelerators)
    count = maximum(count, 1.0)
    rate = maximum(rate, 1e-30)
    utilisation = _utilisation(machine, count * batch / per_batch / rate, overhead / per_batch)
    job.metrics["accelerator_utilisation"] = utilisation
    job.metrics["bytes_per_second"] = count * batch / per_batch * utilisation * size
    _add_step(job, pool, batch, count, per_batch, overhead, utilisation)
    return job


def _add_step(
    job: Job,
    pool: Pool,
    batch: Number,
    count: Number,
    per_batch: Number,
    overhead: Number,
    utilisation: Number,
) -> None:
    whole = per_batch / utilisation
    waiting = maximum(whole - per_batch - overhead, 0.0)
    job.steps.append(
        Step(
            pool.owner,
            batch,
            [
                Part(
                    "emulated compute",
                    "workload.computation_time",
                    "emulated accelerator",
                    per_batch,
                    per_batch,
                    COMPUTE,
                    "the benchmark's sleep for a batch",
                ),
                Part(
                    "benchmark",
                    "software.benchmark",
                    "benchmark step",
                    overhead,
                    overhead,
                    OVERHEAD,
                    "seconds a step + seconds a byte of the batch",
                ),
                Part(
                    "waiting",
                    "software.prefetch",
                    "input jitter",
                    waiting,
                    waiting,
                    OVERHEAD,
                    "t (((1 + o/t)^p + rho^p)^(1/p) - 1 - o/t)",
                ),
            ],
            replicas=count,
        )
    )


def _modality(row: dict[str, Any]) -> str:
    return "volume" if row["format"] == "npz" else "records"


def _assume_loader(machine: Machine, row: dict[str, Any]) -> None:
    if machine.design.software.loader is None:
        machine.figures.assume(f"loader of the benchmark: {row['loader']}", moves=False)


def _delivered(machine: Machine, job: Job, pool: Pool, row: dict[str, Any], size: float) -> Number:
    """Samples per second that storage, wires and hosts deliver."""
    from infralab.models.datapath import fetch_rate

    host = fitted(
        machine.figures, "storage", (f"emulation-{row['format']}", "emulation"), "bytes_per_core", "B/s"
    )
    cap = host * pool.host.cores * pool.servers / size
    return minimum(fetch_rate(machine, job), cap)


def _overhead(machine: Machine, row: dict[str, Any], batch_bytes: Number) -> Number:
    keys = (f"emulation-{row['format']}", "emulation")
    step = fitted(machine.figures, "storage", keys, "step_seconds", "s")
    each = fitted(machine.figures, "storage", keys, "seconds_per_byte", "s")
    return step + each * batch_bytes


def _utilisation(machine: Machine, rho: Number, own: Number) -> Number:
    """1 / ((1 + own)^p + rho^p)^(1/p), kept finite far beyond the knee."""
    p = fitted(machine.figures, "storage", ("emulation",), "sharpness")
    free = 1.0 + own
    larger = maximum(rho, free)
    less = minimum(rho, free) / larger
    return 1.0 / (larger * power(1.0 + power(less, p), 1.0 / p))


def _supported(rate: Number, batch: Number, per_batch: Number, overhead: Number, threshold: float) -> Number:
    """The largest count that reaches the benchmark's threshold with ideal prefetch: rate >= threshold x demand."""
    reached = 1.0 + overhead / per_batch <= 1.0 / threshold
    return where(reached, floor(rate * per_batch / (batch * threshold) + 1e-9), 0.0)
