"""Seconds of one pass of tokens through one replica, in parts: prefill and a decode step are both passes.

A pass takes max(matrix products, weights read) + max(attention FLOP, cache read) + collectives + a
fixed time per layer (roofline of Williams et al. 2009; the fixed time: model.md, section 11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from infralab.models.arithmetic import Number, any_of, ceil, log2, maximum, minimum, where
from infralab.models.constants import assumed
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics.collectives import Group, Lane, cause, seconds
from infralab.models.workloads.inference.formats import Formats
from infralab.models.workloads.inference.layout import Layout, Sizes
from infralab.models.workloads.inference.stack import Stack
from infralab.models.workloads.transformer import Shape

EXPERT_TILE = 64.0  # rows of the smallest tile a grouped product works on: a lone row is not padded
EXPERT_TRAFFIC = 0.75  # of 16 bits each way: a token travels to its experts in 8 bits and back in 16


@dataclass(slots=True)
class Pass:
    """Exposed seconds by cause, and what each would take alone."""

    matmul: Number = 0.0
    weights: Number = 0.0
    attention: Number = 0.0
    cache: Number = 0.0
    activations: Number = 0.0
    collectives: Number = 0.0  # bytes over the links
    latency: Number = 0.0  # fixed time of collectives
    overhead: Number = 0.0
    bubble: Number = 0.0
    matmul_alone: Number = 0.0
    weights_alone: Number = 0.0
    attention_alone: Number = 0.0
    cache_alone: Number = 0.0

    def total(self) -> Number:
        products = self.matmul + self.weights + self.attention + self.cache
        return products + self.activations + self.collectives + self.latency + self.overhead + self.bubble

    def times(self, factor: Number) -> Pass:
        return Pass(
            self.matmul * factor,
            self.weights * factor,
            self.attention * factor,
            self.cache * factor,
            self.activations * factor,
            self.collectives * factor,
            self.latency * factor,
            self.overhead * factor,
            self.bubble * factor,
            self.matmul_alone * factor,
            self.weights_alone * factor,
            self.attention_alone * factor,
            self.cache_alone * factor,
        )


@dataclass(slots=True)
class Engine:
    """One pool's replica of the model, with all that does not depend on the batch worked out once."""

    shape: Shape
    formats: Formats
    stack: Stack
    layout: Layout
    counts: Sizes
    reduce: Group | None  # the tensor group, without the library's fixed times: the stack has its own
    exchange: Group | None  # the group that shares the experts
    hop: Lane | None  # between the stages of a pipeline
    far: Number  # seconds that a small collective takes longer between servers
    kv_ways: Number  # tensor ranks that split the cache

    def run(self, tokens: Number, sequences: Number, context: Number, decode: bool) -> Pass:
        """One pass of `tokens` new tokens of `sequences`, each seeing `context` tokens at the end."""
        shape, layout, stack, formats = self.shape, self.layout, self.stack, self.formats
        t = layout.tensor
        gemm, read = self._products(tokens, sequences)
        asked = tokens / maximum(sequences, 1e-9)
        flop = sequences * shape.attention_flop(asked, context)
        if decode and shape.latent is not None:
            flop = sequences * _latent_decode_flop(shape, context)
        scores = flop / (t * stack.attention)
        kept = sequences * shape.kv_bytes(context, formats.kv_bytes) / (self.kv_ways * stack.cache)
        on_links, fixed = self._collectives(tokens)
        moved = assumed("inference.activation_passes") * shape.layers * tokens * shape.hidden * formats.activation_bytes
        return Pass(
            matmul=where(gemm >= read, gemm, 0.0),
            weights=where(gemm >= read, 0.0, read),
            attention=where(scores >= kept, scores, 0.0),
            cache=where(scores >= kept, 0.0, kept),
            activations=moved / stack.cache,
            collectives=on_links,
            latency=fixed,
            overhead=stack.step_seconds
            + stack.sequence_seconds * sequences
            + stack.layer_seconds * shape.layers
            + stack.expert_seconds * shape.moe_layers,
            matmul_alone=gemm,
            weights_alone=read,
            attention_alone=scores,
            cache_alone=kept,
        )

    def _products(self, tokens: Number, sequences: Number) -> tuple[Number, Number]:
        """Seconds of all matrix products and of reading their weights, on one chip."""
        shape, layout, stack = self.shape, self.layout, self.stack
        t = layout.tensor
        head = self.counts.head
        work = self.counts.dense * tokens + head * sequences
        stored = self.counts.dense + head
        flop, read = 2.0 * work / t, stored / t
        if any_of(shape.moe_layers > 0.0):
            together = tokens * layout.expert_ranks
            touched = shape.touched_experts(together)
            skew = where(layout.expert > 1.0, assumed("inference.expert_imbalance"), 1.0)
            rows = together * shape.experts_per_token
            rows = rows + maximum(touched - touched * touched / maximum(rows, 1e-9), 0.0) * (EXPERT_TILE - 1.0) / 2.0
            slow = layout.expert_chips * stack.expert_factor
            flop = flop + skew * 2.0 * self.counts.expert * rows / slow
            read = read + minimum(skew * touched, shape.experts) * self.counts.expert / slow
        return flop / stack.matmul, maximum(
            read * self.formats.weight_bytes / stack.weights, read * stack.unpack_seconds
        )

    def _collectives(self, tokens: Number) -> tuple[Number, Number]:
        """Seconds on the links, and fixed ones: all-reduces of the tensor group, exchanges, pipeline hops.

        The stack's own kernels: their fixed time grows with the logarithm of the ranks.
        """
        shape, layout = self.shape, self.layout
        bytes_ = tokens * shape.hidden * self.formats.activation_bytes
        moved: Number = 0.0
        fixed: Number = 0.0
        shared = shape.moe_layers * where(layout.expert_ranks > 1.0, 1.0, 0.0)
        if self.reduce is not None:
            count = self.counts.blocks - shared
            moved = count * seconds("all-reduce", bytes_, self.reduce)
            fixed = count * self._fixed(self.reduce)
        if self.exchange is not None:
            sent = bytes_ * shape.experts_per_token * EXPERT_TRAFFIC
            moved = moved + shared * 2.0 * seconds("all-to-all", sent, self.exchange)
            fixed = fixed + shared * 2.0 * self._fixed(self.exchange)
        if self.hop is not None:
            hops = layout.pipeline - 1.0
            moved = moved + hops * bytes_ / layout.tensor / self.hop.bandwidth
            fixed = fixed + hops * self.stack.reduce_seconds
        return moved, fixed

    def _fixed(self, ranks: Group) -> Number:
        """Seconds that a collective of a few bytes takes."""
        least = self.stack.reduce_seconds * (1.0 + log2(maximum(ranks.size, 1.0))) / 2.0
        if ranks.outer is not None:
            least = least + where(ranks.remote > 1.0, self.far, 0.0)
        return where(ranks.size > 1.0, least, 0.0)

    def decode(self, batch: Number, context: Number) -> Pass:
        """One output token for each of `batch` sequences; a pipeline keeps micro-batches in flight."""
        groups = minimum(maximum(batch, 1.0), self.layout.pipeline)
        # one micro-batch passes all stages while each of the others passes one: a token each per pass
        return self.run(batch / groups, batch / groups, context, decode=True)

    def prefill(self, tokens: Number, sequences: Number, context: Number, alone: bool = False) -> Pass:
        """`tokens` prompt tokens in passes of at most the stack's budget, each of which reads the weights.

        alone: the time of one prompt from end to end; else its share of a full pipeline.
        """
        chunks = maximum(ceil(tokens / self.stack.prefill_tokens), 1.0)
        once = self.run(tokens / chunks, sequences / chunks, context, decode=False)
        pipeline = self.layout.pipeline
        filled = once.times(chunks / pipeline)
        if alone and any_of(pipeline > 1.0):
            # the last chunk passes the other stages by itself
            filled.bubble = once.total() * (pipeline - 1.0) / pipeline
        return filled

    def leaving(self) -> list[tuple[str, Number]]:
        """Bytes that one token sends into the drawn network, all chips of the replica together, by class."""
        shape, found = self.shape, []
        state = shape.hidden * self.formats.activation_bytes
        if self.reduce is not None and self.reduce.outer is not None:
            sent = 2.0 * (self.reduce.remote - 1.0) * state * self.counts.blocks
            found.append(("activations", sent))
        if self.exchange is not None and self.exchange.outer is not None:
            away = 1.0 - minimum(self.exchange.local / maximum(self.exchange.size, 1.0), 1.0)
            sent = 2.0 * state * shape.experts_per_token * EXPERT_TRAFFIC * shape.moe_layers * away
            found.append(("experts", sent))
        return [(name, sent) for name, sent in found if any_of(sent > 0.0)]

    def network_path(self) -> Lane | None:
        """The lane that the collectives wait for."""
        group = self.exchange or self.reduce
        return self.hop if group is None else cause(group)


