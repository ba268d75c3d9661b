"""Seconds of one training step of a transformer under a layout, part by part (model.md, 3 and 4).

Everything is per chip and, until `step` puts it together, per micro-batch over all layers of the
model: a stage does 1/pipeline of it. Numbers are floats or arrays of candidates and variants.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, ceil, first, maximum, minimum, power, where
from infralab.models.physics.collectives import Group, Lane
from infralab.models.physics.collectives import cause as cause_of
from infralab.models.physics.collectives import seconds as collective_seconds
from infralab.models.physics.roofline import Engine, matmul_seconds, pass_seconds
from infralab.models.plan import Layout
from infralab.models.workloads.transformer import Gemm, Shape

FUSED_BACKWARD = 2.5  # FLOP over forward: a fused kernel recomputes the scores (Dao 2022: 5 products, not 2)
SCORE_FORWARD_BYTES = 13.0  # per score: product 2, masked softmax 4, dropout 5, product with values 2
SCORE_BACKWARD_BYTES = 19.0  # per score: values 4, dropout 5, softmax 6, two products 4
LOGIT_BYTES = 20.0  # per logit: cast to 32 bits 6, softmax and loss 8, gradient 6
OPTIMIZER_BYTES = 30.0  # per parameter: gradient 4, master copy and two moments read and written 24, weight 2
SUM_BYTES = 8.0  # a weight gradient is added to a 32-bit sum


@dataclass(slots=True)
class Rates:
    """What the chips and the software reach; fitted constants are in here, nothing else is fitted."""

    layers: Engine  # matrix products of the layers, at the work's precision
    head: Engine  # the product with the vocabulary, 16 bits
    attention: Engine  # fused attention
    layer_seconds: Number  # host time of a layer's forward pass
    tensor_seconds: Number  # more of it where the layer is divided: collectives to launch
    step_seconds: Number  # host time of a step outside the layers
    overlap: Number  # share of compute that gradient traffic can hide behind
    hidden_cost: Number  # what a second of hidden traffic takes from the compute it hides behind
    score_bytes_per_s: Number  # passes over unfused attention scores
    tensor_exposed: Number  # share of tensor-parallel traffic that is not hidden
    tensor_spanning: Number  # times as slow as alone, between servers: chips wait for the last one
    hop_seconds: Number  # host time of one transfer between pipeline stages
    expert_exposed: Number  # the same of the exchange between experts
    expert_seconds: Number  # host time of a mixture-of-experts block's forward pass, beyond a layer's
    expert_share: Number  # of the rate of large products, in the many small ones of experts
    narrow: bool = False  # 8 bits or fewer: operands are cast


@dataclass(slots=True)
class Work:
    shape: Shape
    sequence: Number  # tokens
    batch: Number  # sequences a step
    fused: bool  # attention
    trained_share: Number = 1.0  # of the layers' parameters that get gradients
    gradient_bytes: float = 4.0
    optimizer_bytes: float = OPTIMIZER_BYTES
    head_share: Number = 1.0  # of positions that meet the vocabulary


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
class Compute:
    """Seconds over all layers for one micro-batch: forward, backward."""

    matmul: tuple[Number, Number]
    passes: tuple[Number, Number]
    attention: tuple[Number, Number]
    head: Number  # forward and backward


def compute(work: Work, rates: Rates, layout: Layout) -> Compute:
    """Matrix products, element-wise passes, attention and head of one micro-batch."""
    tokens = layout.micro_batch * work.sequence / layout.context
    forward, backward = _matmuls(work, rates, layout, tokens)
    passes = _pass_bytes(work.shape, layout, tokens, rates.narrow)
    return Compute(
        matmul=(forward, backward),
        passes=(pass_seconds(rates.layers, passes), pass_seconds(rates.layers, 2.0 * passes)),
        attention=_attention(work, rates, layout, tokens),
        head=_head(work, rates.head, layout, tokens * work.head_share),
    )


def expert_split(layout: Layout) -> Number:
    """Chips that share one expert: the tensor group, as stacks do unless experts need those chips too."""
    return where(layout.expert <= layout.data * layout.context, layout.tensor, 1.0)


def _matmuls(work: Work, rates: Rates, layout: Layout, tokens: Number) -> tuple[Number, Number]:
    shape, t, engine, expert_share = work.shape, layout.tensor, rates.layers, rates.expert_share
    forward: Number = 0.0
    backward: Number = 0.0
    trained = work.trained_share
    sets: list[tuple[Number, tuple[Gemm, ...]]] = [(shape.attention_layers, shape.attention_gemms())]
    if first(shape.linear_layers) > 0:
        sets.append((shape.linear_layers, shape.linear_gemms))
    if first(shape.dense_layers) > 0:
        sets.append((shape.dense_layers, shape.dense_gemms()))
    if first(shape.moe_layers) > 0:
        sets.append((shape.moe_layers, shape.shared_gemms()))
    for count, gemms in sets:
        for gemm in gemms:
            rows = tokens if gemm.split else tokens / t
            n = gemm.outer / t if gemm.split == "outer" else gemm.outer
            k = gemm.inner / t if gemm.split == "inner" else gemm.inner
            ahead, back = _three(engine, rows, n, k, 1.0, trained)
            forward = forward + count * ahead
            backward = backward + count * back
    if first(shape.moe_layers) > 0:
        split = expert_split(layout)
        local = shape.experts / layout.expert
        rows = tokens * split / t * shape.experts_per_token / local
        for gemm in shape.expert_gemms():
            n = gemm.outer / split if gemm.split == "outer" else gemm.outer
            k = gemm.inner / split if gemm.split == "inner" else gemm.inner
            ahead, back = _three(engine, rows, n, k, local, trained)
            forward = forward + shape.moe_layers * ahead / expert_share
            backward = backward + shape.moe_layers * back / expert_share
    return forward, backward


def _three(
    engine: Engine, m: Number, n: Number, k: Number, together: Number, trained: Number
) -> tuple[Number, Number]:
    """Forward product, and the two of the backward pass: with the weights, and for the weights."""
    ahead = matmul_seconds(engine, m, n, k, together)
    back = matmul_seconds(engine, m, k, n, together)
    if first(trained) > 0.5:
        back = back + matmul_seconds(engine, k, n, m, together, SUM_BYTES)
    return ahead, back


def _pass_bytes(shape: Shape, layout: Layout, tokens: Number, narrow: bool) -> Number:
    """Bytes of a forward pass's norms, residuals, activations and casts, all layers."""
    h, t = shape.hidden, layout.tensor
    mixers = shape.attention_layers + shape.linear_layers
    blocks = mixers + shape.dense_layers + shape.moe_layers
    # norm: read, write; its copy for the next product: read, write; residual: read twice, write
    wide = blocks * 7.0 * h * 2.0
    wide = wide / where(layout.sequence_parallel > 0.5, t, 1.0)
    gate = 3.0 if shape.gated else 2.0
    # rotation of queries and keys, and the split of their common product: read and write each
    heads = (4.0 * shape.heads + 6.0 * shape.kv_heads) * shape.head_size
    inner = shape.attention_layers * heads + shape.dense_layers * gate * shape.ffn
    if first(shape.linear_layers) > 0:  # convolution, gate, norm and the scan's inputs and outputs
        inner = inner + shape.linear_layers * 12.0 * shape.linear_gemms[-1].inner
    if first(shape.moe_layers) > 0:
        k = shape.experts_per_token  # sorting by expert, both buffers of the exchange, and back
        each = gate * (k * shape.expert_ffn + shape.shared_ffn) + 8.0 * k * shape.expert_width
        inner = inner + shape.moe_layers * each
    total = wide + inner * 2.0 / t
    if narrow:  # operands are read in 16 bits and written in 8, twice: as they are and transposed
        cast = mixers * (h + shape.heads * shape.head_size) + shape.dense_layers * (h + shape.ffn)
        cast = cast + shape.moe_layers * shape.experts_per_token * (h + shape.expert_ffn)
        total = total + 4.0 * cast / t
    return tokens * total


