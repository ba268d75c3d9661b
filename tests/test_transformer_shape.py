"""What a transformer stores, computes and keeps: by hand, and against the library's printed counts."""

import pytest

from infralab.models.catalogue import built_in
from infralab.models.workloads.transformer import from_facts

SMALL = {"layers": 2, "hidden": 8, "heads": 2, "kv_heads": 1, "head_size": 4, "ffn": 16, "vocabulary": 10}


def test_parameters_of_a_small_network_by_hand():
    shape = from_facts("small", {**SMALL, "gated": True, "tied_embeddings": False})
    # a layer: query 8x8, key and value 8x4 each, output 8x8; gated feed-forward 3 x 8 x 16; two norms of 8
    layer = 64 + 64 + 64 + 3 * 8 * 16 + 16
    assert shape.parameters == 2 * layer + 8 + 2 * 10 * 8
    assert shape.active_parameters == 2 * (64 + 64 + 64 + 384) + 80


def test_tied_embeddings_store_the_table_once():
    tied = from_facts("small", {**SMALL, "tied_embeddings": True})
    untied = from_facts("small", {**SMALL, "tied_embeddings": False})
    assert untied.parameters - tied.parameters == 80


def test_flop_of_attention_halves_where_a_causal_mask_hides_the_square():
    shape = from_facts("small", SMALL)
    # scores and values: 2 products x 2 FLOP x 16 x 16 pairs x 2 heads x 4 numbers, 2 layers
    assert shape.attention_flop(16, 16, skip=False) == 2 * 2 * 16 * 16 * 2 * 4 * 2
    assert shape.attention_flop(16, 16) == shape.attention_flop(16, 16, skip=False) / 2
    both_ways = from_facts("encoder", SMALL, causal=False)
    assert both_ways.attention_flop(16, 16) == shape.attention_flop(16, 16, skip=False)


def test_a_window_bounds_what_a_query_sees_and_what_a_sequence_keeps():
    windowed = from_facts("windowed", {**SMALL, "window": 4, "window_layers": 1})
    # 2 products x 2 FLOP x 2 heads x 4 numbers a pair; 99.5 tokens on average before a query of one
    assert windowed.attention_flop(1, 100) == 2 * 2 * 2 * 4 * (4 + 99.5)
    # one layer of 100 tokens, one of 4; key and value of one head of 4 numbers, 2 bytes each
    assert windowed.kv_bytes(100, 2) == (100 + 4) * 2 * 4 * 2


def test_key_value_bytes_of_a_published_model():
    shape = from_facts("8b", built_in().find("llama-3-8b", "model").facts)
    assert shape.kv_bytes_per_token(2) == 2 * 32 * 8 * 128 * 2  # 128 KiB a token


def test_latent_attention_keeps_its_rank_and_the_rotated_part():
    shape = from_facts("v3", built_in().find("deepseek-v3", "model").facts)
    assert shape.kv_bytes_per_token(2) == 61 * (512 + 64) * 2


def test_tokens_touch_ever_more_experts_but_never_more_than_there_are():
    shape = from_facts("moe", {**SMALL, "experts": 8, "experts_per_token": 2, "gated": False})
    assert shape.touched_experts(1) == pytest.approx(2)
    assert shape.touched_experts(2) == pytest.approx(8 * (1 - 0.75**2))
    assert shape.touched_experts(1000) == pytest.approx(8)
    assert shape.routed_parameters == 2 * 8 * 2 * 8 * 16
    assert shape.active_layer_parameters < shape.layer_parameters


def test_training_flop_per_token_is_six_times_the_parameters_and_the_attention():
    shape = from_facts("small", SMALL)
    assert shape.model_flop(16) == 6 * shape.active_parameters + 12 * 2 * 8 * 16


def _counted():
    catalogue = built_in()
    for name in catalogue.ids("model", "transformer"):
        facts = catalogue.get(name, "model").facts
        if facts.get("params_computed_b") and not facts.get("shared_layers"):
            yield pytest.param(name, facts, id=name)


@pytest.mark.parametrize(("name", "facts"), _counted())
def test_the_library_s_own_counts_are_met(name, facts):
    # encoders: the printed count has a pooler of h x h that no token of training passes
    pooler = facts["hidden"] ** 2 if facts.get("causal") is False else 0
    shape = from_facts(name, facts)
    assert shape.parameters / 1e9 == pytest.approx(facts["params_computed_b"], rel=0.005, abs=1.1 * pooler / 1e9)
