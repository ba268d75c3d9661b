"""Fit constants of `models/fitted/<file>.toml` on published rows, by the product's own evaluate.

Error is the logarithm of predicted over measured, robust (absolute error, by reweighted least
squares); each source weighs the same; a pull towards the starting value keeps constants that the rows
say little about. Every other source is held out. Nothing here knows a model or a chip.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import tomli_w

from infralab.models import constants
from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.evaluate import evaluate
from infralab.models.validate import TIMES, Case, cases, files, measured_value, predicted_metric, quantile

ROOT = Path(__file__).parents[2]
MEASUREMENTS = ROOT / "models/measurements"


@dataclass
class Sample:
    case: Case
    design: object
    metric: str
    stage: str
    measured: float
    source: str


def samples(
    folders: Iterable[str], metrics: Iterable[str], keep: Callable[[Case], bool] = lambda case: True
) -> list[Sample]:
    """Rows of these families with one of these metrics; no ratios, no bounds, no fractions."""
    wanted = set(metrics)
    found = []
    for path in files([MEASUREMENTS / f for f in folders]):
        for case in cases(path):
            if not keep(case):
                continue
            design, problems = from_mapping(case.data)
            if any(p.severity == "error" for p in problems):
                continue
            for m in case.measured:
                if m["metric"] in wanted and "value" in m and "bound" not in m:
                    value = measured_value(m)
                    if value > 0:
                        found.append(Sample(case, design, m["metric"], str(m.get("stage", "")), value, path.name))
    return found


def log_error(sample: Sample) -> tuple[float, frozenset[str]] | None:
    """log(predicted / measured) of time, and the constants that the prediction read."""
    report = evaluate(sample.design, default_catalogue(), fit=False)
    value = predicted_metric(sample.metric, sample.design, report, sample.stage)
    if value is None or value <= 0:
        return None
    sign = 1.0 if sample.metric in TIMES else -1.0
    return sign * math.log(value / sample.measured), frozenset(
        f.path for f in report.figures if f.path.startswith("fitted.")
    )


def set_constant(path: str, value: float) -> None:
    """Set `fitted.<file>.<key>.<name>` in memory."""
    _, file, rest = path.split(".", 2)
    key, name = rest.rsplit(".", 1)
    constants.table(file)[key][name] = value
    constants._find.cache_clear()


def get_constant(path: str) -> float:
    _, file, rest = path.split(".", 2)
    key, name = rest.rsplit(".", 1)
    return float(constants.table(file)[key][name])


def fit(
    rows: list[Sample],
    file: str,
    split: Callable[[str], bool],
    bounds: dict[str, tuple[float, float]],
    rounds: int = 8,
    ridge: float = 0.3,
    fixed: Iterable[str] = (),
) -> dict[str, object]:
    """Fit every constant of `file` that the rows read. `split(source)`: fit on it. Returns figures of both halves."""
    train = [s for s in rows if split(s.source)]
    start: dict[str, float] = {}
    per_source: dict[str, int] = {}
    for s in train:
        per_source[s.source] = per_source.get(s.source, 0) + 1
    for step in range(rounds):
        base = [log_error(s) for s in train]
        paths = sorted(
            {p for b in base if b for p in b[1] if p.startswith(f"fitted.{file}.") and p.rsplit(".", 1)[1] not in fixed}
        )
        for p in paths:
            start.setdefault(p, math.log(get_constant(p)))
        jacobian = np.zeros((len(train), len(paths)))
        for column, p in enumerate(paths):
            value = get_constant(p)
            set_constant(p, value * 1.05)
            for row, (s, b) in enumerate(zip(train, base, strict=True)):
                if b is not None and p in b[1]:
                    varied = log_error(s)
                    if varied is not None:
                        jacobian[row, column] = (varied[0] - b[0]) / math.log(1.05)
            set_constant(p, value)
        error = np.array([b[0] if b else 0.0 for b in base])
        weight = np.array([1 / math.sqrt(per_source[s.source]) for s in train]) / np.maximum(np.abs(error), 0.08)
        weight *= np.array([b is not None for b in base])
        theta = np.array([math.log(get_constant(p)) - start[p] for p in paths])
        left = jacobian.T @ (weight[:, None] * jacobian) + ridge * np.eye(len(paths))
        move = np.linalg.solve(left, -(jacobian.T @ (weight * error)) - ridge * theta)
        for p, m in zip(paths, np.clip(move, -0.4, 0.4), strict=True):
            low, high = bounds.get(p.rsplit(".", 1)[1], (0.0, math.inf))
            set_constant(p, min(max(get_constant(p) * math.exp(m), low), high))
        print(
            f"round {step}: median |log error| {np.median(np.abs(error)):.3f} over {len(train)} rows, {len(paths)} constants"
        )
    result: dict[str, object] = {}
    for name, group in (("fitted", train), ("held_out", [s for s in rows if not split(s.source)])):
        errors = [abs(math.exp(e[0]) - 1) for e in map(log_error, group) if e]
        if errors:
            result[name] = {
                "rows": len(errors),
                "median": round(median(errors), 3),
                "p90": round(quantile(errors, 0.9), 3),
            }
    result["fitted_on"] = sorted(per_source)
    return result


def mark_fitted(folders: Iterable[str], ids: set[str]) -> None:
    """Write `fitted = true` into the measurements that a fit used, and into no others; a file says false for the rest."""
    for path in files([MEASUREMENTS / f for f in folders]):
        head, *rows = path.read_text().split("[[measurement]]\n")
        head = head.replace("\nfitted = true", "\nfitted = false")
        marked = []
        for row in rows:
            lines = [line for line in row.splitlines(keepends=True) if not line.startswith("fitted =")]
            name = tomllib.loads("".join(lines))["id"]
            marked.append("".join([lines[0], "fitted = true\n" if name in ids else "", *lines[1:]]))
        path.write_text("[[measurement]]\n".join([head, *marked]))


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def write(file: str, result: dict[str, object], folders: Iterable[str]) -> None:
    """Write the constants back under the file's own opening comment."""
    path = constants.FOLDER / f"{file}.toml"
    text = path.read_text()
    header = "".join(line + "\n" for line in text.splitlines() if line.startswith("#"))
    data = dict(rounded(constants.table(file)))  # type: ignore[arg-type]
    tomllib.loads(text)
    data["fit"] = {**result, "families": list(folders)}
    data.setdefault("fitted_keys", ["default"])
    path.write_text(header + tomli_w.dumps(data))
