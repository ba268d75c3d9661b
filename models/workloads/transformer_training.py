"""Training of a transformer: reads the workload, settles the plan, and says what one step asks."""

from __future__ import annotations

import math
from dataclasses import fields, replace

from infralab.models.arithmetic import Number, any_of, first, is_scalar, maximum, minimum, where
from infralab.models.constants import fitted, table
from infralab.models.figures import Figures
from infralab.models.job import COMMUNICATION, MEMORY, OVERHEAD, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Chip, Machine, Pool
from infralab.models.physics import memory as physics_memory
from infralab.models.physics.collectives import Group, Lane
from infralab.models.physics.peaks import BITS, Peak, peak
from infralab.models.physics.roofline import Engine, tiles
from infralab.models.plan import RECOMPUTE, SHARDING, Layout, Limits, given, search
from infralab.models.workloads import transformer_step as steps
from infralab.models.workloads.transformer import Shape, shape

FILE = "transformer_training"
SIXTEEN = {"fp32": "fp32", "tf32": "tf32", "fp16": "fp16", "fp64": "fp64"}
DEFAULT_SEQUENCE = 4096.0
DEFAULT_TOKENS = 4e6  # of a step, where neither the batch nor the plan says


def lower(machine: Machine) -> Job:
    """A job of one step per pool that trains; what is missing comes back as problems, never raised."""
    job = Job(unit="tokens/s")
    for task in tasks(machine):
        task.settle(job)
        task.report(job)
    return job


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
        if task.peak is None:
            chip = task.pool.chip.id
            machine.missing(task.pool.owner, f"{chip} has no peak rate on record: give one with with.chip.peak.bf16")
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
    workload, plan = machine.design.workload, machine.design.plan
    assert workload is not None
    given_batch = workload.global_batch
    if given_batch is None and "workload.global_batch" not in machine.figures.values:
        if workload.batch is not None:
            return machine.figures.number("workload.batch", workload.batch) * (plan.data or 1.0)
        if plan.micro_batch is not None:
            replicas = plan.data or maximum(chips / ((plan.tensor or 1.0) * (plan.pipeline or 1.0) * (plan.context or 1.0)), 1.0)
            machine.figures.assume("global batch not given: one micro-batch a replica")
            return plan.micro_batch * replicas * (plan.pipeline or 1.0)
        length = workload.sequence_length or DEFAULT_SEQUENCE
        machine.figures.assume(f"global batch not given: about {DEFAULT_TOKENS:.0e} tokens a step")
        given_batch = maximum(first(chips), float(2 ** round((DEFAULT_TOKENS / length) ** 0.5).bit_length()))
    return machine.figures.number("workload.global_batch", float(given_batch or 0.0))


