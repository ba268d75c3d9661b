"""Graph networks: sample, gather, step; edge features, irregular gathers, one device or many.

Sampling draws neighbours on host cores, or on the chip when the graph's structure fits there.
Gathering brings the features of the distinct nodes of a batch: from the chip's memory while they fit
(one copy a chip, or sharded over the pool), else from host memory over the host link at a share that
falls with the row's size. The step is a roofline per layer with gathers at irregular-access
efficiency. A graph spread over several chips sends halo nodes each layer, and edge states across cuts
when edges are updated (model.md, 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number, every, maximum, minimum, power, where
from infralab.models.catalogue import UnknownComponent
from infralab.models.constants import fitted, table
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import HOST_KINDS, Machine, Pool
from infralab.models.network import group
from infralab.models.physics import collectives, peaks
from infralab.models.workloads import graph_costs, graph_sampling
from infralab.models.workloads.graph_costs import Cost, Layer
from infralab.models.workloads.graph_sampling import Block

FILE = "graph_network"
CACHE_LINE = 64.0


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: Number
    edges: Number
    features: Number  # width of a node's input row
    edge_features: Number
    targets: Number  # nodes trained on, or graphs
    many: bool  # a set of small graphs rather than one


@dataclass(frozen=True, slots=True)
class Network:
    kind: str
    layers: int
    hidden: Number
    heads: Number
    relations: Number
    fanout: tuple[Number, ...]  # empty: the whole graph
    updates_edges: bool
    forces: bool
    parameters: Number


def lower(machine: Machine) -> Job:
    """The job of one training step or inference batch of a graph network."""
    workload = machine.design.workload
    assert workload is not None
    pools = machine.steppers()
    job = Job(unit="nodes/s")
    if not pools:
        machine.missing("workload", "nothing computes yet: drag a compute node in")
        return job
    graph = _graph(machine)
    network = None if graph is None else _network(machine, graph)
    if graph is None or network is None:
        return job
    job.unit = "samples/s" if graph.many else "nodes/s"
    total: Number = 0.0
    for pool in pools:
        total = total + pool.all_chips
    for pool in pools:
        _lower_pool(machine, job, pool, graph, network, pool.all_chips / total)
    if workload.kind.endswith("training"):
        job.metrics["samples_per_epoch"] = graph.targets
    return job


def _graph(machine: Machine) -> Graph | None:
    """The data set's sizes: those given, else the library's."""
    workload = machine.design.workload
    assert workload is not None
    given = workload.dataset
    facts: dict[str, Any] = {}
    if given is not None and given.name is not None:
        entry = machine.catalogue.dataset(given.name)
        facts = dict(entry.facts) if entry is not None else {}
    values: dict[str, float | None] = {}
    for name in ("nodes", "edges", "features", "edge_features", "train_nodes", "graphs"):
        own = getattr(given, name) if given is not None else None
        values[name] = own if own is not None else facts.get(name)
    if values["nodes"] is None or values["edges"] is None:
        machine.missing("workload.dataset", "how many nodes and edges? name a graph data set, or give nodes and edges")
        return None
    number = machine.figures.number
    read = {k: number(f"workload.dataset.{k}", v) for k, v in values.items() if v is not None}
    many = values["graphs"] is not None
    if "features" not in read:
        machine.figures.assume("width of node features not given: 128 assumed")
    if many and _on_distances(machine):
        # networks on distances build their own edges: neighbours inside the cut-off
        neighbours = float(table(FILE)["cutoff"]["neighbours"])
        machine.figures.assume("edges by distance: all pairs of a molecule, at most 30 neighbours", moves=False)
        read["edges"] = read["nodes"] * minimum(read["nodes"] - 1.0, neighbours)
    targets = read.get("graphs") if many else read.get("train_nodes", read["nodes"])
    assert targets is not None
    return Graph(
        read["nodes"], read["edges"], read.get("features", 128.0), read.get("edge_features", 0.0), targets, many
    )


def _on_distances(machine: Machine) -> bool:
    workload = machine.design.workload
    assert workload is not None
    if workload.model is None or not graph_costs.known(workload.model):
        return False
    return bool(graph_costs.coefficients(workload.model).get("distance_graph"))


def _network(machine: Machine, graph: Graph) -> Network | None:
    workload = machine.design.workload
    assert workload is not None
    facts: dict[str, Any] = {}
    name = workload.model
    if name is not None:
        try:
            component = machine.catalogue.model(name)
        except UnknownComponent as error:
            machine.missing("workload.model", str(error))
            return None
        facts = dict(component.facts)
        name = component.id
    if name is None:
        machine.missing("workload.model", "which graph network? name one: gcn, graphsage, gat, edge-gnn …")
        return None
    if not graph_costs.known(name):
        machine.missing("workload.model", f"{name} is no graph network that the model knows")
        return None
    facts.update(workload.shape)
    number = machine.figures.number
    layers = round(float(workload.layers or facts.get("layers", 2)))
    hidden = number("workload.hidden", float(workload.hidden or facts.get("hidden", 256)))
    heads = number("workload.heads", float(workload.heads or facts.get("heads") or 1))
    costs = graph_costs.coefficients(name)
    updates = workload.updates_edges
    if updates is None:
        updates = bool(facts.get("edge_update", False) or costs.get("updates_edges", False))
    fanout = _fanout(machine, facts, layers, graph)
    wide = hidden * heads if name in ("gat", "gatv2") else hidden
    parameters = layers * float(costs.get("n_io", 4)) / 2.0 * wide * wide
    parameters = parameters + layers * (float(costs.get("e_oo", 0)) + float(costs.get("e_io", 0))) / 2.0 * wide * wide
    if "params_m" in facts:
        parameters = float(facts["params_m"]) * 1e6
    relations = float(facts.get("relations", 1))
    return Network(name, layers, wide, heads, relations, fanout, updates, bool(costs.get("forces")), parameters)


def _fanout(machine: Machine, facts: dict[str, Any], layers: int, graph: Graph) -> tuple[Number, ...]:
    workload = machine.design.workload
    assert workload is not None
    given = workload.fanout
    if graph.many or given == "full":
        return ()
    if isinstance(given, str):
        try:
            given = tuple(float(part) for part in given.replace("-", ",").split(","))
        except ValueError:
            machine.warn("workload.fanout", f'fanout = "{given}" is no list of numbers nor "full": whole graph taken')
            return ()
    if given is None and workload.global_batch is None and workload.batch is None and workload.mode is None:
        return ()
    if given is None:
        given = facts.get("fanout") or ([15.0, 10.0, 5.0, *([5.0] * layers)])[:layers]
        machine.figures.assume(f"fan-out not given: {', '.join(f'{f:g}' for f in given)} taken", moves=True)
    return tuple(machine.figures.number(f"workload.fanout.{n}", float(f)) for n, f in enumerate(given))


def _batch(machine: Machine, pool: Pool, graph: Graph, network: Network, share: Number) -> Number:
    """Targets (nodes or graphs) of one step over the whole pool."""
    workload = machine.design.workload
    assert workload is not None
    if workload.global_batch is not None:
        return machine.figures.number("workload.global_batch", workload.global_batch) * share
    if workload.batch is not None:
        return machine.figures.number("workload.batch", workload.batch) * pool.all_chips
    if workload.mode == "single-stream":
        return 1.0
    if not network.fanout and not graph.many:
        return graph.targets * share
    machine.figures.assume("batch not given: 1024 targets a chip taken", moves=True)
    return 1024.0 * pool.all_chips


def _blocks(machine: Machine, graph: Graph, network: Network, each: Number, keys: tuple[str, ...]) -> list[Block]:
    """Blocks of one chip's part of a step, input side first."""
    if graph.many:
        return graph_sampling.whole(each * graph.nodes, each * graph.edges, network.layers)
    if not network.fanout:
        part = each / graph.targets
        return graph_sampling.whole(graph.nodes * part, graph.edges * part, network.layers)
    spread = fitted(machine.figures, FILE, ("graph",), "spread_share")
    return graph_sampling.sampled(each, network.fanout, graph.nodes, graph.edges, spread)[::-1]


