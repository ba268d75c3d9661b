"""Which tier serves how much of what a job reads: from the data set to the nearest copy.

A read goes to the nearest copy; what a cache misses goes on to the tier behind it. Copies include
what nearer ones hold. Free host memory is a cache of its own in front of file systems.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from infralab.models import dataset
from infralab.models.arithmetic import Number, any_of, first, maximum
from infralab.models.constants import assumed
from infralab.models.dataset import Data
from infralab.models.job import Input, Job
from infralab.models.machine import Machine, Pool, Tier
from infralab.models.physics.cache import hit_ratio
from infralab.models.physics.fabric import fabric_of, inside
from infralab.models.physics.storage import Access
from infralab.models.units import human

TRAINING = "-training"
RATES = ("read_bandwidth", "request_rate", "read_iops")  # one of them is known of a tier that can bind
FILE_SYSTEMS = ("parallel-fs", "nfs", "block")


@dataclass(slots=True)
class Level:
    """A tier on the way: the share of reads that it serves, and that it takes in as copies."""

    tier: Tier | None  # None: the page cache of the readers' hosts
    served: Number
    filled: Number = 0.0


@dataclass(slots=True)
class Read:
    """One input of the job, traced to its tiers. `samples` a unit of work."""

    consumer: Pool
    readers: list[tuple[Pool, Number]]  # who reads and prepares, with its share
    data: Data
    samples: Number
    write: bool
    access: Access
    prepare: bool
    bytes_to_device: Number
    levels: list[Level] = field(default_factory=list)


_latest: list[tuple[Machine, list[Input], list[Read]]] = []


def reads(machine: Machine, job: Job) -> list[Read]:
    """The job's inputs traced to the drawn storage; none where no storage is drawn.

    Worked out once while the same machine and inputs are asked about again and again.
    """
    for known, inputs, found in tuple(_latest):
        if known is machine and inputs is job.inputs:
            return found
    found = _traced(machine, job)
    if job.inputs:
        _latest[:] = [(machine, job.inputs, found), *_latest[:1]]  # a design and its variants take turns
    return found


def _traced(machine: Machine, job: Job) -> list[Read]:
    found: list[Read] = []
    for item in job.inputs:
        pool = machine.pools.get(item.consumer.removeprefix("box."))
        if pool is None:
            continue
        stores = [*machine.tiers.values(), *(p.disk for p in machine.pools.values() if p.disk is not None)]
        if not stores:
            machine.figures.assume("no storage drawn: input is taken to keep up", moves=False)
            continue
        data = _data(machine, item)
        if data is None:
            continue
        read = _read(machine, job, item, pool, data)
        if read is not None:
            _check(machine, job, read)
            found.append(read)
    return found


def _check(machine: Machine, job: Job, read: Read) -> None:
    """Say what a person should know of the tiers that hold the data: unknown rates, capacity, archives."""
    for level in read.levels:
        tier = level.tier
        if tier is None:
            continue
        if not any(name in tier.figures for name in RATES):
            machine.figures.assume(f"{tier.name}: no rate known, taken to keep up with what reads it")
        if tier.kind == "archive" and first(tier.figures.get("latency", 0.0)) > 60.0:
            hours = first(tier.figures["latency"]) / 3600.0
            text = (
                f"{tier.name} gives data back after {hours:.2g} h: restore it to another tier before reading"
            )
            job.infeasible(tier.owner, text)
    holder, total = read.levels[-1].tier, read.data.total_bytes
    capacity = None if holder is None else holder.figures.get("capacity")
    if holder is not None and capacity is not None and total is not None and not read.write:
        units = holder.units if holder.scope != "each" else holder.units / maximum(read.access.clients, 1.0)
        if first(total) > first(capacity * units):
            sizes = human(first(total), "B"), human(first(capacity * units), "B")
            text = f"the data ({sizes[0]}) does not fit {holder.name} ({sizes[1]})"
            job.warn(holder.owner, text)


def _data(machine: Machine, item: Input) -> Data | None:
    workload = machine.design.workload
    assert workload is not None
    if workload.kind == "storage-io":
        size = machine.figures.number(
            "workload.file_bytes", workload.file_bytes or workload.block_bytes or 1e9
        )
        return Data(size, workload.files, 1.0, "bytes")
    data = dataset.resolve(machine, item.modality)
    if data is None:
        machine.figures.assume("no data set named: input is taken to keep up", moves=False)
    return data


def _read(machine: Machine, job: Job, item: Input, pool: Pool, data: Data) -> Read | None:
    workload = machine.design.workload
    assert workload is not None
    holder = _holder(machine, job, workload.dataset.on if workload.dataset is not None else None)
    if holder is None:
        return None
    plain = workload.kind == "storage-io"
    write = plain and workload.op == "write"
    preparers = (
        [] if plain else [p for p in machine.pools.values() if "prepare" in p.box.runs and p is not pool]
    )
    readers: list[tuple[Pool, Number]] = [(pool, 1.0)]
    if preparers:
        total: Number = 0.0
        for other in preparers:
            total = total + other.host.cores * other.servers
        readers = [(other, other.host.cores * other.servers / total) for other in preparers]
    read = Read(
        consumer=pool,
        readers=readers,
        data=data,
        samples=item.samples,
        write=write,
        access=_access(machine, item, data, readers, write),
        prepare=not plain,
        bytes_to_device=item.bytes_to_device if any_of(item.bytes_to_device > 0.0) else data.bytes_per_sample,
    )
    read.levels = _levels(machine, read, holder)
    fabric = fabric_of(machine)
    for level in read.levels:
        tier = level.tier
        if tier is None or inside(tier):
            continue
        others = [up.tier.name for up in read.levels if up.tier is not None and up is not level]
        above = any(fabric.reach(tier.name, name) for name in others)
        if not above and not all(fabric.reach(tier.name, p.name) for p, _ in readers):
            text = f"{readers[0][0].name} cannot reach {tier.name}, which holds the data: draw a wire between them"
            job.missing(tier.owner, text)
            return None
    return read


def _holder(machine: Machine, job: Job, named: str | None) -> Tier | None:
    """The tier that holds the data: the one named, or the only one that is no cache."""
    disks = {p.disk.name: p.disk for p in machine.pools.values() if p.disk is not None}
    everything = {**machine.tiers, **disks}
    if named is not None:
        found = everything.get(named) or everything.get(f"{named}.disk")
        if found is None:
            text = (
                f"the data is on {named}, which is not drawn: draw it, or name one of {', '.join(everything)}"
            )
            job.missing("workload", text)
        return found
    stores = [t for t in machine.tiers.values() if t.caches is None] or [
        t for t in disks.values() if t.caches is None
    ]
    if not stores:
        job.missing("workload", "only caches are drawn: draw the store that holds the data")
        return None
    if len(stores) > 1:
        machine.figures.assume(f"dataset.on not given: the data is taken to be on {stores[0].name}")
    return stores[0]


def _access(
    machine: Machine, item: Input, data: Data, readers: list[tuple[Pool, Number]], write: bool
) -> Access:
    workload = machine.design.workload
    assert workload is not None
    clients: Number = 0.0
    for pool, _ in readers:
        clients = clients + pool.servers
    in_flight: Number | None = None
    scattered = False
    block: Number | None = None
    if workload.kind == "storage-io":
        scattered = workload.op == "random-read" and workload.block_bytes is not None
        block = workload.block_bytes
        if workload.streams is not None:
            in_flight = machine.figures.number("workload.streams", workload.streams)
    return Access(
        bytes_per_sample=data.bytes_per_sample,
        samples_per_file=data.samples_per_file,
        write=write,
        scattered=scattered,
        block_bytes=block,
        in_flight=in_flight,
        clients=clients,
        buffered=workload.kind != "storage-io",
    )


def _levels(machine: Machine, read: Read, holder: Tier) -> list[Level]:
    """Nearest first. Copies include what nearer ones hold, so a level adds what its own share exceeds."""
    caches = {t.caches: t for t in machine.tiers.values() if t.caches is not None}
    for pool in machine.pools.values():
        if pool.disk is not None and pool.disk.caches is not None:
            caches[pool.disk.caches] = pool.disk
    chain = [holder]
    while chain[-1].name in caches and caches[chain[-1].name] not in chain:
        chain.append(caches[chain[-1].name])
    levels: list[Level] = []
    covered: Number = 0.0
    if _pages_cached(machine, read, chain[-1]):
        covered = _page_hits(machine, read)
        levels.append(Level(None, covered, 1.0 - covered))
    for tier in reversed(chain[1:]):
        hits = maximum(_hits(machine, read, tier), covered)
        fills = 0.0 if tier.policy in ("pinned", "none") else 1.0 - hits
        levels.append(Level(tier, hits - covered, fills))
        covered = hits
    levels.append(Level(holder, 1.0 - covered))
    return levels


def _hits(machine: Machine, read: Read, tier: Tier) -> Number:
    total = read.data.total_bytes
    if not read.data.many_passes and tier.policy != "none":
        return 0.0
    capacity = tier.figures.get("capacity")
    if capacity is None or total is None:
        what = "capacity" if capacity is None else "size of the data set"
        machine.figures.assume(f"{tier.name}: {what} not known, the cache is taken to hold everything")
        return 1.0
    units: Number = tier.units
    if tier.scope == "each":
        units = units / maximum(read.access.clients, 1.0) if inside(tier) else 1.0
    return hit_ratio(tier.policy, capacity * units / total)


def _pages_cached(machine: Machine, read: Read, nearest: Tier) -> bool:
    """File systems and local disks are cached by the hosts' free memory in later epochs of a training."""
    workload = machine.design.workload
    assert workload is not None
    files = nearest.kind.split("/")[0] in FILE_SYSTEMS
    return (
        files
        and workload.kind.endswith(TRAINING)
        and read.data.many_passes
        and read.data.total_bytes is not None
    )


def _page_hits(machine: Machine, read: Read) -> Number:
    total = read.data.total_bytes
    assert total is not None
    pool = read.readers[0][0]
    share = machine.figures.figure(
        "assumed.host.page_cache_share", assumed("host.page_cache_share"), "", "assumed"
    )
    return hit_ratio("random", pool.host.memory_bytes * share / total)