class Task:
    """One pool's share of the training, lowered."""

    def __init__(
        self, machine: Machine, pool: Pool, model: Shape, sequence: Number, batch: Number, share: Number
    ) -> None:
        workload = machine.design.workload
        assert workload is not None
        self.machine, self.pool, self.model, self.share = machine, pool, model, share
        chip, figures = pool.chip, machine.figures
        precision = workload.precision
        if precision is None:
            precision = usual_precision(chip)
            figures.assume(f"precision not given: {precision}, the fastest that training commonly uses on {chip.id}")
        self.precision = precision
        self.wide = SIXTEEN.get(precision, "bf16")
        self.peak: Peak | None = peak(figures, chip, precision)
        self.peak16: Peak | None = peak(figures, chip, self.wide)
        if self.peak is None or self.peak16 is None:
            return
        if workload.attention is None:
            figures.assume("attention not given: fused", moves=False)
        self.lora = workload.tuning == "lora"
        self.work = steps.Work(
            shape=model,
            sequence=sequence,
            batch=batch * share,
            fused=workload.attention != "unfused",
            trained_share=0.0 if self.lora else 1.0,
            # stacks that multiply in 8 bits or fp16 reduce gradients in 16 bits, those in bf16 in 32
            gradient_bytes=2.0 if self.wide == "fp16" or self._narrow() else 4.0,
        )
        self.rates = self._rates(chip)

    # ---- constants -----------------------------------------------------------------------------

    def _constant(self, name: str, unit: str = "") -> Number:
        return fitted(self.machine.figures, FILE, chip_keys(self.pool.chip), name, unit)

    def _rates(self, chip: Chip) -> steps.Rates:
        assert self.peak is not None
        assert self.peak16 is not None
        software = (self.machine.design.software.framework or "",)
        stack = fitted(self.machine.figures, FILE, software, "stack_share")
        share = self._constant("matmul_share") * stack
        wide = self.peak16.value * self._efficiency(chip, self.peak16.precision) * share
        narrow = self._narrow()
        rate = wide
        if self.peak.precision != self.peak16.precision:
            rate = self.peak.value * self._efficiency(chip, self.peak.precision) * share
            rate = rate * self._constant("narrow_share") if narrow else rate
        bandwidth = chip.memory_bandwidth
        if bandwidth is None:
            bandwidth = self.machine.figures.figure(f"{chip.path}.memory_bandwidth", 1e12, "B/s", "assumed")
            self.machine.figures.assume(f"{chip.id} has no memory bandwidth on record: 1 TB/s")
        reached = bandwidth * self._constant("memory_share") * stack
        cut = tiles(chip.kind, chip.facts, 0.0 if chip.cores is None else chip.cores)
        fill, lost = self._constant("fill_depth"), self._constant("lost_waves")
        return steps.Rates(
            layers=Engine(rate, reached, cut, BITS.get(self.peak.precision, 4) / 8.0, fill, lost),
            head=Engine(wide, reached, cut, BITS.get(self.peak16.precision, 16) / 8.0, fill, lost),
            attention=Engine(wide * self._constant("attention_share"), reached, cut),
            layer_seconds=self._constant("layer_seconds", "s") / stack,
            tensor_seconds=self._constant("tensor_seconds", "s") / stack,
            step_seconds=self._constant("step_seconds", "s"),
            overlap=self._constant("overlap"),
            hidden_cost=self._constant("hidden_cost"),
            score_bytes_per_s=bandwidth * self._constant("score_share") * stack,
            tensor_exposed=self._constant("tensor_exposed"),
            tensor_spanning=self._constant("tensor_spanning"),
            hop_seconds=fitted(self.machine.figures, FILE, software, "hop_seconds", "s"),
            expert_exposed=self._constant("expert_exposed"),
            expert_seconds=self._constant("expert_seconds", "s") / stack,
            expert_share=self._constant("expert_share"),
            narrow=narrow,
        )

    def _narrow(self) -> bool:
        """Whether the layers multiply in 8 bits or fewer."""
        return self.peak is not None and BITS.get(self.peak.precision, 4) < 16

    def _efficiency(self, chip: Chip, precision: str) -> Number:
        """Best measured share of the peak in matrix products: the catalogue's, else a usual one."""
        measured = chip.facts.get("measured")
        for name in (precision, "bf16"):
            value = measured.get(f"eff_{name}") if isinstance(measured, dict) else None
            if value is not None:
                path = f"{chip.path}.efficiency.{name}"
                return self.machine.figures.figure(path, float(value), "", "cited", chip.id)
        return self._constant("matmul_efficiency")

    # ---- the plan ------------------------------------------------------------------------------

    def settle(self, job: Job) -> None:
        """The layout: as given, completed, or found."""
        fixed = self.fixed()
        self.layout = settled(self, fixed)
        wanted = {"data", "tensor", "pipeline", "micro_batch"}
        job.plan_found = not wanted <= set(fixed)
        job.plan = plan_of(self.layout)

    def fixed(self) -> dict[str, Number]:
        """Fields of the layout that the design fixes, and those that follow from them."""
        design = self.machine.design
        assert design.workload is not None
        fixed = given(self.machine.figures, design.plan, design.workload.recompute)
        if "expert" not in fixed and first(self.model.experts) <= 1:
            fixed["expert"] = 1.0
        if "data" in fixed and "tensor" in fixed and "pipeline" in fixed and "context" not in fixed:
            # what the plan's product leaves over of the chips
            left = self.pool.all_chips / (fixed["data"] * fixed["tensor"] * fixed["pipeline"])
            fixed["context"] = maximum(left, 1.0)
        chips = self.pool.all_chips
        if {"tensor", "pipeline"} <= set(fixed) and "data" not in fixed and "context" in fixed:
            fixed["data"] = maximum(chips / (fixed["tensor"] * fixed["pipeline"] * fixed["context"]), 1.0)
        return fixed

    def found(self) -> Layout:
        """The fastest plan that fits, with the fixed fields as they are; scalars only."""
        layout, _ = search({k: first(v) for k, v in self.fixed().items()}, self.limits(), self.evaluate)
        return layout

    def limits(self) -> Limits:
        m = self.model
        return Limits(
            chips=first(self.pool.all_chips),
            domain=max(1.0, min(first(self.pool.chips), float(self.pool.chip.domain or 1.0)))
            if not self.pool.torus
            else first(self.pool.all_chips),
            layers=first(m.layers),
            heads=first(m.heads),
            experts=first(m.experts),
            sequence=first(self.work.sequence),
            batch=first(self.work.batch),
        )

    def fabric(self, layout: Layout) -> steps.Fabric:
        from infralab.models.network import group

        def of(size: Number, stride: Number) -> Group:
            return group(self.machine, self.pool, size, stride)

        inside = layout.tensor * layout.context
        replicas = layout.data * layout.context
        sharing = where(layout.sharding_group > 0.5, minimum(layout.sharding_group, replicas), replicas)
        spread = layout.expert * steps.expert_split(layout)
        none = of(1.0, 1.0)
        return steps.Fabric(
            tensor=of(layout.tensor, 1.0) if any_of(layout.tensor > 1.0) else none,
            context=of(layout.context, layout.tensor) if any_of(layout.context > 1.0) else none,
            expert=of(layout.expert, steps.expert_split(layout)) if any_of(layout.expert > 1.0) else none,
            pipeline=of(layout.pipeline, inside * layout.data) if any_of(layout.pipeline > 1.0) else none,
            data=of(sharing, layout.tensor) if any_of(sharing > 1.0) else none,
            expert_data=of(maximum(replicas * layout.tensor / spread, 1.0), spread)
            if first(self.model.moe_layers) > 0
            else none,
            between=of(replicas / sharing, layout.tensor * sharing) if any_of(replicas > sharing) else none,
        )

    def evaluate(self, layout: Layout) -> tuple[Number, Number]:
        """Seconds of a step, and memory needed over memory there."""
        spent = steps.step(self.work, self.rates, self.fabric(layout), layout)
        capacity = self.capacity()
        if capacity is None:
            return spent.total, 0.0
        return spent.total, physics_memory.load(self.memory_parts(layout), capacity)

    def capacity(self) -> Number | None:
        """Bytes that a program can have: memory is sold in GB that are GiB, some of it reserved."""
        memory = self.pool.chip.memory_bytes
        return None if memory is None else memory * self._constant("usable_memory")

    # ---- memory --------------------------------------------------------------------------------

    def memory_parts(self, layout: Layout) -> list[tuple[str, Number]]:
        """Bytes on the fullest chip, by use."""
        work, model = self.work, self.model
        params = steps.held(model, layout)
        replicas = layout.data * layout.context
        group = where(layout.sharding_group > 0.5, minimum(layout.sharding_group, replicas), replicas)
        routed_group = maximum(replicas * layout.tensor / (layout.expert * steps.expert_split(layout)), 1.0)
        state = self._state_bytes()
        ends = params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)
        longest = 1.0 / maximum(model.layers / layout.pipeline, 1.0)
        parts = physics_memory.state_parts(
            params.dense + ends, params.routed, (params.dense + params.routed) * longest, state, layout.sharding, group, routed_group
        )
        if layout.offload:
            parts = [p for p in parts if p[0] != "optimizer"]
        tokens = layout.micro_batch * work.sequence / layout.context
        m = maximum(work.batch / (layout.data * layout.micro_batch), 1.0)
        each = physics_memory.activation_bytes(
            model, work.sequence, work.fused, self.rates.narrow, layout.tensor, layout.sequence_parallel, layout.recompute
        )
        flight = physics_memory.in_flight(m, layout.pipeline, layout.virtual)
        kept = tokens * each * flight / layout.pipeline
        logits = tokens * model.vocabulary / layout.tensor * self._constant("logit_bytes", "B")
        last = where(layout.pipeline > 1.0, tokens * each / layout.pipeline + logits, kept + logits)
        parts.append(("activations", where(last > kept, last - logits, kept)))
        parts.append(("logits", where(last > kept, logits, 0.0)))
        parts.append(("software", self._constant("software_bytes", "B")))
        return parts

    def _state_bytes(self) -> physics_memory.StateBytes:
        if self.lora:
            return physics_memory.StateBytes(2.0, 0.05, 0.1)
        if self.wide in ("fp32", "tf32"):
            return physics_memory.StateBytes(4.0, 4.0, 8.0)
        held = self._constant("weight_bytes", "B")
        return physics_memory.StateBytes(held, self._constant("gradient_bytes", "B"), 12.0)

    # ---- the job -------------------------------------------------------------------------------

    def report(self, job: Job) -> None:
        assert self.peak is not None
        layout, work, pool, share = self.layout, self.work, self.pool, self.share
        fabric = self.fabric(layout)
        spent = steps.step(work, self.rates, fabric, layout)
        tokens = work.batch * work.sequence
        job.steps.append(Step(pool=pool.owner, units=tokens, parts=self._parts(spent, fabric), share=share))
        needed = self.memory_parts(layout)
        total: Number = 0.0
        for _, each in needed:
            total = total + each
        capacity = self.capacity()
        if capacity is not None:
            job.memory.append(Memory(pool.owner, total, capacity, needed))
        per_token = self.model.model_flop(work.sequence)
        job.model_flop_per_unit = per_token
        rate = self.peak.value * pool.all_chips
        job.peak_flop_per_s = rate if job.peak_flop_per_s is None else job.peak_flop_per_s + rate
        job.inputs.append(Input(pool.name, share / work.sequence, "tokens"))
        state = self._state_bytes()
        saved = self.model.parameters * (state.weights + state.optimizer)
        job.save = Save(saved, pool.name, saved / pool.all_chips)
        self._traffic(job, fabric, tokens, share)

    def _traffic(self, job: Job, fabric: steps.Fabric, tokens: Number, share: Number) -> None:
        """Bytes that all chips of the pool send into the fabric for one token."""
        for name, sent in sent_bytes(self.work, fabric, self.layout).items():
            each = sent * self.pool.all_chips / tokens * share
            if any_of(each > 0.0):
                job.traffic.append(Traffic(name, self.pool.name, self.pool.name, each, name))

    def _parts(self, spent: steps.Seconds, fabric: steps.Fabric) -> list[Part]:
        assert self.peak is not None
        assert self.peak16 is not None
        chip = self.pool.chip
        memory_path = f"{chip.path}.memory_bandwidth"
        key = found_key(chip, "layer_seconds")
        parts = [
            Part("matrix products", self.peak.path, "matrix engine", spent.matmul, spent.matmul, equation="FLOP/(peak·e)"),
            Part("attention", self.peak16.path, "matrix engine", spent.attention, spent.attention, equation="scores·FLOP/(peak·e)"),
            Part("vocabulary", self.peak16.path, "matrix engine", spent.head, spent.head, equation="3·2·tokens·h·V/(peak·e)"),
            Part("norms and activations", memory_path, "memory bandwidth", spent.passes, spent.passes, MEMORY, "bytes/(bandwidth·e)"),
            Part("optimizer", memory_path, "memory bandwidth", spent.optimizer, spent.optimizer, MEMORY, "30 B·parameters/bandwidth"),
        ]
        for name, seconds, group in (
            ("tensor parallel", spent.tensor, fabric.tensor),
            ("experts", spent.expert, fabric.expert),
            ("context parallel", spent.context, fabric.context),
            ("pipeline transfers", spent.pipeline, fabric.pipeline),
            ("gradients", spent.data, fabric.data),
        ):
            lane: Lane = steps.lane(group)
            parts.append(Part(name, lane.resource, lane.kind, seconds[0], seconds[1], COMMUNICATION, "what compute does not hide"))
        parts.append(Part("bubble", "plan.pipeline", "pipeline bubble", spent.bubble, spent.bubble, OVERHEAD, "(p−1)/(v·m)"))
        parts.append(Part("host", f"fitted.{FILE}.{key}.layer_seconds", "host", spent.host[0], spent.host[1], OVERHEAD, "launches that chips wait for"))
        return [p for p in parts if not (is_scalar(p.alone) and p.alone == 0.0 and is_scalar(p.seconds) and p.seconds == 0.0)]