def _attention(work: Work, rates: Rates, layout: Layout, tokens: Number) -> tuple[Number, Number]:
    shape = work.shape
    sequences = layout.micro_batch / (layout.tensor * layout.context)
    if work.fused:
        flop = sequences * shape.attention_flop(work.sequence, work.sequence)
        # heads narrower than 128 fill less of a tile
        share = 1.25 * shape.head_size / (shape.head_size + 32.0)
        seconds = flop / (rates.attention.flop_per_s * share)
        return seconds, FUSED_BACKWARD * seconds
    flop = sequences * shape.attention_flop(work.sequence, work.sequence, skip=False)
    scores = tokens * work.sequence * shape.heads * shape.attention_layers / layout.tensor
    share = shape.head_size / (shape.head_size + 4.0 * rates.head.tiles.depth)
    products = flop / (rates.head.flop_per_s * share)
    forward = products + SCORE_FORWARD_BYTES * scores / rates.score_bytes_per_s
    return forward, 2.0 * products + SCORE_BACKWARD_BYTES * scores / rates.score_bytes_per_s


def _head(work: Work, engine: Engine, layout: Layout, tokens: Number) -> Number:
    """The product with the vocabulary, its two of the backward pass, and the loss over the logits."""
    shape = work.shape
    width = shape.vocabulary / layout.tensor
    if first(shape.vocabulary) <= 0:
        return 0.0
    ahead, back = _three(engine, tokens, width, shape.hidden, 1.0, work.trained_share)
    return ahead + back + pass_seconds(engine, LOGIT_BYTES * tokens * width)


