"""Fit models/fitted/transformer_training.toml on published training steps.

    python benchmarks/fit/training.py [--fit FILE …] [--loo] [--rounds N] [--write] [FOLDER …]

Every row goes through the product's own lowering; all constants are varied at once as columns of one
batched evaluation. Error is log(predicted / measured step time), robust (absolute error by reweighted
least squares); each source weighs the square root of its rows; a pull towards the wider table (chip
generation or framework → default → prior) keeps constants that the rows say little about. Only files named by --fit
are used; errors are printed for both halves, and with --loo for every source left out in turn.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import tomli_w

from infralab.models import constants
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.lower import lower
from infralab.models.outcome import _apply_framework
from infralab.models.validate import cases, files, measured_value, quantile
from infralab.models.workloads import transformer_training as training
from infralab.models.workloads.training import found

FILE = "transformer_training"
ROOT = Path(__file__).parents[2] / "models/measurements"
FIT_ON = (
    "dgxc_benchmarking.toml",
    "nanotron_ultrascale.toml",
    "megatron_bridge.toml",
    "llm_foundry.toml",
    "vtrain.toml",
    "automodel.toml",
    "maxtext.toml",
    "tpu_recipes.toml",
    "mlperf_amd.toml",
    "gaudi.toml",
    "trainium.toml",
)
# names that are fitted: where they start and are pulled to, and bounds; memory and tile constants are set by hand
PRIORS = {
    "matmul_share": (0.85, 0.3, 0.95),
    "matmul_efficiency": (0.75, 0.2, 0.95),
    "narrow_share": (0.95, 0.4, 1.1),
    "attention_share": (0.5, 0.1, 1.0),
    "memory_share": (0.65, 0.45, 0.95),
    "layer_seconds": (1e-3, 2e-5, 2e-3),
    "tensor_seconds": (1e-4, 1e-5, 2e-3),
    "stack_share": (1.15, 0.8, 1.25),
    "step_seconds": (2e-2, 2e-3, 3e-1),
    "overlap": (0.5, 0.3, 1.0),
    "tensor_exposed": (0.8, 0.05, 1.0),
    "expert_exposed": (0.9, 0.05, 1.0),
    "expert_seconds": (5e-4, 1e-5, 5e-3),
    "expert_share": (0.7, 0.3, 1.2),
    "hidden_cost": (0.1, 0.02, 0.8),
    "score_share": (0.65, 0.45, 0.95),
    "tensor_spanning": (2.0, 1.0, 4.0),
    "hop_seconds": (3e-4, 1e-5, 3e-3),
}
# tables that may differ from the wider one, and in what
TABLES = {
    "default": tuple(n for n in PRIORS if n != "stack_share"),
    "megatron-core": ("stack_share", "hop_seconds", "overlap"),
    "volta": ("matmul_share", "layer_seconds"),
    "ampere": ("matmul_share", "memory_share", "attention_share", "layer_seconds"),
    "hopper": ("matmul_share", "memory_share", "narrow_share", "attention_share", "layer_seconds"),
    "blackwell": (
        "matmul_share",
        "memory_share",
        "narrow_share",
        "attention_share",
        "layer_seconds",
        "expert_exposed",
        "expert_seconds",
    ),
    "cdna": ("matmul_share", "attention_share"),
    "tpu": ("matmul_efficiency", "attention_share", "memory_share", "layer_seconds", "step_seconds", "overlap"),
    "npu": ("matmul_share", "attention_share"),
}


@dataclass
class Row:
    id: str
    file: str
    path: Path
    design: Design
    measured: dict[str, float]


def rows_of(folders: list[Path]) -> list[Row]:
    rows = []
    for path in files(folders):
        for case in cases(path):
            design, problems = from_mapping(case.data)
            if any(p.severity == "error" for p in problems) or design.workload is None:
                continue
            if design.workload.kind != "transformer-training":
                continue
            values = {str(m["metric"]): measured_value(m) for m in case.measured if "value" in m}
            rows.append(Row(case.id, path.name, path, design, values))
    return rows


def errors(row: Row, scales: dict[str, np.ndarray] | None = None) -> np.ndarray | None:
    """log(predicted / measured) of the step's time, for every column of `scales`; None: no speed there."""
    machine = lower(row.design, default_catalogue(), Figures(None, scales))
    job = training.lower(machine)
    if not job.steps:
        return None
    _apply_framework(machine, job)
    step = job.steps[0]
    chips = next(iter(machine.steppers())).all_chips
    units = step.units
    measured = row.measured
    if "step_seconds" in measured:
        actual = measured["step_seconds"]
    elif "tokens_per_second_per_chip" in measured:
        actual = units / (measured["tokens_per_second_per_chip"] * chips)
    elif "tokens_per_second" in measured:
        actual = units / measured["tokens_per_second"]
    elif "samples_per_second" in measured:
        actual = units / (row.design.workload.sequence_length * measured["samples_per_second"])
    elif "flops_per_chip" in measured and job.model_flop_per_unit is not None:
        actual = units * job.model_flop_per_unit / (measured["flops_per_chip"] * chips)
    elif "mfu" in measured and job.model_flop_per_unit is not None:
        actual = units * job.model_flop_per_unit / (measured["mfu"] * job.peak_flop_per_s)
    else:
        return None
    return np.log(np.asarray(step.seconds(), dtype=float) / actual)


def parameters() -> list[tuple[str, str]]:
    return [(key, name) for key, names in TABLES.items() for name in names]


