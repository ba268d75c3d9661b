"""Questions that ask the model more than once: each answer is held against the model asked directly."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design
from infralab.models.document import load, read
from infralab.models.edits import parse_assignment, set_value
from infralab.models.evaluate import evaluate, model_spread, nudged
from infralab.models.explore.answer import ask, unlike_costs
from infralab.models.explore.candidates import BUY, applied, changes
from infralab.models.explore.limits import Limits
from infralab.models.explore.reach import TargetError, reach, target
from infralab.models.explore.sweep import SweepError, axis, sweep
from infralab.models.explore.upgrades import WORTH, Upgrade, pareto, spares, upgrades
from infralab.models.explore.why import Reason, WhyError, why, with_found_plan

PRESETS = ("photos-on-object-storage", "edge-gnn-spread", "compute-bound-gpu-pod", "llm-serving")


@cache
def preset(name: str) -> Design:
    path = presets.path_of(name)
    assert path is not None
    return load(path).design


def edited(design: Design, *texts: str) -> Design:
    for text in texts:
        design = set_value(design, *parse_assignment(text))
    return design


def rate(design: Design) -> float:
    report = evaluate(design, fit=False)
    assert report.throughput is not None
    return report.throughput.value


@cache
def ranked(name: str) -> tuple[Upgrade, ...]:
    return tuple(upgrades(preset(name)))


# -- sweeps


@given(st.sampled_from(PRESETS), st.integers(1, 6), st.integers(1, 40))
@settings(max_examples=12, deadline=None)
def test_a_point_of_a_sweep_is_what_eval_says_of_the_edited_design(name: str, first: int, step: int) -> None:
    design = preset(name)
    box = next(b.name for b in design.boxes.values() if b.count >= 1)
    path = f"box.{box}.count"
    found = sweep(design, [axis(f"{path}={first}..{first + 2 * step}+{step}")])
    for point in found.points:
        report = evaluate(edited(design, f"{path}={point.texts[0]}"), fit=False)
        assert point.answer.rate == (None if report.throughput is None else report.throughput.value)
        assert point.answer.power_watts == report.power_watts


def test_the_curve_has_its_knee_and_its_turn_where_another_part_takes_over() -> None:
    found = sweep(preset("photos-on-object-storage"), [axis("box.photos.prefixes=4..1024*2")])
    (turn,) = found.turns()
    assert "photos" in turn.before
    assert "train" in turn.after
    knee = found.knee()
    assert knee is not None
    rates = [p.answer.rate or 0.0 for p in found.points]
    assert rates[knee - 1] * 1.1 <= rates[knee]
    assert rates[knee + 1] < rates[knee] * 1.1


def test_two_parameters_make_every_combination_with_the_second_running_fastest() -> None:
    found = sweep(
        preset("photos-on-object-storage"), [axis("box.photos.prefixes=16,64"), axis("box.train.count=4,16,64")]
    )
    assert [p.texts for p in found.points] == [(a, b) for a in ("16", "64") for b in ("4", "16", "64")]


@pytest.mark.parametrize(
    ("name", "specs"),
    [
        ("photos-on-object-storage", ("box.photos.prefixes=1..64", "box.train.count=1..64")),
        ("compute-bound-gpu-pod", ("box.train.with.chip.memory_bandwidth=2..8+0.1 TB/s", "box.train.count=16..32")),
        ("edge-gnn-spread", ("wire.train-fabric.count=1..8", "box.train.count=1..64")),
        ("llm-serving", ("box.serve.count=1..8", "workload.concurrency=1..64")),
    ],
)
def test_a_batch_is_what_single_evaluations_say_or_there_is_none(name: str, specs: tuple[str, str]) -> None:
    design, axes = preset(name), [axis(spec) for spec in specs]
    quick = sweep(design, axes, brief=True)
    assert len(quick.points) == len(axes[0].texts) * len(axes[1].texts)
    for point in quick.points[5::211]:
        one = ask(
            edited(design, *(f"{a.path} = {t}" for a, t in zip(axes, point.texts, strict=True))), default_catalogue()
        )
        assert point.answer.rate == pytest.approx(one.rate, rel=1e-3)


def test_a_sweep_that_is_stopped_keeps_what_it_has() -> None:
    found = sweep(preset("llm-serving"), [axis("box.serve.count=1..8")], progress=lambda done, total: done < 3)
    assert len(found.points) == 3
    assert not found.whole


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ("a.b=1..4", ("1", "2", "3", "4")),
        ("a.b=1..8*2", ("1", "2", "4", "8")),
        ("a.b=100..400*2 Gb/s", ("100 Gb/s", "200 Gb/s", "400 Gb/s")),
        ("a.b=0..50+25 GB", ("0 GB", "25 GB", "50 GB")),
        ("a.b=x, y", ("x", "y")),
    ],
)
def test_ranges_are_read_as_they_are_written(spec: str, texts: tuple[str, ...]) -> None:
    assert axis(spec).texts == texts


@pytest.mark.parametrize(
    "spec", ["", "a.b", "a.b=", "a.b=8..1", "a.b=1..8*1", "a.b=x..y", "a.b=1 GB..2 TB", "a.b=1..2+0"]
)
def test_a_range_without_an_end_is_refused(spec: str) -> None:
    with pytest.raises(SweepError):
        axis(spec)


@pytest.mark.parametrize("spec", ["box.train.is=dgx-h1000", "box.train.color=1..2", "box.nowhere.count=1..2"])
def test_a_sweep_over_what_does_not_exist_is_refused(spec: str) -> None:
    with pytest.raises(SweepError):
        sweep(preset("photos-on-object-storage"), [axis(spec)])


# -- upgrades


@pytest.mark.parametrize("name", PRESETS)
def test_an_upgrade_that_is_applied_really_gives_its_gain_and_costs_its_price(name: str) -> None:
    design = preset(name)
    before = evaluate(design, fit=False)
    assert ranked(name)
    for item in ranked(name):
        after = evaluate(applied(design, item.changes), fit=False)
        assert after.throughput is not None
        assert after.throughput.value / rate(design) - 1 == pytest.approx(item.gain, rel=1e-9)
        assert item.gain > WORTH
        if item.cost_change is not None:
            assert (after.cost_per_hour or 0.0) - (before.cost_per_hour or 0.0) == pytest.approx(item.cost_change)
        if item.after.kind:
            assert after.bottleneck is not None
            assert after.bottleneck.kind == item.after.kind


@pytest.mark.parametrize("name", PRESETS)
def test_a_pair_gives_more_than_either_of_its_changes(name: str) -> None:
    alone = {item.changes: item.gain for item in ranked(name) if len(item.changes) == 1}
    for item in ranked(name):
        if len(item.changes) == 2:
            assert item.gain > max(alone.get((change,), 0.0) for change in item.changes)


@pytest.mark.parametrize("name", PRESETS)
def test_a_gain_within_a_third_of_the_models_error_is_too_close_to_call(name: str) -> None:
    for item in ranked(name):
        assert item.close == (abs(item.gain) < model_spread(preset(name)) / 3)


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_on_the_front_is_beaten_and_everything_off_it_is(name: str) -> None:
    front = pareto(ranked(name))

    def beats(a: Upgrade, b: Upgrade) -> bool:
        mine = (a.gain, -(a.cost_change or 0.0), -(a.power_change or 0.0))
        other = (b.gain, -(b.cost_change or 0.0), -(b.power_change or 0.0))
        return mine != other and all(x >= y for x, y in zip(mine, other, strict=True))

    assert not any(beats(a, b) for a, b in permutations(front, 2))
    for item in ranked(name):
        if item.cost_change is not None and item not in front:
            near = [f for f in front if f.gain >= item.gain - 1e-3 and (f.cost_change or 0.0) <= item.cost_change + 0.1]
            assert near, item.label


def test_of_a_design_that_does_not_fit_only_what_makes_it_fit_is_an_upgrade() -> None:
    design = preset("model-too-large")
    assert evaluate(design, fit=False).status == "infeasible"
    found = upgrades(design)
    assert found
    for item in found:
        assert item.fits
        assert evaluate(applied(design, item.changes), fit=False).status == "ok"
    ways = reach(design, target("1 k tokens/s")).solutions
    assert ways
    assert all(evaluate(applied(design, way.changes), fit=False).status == "ok" for way in ways)


def test_limits_keep_changes_out() -> None:
    design = preset("photos-on-object-storage")
    kept = upgrades(design, limits=Limits(keep=("box.train", "workload")), pairs=False)
    assert kept
    assert {change.touches for item in kept for change in item.changes}.isdisjoint({"box.train", "workload"})
    vendors = upgrades(design, limits=Limits(vendors=("nobody",)), pairs=False)
    assert all(not change.vendor for item in vendors for change in item.changes)
    now = ask(design, default_catalogue())
    assert now.power_watts is not None
    cool = upgrades(design, limits=Limits(power_watts=now.power_watts * 1.2))
    assert all((item.after.power_watts or 0.0) <= now.power_watts * 1.2 for item in cool)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_spare_can_go_and_half_of_it_could_not(name: str) -> None:
    design = preset(name)
    for item in spares(design):
        left = applied(design, (item.change,))
        assert rate(left) >= rate(design) * 0.99
        (text,) = item.change.sets
        path, value = parse_assignment(text)
        if value > 1:
            halved = evaluate(set_value(design, path, max(1, value // 2)), fit=False)
            missed = halved.throughput is None or halved.throughput.value < rate(design) * 0.99
            assert missed or halved.status != "ok"


def test_every_candidate_changes_the_design_where_it_can_be_made() -> None:
    from infralab.models.refusal import Refusal

    for name in presets.names():
        path = presets.path_of(name)
        assert path is not None
        design = load(path).design
        for change in changes(design, default_catalogue()):
            with suppress(Refusal):
                assert applied(design, (change,)) != design, (name, change.label)


# -- goal seek


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photos-on-object-storage", "300 k images/s"),
        ("compute-bound-gpu-pod", "4 weeks for 0.6 T tokens"),
        ("llm-serving", "9 ms per token"),
    ],
)
def test_a_solution_reaches_the_target(name: str, text: str) -> None:
    goal = target(text)
    found = reach(preset(name), goal)
    assert found.solutions
    for way in found.solutions:
        after = ask(applied(preset(name), way.changes), default_catalogue())
        assert goal.progress(after) >= 1
        assert after.status == "ok"


def test_solutions_come_by_what_they_cost_on_top_and_need_all_of_their_changes() -> None:
    design = preset("photos-on-object-storage")
    found = reach(design, target("300 k images/s"))
    now = ask(design, default_catalogue()).cost_per_hour or 0.0
    extra = [round(max(0.0, (way.after.cost_per_hour or 0.0) - now), 2) for way in found.solutions]
    assert extra == sorted(extra)
    sets = [frozenset(c.sets for c in way.changes) for way in found.solutions]
    assert not any(a < b for a, b in permutations(sets, 2))


def test_what_cannot_be_reached_names_what_stands_in_the_way() -> None:
    found = reach(preset("photos-on-object-storage"), target("5 G images/s"))
    assert not found.solutions
    assert found.nearest is not None
    assert found.nearest.after.bottleneck


def test_a_limit_that_stands_in_the_way_is_told_apart_from_a_target_out_of_reach() -> None:
    design = preset("photos-on-object-storage")
    now = ask(design, default_catalogue())
    assert now.power_watts is not None
    limits = Limits(power_watts=now.power_watts * 1.05, keep=("box.train", "software"))
    found = reach(design, target("300 k images/s"), limits=limits)
    assert not found.solutions
    assert found.over is not None
    assert "power" in limits.refuses(found.over.after)


def test_money_is_not_spent_on_a_target_that_is_reached_already() -> None:
    found = reach(preset("photos-on-object-storage"), target("10 k images/s"))
    assert [way.changes for way in found.solutions] == [()]


def test_the_first_way_buys_nothing_where_a_setting_is_enough() -> None:
    found = reach(preset("photos-on-object-storage"), target("300 k images/s"))
    assert all(change.group != BUY for change in found.solutions[0].changes)


@pytest.mark.parametrize("text", ["", "fast", "20 parsec", "5 ms per", "4 weeks for many tokens"])
def test_a_target_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        target(text)


@pytest.mark.parametrize(
    ("text", "figure", "value"),
    [
        ("100 k tokens/s", "rate", 1e5),
        ("50 ms per token", "time_per_output_token", 0.05),
        ("1 s to first token", "time_to_first_token", 1.0),
        ("4 weeks for 15 T tokens", "rate", 15e12 / (28 * 86400)),
        ("2 GB/s", "rate", 2e9),
    ],
)
def test_targets_are_read_as_people_write_them(text: str, figure: str, value: float) -> None:
    goal = target(text)
    assert (goal.figure, goal.value) == (figure, pytest.approx(value))


# -- why


@pytest.mark.parametrize("name", PRESETS)
def test_an_inputs_influence_is_what_a_nudge_of_it_alone_does(name: str) -> None:
    design = with_found_plan(preset(name), default_catalogue())
    reason = why(preset(name), "rate")
    base = rate(design)
    assert reason.value == pytest.approx(rate(preset(name)))
    assert reason.inputs
    for item in reason.inputs[:5]:
        after = nudged(design, default_catalogue(), item.path, 1.01)
        assert after.throughput is not None
        slope = (after.throughput.value / base - 1) / 0.01
        assert item.sensitivity == pytest.approx(slope, rel=1e-3, abs=1e-4), item.path


def leaves(reason: Reason) -> list[str]:
    return [item.path for item in reason.inputs] + [path for link in reason.because for path in leaves(link)]


def test_the_chain_ends_in_inputs_with_a_mark_and_a_source() -> None:
    for name in PRESETS:
        reason = why(preset(name))
        assert reason.because
        assert leaves(reason)
        stack = [reason]
        while stack:
            one = stack.pop()
            stack += one.because
            for item in one.inputs:
                assert item.mark in ("cited", "derived", "fitted", "assumed", "override")
                assert item.source


def test_an_override_shows_as_ones_own_value() -> None:
    design = edited(preset("edge-gnn-spread"), 'wire.train-fabric.with.bandwidth = "200 Gb/s"')
    marks = {item.path: item.mark for item in why(design).inputs}
    assert marks["wire.train-fabric.bandwidth"] == "override"


def test_every_headline_figure_part_and_framework_can_be_asked_about() -> None:
    design = preset("photos-on-object-storage")
    report = evaluate(design)
    paths = ["memory", "power_watts", "cost_per_hour", "carbon_grams_per_hour", "mfu", "busy"]
    paths += [use.resource for use in report.utilisation] + [f"fit.{f.framework}" for f in report.framework_fit]
    for path in paths:
        assert why(design, path).title


def test_a_path_that_names_nothing_is_refused_with_some_that_do() -> None:
    with pytest.raises(WhyError, match="try rate"):
        why(preset("photos-on-object-storage"), "colour")


# -- ranges and carbon


def test_the_interval_covers_the_ends_of_a_range_and_the_models_error() -> None:
    def with_bandwidth(text: str) -> Design:
        return edited(preset("edge-gnn-spread"), f'wire.train-fabric.with.bandwidth = "{text}"')

    report = evaluate(with_bandwidth("200..600 Gb/s"), fit=False)
    spread = model_spread(preset("edge-gnn-spread"))
    assert report.lower == pytest.approx(rate(with_bandwidth("200 Gb/s")) / (1 + spread))
    assert report.upper == pytest.approx(rate(with_bandwidth("600 Gb/s")) * (1 + spread))


def test_ranges_of_several_inputs_span_every_corner() -> None:
    low = edited(preset("edge-gnn-spread"), 'wire.train-fabric.with.bandwidth = "200 Gb/s"',
                 'box.train.with.chip.memory_bandwidth = "2 TB/s"')  # fmt: skip
    both = edited(preset("edge-gnn-spread"), 'wire.train-fabric.with.bandwidth = "200..600 Gb/s"',
                  'box.train.with.chip.memory_bandwidth = "2..4 TB/s"')  # fmt: skip
    report = evaluate(both, fit=False)
    assert report.lower == pytest.approx(rate(low) / (1 + model_spread(both)))


def test_carbon_is_power_times_pue_times_the_grids_intensity() -> None:
    design = edited(preset("photos-on-object-storage"), 'site.grid = "de"', "site.pue = 1.1")
    report = evaluate(design, fit=False)
    grams = default_catalogue().table("power.carbon")["de"]["g_per_kwh"]
    assert report.power_watts is not None
    assert report.carbon_grams_per_hour == pytest.approx(report.power_watts * 1.1 / 1000 * grams)
    assert report.carbon_grams_per_unit == pytest.approx((report.carbon_grams_per_hour or 0.0) / 3600 / rate(design))
    assert not report.carbon_assumed
    assert evaluate(preset("photos-on-object-storage"), fit=False).carbon_assumed


def test_ones_own_intensity_wins_and_a_named_price_is_paid_where_nothing_is_rented() -> None:
    own = evaluate(
        edited(preset("photos-on-object-storage"), 'site.carbon_intensity = "10 g/kWh"', "site.pue = 1"), fit=False
    )
    assert own.power_watts is not None
    assert own.carbon_grams_per_hour == pytest.approx(own.power_watts / 1000 * 10)
    owned = edited(preset("photos-on-object-storage"), 'box.train.with.purchase_price = "300000 USD"')
    priced = edited(owned, 'site.electricity_price = "0.2 USD/kWh"')
    free, paid = evaluate(owned, fit=False), evaluate(priced, fit=False)
    assert (paid.cost_per_hour or 0.0) - (free.cost_per_hour or 0.0) == pytest.approx(paid.electricity_cost_per_hour)
    rented = edited(priced, 'box.train.with.price_hour = "20 USD/h"')
    assert evaluate(rented, fit=False).cost_per_hour == pytest.approx(20 * 16)


def test_a_site_survives_its_file() -> None:
    from infralab.models.document import render

    document = read('schema = "infralab.design/1"\n[site]\ngrid = "fr"\npue = 1.2\nelectricity_price = "0.2 USD/kWh"\n')
    assert not document.errors
    assert document.design.site.grid == "fr"
    assert "0.2 USD/kWh" in render(document, edited(document.design, "site.pue = 1.3"))


def test_a_rent_against_a_purchase_is_said() -> None:
    rented = preset("compute-bound-gpu-pod")
    owned = set_value(rented, "box.train.with.purchase_price", "300000 USD")
    assert (evaluate(rented).cost_basis, evaluate(owned).cost_basis) == ("rent", "purchase")
    before, after = ask(rented, default_catalogue()), ask(owned, default_catalogue())
    assert unlike_costs(before, after) == "USD/h sets a purchase against a rent"
    assert unlike_costs(before, before) == ""
    found = upgrades(rented, pairs=False)
    assert any(one.unlike_costs for one in found)
    assert all(bool(one.unlike_costs) == (one.after.cost_basis not in ("", "rent")) for one in found)


@pytest.mark.parametrize(("name", "narrow"), [("compute-bound-gpu-pod", True), ("edge-gnn-on-a-gpu-box", False)])
def test_training_in_eight_bits_is_proposed_where_it_is_published(name: str, narrow: bool) -> None:
    found = changes(set_value(preset(name), "workload.precision", "bf16"), default_catalogue())
    assert any(change.label == "compute in fp8" for change in found) is narrow
