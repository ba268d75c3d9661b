"""Read and prepare without a step: what storage, wires, hosts and loader deliver together."""

from __future__ import annotations

from infralab.models.job import Input, Job
from infralab.models.machine import Machine

IMAGES = frozenset({"jpeg", "png", "raw"})


def lower(machine: Machine) -> Job:
    """One unit is a sample (an image, where the data set says so), delivered to the first stepping box."""
    workload = machine.design.workload
    assert workload is not None
    pools = machine.steppers()
    if not pools:
        return Job(unit="samples/s")
    given = workload.dataset
    encoding = None if given is None else given.encoding
    entry = None
    if given is not None and given.name is not None:
        entry = machine.catalogue.dataset(given.name)
    said = "" if entry is None else str(entry.facts.get("decode", ""))
    image = encoding in IMAGES or any(word in said for word in IMAGES) or workload.image_size is not None
    decoded = 0.0
    if image and isinstance(workload.image_size, (int, float)):
        decoded = 3.0 * float(workload.image_size) ** 2
    job = Job(unit="images/s" if image else "samples/s")
    job.inputs.append(Input(pools[0].name, 1.0, "image" if image else "records", decoded))
    _bytes_rate(machine, job)
    if not machine.tiers and not any(p.disk for p in machine.pools.values()):
        job.missing("workload", "nothing to read from: draw a store and name the data set")
    return job


def _bytes_rate(machine: Machine, job: Job) -> None:
    """Stored bytes per second beside the samples: what papers print of the same run."""
    from infralab.models.datapath import fetch_rate, reads

    found = reads(machine, job)
    if found:
        job.metrics["bytes_per_second"] = fetch_rate(machine, job) * found[0].data.bytes_per_sample
