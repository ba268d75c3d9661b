"""Fit the constants of networks known by their cost on published rows.

    python benchmarks/fit/vision.py [--all] [--report] [FILE.toml …]

Reads measurement files (default: the vision and encoder rows of `models/measurements`), evaluates
them by the product's own model, and fits shares, gaps and passes in log space by Gauss-Newton on
robust residuals of log time. Every constant is drawn towards its parent (generation -> kind ->
default, framework -> style -> default), so that little data moves little. Half of the sources are
used, by a hash of the source; the other half only tests. Writes `models/fitted/{vision,encoder}.toml`.
"""

from __future__ import annotations

import argparse
import math
import tomllib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from infralab.models import constants
from infralab.models.catalogue import Catalogue, default_catalogue
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.lower import lower
from infralab.models.outcome import Outcome
from infralab.models.outcome import _apply_framework as apply_framework
from infralab.models.solve.closed import rate
from infralab.models.units import parse
from infralab.models.workloads import lowering, network_step

ROOT = Path(__file__).resolve().parents[2]
FITTED = ROOT / "models" / "fitted"
FAMILIES = ("vision", "edge", "training", "training_other", "inference")  # rows of other kinds are passed over
RATES = {"images_per_second", "samples_per_second", "throughput"}
CHIP = (
    *("share_8bit", "share_16bit", "share_tf32", "share_32bit"),
    *("memory_share", "near_bytes_per_flop", "gap_seconds", "depth_gain", "cache_gain", "serial"),
)
STACK = ("passes", "host_seconds", "kernel", "gaps")
SHARED = ("hidden", "half_wave", "attention_passes")
STATIC = ("styles", "copies", "lowers", "padding", "network")  # tables that hold no constants of the fit
FIXED = {  # set the scale of the others
    *("gpu.memory_share", "engine.kernel", "engine.gaps", "default.kernel", "default.gaps"),
    "encoder.default.attention_passes",
}
WHOLE = 40  # rows of one chip in one source, beyond which its networks are split
KNEES = (0.3, 0.12)  # of a logarithm: below it rows count by the square, beyond it by their size
PULL = 4.0  # weight of a constant's distance from its parent against one row
STEP = 0.02  # of a logarithm, for the derivative
START = {
    "default": {
        "share_8bit": 0.5,
        "share_16bit": 0.55,
        "share_tf32": 0.5,
        "share_32bit": 0.6,
        "share_4bit": 0.4,
        "share_64bit": 0.6,
        "memory_share": 0.85,
        "hidden": 0.7,
        "serial": 0.05,
        "half_wave": 0.5,
        "attention_passes": 0.6,
        "cache_gain": 2.0,
        "depth_gain": 0.15,
        "near_bytes_per_flop": 0.5,
        "gap_seconds": 4e-6,
        "gaps": 1.0,
        "kernel": 1.0,
        "passes": 3.0,
        "host_seconds": 1e-8,
        "overlap": 0.7,
    },
    "eager": {"passes": 8.0, "host_seconds": 5e-5, "gaps": 2.0},
    "graph": {"passes": 6.0, "host_seconds": 3e-5, "gaps": 2.0},
    "compiled": {"passes": 4.0, "host_seconds": 1e-5},
    "engine": {"passes": 2.0},
    "mobile": {"passes": 2.0},
    "training": {"passes": 14.0, "host_seconds": 1e-5, "gaps": 2.0},
}
LEAST_ROWS = {"generation": 6, "stack": 8, "kind": 1, "style": 4}
SPREAD = {"generation": 0.3, "kind": 1.0, "stack": 0.3, "style": 1.0}  # of a constant about its parent


@dataclass
class Row:
    id: str
    family: str
    source: str
    kind: str
    design: Any
    measured: list[tuple[str, float]]
    held_out: bool = False


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def read(files: Iterable[Path]) -> Iterator[Row]:
    for path in files:
        data = tomllib.loads(path.read_text())
        for entry in data["measurement"]:
            mapping = merged(data.get("defaults", {}), entry["design"])
            kind = mapping.get("workload", {}).get("kind", "")
            if kind.split("-")[0] not in ("vision", "encoder"):
                continue
            design, _ = from_mapping(mapping)
            server = mapping["workload"].get("mode") == "server"
            values = []
            for m in entry["measured"]:
                metric = m["metric"]
                if metric in RATES or (metric == "latency" and not server):
                    value = m["value"]
                    number = float(value) if isinstance(value, (int, float)) else parse(value).value
                    values.append((metric, number))
            if values:
                family = f"{path.parent.name}/{path.stem}"
                yield Row(entry["id"], family, entry.get("source", data.get("source", "")), kind, design, values)


