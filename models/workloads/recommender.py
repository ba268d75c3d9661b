"""Recommenders: rows gathered from embedding tables, small dense networks, pooled rows exchanged.

A sample reads `lookups` rows of `width` values at random; the tables live in the chips' memory when
they fit over the pool (sharded, then pooled rows cross an all-to-all), else in host memory behind the
host link: small tables stay, the largest go (each table is placed whole). Gathers reach a share of
memory bandwidth; a SparseCore reaches more. (Naumov et al. 2019; Mudigere et al. 2022.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from infralab.models.arithmetic import Number, every, maximum, minimum, where
from infralab.models.catalogue import UnknownComponent
from infralab.models.constants import assumed, fitted, table
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.network import group, host_link
from infralab.models.physics import collectives, peaks
from infralab.models.physics.room import CACHE_LINE_BYTES, usable
from infralab.models.units import human

INDEX_BYTES = 8.0  # 64-bit row numbers


@dataclass(frozen=True, slots=True)
class Network:
    """What one user-item pair asks."""

    tables: Number
    rows: Number
    width: Number
    lookups: Number
    flop: Number  # forward, per pair
    dense_parameters: float
    input_bytes: float
    pairs_per_query: float  # an inference query scores several pairs
    row_shares: tuple[float, ...]  # rows of each table over all rows, ascending
    lookup_shares: tuple[float, ...]  # lookups in it over all lookups


def lower(machine: Machine) -> Job:
    """The job of a recommender's training step or inference batch."""
    job = Job(unit="samples/s")
    pools = machine.steppers()
    workload = machine.design.workload
    assert workload is not None
    if not pools:
        machine.missing("workload", "nothing computes yet: drag a compute node in")
        return job
    network = _network(machine)
    if network is None:
        return job
    training = workload.kind.endswith("training")
    total: Number = 0.0
    for pool in pools:
        total = total + pool.all_chips
    for pool in pools:
        _lower_pool(machine, job, pool, network, training, pool.all_chips / total)
    return job


def _network(machine: Machine) -> Network | None:
    workload = machine.design.workload
    assert workload is not None
    facts: dict[str, Any] = {}
    if workload.model is not None:
        try:
            component = machine.catalogue.model(workload.model)
        except UnknownComponent as error:
            machine.missing("workload.model", str(error))
            return None
        facts = dict(component.facts)
    facts.update(workload.shape)
    number = machine.figures.number
    given = {"tables": workload.tables, "rows": workload.rows, "width": workload.width, "lookups": workload.lookups}
    known = {
        "tables": facts.get("tables"),
        "rows": facts.get("rows_total"),
        "width": _width(facts),
        "lookups": facts.get("lookups_per_sample"),
    }
    for name in given:
        if given[name] is None and known[name] is None:
            machine.missing("workload", f"{name} of the embedding tables not given: set workload.{name} or a model")
            return None
    chosen = {n: known[n] if g is None else g for n, g in given.items()}
    number_of = {n: number(f"workload.{n}", float(value or 0.0)) for n, value in chosen.items()}
    tables, width = number_of["tables"], number_of["width"]
    # a design gives rows and lookups of one table, a model's facts those of all its tables
    rows = number_of["rows"] * (tables if workload.rows is not None else 1.0)
    lookups = number_of["lookups"] * (tables if workload.lookups is not None else 1.0)
    flop = float(facts.get("mflop_forward_per_sample", 0.0)) * 1e6
    if not flop:
        machine.figures.assume("no model named: tables alone, no dense networks", moves=True)
    bottom, top = facts.get("bottom_mlp") or (), facts.get("top_mlp") or ()
    dense = float(sum(a * b for layers in (bottom, top) for a, b in pairwise(layers)))
    dense += float(facts.get("mmacs_interaction", 0.0)) * 1e6 if facts.get("cross") else 0.0
    pairs = 1.0
    if workload.kind.endswith("inference"):
        pairs = float(facts.get("pairs_per_query", _pairs_per_query(machine)))
    asked = float(facts.get("input_bytes_per_sample", assumed("recommender.input_bytes")))
    return Network(
        tables,
        rows,
        width,
        lookups,
        flop,
        dense,
        asked,
        pairs,
        *_shares(facts, float(workload.tables or facts["tables"])),
    )


