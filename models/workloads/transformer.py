"""Which transformer a design trains or serves: the library's facts and the design's own, as a `Shape`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from infralab.models.arithmetic import Number, first, maximum, minimum
from infralab.models.constants import assumed
from infralab.models.design import FrozenMap
from infralab.models.workloads.transformer_shape import Gemm, Latent, Shape

if TYPE_CHECKING:
    from infralab.models.catalogue import Component
    from infralab.models.machine import Machine

__all__ = ["Gemm", "Latent", "Shape", "from_facts", "shape"]


def shape(machine: Machine) -> Shape | None:
    """The model of the design's workload: the library's facts with the design's own fields on top.

    Returns None, and says what is missing, when the model is not known or lacks layers or width.
    """
    workload = machine.design.workload
    if workload is None:
        return None
    component = machine.catalogue.find(workload.model, "model") if workload.model is not None else None
    if component is None and not workload.shape:
        what = f"{workload.model!r} is not in the model library" if workload.model else "no model is chosen"
        machine.missing(
            "workload",
            f"{what}: name one of the library, or give layers, hidden, heads … in [workload.model]",
        )
        return None
    name = str(workload.model or "model")
    causal = not workload.kind.startswith("encoder")
    swept = {k: v for k, v in machine.figures.values.items() if k.startswith(PREFIX)}
    if swept:
        facts = {**_facts(component, workload.shape), **{k.removeprefix(PREFIX): v for k, v in swept.items()}}
        found, assumptions = _checked(name, facts, causal)
    else:
        found, assumptions = _cached(name, component, workload.shape, causal)
    for text in assumptions:
        machine.figures.assume(text, False)
    if found is None:
        machine.missing("workload", f"the model {name} has no layers or no hidden width: not a transformer shape")
    return found


PREFIX = "workload.model."


def _facts(component: Component | None, own: Mapping[str, Any]) -> dict[str, Any]:
    return {**(component.facts if component is not None else {}), **own}


@lru_cache(maxsize=512)
def _cached(
    name: str, component: Component | None, own: FrozenMap[str, Any], causal: bool
) -> tuple[Shape | None, tuple[str, ...]]:
    return _checked(name, _facts(component, own), causal)


def _checked(name: str, facts: dict[str, Any], causal: bool) -> tuple[Shape | None, tuple[str, ...]]:
    if not {"layers", "hidden"} <= set(facts):
        return None, ()
    assumptions: list[str] = []
    return from_facts(name, facts, causal, lambda text, _: assumptions.append(text)), tuple(assumptions)


def from_facts(name: str, facts: Mapping[str, Any], causal: bool = True, assume: Any = None) -> Shape:
    """A Shape from a table of hyperparameters (keys of document.md, or the library's)."""
    layers, hidden = _number(facts, "layers"), _number(facts, "hidden")
    head_size = _number(facts, "head_size", 0.0)
    heads = _number(facts, "heads", 0.0)
    if first(heads) <= 0:
        heads = hidden / assumed("transformer.head_size") if first(head_size) <= 0 else hidden / head_size
        if assume is not None and "layer_mix" not in facts:
            assume(f"{name}: heads not given, taken as {first(heads):g}", False)
    if first(head_size) <= 0:
        head_size = hidden / heads
    decoder = _number(facts, "decoder_layers", 0.0)
    blocks = layers + decoder
    mixers, linear, dense, moe = _blocks(facts, blocks)
    latent = _latent(facts)
    ffn = _number(facts, "ffn", 4.0 * hidden)
    expert_ffn = _number(facts, "expert_ffn", ffn)
    gemms, state, extra = _linear(facts, hidden, heads, head_size) if first(linear) > 0 else ((), 0.0, 0.0)
    window = _number(facts, "window", _number(facts, "attention_chunk", 0.0))
    windowed = _number(facts, "window_layers", mixers if "window" in facts or "attention_chunk" in facts else 0.0)
    indexer = facts.get("indexer")
    shared = _number(facts, "shared_experts", 0.0)
    return Shape(
        name=name,
        layers=blocks,
        hidden=hidden,
        heads=heads,
        kv_heads=_number(facts, "kv_heads", heads),
        head_size=head_size,
        ffn=ffn,
        gated=_gated(facts, first(ffn), first(hidden)),
        vocabulary=_number(facts, "vocabulary", _number(facts, "classes", 0.0)),
        tied=bool(facts.get("tied_embeddings", "tokens_per_image" in facts)),
        causal=bool(facts.get("causal", causal)) and causal,
        attention_layers=mixers + decoder,  # a decoder's layer also attends to the encoder
        window_layers=minimum(windowed, mixers),
        window=window,
        dense_layers=dense,
        moe_layers=moe,
        experts=_number(facts, "experts", 0.0),
        experts_per_token=_number(facts, "experts_per_token", 1.0) if "experts" in facts else 0.0,
        expert_ffn=expert_ffn,
        expert_width=_number(facts, "expert_latent", _number(facts, "routed_expert_hidden", hidden)),
        shared_ffn=_number(facts, "shared_expert_ffn", shared * expert_ffn),
        linear_layers=linear,
        linear_gemms=gemms,
        linear_state=state,
        linear_extra=extra,
        latent=latent,
        output_gate=bool(facts.get("attention_output_gate", False)),
        indexer=(float(indexer["heads"]), float(indexer["head_size"]), float(indexer["top_k"])) if indexer else None,
        bias=bool(facts.get("bias", False)),
        qkv_bias=bool(facts.get("qkv_bias", False)),
        layer_norms=str(facts.get("norm", "")) == "layernorm",
        norms=_number(facts, "norms", 1.0 if "layer_mix" in facts else 2.0),
        learned_positions=_number(facts, "learned_positions", 0.0),
        extra_parameters=_patches(facts, hidden),
        shared_layers=bool(facts.get("shared_layers", False)),
        embedding_width=_number(facts, "embedding_width", 0.0),
        decoder_layers=decoder,
        dense_beside_moe=bool(facts.get("dense_ffn_beside_moe", False)),
    )


def _number(facts: Mapping[str, Any], key: str, default: Number = 0.0) -> Number:
    value = facts.get(key)
    if value is None or isinstance(value, (str, bool, Mapping)):
        return default
    return float(value) if isinstance(value, (int, float)) else value


def _gated(facts: Mapping[str, Any], ffn: float, hidden: float) -> bool:
    """As given; else by width: plain networks use four times the hidden width."""
    given = facts.get("gated")
    return bool(given) if given is not None else ffn != 4.0 * hidden


def _blocks(facts: Mapping[str, Any], layers: Number) -> tuple[Number, Number, Number, Number]:
    """Attention mixers, linear mixers, dense feed-forward and mixture-of-experts blocks."""
    mix = facts.get("layer_mix")
    experts = _number(facts, "experts", 0.0)
    if isinstance(mix, Mapping):
        if "moe" in mix or "mlp" in mix:  # each block is one of them
            linear = float(mix.get("linear", 0))
            return float(mix.get("attention", 0)), linear, float(mix.get("mlp", 0)), float(mix.get("moe", 0))
        mixers, plain = float(mix.get("attention", 0)), _number(facts, "dense_layers", 0.0)
        return mixers, layers - mixers, plain, layers - plain
    attention = layers / _number(facts, "full_attention_every", 4.0) if "linear_attention" in facts else layers
    if first(experts) <= 1:
        return attention, layers - attention, layers, 0.0
    dense = _number(facts, "dense_layers", 0.0)
    moe = (layers - dense) / maximum(_number(facts, "moe_every", 1.0), 1.0)
    return attention, layers - attention, layers - moe, moe


def _latent(facts: Mapping[str, Any]) -> Latent | None:
    table = facts.get("mla")
    if isinstance(table, Mapping):
        read = {key: float(table.get(key, 0.0)) for key in ("q_rank", "kv_rank", "nope", "rope", "v")}
        return Latent(read["q_rank"], read["kv_rank"], read["nope"], read["rope"], read["v"])
    if "kv_rank" in facts:
        head = _number(facts, "head_size", assumed("transformer.head_size"))
        rope = _number(facts, "rope_size", assumed("transformer.rope_size"))
        return Latent(_number(facts, "q_rank", 0.0), _number(facts, "kv_rank"), head, rope, head)
    return None


def _linear(
    facts: Mapping[str, Any], hidden: Number, heads: Number, head_size: Number
) -> tuple[tuple[Gemm, ...], Number, Number]:
    """Matrices, state and small parameters of one linear mixer."""
    table = facts.get("linear_attention")
    if not isinstance(table, Mapping):  # not printed: projections as wide as the attention's
        width = heads * head_size
        gemms = (Gemm("linear in", hidden, 3.0 * width), Gemm("linear out", width, hidden, split="inner"))
        return gemms, heads * head_size * head_size, 0.0
    conv = float(table.get("conv", 4))
    if table.get("kind") == "mamba2":
        inner = float(table["heads"]) * float(table["head_size"])
        groups = 2.0 * float(table["groups"]) * float(table["state"])
        gemms = (
            Gemm("linear in", hidden, 2.0 * inner + groups + float(table["heads"])),
            Gemm("linear out", inner, hidden, split="inner"),
        )
        return gemms, inner * float(table["state"]), (inner + groups) * conv + inner
    keys = float(table["key_heads"]) * float(table["key_size"])
    values = float(table["value_heads"]) * float(table["value_size"])
    gemms = (
        Gemm("linear in", hidden, 2.0 * keys + 2.0 * values + 2.0 * float(table["value_heads"])),
        Gemm("linear out", values, hidden, split="inner"),
    )
    return gemms, values * float(table["key_size"]), (2.0 * keys + values) * conv


def _patches(facts: Mapping[str, Any], hidden: Number) -> Number:
    """The patch embedding and positions of a vision transformer."""
    if "patch" not in facts or "tokens_per_image" not in facts:
        return 0.0
    return 3.0 * float(facts["patch"]) ** 2 * hidden + float(facts["tokens_per_image"]) * hidden