def split(rows: list[Row]) -> None:
    """Hold out every other source of a family and kind of chip, in the order of generation and speed.

    A source is a document or submission and the chip it ran; one with more than `WHOLE` rows is halved
    by network instead, as the constants of its chip would otherwise rest on nothing.
    """
    catalogue = default_catalogue()
    chips = {id(row): _chip_of(row, catalogue) for row in rows}
    sizes = Counter((row.family, origin(row), chips[id(row)]) for row in rows)
    groups: dict[tuple[str, str], set[tuple[str, str, str]]] = defaultdict(set)
    units = {}
    for row in rows:
        chip = chips[id(row)]
        large = sizes[row.family, origin(row), chip] > WHOLE
        unit = (origin(row), chip, str(row.design.workload.model) if large else "")
        kind = catalogue.get(chip).kind if catalogue.has(chip) else ""
        units[id(row)] = (row.family, unit)
        groups[row.family, kind].add(unit)
    held = set()
    for (family, _), sources in groups.items():
        ordered = sorted(sources, key=lambda u: (_likeness(u[1], catalogue), zlib.crc32(f"{u[0]} {u[2]}".encode())))
        held.update((family, unit) for unit in ordered[1::2])
    for row in rows:
        row.held_out = units[id(row)] in held


def _likeness(chip: str, catalogue: Catalogue) -> tuple[str, bool, float, str]:
    """Orders chips so that neighbours are alike."""
    if not catalogue.has(chip):
        return "", False, 0.0, chip
    component = catalogue.get(chip)
    peaks = [v for k, v in component.figures.items() if k.startswith("peak.")]
    core = str(component.facts.get("arch") or component.facts.get("cores_unit") or "")
    return core, "peak.fp16" in component.figures, max(peaks, default=0.0), chip


def _chip_of(row: Row, catalogue: Catalogue) -> str:
    """The chip that a row's first box with one steps on."""
    for box in row.design.boxes.values():
        if box.is_ is None or not catalogue.has(box.is_):
            continue
        component = catalogue.get(box.is_)
        if component.room in ("server", "chip"):
            return str(box.chip or component.facts.get("chip", component.id))
    return ""


def origin(row: Row) -> str:
    """The document or the submission that a row comes from."""
    return row.source.split("/results/")[0] + row.source.partition("/results/")[2].partition("/")[0]


def log_times(row: Row, found: Outcome) -> list[Any]:
    """Logarithm of predicted over measured time, of each measured figure."""
    assert found.job is not None
    out = []
    for metric, value in row.measured:
        if metric == "latency":
            out.append(np.log(found.job.latency.seconds / value))
        else:
            out.append(np.log(value / found.rate))
    return out