def sent_bytes(work: steps.Work, fabric: steps.Fabric, layout: Layout) -> dict[str, Number]:
    """Mean bytes that one chip sends out of its scale-up domain in one step, by class of traffic."""
    tokens = layout.micro_batch * work.sequence / layout.context
    m = maximum(work.batch / (layout.data * layout.micro_batch), 1.0)
    hidden = tokens * work.shape.hidden * 2.0
    params = steps.held(work.shape, layout)
    passes = where(layout.sharding > 2.5, m * (work.gradient_bytes + 4.0), work.gradient_bytes + 2.0)
    gradient = (params.dense + params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)) * work.trained_share * passes
    found: dict[str, Number] = {}

    def outside(group: Group) -> Number:
        """Share of a ring's or an exchange's bytes that leave the domain, per chip of it."""
        remote = group.remote
        return (remote - 1.0) / maximum(remote, 1.0) / maximum(group.local, 1.0)

    found["gradients"] = gradient * outside(fabric.data)
    if first(work.shape.moe_layers) > 0:
        found["gradients"] = found["gradients"] + params.routed * work.trained_share * passes * outside(fabric.expert_data)
        away = maximum(fabric.expert.size - fabric.expert.local, 0.0) / maximum(fabric.expert.size, 1.0)
        copies = steps.sent_copies(work.shape, fabric.expert.remote)
        each = tokens / layout.tensor * copies * work.shape.expert_width * 2.0
        found["experts"] = 4.0 * m * work.shape.moe_layers / layout.pipeline * each * away
    if any_of(layout.pipeline > 1.0):
        crossing = where(fabric.pipeline.remote > 1.0, 1.0, 0.0)
        found["pipeline"] = 2.0 * m * layout.virtual * hidden / layout.tensor * crossing
    if any_of(fabric.tensor.remote > 1.0):
        found["tensor"] = 8.0 * m * work.shape.layers / layout.pipeline * hidden * outside(fabric.tensor)
    return found


