"""Transformer inference: a prefill bound by arithmetic, decode steps bound by memory, and queues of both.

Equations and sources: design notes in model.md, sections 3, 10 and 11. The rate counts output tokens
(in mode prefill: prompt tokens) of the whole design.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, every, first, maximum, minimum, where
from infralab.models.design import Plan, Workload
from infralab.models.job import COMMUNICATION, COMPUTE, MEMORY, OVERHEAD, Job, Memory, Part, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.workloads.inference.formats import Formats, formats
from infralab.models.workloads.inference.layout import (
    Layout,
    Room,
    cache_bytes,
    candidates,
    fixes_degrees,
    planned,
    room,
    sharing_experts,
    spread_experts,
)
from infralab.models.workloads.inference.passes import Engine, Pass, engine
from infralab.models.workloads.inference.serving import (
    Lengths,
    Service,
    closed_loop,
    disaggregated,
    open_stream,
    static_batch,
)
from infralab.models.workloads.inference.stack import Stack, stack
from infralab.models.workloads.transformer import Shape, shape

DEFAULT_PROMPT = 1024.0
DEFAULT_OUTPUT = 256.0
WORTH_SPREADING = 1.4  # engines slice experts unless spreading them over ranks gains much


@dataclass(slots=True)
class Server:
    """One pool ready to serve: its replica, room for sequences and how many of them fit."""

    pool: Pool
    engine: Engine
    room: Room
    slots: Number  # sequences in flight on one replica

    @property
    def replicas(self) -> Number:
        return self.engine.layout.replicas


def lower(machine: Machine) -> Job:
    """What the drawn pools ask and deliver when they serve the workload's model."""
    job = Job(unit="tokens/s")
    workload = machine.design.workload
    assert workload is not None
    model = shape(machine)
    if model is None:
        return job
    lengths = _lengths(machine, workload)
    ahead = [pool for pool in machine.pools.values() if "prefill" in pool.box.runs]
    behind = [pool for pool in machine.pools.values() if "decode" in pool.box.runs]
    if ahead and behind:
        return _two_pools(machine, job, workload, model, lengths, ahead[0], behind[0])
    pools = machine.steppers("decode" if behind else "prefill" if ahead else "step")
    if not pools:
        machine.missing("workload", "nothing is drawn that could run the model: add a server or a chip")
        return job
    if len(pools) > 1:
        machine.warn(pools[1].owner, f"{pools[1].name} is left out: the model is served from {pools[0].name}")
    pool = pools[0]
    server = _server(machine, pool, machine.design.plan, "plan", workload, model, lengths)
    if server is None:
        return job
    _note_memory(machine, job, server, lengths)
    _describe(job, server)
    service = _service(machine, workload, server, lengths, job)
    _account(job, workload, server, service, lengths)
    return job


def _lengths(machine: Machine, workload: Workload) -> Lengths:
    figures = machine.figures

    def read(name: str, value: float | None, default: float) -> Number:
        if value is None:
            figures.assume(f"{name} not given, taken as {default:g} tokens")
        return figures.number(f"workload.{name}", default if value is None else value)

    decode = workload.mode == "decode"
    prompt = read("input_length", workload.input_length, DEFAULT_PROMPT)
    if workload.mode == "prefill":
        return Lengths(prompt, figures.number("workload.output_length", workload.output_length or 1.0))
    if decode and workload.output_length is None:
        return Lengths(prompt, 0.0)
    return Lengths(prompt, read("output_length", workload.output_length, DEFAULT_OUTPUT))


def _server(
    machine: Machine, pool: Pool, plan: Plan, path: str, workload: Workload, model: Shape, lengths: Lengths
) -> Server | None:
    numbers = formats(machine, pool, workload)
    if numbers is None:
        return None
    constants = stack(machine, pool, numbers)

    def server(layout: Layout) -> Server:
        space = room(machine, pool, model, numbers, constants, layout)
        if not space.fits:
            shared = sharing_experts(layout, model)
            if shared is not layout:
                layout, space = shared, room(machine, pool, model, numbers, constants, shared)
        kept = cache_bytes(model, numbers, layout, lengths.context)
        slots = minimum(space.sequences(kept) * 1.0, constants.batch_limit)
        return Server(pool, engine(machine, pool, model, numbers, constants, layout), space, slots)

    if fixes_degrees(plan):
        usual, *others = (server(l) for l in spread_experts(planned(machine, pool, plan, path, model), plan, model))
        return _best([usual, *others], workload, lengths, worth=WORTH_SPREADING)
    return _best([server(c) for c in candidates(machine, pool, plan, path, model)], workload, lengths)


