"""One pool's share of a training job: the work, the rates, and what a layout costs in time and memory."""

from __future__ import annotations

from dataclasses import replace

from infralab.models.arithmetic import Number, any_of, first, maximum, minimum, where
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics import memory
from infralab.models.physics.collectives import Group, Lane
from infralab.models.plan import Layout, Limits, given, search
from infralab.models.workloads.training.compute import Work, expert_split, micro_batches
from infralab.models.workloads.training.exchange import Fabric, held
from infralab.models.workloads.training.rates import Constants, Peaks, rates
from infralab.models.workloads.training.step import Seconds, step
from infralab.models.workloads.transformer import Shape

LORA_STATE = memory.StateBytes(weights=2.0, gradients=0.05, optimizer=0.1)  # adapters are below 1 % of the model
FULL_32 = memory.StateBytes(weights=4.0, gradients=4.0, optimizer=8.0)

# one chip talks to nobody
ALONE = Group(1.0, 1.0, Lane(1e12, 0.0, 0.0, "", "", ""), None)


class Task:
    """Training on one pool. `ready` is False where the chip has no known peak rate."""

    def __init__(
        self, machine: Machine, pool: Pool, model: Shape, sequence: Number, batch: Number, share: Number
    ) -> None:
        workload = machine.design.workload
        assert workload is not None
        self.machine, self.pool, self.model, self.share = machine, pool, model, share
        self.peaks = Peaks(machine, pool.chip, workload.precision)
        self.constants = Constants(machine, pool)
        self.ready = self.peaks.layers is not None and self.peaks.wide is not None
        if not self.ready:
            return
        if workload.attention is None:
            machine.figures.assume("attention not given: fused", moves=False)
        self.lora = workload.tuning == "lora"
        narrow = self.peaks.wide_name == "fp16" or self.peaks.narrow
        self.work = Work(
            shape=model,
            sequence=sequence,
            batch=batch * share,
            fused=workload.attention != "unfused",
            trained_share=0.0 if self.lora else 1.0,
            # stacks that multiply in 8 bits or fp16 reduce gradients in 16 bits, those in bf16 in 32
            gradient_bytes=2.0 if narrow else 4.0,
        )
        self.rates = rates(machine, pool, self.peaks, self.constants)

    # ---- the plan ------------------------------------------------------------------------------

    def fixed(self) -> dict[str, Number]:
        """Fields of the layout that the design fixes, and those that follow from them."""
        design = self.machine.design
        assert design.workload is not None
        fixed = given(self.machine.figures, design.plan, design.workload.recompute)
        if "expert" not in fixed and first(self.model.experts) <= 1:
            fixed["expert"] = 1.0
        chips = self.pool.all_chips
        if {"tensor", "pipeline"} <= set(fixed):
            spread = fixed["tensor"] * fixed["pipeline"]
            if "data" in fixed and "context" not in fixed:
                # what the plan's product leaves over of the chips
                fixed["context"] = maximum(chips / (fixed["data"] * spread), 1.0)
            elif "context" in fixed and "data" not in fixed:
                fixed["data"] = maximum(chips / (spread * fixed["context"]), 1.0)
        return fixed

    def limits(self) -> Limits:
        pool, model = self.pool, self.model
        domain = pool.all_chips if pool.torus else minimum(pool.chips, maximum(pool.chip.domain, 1.0))
        return Limits(
            chips=first(pool.all_chips),
            domain=max(1.0, first(domain)),
            layers=first(model.layers),
            heads=first(model.heads),
            experts=first(model.experts),
            sequence=first(self.work.sequence),
            batch=first(self.work.batch),
        )

    def found(self) -> Layout:
        """The fastest plan that fits, with the fixed fields as they are; for one design."""
        return search({k: first(v) for k, v in self.fixed().items()}, self.limits(), self.evaluate)

    def evaluate(self, layout: Layout) -> tuple[Number, Number]:
        """Seconds of a step, and memory needed over memory there."""
        capacity, layout = self.capacity(), self.within_batch(layout)
        seconds = self.step(layout, self.fabric(layout)).total
        if capacity is None:
            return seconds, 0.0
        return seconds, memory.load(self.memory_parts(layout), capacity)

    def within_batch(self, layout: Layout) -> Layout:
        """A micro-batch is no more than a replica's share of the batch, and no less than a sequence."""
        most = maximum(self.work.batch / layout.data, 1.0)
        return replace(layout, micro_batch=minimum(layout.micro_batch, most))

    def step(self, layout: Layout, fabric: Fabric) -> Seconds:
        return step(self.work, self.rates, fabric, layout)

    def fabric(self, layout: Layout) -> Fabric:
        """Who talks to whom: tensor groups innermost, then context and data, the pipeline outermost."""

        def of(size: Number, stride: Number) -> Group:
            return group(self.machine, self.pool, size, stride) if any_of(size > 1.0) else ALONE

        t, replicas = layout.tensor, layout.data * layout.context
        sharing = self._sharing(layout)
        split = expert_split(layout)
        experts = first(self.model.moe_layers) > 0
        return Fabric(
            tensor=of(t, 1.0),
            context=of(layout.context, t),
            expert=of(layout.expert, split) if experts else ALONE,
            pipeline=of(layout.pipeline, t * replicas),
            data=of(sharing, t),
            expert_data=of(self._expert_replicas(layout), layout.expert * split) if experts else ALONE,
            between=of(replicas / sharing, t * sharing),
        )

    def _sharing(self, layout: Layout) -> Number:
        """Replicas that share one sharded copy."""
        replicas = layout.data * layout.context
        return where(layout.sharding_group > 0.5, minimum(layout.sharding_group, replicas), replicas)

    def _expert_replicas(self, layout: Layout) -> Number:
        copies = layout.data * layout.context * layout.tensor / (layout.expert * expert_split(layout))
        return maximum(copies, 1.0)

    # ---- memory --------------------------------------------------------------------------------

    def capacity(self) -> Number | None:
        """Bytes that a program can have: memory is sold in GB that are GiB, some of it reserved."""
        there = self.pool.chip.memory_bytes
        return None if there is None else there * self.constants.of_chip("usable_memory")

    def memory_parts(self, layout: Layout) -> list[tuple[str, Number]]:
        """Bytes on the fullest chip, by use."""
        work, model = self.work, self.model
        params = held(model, layout)
        dense = params.dense + params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)
        gathered = (params.dense + params.routed) / maximum(model.layers / layout.pipeline, 1.0)
        state = memory.state_parts(
            dense,
            params.routed,
            gathered,
            self.state_bytes(),
            layout.sharding,
            self._sharing(layout),
            self._expert_replicas(layout),
        )
        parts = [(n, b * (1.0 - layout.offload) if n == "optimizer" else b) for n, b in state]
        tokens = layout.micro_batch * work.sequence / layout.context
        each = memory.activation_bytes(
            model,
            work.sequence,
            work.fused,
            self.rates.narrow,
            layout.tensor,
            layout.sequence_parallel,
            layout.recompute,
        )
        first_stage = tokens * each * memory.in_flight(micro_batches(work, layout), layout.pipeline, layout.virtual)
        kept = first_stage / layout.pipeline
        logits = tokens * model.vocabulary / layout.tensor * self.constants.of_chip("logit_bytes", "B")
        last = where(layout.pipeline > 1.0, tokens * each / layout.pipeline, kept) + logits
        parts.append(("activations", where(last > kept, last - logits, kept)))
        parts.append(("logits", where(last > kept, logits, 0.0)))
        parts.append(("software", self.constants.of_chip("software_bytes", "B")))
        return parts

    def state_bytes(self) -> memory.StateBytes:
        """Bytes a parameter of weights, gradients and optimizer."""
        if self.lora:
            return LORA_STATE
        if self.peaks.wide_name in ("fp32", "tf32"):
            return FULL_32
        of_chip = self.constants.of_chip
        return memory.StateBytes(of_chip("weight_bytes", "B"), of_chip("gradient_bytes", "B"), 12.0)
