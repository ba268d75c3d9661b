"""Graph networks: sample, gather, step; edge features, irregular gathers, one device or many.

Sampling draws neighbours on host cores, or on the chip when the graph's structure fits there.
Gathering brings the features of the distinct nodes of a batch: from the chip's memory while they fit
(one copy a chip, or sharded over the pool), else from host memory over the host link at a share that
falls with the row's size. The step is a roofline per layer with gathers at irregular-access
efficiency. A graph spread over several chips sends halo nodes each layer, and edge states across cuts
when edges are updated (model.md, 8).
"""

from __future__ import annotations

from dataclasses import replace

from infralab.models.arithmetic import Number, first, maximum, minimum, where
from infralab.models.constants import assumed, fitted, table
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics import collectives, peaks
from infralab.models.physics.room import CACHE_LINE_BYTES
from infralab.models.workloads import graph_costs, graph_sampling, graph_stages
from infralab.models.workloads.graph_costs import Cost, Layer
from infralab.models.workloads.graph_sampling import Block
from infralab.models.workloads.graph_shape import FILE, Graph, Network, read_graph, read_network


def lower(machine: Machine) -> Job:
    """The job of one training step or inference batch of a graph network."""
    workload = machine.design.workload
    assert workload is not None
    pools = machine.steppers()
    job = Job(unit="nodes/s")
    if not pools:
        machine.missing("workload", "nothing computes yet: drag a compute node in")
        return job
    graph = read_graph(machine)
    network = None if graph is None else read_network(machine, graph)
    if graph is None or network is None:
        return job
    if workload.fanout is not None and graph_stages.stack_of(machine).inputs_first:
        network = replace(network, fanout=network.fanout[::-1])
    # nodes without features of their own carry a learned row
    graph = replace(graph, features=where(graph.features > 0.0, graph.features, network.hidden))
    job.unit = "samples/s" if graph.many else "nodes/s"
    total: Number = 0.0
    for pool in pools:
        total = total + pool.all_chips
    for pool in pools:
        _lower_pool(machine, job, pool, graph, network, pool.all_chips / total)
    if workload.kind.endswith("training"):
        job.metrics["samples_per_epoch"] = graph.targets
    return job


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
    each = assumed("graph.targets")
    machine.figures.assume(f"batch not given: {each:g} targets a chip taken", moves=True)
    return each * pool.all_chips


