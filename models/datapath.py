"""From data set to device: which tier serves how much, what the way costs, who prepares, how it is saved.

A read goes to the nearest copy; what a cache misses goes on to the tier behind it. With prefetch the
levels work at the same time, so each is a queued resource of its own and the slowest sets the rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from infralab.models import dataset, loaders
from infralab.models.arithmetic import Number, any_of, first, maximum, minimum
from infralab.models.constants import assumed
from infralab.models.dataset import Data
from infralab.models.job import Demand, Input, Job
from infralab.models.machine import Link, Machine, Pool, Tier
from infralab.models.physics import host, storage
from infralab.models.physics.cache import hit_ratio
from infralab.models.physics.fabric import Fabric, Flow, fabric_of, inside, is_local
from infralab.models.physics.ledger import Ledger
from infralab.models.physics.storage import Access

INPUT = "input"
TRAINING = "-training"
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


def flows(machine: Machine, job: Job) -> list[Flow]:
    """Bytes of input and checkpoints that one unit of work moves between boxes."""
    found: list[Flow] = []
    fabric = fabric_of(machine)
    for read in reads(machine, job):
        amount = read.samples * read.data.bytes_per_sample
        for pool, share in read.readers:
            _read_flows(fabric, read, pool, amount * share, found)
            if pool is not read.consumer:
                found.append(
                    Flow(pool.name, read.consumer.name, read.samples * read.bytes_to_device * share, INPUT)
                )
    from infralab.models.physics import failures

    found.extend(failures.flows(machine, job))
    return found


def _read_flows(fabric: Fabric, read: Read, pool: Pool, amount: Number, found: list[Flow]) -> None:
    """From the store on, level by level: into the drawn cache above where wires lead there, else to the reader."""
    passing: Number = 0.0  # share of reads that this level and those below it serve
    for at in range(len(read.levels) - 1, -1, -1):
        level = read.levels[at]
        passing = passing + level.served
        if level.tier is None or inside(level.tier):
            continue
        nearer = [up.tier for up in read.levels[:at] if up.tier is not None and not inside(up.tier)]
        above = nearer[-1] if nearer else None
        if above is not None and fabric.reach(level.tier.name, above.name):
            source, target, share = level.tier.name, above.name, passing
        else:
            source, target = level.tier.name, pool.name
            share = level.served if nearer else passing
        if read.write:
            source, target = target, source
        found.append(Flow(source, target, amount * share, INPUT))


def demands(machine: Machine, job: Job) -> list[Demand]:
    """What the job's inputs ask of tiers, hosts and the links to the chips, per unit of work."""
    ledger = Ledger()
    fabric = fabric_of(machine)
    for read in reads(machine, job):
        _charge_tiers(machine, ledger, read)
        _charge_hosts(machine, ledger, fabric, read)
        _charge_in_flight(machine, ledger, read)
        if read.prepare:
            _charge_preparing(machine, ledger, read)
    return ledger.demands()


def reads(machine: Machine, job: Job) -> list[Read]:
    """The job's inputs traced to the drawn storage; none where no storage is drawn."""
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
            found.append(read)
    return found


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
            job.problems.append(("missing", tier.owner, text))
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
            job.problems.append(("missing", "workload", text))
        return found
    stores = [t for t in machine.tiers.values() if t.caches is None] or [
        t for t in disks.values() if t.caches is None
    ]
    if not stores:
        job.problems.append(
            ("missing", "workload", "only caches are drawn: draw the store that holds the data")
        )
        return None
    if len(stores) > 1:
        machine.figures.assume(f"dataset.on not given: the data is taken to be on {stores[0].name}")
    return stores[0]


