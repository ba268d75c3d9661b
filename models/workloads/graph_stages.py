"""The stages before a graph network's step: sampling, gathering, collating; and how a stack lays them out.

A stack samples on host cores or on the chip, keeps features in host memory (gathered by host cores and
copied), caches the busiest rows in the chip's memory, or shards all of them over the chips that share a
scale-up link. Stages follow each other, hide behind the step, or run on chips of their own: with s of n
chips sampling, a batch takes max(T_sample/s, T_train/(n − s)) at the best whole s (Yang et al. 2022).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from infralab.models.arithmetic import Number, every, floor, maximum, minimum, power, where
from infralab.models.constants import fitted, table
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Part
from infralab.models.machine import HOST_KINDS, Machine, Pool
from infralab.models.network import host_link
from infralab.models.physics.room import CACHE_LINE_BYTES
from infralab.models.workloads.graph_sampling import Block
from infralab.models.workloads.graph_shape import FILE, Graph

STAGES = ("sample", "gather", "step")


@dataclass(frozen=True, slots=True)
class Stack:
    """How a software stack feeds the step; facts of the stack, from `fitted/graph_network.toml` [stack]."""

    sample: str = "host"  # "chip" or "host"
    features: str = "chip"  # chip: there if they fit; host; cache: the busiest rows; shard: over the pool
    feed: str = "turn"  # turn: one stage after the other; ahead: hidden behind the step; apart: own chips
    presampled: bool = False  # caches what trial epochs read most, not the nodes of highest degree
    inputs_first: bool = False  # lists fan-outs from the input layer on, the targets' neighbours last
    sample_work: float = 1.0  # work per edge sampled on host cores, over the reference
    start: bool = False  # worker processes start anew every epoch
    narrow: bool = False  # stores features in 8 bits when they fit the chips only so


def stack_of(machine: Machine) -> Stack:
    """The design's stack. Names may carry a start of the version: "dgl@0." before plain "dgl"."""
    software = machine.design.software
    entries: dict[str, dict[str, Any]] = table(FILE)["stack"]
    name, version = software.framework or "", software.version or ""
    found: dict[str, Any] = dict(entries.get(name, {}))
    for key, entry in entries.items():
        base, at, start = key.partition("@")
        if at and base == name and version.startswith(start):
            found = dict(entry)
    stack = Stack(**{k: v for k, v in found.items() if k != "why"})
    workload = machine.design.workload
    placement = workload.placement if workload is not None else None
    place = {"host": "host", "device": "chip", "sharded": "shard"}.get(placement or "")
    return replace(stack, features=place) if place else stack


def structure_bytes(graph: Graph) -> Number:
    """Compressed columns on the chip; identifiers below 2^31 take 4 bytes."""
    width = where(graph.nodes < 2.0**31, 4.0, 8.0)
    return (graph.edges + graph.nodes) * width


def samples_on_chip(stack: Stack, pool: Pool, graph: Graph) -> bool:
    """Whether neighbours are drawn by the chip: the stack does it and the structure fits its memory."""
    chip = pool.chip
    if stack.sample != "chip" or chip.kind in HOST_KINDS or chip.memory_bytes is None:
        return False
    return every(structure_bytes(graph) <= chip.memory_bytes * _room("structure"))


def _room(what: str) -> float:
    return float(table(FILE)["room"][what])


def sample_parts(machine: Machine, pool: Pool, graph: Graph, blocks: list[Block], stack: Stack) -> list[Part]:
    """Drawing the neighbours of one batch, on the chip or on the host's cores."""
    figures, chip = machine.figures, pool.chip
    edges: Number = 0.0
    for block in blocks:
        edges = edges + block.edges
    if samples_on_chip(stack, pool, graph):
        assert chip.memory_bandwidth is not None
        share = fitted(figures, FILE, (chip.generation, chip.kind), "sample_share")
        hops = fitted(figures, FILE, (chip.generation, chip.kind), "hop_seconds", "s") * len(blocks)
        seconds = edges * CACHE_LINE_BYTES / (chip.memory_bandwidth * share) + hops
        return [Part("sample", f"{chip.path}.memory_bandwidth", "sampling on the chip", seconds, seconds, MEMORY,
                     "edges × cache line / (bandwidth × sample share) + hops × fixed time")]  # fmt: skip
    rate = fitted(figures, FILE, ("host",), "edges_per_core_second")
    cores = minimum(pool.host.cores / pool.chips, float(table(FILE)["sampler"]["cores_per_chip"]))
    seconds = edges * stack.sample_work / (cores * rate)
    return [Part("sample", f"{pool.host.path}.cores", "host cores (sampling)", seconds, seconds, OVERHEAD,
                 "edges × work an edge / (cores × edges a core and second)")]  # fmt: skip


