"""The catalogue: what exists, where each figure comes from, and how a person's own parts join it."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.catalogue import Catalogue, CatalogueError, UnknownComponent, built_in, default_catalogue
from infralab.models.catalogue import compile as compiler
from infralab.models.catalogue.figure_tables import ROOMS
from infralab.models.catalogue.store import COMPILED
from infralab.tui.commands import main

MARKS = {"cited", "assumed", "derived", "fitted"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return built_in()


def everything(catalogue: Catalogue):
    for room in catalogue.rooms():
        for name in catalogue.ids(room):
            yield catalogue.get(name, room)


# --- the compiled form -------------------------------------------------------------------------


def test_the_compiled_file_is_what_the_toml_files_compile_to():
    stale = "run python -m infralab.models.catalogue.compile"
    assert Path(COMPILED).read_text(encoding="utf-8") == compiler.compiled_text(), stale


def test_reading_a_design_s_entries_imports_nothing_heavy():
    code = (
        "import sys; from infralab.models.catalogue import default_catalogue as d; c = d();"
        "c.get('dgx-h100'), c.get('s3-standard'), c.model('resnet-50');"
        "print([m for m in ('rapidfuzz', 'numpy', 'platformdirs', 'tomllib', 'rich') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if sys.platform == "linux":
        assert shown.stdout.strip() == "[]"


# --- every reference resolves ------------------------------------------------------------------


def test_every_server_names_parts_that_exist(catalogue):
    missing = []
    for name in catalogue.ids("server"):
        facts = catalogue.get(name, "server").facts
        wanted = [("chip", facts["chip"])]
        wanted += [("chip", facts["cpu_id"])] if "cpu_id" in facts else []
        wanted += [("chip", facts["host"]["cpu_id"])] if "cpu_id" in facts["host"] else []
        wanted += [("link", facts["nic"]["link"])] if "link" in facts.get("nic", {}) else []
        missing += [(name, part) for room, part in wanted if part not in catalogue.ids(room)]
    assert missing == []


def test_every_like_same_as_and_alias_leads_to_an_entry(catalogue):
    for item in everything(catalogue):
        for key in ("like", "same_as"):
            if key in item.facts:
                assert catalogue.has(item.facts[key], item.room), (item.id, key)
        for alias in item.facts.get("aliases", ()):
            assert catalogue.has(alias, item.room), (item.id, alias)


def test_every_name_of_the_alias_table_means_its_chip(catalogue):
    from infralab.models.catalogue import layout

    table = layout._load(layout.HERE, layout.ALIASES)
    for alias, target in table["aliases"].items():
        assert catalogue.get(alias, "chip").id == target
    for alias, host in table["hosted"].items():
        assert catalogue.get(alias, "chip").id == host["chip"]


def test_no_two_entries_of_a_room_claim_the_same_name(catalogue):
    from infralab.models.catalogue import layout

    found = layout.read()
    assert compiler.other_names(found)
    found.aliases.append(("gpt-3-1.3b", "model", "gpt-3-13b"))
    assert compiler.other_names(found)["model", "gpt31.3b"] == "gpt-3-1.3b"  # an id is no one else's alias
    found.aliases += [("twice", "chip", "l4"), ("Twice", "chip", "t4")]
    with pytest.raises(CatalogueError, match="claimed"):
        compiler.other_names(found)


# --- figures and marks -------------------------------------------------------------------------


def test_every_figure_is_finite_not_negative_and_carries_a_mark(catalogue):
    for item in everything(catalogue):
        for name, value in item.figures.items():
            assert math.isfinite(value), (item.id, name)
            assert value >= 0, (item.id, name)
            assert item.marks[name] in MARKS, (item.id, name)


def test_every_chip_states_a_peak(catalogue):
    without = [
        name
        for name in catalogue.ids("chip")
        if not any(figure.startswith("peak.") for figure in catalogue.get(name, "chip").figures)
    ]
    assert without == []


def test_nothing_recalled_from_memory_is_shown_as_cited(catalogue):
    for item in everything(catalogue):
        if item.facts.get("checked") and not item.facts.get("from_memory"):
            continue
        cited = {name for name, mark in item.marks.items() if mark == "cited"}
        elsewhere = ("host", "nic_link", "chip", "price", "purchase")  # these have marks of their own
        assert not {name for name in cited if not name.startswith(elsewhere)}, item.id


def test_a_checked_entry_cites_its_figures_but_not_those_named_unchecked(catalogue):
    server = catalogue.get("dgx-h100")
    assert server.marks["chips"] == "cited"
    assert server.marks["power"] == "assumed"  # max_power_kw stands in `unchecked`
    assert server.marks["host.cores"] == "cited"
    assert server.marks["host.memory_bandwidth"] == "assumed"  # unchecked in the host's own marks
    assert catalogue.get("a2").marks["peak.bf16"] == "derived"  # SM x FLOP x clock


@pytest.mark.parametrize(
    ("name", "figure", "value"),
    [
        ("h100-sxm5-80gb", "peak.bf16", 989e12),  # dense, not the sheet's sparse 1979
        ("h100-sxm5-80gb", "memory", 80e9),
        ("h100-sxm5-80gb", "memory_bandwidth", 3.35e12),
        ("h100-sxm5-80gb", "link_bandwidth", 450e9),  # one direction of 900
        ("h100-sxm5-80gb", "host_link", 16 * 3.938e9),  # PCIe 5 x16
        ("dgx-h100", "nic.bandwidth", 50e9),  # 400 Gb/s
        ("dgx-h100", "nic.total", 400e9),
        ("dgx-a100-640", "chip_link", 31.5e9 / 2),  # two chips share an uplink
        ("dgx-a100-640", "disk.read_bandwidth", 50e9 / 8),
        ("s3-standard", "request_rate", 5500),
        ("s3-standard", "latency", 0.150),
        ("s3-standard", "price", 0.023e-9),
        ("nvme-gen4", "read_bandwidth", 6.8e9),
        ("infiniband-ndr", "bandwidth", 50e9),
        ("ethernet-100-tcp", "cpu_per_bandwidth", 0.024 / 125e6),  # cores per Gb/s
        ("quantum-2", "total_bandwidth", 25.6e12 / 8),
        ("bluefield-3", "bandwidth", 50e9),
        ("q8_0", "bits", 8.5),
        ("resnet-50", "macs", 4.11e9),
        ("imagenet-1k", "bytes_per_sample", 114660),
    ],
)
def test_facts_become_figures_in_base_units(catalogue, name, figure, value):
    assert catalogue.get(name).figures[figure] == pytest.approx(value, rel=1e-9)


def test_a_sparse_rate_is_never_a_peak(catalogue):
    for item in everything(catalogue):
        assert not any("sparse" in name for name in item.figures if name.startswith("peak")), item.id


def test_a_switch_carries_no_more_than_its_ports(catalogue):
    for name in catalogue.ids("switch"):
        figures = catalogue.get(name, "switch").figures
        if {"ports", "bandwidth", "total_bandwidth"} <= figures.keys():
            assert figures["total_bandwidth"] == pytest.approx(figures["ports"] * figures["bandwidth"], rel=0.01)


def test_measured_matmul_rates_stay_below_the_peak(catalogue):
    for name in catalogue.ids("chip"):
        figures = catalogue.get(name, "chip").figures
        for figure, value in figures.items():
            peak = figures.get(figure.replace("achieved.", "peak."))
            if figure.startswith("achieved.") and peak:
                assert value < peak, (name, figure)


# --- the model library -------------------------------------------------------------------------


def test_parameter_counts_agree_with_the_published_ones(catalogue):
    errors = {}
    for name in catalogue.ids("model"):
        figures = catalogue.get(name, "model").figures
        if "parameters.published" in figures and "parameters" in figures:
            errors[name] = figures["parameters"] / figures["parameters.published"] - 1
    assert len(errors) > 200
    assert statistics.median(map(abs, errors.values())) < 0.003
    assert sum(abs(error) < 0.035 for error in errors.values()) >= 0.98 * len(errors)
    assert max(map(abs, errors.values())) < 0.2


def test_hyperparameters_of_plain_transformers_give_the_published_count(catalogue):
    """Embeddings and matrices alone, counted here independently of the library's own count."""
    special = {"experts", "encoder_decoder", "decoder_layers", "encoder_tokens", "linear_attention", "layer_mix"}
    special |= {"proxy", "cross_attention_layers", "embedding_width", "image"}
    errors = []
    for name in catalogue.ids("model", "transformer"):
        item = catalogue.get(name, "model")
        facts = item.facts
        plain = facts["attention"] in ("mha", "gqa", "mqa") and not special & facts.keys()
        if not plain or "params_published_b" not in facts:
            continue
        attention = facts["hidden"] * facts["head_size"] * 2 * (facts["heads"] + facts["kv_heads"])
        feed_forward = facts["hidden"] * facts["ffn"] * (3 if facts["gated"] else 2)
        tables = facts["vocabulary"] * facts["hidden"] * (1 if facts["tied_embeddings"] else 2)
        count = facts["layers"] * (attention + feed_forward) + tables
        errors.append(count / (facts["params_published_b"] * 1e9) - 1)
    assert len(errors) > 150
    assert statistics.median(map(abs, errors)) < 0.005
    assert sum(abs(error) < 0.035 for error in errors) >= 0.96 * len(errors)


