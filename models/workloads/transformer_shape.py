"""The shape of a transformer: what it stores, computes and keeps, in training and in inference.

A `Shape` reduces every architecture to counts of mixers (full, windowed and linear attention) and of
feed-forward blocks (dense, mixture of experts), and to what one of each costs. FLOP counts one
multiply-add as 2. Sources: Narayanan et al. 2021 (dense), Fedus et al. 2021 (experts), DeepSeek-V2
2024 (latent attention), Dao & Gu 2024 (Mamba-2), Yang et al. 2025 (gated delta net).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from infralab.models.arithmetic import Number, first, maximum, minimum, power


@dataclass(frozen=True, slots=True)
class Gemm:
    """One weight matrix of a block: `inner` × `outer` numbers, used `times` per token."""

    name: str
    inner: Number
    outer: Number
    times: Number = 1.0
    split: str = "outer"  # the side that tensor parallelism divides

    @property
    def parameters(self) -> Number:
        return self.inner * self.outer * self.times


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention: ranks and head sizes (DeepSeek-V2)."""

    q_rank: Number
    kv_rank: Number
    nope: Number
    rope: Number
    value: Number


@dataclass(frozen=True)
class Shape:
    """Architecture of one model. Widths in numbers, counts in layers; bytes come with a precision."""

    name: str
    layers: Number  # blocks as the maker counts them
    hidden: Number
    heads: Number
    kv_heads: Number
    head_size: Number
    ffn: Number  # of dense blocks
    gated: bool
    vocabulary: Number
    tied: bool
    causal: bool
    attention_layers: Number  # mixers with a key-value cache (full and windowed)
    window_layers: Number  # of them, those that see `window` tokens only
    window: Number
    dense_layers: Number  # feed-forward blocks without experts
    moe_layers: Number
    experts: Number
    experts_per_token: Number
    expert_ffn: Number
    expert_width: Number  # width that the routed experts see: hidden, or a latent one
    shared_ffn: Number  # width of the shared experts together
    linear_layers: Number = 0.0  # mixers with a constant state
    linear_gemms: tuple[Gemm, ...] = ()
    linear_state: Number = 0.0  # numbers that one linear mixer keeps for one sequence
    linear_extra: Number = 0.0  # parameters of one linear mixer outside its matrices
    latent: Latent | None = None
    output_gate: bool = False
    indexer: tuple[Number, Number, Number] | None = None  # heads, head size, tokens kept
    bias: bool = False
    qkv_bias: bool = False
    layer_norms: bool = False  # with an offset, as LayerNorm has
    norms: Number = 2.0  # a layer
    learned_positions: Number = 0.0
    extra_parameters: Number = 0.0
    shared_layers: bool = False  # one set of weights for all layers (ALBERT)
    embedding_width: Number = 0.0  # 0: hidden
    decoder_layers: Number = 0.0  # of an encoder-decoder, within `layers`
    dense_beside_moe: bool = False

    # ---- weights -------------------------------------------------------------------------------

    @cached_property
    def value_size(self) -> Number:
        return self.latent.value if self.latent is not None else self.head_size

    @cached_property
    def attention_gemms(self) -> tuple[Gemm, ...]:
        """Weight matrices of one attention mixer."""
        h, a = self.hidden, self.heads
        if self.latent is None:
            q = a * self.head_size * (2.0 if self.output_gate else 1.0)
            kv = 2.0 * self.kv_heads * self.head_size
            return (
                Gemm("query, key, value", h, q + kv),
                Gemm("output", a * self.head_size, h, split="inner"),
            )
        m = self.latent
        query = a * (m.nope + m.rope)
        down = (Gemm("query down", h, m.q_rank, split=""), Gemm("query up", m.q_rank, query))
        gemms = (
            *(down if first(m.q_rank) > 0 else (Gemm("query", h, query),)),
            Gemm("key-value down", h, m.kv_rank + m.rope, split=""),
            Gemm("key-value up", m.kv_rank, a * (m.nope + m.value)),
            Gemm("output", a * m.value, h, split="inner"),
        )
        if self.indexer is None:
            return gemms
        heads, size, _ = self.indexer
        return (
            *gemms,
            Gemm("indexer", m.q_rank, heads * size, split=""),
            Gemm("indexer key", h, size + heads, split=""),
        )

    @cached_property
    def dense_gemms(self) -> tuple[Gemm, ...]:
        """Weight matrices of one dense feed-forward block."""
        return self._ffn(self.hidden, self.ffn, "ffn", 1.0)

    @cached_property
    def expert_gemms(self) -> tuple[Gemm, ...]:
        """Weight matrices of one routed expert."""
        return self._ffn(self.expert_width, self.expert_ffn, "expert", 1.0)

    @cached_property
    def shared_gemms(self) -> tuple[Gemm, ...]:
        """What every token of a mixture-of-experts block passes besides its routed experts."""
        router = (Gemm("router", self.hidden, self.experts, split=""),)
        latent: tuple[Gemm, ...] = ()
        if first(self.expert_width) != first(self.hidden):
            latent = (
                Gemm("latent down", self.hidden, self.expert_width, split=""),
                Gemm("latent up", self.expert_width, self.hidden, split=""),
            )
        shared = self._ffn(self.hidden, self.shared_ffn, "shared expert", 1.0) if first(self.shared_ffn) > 0 else ()
        beside = self.dense_gemms if self.dense_beside_moe else ()
        return (*router, *latent, *shared, *beside)

    def _ffn(self, width: Number, inner: Number, name: str, times: Number) -> tuple[Gemm, ...]:
        return (
            Gemm(f"{name} up", width, inner * (2.0 if self.gated else 1.0), times),
            Gemm(f"{name} down", inner, width, times, split="inner"),
        )

    @cached_property
    def attention_parameters(self) -> Number:
        """Of one attention mixer, matrices only."""
        return _total(self.attention_gemms)

    @cached_property
    def linear_parameters(self) -> Number:
        return _total(self.linear_gemms)

    @cached_property
    def dense_parameters(self) -> Number:
        """Of one dense feed-forward block."""
        return _total(self.dense_gemms)

    @cached_property
    def expert_parameters(self) -> Number:
        """Of one routed expert."""
        return _total(self.expert_gemms)

    @cached_property
    def shared_parameters(self) -> Number:
        """Of one mixture-of-experts block without its routed experts."""
        return _total(self.shared_gemms)

    @cached_property
    def mixer_parameters(self) -> Number:
        """Of all attention and linear mixers."""
        return self.attention_layers * self.attention_parameters + self.linear_layers * self.linear_parameters

    @cached_property
    def embedding_parameters(self) -> Number:
        """Of the input table (and positions); the head is `head_parameters`."""
        width = self.embedding_width if first(self.embedding_width) > 0 else self.hidden
        factor = width * self.hidden if first(self.embedding_width) > 0 else 0.0
        return self.vocabulary * width + factor + self.learned_positions * width

    @cached_property
    def head_parameters(self) -> Number:
        """Numbers in the product of the last layer with the vocabulary (stored twice unless tied)."""
        return self.vocabulary * self.hidden

    @cached_property
    def routed_parameters(self) -> Number:
        """Of all routed experts of all layers: what expert parallelism divides."""
        return self.moe_layers * self.experts * self.expert_parameters

    @cached_property
    def layer_parameters(self) -> Number:
        """All parameters but embeddings and head, norms and biases included."""
        dense = self.dense_layers * self.dense_parameters + self.moe_layers * self.shared_parameters
        total = self.mixer_parameters + dense + self.routed_parameters + self._small_parameters()
        return total / self.layers if self.shared_layers else total

    @cached_property
    def parameters(self) -> Number:
        """Everything stored."""
        head = 0.0 if self.tied else self.head_parameters
        return self.layer_parameters + self.embedding_parameters + head + self.extra_parameters

    def _small_parameters(self) -> Number:
        """Norms, biases and what linear mixers keep outside their matrices."""
        h = self.hidden
        norm = (self.norms * self.layers + 1.0) * h * (2.0 if self.layer_norms else 1.0)
        blocks = self.attention_layers
        biases: Number = 0.0
        if self.bias:
            biases = blocks * (self.heads * self.head_size + 2.0 * self.kv_heads * self.head_size + h)
            biases = biases + self.dense_layers * (self.ffn * (2.0 if self.gated else 1.0) + h)
            biases = biases + self.moe_layers * self.experts
        elif self.qkv_bias:
            biases = blocks * (self.heads + 2.0 * self.kv_heads) * self.head_size
        ranks: Number = 0.0
        if self.latent is not None:
            ranks = blocks * (self.latent.q_rank + self.latent.kv_rank)
        return norm + biases + ranks + self.linear_layers * self.linear_extra

    # ---- what one token computes ---------------------------------------------------------------

    @cached_property
    def active_layer_parameters(self) -> Number:
        """Matrix parameters of the layers that one token passes (model.md, 3)."""
        routed = self.experts_per_token * self.expert_parameters + self.shared_parameters
        return self.mixer_parameters + self.dense_layers * self.dense_parameters + self.moe_layers * routed

    @cached_property
    def active_parameters(self) -> Number:
        """With the head, without the input table, which is a gather."""
        return self.active_layer_parameters + self.head_parameters

    def attention_flop(self, queries: Number, context: Number, skip: bool = True) -> Number:
        """Forward FLOP of the score and value products of all layers for one sequence.

        queries: tokens that ask; context: tokens seen, the queries included. skip: leave out what
        a causal mask hides, as fused kernels do (half of a square). Linear mixers: their state.
        """
        pair = 2.0 * self.heads * (self.head_size + self.value_size)
        if self.latent is not None:
            pair = 2.0 * self.heads * (self.latent.nope + self.latent.rope + self.latent.value)
        hidden = queries / 2.0 if self.causal and skip else 0.0
        seen = context - hidden
        if self.indexer is not None:
            seen = minimum(seen, self.indexer[2])
        full = (self.attention_layers - self.window_layers) * seen
        windowed = self.window_layers * minimum(maximum(self.window, 1.0), seen) if first(self.window_layers) else 0.0
        linear = self.linear_layers * 4.0 * self.linear_state
        scan = (
            self.indexer[0] * self.indexer[1] * 2.0 * (context - hidden) * self.attention_layers
            if self.indexer
            else 0.0
        )
        return queries * (pair * (full + windowed) + linear + scan)

    def model_flop(self, sequence_length: Number) -> Number:
        """Training FLOP per token by the common convention: 6·N + 12·L·h·s, full attention."""
        full = 3.0 * self.attention_flop(sequence_length, sequence_length, skip=False) / sequence_length
        return 6.0 * self.active_parameters + full

    # ---- what a sequence keeps -----------------------------------------------------------------

    def kv_numbers_per_token(self) -> Number:
        """Numbers that one attention mixer keeps for one token."""
        if self.latent is not None:
            return self.latent.kv_rank + self.latent.rope + (self.indexer[1] if self.indexer else 0.0)
        return 2.0 * self.kv_heads * self.head_size

    def kv_bytes(self, context: Number, number_bytes: Number) -> Number:
        """Cache of one sequence of `context` tokens: windowed layers hold the window at most."""
        full = (self.attention_layers - self.window_layers) * context
        windowed = self.window_layers * minimum(self.window, context) if first(self.window_layers) else 0.0
        state = self.linear_layers * self.linear_state * 4.0  # states are kept in 32 bits
        return (full + windowed) * self.kv_numbers_per_token() * number_bytes + state

    def kv_bytes_per_token(self, number_bytes: Number) -> Number:
        """Growth of the cache by one token below the window (2·L·a_kv·d·bytes)."""
        return self.attention_layers * self.kv_numbers_per_token() * number_bytes

    def touched_experts(self, tokens: Number) -> Number:
        """Distinct experts of a layer that `tokens` tokens reach: E·(1 − (1 − k/E)^B)."""
        experts = maximum(self.experts, 1.0)
        return experts * (1.0 - power(1.0 - self.experts_per_token / experts, tokens))


def _total(gemms: tuple[Gemm, ...]) -> Number:
    total: Number = 0.0
    for gemm in gemms:
        total = total + gemm.inner * gemm.outer * gemm.times
    return total