def _latent_decode_flop(shape: Shape, context: Number) -> Number:
    """Scores and values of one token against the compressed cache (absorbed form, DeepSeek-V2)."""
    latent = shape.latent
    assert latent is not None
    seen = minimum(context, shape.indexer[2]) if shape.indexer is not None else context
    scan = shape.indexer[0] * shape.indexer[1] * 2.0 * context if shape.indexer is not None else 0.0
    each = 2.0 * shape.heads * (2.0 * latent.kv_rank + latent.rope) * seen
    return shape.attention_layers * (each + scan)


def _without_latency(ranks: Group) -> Group:
    inner = replace(ranks.inner, alpha=0.0, beta=0.0, hop=0.0)
    outer = None if ranks.outer is None else replace(ranks.outer, alpha=0.0, beta=0.0, hop=0.0)
    return replace(ranks, inner=inner, outer=outer)


def engine(
    machine: Machine, pool: Pool, shape: Shape, counts: Sizes, formats: Formats, stack: Stack, layout: Layout
) -> Engine:
    """A replica ready to run passes; groups of one chip are left out."""
    reduce = exchange = hop = None
    far: Number = 0.0
    if any_of(layout.tensor > 1.0):
        whole = group(machine, pool, layout.tensor)
        far = 0.0 if whole.outer is None else whole.outer.alpha
        reduce = _without_latency(whole)
    if any_of(layout.expert_ranks > 1.0):
        sharing = group(machine, pool, layout.expert_chips)
        # also where no tensor group says it: ranks of one chip each that share experts between servers
        far = far if sharing.outer is None else sharing.outer.alpha
        exchange = _without_latency(sharing)
    if any_of(layout.pipeline > 1.0):
        across = group(machine, pool, layout.tensor * layout.pipeline)
        hop = across.outer if across.outer is not None and any_of(across.remote > 1.0) else across.inner
    ways = minimum(layout.tensor, 1.0 if shape.latent is not None else shape.kv_heads)
    return Engine(shape, formats, stack, layout, counts, reduce, exchange, hop, far, maximum(ways, 1.0))