def usual_precision(chip: Chip) -> str:
    """8 bits where the chip multiplies them faster than 16, as published training does; else bf16."""
    narrow, wide = chip.peaks.get("fp8"), chip.peaks.get("bf16")
    return "fp8" if narrow is not None and wide is not None and first(narrow) > 1.2 * first(wide) else "bf16"


def chip_keys(chip: Chip) -> tuple[str, ...]:
    """Tables of constants that apply to a chip: its generation, the family of that, its kind."""
    family = chip.generation.split("-")[0].rstrip("0123456789")
    return (chip.generation, family, chip.kind)


def found_key(chip: Chip, name: str) -> str:
    data = table(FILE)
    return next((k for k in (*chip_keys(chip), "default") if name in data.get(k, {})), "default")


def plan_of(layout: Layout) -> dict[str, object]:
    """The layout as a design's [plan] would say it."""
    names = {"data": "data", "tensor": "tensor", "pipeline": "pipeline", "virtual": "virtual_pipeline",
             "context": "context", "expert": "expert", "micro_batch": "micro_batch"}
    found: dict[str, object] = {key: first(getattr(layout, name)) for name, key in names.items()}
    found["sharding"] = SHARDING[int(first(layout.sharding))]
    found["recompute"] = RECOMPUTE[min(2, math.ceil(first(layout.recompute)))]
    if 1.0 < first(layout.recompute) < 2.0:
        found["recomputed_layers"] = first(layout.recompute) - 1.0
    return found