# ---- communication -------------------------------------------------------------------------------


@dataclass(slots=True)
class Exchange:
    """Seconds over all layers for one micro-batch, forward and backward, nothing hidden yet."""

    tensor: tuple[Number, Number]
    expert: Number  # one forward pass; as much again backward
    context: Number
    pipeline: Number  # one boundary, one direction


def exchange(work: Work, fabric: Fabric, layout: Layout) -> Exchange:
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
        lane = cause_of(fabric.pipeline)
        sent = hidden_bytes / layout.tensor
        pipeline = where(layout.pipeline > 1.0, lane.alpha + sent / lane.bandwidth, 0.0)
    return Exchange((tensor, tensor), expert, context, pipeline)


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
    routed = shape.routed_parameters
    divide = layout.tensor * layout.pipeline
    return Held(
        dense=(shape.layer_parameters - routed) / divide,
        routed=routed / (layout.pipeline * layout.expert * expert_split(layout)),
        ends=(shape.embedding_parameters + (0.0 if shape.tied else shape.head_parameters)) / layout.tensor,
    )


def gradient_exchange(work: Work, fabric: Fabric, layout: Layout, params: Held) -> tuple[Number, Number]:
    """Seconds to reduce the gradients of one step, and to gather the weights after it or for a pass."""
    ends = params.ends / where(layout.pipeline > 1.5, 2.0, 1.0)
    reduce: Number = 0.0
    gather: Number = 0.0
    share = work.trained_share
    for numbers, group in ((params.dense + ends, fabric.data), (params.routed, fabric.expert_data)):
        if not any_of(group.size > 1.0) or not any_of(numbers > 0.0):
            continue
        trained = numbers * share
        sharded = layout.sharding > 0.5
        all_reduce = collective_seconds("all-reduce", trained * work.gradient_bytes, group)
        scatter = collective_seconds("reduce-scatter", trained * work.gradient_bytes, group)
        weights = where(layout.sharding > 2.5, numbers, trained)
        alone = group.size <= 1.0
        reduce = reduce + where(alone, 0.0, where(sharded, scatter, all_reduce))
        gather = gather + where(alone, 0.0, where(sharded, collective_seconds("all-gather", weights * 2.0, group), 0.0))
    if any_of(fabric.between.size > 1.0):
        within = maximum(fabric.data.size, 1.0)
        each = (params.dense + ends + params.routed) * share * work.gradient_bytes / within
        reduce = reduce + where(
            fabric.between.size > 1.0, collective_seconds("all-reduce", each, fabric.between), 0.0
        )
    return reduce, gather


