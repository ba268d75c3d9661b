"""The what-if commands: every line of their document, what programs get, and how they end."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command_line import refused, run, strict
from tests.test_measured import FIO, NCCL

ROOT = Path(__file__).resolve().parent.parent
DOC = (ROOT / "docs/explore.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", DOC, re.DOTALL) for line in block.splitlines() if line]
PHOTOS = "photos-on-object-storage"


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_of_the_document_works(
    line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nccl.txt").write_text(NCCL)
    Path("fio.txt").write_text(FIO)
    if "|" in line:
        text, line = line.split("|")
        monkeypatch.setattr(sys, "stdin", io.StringIO(shlex.split(text)[1]))
    words = shlex.split(line)[1:]
    text = run(capsys, *words)
    assert text
    if "--json" in words:
        strict(text)
    elif not {"--csv", "--svg"} & set(words):
        assert [row for row in text.splitlines() if len(row) > 80] == []
    if "--ascii" in words:
        assert text.isascii()


def test_what_an_upgrade_says_is_what_eval_says_with_its_edits(capsys: pytest.CaptureFixture[str]) -> None:
    made = strict(run(capsys, "upgrades", PHOTOS, "--no-pairs", "--json"))
    for item in made["upgrades"][:5]:
        edits = [word for change in item["changes"] for text in change["set"] for word in ("--set", text)]
        edits += [word for change in item["changes"] for path in change["remove"] for word in ("--remove", path)]
        report = strict(run(capsys, "eval", PHOTOS, *edits, "--json"))
        assert report["throughput"]["value"] == pytest.approx(item["rate"])
        assert report["cost_per_hour"] == pytest.approx(item["cost_per_hour"])


def test_upgrades_are_grouped_and_say_what_binds_next(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "upgrades", PHOTOS)
    assert text.startswith("◆ ")
    assert text.index("Free: configure") < text.index("Buy: boxes or chips") < text.index("Spare:")
    assert "then memory bandwidth of train" in text


def test_a_budget_and_power_are_read_with_and_without_units(capsys: pytest.CaptureFixture[str]) -> None:
    plain = run(capsys, "upgrades", PHOTOS, "--power", "90000", "--no-pairs", "--json")
    assert plain == run(capsys, "upgrades", PHOTOS, "--power", "90 kW", "--no-pairs", "--json")
    for words in (("--power", "90 GB"), ("--power", "-3"), ("--budget", "much"), ("--keep", "box.nothing")):
        assert words[1] in refused(capsys, "upgrades", PHOTOS, *words)


def test_reach_says_the_way_or_what_stands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "for no money" in run(capsys, "reach", PHOTOS, "--target", "300 k images/s")
    assert "stands in the way" in run(capsys, "reach", PHOTOS, "--target", "1 G images/s").replace("\n  ", " ")
    assert "tokens/s" in refused(capsys, "reach", PHOTOS, "--target", "soon")


def test_the_forms_of_a_sweep_agree(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sweep", PHOTOS, "--vary", "box.photos.prefixes=8..512*2")
    made = strict(run(capsys, *words, "--json"))
    rows = list(csv.DictReader(io.StringIO(run(capsys, *words, "--csv"))))
    assert [float(row["rate"]) for row in rows] == pytest.approx([point["rate"] for point in made["points"]])
    assert [row["box.photos.prefixes"] for row in rows] == made["axes"][0]["values"]
    picture = ElementTree.fromstring(run(capsys, *words, "--svg"))
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}circle")) >= len(rows)
    text = run(capsys, *words)
    (turn,) = made["turns"]
    assert f"{turn['before']} → {turn['after']}" in text
    assert f"knee at {made['axes'][0]['values'][made['knee']]}" in text


def test_a_map_has_a_letter_for_everything_that_binds(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sweep", PHOTOS, "--vary", "box.photos.prefixes=8..512*4", "--vary", "box.train.count=1..64*4")
    made = strict(run(capsys, *words, "--json"))
    text = run(capsys, *words)
    for name in {point["bottleneck"] for point in made["points"]}:
        assert re.search(rf"^[A-Z] {re.escape(name)}$", text, re.MULTILINE)


def test_bad_sweeps_are_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    for spec in ("box.train.count", "box.train.count=9..1", "box.train.is=dgx-h1000", "box.train.count=1..1e9"):
        assert "box.train" in refused(capsys, "sweep", PHOTOS, "--vary", spec)
    three = [word for _ in range(3) for word in ("--vary", "box.train.count=1..2")]
    assert "two" in refused(capsys, "sweep", PHOTOS, *three)


def test_ctrl_c_keeps_the_points_that_are_there() -> None:
    code = "import sys; from infralab.tui.commands import main; sys.exit(main(sys.argv[1:]))"
    words = ["sweep", "edge-gnn-spread", "--vary", "workload.global_batch=1..60000", "--json"]
    words[3] = "box.train.count=1..6000"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=environment, cwd=ROOT)  # fmt: skip
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    made = strict(out)
    assert not made["whole"]
    assert 0 < len(made["points"]) < 6000
    assert "stopped" in error


def test_measured_needs_a_design_for_a_pasted_result(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "nccl.txt"
    path.write_text(NCCL)
    assert "--on" in refused(capsys, "measured", str(path))
    assert "nothing" in refused(capsys, "measured", os.devnull, "--on", PHOTOS)
    made = strict(
        run(capsys, "measured", str(path), "--on", "compute-bound-gpu-pod", "--set", "box.train.count=1", "--json")
    )
    assert [item["metric"] for item in made["results"]] == ["bus_bandwidth"] * 2


def test_what_is_assumed_stands_out_in_why(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "why", PHOTOS, "carbon_grams_per_hour")
    assert "site.pue" in text.partition("△ assumed, not cited:")[2]
    assert "site.pue" not in run(capsys, "why", PHOTOS).partition("assumed, not cited")[2]
    own = run(capsys, "why", PHOTOS, "carbon_grams_per_hour", "--set", "site.pue=1.1", "--set", "site.grid=de")
    assert "assumed, not cited: site" not in own


def test_a_difference_within_the_models_error_is_too_close_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compare", "edge-gnn-spread", "--set")
    near = run(capsys, *words, 'wire.train-fabric.with.bandwidth="385 Gb/s"').replace("\n  ", " ")
    far = run(capsys, *words, 'wire.train-fabric.with.bandwidth="40 Gb/s"').replace("\n  ", " ")
    assert "too close to call" in near
    assert "too close to call" not in far