def _layers(graph: Graph, network: Network, blocks: list[Block]) -> list[Layer]:
    triplets = maximum(graph.edges / maximum(graph.nodes, 1.0) - 1.0, 0.0)
    result = []
    for depth, block in enumerate(blocks):
        width_in = graph.features if depth == 0 else network.hidden
        edge_width = network.hidden if depth and network.updates_edges else graph.edge_features
        result.append(
            Layer(
                block.nodes,
                block.edges,
                width_in,
                network.hidden,
                edge_width,
                network.heads,
                network.relations,
                triplets,
                block.sources,
            )  # fmt: skip
        )
    return result


def _lower_pool(machine: Machine, job: Job, pool: Pool, graph: Graph, network: Network, share: Number) -> None:
    workload = machine.design.workload
    assert workload is not None
    figures, chip = machine.figures, pool.chip
    keys = (chip.generation, chip.kind)
    training = workload.kind.endswith("training")
    precision = workload.precision or ("fp32" if training else "fp16")
    peak = peaks.peak(figures, chip, precision)
    if peak is None or chip.memory_bandwidth is None:
        what = "memory bandwidth" if peak is not None else "rate of arithmetic"
        machine.missing(pool.owner, f"{chip.id}: no {what} known; override it (with.chip.…)")
        return
    element = peaks.number_bytes(precision)
    batch = _batch(machine, pool, graph, network, share)
    chips = where(batch < pool.all_chips, 1.0, pool.all_chips)
    each = batch / chips
    blocks = _blocks(machine, graph, network, each, keys)
    costs = [graph_costs.layer_cost(network.kind, layer, element, network.updates_edges)
             for layer in _layers(graph, network, blocks)]  # fmt: skip
    passes = (3.0 if training else 1.0) * (2.0 if network.forces and not training else 1.0)
    parts = _step_parts(machine, pool, network, costs, passes, peak, keys, training)
    if network.fanout:
        parts = [*_sample_parts(machine, pool, graph, blocks, keys), *_gather_parts(machine, pool, graph, blocks, element),
                 *parts]  # fmt: skip
    elif not graph.many:
        parts += _halo_parts(machine, job, pool, graph, network, chips, element, training, batch)
    if training:
        parts += _gradient_parts(machine, job, pool, network, batch)
    step = Step(pool.owner, batch, _pipelined(machine, parts), share=share)
    job.steps.append(step)
    _describe(machine, job, pool, graph, network, blocks, costs, element, training)
    _stage_seconds(machine, job, graph, network, step, parts)
    flop: Number = 0.0
    for cost in costs:
        flop = flop + cost.flop
    job.model_flop_per_unit = flop * passes / each
    total = peak.value * pool.all_chips
    job.peak_flop_per_s = total if job.peak_flop_per_s is None else job.peak_flop_per_s + total
    if not training:
        job.latency.seconds = step.seconds()
    if graph.many:
        job.inputs.append(Input(pool.name, share, "graph", graph.nodes * graph.features * 4.0))


