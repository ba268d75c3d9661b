"""Seconds and bytes of what chips send each other in training: by tensor, expert, context, pipeline, data.

Nothing is hidden here yet: `step.py` knows what overlaps with what.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, Truth, any_of, every, first, maximum, power, where
from infralab.models.physics.collectives import Group, Lane
from infralab.models.physics.collectives import seconds as collective_seconds
from infralab.models.plan import Layout
from infralab.models.workloads.training.compute import Work, expert_split, micro_batches
from infralab.models.workloads.transformer import Shape


@dataclass(slots=True)
class Fabric:
    """Groups of chips, one per kind of parallelism."""

    tensor: Group
    context: Group
    expert: Group
    pipeline: Group
    data: Group
    expert_data: Group
    between: Group  # replicas of a sharded copy


@dataclass(slots=True)
class Exchange:
    """Seconds over all layers for one micro-batch, forward and backward, nothing hidden yet."""

    tensor: tuple[Number, Number]
    expert: Number  # one forward pass; as much again backward
    context: Number
    pipeline: Number  # one boundary, one direction


def exchange(work: Work, fabric: Fabric, layout: Layout) -> Exchange:
    """Seconds of every kind of traffic but the gradients', for one micro-batch over all layers."""
    shape = work.shape
    tokens = layout.micro_batch * work.sequence / layout.context
    hidden_bytes = tokens * shape.hidden * 2.0
    tensor: Number = 0.0
    if any_of(layout.tensor > 1.0):
        mixers = shape.attention_layers + shape.linear_layers
        count = mixers + shape.dense_layers + where(expert_split(layout) > 1.0, shape.moe_layers, 0.0)
        each = collective_seconds("all-reduce", hidden_bytes, fabric.tensor)
        if any_of(layout.sequence_parallel > 0.5):  # the same bytes as two collectives without a tree
            gathered = collective_seconds("all-gather", hidden_bytes, fabric.tensor)
            each = where(layout.sequence_parallel > 0.5, 2.0 * gathered, each)
        tensor = where(layout.tensor > 1.0, count * each, 0.0)
    expert: Number = 0.0
    if first(shape.moe_layers) > 0 and any_of(layout.expert > 1.0):
        copies = sent_copies(shape, fabric.expert.remote)
        sent = tokens / layout.tensor * copies * shape.expert_width * 2.0
        each = collective_seconds("all-to-all", sent, fabric.expert)
        expert = where(layout.expert > 1.0, 2.0 * shape.moe_layers * each, 0.0)
    context: Number = 0.0
    if any_of(layout.context > 1.0):
        keys = tokens * layout.context * shape.kv_numbers_per_token() * 2.0 / layout.tensor
        each = collective_seconds("all-gather", keys, fabric.context)
        context = where(layout.context > 1.0, shape.attention_layers * each, 0.0)
    pipeline: Number = 0.0
    if any_of(layout.pipeline > 1.0):
        sent = hidden_bytes / layout.tensor
        pipeline = where(layout.pipeline > 1.0, _hop_seconds(sent, fabric.pipeline), 0.0)
    return Exchange((tensor, tensor), expert, context, pipeline)


def boundary_lane(group: Group) -> Lane:
    """The lane that a transfer between stages waits for: across domains where one of them crosses."""
    return group.outer if group.outer is not None and any_of(group.remote > 1.0) else group.inner


def _hop_seconds(sent_bytes: Number, group: Group) -> Number:
    inside = group.inner.alpha + sent_bytes / group.inner.bandwidth
    if group.outer is None:
        return inside
    return where(group.remote > 1.0, group.outer.alpha + sent_bytes / group.outer.bandwidth, inside)


def sent_copies(shape: Shape, domains: Number) -> Number:
    """Copies of a token that an exchange sends: one an expert, or one a domain that has several of them.

    Expected distinct domains of k experts spread over D: D·(1 − (1 − 1/D)^k).
    """
    k = shape.experts_per_token
    d = maximum(domains, 1.0)
    return where(d > 1.0, d * (1.0 - power(1.0 - 1.0 / d, k)), k)


@dataclass(slots=True)
class Held:
    """Parameters on one chip before sharding."""

    dense: Number  # layers' parameters that tensor and pipeline parallelism divide
    routed: Number  # experts
    ends: Number  # embedding or head, on the stages that have them