class Fit:
    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.catalogue = default_catalogue()
        self.theta: dict[str, float] = {}
        self.parents: dict[str, tuple[str, float]] = {}
        self.knee = KNEES[-1]

    def evaluate(self, row: Row, scales: dict[str, Any] | None = None) -> Outcome:
        """Chips and steps alone: nothing else is drawn in these rows that could bind."""
        machine = lower(row.design, self.catalogue, Figures(None, scales))
        job = lowering(row.kind)(machine)
        if not job.steps:
            return Outcome(machine, job, [], None)
        apply_framework(machine, job)
        return Outcome(machine, job, job.demands, rate(job, job.demands))

    def prepare(self) -> None:
        """Choose the constants to fit by how many rows would use each, and put them into the tables."""
        for file in ("vision", "encoder"):
            table = constants.table(file)
            for key in [k for k in table if isinstance(table[k], dict) and k not in STATIC]:
                del table[key]
            table.update({key: dict(values) for key, values in START.items()})
        constants._find.cache_clear()
        users: dict[str, list[Row]] = defaultdict(list)
        levels: dict[str, str] = {}
        chains: dict[str, list[str]] = {}
        usable = []
        for row in self.rows:
            found = self.evaluate(row)
            if found.rate is None or not np.isfinite(found.rate):
                continue
            usable.append(row)
            file = row.kind.split("-")[0]
            pool = found.machine.pools[found.job.steps[0].pool.partition(".")[2]]
            names = {path.split(".")[-1] for path in found.machine.figures.read if path.startswith("fitted.")}
            for name in names & {*CHIP, *STACK, *SHARED}:
                chain = _chain(row, file, pool, name)
                for level, key in chain:
                    path = f"fitted.{file}.{key}.{name}"
                    users[path].append(row)
                    levels[path] = level
                    chains[path] = [f"fitted.{file}.{k}.{name}" for _, k in chain]
        self.rows = usable
        for path, used in sorted(users.items(), key=lambda item: len(chains[item[0]]) and levels[item[0]] != "kind"):
            _, file, key, name = path.split(".", 3)
            if levels[path] != "default" and len([r for r in used if not r.held_out]) < LEAST_ROWS[levels[path]]:
                continue
            if f"{key}.{name}" in FIXED or f"{file}.{key}.{name}" in FIXED:
                continue
            self.theta[path] = 0.0
        for path in self.theta:
            chain = chains[path]
            later = chain[chain.index(path) + 1 :]
            parent = next((p for p in later if p in self.theta), None)
            self.parents[path] = (parent or "", SPREAD.get(levels[path], 1.0))
        for path in self.theta:
            _, file, key, name = path.split(".", 3)
            table = constants.table(file)
            chain = [p.split(".", 3)[2] for p in chains[path]]
            value = next(table[k][name] for k in [key, *chain, "default"] if name in table.get(k, {}))
            table.setdefault(key, {})[name] = value
            self.theta[path] = float(np.log(max(value, 1e-9)))
        constants._find.cache_clear()

    def residuals(self, rows: list[Row]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Residuals (N,) and derivatives (N, P) by one batched evaluation a row."""
        names = list(self.theta)
        column = {name: i for i, name in enumerate(names)}
        values, slopes = [], []
        for row in rows:
            used = [p for p in self.evaluate(row).machine.figures.read if p in column]
            variants = np.ones((len(used), len(used) + 1))
            for i in range(len(used)):
                variants[i, i + 1] = np.exp(STEP)
            found = self.evaluate(row, {p: variants[i] for i, p in enumerate(used)})
            for residual in log_times(row, found):
                full = np.broadcast_to(residual, (len(used) + 1,))
                slope = np.zeros(len(names))
                for i, p in enumerate(used):
                    slope[column[p]] = (full[i + 1] - full[0]) / STEP
                values.append(full[0])
                slopes.append(slope)
        return np.array(values), np.array(slopes), names

    def cost(self, r: np.ndarray) -> float:
        """Robust sum of the residuals (linear beyond the knee) and of the pulls towards the parents."""
        size = np.abs(r)
        rows = np.where(size < self.knee, size**2 / (2 * self.knee), size - self.knee / 2).sum()
        return float(rows + 0.5 * PULL * (self.pulls()[1] ** 2).sum())

    def pulls(self) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives and values of each constant's distance from its parent, in spreads."""
        names = list(self.theta)
        place = {name: i for i, name in enumerate(names)}
        lines, values = np.zeros((len(names), len(names))), np.zeros(len(names))
        for i, name in enumerate(names):
            parent, spread = self.parents[name]
            lines[i, i] = 1.0 / spread
            values[i] = (self.theta[name] - self.start[name]) / spread
            if parent:
                lines[i, place[parent]] = -1.0 / spread
                values[i] -= (self.theta[parent] - self.start[parent]) / spread
        return lines, values

    def step(self, rows: list[Row], damping: float) -> tuple[float, bool]:
        """One step of Levenberg and Marquardt; the cost after it, and whether it was taken."""
        r, slopes, names = self.residuals(rows)
        before = self.cost(r)
        weight = 1.0 / np.maximum(np.abs(r), self.knee)
        lines, values = self.pulls()
        hessian = (slopes * weight[:, None]).T @ slopes + PULL * lines.T @ lines
        slope = slopes.T @ (weight * r) + PULL * lines.T @ values
        hessian += damping * np.diag(np.diag(hessian)) + 1e-6 * np.eye(len(names))
        change = np.clip(np.linalg.solve(hessian, -slope), -0.7, 0.7)
        old = dict(self.theta)
        for name, delta in zip(names, change, strict=True):
            self.theta[name] += float(delta)
        self.store()
        after = self.cost(np.array([x for row in rows for x in log_times(row, self.evaluate(row))]))
        if after > before:
            self.theta = old
            self.store()
            return before, False
        return after, True

    def run(self, rows: list[Row], rounds: int) -> None:
        """From smooth to robust: knees of KNEES in turn, so that outliers don't hold the start."""
        most, network_step.MOST_OF_PEAK = network_step.MOST_OF_PEAK, math.inf  # a ceiling has no slope
        for self.knee in KNEES:
            damping = 0.1
            for number in range(rounds // len(KNEES)):
                cost, taken = self.step(rows, damping)
                damping = damping / 3 if taken else damping * 5
                print(self.knee, number, f"cost {cost:.1f} damping {damping:.2g}", flush=True)
                if damping > 1e3:
                    break
        network_step.MOST_OF_PEAK = most

    @property
    def start(self) -> dict[str, float]:
        """Where the constants stood when the fit began."""
        if not hasattr(self, "_start"):
            self._start = dict(self.theta)
        return self._start

    def store(self) -> None:
        for path, value in self.theta.items():
            _, file, key, name = path.split(".", 3)
            limit = {"memory_share": 1.2, "hidden": 0.9}.get(name, 1e9)
            self.theta[path] = min(value, float(np.log(limit)))
            constants.table(file)[key][name] = float(np.exp(self.theta[path]))
        constants._find.cache_clear()


def _chain(row: Row, file: str, pool: Any, name: str) -> list[tuple[str, str]]:
    """(level, key) of a constant, most specific first."""
    from infralab.models.workloads.network_step import generation_keys, style_of

    if name in SHARED:
        return [("default", "default")]
    if name in ("depth_gain", "cache_gain", "serial"):
        return [("kind", pool.chip.kind), ("default", "default")]
    if name in CHIP:
        keys = generation_keys(pool.chip)
        found = [("generation", k) for k in keys[:-1]] + [("kind", keys[-1])]
    else:
        framework = row.design.software.framework
        training = row.kind.endswith("training")
        style = style_of(file, framework, pool.chip.kind, training)
        found = [("stack", f"{framework}-{pool.chip.kind}")] if framework and name == "kernel" and not training else []
        if not training or pool.chip.kind != "gpu":
            found.append(("style", f"{style}-{pool.chip.kind}"))
        found.append(("style", style))
    return [*found, ("default", "default")]


def report(fit: Fit, rows: list[Row], title: str) -> tuple[float, float]:
    by: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for residual in log_times(row, fit.evaluate(row)):
            by[row.family].append(abs(float(np.expm1(residual))))
            by["all"].append(by[row.family][-1])
    print(title)
    for name, errors in sorted(by.items()):
        print(f"  {name:40} n {len(errors):5} median {np.median(errors):.3f} p90 {np.percentile(errors, 90):.2f}")
    return float(np.median(by["all"])), float(np.percentile(by["all"], 90))


def write(file: str, note: dict[str, Any]) -> None:
    """The table as TOML, one section a key; what the fit did not touch stays."""
    data = dict(constants.table(file))
    data["fitted_on"] = note
    lines = [f"# Constants of {file} networks known by their cost. Written by benchmarks/fit/vision.py.\n"]
    for key, value in data.items():
        if not isinstance(value, dict):
            lines.append(f"{key} = {_toml(value)}\n")
    for key, value in data.items():
        inner = value if isinstance(value, dict) else {}
        plain = {k: v for k, v in inner.items() if not isinstance(v, dict)}
        tables = {f"{key}.{k}": v for k, v in inner.items() if isinstance(v, dict)}
        for name, rows in ({key: plain} | tables if plain else tables).items():
            lines.append(f"\n[{name}]\n" + "".join(f"{_bare(k)} = {_toml(v)}\n" for k, v in rows.items()))
    (FITTED / f"{file}.toml").write_text("".join(lines))


def _bare(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else f'"{key}"'


def _toml(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if "." in f"{value:.4g}" or "e" in f"{value:.4g}" else f"{value:.4g}.0"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else f'"{value}"'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--dry", action="store_true", help="report, write nothing")
    parser.add_argument("--list", action="store_true", help="only name the rows that are fitted on")
    given = parser.parse_args()
    base = ROOT / "models" / "measurements"
    files = given.files or [path for family in FAMILIES for path in sorted(base.glob(f"{family}/*.toml"))]
    rows = list(read(files))
    split(rows)
    if given.list:
        print("\n".join(f"{row.family} {row.id}" for row in rows if not row.held_out))
        return
    fit = Fit(rows)
    fit.prepare()
    half = [r for r in fit.rows if not r.held_out]
    rest = [r for r in fit.rows if r.held_out]
    print(f"{len(fit.rows)} rows, {len(half)} to fit, {len(rest)} held out, {len(fit.theta)} constants")
    fit.run(half, given.rounds)
    fitted_error = report(fit, half, "fitted")
    held_error = report(fit, rest, "held out")
    if not given.dry:
        for file in ("vision", "encoder"):
            used = sorted({r.family for r in half if r.kind.startswith(file)})
            note = {
                "files": used,
                "rows": sum(r.kind.startswith(file) for r in half),
                "split": "every other source of a family and kind of chip, large ones by network; the rest only tests",
                "median": fitted_error[0],
                "p90": fitted_error[1],
                "held_out_median": held_error[0],
                "held_out_p90": held_error[1],
            }
            write(file, note)


if __name__ == "__main__":
    main()
