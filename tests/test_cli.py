"""The command line: what each command prints, for people and for programs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infralab.models import presets
from infralab.tui.commands import COMMANDS, main
from tests.command_line import refused, run, strict

ROOT = Path(__file__).resolve().parent.parent
CODE = "import sys; from infralab.tui.commands import main; code = main(sys.argv[1:])"
NAMES = presets.names()
FIRST = presets.default()
assert FIRST is not None


# --- eval ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_has_a_report_that_holds_together(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = strict(run(capsys, "eval", name, "--json"))
    assert report["schema"] == "infralab.report/1"
    assert report["status"] in ("ok", "infeasible")
    rate = report["throughput"]["value"]
    assert report["lower"] <= rate <= report["upper"]
    rates = [item["rate"] for item in report["ceilings"]]
    assert rates == sorted(rates)
    assert rate <= rates[0] * 1.001  # no part can do less than the whole
    if report["step_seconds"] is not None:
        assert sum(report["step_breakdown"].values()) == pytest.approx(report["step_seconds"], rel=0.01)
    if report["waiting_cost_per_hour"] is not None:
        assert 0 <= report["waiting_cost_per_hour"] <= report["cost_per_hour"]
    if report["memory"] is not None:
        assert report["memory"]["fits"] == (report["memory"]["required_bytes"] <= report["memory"]["capacity_bytes"])
    assert all(0 <= use["utilisation"] <= 1.001 for use in report["utilisation"])


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_reads_well_at_80_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "eval", name)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert "\x1b" not in text  # no colour where nobody looks
    sentence, ceilings = text.index("◆ "), text.index("What each part could do")
    assert sentence < ceilings
    assert text.count("█") > 3


def test_ascii_output_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "eval", FIRST.name, "--ascii").isascii()


def test_colour_can_be_asked_for_and_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in run(capsys, "eval", FIRST.name)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(capsys, "eval", FIRST.name)


def test_set_and_remove_are_done_in_their_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pod.toml"
    file.write_text(COLLECTIVE, encoding="utf-8")
    before = strict(run(capsys, "eval", str(file), "--json"))
    bigger = strict(run(capsys, "eval", str(file), "--json", "--set", "box.a.count=4"))
    assert bigger["chips"] == 2 * before["chips"]
    again = ("--set", "box.a.count=8", "--set", "box.a.count=2")
    assert strict(run(capsys, "eval", str(file), "--json", *again)) == before
    gone = ("--set", "box.b={ is = 'dgx-h100' }", "--remove", "box.b")
    assert strict(run(capsys, "eval", str(file), "--json", *gone)) == before
    assert file.read_text(encoding="utf-8") == COLLECTIVE


def test_an_override_moves_the_rate_and_is_marked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "pod.toml"
    file.write_text(COLLECTIVE, encoding="utf-8")
    before = strict(run(capsys, "eval", str(file), "--json"))
    slow = strict(run(capsys, "eval", str(file), "--json", "--set", "wire.ab.with.bandwidth=1 GB/s"))
    assert slow["throughput"]["value"] < before["throughput"]["value"]
    mine = [figure for figure in slow["figures"] if figure["mark"] == "override"]
    assert [(figure["path"], figure["value"]) for figure in mine] == [("wire.ab.bandwidth", 1e9)]


def test_a_design_may_come_through_a_pipe() -> None:
    made = process("new", "8 dgx-h100, infiniband-ndr, weka")
    shown = process("eval", "-", "--json", text=made)
    assert strict(shown)["chips"] == 64


COLLECTIVE = """\
schema = "infralab.design/1"
[workload]
kind = "collective"
op = "all-reduce"
message_bytes = 1e9
[box.a]
is = "dgx-h100"
count = 2
[box.f]
is = "quantum-2"
[wire.ab]
ends = ["a", "f"]
is = "infiniband-ndr"
"""


# --- what a headless command costs -----------------------------------------------------------------


def process(*arguments: str, text: str = "", code: str = CODE) -> str:
    made = subprocess.run(
        [sys.executable, "-c", code, *arguments], input=text, capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["eval", FIRST.name, "--json"], "textual rich tomlkit tomli_w networkx rapidfuzz platformdirs"),
        (["eval", FIRST.name], "textual rich tomlkit networkx rapidfuzz"),
        (["check", FIRST.name], "textual rich tomlkit networkx"),
        (["compare", FIRST.name, "--set", "box.train.count=2"], "textual rich networkx"),
        (["presets"], "textual rich numpy tomlkit networkx"),
        (["validate", str(ROOT / "models/measurements/network"), "--jobs", "1"], "textual rich networkx"),
        (["schema"], "textual rich numpy networkx"),
        (["--version"], "textual rich numpy argparse"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_headless_commands_import_only_what_they_need(arguments: list[str], unwanted: str) -> None:
    code = CODE + "; sys.stderr.write(' '.join(m for m in sys.modules))"
    made = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)
    loaded = {name.partition(".")[0] for name in made.stderr.split()}
    assert "infralab" in loaded
    assert loaded & set(unwanted.split()) == set()


# --- finding one's way ------------------------------------------------------------------------------


def test_help_names_every_command_and_a_way_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "--help")
    assert set(re.findall(r"^  ([a-z]+) {2,}", text, re.MULTILINE)) >= set(COMMANDS)
    assert "infralab eval PRESET --set" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"usage: infralab {command}" in run(capsys, command, "--help")
    assert f"usage: infralab {command}" in run(capsys, "help", command)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["evla"], "did you mean eval?"),
        ([FIRST.name[:-1]], f"did you mean {FIRST.name}?"),
        (["eval", FIRST.name[:-1]], f"did you mean the preset {FIRST.name}?"),
        (["qqqqqq"], "infralab --help"),
        (["eval"], "required: FILE|PRESET"),
        (["eval", FIRST.name, "--jsn"], "unrecognized arguments: --jsn"),
        (["eval", FIRST.name, "--set", "box.train.cuont=3"], "did you mean count?"),
        (["eval", FIRST.name, "--set", "box.train.count"], "write it like box.train.count=32"),
        (["eval", FIRST.name, "--remove", "box.trian"], "did you mean train?"),
        (["compare", FIRST.name], "name two designs"),
        (["completion", "tcsh"], "bash, zsh and fish"),
        (["presets", "zebra"], "lists all"),
        (["new", "16 dgx-h10"], "dgx-h100"),
        (["catalogue", "h100-smx5-80gb"], "h100-sxm5-80gb"),
        (["validate", "--by", "colour"], "family"),
        (["validate", "--family", "zebra", str(ROOT / "models/measurements/network")], "no measurement"),
        (["--theme", "drak"], "did you mean dark?"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_usage_is_told_with_what_would_be_right(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hint in refused(capsys, *arguments)


def test_version_by_module_and_by_option() -> None:
    from infralab import __version__

    made = subprocess.run([sys.executable, "-m", "infralab", "--version"], capture_output=True, text=True, cwd=ROOT)
    assert made.stdout == f"infralab {__version__}\n"


def test_the_lab_without_a_terminal_says_what_works_without_one() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "infralab"], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT
    )
    assert made.returncode == 2
    assert "infralab eval" in made.stderr
    assert "Traceback" not in made.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_behind_the_output_is_told() -> None:
    with open("/dev/full", "w") as full:
        made = subprocess.run(
            [sys.executable, "-c", CODE + "; sys.exit(code)", "eval", FIRST.name],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert made.returncode == 2
    assert "No space left" in made.stderr
    assert len(made.stderr.splitlines()) == 1


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    made = subprocess.Popen(
        [sys.executable, "-c", CODE + "; sys.exit(code)", "eval", FIRST.name, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert made.stdout is not None
    assert made.stderr is not None
    made.stdout.close()
    assert made.stderr.read() == b""
    assert made.wait() == 0


# --- presets, new, check, schema --------------------------------------------------------------------


def test_presets_are_listed_with_what_each_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    found = strict(run(capsys, "presets", "--json"))
    assert [item["name"] for item in found] == list(NAMES)
    for item in found:
        assert list(item) == ["name", "title", "question", "tags", "workload", "path"]
        assert item["title"]
        assert item["workload"]
        assert Path(item["path"]).is_file()
    text = run(capsys, "presets")
    assert all(name in text for name in NAMES)
    assert max(map(len, text.splitlines())) <= 80


def test_presets_are_found_by_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    some = [item for item in presets.presets() if "storage" in item.tags]
    found = {item["name"] for item in strict(run(capsys, "presets", "storage", "--json"))}
    assert {item.name for item in some} <= found < set(NAMES)


def test_only_the_head_of_a_preset_is_read_and_says_the_same() -> None:
    import tomllib

    for preset in presets.presets():
        data = tomllib.loads(Path(preset.path).read_text(encoding="utf-8"))
        assert (preset.title, preset.workload) == (data["title"], data["workload"]["kind"])


def test_a_new_design_is_written_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    run(capsys, "new", "16 dgx-h100, infiniband-ndr, weka", "-o", str(file))
    run(capsys, "check", str(file))
    report = strict(run(capsys, "eval", str(file), "--json"))
    assert (report["status"], report["chips"]) == ("ok", 128)
    drawn = file.read_bytes()
    assert "already" in refused(capsys, "new", "2 dgx-a100-320", "-o", str(file))
    assert file.read_bytes() == drawn
    run(capsys, "new", "2 dgx-a100-320", "-o", str(file), "--force")
    assert b"dgx-a100-320" in file.read_bytes()


def test_check_tells_errors_with_their_line_and_drawings_without_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "pod.toml"
    file.write_text(COLLECTIVE.replace('"quantum-2"', '"quantum-22"').replace("count = 2", "cuont = 2"))
    assert main(["check", str(file), "--json"]) == 2
    found = strict(capsys.readouterr().out)["files"][0]["findings"]
    assert [(item["severity"], item["line"], item["key"]) for item in found] == [
        ("warning", 8, "box.a.cuont"),
        ("error", 10, "box.f.is"),
    ]
    file.write_text(COLLECTIVE.replace("[wire.ab]", "[wire.ab.with]\n[x]"))
    assert main(["check", str(file)]) == 2
    file.write_text('schema = "infralab.design/1"\n')
    assert "missing: " in run(capsys, "check", str(file))


def test_the_schema_accepts_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    jsonschema = pytest.importorskip("jsonschema")
    made = strict(run(capsys, "schema"))
    checker = jsonschema.Draft202012Validator(made)
    for preset in presets.presets():
        data = tomllib.loads(Path(preset.path).read_text(encoding="utf-8"))
        assert [error.message for error in checker.iter_errors(data)] == [], preset.name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command_and_its_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    script = run(capsys, "completion", shell)
    assert all(command in script for command in COMMANDS)
    for option in ("worst", "remove", "catalogue", "theme"):
        assert option in script or shell == "fish"
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
    assert run(capsys, "completion", "--presets").split() == list(NAMES)


@pytest.mark.skipif(not os.path.exists("/bin/bash"), reason="no bash")
def test_bash_completes_commands_presets_and_options(tmp_path: Path) -> None:
    tool = tmp_path / "infralab"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m infralab "$@"\n')
    tool.chmod(0o755)
    ask = """
    eval "$(infralab completion bash)"
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _infralab; echo "${COMPREPLY[@]}"; }
    complete_words infralab ev
    complete_words infralab validate --wo
    complete_words infralab eval PRESET
    """.replace("PRESET", FIRST.name[:6])
    made = subprocess.run(
        ["bash", "-c", ask], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    first, second, third = made.stdout.splitlines()
    assert first == "eval"
    assert second == "--worst"
    assert FIRST.name in third.split()


# --- side by side -----------------------------------------------------------------------------------


def test_compare_opens_with_what_it_does_and_shows_what_differs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "pod.toml"
    file.write_text(COLLECTIVE, encoding="utf-8")
    edit = ("--set", "wire.ab.with.bandwidth=1 GB/s", "--set", "box.a.at=[3, 4]")
    text = run(capsys, "compare", str(file), *edit)
    assert text.startswith("◆ pod* does")
    assert 'wire.ab.with = { bandwidth = "1 GB/s" }' in text
    assert "[3, 4]" not in text  # a place on the canvas changes nothing
    made = strict(run(capsys, "compare", str(file), *edit, "--json"))
    assert made["schema"] == "infralab.comparison/1"
    rates = [side["report"]["throughput"]["value"] for side in made["designs"]]
    assert rates[1] < rates[0]
    table = run(capsys, "compare", str(file), *edit, "--markdown")
    assert "| rate |" in table


def test_a_design_compared_with_itself_is_as_fast(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "compare", FIRST.name, FIRST.name)
    assert "is as fast as" in text
    assert "nothing differs in the drawing" in text
    assert run(capsys, "diff", FIRST.name, FIRST.name) == "nothing differs in the drawing\n"


@pytest.mark.parametrize(("a", "b"), [(NAMES[i - 1], NAMES[i]) for i in range(0, len(NAMES), 4)])
def test_diff_is_the_edits_that_lead_from_one_to_the_other(a: str, b: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "diff", a, b).splitlines()
    kept = [line for line in lines if line.startswith("+ ")]
    gone = [line for line in lines if line.startswith("- ") and line[2:].partition(" = ")[0] not in
            {other[2:].partition(" = ")[0] for other in kept}]  # fmt: skip
    edits = [("--remove", line[2:].partition(" = ")[0]) for line in gone]
    edits += [("--set", line[2:].replace(" = ", "=", 1)) for line in kept]
    made = strict(run(capsys, "eval", a, "--json", *(word for edit in edits for word in edit)))
    there = strict(run(capsys, "eval", b, "--json"))
    for key in ("status", "chips", "plan", "framework", "memory", "bottleneck"):
        assert made[key] == there[key]
    assert made["throughput"]["value"] == pytest.approx(there["throughput"]["value"])


# --- validate ---------------------------------------------------------------------------------------


def test_validate_tells_errors_by_family_and_the_parts_of_the_worst(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(ROOT / "models/measurements/network")
    text = run(capsys, "validate", folder, "--worst", "2", "--jobs", "1")
    assert re.search(r"^network +\d+ +\d+ %", text, re.MULTILINE)
    assert text.count("  bus_bandwidth") + text.count("  step_seconds") + text.count("  latency") >= 2
    assert "  step " in text
    made = strict(run(capsys, "validate", folder, "--json", "--jobs", "1"))
    assert made["schema"] == "infralab.validation/1"
    assert made["summary"]["network"]["rows"] == len(made["rows"])
    some = strict(run(capsys, "validate", folder, "--json", "--source", made["rows"][0]["source"]))
    assert {row["source"] for row in some["rows"]} == {made["rows"][0]["source"]}


def test_validate_keeps_fitted_rows_apart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    design = COLLECTIVE.replace('schema = "infralab.design/1"\n', "")
    head = 'schema = "infralab.measurements/1"\nfamily = "f"\nsource = "s"\n[defaults]\n'
    tables = design.replace("[workload]", "[defaults.workload]").replace("[box.", "[defaults.box.")
    tables = tables.replace("[wire.", "[defaults.wire.")
    row = '[[measurement]]\nid = "{}"\nfitted = {}\nmeasured = [{{ metric = "bus_bandwidth", value = "{}" }}]\n'
    file = tmp_path / "rows.toml"
    file.write_text(head + tables + row.format("a", "true", "100 GB/s") + row.format("b", "false", "300 GB/s"))
    made = strict(run(capsys, "validate", str(file), "--json"))["summary"]["f"]
    assert (made["fitted"]["rows"], made["never_fitted"]["rows"]) == (1, 1)
    assert made["fitted"]["median"] != made["never_fitted"]["median"]


# --- a person's own parts ---------------------------------------------------------------------------


def test_a_catalogue_file_is_laid_over_in_every_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infralab.models import catalogue

    own = tmp_path / "own.toml"
    own.write_text('["our-box"]\nkind = "server"\nlike = "dgx-h100"\n')
    file = tmp_path / "pod.toml"
    file.write_text(COLLECTIVE.replace("dgx-h100", "our-box"))
    assert "our-box" in refused(capsys, "eval", str(file))
    given = run(capsys, "eval", str(file), "--json", "--catalogue", str(own))
    assert main(["check", str(file), "--catalogue", str(own)]) == 0
    capsys.readouterr()
    monkeypatch.setenv(catalogue.FILES_VARIABLE, str(own))
    catalogue.default_catalogue.cache_clear()
    try:
        assert run(capsys, "eval", str(file), "--json") == given
    finally:
        monkeypatch.undo()
        catalogue.default_catalogue.cache_clear()


# --- the documents ----------------------------------------------------------------------------------


def commands_of(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.parametrize("line", commands_of((ROOT / "docs/cli.md").read_text(encoding="utf-8")))
def test_every_command_line_of_the_docs_works(
    line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, *shlex.split(line)[1:])


def test_the_docs_have_every_command_and_option() -> None:
    from infralab.tui.commands.completion import options_of

    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"infralab {name}" not in text] == []
    told = {"--help", "--output", "--search", "--presets", "--no-mouse", "--jobs"}
    assert {option for name in ("", *COMMANDS) for option in options_of(name) if option not in text} <= told


REPORT_DOC = ROOT / "docs/report.md"
EXAMPLE = re.compile(r"<!-- example -->\n```json\n(.*?)```\n<!-- end -->", re.DOTALL)


def cut(value: Any) -> Any:
    """Lists with their first two entries, so that a reader sees the form."""
    if isinstance(value, dict):
        return {key: cut(inner) for key, inner in value.items()}
    return [cut(inner) for inner in value[:2]] if isinstance(value, list) else value


def form(value: Any) -> Any:
    """Keys and kinds of values, without the values; null stands for any of them."""
    if isinstance(value, dict):
        return {key: form(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [form(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_the_example_of_the_report_has_the_form_that_eval_prints(capsys: pytest.CaptureFixture[str]) -> None:
    made = cut(strict(run(capsys, "eval", FIRST.name, "--json")))
    text = REPORT_DOC.read_text(encoding="utf-8")
    if os.environ.get("INFRALAB_WRITE_DOCS"):
        block = json.dumps(made, ensure_ascii=False, indent=1)
        text = EXAMPLE.sub(lambda _: f"<!-- example -->\n```json\n{block}\n```\n<!-- end -->", text)
        REPORT_DOC.write_text(text, encoding="utf-8")
    found = EXAMPLE.search(text)
    assert found is not None
    shown = strict(found[1])
    open_ended = (
        "metrics",
        "plan",
        "stands_for",
        "step_breakdown",
        "assumptions",
        "problems",
        "warnings",
    )  # by the workload
    for name in open_ended:
        assert name in shown
        made.pop(name), shown.pop(name)
    for part in (made, shown):
        for use in part["utilisation"]:
            use.pop("by_class")
        part["memory"].pop("parts")
    assert form(shown) == form(made)


def test_nothing_of_a_report_is_left_out_of_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import fields

    from infralab.models.report import Report

    made = strict(run(capsys, "eval", "llm-serving", "--json"))
    assert {field.name for field in fields(Report)} <= set(made)


def test_the_docs_tell_every_key_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    report = strict(run(capsys, "eval", "llm-serving", "--json"))
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|.*$", REPORT_DOC.read_text("utf-8"), re.MULTILINE))))
    assert set(report) <= told | {"schema"}


def test_a_set_of_small_graphs_is_listed_by_its_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "dataset"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if " qm9 " in line)
    assert "131 k" in row  # not the 18 atoms of a molecule
