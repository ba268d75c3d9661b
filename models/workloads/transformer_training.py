"""Training of a transformer: reads the workload, settles the plan, and says what one step asks."""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of, first, is_scalar, maximum, minimum
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Machine
from infralab.models.physics.collectives import cause
from infralab.models.physics.peaks import not_known
from infralab.models.plan import Layout
from infralab.models.workloads.training.exchange import Fabric, boundary_lane, sent_bytes
from infralab.models.workloads.training.found import plan_of, settled
from infralab.models.workloads.training.step import Seconds
from infralab.models.workloads.training.task import Task
from infralab.models.workloads.transformer import shape

DEFAULT_SEQUENCE = 4096.0
DEFAULT_TOKENS = 4e6  # of a step, where neither the batch nor the plan says


def lower(machine: Machine) -> Job:
    """A job of one step per pool that trains; what is missing comes back as problems, never raised."""
    job = Job(unit="tokens/s")
    for task in tasks(machine):
        fixed = task.fixed()
        layout = task.within_batch(settled(task, fixed, tasks))
        _check(task, layout)
        job.plan_found = not {"data", "tensor", "pipeline", "micro_batch"} <= set(fixed)
        job.plan = plan_of(layout)
        fabric = task.fabric(layout)
        spent = task.step(layout, fabric)
        tokens = task.work.batch * task.work.sequence
        parts = _parts(task, spent, fabric)
        # a plan for more chips than there are would run on them in turn
        turns = minimum(1.0, task.pool.all_chips / spread(layout))
        job.steps.append(Step(task.pool.owner, tokens, parts, replicas=turns, share=task.share))
        _memory(job, task, task.memory_parts(layout))
        _account(job, task)
        for name, sent in sent_bytes(task.work, fabric, layout).items():
            each = sent * task.pool.all_chips / tokens * task.share
            if any_of(each > 0.0):
                job.traffic.append(Traffic(name, task.pool.name, task.pool.name, each, name))
    return job


def spread(layout: Layout) -> Number:
    """Chips that a plan uses."""
    return layout.data * layout.tensor * layout.pipeline * layout.context


def _check(task: Task, layout: Layout) -> None:
    """Say it when a given plan and the drawn chips do not go together."""
    needed, there = first(spread(layout)), first(task.pool.all_chips)
    owner = task.pool.owner
    if needed > there * 1.001:
        text = f"the plan spreads over {needed:g} chips, {there:g} are drawn"
        task.machine.infeasible(owner, text)
    elif needed < there * 0.999:
        task.machine.warn(owner, f"the plan uses {needed:g} of {there:g} chips; the rest is idle")
    if first(layout.data) > first(task.work.batch):
        task.machine.warn(
            owner, f"{first(layout.data):g} replicas share {first(task.work.batch):g} sequences: some idle"
        )


def tasks(machine: Machine) -> list[Task]:
    """Each training pool's share of the work; empty, with a problem noted, when something is missing."""
    pools = machine.steppers()
    model = shape(machine)
    if model is None or not pools:
        return []
    total: Number = 0.0
    for pool in pools:
        total = total + pool.all_chips
    sequence, batch = _sequence(machine), _batch(machine, total)
    found = [Task(machine, pool, model, sequence, batch, pool.all_chips / total) for pool in pools]
    for task in found:
        if not task.ready:
            asked = machine.design.workload.precision if machine.design.workload is not None else None
            machine.missing(task.pool.owner, not_known(task.pool.chip, asked or "bf16"))
            return []
    return found


def _sequence(machine: Machine) -> Number:
    workload = machine.design.workload
    assert workload is not None
    if workload.sequence_length is None and "workload.sequence_length" not in machine.figures.values:
        machine.figures.assume(f"sequence length not given: {DEFAULT_SEQUENCE:.0f} tokens")
    return machine.figures.number("workload.sequence_length", workload.sequence_length or DEFAULT_SEQUENCE)