# --- finding -----------------------------------------------------------------------------------


def test_names_are_found_by_id_alias_and_spelling(catalogue):
    assert catalogue.model("ResNet-50").id == "resnet-50"
    assert catalogue.model("llama-7b").id == "llama-1-7b"
    assert catalogue.get("H100 SXM5 80GB").id == "h100-sxm5-80gb"
    assert catalogue.get("p100").id == "p100-pcie-16gb"
    assert catalogue.dataset("ImageNet").id == "imagenet-1k"
    assert catalogue.dataset("no such set") is None
    assert catalogue.model("GPT 3 1.3B").id == "gpt-3-1.3b"  # and not 13b
    assert catalogue.model("qwen2_5-7b").id == "qwen2.5-7b"


def test_the_room_decides_between_entries_of_one_name(catalogue):
    assert catalogue.get("grain", "loader").room == "loader"
    assert catalogue.get("grain", "framework").room == "framework"


def test_an_unknown_name_is_answered_with_near_ones(catalogue):
    with pytest.raises(UnknownComponent, match="dgx-h10") as caught:
        catalogue.get("dgx-h10")
    assert "dgx-h100" in caught.value.near
    with pytest.raises(UnknownComponent, match="several products"):
        catalogue.get("a100 (form factor not printed)")


def test_search_finds_by_id_vendor_and_with_typing_errors(catalogue):
    assert catalogue.search("weka")[0].id == "weka"
    assert catalogue.search("lustr", room="tier")[0].room == "tier"
    assert "mi300x" in [item.id for item in catalogue.search("amd gpu", room="chip")]
    assert all(item.kind == "tpu" for item in catalogue.search("v5", room="chip", kind="tpu"))