def _access(
    machine: Machine, item: Input, data: Data, readers: list[tuple[Pool, Number]], write: bool
) -> Access:
    workload, software = machine.design.workload, machine.design.software
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
    elif software.workers is not None:
        each = machine.figures.number("software.in_flight", software.in_flight or 1.0)
        in_flight = machine.figures.number("software.workers", software.workers) * each * clients
    return Access(
        bytes_per_sample=data.bytes_per_sample,
        samples_per_file=data.samples_per_file,
        write=write,
        scattered=scattered,
        block_bytes=block,
        in_flight=in_flight,
        clients=clients,
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


def _charge_tiers(machine: Machine, ledger: Ledger, read: Read) -> None:
    for level in read.levels:
        if level.tier is None:
            continue
        storage.charge(machine, ledger, level.tier, read.access, read.samples * level.served, INPUT)
        if any_of(level.filled > 0.0):
            copy = Access(read.access.bytes_per_sample, read.access.samples_per_file, write=True)
            storage.charge(machine, ledger, level.tier, copy, read.samples * level.filled, "promotion")


def last_wire(machine: Machine, fabric: Fabric, tier: Tier, pool: Pool) -> Link | None:
    """The wire by which a tier's bytes enter a server; None when the tier sits inside it."""
    if inside(tier):
        return None
    direct = fabric.direct(tier.name, pool.name)
    if direct:
        return None if is_local(machine, direct[0].link) else direct[0].link
    doors = fabric.doors(pool.name)
    return doors[0].link if doors else None


def _charge_hosts(machine: Machine, ledger: Ledger, fabric: Fabric, read: Read) -> None:
    amount = read.samples * read.data.bytes_per_sample
    for pool, share in read.readers:
        direct = False
        for level in read.levels:
            if level.tier is None:
                host.memory_crossings(machine, ledger, pool, 2.0 * amount * share * level.served, INPUT)
                continue
            wire = last_wire(machine, fabric, level.tier, pool)
            drawn = fabric.direct(level.tier.name, pool.name)
            direct = direct or any(hop.link.path == "gpudirect-storage" for hop in drawn)
            if direct:
                continue
            host.arrive(machine, ledger, pool, wire, level.tier, amount * share * level.served, INPUT)
        if pool is read.consumer:
            host.to_chips(machine, ledger, pool, read.samples * read.bytes_to_device * share, INPUT, direct)
    if read.readers[0][0] is not read.consumer:
        host.to_chips(machine, ledger, read.consumer, read.samples * read.bytes_to_device, INPUT, False)


def _charge_in_flight(machine: Machine, ledger: Ledger, read: Read) -> None:
    """Little's law: requests open at once = rate x seconds of one request."""
    if read.access.in_flight is None:
        return
    fabric = fabric_of(machine)
    total: Number = 0.0
    for level in read.levels:
        if level.tier is not None:
            drawn = fabric.direct(level.tier.name, read.readers[0][0].name)
            read.access.path = drawn[0].link.path if drawn else read.access.path
            total = total + level.served * storage.seconds_in_flight(machine, level.tier, read.access)
    resource = "workload.streams" if machine.design.software.workers is None else "software.workers"
    ledger.open(resource, read.readers[0][0].owner, "requests in flight", "requests", read.access.in_flight)
    ledger.add(resource, INPUT, read.samples * total)


def _charge_preparing(machine: Machine, ledger: Ledger, read: Read) -> None:
    loader = loaders.chosen(machine)
    for pool, share in read.readers:
        seconds = loaders.work(machine, loader, read.data, pool)
        host.cores(ledger, pool, read.samples * share * seconds, "prepare")
        workers = machine.design.software.workers
        if workers is not None:
            most = minimum(machine.figures.number("software.workers", workers), pool.host.cores)
            resource = "software.workers.prepare"
            ledger.open(resource, pool.owner, "loader workers", "workers", most * pool.servers)
            ledger.add(resource, "prepare", read.samples * share * seconds)
        if read.data.encoding == "jpeg" and loaders.decodes_on_chip(loader, pool):
            rate = loaders.chip_rate(machine, read.data, pool)
            resource = f"fitted.host.{pool.chip.generation}.jpeg_per_second"
            if resource not in machine.figures.read:
                resource = "fitted.host.default.jpeg_per_second"
            ledger.open(resource, pool.owner, "JPEG decoder of the chips", "1/s", rate * pool.all_chips)
            ledger.add(resource, "prepare", read.samples * share)


def fetch_rate(machine: Machine, job: Job) -> Number:
    """Units per second that input alone allows, as if steps took no time; infinite without storage."""
    from infralab.models import network
    from infralab.models.solve.closed import demand_limit

    bound: Number = float("inf")
    for demand in [*network.demands(machine, job), *demands(machine, job)]:
        bound = minimum(bound, demand_limit(demand))
    return bound


def checkpoint(machine: Machine, job: Job) -> None:
    """What saving the job's state costs: fills job.metrics, adds the pause to the steps."""
    from infralab.models.physics import failures

    failures.checkpoint(machine, job)


__all__ = ["checkpoint", "demands", "fetch_rate", "first", "flows", "reads"]
