"""Transformer inference: a prefill bound by arithmetic, decode steps bound by memory, and queues of both.

Equations and sources: model.md, sections 3, 10 and 11. The rate counts output tokens
(in mode prefill: prompt tokens) of the whole design.
"""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of, every, first, maximum, minimum, where
from infralab.models.design import Plan, Workload
from infralab.models.job import Job, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.workloads.inference.account import (
    Server,
    account,
    describe,
    load_network,
    note_memory,
    parts,
    prompt_flop,
)
from infralab.models.workloads.inference.formats import formats
from infralab.models.workloads.inference.layout import (
    Layout,
    cache_bytes,
    candidates,
    choose,
    fixes_degrees,
    memory_of,
    planned,
    room,
    sharing_experts,
    sizes,
    spread_experts,
)
from infralab.models.workloads.inference.passes import engine
from infralab.models.workloads.inference.serving import (
    Lengths,
    Service,
    closed_loop,
    disaggregated,
    open_stream,
    prompt_cost,
    static_batch,
)
from infralab.models.workloads.inference.stack import stack
from infralab.models.workloads.transformer import Shape, shape

DEFAULT_PROMPT = 1024.0
DEFAULT_OUTPUT = 256.0


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
    note_memory(job, workload, server, lengths, _batch(machine, workload, server.replicas))
    describe(job, server)
    service = _service(machine, workload, server, lengths, job)
    clients = None if workload.concurrency is None else _concurrency(machine, workload.concurrency)
    account(job, workload, server, service, lengths, clients)
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
    """The pool with the layout that its plan fixes or that serves best; None where formats are missing."""
    counts, memory = sizes(model), memory_of(machine, pool)
    together = pool.all_chips if not plan.tensor else plan.tensor * (plan.pipeline or 1.0)
    numbers = formats(machine, pool, workload, (counts.plain + counts.routed) / (together * memory))
    if numbers is None:
        return None
    constants = stack(machine, pool, numbers)

    def server(layout: Layout) -> Server:
        space = room(memory, counts, numbers, constants, layout)
        if not space.fits:
            layout = sharing_experts(layout, model, space)
            space = room(memory, counts, numbers, constants, layout)
        kept = cache_bytes(model, numbers, layout, lengths.context)
        slots = minimum(space.sequences(kept), constants.batch_limit)
        return Server(pool, engine(machine, pool, model, counts, numbers, constants, layout), space, slots)

    if fixes_degrees(plan):
        options = [planned(machine, pool, plan, path, model)]
        # a batch given, or one request at a time, belongs to the replica that the plan spells out;
        # over their own links chips slice the experts, without any they had better spread them
        if workload.batch is None and workload.mode != "single-stream" and pool.chip.link_bandwidth is None:
            options = spread_experts(options[0], plan, model)
    else:
        open_layouts = candidates(machine, pool, plan, path, model)
        options = [option for layout in open_layouts for option in spread_experts(layout, plan, model)]
    servers = [server(option) for option in options]
    if len(servers) == 1:
        return servers[0]
    chosen = _best(servers, [_merit(machine, s, workload, lengths) for s in servers])
    same = [s for s in servers if s.engine.layout is chosen]
    return same[0] if same else server(chosen)


def _best(servers: list[Server], merits: list[Number]) -> Layout:
    """Of the layouts, in each variant the one of the greatest merit."""
    chosen, best = servers[0].engine.layout, merits[0]
    for server, merit in zip(servers[1:], merits[1:], strict=True):
        other = server.engine.layout
        better = merit > best
        if not any_of(better):
            continue
        best = where(better, merit, best)
        chosen = other if every(better) else choose(better, other, chosen)
    return chosen


def _merit(machine: Machine, server: Server, workload: Workload, lengths: Lengths) -> Number:
    """Output tokens a second, roughly (one at a time: of one request); below zero where weights don't fit."""
    replicas, space = server.replicas, server.room
    batch, busy = _largest(server), replicas
    asked = _batch(machine, workload, replicas)
    if workload.mode == "single-stream":
        batch, busy = 1.0, 1.0
    elif asked is not None:
        batch = minimum(batch, asked)
        if workload.batch is None and workload.concurrency is not None:
            busy = minimum(replicas, maximum(_concurrency(machine, workload.concurrency), 1.0))
    steps = maximum(lengths.output, 1.0)
    seconds = steps * server.engine.decode(batch, lengths.context).total()
    if workload.mode != "decode":
        seconds = seconds + batch * prompt_cost(server.engine, lengths, batch).total()
    return where(space.weights <= space.capacity, busy * batch * steps / seconds, -space.weights / space.capacity)


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
        service = open_stream(server.engine, lengths, rate / replicas, server.slots)
        if any_of(rate * service.cycle > replicas * service.batch):
            machine.warn(server.pool.owner, "more requests arrive than are served: the queue grows without end")
        return service
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
        return maximum(_concurrency(machine, workload.concurrency) / replicas, 1.0)
    return None


def _concurrency(machine: Machine, given: float) -> Number:
    return machine.figures.number("workload.concurrency", given)


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
        note_memory(job, workload, server, lengths, _batch(machine, workload, server.replicas))
        describe(job, server, prefix)
    moved = model.kv_bytes(lengths.prompt, one.engine.formats.kv_bytes)
    transfer = moved / minimum(_way_out(machine, one), _way_out(machine, two))
    asked = _clients(machine, workload, two, lengths, one)
    pools = disaggregated(one.engine, two.engine, lengths, asked, two.slots, transfer)
    output = maximum(lengths.output, 1.0)
    job.steps.append(
        Step(one.pool.owner, output, parts(one, pools.prefill.prefill, "prefill"), one.replicas, name="prefill")
    )
    batch = pools.decode.batch
    job.steps.append(
        Step(two.pool.owner, batch, parts(two, pools.decode.step, "decode"), two.replicas, name="decode")
    )
    job.offered_rate = pools.requests_per_second * output
    job.closed_loop = workload.requests_per_second is None
    if workload.requests_per_second is not None:
        arrivals = machine.figures.number("workload.requests_per_second", workload.requests_per_second)
        job.offered_rate = minimum(job.offered_rate, arrivals * output)
    job.traffic.append(Traffic("cache handover", ahead.name, behind.name, moved / output, "cache"))
    load_network(job, one, lengths.prompt / output)
    load_network(job, two, 1.0)
    job.peak_flop_per_s = one.engine.formats.peak * ahead.all_chips + two.engine.formats.peak * behind.all_chips
    job.model_flop_per_unit = 2.0 * model.active_parameters + prompt_flop(model, lengths) / output
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
        return _concurrency(machine, workload.concurrency)
    if workload.batch is not None:
        return machine.figures.number("workload.batch", workload.batch) * two.replicas
    if workload.requests_per_second is not None:
        # more than enough to keep that rate: arrivals × time in the system (Little)
        rate = machine.figures.number("workload.requests_per_second", workload.requests_per_second)
        step = two.engine.decode(maximum(two.slots / 4.0, 1.0), lengths.context).total()
        alone = one.engine.prefill(lengths.prompt, 1.0, lengths.prompt, alone=True).total()
        return maximum(1.5 * rate * (alone + lengths.output * step), 1.0)
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
