"""Recommenders: rows gathered from embedding tables, small dense networks, pooled rows exchanged.

A sample reads `lookups` rows of `width` values at random; the tables live in the chips' memory when
they fit over the pool (sharded, then pooled rows cross an all-to-all), else in host memory behind the
host link. Gathers reach a share of memory bandwidth that depends on the row (model.md, 8, 11); a
SparseCore reaches more. (Naumov et al. 2019; Mudigere et al. 2022.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number, divide, every, maximum, minimum, where
from infralab.models.catalogue import UnknownComponent
from infralab.models.constants import fitted
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics import collectives

BYTES = {"fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0}
FALLBACK = {"int8": ("int8", "fp8", "fp16", "bf16", "fp32"), "fp8": ("fp8", "int8", "fp16", "bf16", "fp32"),
            "fp16": ("fp16", "bf16", "fp32"), "bf16": ("bf16", "fp16", "fp32"), "tf32": ("tf32", "fp32"),
            "fp32": ("tf32", "fp32", "fp16")}  # fmt: skip


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
    wanted = {
        "tables": workload.tables or facts.get("tables"),
        "rows": workload.rows or facts.get("rows_total"),
        "width": workload.width or facts.get("width"),
        "lookups": workload.lookups or facts.get("lookups_per_sample"),
    }
    for name, value in wanted.items():
        if value is None:
            machine.missing("workload", f"{name} of the embedding tables not given: set workload.{name} or a model")
            return None
    tables, rows, width, lookups = (number(f"workload.{n}", float(wanted[n])) for n in wanted)
    flop = float(facts.get("mflop_forward_per_sample", 0.0)) * 1e6
    bottom, top = facts.get("bottom_mlp") or (), facts.get("top_mlp") or ()
    dense = float(sum(a * b for layers in (bottom, top) for a, b in zip(layers, layers[1:], strict=False)))
    dense += float(facts.get("mmacs_interaction", 0.0)) * 1e6 if facts.get("cross") else 0.0
    pairs = 1.0
    if workload.kind.endswith("inference"):
        pairs = float(facts.get("pairs_per_query", _pairs_per_query(machine)))
    return Network(tables, rows, width, lookups, flop, dense, float(facts.get("input_bytes_per_sample", 160)), pairs)


def _pairs_per_query(machine: Machine) -> float:
    from infralab.models.constants import table

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
    from infralab.models.constants import table

    machine.figures.assume("batch not given: the usual one of the public benchmark a chip", moves=False)
    return float(table("recommender")["batch"]["training" if training else "inference"]) * pool.all_chips


def _peak(machine: Machine, pool: Pool, precision: str) -> tuple[Number, str]:
    for name in FALLBACK.get(precision, (precision, "bf16", "fp16", "fp32")):
        if name in pool.chip.peaks:
            return pool.chip.peaks[name], name
    machine.figures.assume(f"{pool.chip.id}: no rate of arithmetic in the catalogue, 1 TFLOP/s assumed")
    return machine.figures.figure(f"{pool.chip.path}.peak.fp32", 1e12, "FLOP/s", "assumed"), "fp32"


def _lower_pool(
    machine: Machine, job: Job, pool: Pool, network: Network, training: bool, share: Number
) -> None:
    workload = machine.design.workload
    assert workload is not None
    figures, chip = machine.figures, pool.chip
    keys = (chip.generation, chip.kind)
    precision = workload.precision or ("bf16" if training else "int8")
    peak, used = _peak(machine, pool, precision)
    element = BYTES.get(precision, 2.0)
    batch = _batch(machine, pool, network, training) * (share if workload.global_batch is not None else 1.0)
    chips = pool.all_chips
    each = batch / chips  # pairs a chip computes
    passes = 3.0 if training else 1.0

    efficiency = fitted(figures, "recommender", keys, "matrix_efficiency")
    half = fitted(figures, "recommender", keys, "half_batch")  # pairs a chip at which the engine is half full
    filled = each / (each + half)
    matrix = each * network.flop * passes / (peak * efficiency * filled)

    table_bytes = network.rows * network.width * (element if not training else 4.0)
    parts = [
        Part("dense networks", f"{chip.path}.peak.{used}", "matrix engine", matrix, matrix,
             equation="pairs a chip × FLOP / (peak × share × fill)")
    ]  # fmt: skip
    parts += _embedding_parts(machine, pool, network, each, element, training, table_bytes, keys)
    overhead = fitted(figures, "recommender", keys, "step_seconds", "s") * (2.0 if training else 1.0)
    name = next((n for n in figures.read if n.startswith("fitted.recommender.") and n.endswith(".step_seconds")), "")
    parts.append(Part("launch", name, "kernel launches", overhead, overhead, OVERHEAD,
                      "kernels a step × launch time"))  # fmt: skip
    parts += _exchange_parts(machine, job, pool, network, each, element, training, table_bytes)
    job.steps.append(Step(pool.owner, batch / network.pairs_per_query, parts, share=share))
    _describe(machine, job, pool, network, training, table_bytes, each, element)
    job.model_flop_per_unit = network.flop * passes * network.pairs_per_query
    job.peak_flop_per_s = peak * chips if job.peak_flop_per_s is None else job.peak_flop_per_s + peak * chips
    job.inputs.append(Input(pool.name, share * network.pairs_per_query, "records", network.input_bytes))
    if workload.mode == "single-stream":
        seconds = job.steps[-1].seconds()
        job.latency.seconds = seconds
        job.steps[-1].units = 1.0


def _in_chips(pool: Pool, table_bytes: Number, placement: str | None) -> bool:
    """Whether the tables live in the chips' own memory, sharded over the pool."""
    if placement is not None:
        return placement not in ("host", "host-memory", "cpu")
    if pool.chip.memory_bytes is None:
        return True
    return every(table_bytes <= pool.chip.memory_bytes * pool.all_chips * 0.9)


