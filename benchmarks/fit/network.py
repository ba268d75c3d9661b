"""Fit the constants of collectives per fabric (models/fitted/network.toml) on published sweeps.

    python benchmarks/fit/network.py [FOLDER of measurement files]

Every candidate is judged by the product's own evaluation, many at once. Sweeps of all-reduce over
message sizes are fitted; single points, all-to-alls and expert exchanges are held out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from infralab.models.catalogue import built_in
from infralab.models.constants import table
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.outcome import outcome
from infralab.models.units import parse
from infralab.models.validate import Case, cases, files, predicted_metric  # noqa: F401

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "models/fitted/network.toml"
ROUNDS, CANDIDATES = 8, 400

# key in the file -> constants to fit with their range, and the start of the row ids fitted on
FITS: dict[str, tuple[dict[str, tuple[float, float]], tuple[str, ...]]] = {
    "nvlink3": (
        {"ring_share": (0.6, 1), "alpha_seconds": (1e-6, 1e-4), "beta_seconds_per_sqrt_byte": (1e-10, 1e-7)},
        ("a100-nvl3-1n",),
    ),
    "nvlink4": (
        {
            "reduction_share": (0.4, 1),
            "alpha_seconds": (1e-6, 1e-4),
            "beta_seconds_per_sqrt_byte": (1e-10, 1e-7),
        },
        ("h100-p5-1n",),
    ),
    "nvlink5": (
        {
            "reduction_share": (0.4, 1),
            "alpha_seconds": (1e-6, 1e-4),
            "beta_seconds_per_sqrt_byte": (1e-10, 1e-7),
        },
        ("b200-nvl5-1n",),
    ),
    "nvlink5-rack": (
        {
            "reduction_share": (0.3, 1),
            "alpha_seconds": (1e-5, 2e-3),
            "spanning_share": (0.3, 0.8),
            "hop_seconds": (1e-7, 1e-5),
        },
        ("gb200-nvl72",),
    ),
    "efa-v1": (
        {
            "exchange_share": (0.5, 0.95),
            "alpha_seconds": (1e-5, 1e-3),
            "beta_seconds_per_sqrt_byte": (1e-10, 3e-7),
        },
        ("a100-p4de-2n",),
    ),
    "efa": ({"alpha_seconds": (1e-5, 1e-3), "beta_seconds_per_sqrt_byte": (1e-10, 3e-7)}, ("h100-p5-2n",)),
    "infiniband": ({"ring_share": (0.7, 1)}, ("gtc24-ar-mn",)),
}


def rows(folder: Path) -> Iterator[tuple[Case, Design, float]]:
    """Cases with their design and the measured seconds (or the time that the bus bandwidth means)."""
    for path in files([folder]):
        for case in cases(path):
            design, _ = from_mapping(case.data)
            measured = case.measured[0]
            value = parse(str(measured["value"])).value
            yield case, design, value if measured["metric"] == "latency" else -value


def log_error(design: Design, measured: float, values: dict[str, np.ndarray]) -> np.ndarray:
    """log(predicted time / measured time) for every candidate."""
    found = outcome(design, built_in(), values=values)
    assert found.rate is not None
    assert found.job is not None
    if measured > 0:
        return np.log(np.asarray(found.job.latency.seconds) / measured)
    return np.log(-measured / np.asarray(found.rate))


def fit(
    key: str, data: list[tuple[Case, Design, float]], known: dict[str, float]
) -> tuple[dict[str, float], np.ndarray]:
    """Random search in a shrinking box; the loss is the mean absolute log error, 1 MB and more in full."""
    names, starts = FITS[key]
    chosen = [
        (d, m, 1.0 if (d.workload.message_bytes or 0) >= 1e6 else 0.3)
        for c, d, m in data
        if c.id.startswith(starts)
    ]  # type: ignore[union-attr]
    low = {n: np.log(r[0]) for n, r in names.items()}
    high = {n: np.log(r[1]) for n, r in names.items()}
    random = np.random.default_rng(7)
    best: dict[str, float] = {}
    errors = np.array([])
    for _ in range(ROUNDS):
        draws = {n: np.exp(random.uniform(low[n], high[n], CANDIDATES)) for n in names}
        for n, value in best.items():
            draws[n][0] = value
        values = {f"fitted.network.{p}": np.full(CANDIDATES, v) for p, v in known.items()}
        values |= {f"fitted.network.{key}.{n}": v for n, v in draws.items()}
        all_errors = np.array([log_error(d, m, values) for d, m, _ in chosen])
        weights = np.array([w for _, _, w in chosen])[:, None]
        loss = (np.abs(all_errors) * weights).sum(0) / weights.sum()
        at = int(np.argmin(loss))
        best = {n: float(v[at]) for n, v in draws.items()}
        errors = all_errors[:, at]
        for n in names:
            width = (high[n] - low[n]) * 0.3
            low[n], high[n] = np.log(best[n]) - width, np.log(best[n]) + width
            high[n] = min(high[n], np.log(names[n][1]))
            low[n] = max(low[n], np.log(names[n][0]))
    return best, errors


def written(constants: dict[str, dict[str, object]]) -> str:
    """The file's text: tables in their order, numbers to four digits."""
    lines = [line for line in TARGET.read_text().splitlines() if line.startswith("#")]
    keys = ", ".join(f'"{k}"' for k in FITS)
    lines += [f"fitted_keys = [{keys}]"]
    for key, entries in constants.items():
        lines += ["", f"[{key}]"]
        for name, value in entries.items():
            if isinstance(value, list):
                text = "[" + ", ".join(f'"{v}"' for v in value) + "]"
            elif isinstance(value, str):
                text = f'"{value}"'
            else:
                text = f"{value:.4g}"
            lines.append(f"{name} = {text}")
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/measurements/network"
    data = list(rows(folder))
    constants = {k: dict(v) for k, v in table("network").items() if isinstance(v, dict)}
    known: dict[str, float] = {}
    fitted_starts = tuple(s for _, starts in FITS.values() for s in starts)
    for key, (names, starts) in FITS.items():
        best, errors = fit(key, data, known)
        known |= {f"{key}.{n}": v for n, v in best.items()}
        part = np.abs(np.expm1(errors))
        sources = sorted({c.source for c, _, _ in data if c.id.startswith(starts)})
        constants[key] = {
            **constants.get(key, {}),
            **best,
            "fitted_on": sources,
            "rows": len(errors),
            "residual_median": float(np.median(part)),
            "residual_p90": float(np.quantile(part, 0.9)),
        }
        print(
            key,
            {n: f"{v:.4g}" for n, v in best.items()},
            f"median {np.median(part):.3f} p90 {np.quantile(part, 0.9):.3f}",
        )
        assert set(names) <= set(constants[key])
    held = [
        float(
            np.abs(
                np.expm1(log_error(d, m, {f"fitted.network.{p}": np.full(1, v) for p, v in known.items()}))
            ).max()
        )
        for c, d, m in data
        if not c.id.startswith(fitted_starts)
    ]
    print(f"held out: {len(held)} rows, median {np.median(held):.3f} p90 {np.quantile(held, 0.9):.3f}")
    TARGET.write_text(written(constants))


if __name__ == "__main__":
    main()
