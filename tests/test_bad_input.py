"""Bad input, through the command line: one paragraph that says where, what, and what would be right.

What goes into a file goes wrong in one of two ways: the file is wrong (exit code 2, nothing answered), or
the drawing is not there yet or cannot be (exit code 0, a report that says so). Neither is ever a traceback,
and neither changes the file.
"""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infralab.models import presets
from infralab.tui.commands import TRACEBACK, main
from tests.designs import PHOTOS

GOOD = (
    """\
schema = "infralab.design/1"
"""
    + PHOTOS
    + """\

[software]
framework = "pytorch"

[box.store]
is = "s3-standard"

[box.train]
is = "dgx-h100"
count = 16

[box.fabric]
is = "quantum-2"

[wire.train-fabric]
ends = ["train", "fabric"]
is = "infiniband-ndr"

[wire.store-train]
ends = ["store", "train"]
is = "ethernet-100-tcp"
count = 2
"""
)


def changed(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


def line_of(text: bytes, part: str) -> int:
    return text.decode().partition(part)[0].count("\n") + 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "design.toml"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """What a command says on stderr, without wrapping."""
    assert main(list(arguments)) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return shown.err


def test_the_design_that_is_spoilt_below_is_good(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD, encoding="utf-8")
    assert said(capsys, "check", str(file), code=0) == ""
    assert said(capsys, "eval", str(file), code=0) == ""


# --- no design at all -------------------------------------------------------------------------------


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    for command in ("eval", "check", "compare", ""):
        told = said(capsys, *([command] if command else []), str(file), *([str(file)] if command == "compare" else []))
        assert f"{file}: no such file, and no preset of that name" in told


def test_a_directory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "this is a directory; name a .toml file in it" in said(capsys, "eval", str(tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\x00\xff\xfe" * 50, b"a = 1\n\x00", b"\xff\xfea\x00", bytes(range(256)) * 16],
    ids=["program", "null byte", "UTF-16", "every byte"],
)
def test_a_binary_file(content: bytes, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(content)
    assert "a design is a TOML file in UTF-8" in said(capsys, "eval", str(file))
    assert file.read_bytes() == content


def test_a_file_that_may_not_be_read(file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    import builtins

    file.write_text(GOOD)
    real = builtins.open

    def barred(name: Any, *more: Any, **named: Any) -> Any:
        if str(name) == str(file):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "open", barred)
    assert f"{file}: cannot be read: Permission denied" in said(capsys, "eval", str(file))


# --- the file is wrong: file, line, key, and what would be right -------------------------------------

WRONG = {
    "broken TOML": (changed("count = 16", "count ="), "count =", "not valid TOML"),
    "unclosed text": (changed('"dgx-h100"', '"dgx-h100'), '"dgx-h100', "not valid TOML"),
    "wrong type": (changed("count = 16", 'count = "eight"'), "count =", "box.train.count.*did you mean 8"),
    "text for a list": (
        changed('ends = ["store", "train"]', 'ends = "store"'),
        'ends = "store"',
        r"wire.store-train.ends.*\[",
    ),
    "unknown component": (changed('"dgx-h100"', '"dgx-h1000"'), 'is = "dgx', 'box.train.is = "dgx-h1000".*dgx-h100'),
    "a link as a box": (changed('"dgx-h100"', '"infiniband-ndr"'), 'is = "inf', "box.train.is.*cannot stand as a box"),
    "a tier as a chip": (
        changed("count = 16", 'count = 16\nchip = "s3-standard"'),
        'chip = "s3',
        "box.train.chip.*chip belongs here",
    ),
    "unknown link": (
        changed('is = "ethernet-100-tcp"', 'is = "ethernet-101-tcp"'),
        'is = "ethernet-101',
        "wire.store-train.is.*ethernet-100-tcp",
    ),
    "unknown model": (changed('"resnet-50"', '"resnet-5o"'), "model =", "workload.model.*resnet-50"),
    "unknown framework": (changed('"pytorch"', '"pytroch"'), "framework =", "software.framework.*pytorch"),
    "unknown kind of work": (
        changed("vision-training", "vision-trianing"),
        "kind =",
        "workload.kind.*did you mean .vision-training",
    ),
    "newer schema": (changed("design/1", "design/7"), "schema =", "update it"),
    "unknown schema": (changed("infralab.design/1", "terraform"), "schema =", 'expected "infralab.design/1"'),
    "measurements": (changed("infralab.design/1", "infralab.measurements/1"), "schema =", "infralab validate"),
    "negative count": (changed("count = 16", "count = -16"), "count =", "box.train.count = -16: .*from 1"),
    "absurd count": (changed("count = 16", "count = 99999999999"), "count =", "box.train.count.*from 1 to"),
    "not a number": (changed("8192", "nan"), "global_batch", "workload.global_batch = nan.*finite"),
    "infinite": (changed("8192", "inf"), "global_batch", "workload.global_batch = inf.*finite"),
    "negative bytes": (
        changed('"114 kB"', '"-114 kB"'),
        "bytes_per_sample",
        "workload.dataset.bytes_per_sample = .-114 kB",
    ),
    "no unit": (changed('"114 kB"', "114"), "bytes_per_sample", 'bytes_per_sample = 114.*"80 GB"'),
    "another unit": (changed('"114 kB"', '"114 W"'), "bytes_per_sample", 'bytes_per_sample.*bytes.*"80 GB"'),
    "no such unit": (changed('"114 kB"', '"114 kilos"'), "bytes_per_sample", "unknown unit"),
    "wire to nowhere": (changed('["store", "train"]', '["store", "trian"]'), 'ends = ["store', "no box trian.*train"),
    "wire to itself": (changed('["store", "train"]', '["train", "train"]'), 'ends = ["train", "train', "to itself"),
    "data nowhere": (changed('on = "store"', 'on = "stroe"'), 'on = "stroe"', "workload.dataset.on.*store"),
    "duplicate box": ((GOOD + "[box.train]\n").encode(), "[box.train]\n\0", "only once"),
    "duplicate key": (changed("count = 16", "count = 16\ncount = 4"), "count = 4", "only once"),
    "wrong own part": (
        (GOOD + '[component.mine]\nkind = "gpu"\nlike = "h100-sxm5-80gb"\nmem_tbps = -1\n').encode(),
        "mem_tbps",
        "component.mine.mem_tbps = -1",
    ),
    "own part like nothing": (
        (GOOD + '[component.mine]\nkind = "gpu"\nlike = "no-such-gpu"\n').encode(),
        "like =",
        "component.mine.like",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_told_with_its_line_and_key(what: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, place, message = WRONG[what]
    file.write_bytes(content)
    for command in ("eval", "check"):
        told = said(capsys, command, str(file))
        paragraph = told.strip()
        assert "\n" not in paragraph
        assert re.search(message, paragraph), paragraph
        line = content.count(b"\n") if place.endswith("\0") else line_of(content, place)
        assert f"{file}:{line}:" in paragraph
    assert file.read_bytes() == content


def test_every_wrong_key_is_told_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("count = 16", "count = -1").replace("8192", '"many"'))
    told = said(capsys, "eval", str(file))
    assert "box.train.count" in told
    assert "workload.global_batch" in told


def test_an_unknown_key_is_a_warning_with_the_nearest_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = changed("count = 16", "cuont = 16")
    file.write_bytes(content)
    for command in (["eval"], ["check"]):
        code = main([*command, str(file)])
        shown = capsys.readouterr()
        assert code == 0
        line = line_of(content, "cuont")
        assert f"{file}:{line}: box.train.cuont: unknown key, kept but not used; did you mean count?" in (
            shown.err + shown.out
        )


def test_an_edit_of_the_command_line_is_told_as_the_edit_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD)
    told = said(capsys, "eval", str(file), "--set", "box.train.is=dgx-h1000")
    assert 'box.train.is = "dgx-h1000"' in told
    assert str(file) not in told  # the file is right
    assert "from 1" in said(capsys, "eval", str(file), "--set", "box.train.count=-1")
    assert "finite" in said(capsys, "eval", str(file), "--set", "workload.global_batch=nan")
    assert "no box" in said(capsys, "eval", str(file), "--set", 'wire.x={ ends = ["store", "moon"] }')
    assert "to itself" in said(capsys, "eval", str(file), "--set", 'wire.x={ ends = ["store", "store"] }')


def test_an_edit_can_put_right_what_the_file_has_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(changed('"dgx-h100"', '"dgx-h1000"'))
    assert said(capsys, "eval", str(file), "--set", "box.train.is=dgx-h100", code=0) == ""


VALUES = (
    *("0", "-1", "1e300", "5e-324", "nan", "-inf", "0.5", "3", "99999999999999999999", "true", "1979-05-27"),
    *("[]", "{}", "[1,2,3]", "[[]]", '""', '"x"', '"full"', '"none"', '"\\u0000"', '"\\U0001F600"'),
    *('"5 GB"', '"-3 TB/s"', '"0 B/s"', '"1..5 GB/s"', '"2..1 s"'),
)
TEXTS = [Path(preset.path).read_text(encoding="utf-8").splitlines() for preset in presets.presets()]


@settings(max_examples=max(100, settings().max_examples), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_value_and_no_lost_line_ends_in_a_traceback(
    data: st.DataObject, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = list(data.draw(st.sampled_from(TEXTS)))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[place].partition("=")
        lines[place] = f"{key}= {data.draw(st.sampled_from(VALUES))}" if equals and data.draw(st.booleans()) else ""
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TRACEBACK, "1")
        code = main(["eval", str(file), "--json"])
    shown = capsys.readouterr()
    assert code in (0, 2)
    if code == 0:
        json.loads(shown.out, parse_constant=lambda word: pytest.fail(word))
    else:
        assert shown.out == ""
        assert str(file) in shown.err


# --- the drawing is not there yet, or cannot be: an answer all the same -------------------------------


def report(capsys: pytest.CaptureFixture[str], file: Path, content: str) -> dict[str, Any]:
    file.write_text(content, encoding="utf-8")
    assert main(["eval", str(file), "--json"]) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert main(["eval", str(file)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert made["sentence"] == "" or " ".join(made["sentence"].split()) in text
    return made


NOTHING = 'schema = "infralab.design/1"\n'


@pytest.mark.parametrize("content", [NOTHING, "", "# nothing yet\n", NOTHING + '[workload]\nkind = "loading"\n'])
def test_an_empty_design(content: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = report(capsys, file, content)
    assert made["status"] == "incomplete"
    assert made["throughput"] is None
    assert made["problems"]
    assert made["sentence"]


def test_no_workload(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = report(capsys, file, NOTHING + '[box.train]\nis = "dgx-h100"\n')
    assert made["status"] == "incomplete"
    assert "no workload yet" in made["sentence"]
    assert "transformer-training" in made["sentence"]


def test_a_box_without_a_component(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = report(capsys, file, GOOD.replace('is = "dgx-h100"\n', ""))
    assert made["status"] == "incomplete"
    assert any("train" in problem["text"] for problem in made["problems"])


def test_storage_that_cannot_be_reached(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = report(capsys, file, GOOD[: GOOD.index("[wire.store-train]")])
    assert made["status"] == "incomplete"
    assert "cannot reach store" in made["sentence"]
    assert "wire" in made["sentence"]


def test_a_model_that_does_not_fit_memory(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    big = GOOD.replace("vision-training", "transformer-training").replace("resnet-50", "llama-3.1-405b")
    big = big.replace("count = 16", "count = 1")
    big = big.replace("global_batch = 8192", "global_batch = 8\nsequence_length = 8192")
    big = big.replace(GOOD[GOOD.index("[workload.dataset]") : GOOD.index("[software]")], "")
    made = report(capsys, file, big)
    assert made["status"] == "infeasible"
    assert made["memory"]["required_bytes"] > made["memory"]["capacity_bytes"]
    assert not made["memory"]["fits"]
    assert made["throughput"]["value"] > 0  # what it would do if it fitted
    assert made["sentence"].startswith("Not possible as drawn: doesn't fit memory")
    assert main(["check", str(file)]) == 0
    assert re.search(rf"infeasible: {re.escape(str(file))}:\d+: box.train: doesn't fit", capsys.readouterr().out)


def test_a_memory_too_small_is_said_in_its_own_unit(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = '[workload]\nkind = "vision-inference"\nmodel = "resnet-50"\n[box.serve]\nis = "nrf5340-dk"\n'
    made = report(capsys, file, tiny)
    assert re.search(r"fit memory: [\d.]+ MB needed on each chip, [\d.]+ kB there", made["sentence"])


def test_a_chip_without_the_arithmetic_names_what_it_has(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, model in (("transformer-training", "llama-2-7b"), ("transformer-inference", "llama-2-7b"),
                        ("graph-inference", "edge-gnn"), ("recommender-training", "dlrm-small")):  # fmt: skip
        text = f'[workload]\nkind = "{kind}"\nmodel = "{model}"\nglobal_batch = 64\n[box.chip]\nis = "alveo-u250"\n'
        text += "[workload.dataset]\nnodes = 1000\nedges = 9000\nfeatures = 16\n" if "graph" in kind else ""
        made = report(capsys, file, text)
        assert made["status"] == "incomplete"
        assert re.search(r"no \w+ arithmetic on record, only int8; give with.chip.peak", made["sentence"]), kind


def test_an_accelerator_in_the_wrong_server(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = report(capsys, file, GOOD.replace("count = 16", 'count = 16\nchip = "tpu-v5p"'))
    told = [problem for problem in made["problems"] if problem["owner"] == "box.train"]
    assert any("tpu-v5p" in problem["text"] and "dgx-h100" in problem["text"] for problem in told)


def test_servers_without_a_network(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lone = GOOD[: GOOD.index("[box.fabric]")] + GOOD[GOOD.index("[wire.store-train]") :]
    made = report(capsys, file, lone)
    assert made["status"] == "incomplete"
    assert "the servers of train have no network between them" in made["sentence"]


# --- where it cannot be written -----------------------------------------------------------------------


def test_a_read_only_target_keeps_what_it_has(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD)
    file.chmod(0o444)
    told = said(capsys, "new", "2 dgx-h100", "-o", str(file), "--force")
    assert "read-only; save under another name" in told
    assert file.read_text() == GOOD


def test_a_target_that_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "this is a directory" in said(capsys, "new", "2 dgx-h100", "-o", str(tmp_path))
    assert "no directory" in said(capsys, "new", "2 dgx-h100", "-o", str(tmp_path / "no" / "where.toml"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_full_or_broken_disk_loses_nothing(
    code: int, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(GOOD)

    def full(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    told = said(capsys, "new", "2 dgx-h100", "-o", str(file), "--force")
    assert "not saved, the file is as it was" in told
    assert file.read_text() == GOOD
    assert list(file.parent.iterdir()) == [file]  # nothing half written is left


# --- other files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\xff", "UTF-8"),
        (b"[x", "own.toml"),
        (b'["our-gpu"]\nkind = "gpu"\nmem_tbps = "fast"\n', "our-gpu.mem_tbps"),
        (b'["our-gpu"]\nkind = "gpuu"\n', "our-gpu"),
    ],
)
def test_a_catalogue_file_that_is_wrong(
    content: bytes, message: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(content)
    file.write_text(GOOD)
    for command in (["eval", str(file)], ["validate", str(file)], ["catalogue"]):
        assert message in said(capsys, *command, "--catalogue", str(own))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"[[measurement", "design.toml"),
        (GOOD.encode(), "infralab.measurements/1"),
        (b'schema = "infralab.measurements/1"\n[[measurement]]\nid = "a"\n', "measurement 1"),
        (b'schema = "infralab.measurements/1"\nmeasurement = 3\n', "measurement"),
        (b'schema = "infralab.measurements/1"\n[[measurement]]\nmeasured = [{ value = 3 }]\n', "metric"),
    ],
)
def test_a_measurement_file_that_is_wrong(
    content: bytes, message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(content)
    assert message in said(capsys, "validate", str(file))


def test_a_measurement_that_is_wrong_is_a_row_that_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(
        'schema = "infralab.measurements/1"\nfamily = "f"\n[[measurement]]\nid = "a"\n'
        'design = { workload = { kind = "dancing" } }\nmeasured = [{ metric = "throughput", value = 3 }]\n'
        '[[measurement]]\nid = "b"\nmeasured = [{ metric = "latency", value = "3 apples" }]\n'
    )
    assert main(["validate", str(file), "--json"]) == 0
    text = capsys.readouterr().out
    assert "NaN" not in text
    rows = json.loads(text)["rows"]
    assert [row["status"] for row in rows] == ["invalid", "invalid"]
    assert "workload.kind" in rows[0]["reason"]
    assert "apples" in rows[1]["reason"]