def _step_parts(
    machine: Machine, pool: Pool, network: Network, costs: list[Cost], passes: float, peak: peaks.Peak,
    keys: tuple[str, ...], training: bool,
) -> list[Part]:  # fmt: skip
    """Roofline per layer: dense work, streams, and gathers that move whole cache lines for each row."""
    figures, chip = machine.figures, pool.chip
    assert chip.memory_bandwidth is not None
    dense = fitted(figures, FILE, keys, "matrix_efficiency")
    streaming = fitted(figures, FILE, keys, "stream_share")
    irregular = fitted(figures, FILE, keys, "gather_share")
    compute: Number = 0.0
    stream: Number = 0.0
    gather: Number = 0.0
    for cost in costs:
        lines = maximum(1.0, CACHE_LINE / cost.row_bytes)
        compute = compute + cost.flop * passes / (peak.value * dense)
        stream = stream + (cost.stream_bytes + 2.0 * cost.edge_state_bytes) * passes / (
            chip.memory_bandwidth * streaming
        )
        missed = _missed(machine, pool, cost)
        gather = gather + cost.gather_bytes * missed * lines * passes / (chip.memory_bandwidth * irregular)
    memory = stream + gather
    # of the two sides of the roofline the longer one is exposed, in proportion to its parts
    bound = where(memory > compute, 1.0, 0.0)
    overhead = fitted(figures, FILE, keys, "layer_seconds", "s") * network.layers * (3.0 if training else 1.0)
    overhead = overhead * (2.0 if network.forces else 1.0)
    name = next(n for n in figures.read if n.startswith(f"fitted.{FILE}.") and n.endswith("layer_seconds"))
    path = f"{chip.path}.memory_bandwidth"
    return [
        Part("dense work", peak.path, "matrix engine", compute * (1.0 - bound), compute, equation="FLOP / (peak × share)"),
        Part("features streamed", path, "memory bandwidth", stream * bound, stream, MEMORY, "bytes / (bandwidth × share)"),
        Part("neighbours gathered", path, "irregular memory access", gather * bound, gather, MEMORY,
             "edges × row bytes × cache lines / (bandwidth × gather share)"),
        Part("launch", name, "kernel launches", overhead, overhead, OVERHEAD, "layers × fixed time"),
    ]  # fmt: skip