def start_parts(machine: Machine, stack: Stack, steps: Number, training: bool) -> list[Part]:
    """Worker processes that start anew every epoch, spread over its steps."""
    if not (stack.start and training):
        return []
    start = fitted(machine.figures, FILE, ("host",), "start_seconds", "s")
    seconds = start / maximum(steps, 1.0)
    path = f"fitted.{FILE}.host.start_seconds"
    return [Part("sample: workers start", path, "start of the loader", seconds, seconds, OVERHEAD,
                 "start of the worker processes / steps an epoch")]  # fmt: skip


def collate_parts(machine: Machine, pool: Pool, each: Number, step: Number) -> list[Part]:
    """Small graphs made into one batch by a loader's process a chip, while the chip computes."""
    rate = fitted(machine.figures, FILE, ("host",), "graphs_per_second")
    alone = each / rate
    seconds = maximum(alone - step, 0.0)
    return [Part("collate", f"{pool.host.path}.clock", "host core (collating)", seconds, alone, OVERHEAD,
                 "graphs / graphs a process and second, beyond the step")]  # fmt: skip


def gather_parts(
    machine: Machine, pool: Pool, graph: Graph, sources: Number, element: float, stack: Stack
) -> list[Part]:
    """Input rows of the distinct nodes of a batch, from where the features live."""
    figures, chip = machine.figures, pool.chip
    assert chip.memory_bandwidth is not None
    width = _stored(machine, pool, graph, element, stack)
    row = graph.features * width
    needed = sources * row
    share = fitted(figures, FILE, (chip.generation, chip.kind), "gather_share")
    lines = maximum(1.0, CACHE_LINE_BYTES / maximum(row, 1.0))
    near, across = _served(machine, pool, graph, row, stack)
    local = needed * near * lines / (chip.memory_bandwidth * share)
    parts = [Part("gather", f"{chip.path}.memory_bandwidth", "irregular memory access", local, local, MEMORY,
                  "rows in the chip's memory / (bandwidth × gather share)")]  # fmt: skip
    if stack.features == "shard" and chip.link_bandwidth is not None:
        peer = fitted(figures, FILE, ("host",), "peer_share")
        seconds = needed * across / (chip.link_bandwidth * peer)
        parts.append(Part("gather from other chips", f"{chip.path}.link_bandwidth", "scale-up link", seconds, seconds,
                          COMMUNICATION, "rows in other chips / (link × share)"))  # fmt: skip
    left = maximum(1.0 - near - across, 0.0)
    if chip.kind in HOST_KINDS or every(left <= 1e-9):
        return parts
    return [*parts, *_from_host(machine, pool, row, needed * left, stack)]


def _from_host(machine: Machine, pool: Pool, row: Number, needed: Number, stack: Stack) -> list[Part]:
    """Rows over the host link, read by the chip or gathered by the host's cores and copied; the slower of two binds."""
    figures, chip = machine.figures, pool.chip
    link = host_link(machine, pool)
    half = fitted(figures, FILE, ("host",), "half_row_bytes", "B")
    copied = stack.features == "host"
    rate = link * fitted(figures, FILE, ("host",), "copied_share" if copied else "link_share")
    shared = pool.host.memory_bandwidth / pool.chips * fitted(figures, FILE, ("host",), "memory_share")
    useful = row / (row + half)
    over, inside = needed / (rate * useful), needed / (shared * useful)
    by_link, by_memory = where(over >= inside, over, 0.0), where(over >= inside, 0.0, inside)
    return [
        Part("gather from host memory", f"{chip.path}.host_link", "host link", by_link, by_link,
             MEMORY, "rows / (host link × share × row/(row + half row))"),
        Part("gather in host memory", f"{pool.host.path}.memory_bandwidth", "host memory bandwidth", by_memory,
             by_memory, MEMORY, "rows / (host memory a chip × share × row/(row + half row))"),
    ]  # fmt: skip


def _stored(machine: Machine, pool: Pool, graph: Graph, element: float, stack: Stack) -> Number:
    """Bytes of a stored feature: as the work's, or one where only that fits the chips together."""
    width = minimum(element, 4.0)
    if not stack.narrow or pool.chip.memory_bytes is None:
        return width
    room = pool.chip.memory_bytes * _room("shard") * _sharing(pool)
    whole = graph.nodes * graph.features
    narrow = where(whole * width > room, where(whole <= room, 1.0, width), width)
    if not every(narrow >= width):
        machine.figures.assume("features stored in 8 bits: they fit the chips only so", moves=False)
    return narrow


