"""Fit constants by random search in a shrinking box: all candidates of a round in one evaluation a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infralab.models.catalogue import built_in
from infralab.models.constants import table
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.outcome import outcome
from infralab.models.units import parse
from infralab.models.validate import FRACTIONS, TIMES, cases, files

ROOT = Path(__file__).parents[2]
ROUNDS, CANDIDATES = 8, 400


@dataclass(frozen=True)
class Row:
    id: str
    source: str
    design: Design
    metric: str
    measured: float


@dataclass(frozen=True)
class Fit:
    """Constants of one key of a fitted file with their ranges, and the start of the row ids fitted on."""

    key: str
    ranges: dict[str, tuple[float, float]]
    rows: tuple[str, ...]


def rows(folder: Path) -> Iterator[Row]:
    """Measured values of all files below a folder, bounds left out."""
    for path in files([folder]):
        for case in cases(path):
            design, problems = from_mapping(case.data)
            assert not [p for p in problems if p.severity == "error"], problems
            for m in case.measured:
                if "bound" not in m:
                    value = m["value"]
                    number = float(value) if isinstance(value, (int, float)) else parse(str(value)).value
                    yield Row(case.id, case.source, design, str(m["metric"]), number)


def error(row: Row, values: dict[str, np.ndarray]) -> np.ndarray:
    """log(predicted / measured time) for every candidate; the difference for fractions."""
    found = outcome(row.design, built_in(), values=values)
    assert found.rate is not None
    assert found.job is not None
    predicted = found.job.metrics.get(row.metric, found.rate)
    if row.metric == "latency":
        assert found.job.latency.seconds is not None
        predicted = found.job.latency.seconds
    if row.metric in FRACTIONS:
        return np.atleast_1d(np.asarray(predicted) - row.measured)
    sign = 1.0 if row.metric in TIMES else -1.0
    return np.atleast_1d(sign * np.log(np.asarray(predicted) / row.measured))


def search(
    file: str, fit: Fit, chosen: list[Row], weights: list[float], known: dict[str, float]
) -> dict[str, float]:
    """The constants with the least mean absolute error over the rows."""
    low = {n: np.log(r[0]) for n, r in fit.ranges.items()}
    high = {n: np.log(r[1]) for n, r in fit.ranges.items()}
    random = np.random.default_rng(7)
    best: dict[str, float] = {}
    share = np.array(weights)[:, None] / sum(weights)
    for _ in range(ROUNDS):
        draws = {n: np.exp(random.uniform(low[n], high[n], CANDIDATES)) for n in fit.ranges}
        for n, value in best.items():
            draws[n][0] = value
        values = {f"fitted.{file}.{path}": np.full(CANDIDATES, v) for path, v in known.items()}
        values |= {f"fitted.{file}.{fit.key}.{n}": v for n, v in draws.items()}
        errors = np.array([np.broadcast_to(error(row, values), (CANDIDATES,)) for row in chosen])
        at = int(np.argmin((np.abs(errors) * share).sum(0)))
        best = {n: float(v[at]) for n, v in draws.items()}
        for n, (least, most) in fit.ranges.items():
            width = (high[n] - low[n]) * 0.3
            low[n] = max(np.log(best[n]) - width, np.log(least))
            high[n] = min(np.log(best[n]) + width, np.log(most))
    return best


def judge(file: str, chosen: list[Row], known: dict[str, float]) -> np.ndarray:
    """Absolute errors of rows with the constants found so far."""
    values = {f"fitted.{file}.{path}": np.full(1, v) for path, v in known.items()}
    found = [(row, float(error(row, values)[0])) for row in chosen]
    return np.array([abs(e) if row.metric in FRACTIONS else abs(np.expm1(e)) for row, e in found])


def fit_file(file: str, fits: list[Fit], data: list[Row], weigh: float = 1.0) -> None:
    """Fit one key after the other, print errors on fitted and held-out rows, write `models/fitted/<file>.toml`.

    weigh: weight of collectives below 1 MB, whose time is latency only.
    """
    constants = {k: dict(v) for k, v in table(file).items() if isinstance(v, dict)}
    known: dict[str, float] = {}
    used: dict[str, list[Row]] = {}
    for fit in fits:
        chosen = [row for row in data if row.id.startswith(fit.rows)]
        weights = [weigh if _small(row) else 1.0 for row in chosen]
        best = search(file, fit, chosen, weights, known)
        known |= {f"{fit.key}.{n}": v for n, v in best.items()}
        errors = judge(file, chosen, known)
        used[fit.key] = [*used.get(fit.key, ()), *chosen]
        constants[fit.key] = {
            **constants.get(fit.key, {}),
            **best,
            "fitted_on": sorted({row.source for row in used[fit.key]}),
            "rows": len(used[fit.key]),
            "residual_median": float(np.median(errors)),
            "residual_p90": float(np.quantile(errors, 0.9)),
        }
        numbers = " ".join(f"{n}={v:.4g}" for n, v in best.items())
        print(f"{fit.key}: {numbers}  {_spread(errors)} of {len(errors)} rows")
    starts = tuple(start for fit in fits for start in fit.rows)
    held = [row for row in data if not row.id.startswith(starts)]
    for metric in sorted({row.metric for row in held}):
        errors = judge(file, [row for row in held if row.metric == metric], known)
        print(f"held out, {metric}: {_spread(errors)} of {len(errors)} rows")
    _write(file, [fit.key for fit in fits], constants)


def _small(row: Row) -> bool:
    size = None if row.design.workload is None else row.design.workload.message_bytes
    return size is not None and size < 1e6


def _spread(errors: np.ndarray) -> str:
    return f"median {np.median(errors):.3f} p90 {np.quantile(errors, 0.9):.3f}"


def _write(file: str, fitted: list[str], constants: dict[str, dict[str, object]]) -> None:
    """The file with its leading comment kept, tables in their order, numbers to four digits."""
    target = ROOT / f"models/fitted/{file}.toml"
    lines = [line for line in target.read_text().splitlines() if line.startswith("#")]
    before = [str(k) for k in table(file).get("fitted_keys", ())]
    keys = ", ".join(f'"{k}"' for k in dict.fromkeys([*before, *fitted]))
    lines.append(f"fitted_keys = [{keys}]")
    for key, entries in constants.items():
        lines += ["", f'["{key}"]' if "." in key else f"[{key}]"]
        lines += [f"{name} = {_text(value)}" for name, value in entries.items()]
    target.write_text("\n".join(lines) + "\n")


def _text(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{v}"' for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:.4g}"