def _missed(machine: Machine, pool: Pool, cost: Cost) -> Number:
    """Share of a layer's gathers that main memory serves, a cache hit costing a share of a miss.

    The rows that fit the last-level cache are hit as often as they are drawn. A chip whose memory is
    its SRAM has that bandwidth already.
    """
    if pool.chip.cache_bytes is None or pool.chip.kind == "ipu":
        return 1.0
    hit = minimum(pool.chip.cache_bytes / maximum(cost.rows_bytes, 1.0), 1.0)
    return 1.0 - hit * (1.0 - float(table(FILE)["cache"]["cost_of_hit"]))


def _structure_fits(pool: Pool, graph: Graph) -> bool:
    chip = pool.chip
    return chip.memory_bytes is not None and every(graph.edges * INDEX + graph.nodes * INDEX <= chip.memory_bytes * 0.6)


INDEX = graph_costs.INDEX_BYTES


def _sampler(machine: Machine) -> str:
    """Where a stack samples: "chip" or "host"; stacks that the table does not name sample on the host."""
    stack = machine.design.software.framework or ""
    return str(table(FILE)["stack"].get(stack, table(FILE)["stack"]["default"]))


def _sample_parts(machine: Machine, pool: Pool, graph: Graph, blocks: list[Block], keys: tuple[str, ...]) -> list[Part]:
    figures, chip = machine.figures, pool.chip
    edges: Number = 0.0
    for block in blocks:
        edges = edges + block.edges
    on_chip = _sampler(machine) == "chip" and _structure_fits(pool, graph) and chip.kind not in HOST_KINDS
    if on_chip:
        assert chip.memory_bandwidth is not None
        share = fitted(figures, FILE, keys, "sample_share")
        seconds = edges * CACHE_LINE / (chip.memory_bandwidth * share)
        return [Part("sample", f"{chip.path}.memory_bandwidth", "sampling on the chip", seconds, seconds, MEMORY,
                     "edges × cache line / (bandwidth × sample share)")]  # fmt: skip
    rate = fitted(figures, FILE, ("host",), "edges_per_core_second")
    cores = minimum(pool.host.cores / pool.chips, float(table(FILE)["sampler"]["cores_per_chip"]))
    seconds = edges / (cores * rate)
    return [Part("sample", f"{pool.host.path}.cores", "host cores (sampling)", seconds, seconds, OVERHEAD,
                 "edges / (cores × edges a core and second)")]  # fmt: skip


def _gather_parts(machine: Machine, pool: Pool, graph: Graph, blocks: list[Block], element: float) -> list[Part]:
    """Input rows of the distinct nodes of a batch, from where the features live."""
    figures, chip = machine.figures, pool.chip
    row = graph.features * 4.0 if element >= 4 else graph.features * element
    needed = blocks[0].sources * row
    everything = graph.nodes * row
    assert chip.memory_bandwidth is not None
    own = 0.0 if chip.memory_bytes is None else chip.memory_bytes * 0.6
    cached = _sampler(machine) == "chip"
    inside = minimum(own / maximum(everything, 1.0), 1.0)
    # degrees are skewed: a cache of the busiest nodes serves more than its share
    inside = (
        power(inside, fitted(figures, FILE, ("graph",), "cache_skew")) if cached else where(inside >= 1.0, 1.0, 0.0)
    )
    share = fitted(figures, FILE, (chip.generation, chip.kind), "gather_share")
    local = needed * inside / (chip.memory_bandwidth * share)
    parts = [Part("gather", f"{chip.path}.memory_bandwidth", "irregular memory access", local, local, MEMORY,
                  "rows in the chip's memory / (bandwidth × gather share)")]  # fmt: skip
    if chip.kind in HOST_KINDS or every(inside >= 1.0):
        return parts
    link = chip.host_link
    if link is None:
        link = figures.figure(f"{chip.path}.host_link", 32e9, "B/s", "assumed", "PCIe 4 x16")
    half = fitted(figures, FILE, ("host",), "half_row_bytes", "B")
    reach = fitted(figures, FILE, ("host",), "link_share" if cached else "copied_share")
    seconds = needed * (1.0 - inside) / (link * reach * row / (row + half))
    parts.append(Part("gather from host memory", f"{chip.path}.host_link", "host link", seconds, seconds, MEMORY,
                      "rows / (host link × share × row/(row + half row))"))  # fmt: skip
    return parts


