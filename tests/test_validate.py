"""How a published result is held against the model: errors, statuses, figures of a group, malformed files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.validate import Row, ValidationError, as_json, error_of, figures_of, quantile, summary, validate

HEAD = 'schema = "infralab.measurements/1"\nfamily = "hand"\nsource = "made by hand"\n'
DRAWN = """
[defaults.box.a]
is = "dgx-h100"
count = 2
with = { power = "8 kW" }
[defaults.box.f]
is = "quantum-2"
[defaults.wire.ab]
ends = ["a", "f"]
is = "infiniband-ndr"
"""
COLLECTIVE = HEAD + '[defaults.workload]\nkind = "collective"\nop = "all-reduce"\nmessage_bytes = 1e9\n' + DRAWN
MODEL = "layers = 24, hidden = 2048, heads = 16, vocabulary = 32000"
TRAINING = (
    HEAD
    + f'[defaults.workload]\nkind = "transformer-training"\nmodel = {{ {MODEL} }}\n'
    + "sequence_length = 2048\nglobal_batch = 64\n"
    + DRAWN
)


def rows_of(folder: Path, text: str) -> list[Row]:
    file = folder / "rows.toml"
    file.write_text(text)
    return validate([file])


def row(measured: str, **more: Any) -> str:
    design = f"design = {more.pop('design')}\n" if "design" in more else ""
    rest = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f"[[measurement]]\n{rest}{design}measured = [{measured}]\n"


def predicted(folder: Path, text: str, metric: str) -> float:
    (found,) = rows_of(folder, text + row(f'{{ metric = "{metric}", value = 1 }}'))
    assert found.predicted is not None, found.reason
    return found.predicted


# --- the error is of time ---------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["step_seconds", "power", "joules_per_sample", "memory_per_chip"])
def test_of_a_time_the_error_is_what_the_model_takes_longer(metric: str, tmp_path: Path) -> None:
    model = predicted(tmp_path, TRAINING, metric)
    (found,) = rows_of(tmp_path, TRAINING + row(f'{{ metric = "{metric}", value = {model / 1.25!r} }}'))
    assert found.error == pytest.approx(0.25)


@pytest.mark.parametrize("metric", ["throughput", "tokens_per_second_per_chip", "flops_per_chip"])
def test_of_a_rate_it_is_that_of_its_time(metric: str, tmp_path: Path) -> None:
    model = predicted(tmp_path, TRAINING, metric)
    (found,) = rows_of(tmp_path, TRAINING + row(f'{{ metric = "{metric}", value = {model * 1.25!r} }}'))
    assert found.error == pytest.approx(0.25)  # the model is slower, so it takes longer


def test_of_a_fraction_it_is_points(tmp_path: Path) -> None:
    model = predicted(tmp_path, TRAINING, "mfu")
    assert 0.1 < model < 0.9
    share = (model - 0.05) * 100
    (found,) = rows_of(tmp_path, TRAINING + row(f'{{ metric = "mfu", value = "{share!r} %" }}'))
    assert found.error == pytest.approx(0.05)


def test_of_a_ratio_it_is_of_the_ratio_of_two_frameworks_on_one_design(tmp_path: Path) -> None:
    same = '{ metric = "throughput", framework = "pytorch", over = "pytorch", ratio = 0.8 }'
    (found,) = rows_of(tmp_path, TRAINING + row(same))
    assert (found.predicted, found.unit, found.error) == (1.0, "", pytest.approx(0.25))


@pytest.mark.parametrize(
    ("bound", "factor", "error"),
    [
        ("at least", 0.5, 0.0),  # the model is above what was reached at least
        ("at least", 2.0, 1.0),
        ("at most", 2.0, 0.0),
        ("at most", 0.5, -0.5),
    ],
)
def test_a_bound_is_wrong_on_one_side_only(bound: str, factor: float, error: float, tmp_path: Path) -> None:
    model = predicted(tmp_path, COLLECTIVE, "bus_bandwidth")
    measured = f'{{ metric = "bus_bandwidth", value = {model * factor!r}, bound = "{bound}" }}'
    (found,) = rows_of(tmp_path, COLLECTIVE + row(measured))
    assert found.error == pytest.approx(error)


@given(st.floats(1e-6, 1e12), st.floats(1e-6, 1e12))
def test_a_rate_and_its_time_are_equally_wrong(model: float, actual: float) -> None:
    rate = error_of({"metric": "throughput"}, model, actual)
    time = error_of({"metric": "step_seconds"}, 1 / model, 1 / actual)
    assert rate == pytest.approx(time, rel=1e-6, abs=1e-9)
    assert rate is not None
    assert math.copysign(1, rate) == math.copysign(1, actual - model) or rate == pytest.approx(0, abs=1e-9)


def test_nothing_measured_has_no_error() -> None:
    assert error_of({"metric": "throughput"}, 3.0, 0.0) is None
    assert error_of({"metric": "latency"}, 3.0, 0.0) is None
    assert error_of({"metric": "throughput", "ratio": 0}, 3.0, 0.0) is None
    assert error_of({"metric": "mfu"}, 0.25, 0.0) == 0.25


def test_a_written_unit_is_read_to_the_base_unit(tmp_path: Path) -> None:
    (found,) = rows_of(tmp_path, COLLECTIVE + row('{ metric = "bus_bandwidth", value = "400 Gb/s" }'))
    assert (found.measured, found.unit) == (50e9, "B/s")


# --- the status says whether it was answered --------------------------------------------------------


def test_a_default_that_moves_the_answer_is_told_apart(tmp_path: Path) -> None:
    (given_all,) = rows_of(tmp_path, COLLECTIVE + row('{ metric = "bus_bandwidth", value = "300 GB/s" }'))
    assert (given_all.status, given_all.reason) == ("predicted", "")
    (filled,) = rows_of(tmp_path, TRAINING + row('{ metric = "step_seconds", value = "1 s" }'))
    assert (filled.status, filled.answered) == ("assumed", True)
    assert "precision not given" in filled.reason


def test_what_does_not_fit_is_predicted_but_counts_as_unanswered(tmp_path: Path) -> None:
    huge = "{ workload = { model = { layers = 400, hidden = 32768, heads = 128 } } }"
    (found,) = rows_of(tmp_path, TRAINING + row('{ metric = "step_seconds", value = "1 s" }', design=huge))
    assert (found.status, found.answered) == ("infeasible", False)
    assert "memory" in found.reason


@pytest.mark.parametrize("metric", ["epoch_seconds", "time_to_first_token", "happiness"])
def test_a_metric_that_the_workload_has_not_is_unsupported(metric: str, tmp_path: Path) -> None:
    (found,) = rows_of(tmp_path, COLLECTIVE + row(f'{{ metric = "{metric}", value = 3 }}'))
    assert (found.status, found.predicted, found.error) == ("unsupported", None, None)
    assert metric in found.reason


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ('{ metric = "latency", value = "3 apples" }', "apples"),
        ('{ metric = "bus_bandwidth", value = "3 s" }', "bytes/s"),  # of another dimension: no error of 1e9
        ('{ metric = "step_seconds", value = "3 GB" }', "seconds"),
        ('{ metric = "mfu", value = true }', "True"),
        ('{ metric = "throughput", framework = "jax", over = "pytorch", ratio = "twice" }', "twice"),
    ],
)
def test_a_value_that_cannot_be_read_is_invalid(item: str, said: str, tmp_path: Path) -> None:
    (found,) = rows_of(tmp_path, TRAINING + row(item))
    assert (found.status, found.predicted, found.error) == ("invalid", None, None)
    assert said in found.reason


def test_one_wrong_row_leaves_the_others_answered(tmp_path: Path) -> None:
    item = '{ metric = "bus_bandwidth", value = "300 GB/s" }'
    wrong = "{ wire = { ab = { is = 'no-such-cable' } } }"
    first, second = rows_of(tmp_path, COLLECTIVE + row(item, design=wrong) + row(item))
    assert not first.answered
    assert first.reason
    assert second.status == "predicted"


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "defaults = 3\n", "defaults"),
        (HEAD + '[[measurement]]\nid = "x"\nmeasured = [{ metric = "mfu", ratio = 2 }]\n', "measurement 1 (x)"),
        (HEAD + row('{ metric = "mfu", value = 1, bound = "about" }'), "at least or at most"),
        (HEAD + row('{ metric = "mfu", value = 1 }', design="4"), "design"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"rows\.toml") as caught:
        rows_of(tmp_path, text)
    assert said in str(caught.value)


def test_a_folder_is_read_with_its_folders_and_a_missing_or_empty_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    item = row('{ metric = "bus_bandwidth", value = 1 }')
    (tmp_path / "a.toml").write_text(COLLECTIVE + item)
    (tmp_path / "deep/b.toml").write_text(COLLECTIVE + item + item)
    assert [found.file for found in validate([tmp_path])] == ["a.toml", "b.toml", "b.toml"]
    with pytest.raises(ValidationError, match="nowhere"):
        validate([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValidationError, match="no measurement files"):
        validate([tmp_path / "empty"])


def test_a_row_may_say_its_own_source_and_whether_it_was_fitted(tmp_path: Path) -> None:
    item = '{ metric = "bus_bandwidth", value = 1 }'
    text = COLLECTIVE.replace("[defaults.workload]", "fitted = true\n[defaults.workload]", 1)
    own, other = rows_of(tmp_path, text + row(item, source="a paper", fitted=False) + row(item))
    assert (own.source, own.fitted) == ("a paper", False)
    assert (other.source, other.fitted) == ("made by hand", True)


# --- figures ----------------------------------------------------------------------------------------


def made(error: float | None, status: str = "predicted", fitted: bool = False, family: str = "f") -> Row:
    return Row("id", "s", family, "mfu", "", 1.0, 1.0, error, fitted, status, "")


def test_figures_are_of_the_answered_rows_and_by_hand() -> None:
    rows = [made(e) for e in (-0.1, 0.2, 0.3, -0.4)] + [made(9.0, "infeasible"), made(None, "unsupported")]
    found = figures_of(rows)
    assert found["rows"] == 6
    assert (found["predicted"], found["infeasible"], found["unsupported"]) == (4, 1, 1)
    assert found["coverage"] == pytest.approx(4 / 6)
    assert found["median"] == pytest.approx(0.25)
    assert found["mean"] == pytest.approx(0.25)
    assert found["p90"] == pytest.approx(0.37)
    assert found["worst"] == pytest.approx(0.4)
    assert found["bias"] == pytest.approx(0.05)
    assert figures_of([])["median"] is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_among_the_values_and_rises(values: list[float], q: float) -> None:
    assert min(values) - 1e-6 <= quantile(values, q) <= max(values) + 1e-6
    assert quantile(values, q / 2) <= quantile(values, q) + 1e-6
    assert (quantile(values, 0), quantile(values, 1)) == (min(values), max(values))


def test_groups_keep_fitted_rows_apart() -> None:
    rows = [made(0.1, fitted=True), made(0.5), made(0.2, family="g")]
    found = summary(rows, "family/metric")
    assert set(found) == {"f/mfu", "g/mfu"}
    assert (found["f/mfu"]["fitted"]["median"], found["f/mfu"]["never_fitted"]["median"]) == (0.1, 0.5)


def test_the_json_has_the_documented_fields(tmp_path: Path) -> None:
    text = COLLECTIVE + row('{ metric = "bus_bandwidth", value = "300 GB/s" }', id="one")
    found = as_json(rows_of(tmp_path, text))
    assert found["schema"] == "infralab.validation/1"
    (only,) = found["rows"]
    fields = "id source family metric unit predicted measured error fitted status reason"
    assert list(only) == fields.split()
    assert (only["id"], only["source"], only["family"], only["unit"]) == ("one", "made by hand", "hand", "B/s")
    assert set(found["summary"]) == {"hand"}