def start() -> None:
    """Every fitted constant at its prior, so that a fit does not depend on the one before."""
    data = constants.table(FILE)
    for key, name in parameters():
        data.setdefault(key, {})[name] = PRIORS[name][0]
    changed()


def changed() -> None:
    constants._find.cache_clear()
    found.forget()


def fit(rows: list[Row], rounds: int, ridge: float = 1.0) -> list[float]:
    names = parameters()
    data = constants.table(FILE)
    per_file: dict[str, int] = {}
    for row in rows:
        per_file[row.file] = per_file.get(row.file, 0) + 1
    column = {p: i + 1 for i, p in enumerate(names)}
    scales = {}
    for (key, name), i in column.items():
        factor = np.ones(len(names) + 1)
        factor[i] = 1.05
        scales[f"fitted.{FILE}.{key}.{name}"] = factor
    base: list[float] = []
    for number in range(rounds):
        changed()
        jacobian, error, weight = [], [], []
        for row in rows:
            columns = errors(row, scales)
            if columns is None:
                continue
            columns = np.broadcast_to(columns, (len(names) + 1,))
            error.append(columns[0])
            jacobian.append((columns[1:] - columns[0]) / math.log(1.05))
            weight.append(
                1
                / math.sqrt(math.sqrt(per_file[row.file]))
                / max(abs(columns[0]), 0.06)
                / (1 + (columns[0] / 0.5) ** 2)
            )
        j, e, w = np.array(jacobian), np.array(error), np.array(weight)
        base = [abs(math.expm1(x)) for x in e]
        left = j.T @ (w[:, None] * j)
        right = -(j.T @ (w * e))
        for i, (key, name) in enumerate(names):  # towards the wider table, or towards the prior
            wider = PRIORS[name][0] if key == "default" or name == "stack_share" else data["default"][name]
            left[i, i] += ridge
            right[i] += ridge * math.log(wider / data[key][name])
        move = np.clip(np.linalg.solve(left, right), -0.25, 0.25)
        for (key, name), step in zip(names, move, strict=True):
            _, low, high = PRIORS[name]
            data[key][name] = min(max(data[key][name] * math.exp(step), low), high)
        print(f"round {number}: median {median(base):.3f} p90 {quantile(base, 0.9):.3f} over {len(base)} rows")
    changed()
    return base


def figures(rows: list[Row]) -> dict[str, object]:
    own = [abs(math.expm1(float(np.max(e)))) for e in map(errors, rows) if e is not None]
    return {"rows": len(own), "median": round(median(own), 3), "p90": round(quantile(own, 0.9), 3)} if own else {}


def report(rows: list[Row], fitted_on: set[str]) -> None:
    for name in sorted({r.file for r in rows}):
        own = [r for r in rows if r.file == name]
        bias = median([float(e) for e in map(errors, own) if e is not None] or [0.0])
        print(
            f"{name:28} {'fitted  ' if name in fitted_on else 'held out'} {figures(own)} bias {math.expm1(bias):+.3f}"
        )
    print("fitted  ", figures([r for r in rows if r.file in fitted_on]))
    print("held out", figures([r for r in rows if r.file not in fitted_on]))


def leave_one_out(rows: list[Row], rounds: int) -> None:
    data = constants.table(FILE)
    saved = {k: dict(v) if isinstance(v, dict) else v for k, v in data.items()}
    pooled = []
    for name in sorted({r.file for r in rows}):
        fit([r for r in rows if r.file != name], rounds)
        own = [abs(math.expm1(float(e))) for e in map(errors, [r for r in rows if r.file == name]) if e is not None]
        pooled += own
        print(f"without {name:28} {len(own)} rows median {median(own):.3f} p90 {quantile(own, 0.9):.3f}")
        data.clear()
        data.update({k: dict(v) if isinstance(v, dict) else v for k, v in saved.items()})
        changed()
    print(f"leave one source out: {len(pooled)} rows median {median(pooled):.3f} p90 {quantile(pooled, 0.9):.3f}")


def write(rows: list[Row], fitted_on: list[str]) -> None:
    data = constants.table(FILE)
    path = constants.FOLDER / f"{FILE}.toml"
    header = "".join(line + "\n" for line in path.read_text().splitlines() if line.startswith("#"))
    out: dict[str, object] = {"fitted_keys": ["default"]}
    for key, value in data.items():
        if isinstance(value, dict) and key != "fit":
            out[key] = {n: float(f"{v:.4g}") if isinstance(v, float) else v for n, v in value.items()}
    out["fit"] = {
        "fitted_on": fitted_on,
        "residual": figures([r for r in rows if r.file in fitted_on]),
        "held_out": figures([r for r in rows if r.file not in fitted_on]),
        "years": "2021 to 2026",
    }
    path.write_text(header + tomli_w.dumps(out))
    for row_file in sorted({r.path for r in rows if r.file in fitted_on}):
        text = row_file.read_text()
        row_file.write_text(text.replace("\nfitted = false\n", "\nfitted = true\n", 1))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "training", ROOT / "training_other"])
    parser.add_argument("--fit", nargs="*", default=list(FIT_ON))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--loo", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = rows_of(options.folders)
    start()
    fitted_on = [f for f in options.fit if any(r.file == f for r in rows)]
    fit([r for r in rows if r.file in fitted_on], options.rounds)
    report(rows, set(fitted_on))
    data = constants.table(FILE)
    for key in TABLES:
        print(key, {n: float(f"{v:.3g}") for n, v in data[key].items() if isinstance(v, float)})
    if options.write:
        write(rows, fitted_on)
    if options.loo:
        leave_one_out(rows, max(4, options.rounds // 2))


if __name__ == "__main__":
    main()
