"""The document: what is read, what is said of what is wrong, and what a save leaves alone."""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models import edits, schema
from infralab.models.document import (
    ChangedOnDisk,
    DocumentError,
    dump,
    fresh,
    from_mapping,
    load,
    read,
    reading,
    render,
    save,
    to_mapping,
    writing,
)
from infralab.models.document.patch import PatchError, patched, same
from infralab.models.document.problem import quoted_key, toml_value
from infralab.models.edits import EditError

TEXT = """\
# Where do sixteen nodes wait?
schema = "infralab.design/1"
title = "Small files"          # shown in the gallery
tags = ["storage"]
mood = "kept"                  # a key of a later version

[workload]
kind = "vision-training"
model = 'net'
global_batch = 8_192
[workload.dataset]
samples = 1_281_167
bytes_per_sample = "114 kB"    # mean
on = "store"

# The pool.
[box.store]
is = "object-store"
at = [2, 3]

[box.train]
is = "node"
count = 16                     # all of them
with.chip.memory_bandwidth = "4.80 TB/s"
with.peculiar.thing = 5

[wire.store-train]             # slow
ends = ["store", "train"]
share = 0.50

[wire.lost]
ends = ["train", "nowhere"]    # stays in the text

[box.spare]
chips = "eight"
is = "node"

[component.mine]
like = "theirs"
figures = { mem_tbps = 12.0, "odd key" = [1, 2] }

[[story]]
title = "Add a cache"
remove = ["wire.store-train"]
set = [
  "box.cache = { is = 'ssd', caches = 'store' }",  # in front
  "wire.a = { ends = ['store', 'cache'] }",
]
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "p.toml").problems]


# --- reading ---------------------------------------------------------------------------------------


def test_values_arrive_in_base_units_and_keep_their_text() -> None:
    design = read(TEXT).design
    assert design.workload is not None
    assert design.workload.dataset is not None
    size = design.workload.dataset.bytes_per_sample
    assert size is not None
    assert (size.value, size.dimension, size.text) == (114_000.0, "bytes", "114 kB")
    bandwidth = design.boxes["train"].overrides["chip.memory_bandwidth"]
    assert bandwidth.value == 4.8e12
    assert design.boxes["train"].count == 16
    assert list(design.boxes) == ["store", "train", "spare"]
    assert design.wires["store-train"].ends == ("store", "train")
    assert design.story[0].remove == ("wire.store-train",)
    assert design.extra["mood"] == "kept"


def test_a_range_has_both_ends() -> None:
    text = '[box.s]\nis = "x"\nwith.read_bandwidth = "5..12 GB/s"\n'
    found = read(text).design.boxes["s"].overrides["read_bandwidth"]
    assert (found.low, found.value, found.high) == (5e9, 8.5e9, 12e9)


def test_a_model_is_a_name_or_a_table_with_a_name() -> None:
    text = '[workload]\nkind = "transformer-training"\nmodel = { name = "GPT 1.7B", layers = 24 }\n'
    work = read(text).design.workload
    assert work is not None
    assert (work.model, dict(work.shape)) == ("GPT 1.7B", {"layers": 24})


def test_sizes_with_the_unit_in_their_name_take_numbers_and_quantities() -> None:
    for written in ("1048576", '"1 MiB"'):
        work = read(f'[workload]\nkind = "collective"\nmessage_bytes = {written}\n').design.workload
        assert work is not None
        assert work.message_bytes == 2**20


BAD = [
    ('[box.a]\nchips = "eight"\n', 'p.toml:3: box.a.chips = "eight": expected a whole number from 0; did you mean 8?'),
    ("[box.a]\ncount = -1\n", "p.toml:3: box.a.count = -1: expected a whole number from 1"),
    ("[box.a]\ncount = 99_000_000_000\n", "p.toml:3: box.a.count = 99000000000: expected a whole number from 1 to"),
    (f"[box.a]\ncount = 1{'0' * 400}\n", "expected a whole number from 1 to"),
    (f"[box.a]\nwith.ports = 1{'0' * 400}\n", "p.toml:3: box.a.with.ports"),
    ("[box.a]\ncount = true\n", "p.toml:3: box.a.count = true: expected a whole number"),
    ("[box.a]\noversubscription = nan\n", "p.toml:3: box.a.oversubscription = nan: expected a number from 1"),
    ("[plan]\ndata = inf\n", "p.toml:3: plan.data = inf: expected a number from 1, and finite"),
    ("[box.a]\nwith.chip.memory = 80\n", 'a text with a unit, not a bare number; write it like "80 GB"'),
    ('[box.a]\nwith.chip.memory = "80 GB/s"\n', "p.toml:3: box.a.with.chip.memory"),
    ('[box.a]\nwith.chip.memory = "-80 GB"\n', "p.toml:3: box.a.with.chip.memory"),
    ('[box.a]\npolicy = "lur"\n', 'expected one of lru, pinned, random, none; did you mean "lru"?'),
    ("[box.a]\nat = [1]\n", "write it like [2, 3]"),
    ("[box.a]\ncoutn = 2\n", "p.toml:3: box.a.coutn: unknown key, kept but not used; did you mean count?"),
    ("[box.a]\nwith.chip.memry = '1 GB'\n", "did you mean memory?"),
    ('[workload]\nkind = "vision-traning"\n', 'did you mean "vision-training"?'),
    ('[workload]\nmodel = "x"\n', "p.toml:2: workload: kind is missing"),
    ('[workload]\nkind = "collective"\nsequence_length = 5\n', "p.toml:4: workload.sequence_length: not used by"),
    ("box = 3\n", "p.toml:2: box = 3: expected tables with a name each"),
    ("plan = 3\n", "p.toml:2: plan = 3: expected a table"),
    ("[box.a]\n[box.b]\n[wire.w]\nends = ['a', 'bb']\n", "p.toml:5: wire.w.ends"),
    ("[box.a]\n[wire.w]\nends = ['a', 'a']\n", "a wire cannot join a box to itself"),
    ("[box.a]\n[wire.w]\nends = ['a']\n", "a wire has two ends, not 1"),
    ("[box.a]\n[wire.w]\ncount = 1\n", "p.toml:3: wire.w: ends are missing"),
    ("[box.a]\ncaches = 'b'\n", 'p.toml:3: box.a.caches = "b": there is no such box'),
    ("[box.a]\nwith.chip.peak.bf61 = '1 TFLOP/s'\n", "did you mean bf16?"),
    ("version = '''\ntwo lines'''\n[box.a]\ncount = 0\n", "p.toml:5: box.a.count = 0"),
]


@pytest.mark.parametrize(("text", "says"), BAD, ids=[says[:50] for _, says in BAD])
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(text: str, says: str) -> None:
    full = f'schema = "{schema.VERSION}"\n{text}'
    assert any(says in problem for problem in problems(full)), problems(full)


def test_a_bad_key_is_left_out_and_the_rest_stays_editable() -> None:
    document = read(TEXT)
    assert document.design.boxes["spare"].chips is None
    assert document.design.boxes["spare"].is_ == "node"
    assert "lost" not in document.design.wires
    assert {problem.key for problem in document.errors} == {"box.spare.chips", "wire.lost.ends"}
    assert {problem.key for problem in document.warnings} == {"mood", "box.train.with.peculiar"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a =\n", "p.toml:1: not valid TOML"),
        ("[box.a]\n\n[box.a]\n", "p.toml:3: not valid TOML"),
        ("x = 1\nx = 2\n", "a name may stand only once"),
        ('schema = "infralab.design/999"\n', "a newer InfraLab wrote it"),
        ('schema = "other/1"\n', 'expected "infralab.design/1"'),
        (f"x = {'1' * 5000}\n", "too many digits"),
        ("schema = 1\n", 'expected schema = "infralab.design/1"'),
        ('schema = "infralab.measurements/1"\n', "infralab validate"),
        ("x = " + "[" * 5000, "p.toml"),
    ],
)
def test_a_text_of_which_nothing_can_be_made_is_refused(text: str, says: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(says)):
        read(text, "p.toml")


def test_files_that_are_no_design_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\x1f\x8b\xff\x00")
    picture = tmp_path / "p.toml"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\x00")
    null = tmp_path / "n.toml"
    null.write_bytes(b"title = 'a'\0")
    for path, says in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "directory"),
        (binary, "not UTF-8"),
        (picture, "without a design inside"),
        (null, "binary"),
    ):
        with pytest.raises(DocumentError, match=says):
            load(path)


@given(st.text(max_size=200) | st.text(alphabet="[]{}=\"'.,#\n \\abc1-", max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        document = read(text, "p.toml")
    except DocumentError as error:
        sentence = str(error)
    else:
        sentence = "p.toml"
        assert render(document, document.design) == document.text or not text.strip("\ufeff \t\r\n")
    assert sentence.startswith("p.toml")


_VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "a", "8", "eight", "5 GB", "5 GB/s", "30 min", "lru", "full", "store"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["chip", "peak", "name"]), inner),
    max_leaves=5,
)
_KEYS = {table: sorted(schema.names_of(table)) for table in schema.TABLES}


def _tables(table: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(_KEYS[table]), _VALUES, max_size=5)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "workload": _tables("workload") | _VALUES,
            "plan": _tables("plan") | _VALUES,
            "software": _tables("software"),
            "box": st.dictionaries(st.sampled_from("ab"), _tables("box") | _VALUES) | _VALUES,
            "wire": st.dictionaries(st.sampled_from("ab"), _tables("wire")),
            "component": st.dictionaries(st.sampled_from("ab"), _VALUES),
            "story": st.lists(_tables("story")) | _VALUES,
        },
    )
)
@settings(max_examples=300, deadline=None)
def test_any_data_makes_a_design_that_survives_its_own_writing(data: dict[str, Any]) -> None:
    design, _ = from_mapping(data)
    again, _ = from_mapping(to_mapping(design))
    assert again == design or "nan" in repr(design)
    assert hash(design) == hash(from_mapping(data)[0]) or "nan" in repr(design)


# --- versions --------------------------------------------------------------------------------------


def test_an_older_version_is_brought_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nodes_became_boxes(data: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in data.items() if k != "node"}, "schema": schema.VERSION, "box": data["node"]}

    monkeypatch.setitem(reading.MIGRATIONS, "infralab.design/0", nodes_became_boxes)
    document = read('schema = "infralab.design/0"\nmood = 1\n[node.a]\nis = "x"\n')
    assert document.design.boxes["a"].is_ == "x"
    assert "older version" in str(document.problems[0])
    saved = render(document, edits.set_value(document.design, "box.a.count", 2))
    assert tomllib.loads(saved) == {
        "schema": schema.VERSION,
        "mood": 1,
        "box": {"a": {"is": "x", "count": 2}},
    }


# --- writing ---------------------------------------------------------------------------------------


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came."""
    import difflib

    diff = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [d[2:] for d in diff if d[0] == "-"], [d[2:] for d in diff if d[0] == "+"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_touches_only_its_own_line(newline: str) -> None:
    document = read(TEXT.replace("\n", newline))
    design = edits.set_value(document.design, "box.train.count", 17)
    gone, come = changed_lines(document.text, render(document, design))
    assert gone == ["count = 16                     # all of them"]
    assert come == ["count = 17                     # all of them"]
    assert newline == "\n" or "\n" not in render(document, design).replace("\r\n", "")


def test_a_new_box_stands_with_the_boxes_and_a_removed_one_goes_with_its_comment() -> None:
    document = read(TEXT)
    design = edits.apply_step(document.design, document.design.story[0])
    text = render(document, design)
    assert text.index("[box.spare]") < text.index("[box.cache]") < text.index("[component.mine]")
    assert "\n\n\n" not in text
    without = render(document, edits.remove(document.design, "box.store"))
    assert "# The pool." not in without
    assert "[wire.store-train]" not in without
    assert "# all of them" in without


def test_a_renamed_box_keeps_its_lines() -> None:
    document = read(TEXT)
    gone, come = changed_lines(TEXT, render(document, edits.rename_box(document.design, "train", "my gpus")))
    assert gone == ["[box.train]", 'ends = ["store", "train"]']
    assert come == ['[box."my gpus"]', 'ends = ["store", "my gpus"]']


def test_a_wire_to_nowhere_does_not_come_alive_unseen() -> None:
    document = read(TEXT)
    design = edits.set_value(document.design, "box.nowhere", {"is": "node"})
    text = render(document, design)
    assert read(text).design == design
    assert '# ends = ["train", "nowhere"]    # stays in the text' in text


EDITS: list[tuple[str, Any]] = [
    ("title", "Other"),
    ("tags", ["a", "b"]),
    ("question", 'with "quotes"\nand a line'),
    ("workload.model.layers", 12),
    ("workload.model", "other"),
    ("workload.kind", "loading"),
    ("workload.dataset.samples", 5),
    ("workload.dataset", {"name": "d", "files": 3}),
    ("workload.checkpoint.every", "30 min"),
    ("workload.targets.time_to_first_token", "1 s"),
    ("plan.tensor", 8),
    ("plan.prefill.tensor", 4),
    ("plan.sequence_parallel", True),
    ("software.framework", "auto"),
    ("box.train.count", 1),
    ("box.train.count", 3),
    ("box.train.at", [4, 5]),
    ("box.train.with.chip.memory", "1 TB"),
    ("box.train.with.chip.peak.bf16", "1 PFLOP/s"),
    ("box.train.with.chip.memory_bandwidth", "5 TB/s"),
    ("box.store.with.read_bandwidth", "5..12 GB/s"),
    ("box.spare.chips", 4),
    ("box.cache", {"is": "ssd", "caches": "store", "with": {"latency": "5 us"}}),
    ("box.store", {"is": "another"}),
    ("box.new one", {"is": "node", "runs": ["prepare"]}),
    ("wire.w", {"ends": ["store", "train"], "is": "link", "count": 2}),
    ("wire.lost", {"ends": ["spare", "train"]}),
    ("wire.store-train.share", 0.25),
    ("wire.store-train.with.bandwidth", "400 Gb/s"),
    ("component.mine.figures.mem_tbps", 13.5),
    ("component.mine.kind", "gpu"),
    ("component.other", {"like": "mine", "table": {"x": [1, {"y": 2}]}}),
    ("story", []),
    ("story.0.title", "Two"),
    ("story", [{"title": "First"}, {"title": "Second", "set": ["x.y=1"]}]),
]
REMOVALS = [
    *("title", "mood", "tags", "workload", "workload.dataset", "workload.dataset.on", "workload.model"),
    *("plan", "plan.tensor", "software", "box.train", "box.store", "box.spare", "box.train.with"),
    *("box.train.count", "box.train.with.chip", "box.train.with.peculiar", "wire.store-train"),
    *("wire.store-train.share", "component.mine", "component.mine.figures", "story", "story.0", "story.0.set"),
]
_SET = st.sampled_from(EDITS).map(lambda edit: ("set", *edit))
_REMOVE = st.sampled_from(REMOVALS).map(lambda path: ("remove", path))
_RENAME = st.tuples(st.just("rename"), st.sampled_from(["store", "train", "spare"]), st.sampled_from(["x", "y.z"]))
_STEPS = st.lists(_SET | _REMOVE | _RENAME, max_size=6)


def edited(design: Any, steps: list[tuple[Any, ...]]) -> Any:
    for kind, *arguments in steps:
        try:
            if kind == "set":
                path = ".".join(quoted_key(part) if " " in part else part for part in arguments[0].split("."))
                design = edits.set_value(design, path, arguments[1])
            elif kind == "remove":
                design = edits.remove(design, *arguments)
            else:
                design = edits.rename_box(design, *arguments)
        except EditError:
            continue  # a step that no longer applies
    return design


def laid_out(layout: str) -> str:
    """The same design as one would type it, or with its tables inline, dotted, or out of order."""
    if layout == "typed":
        return TEXT
    if layout == "new":
        return ""
    data = tomllib.loads(TEXT)
    if layout == "inline":
        return "".join(f"{name} = {toml_value(value)}  # {name}\n" for name, value in data.items())
    if layout == "dotted":
        lines = []
        for name, value in data.items():
            inner = value.items() if isinstance(value, dict) else ()
            lines += [f"{name}.{quoted_key(key)} = {toml_value(item)}  # x" for key, item in inner]
            lines += [] if inner else [f"{name} = {toml_value(value)}"]
        return "\n".join(lines)
    blocks = re.split(r"\n(?=(?:#.*\n)?\[)", TEXT)
    return "\n".join([blocks[0], *reversed(blocks[1:])])


def in_place(text: str, wanted: dict[str, Any], held: dict[str, Any]) -> str:
    try:
        return patched(text, wanted, held)
    except PatchError as error:
        raise AssertionError(f"not in place: {error}\n{text}") from error


LAYOUTS = ["typed", "new", "inline", "dotted", "reversed"]


@given(st.sampled_from(LAYOUTS), _STEPS, _STEPS)
@settings(max_examples=400, deadline=None)
def test_what_is_written_reads_back_as_the_design(layout: str, first: list[Any], then: list[Any]) -> None:
    document = read(laid_out(layout))
    for steps in (first, then):  # also an edit of what an edit has written
        design = edited(document.design, steps)
        with pytest.MonkeyPatch.context() as patch:
            if document.text:  # in place, never by writing all of it anew
                patch.setattr(writing, "patched", in_place)
            document = read(render(document, design))
        assert document.design == design


@given(st.sampled_from(["typed", "reversed"]), _STEPS)
@settings(max_examples=200, deadline=None)
def test_lines_of_things_that_no_edit_named_stay_as_they_are(layout: str, steps: list[Any]) -> None:
    document = read(laid_out(layout))
    text = render(document, edited(document.design, steps))
    touched = repr(steps)
    if "wire" not in touched and "box" not in touched and "rename" not in touched:
        for line in ("count = 16                     # all of them", '[wire.store-train]             # slow'):
            assert line in text
    if "workload" not in touched and "rename" not in touched and "store" not in touched:
        assert "global_batch = 8_192" in text
        assert "samples = 1_281_167\n" in text
    if "component" not in touched:
        assert 'figures = { mem_tbps = 12.0, "odd key" = [1, 2] }' in text
    if "story" not in touched:
        assert "  # in front" in text
    if "spare" not in touched:
        assert 'chips = "eight"' in text


_LEAVES = st.integers(0, 3) | st.booleans() | st.sampled_from(["a", "b\nc", "é'\""]) | st.floats(0, 1)
_DATA = st.dictionaries(
    st.sampled_from(["a", "b.c", "é"]),
    st.recursive(
        _LEAVES | st.lists(_LEAVES, max_size=2),
        lambda inner: st.dictionaries(st.sampled_from(["a", "k", "x y"]), inner, min_size=1, max_size=3)
        | st.lists(st.dictionaries(st.sampled_from(["a", "k"]), inner, min_size=1, max_size=2), min_size=1, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


@given(_DATA, _DATA)
@settings(max_examples=400, deadline=None)
def test_any_toml_becomes_any_other_in_place(held: dict[str, Any], wanted: dict[str, Any]) -> None:
    import tomli_w

    text = tomli_w.dumps(held)
    assert patched(text, held) == text
    assert same(tomllib.loads(dump.document(held)), held)
    assert same(tomllib.loads(patched(text, wanted)), wanted)


def test_a_new_design_is_written_in_the_order_of_a_parts_list() -> None:
    text = fresh(read(TEXT).design)
    heads = re.findall(r"^\[+(\w+)", text, re.MULTILINE)
    assert heads == ["workload", "workload", "box", "box", "box", "wire", "component", "story"]
    assert read(text).design == read(TEXT).design


# --- saving ----------------------------------------------------------------------------------------


def opened(folder: Path) -> tuple[Path, Any]:
    path = folder / "d.toml"
    path.write_text(TEXT)
    return path, load(path)


def test_saving_keeps_mode_and_link_and_leaves_nothing_else(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    path, _ = opened(real)
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    document = load(link)
    saved = save(document, edits.set_value(document.design, "box.train.count", 3))
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert load(path).design.boxes["train"].count == 3
    assert os.listdir(real) == ["d.toml"]
    again = save(saved, edits.set_value(saved.design, "box.train.count", 4))  # its stamp is the new one
    assert load(path).design == again.design


def test_a_file_that_another_program_changed_is_not_overwritten(tmp_path: Path) -> None:
    path, document = opened(tmp_path)
    path.write_text(TEXT + "# mine\n")
    with pytest.raises(ChangedOnDisk, match="changed on disk"):
        save(document, document.design)
    assert path.read_text().endswith("# mine\n")
    save(document, document.design, force=True)
    assert path.read_text() == TEXT
    other = tmp_path / "other.toml"
    other.write_text("title = 'other'")
    with pytest.raises(ChangedOnDisk, match="already"):
        save(document, document.design, other)
    path.touch()  # the same content under a new time is no change
    save(load(path), document.design)


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, document = opened(tmp_path)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DocumentError, match="no space left"):
        save(document, edits.set_value(document.design, "box.train.count", 3))
    assert path.read_text() == TEXT
    assert os.listdir(tmp_path) == ["d.toml"]


def test_a_target_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path, document = opened(tmp_path)
    path.chmod(0o444)
    for target, says in (
        (path, "read-only"),
        (tmp_path, "directory"),
        (tmp_path / "none" / "d.toml", "no directory"),
        ("/dev/null", "no ordinary file"),
    ):
        with pytest.raises(DocumentError, match=says):
            save(document, document.design, target, force=True)
    assert path.read_text() == TEXT
    with pytest.raises(DocumentError, match="no file yet"):
        save(read(TEXT), document.design)


# --- the schema for other programs -----------------------------------------------------------------


def test_the_json_schema_accepts_designs_and_refuses_what_reading_refuses() -> None:
    jsonschema = pytest.importorskip("jsonschema")

    from infralab.models.json_schema import json_schema

    checker = jsonschema.Draft202012Validator(json_schema())
    checker.check_schema(checker.schema)
    good = tomllib.loads(TEXT.replace('chips = "eight"', "chips = 8"))
    assert list(checker.iter_errors(good)) == []
    for broken in (
        {"box": {"a": {"count": 0}}},
        {"box": {"a": {"policy": "lur"}}},
        {"box": {"a": {"with": {"chip": {"memory": 80}}}}},
        {"wire": {"w": {"ends": ["a"]}}},
        {"wire": {"w": {}}},
        {"workload": {"kind": "nothing"}},
        {"plan": {"prefill": {"tensor": "two"}}},
    ):
        assert list(checker.iter_errors(broken)), broken
        assert from_mapping(broken)[1], broken


def test_every_key_of_the_schema_has_its_field_and_its_line_of_documentation() -> None:
    from dataclasses import fields

    from infralab.models.design import Box, Checkpoint, Dataset, Plan, Software, Step, Wire, Workload

    owners = {
        "workload": Workload,
        "workload.dataset": Dataset,
        "workload.checkpoint": Checkpoint,
        "workload.targets": Workload,
        "plan": Plan,
        "software": Software,
        "box": Box,
        "wire": Wire,
        "story": Step,
    }
    for table, owner in owners.items():
        names = {field.name for field in fields(owner)}
        for key in schema.TABLES[table].values():
            assert key.field in names, f"{table}.{key.name}"
            assert len(key.doc) > 4
    for table in ("workload", "workload.dataset", "box", "wire", "plan", "software"):
        given = {key.field for key in schema.TABLES[table].values()} | {"extra", "overrides", "name"}
        given |= {"shape", "dataset", "checkpoint", "prefill", "decode"}
        given |= {key.field for key in schema.TARGETS.values()}
        assert {field.name for field in fields(owners[table])} <= given


def test_the_documentation_names_every_key_and_its_example_has_no_problem() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "document.md").read_text()
    for table in (*schema.TABLES.values(), *schema.PARTS.values(), schema.BOX_FIGURES, schema.WIRE_FIGURES):
        for name in table:
            assert f"`{name}`" in guide, name
    example = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)[0]
    document = read(example)
    assert document.problems == ()
    assert "cache" in edits.apply_step(document.design, document.design.story[0]).boxes