def _pipelined(machine: Machine, parts: list[Part]) -> list[Part]:
    """Stages as they add up in one step: stacks that prefetch hide sampling and gathering behind the step."""
    overlap = table(FILE)["overlap"]
    if not overlap.get(machine.design.software.framework or "", overlap["default"]):
        return parts
    before = [p for p in parts if p.name.startswith(("sample", "gather"))]
    work: Number = 0.0
    for part in parts:
        if part not in before:
            work = work + part.seconds
    ahead: Number = 0.0
    for part in before:
        ahead = ahead + part.seconds
    shown = maximum(ahead - work, 0.0) / maximum(ahead, 1e-30)
    return [
        Part(p.name, p.resource, p.kind, p.seconds * shown if p in before else p.seconds, p.alone, p.nature, p.equation)
        for p in parts
    ]


def _halo_parts(
    machine: Machine, job: Job, pool: Pool, graph: Graph, network: Network, chips: Number, element: float,
    training: bool, batch: Number,
) -> list[Part]:  # fmt: skip
    """A graph spread over chips: distinct remote nodes a layer, and edge states across cuts when updated."""
    whole = group(machine, pool, chips)
    lane = collectives.cause(whole, "all-to-all")
    nodes = where(chips > 1.0, graph_sampling.halo(graph.nodes, graph.edges / chips, maximum(chips, 1.0001)), 0.0)
    sent = nodes * network.hidden * element * network.layers
    if network.updates_edges:
        cut = graph.edges / chips * (1.0 - 1.0 / maximum(chips, 1.0))
        sent = sent + cut * network.hidden * element * network.layers
    sent = sent * (3.0 if training else 1.0)
    seconds = where(chips > 1.0, collectives.seconds("all-to-all", sent, whole), 0.0)
    job.traffic.append(Traffic("halo", pool.name, pool.name, sent * chips / batch, "halo"))
    return [Part("halo exchange", lane.resource, lane.kind, seconds, seconds, COMMUNICATION,
                 "layers × distinct remote nodes × width (+ cut edges × width when edges are updated)")]  # fmt: skip


def _gradient_parts(machine: Machine, job: Job, pool: Pool, network: Network, batch: Number) -> list[Part]:
    whole = group(machine, pool, pool.all_chips)
    lane = collectives.cause(whole)
    seconds = where(pool.all_chips > 1.0, collectives.seconds("all-reduce", network.parameters * 4.0, whole), 0.0)
    job.traffic.append(
        Traffic("gradients", pool.name, pool.name, 2.0 * network.parameters * 4.0 * pool.all_chips / batch, "gradients")
    )
    return [
        Part("gradients", lane.resource, lane.kind, seconds, seconds, COMMUNICATION, "all-reduce of the parameters")
    ]


def _describe(
    machine: Machine, job: Job, pool: Pool, graph: Graph, network: Network, blocks: list[Block], costs: list[Cost],
    element: float, training: bool,
) -> None:  # fmt: skip
    chip = pool.chip
    kept: Number = 0.0
    widest: Number = 0.0
    for block, cost in zip(blocks, costs, strict=True):
        rows = block.nodes * network.hidden * element + cost.edge_state_bytes
        kept = kept + rows
        widest = maximum(widest, rows)
    state = network.parameters * (16.0 if training else element)
    inputs = blocks[0].sources * graph.features * element + blocks[0].edges * (graph.edge_features * element + INDEX)
    parts: list[tuple[str, Number]] = [
        ("features of the batch", inputs),
        ("activations", kept if training else 2.0 * widest),
        ("parameters and state", state),
    ]
    if chip.memory_bytes is not None:
        needed: Number = 0.0
        for _, size in parts:
            needed = needed + size
        job.memory.append(Memory(pool.owner, needed, chip.memory_bytes, parts))
    job.plan["spread"] = (
        "sampled batches, one a chip"
        if network.fanout
        else ("whole graphs, batched" if graph.many else "one graph, a part on each chip")
    )
    if training:
        job.save = Save(network.parameters * 12.0, pool.name)


def _stage_seconds(machine: Machine, job: Job, graph: Graph, network: Network, step: Step, parts: list[Part]) -> None:
    """Seconds of each stage for one pass over the targets, as artefacts print them."""
    steps = graph.targets / step.units
    totals: dict[str, Number] = {"sample": 0.0, "gather": 0.0, "step": 0.0}
    for part in parts:
        stage = part.name.split(" ")[0]
        stage = stage if stage in totals else "step"
        totals[stage] = totals[stage] + part.alone if stage != "step" else totals[stage] + part.seconds
    for stage, seconds in totals.items():
        job.metrics[f"stage_seconds.{stage}"] = seconds * steps
