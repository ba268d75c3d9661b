"""Bytes on one chip in training: state, activations, logits, and what the software itself takes.

Activations after Korthikanti et al. 2022, by widths instead of multiples of the hidden size, so that
gated blocks, grouped heads and experts count as they are. State after Rajbhandari et al. 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, divide, first, maximum, minimum, where
from infralab.models.workloads.transformer import Shape

SCORE_BYTES = 5.0  # softmax and dropout outputs (2 each) and a mask, per score kept (Korthikanti)


@dataclass(frozen=True, slots=True)
class StateBytes:
    """Bytes per parameter of mixed-precision Adam: 16-bit weights, gradients, master copy and moments."""

    weights: Number = 2.0
    gradients: Number = 4.0
    optimizer: Number = 12.0


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes kept per token, summed over the layers of a model."""

    split: Number  # divided by tensor parallelism: projections, attention, the wide side of blocks
    products: Number  # of them, results of activation functions, which are cheap to compute again
    routed: Number  # of them, tokens sorted by expert
    undivided: Number  # divided by its sequence part only: inputs of norms and blocks
    normed: Number  # of them, results of norms


def kept_bytes(shape: Shape, dropout: bool) -> Kept:
    """34·h a layer for a plain block with dropout (24 divided, 10 not), by widths (Korthikanti 2022)."""
    h = shape.hidden
    inner = (2.0 * shape.heads + 2.0 * shape.kv_heads) * shape.head_size
    if shape.latent is not None:
        inner = shape.heads * (2.0 * (shape.latent.nope + shape.latent.rope) + 2.0 * shape.latent.value)
    gate = 2.0 if shape.gated else 1.0
    active = shape.dense_layers * shape.ffn
    active = active + shape.moe_layers * (shape.expert_ffn * shape.experts_per_token + shape.shared_ffn)
    routed = shape.moe_layers * shape.experts_per_token * shape.expert_width  # tokens as experts read them
    mixers = shape.attention_layers * inner + shape.linear_layers * 4.0 * _linear_width(shape)
    blocks = shape.attention_layers + shape.linear_layers + shape.dense_layers + shape.moe_layers
    return Kept(
        split=2.0 * (mixers + routed + (gate + 1.0) * active),
        products=2.0 * active,
        routed=2.0 * routed,
        undivided=blocks * (5.0 if dropout else 4.0) * h,
        normed=blocks * 2.0 * h,
    )


def _linear_width(shape: Shape) -> Number:
    return shape.linear_gemms[-1].inner if shape.linear_gemms else shape.hidden


def score_bytes(shape: Shape, context: Number) -> Number:
    """Kept score bytes per token of all layers when attention is not fused."""
    return SCORE_BYTES * shape.heads * context * shape.attention_layers


def activation_bytes(
    shape: Shape,
    context: Number,
    fused: bool,
    narrow: bool,
    tensor: Number,
    sequence_parallel: Number,
    recompute: Number,
) -> Number:
    """Bytes per token and chip, all layers, by level of recomputation (0 none, 1 selective, 2 full).

    Selective: the scores are computed again where they exist; with fused attention the results of
    norms and activation functions are. 3: as full, but two layers' inputs stay and the rest goes to
    the host. narrow: what products read is kept in 8 bits. Full: layers keep their input, one at a time is whole.
    """
    kept = kept_bytes(shape, dropout=not fused)
    divided = where(sequence_parallel > 0.5, tensor, 1.0)
    read, saved = kept.products / tensor + kept.normed / divided, 1.0
    base = kept.split / tensor + kept.undivided / divided
    if narrow:
        base, saved = base - 0.5 * (read + kept.routed / tensor), 0.5
    if fused:
        none, selective = base, base - saved * read
    else:
        none, selective = base + score_bytes(shape, context) / tensor, base
    layers = maximum(shape.layers, 1.0)
    on_chip = 1.0 - minimum(maximum(recompute - 2.0, 0.0), 1.0) * (1.0 - minimum(2.0 / layers, 1.0))
    full = 2.0 * shape.hidden * layers / divided * on_chip + none / layers
    share = minimum(maximum(recompute - 1.0, 0.0), 1.0)
    return where(recompute > 0.5, selective + share * (full - selective), none)


def in_flight(micro_batches: Number, stages: Number, virtual: Number) -> Number:
    """Micro-batches whose activations the first stage keeps (1F1B, interleaved)."""
    more = where(virtual > 1.0, 1.0 + (stages - 1.0) / maximum(stages * virtual, 1.0), 1.0)
    return minimum(micro_batches, stages) * more


def state_parts(
    dense: Number,
    routed: Number,
    gathered: Number,
    state: StateBytes,
    sharding: Number,
    dense_group: Number,
    routed_group: Number,
) -> list[tuple[str, Number]]:
    """Weights, gradients and optimizer state on one chip, by level of sharding.

    dense, routed: parameters on this chip before sharding. gathered: parameters of the unit that full
    sharding holds whole at a time.
    """
    parts: list[tuple[str, Number]] = []
    for level, name, each in ((3.0, "weights", state.weights), (2.0, "gradients", state.gradients)):
        on = sharding >= level
        held = dense / where(on, dense_group, 1.0) + routed / where(on, routed_group, 1.0)
        parts.append((name, each * held))
    parts[0] = ("weights", parts[0][1] + where(sharding >= 3.0, 2.0 * state.weights * gathered, 0.0))
    on = sharding >= 1.0
    held = dense / where(on, dense_group, 1.0) + routed / where(on, routed_group, 1.0)
    parts.append(("optimizer", state.optimizer * held))
    return parts


def load(parts: list[tuple[str, Number]], capacity: Number) -> Number:
    """Needed over there; infinite where there is none."""
    total: Number = 0.0
    for _, each in parts:
        total = total + each
    return divide(total, capacity) if first(capacity) >= 0 else total