def _batch(machine: Machine, chips: Number) -> Number:
    """Sequences of one step: given, or what the plan implies, or a usual number of tokens."""
    workload, plan, figures = machine.design.workload, machine.design.plan, machine.figures
    assert workload is not None
    if workload.global_batch is not None or "workload.global_batch" in figures.values:
        return figures.number("workload.global_batch", workload.global_batch or 1.0)
    if workload.batch is not None:
        return figures.number("workload.batch", workload.batch) * (plan.data or 1.0)
    if plan.micro_batch is not None:
        spread = (plan.tensor or 1.0) * (plan.pipeline or 1.0) * (plan.context or 1.0)
        replicas = plan.data or maximum(chips / spread, 1.0)
        figures.assume("global batch not given: one micro-batch a replica and stage")
        return plan.micro_batch * replicas * (plan.pipeline or 1.0)
    length = workload.sequence_length or DEFAULT_SEQUENCE
    usual = float(1 << max(0, round(DEFAULT_TOKENS / length) - 1).bit_length())
    figures.assume(f"global batch not given: {usual:.0f} sequences, about {DEFAULT_TOKENS:.0e} tokens a step")
    return maximum(chips, usual)


def _parts(task: Task, spent: Seconds, fabric: Fabric) -> list[Part]:
    """The step's time, each part under the figure that sets it."""
    assert task.peaks.layers is not None
    assert task.peaks.wide is not None
    chip = task.pool.chip
    engine, wide = task.peaks.layers.path, task.peaks.wide.path
    bandwidth = f"{chip.path}.memory_bandwidth"
    parts = [
        _part("matrix products", engine, "matrix engine", spent.matmul, equation="FLOP/(peak·e)"),
        _part("attention", wide, "matrix engine", spent.attention, equation="FLOP of scores and values/(peak·e)"),
        _part("vocabulary", wide, "matrix engine", spent.head, equation="3·2·tokens·h·V/(peak·e)"),
        _part("norms and activations", bandwidth, "memory bandwidth", spent.passes, MEMORY, "bytes/(bandwidth·e)"),
        _part("optimizer", bandwidth, "memory bandwidth", spent.optimizer, MEMORY, "30 B·parameters/(bandwidth·e)"),
    ]
    for name, seconds, group in (
        ("tensor parallel", spent.tensor, fabric.tensor),
        ("experts", spent.expert, fabric.expert),
        ("context parallel", spent.context, fabric.context),
        ("pipeline transfers", spent.pipeline, fabric.pipeline),
        ("gradients", spent.data, fabric.data),
    ):
        if not (is_scalar(seconds[1]) and seconds[1] == 0.0):
            lane = boundary_lane(group) if group is fabric.pipeline else cause(group)
            parts.append(Part(name, lane.resource, lane.kind, *seconds, COMMUNICATION, "what compute does not hide"))
    link = f"{chip.path}.host_link"
    parts.append(Part("offload", link, "host link", *spent.offload, COMMUNICATION, "bytes/host link"))
    parts.append(_part("bubble", "plan.pipeline", "pipeline bubble", spent.bubble, OVERHEAD, "(p−1)/(v·m)"))
    host = task.constants.path("layer_seconds")
    parts.append(Part("host", host, "host", *spent.host, OVERHEAD, "launches that the chips wait for"))
    return [p for p in parts if not (is_scalar(p.alone) and p.alone == 0.0)]


def _part(name: str, resource: str, kind: str, seconds: Number, nature: str = "compute", equation: str = "") -> Part:
    return Part(name, resource, kind, seconds, seconds, nature, equation)


def _memory(job: Job, task: Task, parts: list[tuple[str, Number]]) -> None:
    needed: Number = 0.0
    for _, each in parts:
        needed = needed + each
    capacity = task.capacity()
    if capacity is not None:
        job.memory.append(Memory(task.pool.owner, needed, capacity, parts))


def _account(job: Job, task: Task) -> None:
    """What the job reads and saves, and the FLOP that the headline counts."""
    assert task.peaks.layers is not None
    pool, work = task.pool, task.work
    job.model_flop_per_unit = task.model.model_flop(work.sequence)
    peak = task.peaks.layers.value * pool.all_chips
    job.peak_flop_per_s = peak if job.peak_flop_per_s is None else job.peak_flop_per_s + peak
    job.inputs.append(Input(pool.name, task.share / work.sequence, "tokens"))
    state = task.state_bytes()
    saved = task.model.parameters * (state.weights + state.optimizer)
    job.save = Save(saved, pool.name, first(saved) / pool.all_chips)