def _blocks(machine: Machine, graph: Graph, network: Network, each: Number, keys: tuple[str, ...]) -> list[Block]:
    """Blocks of one chip's part of a step, input side first."""
    if graph.many:
        return graph_sampling.whole(each * graph.nodes, each * graph.edges, network.layers)
    if not network.fanout:
        part = each / graph.targets
        return graph_sampling.whole(graph.nodes * part, graph.edges * part, network.layers)
    spread = fitted(machine.figures, FILE, ("graph",), "spread_share")
    tail = fitted(machine.figures, FILE, ("graph",), "degree_tail")
    return graph_sampling.sampled(each, network.fanout, graph.nodes, graph.edges, spread, tail)[::-1]


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
            )
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
        bandwidth = f"{chip.id} has no memory bandwidth on record; give with.chip.memory_bandwidth"
        machine.missing(pool.owner, peaks.not_known(chip, precision) if peak is None else bandwidth)
        return
    element = peaks.number_bytes(precision)
    batch = _batch(machine, pool, graph, network, share)
    chips = where(batch < pool.all_chips, 1.0, pool.all_chips)
    each = batch / chips
    blocks = _blocks(machine, graph, network, each, keys)
    costs = [graph_costs.layer_cost(network.kind, layer, element, network.updates_edges)
             for layer in _layers(graph, network, blocks)]  # fmt: skip
    passes = (3.0 if training else 1.0) * (2.0 if network.forces and not training else 1.0)
    parts = _step_parts(machine, pool, network, costs, passes, peak, keys, training, precision)
    stack = graph_stages.stack_of(machine)
    if training:
        parts += _gradient_parts(machine, job, pool, network, batch)
    if network.fanout:
        feed = [*graph_stages.sample_parts(machine, pool, graph, blocks, stack),
                *graph_stages.start_parts(machine, stack, graph.targets / batch, training),
                *graph_stages.gather_parts(machine, pool, graph, blocks[0].sources, element, stack)]  # fmt: skip
        parts = graph_stages.laid_out([*feed, *parts], stack, chips)
    elif graph.many and training:
        parts += graph_stages.collate_parts(machine, pool, each, _total(parts))
    elif not graph.many:
        parts += _halo_parts(machine, job, pool, graph, network, chips, element, training, batch)
    step = Step(pool.owner, batch, parts, share=share)
    job.steps.append(step)
    _describe(machine, job, pool, graph, network, blocks, costs, element, training)
    _stage_seconds(job, graph, step)
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
    keys: tuple[str, ...], training: bool, precision: str,
) -> list[Part]:  # fmt: skip
    """Roofline per layer: dense work, streams, and gathers that move whole cache lines for each row."""
    figures, chip = machine.figures, pool.chip
    assert chip.memory_bandwidth is not None
    # small products fill vector units far better than matrix engines of many times their peak
    engine = "vector_efficiency" if precision == "fp32" else "matrix_efficiency"
    dense = fitted(figures, FILE, keys, engine)
    streaming = fitted(figures, FILE, keys, "stream_share")
    irregular = fitted(figures, FILE, keys, "gather_share")
    compute: Number = 0.0
    stream: Number = 0.0
    gather: Number = 0.0
    for cost in costs:
        lines = maximum(1.0, CACHE_LINE_BYTES / cost.row_bytes)
        compute = compute + cost.flop * passes / (peak.value * dense)
        stream = stream + (cost.stream_bytes + 2.0 * cost.edge_state_bytes) * passes / (
            chip.memory_bandwidth * streaming
        )
        missed = _missed(machine, pool, cost)
        gather = gather + cost.gather_bytes * missed * lines * passes / (chip.memory_bandwidth * irregular)
    memory = stream + gather
    # of the two sides of the roofline the longer one is exposed, in proportion to its parts
    bound = where(memory > compute, 1.0, 0.0)
    kernels = graph_costs.kernels(network.kind, network.relations) * network.layers
    overhead = fitted(figures, FILE, keys, "launch_seconds", "s") * kernels * (3.0 if training else 1.0)
    overhead = overhead * (2.0 if network.forces else 1.0)
    name = next(n for n in figures.read if n.startswith(f"fitted.{FILE}.") and n.endswith("launch_seconds"))
    path = f"{chip.path}.memory_bandwidth"
    return [
        Part("dense work", peak.path, "matrix engine", compute * (1.0 - bound), compute, equation="FLOP / (peak × share)"),
        Part("features streamed", path, "memory bandwidth", stream * bound, stream, MEMORY, "bytes / (bandwidth × share)"),
        Part("neighbours gathered", path, "irregular memory access", gather * bound, gather, MEMORY,
             "edges × row bytes × cache lines / (bandwidth × gather share)"),
        Part("launch", name, "kernel launches", overhead, overhead, OVERHEAD, "layers × kernels a layer × launch time"),
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


def _halo_parts(
    machine: Machine, job: Job, pool: Pool, graph: Graph, network: Network, chips: Number, element: float,
    training: bool, batch: Number,
) -> list[Part]:  # fmt: skip
    """A graph spread over chips: distinct remote nodes a layer, and edge states across cuts when updated."""
    whole = group(machine, pool, chips)
    lane = collectives.cause(whole, "all-to-all")
    nodes = where(chips > 1.0, graph_sampling.halo(graph.nodes, graph.edges, maximum(chips, 1.0001)), 0.0)
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
    inputs = blocks[0].sources * graph.features * element + blocks[0].edges * (
        graph.edge_features * element + graph_costs.INDEX_BYTES
    )
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
    if network.fanout:
        job.plan["fan-out"] = ", ".join(f"{first(f):g}" for f in network.fanout) + " from the targets outwards"
    job.plan["spread"] = (
        "sampled batches, one a chip"
        if network.fanout
        else ("whole graphs, batched" if graph.many else "one graph, a part on each chip")
    )
    if training:
        job.save = Save(network.parameters * 12.0, pool.name)


def _total(parts: list[Part]) -> Number:
    total: Number = 0.0
    for part in parts:
        total = total + part.seconds
    return total


def _stage_seconds(job: Job, graph: Graph, step: Step) -> None:
    """Seconds of each stage for one pass over the targets, as artefacts print them."""
    steps = graph.targets / step.units
    totals: dict[str, Number] = dict.fromkeys(graph_stages.STAGES, 0.0)
    for part in step.parts:
        stage = graph_stages.stage_of(part)
        totals[stage] = totals[stage] + (part.seconds if stage == "step" else part.alone)
    for stage, seconds in totals.items():
        job.metrics[f"stage_seconds.{stage}"] = seconds * steps
