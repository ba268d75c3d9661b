"""Seconds of one training step under a layout, part by part: what is computed, what is not hidden, bubble.

Numbers are floats, or arrays of candidates and variants.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, ceil, maximum, minimum, where
from infralab.models.physics.roofline import pass_seconds
from infralab.models.plan import Layout
from infralab.models.workloads.training.compute import Rates, Work, compute, micro_batches
from infralab.models.workloads.training.exchange import Fabric, Held, exchange, gradient_exchange, held


@dataclass(slots=True)
class Seconds:
    """Parts of one step: (exposed, alone), and their sum."""

    matmul: Number
    passes: Number
    attention: Number
    head: Number
    tensor: tuple[Number, Number]
    expert: tuple[Number, Number]
    context: tuple[Number, Number]
    pipeline: tuple[Number, Number]
    data: tuple[Number, Number]
    bubble: Number
    host: tuple[Number, Number]
    optimizer: Number
    offload: tuple[Number, Number]

    @property
    def total(self) -> Number:
        exposed = (self.tensor, self.expert, self.context, self.pipeline, self.data, self.host, self.offload)
        seconds = self.matmul + self.passes + self.attention + self.head + self.bubble + self.optimizer
        for part in exposed:
            seconds = seconds + part[0]
        return seconds


def step(work: Work, rates: Rates, fabric: Fabric, layout: Layout) -> Seconds:
    """One step: m micro-batches through every stage, then gradients and the optimizer.

    Stages differ: the last one has the head, and layers that do not divide evenly leave a longest
    stage. time = m·slowest + (all stages − slowest)/v; what exceeds a chip's mean share of the work
    is the bubble.
    """
    shape, p = work.shape, layout.pipeline
    m = micro_batches(work, layout)
    done = compute(work, rates, layout)
    sent = exchange(work, fabric, layout)
    again = minimum(maximum(layout.recompute - 1.0, 0.0), 1.0)  # share of layers that run forward once more
    selective = minimum(layout.recompute, 1.0)
    scores_again, passes_again = (again, selective) if work.fused else (selective, again)

    matmul = done.matmul[0] * (1.0 + again) + done.matmul[1]
    passes = done.passes[0] * (1.0 + passes_again) + done.passes[1]
    attention = done.attention[0] * (1.0 + scores_again) + done.attention[1]
    tensor = sent.tensor[0] * (1.0 + again) + sent.tensor[1]
    expert = sent.expert * (2.0 + again)
    context = sent.context * (3.0 + again)  # keys forward, keys and their gradients backward
    context_open = maximum(0.0, context - attention)
    tensor = tensor * where(fabric.tensor.remote > 1.0, rates.tensor_spanning, 1.0)
    tensor_open = tensor * rates.tensor_exposed
    expert_open = expert * rates.expert_exposed
    layers = matmul + passes + attention + tensor_open + expert_open + context_open
    blocks = shape.attention_layers + shape.linear_layers
    each_layer = rates.layer_seconds + where(layout.tensor > 1.0, rates.tensor_seconds, 0.0)
    host = (each_layer * blocks + rates.expert_seconds * shape.moe_layers) * (2.0 + again)
    host_open = maximum(0.0, host - layers)
    layers = layers + host_open
    offload = _inputs_away(work, layout) / rates.host_link
    offload_open = maximum(0.0, offload - layers)
    layers = layers + offload_open

    transfer = sent.pipeline + where(p > 1.0, rates.hop_seconds, 0.0)
    boundary = 2.0 * layout.virtual * transfer  # forward and backward, each virtual stage
    hops = where(layout.virtual > 1.5, maximum(0.0, boundary - rates.overlap * layers / p), boundary)
    mean = (layers + done.head) / p + hops
    slowest, fill = _stages(layers, done.head, hops, shape.layers, layout)
    bubble = m * (slowest - mean) + fill

    params = held(shape, layout)
    stretch = 1.0 + context_open / maximum(attention, 1e-30)  # attention that waits for keys leaves as much room
    forward, backward = (done.matmul[i] + done.passes[i] + done.attention[i] * stretch for i in (0, 1))
    exchanged = gradient_exchange(work, fabric, layout, params)
    data = _data(rates, layout, m, exchanged, (forward / p, backward / p, (layers + done.head) / p))
    per_chip = m / p
    optimizer, state = _optimizer(work, rates, layout, params, fabric)
    return Seconds(
        matmul=matmul * per_chip,
        passes=passes * per_chip,
        attention=attention * per_chip,
        head=done.head * per_chip,
        tensor=(tensor_open * per_chip, tensor * per_chip),
        expert=(expert_open * per_chip, expert * per_chip),
        context=(context_open * per_chip, context * per_chip),
        pipeline=(m * hops, m * boundary),
        data=data,
        bubble=bubble,
        host=(host_open * per_chip + rates.step_seconds, host * per_chip + rates.step_seconds),
        optimizer=optimizer,
        offload=(offload_open * per_chip + state, offload * per_chip + state),
    )


def _inputs_away(work: Work, layout: Layout) -> Number:
    """Bytes of layers' inputs that go to host memory and back for one micro-batch (2 bytes a number, twice)."""
    away = where(layout.recompute > 2.5, 4.0, 0.0) * layout.micro_batch * work.sequence / layout.context
    split = where(layout.sequence_parallel > 0.5, layout.tensor, 1.0)
    return away * work.shape.hidden * work.shape.layers / split


