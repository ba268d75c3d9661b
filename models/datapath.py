"""From data set to device: what the way costs, who prepares, how the state is saved.

With prefetch the levels of storage work at the same time, so each is a queued resource of its own
and the slowest sets the rate. Which level serves how much is traced in `reads.py`.
"""

from __future__ import annotations

from dataclasses import replace

from infralab.models import loaders
from infralab.models.arithmetic import Number, any_of, minimum
from infralab.models.job import Demand, Job
from infralab.models.machine import Link, Machine, Pool, Tier
from infralab.models.physics import host, storage
from infralab.models.physics.fabric import Fabric, Flow, fabric_of, inside, is_local, route, to_ledger
from infralab.models.physics.ledger import Ledger
from infralab.models.physics.storage import Access
from infralab.models.reads import Level, Read, reads

INPUT = "input"
WORKERS = "software.workers"


def flows(machine: Machine, job: Job) -> list[Flow]:
    """Bytes of input and checkpoints that one unit of work moves between boxes."""
    from infralab.models.physics import failures

    return [*_input_flows(machine, reads(machine, job)), *failures.flows(machine, job)]


def _input_flows(machine: Machine, traced: list[Read]) -> list[Flow]:
    found: list[Flow] = []
    fabric = fabric_of(machine)
    for read in traced:
        amount = read.samples * read.data.bytes_per_sample
        for pool, share in read.readers:
            _read_flows(fabric, read, pool, amount * share, found)
            if pool is not read.consumer:
                found.append(
                    Flow(pool.name, read.consumer.name, read.samples * read.bytes_to_device * share, INPUT)
                )
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
    return _asked(machine, reads(machine, job))


def _asked(machine: Machine, traced: list[Read]) -> list[Demand]:
    ledger = Ledger()
    fabric = fabric_of(machine)
    for read in traced:
        _charge_tiers(machine, ledger, read)
        _charge_hosts(machine, ledger, fabric, read)
        _charge_in_flight(machine, ledger, read)
        if read.prepare:
            _charge_preparing(machine, ledger, read)
    return ledger.demands()


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
    """Little's law: requests open at once = rate x seconds of one request.

    Streams are counted over all clients; a loader's workers fetch and prepare in turn, each with
    some requests open.
    """
    workers = machine.design.software.workers
    if read.access.in_flight is None and workers is None:
        return
    fabric = fabric_of(machine)
    total: Number = 0.0
    for level in read.levels:
        if level.tier is not None:
            drawn = fabric.direct(level.tier.name, read.readers[0][0].name)
            read.access.path = drawn[0].link.path if drawn else read.access.path
            total = total + level.served * storage.seconds_in_flight(machine, level.tier, read.access)
    owner = read.readers[0][0].owner
    if read.access.in_flight is not None:
        ledger.open("workload.streams", owner, "requests in flight", "requests", read.access.in_flight)
        ledger.add("workload.streams", INPUT, read.samples * total)
        return
    each = machine.figures.number("software.in_flight", machine.design.software.in_flight or 1.0)
    _open_workers(machine, ledger, read)
    ledger.add(WORKERS, INPUT, read.samples * total / each)


def _open_workers(machine: Machine, ledger: Ledger, read: Read) -> None:
    workers = machine.figures.number("software.workers", machine.design.software.workers or 1.0)
    total: Number = 0.0
    for pool, _ in read.readers:
        total = total + workers * pool.servers
    ledger.open(WORKERS, read.readers[0][0].owner, "loader workers", "workers", total)


def _charge_preparing(machine: Machine, ledger: Ledger, read: Read) -> None:
    loader = loaders.chosen(machine)
    for pool, share in read.readers:
        seconds = loaders.work(machine, loader, read.data, pool)
        host.cores(ledger, pool, read.samples * share * seconds, "prepare")
        if machine.design.software.workers is not None:
            _open_workers(machine, ledger, read)
            ledger.add(WORKERS, "prepare", read.samples * share * seconds)
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

    return _bound([*network.demands(machine, job), *demands(machine, job)])


def checkpoint(machine: Machine, job: Job) -> None:
    """What saving the job's state costs: fills job.metrics, adds the pause to the steps.

    Also what the first epoch does where later ones read from a cache.
    """
    from infralab.models.physics import failures

    workload = machine.design.workload
    if machine.figures.scales and (workload is None or workload.checkpoint is None):
        return  # variants ask for the rate, which an unasked checkpoint does not touch
    failures.checkpoint(machine, job)
    if job.inputs and machine.tiers and not machine.figures.scales:
        _first_epoch(machine, job)


def _first_epoch(machine: Machine, job: Job) -> None:
    """The rate while the caches are still empty, where they are not in later epochs."""
    warm = reads(machine, job)
    if not any(any_of(level.served > 0.0) for read in warm for level in read.levels[:-1]):
        return
    from infralab.models.solve.closed import step_limit

    cold = [replace(read, levels=_cold(read.levels)) for read in warm]
    fabric = fabric_of(machine)
    own = [Flow(t.source, t.target, t.bytes, t.traffic or t.name) for t in job.traffic]
    wires = to_ledger(fabric, route(fabric, [*own, *_input_flows(machine, cold)])).demands()
    bound: Number = float("inf")
    for step in job.steps:
        bound = minimum(bound, step_limit(step))
    job.metrics["first_epoch_rate"] = minimum(bound, _bound([*job.demands, *wires, *_asked(machine, cold)]))


def _cold(levels: list[Level]) -> list[Level]:
    """What levels serve in a first epoch: a staged copy as ever, an empty cache nothing, the store the rest."""
    found: list[Level] = []
    rest: Number = 1.0
    for level in levels[:-1]:
        if level.tier is not None and level.tier.policy == "none":
            found.append(level)
            rest = rest - level.served
        else:
            found.append(Level(level.tier, 0.0, rest))
    return [*found, Level(levels[-1].tier, rest)]


def _bound(found: list[Demand]) -> Number:
    from infralab.models.solve.closed import demand_limit

    bound: Number = float("inf")
    for demand in found:
        bound = minimum(bound, demand_limit(demand))
    return bound


__all__ = ["checkpoint", "demands", "fetch_rate", "flows", "reads"]