_FOUND: dict[object, Layout] = {}
_MOST_FOUND = 512


def settled(task: Task, fixed: dict[str, Number]) -> Layout:
    """The plan that the design fixes, completed by what is found; found plans are kept per design.

    Variants of hardware figures (elasticities) keep the design's own plan: what a figure buys is
    asked of the plan that runs, not of another one.
    """
    machine = task.machine
    figures = machine.figures
    scalars = tuple((k, v) for k, v in figures.values.items() if is_scalar(v))
    key = (machine.design.workload, machine.design.plan, machine.design.boxes, machine.design.wires, task.pool.name, scalars)
    layout = _FOUND.get(key)
    if layout is None:
        if all(is_scalar(v) for v in (*figures.values.values(), *figures.scales.values())):
            layout = task.found()
        else:
            from infralab.models.lower import lower as lower_machine

            base = lower_machine(machine.design, machine.catalogue, Figures(dict(scalars)))
            layout = next(t for t in tasks(base) if t.pool.name == task.pool.name).found()
        if len(_FOUND) >= _MOST_FOUND:
            _FOUND.clear()
        _FOUND[key] = layout
    return replace(layout, **{k: v for k, v in fixed.items() if k in LAYOUT_FIELDS})


LAYOUT_FIELDS = frozenset(f.name for f in fields(Layout))
