"""What a served model asks of its pool, told to the solver: steps in parts, memory, FLOP, plan, metrics."""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, maximum, minimum
from infralab.models.design import Workload
from infralab.models.job import COMMUNICATION, COMPUTE, MEMORY, OVERHEAD, Job, Memory, Part, Step, Traffic
from infralab.models.machine import Pool
from infralab.models.workloads.inference.layout import Room, cache_bytes
from infralab.models.workloads.inference.passes import Engine, Pass
from infralab.models.workloads.inference.serving import Lengths, Service
from infralab.models.workloads.transformer import Shape


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


def note_memory(
    job: Job, workload: Workload, server: Server, lengths: Lengths, wanted: Number | None
) -> None:
    """Bytes on one chip: weights, and the cache of the sequences in flight (`wanted`; None: as many as fit)."""
    space, layout = server.room, server.engine.layout
    model, numbers = server.engine.shape, server.engine.formats
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


def describe(job: Job, server: Server, prefix: str = "") -> None:
    """The layout in the words of a plan."""
    layout = server.engine.layout
    job.plan[f"{prefix}tensor"] = layout.tensor
    job.plan[f"{prefix}pipeline"] = layout.pipeline
    job.plan[f"{prefix}data"] = layout.replicas
    if any_of(server.engine.shape.moe_layers > 0.0):
        job.plan[f"{prefix}expert"] = maximum(layout.expert, layout.expert_chips)
    job.plan_found = job.plan_found or layout.found


def account(
    job: Job, workload: Workload, server: Server, service: Service, lengths: Lengths, clients: Number | None
) -> None:
    """Steps, metrics and FLOP of one pool that does both phases; fewer `clients` than replicas leave some idle."""
    pool, model = server.pool, server.engine.shape
    chips = pool.all_chips
    busy = server.replicas
    if clients is not None:
        busy = minimum(busy, maximum(clients, 1.0))
    numbers = server.engine.formats
    job.peak_flop_per_s = numbers.peak * chips
    if workload.mode == "prefill":
        tokens = service.batch * lengths.prompt
        pieces = parts(server, service.prefill.times(service.batch), "prefill")
        job.steps.append(Step(pool.owner, tokens, pieces, busy, name="prefill"))
        load_network(job, server, 1.0)
        job.model_flop_per_unit = prompt_flop(model, lengths) / maximum(lengths.prompt, 1.0)
        job.metrics["prefill_tokens_per_second"] = tokens * busy / service.prefill.times(service.batch).total()
        job.metrics["time_to_first_token"] = service.first_token
        job.metrics["latency"] = service.first_token
        job.latency.time_to_first_token = service.first_token
        job.latency.seconds = service.first_token
        return
    output = maximum(lengths.output, 1.0)
    decode_only = workload.mode == "decode"
    steps = 1.0 if decode_only else output
    pieces = parts(server, service.step.times(steps), "decode")
    if not decode_only:
        pieces += parts(server, service.prefill.times(service.batch), "prefill")
        pieces.append(_waiting(server, service, steps))
    job.steps.append(Step(pool.owner, service.batch * steps, pieces, busy, name="serve"))
    load_network(job, server, 1.0 if decode_only else 1.0 + lengths.prompt / output)
    prompt = 0.0 if decode_only else prompt_flop(model, lengths) / output
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


def load_network(job: Job, server: Server, tokens: Number) -> None:
    """Traffic of a replica that spans servers; `tokens` pass through it for each unit of the rate."""
    box = server.pool.name
    for name, sent in server.engine.leaving():
        job.traffic.append(Traffic(name, box, box, sent * tokens, name))


def prompt_flop(model: Shape, lengths: Lengths) -> Number:
    """Forward FLOP of one prompt, causal work only."""
    return 2.0 * model.active_layer_parameters * lengths.prompt + model.attention_flop(
        lengths.prompt, lengths.prompt
    )


def _waiting(server: Server, service: Service, steps: Number) -> Part:
    """What the cycle holds besides passes: requests coming and going."""
    busy = service.step.total() * steps + service.prefill.total() * service.batch
    idle = maximum(service.cycle - service.queued - busy, 0.0)
    return Part("request handling", server.engine.stack.request_path, "software", idle, idle, OVERHEAD, "fixed")


def parts(server: Server, one: Pass, phase: str) -> list[Part]:
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
            "" if lane is None else lane.resource,
            "" if lane is None else lane.kind,
            one.collectives,
            one.collectives,
            COMMUNICATION,
            "2 per layer: bytes / bandwidth",
        ),
        (
            "collective latency",
            constants.reduce_path,
            "link latency" if lane is None else f"{lane.kind} latency",
            one.latency,
            one.latency,
            COMMUNICATION,
            "2 per layer: fixed · (1 + log2 n) / 2",
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