def _best(servers: list[Server], workload: Workload, lengths: Lengths, worth: float = 1.0) -> Server:
    """Of the layouts that fit, the one that serves most (or answers soonest, asked one at a time).

    The first is kept unless another is `worth` times as good.
    """
    fitting = [s for s in servers if s.room.fits] or servers[-1:]
    if len(fitting) == 1:
        return fitting[0]
    alone = workload.mode == "single-stream"

    def merit(server: Server) -> float:
        batch = _largest(server)
        if workload.batch is not None:
            batch = minimum(batch, workload.batch)
        elif workload.concurrency is not None:
            batch = minimum(batch, maximum(workload.concurrency / server.replicas, 1.0))
        if alone:
            return -first(server.engine.decode(1.0, lengths.context).total())
        served = closed_loop(server.engine, lengths, batch, server.slots, burst=False)
        busy = server.replicas
        if workload.concurrency is not None:
            busy = minimum(busy, maximum(workload.concurrency, 1.0))
        return first(busy * batch * maximum(lengths.output, 1.0) / served.cycle)

    found = max(fitting, key=merit)
    kept = alone or merit(found) < worth * merit(fitting[0])
    return fitting[0] if worth > 1.0 and kept else found


def _service(machine: Machine, workload: Workload, server: Server, lengths: Lengths, job: Job) -> Service:
    """The steady state of one replica under the workload's kind of load."""
    figures = machine.figures
    replicas = server.replicas
    if workload.mode == "prefill":
        prompts = figures.number("workload.batch", workload.batch or 1.0)
        return static_batch(server.engine, lengths, prompts)
    batch = _batch(machine, workload, replicas)
    if workload.mode == "decode":
        return static_batch(server.engine, lengths, server.slots if batch is None else batch)
    if workload.batch is not None and batch is not None:
        return static_batch(server.engine, lengths, batch)
    if workload.requests_per_second is not None:
        rate = figures.number("workload.requests_per_second", workload.requests_per_second)
        job.offered_rate = rate * lengths.output
        return open_stream(server.engine, lengths, rate / replicas, server.slots)
    if batch is not None:
        burst = workload.mode == "offline"
        return closed_loop(server.engine, lengths, batch, server.slots, burst=burst)
    if workload.mode == "single-stream":
        return static_batch(server.engine, lengths, 1.0)
    largest = _largest(server)
    figures.assume(
        f"batch not given: the largest that fits, {first(largest):g} sequences a replica", moves=False
    )
    return closed_loop(server.engine, lengths, largest, largest, burst=True)


def _largest(server: Server) -> Number:
    """Sequences of the largest batch: an engine's limit holds for all ranks that share its experts."""
    constants, layout = server.engine.stack, server.engine.layout
    return maximum(minimum(server.slots, constants.batch_limit / layout.expert_ranks), 1.0)


def _batch(machine: Machine, workload: Workload, replicas: Number) -> Number | None:
    """Sequences asked of one replica; None where the design leaves it open."""
    if workload.batch is not None:
        return machine.figures.number("workload.batch", workload.batch)
    if workload.concurrency is not None:
        return maximum(machine.figures.number("workload.concurrency", workload.concurrency) / replicas, 1.0)
    return None


def _note_memory(machine: Machine, job: Job, server: Server, lengths: Lengths) -> None:
    space, layout = server.room, server.engine.layout
    model, numbers = server.engine.shape, server.engine.formats
    workload = machine.design.workload
    assert workload is not None
    wanted = _batch(machine, workload, layout.replicas)
    held = server.slots if wanted is None else wanted
    longest = lengths.prompt + lengths.output
    if workload.batch is None:
        # sequences in flight are at all stages: the cache is as full as halfway through one of them
        held, longest = minimum(held, server.slots), lengths.context
    cache = held * cache_bytes(model, numbers, layout, longest)
    job.memory.append(
        Memory(
            server.pool.owner,
            space.weights + cache,
            space.memory,
            [("weights", space.weights), ("keys and values", cache)],
        )
    )
    job.metrics["memory_per_chip"] = space.weights + cache