@given(st.text(max_size=20))
def test_any_text_is_either_found_or_refused_in_words(text):
    if built_in().has(text):
        assert built_in().get(text).id
    else:
        with pytest.raises(UnknownComponent, match="in the catalogue"):
            built_in().get(text)


def test_tables_come_whole_or_by_part(catalogue):
    power = catalogue.table("power")
    assert power["chip"] == catalogue.table("power.chip")
    assert catalogue.table("economics.default")["currency"] == "USD"
    for name in ("reliability", "decode", "copy", "rules", "constants", "articles"):
        assert catalogue.table(name)
    with pytest.raises(UnknownComponent):
        catalogue.table("no such table")


# --- a person's own components -----------------------------------------------------------------


def test_like_starts_from_an_entry_and_changes_what_differs(catalogue):
    mine = catalogue.with_components({"ours": {"kind": "gpu", "like": "b200-sxm-180gb", "mem_tbps": 12.0}})
    ours, base = mine.get("ours"), mine.get("b200-sxm-180gb")
    assert ours.figures["memory_bandwidth"] == 12e12
    assert ours.marks["memory_bandwidth"] == "assumed"
    same = ours.figures.keys() - {"memory_bandwidth"}
    assert {name: ours.figures[name] for name in same} == {name: base.figures[name] for name in same}
    assert {name: ours.marks[name] for name in same} == {name: base.marks[name] for name in same}
    assert not catalogue.has("ours")  # the catalogue that it was made from is as it was