def _width(facts: dict[str, Any]) -> float | None:
    """Width of a row; the mean over the lookups where a model's tables differ."""
    if "width" in facts:
        return float(facts["width"])
    read, lookups = facts.get("embedding_bytes_read_per_sample_fp32"), facts.get("lookups_per_sample")
    return float(read) / 4.0 / float(lookups) if read and lookups else None


def _shares(facts: dict[str, Any], tables: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Each table's share of rows and of lookups, smallest first; equal tables where they are not listed."""
    rows = facts.get("rows")
    if not isinstance(rows, (list, tuple)) or not rows:
        count = max(1, round(tables))
        return (1.0 / count,) * count, (1.0 / count,) * count
    hot = facts.get("multi_hot") or [1.0] * len(rows)
    ordered = sorted(zip(rows, hot, strict=False))
    return tuple(r / sum(rows) for r, _ in ordered), tuple(h / sum(hot) for _, h in ordered)


def _pairs_per_query(machine: Machine) -> float:
    machine.figures.assume("a query scores as many user-item pairs as the public benchmark's mean", moves=False)
    return float(table("recommender")["query"]["pairs"])


def _batch(machine: Machine, pool: Pool, network: Network, training: bool) -> Number:
    """Pairs of one step over all chips of the pool."""
    workload = machine.design.workload
    assert workload is not None
    if workload.global_batch is not None:
        return machine.figures.number("workload.global_batch", workload.global_batch)
    if workload.batch is not None:
        return machine.figures.number("workload.batch", workload.batch) * pool.all_chips
    if workload.mode == "single-stream":
        return network.pairs_per_query
    kind = "training" if training else "server" if workload.mode == "server" else "inference"
    machine.figures.assume("batch not given: the usual one of the public benchmark a chip", moves=False)
    return float(table("recommender")["batch"][kind]) * pool.all_chips


def _lower_pool(machine: Machine, job: Job, pool: Pool, network: Network, training: bool, share: Number) -> None:
    workload = machine.design.workload
    assert workload is not None
    figures, chip = machine.figures, pool.chip
    keys = (chip.generation, chip.kind)
    precision = workload.precision or ("bf16" if training else "int8")
    found = peaks.peak(figures, chip, precision)
    if found is None:
        machine.missing(pool.owner, peaks.not_known(chip, precision))
        return
    peak = found.value
    element = peaks.number_bytes(precision)
    batch = _batch(machine, pool, network, training) * (share if workload.global_batch is not None else 1.0)
    chips = pool.all_chips
    each = batch / chips  # pairs a chip computes
    passes = 3.0 if training else 1.0

    efficiency = fitted(figures, "recommender", keys, "training_efficiency" if training else "matrix_efficiency")
    half = fitted(figures, "recommender", keys, "half_batch")  # pairs a chip at which the engine is half full
    filled = each / (each + half)
    matrix = each * network.flop * passes / (peak * efficiency * filled)

    table_bytes = network.rows * network.width * (element if not training else 4.0)
    parts = [
        Part("dense networks", found.path, "matrix engine", matrix, matrix,
             equation="pairs a chip × FLOP / (peak × share × fill)")
    ]  # fmt: skip
    resident = _resident(pool, network, table_bytes, training, workload.placement)
    parts += _embedding_parts(machine, pool, network, each, element, training, resident, keys)
    overhead = fitted(figures, "recommender", keys, "step_seconds", "s") * (2.0 if training else 1.0)
    name = next((n for n in figures.read if n.startswith("fitted.recommender.") and n.endswith(".step_seconds")), "")
    parts.append(Part("launch", name, "kernel launches", overhead, overhead, OVERHEAD,
                      "kernels a step × launch time"))  # fmt: skip
    parts += _exchange_parts(machine, job, pool, network, each, element, training)
    job.steps.append(Step(pool.owner, batch / network.pairs_per_query, parts, share=share))
    _describe(machine, job, pool, network, training, table_bytes, each, element, resident)
    job.model_flop_per_unit = network.flop * passes * network.pairs_per_query
    job.peak_flop_per_s = peak * chips if job.peak_flop_per_s is None else job.peak_flop_per_s + peak * chips
    job.inputs.append(Input(pool.name, share * network.pairs_per_query, "records", network.input_bytes))
    if not training:
        # at the highest rate a query waits for the batch that runs and for its own to fill, then is served
        waits = float(table("recommender")["server"]["batches"]) if workload.mode == "server" else 1.0
        job.latency.seconds = job.steps[-1].seconds() * waits
    if workload.mode == "single-stream":
        job.steps[-1].units = 1.0


def _resident(pool: Pool, network: Network, table_bytes: Number, training: bool, placement: str | None) -> Number:
    """Share of lookups served by the chips' own memory: tables are placed whole, the smallest first.

    Training shards the tables over the pool; an inference replica keeps its own copy on each chip.
    """
    if placement in ("host", "host-memory", "cpu"):
        return 0.0
    if pool.chip.memory_bytes is None:
        return 1.0
    room = usable(pool.chip.memory_bytes) * (pool.all_chips if training else 1.0)
    served: Number = 0.0
    below: Number = 0.0
    for rows, lookups in zip(network.row_shares, network.lookup_shares, strict=True):
        below = below + rows * table_bytes
        served = served + where(below <= room, lookups, 0.0)
    return served


def _missed(network: Network, row: Number, cache_bytes: Number | None) -> Number:
    """Share of the gathers that main memory serves: tables that fit the last-level cache together are hit
    there at a share of the cost (smallest first; rows of larger tables are taken as never hit)."""
    if cache_bytes is None:
        return 1.0
    below: Number = 0.0
    hit: Number = 0.0
    for rows, lookups in zip(network.row_shares, network.lookup_shares, strict=True):
        below = below + rows * network.rows * row
        hit = hit + where(below <= cache_bytes, lookups, 0.0)
    return 1.0 - hit * (1.0 - assumed("recommender.cost_of_hit"))


def _sparse_share(machine: Machine) -> Number:
    """Share of memory bandwidth that gathers by a SparseCore reach: assumed, no published row measures it apart."""
    known = table("recommender")["sparse_core"]
    machine.figures.assume(f"SparseCore gathers at {known['gather_share']:g} of the memory bandwidth: {known['why']}")
    path = "fitted.recommender.sparse_core.gather_share"
    return machine.figures.figure(path, float(known["gather_share"]), "", "assumed", str(known["why"]))


def _embedding_parts(
    machine: Machine, pool: Pool, network: Network, each: Number, element: float, training: bool,
    resident: Number, keys: tuple[str, ...],
) -> list[Part]:  # fmt: skip
    """Rows read at random (and, in training, gradients scattered back with the optimizer's state)."""
    figures, chip = machine.figures, pool.chip
    row = network.width * element
    touched = each * network.lookups * row * (3.0 if training else 1.0) * maximum(1.0, CACHE_LINE_BYTES / row)
    sparse = chip.facts.get("sparse_cores")
    bandwidth = chip.memory_bandwidth
    if bandwidth is None:
        taken = assumed("recommender.memory_bandwidth")
        bandwidth = figures.figure(f"{chip.path}.memory_bandwidth", taken, "B/s", "assumed")
        figures.assume(f"{chip.id}: memory bandwidth not in the catalogue, {human(taken, 'B/s')} assumed")
    share = _sparse_share(machine) if sparse else fitted(figures, "recommender", keys, "gather_share")
    missed = _missed(network, row, chip.cache_bytes)
    seconds = touched * resident * missed / (bandwidth * share)
    engine = "SparseCore gathers" if sparse else "memory bandwidth"
    parts = [Part("embedding rows", f"{chip.path}.memory_bandwidth", engine, seconds, seconds, MEMORY,
                  "pairs × lookups × row bytes / (bandwidth × gather share); rows below 64 B cost a whole line")]  # fmt: skip
    if every(resident > 0.9999):
        return parts
    link = host_link(machine, pool)
    share = fitted(figures, "recommender", ("host",), "gather_share")
    seconds = touched * (1.0 - resident) / (minimum(link, pool.host.memory_bandwidth / pool.chips) * share)
    parts.append(Part("embedding rows in host memory", f"{chip.path}.host_link", "host link", seconds, seconds, MEMORY,
                      "pairs × lookups of tables beyond the chip's memory × row bytes / (host link × gather share)"))  # fmt: skip
    return parts


def _sharded(network: Network) -> tuple[Number, Number]:
    """Shares of tables and of lookups that are sharded: small tables have a copy on every chip."""
    small = float(table("recommender")["replicate"]["rows"])
    tables: Number = 0.0
    lookups: Number = 0.0
    for rows, asked in zip(network.row_shares, network.lookup_shares, strict=True):
        large = where(rows * network.rows > small, 1.0, 0.0)
        tables = tables + large / len(network.row_shares)
        lookups = lookups + large * asked
    return tables, lookups


def _exchange_parts(
    machine: Machine, job: Job, pool: Pool, network: Network, each: Number, element: float, training: bool
) -> list[Part]:
    """Pooled rows of tables sharded over the chips (all-to-all), and gradients of the dense networks (all-reduce)."""
    if not training:
        return []
    chips = pool.all_chips
    whole = group(machine, pool, chips)
    lane = collectives.cause(whole)
    apart, asked = _sharded(network)
    across = collectives.cause(whole, "all-to-all")
    pooled = each * network.tables * apart * network.width * element
    asks = each * network.lookups * asked * INDEX_BYTES
    exchange = 2.0 * collectives.seconds("all-to-all", pooled, whole) + collectives.seconds("all-to-all", asks, whole)
    exchange = where(chips > 1.0, exchange, 0.0) * where(apart > 0.0, 1.0, 0.0)
    sent = 2.0 * network.tables * apart * network.width * element + network.lookups * asked * INDEX_BYTES
    job.traffic.append(Traffic("embeddings", pool.name, pool.name, sent, "embeddings"))
    dense = network.dense_parameters * 4.0
    reduce = where(chips > 1.0, collectives.seconds("all-reduce", dense, whole), 0.0)
    # the last layers' gradients are ready first and hide behind the rest of backward
    shown = reduce * (1.0 - assumed("recommender.hidden_reduce"))
    return [
        Part("embedding exchange", across.resource, across.kind, exchange, exchange, COMMUNICATION,
             "all-to-alls of row numbers and twice of pairs × large tables × width"),
        Part("dense gradients", lane.resource, lane.kind, shown, reduce, COMMUNICATION,
             "all-reduce of the dense parameters, partly hidden behind backward"),
    ]  # fmt: skip


def _describe(
    machine: Machine, job: Job, pool: Pool, network: Network, training: bool, table_bytes: Number, each: Number,
    element: float, resident: Number,
) -> None:  # fmt: skip
    spilled = not every(resident > 0.9999)
    place = "sharded over the chips' memory" if training else "a copy in each chip's memory"
    job.plan["tables"] = f"{place}, the largest in host memory" if spilled else place
    if pool.chip.memory_bytes is not None:
        held = table_bytes / (pool.all_chips if training else 1.0)
        if spilled:
            held = minimum(held, usable(pool.chip.memory_bytes))
            machine.figures.assume("tables beyond the chips' memory are read from the host's", moves=False)
        gathered = (network.lookups + network.tables) * network.width * element
        parts: list[tuple[str, Number]] = [
            ("embedding tables", held),
            ("dense networks", network.dense_parameters * (16.0 if training else element)),
            ("activations", each * gathered * assumed("recommender.kept_rows")),
        ]
        needed: Number = 0.0
        for _, size in parts:
            needed = needed + size
        job.memory.append(Memory(pool.owner, needed, pool.chip.memory_bytes, parts))
        if spilled and not every(table_bytes <= pool.host.memory_bytes * (pool.servers if training else 1.0)):
            job.infeasible(pool.owner, "the embedding tables fit neither the chips' nor the hosts' memory")
    if training:
        job.save = Save(table_bytes * 2.0 + network.dense_parameters * 12.0, pool.name)