def _describe(job: Job, server: Server, prefix: str = "") -> None:
    layout = server.engine.layout
    job.plan[f"{prefix}tensor"] = layout.tensor
    job.plan[f"{prefix}pipeline"] = layout.pipeline
    job.plan[f"{prefix}data"] = layout.replicas
    if any_of(server.engine.shape.moe_layers > 0.0):
        job.plan[f"{prefix}expert"] = maximum(layout.expert, layout.expert_chips)
    job.plan_found = job.plan_found or layout.found


def _account(job: Job, workload: Workload, server: Server, service: Service, lengths: Lengths) -> None:
    """Steps, metrics and FLOP of one pool that does both phases."""
    pool, model = server.pool, server.engine.shape
    chips = pool.all_chips
    busy = server.replicas
    if workload.concurrency is not None:
        busy = minimum(busy, maximum(workload.concurrency, 1.0))
    numbers = server.engine.formats
    job.peak_flop_per_s = numbers.peak * chips
    if workload.mode == "prefill":
        tokens = service.batch * lengths.prompt
        parts = _parts(server, service.prefill.times(service.batch), "prefill")
        job.steps.append(Step(pool.owner, tokens, parts, busy, name="prefill"))
        job.model_flop_per_unit = _prompt_flop(model, lengths) / maximum(lengths.prompt, 1.0)
        job.metrics["prefill_tokens_per_second"] = tokens * busy / service.prefill.times(service.batch).total()
        job.metrics["time_to_first_token"] = service.first_token
        job.metrics["latency"] = service.first_token
        job.latency.time_to_first_token = service.first_token
        job.latency.seconds = service.first_token
        return
    output = maximum(lengths.output, 1.0)
    decode_only = workload.mode == "decode"
    steps = 1.0 if decode_only else output
    parts = _parts(server, service.step.times(steps), "decode")
    if not decode_only:
        parts += _parts(server, service.prefill.times(service.batch), "prefill")
        parts.append(_waiting(server, service, steps))
    job.steps.append(Step(pool.owner, service.batch * steps, parts, busy, name="serve"))
    prompt = 0.0 if decode_only else _prompt_flop(model, lengths) / output
    job.model_flop_per_unit = 2.0 * model.active_parameters + model.attention_flop(1.0, lengths.context) + prompt
    job.latency.time_per_output_token = service.each_token
    job.metrics["time_per_output_token"] = service.each_token
    if decode_only:
        return
    job.latency.time_to_first_token = service.first_token
    job.latency.seconds = service.latency
    job.metrics["time_to_first_token"] = service.first_token
    job.metrics["latency"] = service.latency
    alone = service.prefill.total()
    job.metrics["prefill_tokens_per_second"] = lengths.prompt * server.replicas / maximum(alone, 1e-12)


def _prompt_flop(model: Shape, lengths: Lengths) -> Number:
    return 2.0 * model.active_layer_parameters * lengths.prompt + model.attention_flop(
        lengths.prompt, lengths.prompt
    )


def _waiting(server: Server, service: Service, steps: Number) -> Part:
    """What the cycle holds besides passes: requests coming and going."""
    busy = service.step.total() * steps + service.prefill.total() * service.batch
    idle = maximum(service.cycle - service.queued - busy, 0.0)
    return Part("request handling", server.engine.stack.overhead_path, "software", idle, idle, OVERHEAD, "fixed")


def _parts(server: Server, one: Pass, phase: str) -> list[Part]:
    """A pass as parts, each under the figure that sets it."""
    constants = server.engine.stack
    lane = server.engine.network_path()
    memory, matrix = constants.memory_path, constants.matmul_path
    chip = "memory bandwidth"
    rows = (
        ("weights", memory, chip, one.weights, one.weights_alone, MEMORY, "bytes touched / bandwidth"),
        ("keys and values", memory, chip, one.cache, one.cache_alone, MEMORY, "cache bytes / bandwidth"),
        ("activations", memory, chip, one.activations, one.activations, MEMORY, "passes · n·h·bytes / bandwidth"),
        ("matrix products", matrix, "matrix engine", one.matmul, one.matmul_alone, COMPUTE, "2·N·n / peak"),
        ("attention", matrix, "matrix engine", one.attention, one.attention_alone, COMPUTE, "4·s·a·d·n / peak"),
        (
            "collectives",
            lane.resource,
            lane.kind,
            one.collectives,
            one.collectives,
            COMMUNICATION,
            "2 per layer: latency + bytes / bandwidth",
        ),
        (
            "layer overhead",
            constants.overhead_path,
            "software",
            one.overhead,
            one.overhead,
            OVERHEAD,
            "c · layers + step",
        ),
        ("pipeline bubble", "plan.pipeline", "pipeline bubble", one.bubble, one.bubble, OVERHEAD, "(p−1)/p"),
    )
    return [
        Part(f"{phase}: {name}", path, kind, exposed, alone, nature, text)
        for name, path, kind, exposed, alone, nature, text in rows
        if any_of(alone > 0.0)
    ]