def _embedding_parts(
    machine: Machine, pool: Pool, network: Network, each: Number, element: float, training: bool,
    table_bytes: Number, keys: tuple[str, ...],
) -> list[Part]:  # fmt: skip
    """Rows read at random (and, in training, gradients scattered back with the optimizer's state)."""
    workload = machine.design.workload
    assert workload is not None
    figures, chip = machine.figures, pool.chip
    row = network.width * element
    touched = each * network.lookups * row * (3.0 if training else 1.0)
    sparse = chip.facts.get("sparse_cores")
    kind = "gather_share_sparse_core" if sparse else "gather_share"
    if _in_chips(pool, table_bytes, workload.placement):
        bandwidth = chip.memory_bandwidth
        if bandwidth is None:
            bandwidth = figures.figure(f"{chip.path}.memory_bandwidth", 1e11, "B/s", "assumed")
            figures.assume(f"{chip.id}: memory bandwidth not in the catalogue, 100 GB/s assumed")
        share = fitted(figures, "recommender", keys, kind)
        # a row below the line of 64 B wastes the rest of the line (model.md, 8)
        seconds = touched * maximum(1.0, 64.0 / row) / (bandwidth * share)
        engine = "SparseCore gathers" if sparse else "memory bandwidth"
        return [Part("embedding rows", f"{chip.path}.memory_bandwidth", engine, seconds, seconds, MEMORY,
                     "pairs × lookups × row bytes / (bandwidth × gather share)")]  # fmt: skip
    link = chip.host_link
    if link is None:
        link = figures.figure(f"{chip.path}.host_link", 32e9, "B/s", "assumed", "PCIe 4 x16")
    share = fitted(figures, "recommender", ("host",), "gather_share")
    rate = minimum(link * share, pool.host.memory_bandwidth / pool.chips * share)
    seconds = touched / rate
    return [Part("embedding rows from host memory", f"{chip.path}.host_link", "host link", seconds, seconds, MEMORY,
                 "pairs × lookups × row bytes / (host link × gather share)")]  # fmt: skip


def _exchange_parts(
    machine: Machine, job: Job, pool: Pool, network: Network, each: Number, element: float, training: bool,
    table_bytes: Number,
) -> list[Part]:  # fmt: skip
    """Pooled rows of sharded tables (all-to-all), and gradients of the dense networks (all-reduce)."""
    workload = machine.design.workload
    assert workload is not None
    chips = pool.all_chips
    whole = group(machine, pool, chips)
    lane = collectives.cause(whole)
    parts = []
    pooled = each * network.tables * network.width * element
    fits_one = pool.chip.memory_bytes is not None and every(table_bytes <= pool.chip.memory_bytes * 0.9)
    replicated = (fits_one and not training) or not _in_chips(pool, table_bytes, workload.placement)
    if not replicated:
        times = 2.0 if training else 1.0
        seconds = times * where(chips > 1.0, collectives.seconds("all-to-all", pooled, whole), 0.0)
        parts.append(Part("embedding exchange", lane.resource, lane.kind, seconds, seconds, COMMUNICATION,
                          "all-to-all of pairs × tables × width"))  # fmt: skip
        if pool.name:
            job.traffic.append(
                Traffic("embeddings", pool.name, pool.name, times * pooled * chips / (each * chips), "embeddings")
            )
    if training:
        dense = network.dense_parameters * 4.0
        seconds = where(chips > 1.0, collectives.seconds("all-reduce", dense, whole), 0.0)
        hidden = 0.5  # backward of the dense networks overlaps half of it; the other half follows the last layer
        parts.append(Part("dense gradients", lane.resource, lane.kind, seconds * (1.0 - hidden), seconds, COMMUNICATION,
                          "all-reduce of the dense parameters, half hidden behind backward"))  # fmt: skip
    return parts


def _describe(
    machine: Machine, job: Job, pool: Pool, network: Network, training: bool, table_bytes: Number, each: Number,
    element: float,
) -> None:  # fmt: skip
    workload = machine.design.workload
    assert workload is not None
    inside = _in_chips(pool, table_bytes, workload.placement)
    job.plan["tables"] = "sharded over the chips' memory" if inside else "host memory"
    if pool.chip.memory_bytes is not None:
        shards = pool.all_chips if inside else 1.0
        held = divide(table_bytes, shards) if inside else 0.0 * table_bytes
        state = held * (2.0 if training else 1.0) * (0.0 if training else 1.0) + held * (1.0 if training else 0.0)
        parts: list[tuple[str, Number]] = [
            ("embedding tables", state),
            ("dense networks", network.dense_parameters * (16.0 if training else element)),
            ("activations", each * (network.lookups + network.tables) * network.width * element),
        ]
        needed: Number = 0.0
        for _, size in parts:
            needed = needed + size
        job.memory.append(Memory(pool.owner, needed, pool.chip.memory_bytes, parts))
        if not inside and not every(table_bytes <= pool.host.memory_bytes * pool.servers):
            job.problems.append(
                ("infeasible", pool.owner, "the embedding tables fit neither the chips' nor the hosts' memory")
            )
    if training:
        job.save = Save(table_bytes * 2.0 + network.dense_parameters * 12.0, pool.name)