def _data(
    rates: Rates, layout: Layout, m: Number, exchanged: tuple[Number, Number], room: tuple[Number, Number, Number]
) -> tuple[Number, Number]:
    """Seconds of data parallelism, exposed and alone.

    exchanged: reduce-scatter of gradients, all-gather of weights. room: the compute they hide behind
    (forward, backward, a whole micro-batch). Sharded weights are gathered twice in every micro-batch.
    """
    reduce, gather = exchanged
    once = _behind(rates, reduce, room[1]) + _behind(rates, gather, room[0])
    each_alone = reduce + 2.0 * gather
    each = _behind(rates, each_alone, room[2])
    full = layout.sharding > 2.5
    return where(full, m * each, once), where(full, m * each_alone, reduce + gather)


def _behind(rates: Rates, traffic: Number, compute_seconds: Number) -> Number:
    """Seconds that traffic adds to the compute it overlaps with: what does not fit, and what it slows."""
    room = rates.overlap * compute_seconds
    return maximum(0.0, traffic - room) + rates.hidden_cost * minimum(traffic, room)


def _stages(layers: Number, head: Number, hops: Number, count: Number, layout: Layout) -> tuple[Number, Number]:
    """Seconds of the slowest stage for one micro-batch, and of filling and draining the pipeline."""
    p, v = layout.pipeline, layout.virtual
    longest = ceil(count / (p * v)) * v
    full = layers * longest / count
    last = maximum(0.0, count - (p - 1.0) * longest) / count * layers + head
    slowest = maximum(where(p > 1.0, full, 0.0), last) + hops
    fill = maximum(0.0, layers + head + p * hops - slowest) / v
    return slowest, fill


def _optimizer(work: Work, rates: Rates, layout: Layout, params: Held, fabric: Fabric) -> tuple[Number, Number]:
    """The optimizer's pass over its state at memory bandwidth, or the way of gradients and weights to a
    state in host memory (4 bytes a parameter)."""
    sharded = layout.sharding > 0.5
    dense = (params.dense + params.ends) / where(sharded, maximum(fabric.data.size, 1.0), 1.0)
    routed = params.routed / where(sharded, maximum(fabric.expert_data.size, 1.0), 1.0)
    numbers = (dense + routed) * work.trained_share
    here = pass_seconds(rates.layers, work.optimizer_bytes * numbers) * (1.0 - layout.offload)
    return here, 4.0 * numbers / rates.host_link * layout.offload