def _sharing(pool: Pool) -> Number:
    return minimum(pool.all_chips, maximum(float(pool.chip.domain), 1.0))


def _served(machine: Machine, pool: Pool, graph: Graph, row: Number, stack: Stack) -> tuple[Number, Number]:
    """Shares of the rows that the chip's own memory and other chips' memories serve."""
    chip = pool.chip
    if chip.memory_bytes is None or chip.kind in HOST_KINDS:
        return 1.0, 0.0
    everything = maximum(graph.nodes * row, 1.0)
    if stack.features == "host":
        return 0.0, 0.0
    if stack.features == "shard":
        sharing = _sharing(pool)
        held = minimum(chip.memory_bytes * _room("shard") * sharing / everything, 1.0)
        return held / sharing, held * (1.0 - 1.0 / sharing)
    room: Number = chip.memory_bytes * _room("features")
    if stack.feed != "apart" and samples_on_chip(stack, pool, graph):
        room = maximum(room - structure_bytes(graph), 0.0)
    inside = minimum(room / everything, 1.0)
    if stack.features == "cache":
        # degrees are skewed: a cache of the busiest nodes serves more than its share
        name = "presampled_skew" if stack.presampled else "cache_skew"
        return power(inside, fitted(machine.figures, FILE, ("graph",), name)), 0.0
    return where(inside >= 1.0, 1.0, 0.0), 0.0


def laid_out(parts: list[Part], stack: Stack, chips: Number) -> list[Part]:
    """The parts as the stack lays them out over a step of all chips: in turn, hidden, or on chips apart."""
    if stack.feed == "turn":
        return parts
    before = [p.name.startswith(("sample", "gather")) for p in parts]
    ahead = _total(p.seconds for p, b in zip(parts, before, strict=True) if b)
    work = _total(p.seconds for p, b in zip(parts, before, strict=True) if not b)
    if stack.feed == "ahead":
        shown = maximum(ahead - work, 0.0) / maximum(ahead, 1e-30)
        return [replace(p, seconds=p.seconds * shown) if b else p for p, b in zip(parts, before, strict=True)]
    return _apart(parts, chips)


def _apart(parts: list[Part], chips: Number) -> list[Part]:
    """Samplers on chips of their own, gathering hidden behind the trainers' step."""

    def of(stage: str) -> Number:
        return _total(p.seconds for p in parts if stage_of(p) == stage)

    sample, gather, step = of("sample"), of("gather"), of("step")
    train = maximum(gather, step)
    samplers = best_samplers(sample, train, chips)
    alone = chips < 2.0
    times = {"sample": where(alone, 1.0, chips / maximum(samplers, 1.0))}
    times["step"] = times["gather"] = where(alone, 1.0, chips / maximum(chips - samplers, 1.0))
    seconds = {"sample": sample * times["sample"], "gather": gather * times["gather"], "step": step * times["step"]}
    longest = maximum(seconds["sample"], maximum(seconds["gather"], seconds["step"]))
    rest = longest - seconds["step"]  # what the step waits for, by the stage that is longest
    waits = where(seconds["sample"] >= seconds["gather"], 1.0, 0.0)
    shown = {
        "sample": where(alone, 1.0, rest * waits / maximum(seconds["sample"], 1e-30)),
        "gather": where(alone, 1.0, rest * (1.0 - waits) / maximum(seconds["gather"], 1e-30)),
        "step": 1.0,
    }  # fmt: skip
    return [
        replace(p, seconds=p.seconds * times[stage_of(p)] * shown[stage_of(p)], alone=p.alone * times[stage_of(p)])
        for p in parts
    ]


def best_samplers(sample: Number, train: Number, chips: Number) -> Number:
    """Whole number of chips that sample, of `chips`, so that the slower side is fastest."""
    ideal = chips * sample / maximum(sample + train, 1e-30)
    fewer = maximum(minimum(floor(ideal), chips - 1.0), 1.0)
    more = maximum(minimum(fewer + 1.0, chips - 1.0), 1.0)

    def slower(samplers: Number) -> Number:
        return maximum(sample / samplers, train / maximum(chips - samplers, 1.0))

    return where(slower(more) < slower(fewer), more, fewer)


def stage_of(part: Part) -> str:
    """sample, gather or step, as artefacts print them."""
    return next((s for s in STAGES if part.name.startswith(s)), "step")


def _total(seconds: Any) -> Number:
    total: Number = 0.0
    for value in seconds:
        total = total + value
    return total
