"""Seconds that a chip computes for one micro-batch: products, passes, attention, head (model.md, 2 and 3).

Sums over all layers of the model, per chip of a tensor and context group; a pipeline stage does its
share of them. Numbers are floats, or arrays of candidates and variants.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, ceil, first, maximum, where
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
    host_link: Number  # bytes/s between chip and host memory
    narrow: bool = False  # 8 bits or fewer: operands are cast


@dataclass(slots=True)
class Work:
    """What a training step is asked to do."""

    shape: Shape
    sequence: Number  # tokens
    batch: Number  # sequences a step
    fused: bool  # attention
    trained_share: Number = 1.0  # of the layers' parameters that get gradients
    gradient_bytes: float = 4.0
    optimizer_bytes: float = OPTIMIZER_BYTES
    head_share: Number = 1.0  # of positions that meet the vocabulary


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


def micro_batches(work: Work, layout: Layout) -> Number:
    """Micro-batches of one step on one replica; a last one that is not full takes as long as the others."""
    return maximum(ceil(work.batch / (layout.data * layout.micro_batch) - 1e-6), 1.0)


def expert_split(layout: Layout) -> Number:
    """Chips that share one expert: the tensor group, as stacks do unless experts need those chips too."""
    return where(layout.expert <= layout.data * layout.context, layout.tensor, 1.0)


def _matmuls(work: Work, rates: Rates, layout: Layout, tokens: Number) -> tuple[Number, Number]:
    shape, t, engine, expert_share = work.shape, layout.tensor, rates.layers, rates.expert_share
    forward: Number = 0.0
    backward: Number = 0.0
    trained = work.trained_share
    sets: list[tuple[Number, tuple[Gemm, ...]]] = [(shape.attention_layers, shape.attention_gemms)]
    if first(shape.linear_layers) > 0:
        sets.append((shape.linear_layers, shape.linear_gemms))
    if first(shape.dense_layers) > 0:
        sets.append((shape.dense_layers, shape.dense_gemms))
    if first(shape.moe_layers) > 0:
        sets.append((shape.moe_layers, shape.shared_gemms))
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
        for gemm in shape.expert_gemms:
            n = gemm.outer / split if gemm.split == "outer" else gemm.outer
            k = gemm.inner / split if gemm.split == "inner" else gemm.inner
            ahead, back = _three(engine, rows, n, k, local, trained)
            forward = forward + shape.moe_layers * ahead / expert_share
            backward = backward + shape.moe_layers * back / expert_share
    return forward, backward


def _three(engine: Engine, m: Number, n: Number, k: Number, together: Number, trained: Number) -> tuple[Number, Number]:
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