# ---- the step ------------------------------------------------------------------------------------


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

    @property
    def total(self) -> Number:
        exposed = (self.tensor, self.expert, self.context, self.pipeline, self.data, self.host)
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
    m = work.batch / (layout.data * layout.micro_batch)
    m = maximum(m, 1.0)
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
    tensor_open = tensor * rates.tensor_exposed * where(fabric.tensor.remote > 1.0, rates.tensor_spanning, 1.0)
    expert_open = expert * rates.expert_exposed
    layers = matmul + passes + attention + tensor_open + expert_open + context_open
    blocks = shape.attention_layers + shape.linear_layers
    each_layer = rates.layer_seconds + where(layout.tensor > 1.0, rates.tensor_seconds, 0.0)
    host = (each_layer * blocks + rates.expert_seconds * shape.moe_layers) * (2.0 + again)
    host_open = maximum(0.0, host - layers)
    layers = layers + host_open

    transfer = sent.pipeline + where(p > 1.0, rates.hop_seconds, 0.0)
    boundary = 2.0 * layout.virtual * transfer  # forward and backward, each virtual stage
    hops = where(layout.virtual > 1.5, maximum(0.0, boundary - rates.overlap * layers / p), boundary)
    mean = (layers + done.head) / p + hops
    slowest, fill = _stages(layers, done.head, hops, shape.layers, layout)
    bubble = m * (slowest - mean) + fill

    params = held(shape, layout)
    reduce, gather = gradient_exchange(work, fabric, layout, params)
    back = (done.matmul[1] + done.passes[1] + done.attention[1]) / p
    ahead = (done.matmul[0] + done.passes[0] + done.attention[0]) / p
    once = _behind(rates, reduce, back) + _behind(rates, gather, ahead)
    each_alone = reduce + 2.0 * gather
    each = _behind(rates, each_alone, (layers + done.head) / p)
    full = layout.sharding > 2.5
    data = (where(full, m * each, once), where(full, m * each_alone, reduce + gather))
    per_chip = m / p
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
        optimizer=_optimizer(work, rates, layout, params, fabric),
    )


def _behind(rates: Rates, traffic: Number, compute_seconds: Number) -> Number:
    """Seconds that traffic adds to the compute it overlaps with: what does not fit, and what it slows."""
    room = rates.overlap * compute_seconds
    return maximum(0.0, traffic - room) + rates.hidden_cost * minimum(traffic, room)


def _stages(
    layers: Number, head: Number, hops: Number, count: Number, layout: Layout
) -> tuple[Number, Number]:
    """Seconds of the slowest stage for one micro-batch, and of filling and draining the pipeline."""
    p, v = layout.pipeline, layout.virtual
    longest = ceil(count / (p * v)) * v
    full = layers * longest / count
    last = maximum(0.0, count - (p - 1.0) * longest) / count * layers + head
    slowest = maximum(where(p > 1.0, full, 0.0), last) + hops
    fill = maximum(0.0, layers + head + p * hops - slowest) / v
    return slowest, fill


def _optimizer(work: Work, rates: Rates, layout: Layout, params: Held, fabric: Fabric) -> Number:
    sharded = layout.sharding > 0.5
    dense = (params.dense + params.ends) / where(sharded, maximum(fabric.data.size, 1.0), 1.0)
    routed = params.routed / where(sharded, maximum(fabric.expert_data.size, 1.0), 1.0)
    return pass_seconds(rates.layers, work.optimizer_bytes * (dense + routed) * work.trained_share)


def lane(group: Group) -> Lane:
    """The lane that a collective over the group waits for."""
    return cause_of(group)
