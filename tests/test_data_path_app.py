"""The data path on screen: what is waited for, what limits a tier, what a wire carries, what failures take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infralab.models.design import Design
from infralab.models.document import load, read
from infralab.models.evaluate import evaluate
from infralab.models.presets import path_of
from infralab.models.report import Report
from infralab.tui import data_path, words
from infralab.tui.canvas.view import Overlay, view
from infralab.tui.export.report_text import report_lines
from infralab.tui.facts import facts
from tests.app_pilot import DESIGN, Driver, lab


def preset(name: str) -> tuple[Design, Report]:
    design = load(path_of(name)).design
    return design, evaluate(design, fit=False)


def headline(report: Report) -> dict[str, str]:
    return {figure.name: figure.text for figure in words.headline(report)}


def told(driver: Driver) -> dict[str, str]:
    """The inspector's rows that are no fields."""
    return {row.label: row.text for row in driver.lab.inspector.fields if row.heading and row.text}


async def test_answer_and_why_name_the_stage_that_is_waited_for(tmp_path: Path) -> None:
    async with lab(tmp_path, size=(200, 60)) as driver:
        report = driver.app.desk.state.report
        (wait,) = [part for part in report.step_breakdown if part.name == "waiting: fetch"]
        share = words.percent(wait.seconds / report.step_seconds)
        assert f"waits {share} for fetch" in driver.text(driver.lab.answer)
        why = driver.text(driver.lab.why)
        for stage in ("fetch", "prepare", "copy"):
            assert words.number(report.metrics[f"{stage}_rate"]) in why
        assert f"waits {share}" in why


async def test_the_inspector_of_a_tier_lists_each_limit_with_what_it_would_allow(tmp_path: Path) -> None:
    async with lab(tmp_path) as driver:
        driver.lab.canvas.select(["store"])
        await driver.settle()
        await driver.keys("e")
        rows = told(driver)
        assert rows["◆ requests"].split() == ["22", "k", "100", "%"]  # 4 prefixes x 5,500 a second, one a photo
        assert "bandwidth of a client" in rows
        assert driver.lab.inspector.at.path == "box.store.name"  # the cursor stands on what can be typed


async def test_the_inspector_of_a_wire_lists_its_traffic_and_what_one_more_link_gives(tmp_path: Path) -> None:
    thin = DESIGN.replace("prefixes = 4", "prefixes = 64").replace("count = 2", "count = 1").replace("-100-", "-10-")
    async with lab(tmp_path, thin) as driver:
        driver.lab.canvas.select([], "store-train")
        await driver.settle()
        await driver.keys("e")
        rows = told(driver)
        design = driver.session.design
        more = replace(design, wires={"store-train": replace(design.wires["store-train"], count=2)})
        gain = evaluate(more).throughput.value / evaluate(design).throughput.value - 1
        assert gain > 0.1
        assert float(rows["+1 link here, 10 Gb/s"].removesuffix(" %")) / 100 == pytest.approx(gain, rel=0.05)
        assert rows["input"].endswith(" %")


def test_the_inspector_of_a_fabric_splits_its_uplinks_by_class() -> None:
    design, report = preset("moe-on-a-thin-fabric")
    rows = [row.label for row in facts(design, report, ("box.fabric",), None)]
    assert rows[-2:] == ["experts", "gradients"]


async def test_a_design_that_saves_shows_goodput_and_failures_by_cause(tmp_path: Path) -> None:
    name = "checkpoints-on-16384-gpus"
    text = Path(path_of(name)).read_text()
    async with lab(tmp_path, text, size=(200, 60)) as driver:
        metrics = driver.app.desk.state.report.metrics
        answer = driver.text(driver.lab.answer)
        for key, word in (("goodput", "goodput"), ("lost_to_checkpoints", "checkpoints take")):
            assert f"{word} {words.percent(metrics[key])}" in answer
        driver.lab.canvas.select(["train"])
        await driver.settle()
        await driver.keys("e")
        rows = told(driver)
        assert {"chips", "network", "hosts", "software"} <= set(rows)
        assert rows["chips"] == f"{metrics['failures_per_day.chips']:.1f} a day".replace(".0 ", " ")
        assert "every (found)" in rows


def test_an_interval_that_the_design_gives_is_called_given_and_without_saving_nothing_is_told() -> None:
    design, report = preset("checkpoints-on-16384-gpus")
    given = read(Path(path_of("checkpoints-on-16384-gpus")).read_text().replace(
        "[workload.checkpoint]", '[workload.checkpoint]\nevery = "1 h"')).design  # fmt: skip
    assert dict(data_path.saving(evaluate(given, fit=False), given))["every (given)"] == "1 h"
    assert dict(data_path.saving(report, design))["goodput"] == words.percent(report.metrics["goodput"])
    bare = preset("photos-on-object-storage")
    assert not list(data_path.saving(bare[1], bare[0]))
    assert "goodput" not in headline(bare[1])


def test_a_cache_shows_its_first_epoch() -> None:
    _, report = preset("photos-with-nvme-cache")
    assert headline(report)["first epoch"] == "first epoch 88 k images/s"
    assert "first epoch" not in headline(preset("photos-on-object-storage")[1])


def test_a_wires_label_names_the_classes_that_share_it_in_the_traffic_overlay_only() -> None:
    design, report = preset("checkpoints-on-16384-gpus")

    def carried(mode: str) -> dict[str, str]:
        return {wire.name: wire.classes for wire in view(design, report, overlay=Overlay(mode)).wires}

    assert carried("traffic")["train-fabric"] == "gradients+pipeline"
    assert set(carried("busy").values()) == {""}
    shares = data_path.classes(report, "wire.train-fabric")
    assert [name for name, _, _ in shares] == ["gradients", "pipeline"]
    (use,) = [use for use in report.utilisation if use.owner == "wire.train-fabric"]
    assert sum(share for _, _, share in shares) == pytest.approx(use.utilisation, rel=0.01)


@pytest.mark.parametrize(("name", "box", "limit"), [
    ("empty-wire", "store", "flight"),
    ("photos-on-object-storage", "photos", "req/s"),
    ("volumes-from-a-file-server", "store", "read"),
    ("checkpoints-on-16384-gpus", "store", "save"),
])  # fmt: skip
def test_a_tiers_box_shows_first_what_limits_it_most(name: str, box: str, limit: str) -> None:
    drawn = {each.name: each for each in view(*preset(name)).boxes}
    assert drawn[box].bars[0].label == limit


def test_the_text_report_tells_data_path_and_saves() -> None:
    design, report = preset("checkpoints-on-16384-gpus")
    text = "\n".join("".join(piece for piece, _ in line) for line in report_lines(report, design, 100))
    assert "Data path, tokens/s" in text
    assert f"lost to failures {words.percent(report.metrics['lost_to_failures'])}" in text
    assert "failures: chips" in text