def held(shape: Shape, layout: Layout) -> Held:
    """What one chip of a layout holds before sharding."""
    routed = shape.routed_parameters
    divide = layout.tensor * layout.pipeline
    return Held(
        dense=(shape.layer_parameters - routed) / divide,
        routed=routed / (layout.pipeline * layout.expert * expert_split(layout)),
        ends=(shape.embedding_parameters + (0.0 if shape.tied else shape.head_parameters)) / layout.tensor,
    )


def gradient_exchange(work: Work, fabric: Fabric, layout: Layout, params: Held) -> tuple[Number, Number]:
    """Seconds to reduce the gradients of one step, and to gather the weights after it or for a pass."""
    dense = params.dense + params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)
    reduce: Number = 0.0
    gather: Number = 0.0
    sharded, full = layout.sharding > 0.5, layout.sharding > 2.5
    for numbers, group in ((dense, fabric.data), (params.routed, fabric.expert_data)):
        if not any_of(group.size > 1.0) or not any_of(numbers > 0.0):
            continue
        trained = numbers * work.trained_share
        if first(work.trained_share) > 0.0:
            gradients = trained * work.gradient_bytes
            summed = _seconds_if(sharded, "reduce-scatter", gradients, group)
            reduce = reduce + where(sharded, summed, _seconds_unless(sharded, "all-reduce", gradients, group))
        weights = where(full, numbers, trained)
        moved = any_of(weights > 0.0)
        gather = gather + (_seconds_if(sharded, "all-gather", weights * 2.0, group) if moved else 0.0)
    if any_of(fabric.between.size > 1.0) and first(work.trained_share) > 0.0:
        each = (dense + params.routed) * work.trained_share * work.gradient_bytes / maximum(fabric.data.size, 1.0)
        reduce = reduce + collective_seconds("all-reduce", each, fabric.between)
    return reduce, gather


def _seconds_if(condition: Truth, op: str, message_bytes: Number, group: Group) -> Number:
    """Seconds where the condition holds, else none; not computed where it holds nowhere."""
    return where(condition, collective_seconds(op, message_bytes, group), 0.0) if any_of(condition) else 0.0


def _seconds_unless(condition: Truth, op: str, message_bytes: Number, group: Group) -> Number:
    return 0.0 if every(condition) else where(condition, 0.0, collective_seconds(op, message_bytes, group))


def sent_bytes(work: Work, fabric: Fabric, layout: Layout) -> dict[str, Number]:
    """Mean bytes that one chip sends out of its scale-up domain in one step, by class of traffic."""
    tokens = layout.micro_batch * work.sequence / layout.context
    m = micro_batches(work, layout)
    hidden = tokens * work.shape.hidden * 2.0
    params = held(work.shape, layout)
    passes = where(layout.sharding > 2.5, m * (work.gradient_bytes + 4.0), work.gradient_bytes + 2.0)
    gradient = (params.dense + params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)) * work.trained_share * passes
    found: dict[str, Number] = {}

    def outside(group: Group) -> Number:
        """Share of a ring's or an exchange's bytes that leave the domain, per chip of it."""
        remote = group.remote
        return (remote - 1.0) / maximum(remote, 1.0) / maximum(group.local, 1.0)

    found["gradients"] = gradient * outside(fabric.data)
    if first(work.shape.moe_layers) > 0:
        found["gradients"] = found["gradients"] + params.routed * work.trained_share * passes * outside(
            fabric.expert_data
        )
        away = maximum(fabric.expert.size - fabric.expert.local, 0.0) / maximum(fabric.expert.size, 1.0)
        copies = sent_copies(work.shape, fabric.expert.remote)
        each = tokens / layout.tensor * copies * work.shape.expert_width * 2.0
        found["experts"] = 4.0 * m * work.shape.moe_layers / layout.pipeline * each * away
    if any_of(layout.pipeline > 1.0):
        crossing = where(fabric.pipeline.remote > 1.0, 1.0, 0.0)
        found["pipeline"] = 2.0 * m * layout.virtual * hidden / layout.tensor * crossing
    if any_of(fabric.tensor.remote > 1.0):
        found["tensor"] = 8.0 * m * work.shape.layers / layout.pipeline * hidden * outside(fabric.tensor)
    return found