def _two_pools(
    machine: Machine,
    job: Job,
    workload: Workload,
    model: Shape,
    lengths: Lengths,
    ahead: Pool,
    behind: Pool,
) -> Job:
    """Disaggregated serving: prompts on one pool, output tokens on another, caches over the wires."""
    plan = machine.design.plan
    one = _server(machine, ahead, plan.prefill or Plan(), "plan.prefill", workload, model, lengths)
    two = _server(machine, behind, plan.decode or Plan(), "plan.decode", workload, model, lengths)
    if one is None or two is None:
        return job
    for server, prefix in ((one, "prefill."), (two, "decode.")):
        _note_memory(machine, job, server, lengths)
        _describe(job, server, prefix)
    moved = model.kv_bytes(lengths.prompt, one.engine.formats.kv_bytes)
    transfer = moved / minimum(_way_out(machine, one), _way_out(machine, two))
    asked = _clients(machine, workload, two, lengths, one)
    pools = disaggregated(one.engine, two.engine, lengths, asked, two.slots, transfer)
    output = maximum(lengths.output, 1.0)
    job.steps.append(
        Step(one.pool.owner, output, _parts(one, pools.prefill.prefill, "prefill"), one.replicas, name="prefill")
    )
    batch = pools.decode.batch
    job.steps.append(
        Step(two.pool.owner, batch, _parts(two, pools.decode.step, "decode"), two.replicas, name="decode")
    )
    job.offered_rate = pools.requests_per_second * output
    job.traffic.append(Traffic("cache handover", ahead.name, behind.name, moved / output, "cache"))
    job.peak_flop_per_s = one.engine.formats.peak * ahead.all_chips + two.engine.formats.peak * behind.all_chips
    job.model_flop_per_unit = 2.0 * model.active_parameters + _prompt_flop(model, lengths) / output
    job.latency.time_to_first_token = pools.first_token
    job.latency.time_per_output_token = pools.each_token
    job.latency.seconds = pools.first_token + output * pools.each_token
    job.metrics["time_to_first_token"] = pools.first_token
    job.metrics["time_per_output_token"] = pools.each_token
    job.metrics["latency"] = job.latency.seconds
    return job


def _clients(machine: Machine, workload: Workload, two: Server, lengths: Lengths, one: Server) -> Number:
    """Requests in the whole loop: as asked, or as many as the decode pool holds."""
    if workload.concurrency is not None:
        return machine.figures.number("workload.concurrency", workload.concurrency)
    if workload.batch is not None:
        return machine.figures.number("workload.batch", workload.batch) * two.replicas
    if workload.requests_per_second is not None:
        # as many as keep that rate: arrivals × time in the system (Little)
        rate = machine.figures.number("workload.requests_per_second", workload.requests_per_second)
        step = two.engine.decode(maximum(two.slots / 4.0, 1.0), lengths.context).total()
        alone = one.engine.prefill(lengths.prompt, 1.0, lengths.prompt, alone=True).total()
        return maximum(rate * (alone + lengths.output * step), 1.0)
    if workload.mode == "single-stream":
        return 1.0
    machine.figures.assume("batch not given: as many sequences as the decode pool holds", moves=False)
    return two.slots * two.replicas


def _way_out(machine: Machine, server: Server) -> Number:
    """Bytes/s that one replica has towards the drawn network; unlimited where nothing is drawn."""
    pool = server.pool
    total: Number = 0.0
    for link in machine.links_of(pool.name):
        total = total + link.each
    if not any_of(total > 0.0):
        return float("inf")
    used = minimum(server.engine.layout.tensor * server.engine.layout.pipeline / pool.chips, 1e9)
    return where(total > 0.0, total * maximum(used, 1e-9), 1e30)


def fits(server: Server) -> bool:
    """Whether the weights leave room for a sequence in every variant."""
    return every(server.room.weights <= server.room.capacity)