def test_document_names_and_collectors_keys_say_the_same(catalogue):
    mine = catalogue.with_components(
        {
            "a": {"kind": "gpu", "memory_bandwidth": "12 TB/s", "memory": "288 GB", "peak": {"fp8": "9 PFLOP/s"}},
            "b": {"kind": "gpu", "mem_tbps": 12.0, "mem_gb": 288, "tflops_fp8": 9000},
        }
    )
    assert mine.get("a").figures == pytest.approx(mine.get("b").figures)


def test_a_later_word_wins_whichever_key_said_the_earlier(catalogue):
    mine = catalogue.with_components(
        {
            "second": {"like": "first", "mem_tbps": 13.0},
            "first": {"like": "h100-sxm5-80gb", "memory_bandwidth": "12 TB/s"},
        }
    )
    assert mine.get("first").figures["memory_bandwidth"] == 12e12
    assert mine.get("second").figures["memory_bandwidth"] == 13e12


def test_what_rests_on_a_changed_figure_is_worked_out_anew_or_dropped(catalogue):
    mine = catalogue.with_components(
        {
            "faster": {"like": "b200-sxm-180gb", "tflops_bf16": 5000},
            "wider": {"like": "dgx-h100", "nic": {"bandwidth": "100 GB/s"}, "host": {"cores": 96}},
            "larger": {"like": "quantum-2", "ports": 128},
        }
    )
    faster, wider, larger = mine.get("faster"), mine.get("wider"), mine.get("larger")
    assert "achieved.bf16" not in faster.figures  # was measured on the other chip
    assert faster.marks["efficiency.bf16"] == "assumed"
    assert faster.marks["efficiency.fp8"] == "cited"
    assert (wider.figures["nic.total"], wider.marks["nic.total"]) == (800e9, "assumed")
    assert (wider.figures["host.cores"], wider.marks["host.cores"]) == (96, "assumed")
    assert wider.marks["host.threads"] == "cited"
    assert (larger.figures["total_bandwidth"], larger.marks["total_bandwidth"]) == (128 * 50e9, "assumed")


def test_an_own_entry_overrides_a_built_in_one(catalogue):
    mine = catalogue.with_components({"s3-standard": {"latency_ms": 30}})
    assert mine.get("s3-standard").figures["latency"] == pytest.approx(0.030)
    assert mine.get("s3-standard").figures["request_rate"] == 5500
    assert catalogue.get("s3-standard").figures["latency"] == pytest.approx(0.150)


FIELDS = [rule.path for room in ROOMS.values() for rule in room] + ["peak", "source", "like", "kind", "host", "fit"]
ODD = st.one_of(st.integers(), st.text(max_size=6), st.booleans(), st.lists(st.integers(), max_size=2))


@given(
    kind=st.sampled_from(["gpu", "dpu", "object", "scale-out", "switch", "framework", "loader", "transformer"]),
    fields=st.dictionaries(
        st.sampled_from(FIELDS), st.one_of(ODD, st.dictionaries(st.text(max_size=4), ODD)), max_size=3
    ),
)
def test_odd_fields_are_taken_or_refused_in_words_but_never_crash(kind, fields):
    made, refusal = built_in(), "x"
    try:
        made = made.with_components({"x": {"kind": kind, **fields}})
    except CatalogueError as error:
        refusal = str(error)
    assert refusal.startswith("x")
    item = made.find("x")
    assert item is None or all(item.marks[name] in MARKS for name in item.figures)


@given(st.floats(0.01, 1e4))
def test_an_override_changes_the_figure_by_just_what_it_says(value):
    mine = built_in().with_components({"x": {"like": "nvme-gen4", "read_bandwidth": f"{value} GB/s"}})
    assert mine.get("x").figures["read_bandwidth"] == pytest.approx(value * 1e9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[gpu-x]\nkind = "gpu"\nmem_tbps = "fast"', ['gpu-x.mem_tbps = "fast"', "expected a number, TB/s, e.g."]),
        ('[gpu-x]\nkind = "gpu"\nmem_tbps = true', ["gpu-x.mem_tbps = true", "TB/s"]),
        ('[gpu-x]\nkind = "gpu"\nmemory_bandwidth = 3', ["gpu-x.memory_bandwidth = 3", "3.35 TB/s"]),
        ('[gpu-x]\nkind = "gpu"\npeak.bf16 = "3 TB/s"', ["gpu-x.peak.bf16", "TFLOP/s"]),
        ('[gpu-x]\nkind = "gpu"\npeak = 3', ["gpu-x.peak = 3", "a table", "989 TFLOP/s"]),
        ('[gpu-x]\nkind = "gpu"\nmem_gb = -3', ["gpu-x.mem_gb = -3", "negative"]),
        ('[gpu-x]\nkind = "gpu"\nsource = 3', ["gpu-x.source = 3", "a list of texts"]),
        ('[x]\nkind = "scale-out"\nnccl_hw_latency_us = 3', ["x.nccl_hw_latency_us", "a list of numbers"]),
        ('[x]\nkind = "gpu"\nroom = "chipp"', ["x.room", "no such room"]),
        ('[gpu-x]\nkind = "gup"', ['gpu-x.kind = "gup"', 'did you mean "gpu"']),
        ("[gpu-x]\nmem_gb = 3", ["gpu-x", "kind =", "like ="]),
        ('[gpu-x]\nlike = "h100-sxm"', ["gpu-x.like", "h100-sxm5-80gb"]),
        ('[a]\nlike = "b"\n[b]\nlike = "a"', ["circle", "a -> b -> a"]),
        ("mem_gb = 3", ["mem_gb = 3", "expected a table"]),
        ("[gpu-x\n", ["not valid TOML", "line 1"]),
    ],
)
def test_a_wrong_file_is_refused_with_file_entry_and_key(catalogue, tmp_path, text, words):
    path = tmp_path / "my.toml"
    path.write_text(text)
    with pytest.raises(CatalogueError) as caught:
        catalogue.with_files([path])
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_mistyped_key_is_kept_and_warned_of(catalogue):
    mine = catalogue.with_components({"g": {"kind": "gpu", "mem_tbp": 3}}, where="my.toml")
    assert mine.warnings == ("my.toml: g.mem_tbp: no such figure; did you mean mem_tbps?",)
    assert mine.get("g").facts["mem_tbp"] == 3


def test_files_of_the_configuration_folder_are_laid_over_the_built_in(tmp_path, monkeypatch):
    if sys.platform != "linux":
        pytest.skip("the folder stands elsewhere")
    folder = tmp_path / "infralab" / "catalogue"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('[our-store]\nlike = "weka"\nlatency_ms = 0.2\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    default_catalogue.cache_clear()
    try:
        assert default_catalogue().get("our-store").figures["latency"] == pytest.approx(2e-4)
    finally:
        default_catalogue.cache_clear()


# --- the command -------------------------------------------------------------------------------


def test_an_entry_is_shown_with_sources_and_marks(capsys):
    assert main(["catalogue", "dgx-h100"]) == 0
    shown = capsys.readouterr().out
    assert "docs.nvidia.com" in shown
    assert "●" in shown
    assert "△" in shown


def test_json_is_versioned_and_in_base_units(capsys):
    assert main(["catalogue", "tpu", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["schema"] == "infralab.catalogue/1"
    rows = {row["id"]: row for row in body["components"]}
    assert rows["tpu-v5p"]["figures"]["memory"] == 95e9
    assert rows["tpu-v5p"]["marks"]["memory"] in MARKS
    assert main(["catalogue", "tpu-v5p", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["component"]["id"] == "tpu-v5p"


def test_lists_keep_to_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for room in built_in().rooms():
        assert main(["catalogue", room]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80


def test_bad_use_exits_with_2_and_says_why(capsys, tmp_path):
    assert main(["catalogue", "no-such-thing"]) == 2
    assert "no-such-thing" in capsys.readouterr().err
    assert main(["catalogue", "--no-such-option"]) == 2
    assert main(["catalogue", "--catalogue", str(tmp_path / "missing.toml")]) == 2
    assert "missing.toml" in capsys.readouterr().err
