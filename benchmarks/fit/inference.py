"""Fit `models/fitted/transformer_inference.toml` on published serving and batch inference rows.

    python benchmarks/fit/inference.py [FOLDER] [--folds 5] [--write]

Constants belong to a chip generation, a processor kind, or a software family on a processor kind
(model.md, section 10); none to a model, site or row. About half of the sources are fitted on, the others
are held out. Each row is evaluated once with every constant it reads raised by 5 % in a variant of its
own (the product's batched evaluation), so the Jacobian costs one evaluation a row. The error is the
logarithm of predicted over measured time; absolute values, by reweighted least squares; a source
weighs as the root of its rows; a ridge holds constants that the rows say little about at their prior.
Every run starts from the priors below. `--folds` predicts each source by constants that never saw it.
"""

from __future__ import annotations

import argparse
import math
import re
import tomllib
from collections import Counter, defaultdict
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
from infralab.models.solve.closed import rate
from infralab.models.units import parse
from infralab.models.validate import TIMES, cases, files
from infralab.models.workloads.inference.family import FILE, family_of
from infralab.models.workloads.inference.stack import chip_keys_of, stack_keys_of
from infralab.models.workloads.transformer_inference import lower as job_of

ROOT = Path(__file__).parents[2]
HELD_OUT = frozenset(
    {
        "trtllm_perf_overview_v0_17",
        "trtllm_perf_overview_v0_5",
        "vllm_ci_nim_misc",
        "serving_large_scale",
        "tpu",
        "geerlingguy_edge_power",
        "cpu_edge_misc",
        "speculative_decoding",
    }
)
Range = tuple[float, float, float]  # prior, least, most
CHIP: dict[str, Range] = {
    "matmul_share_16bit": (0.65, 0.02, 0.95),
    "matmul_share_8bit": (0.5, 0.02, 0.95),
    "matmul_share_4bit": (0.35, 0.02, 0.95),
    "attention_share": (0.35, 0.02, 0.9),
    "bandwidth_share": (0.8, 0.2, 0.95),
    "core_bandwidth": (12e9, 1e9, 60e9),
}
STACK: dict[str, Range] = {
    "bandwidth_factor": (1.0, 0.2, 1.15),
    "attention_factor": (1.0, 0.01, 2.0),
    "unpack_flop": (100.0, 1.0, 2000.0),
    "unpack_vector_flop": (4.0, 0.1, 100.0),
    "codebook_vector_flop": (12.0, 0.1, 300.0),
    "matmul_factor": (1.0, 0.05, 1.5),
    "cache_factor": (1.0, 0.2, 1.1),
    "layer_seconds": (30e-6, 1e-7, 2e-3),
    "expert_seconds": (30e-6, 1e-7, 3e-3),
    "step_seconds": (500e-6, 1e-6, 2e-2),
    "expert_factor": (0.7, 0.05, 1.2),
    "sequence_seconds": (3e-6, 1e-8, 1e-4),
    "request_seconds": (0.03, 1e-4, 0.5),
    "crowding": (0.3, 0.01, 1.0),
}
LINK: dict[str, Range] = {"reduce_seconds": (10e-6, 1e-6, 3e-4)}
BOUNDS = {**CHIP, **STACK, **LINK}
KINDS = ("gpu", "cpu", "npu", "tpu", "edge-gpu", "edge-cpu")
OLD_ATTENTION = ("kernels", "native", "early")
ENOUGH = 10  # rows that a constant of its own needs


@dataclass
class Sample:
    source: str
    design: Design
    metric: str
    measured: float
    weight: float
    kind: str


def samples(folder: Path) -> list[Sample]:
    """Rows of the family: times and rates; tail latencies and power are left out."""
    found = []
    for path in files([folder]):
        for case in cases(path):
            design, problems = from_mapping(case.data)
            workload = design.workload
            if workload is None or workload.kind != "transformer-inference":
                continue
            if any(p.severity == "error" for p in problems):
                continue
            for m in case.measured:
                if m["metric"] == "power" or m.get("statistic") == "p99" or "bound" in m:
                    continue
                queueing = m["metric"] == "time_to_first_token" and workload.batch is None
                found.append(
                    Sample(
                        path.stem,
                        design,
                        m["metric"],
                        parse(str(m["value"])).value,
                        0.2 if queueing else 1.0,
                        f"{workload.mode}/{m['metric']}",
                    )
                )
    return found


def predicted(sample: Sample, scales: dict[str, object] | None = None) -> tuple[object, Figures]:
    """The sample's metric (a float, or one value a variant) and what the evaluation read."""
    figures = Figures(None, scales)  # type: ignore[arg-type]
    job = job_of(lower(sample.design, default_catalogue(), figures))
    if sample.metric in job.metrics:
        return job.metrics[sample.metric], figures
    return (rate(job, ()) if job.steps else math.nan), figures


def log_errors(sample: Sample) -> tuple[float, dict[str, float]]:
    """log(predicted / measured) of time, and its derivative by the logarithm of each constant read."""
    value, figures = predicted(sample)
    sign = 1.0 if sample.metric in TIMES else -1.0
    error = sign * math.log(float(value) / sample.measured)  # type: ignore[arg-type]
    paths = [p for p in figures.read if p.startswith(f"fitted.{FILE}.") and p.rsplit(".", 1)[1] in BOUNDS]
    factors = np.ones((len(paths), len(paths)))
    np.fill_diagonal(factors, 1.05)
    varied, _ = predicted(sample, dict(zip(paths, factors, strict=True)))
    change = sign * np.log(np.broadcast_to(np.asarray(varied), (len(paths),)) / float(value)) / math.log(1.05)  # type: ignore[arg-type]
    return error, dict(zip(paths, change.tolist(), strict=True))


def error_of(sample: Sample) -> float:
    value, _ = predicted(sample)
    ratio = float(value) / sample.measured  # type: ignore[arg-type]
    return ratio - 1 if sample.metric in TIMES else 1 / ratio - 1


def chains(sample: Sample) -> list[tuple[str, list[str]]]:
    """(constant, keys from fine to coarse) of every constant that the sample reads."""
    figures = predicted(sample)[1]
    names = {p.rsplit(".", 1)[1] for p in figures.read if p.startswith(f"fitted.{FILE}.")} & BOUNDS.keys()
    family = family_of(sample.design.software)
    found = []
    for pool in lower(sample.design, default_catalogue(), Figures()).pools.values():
        link = pool.chip.link_kind or "pcie"
        keys = {
            "chip": list(chip_keys_of(pool)),
            "stack": list(stack_keys_of(family, pool)),
            "link": [f"{family}-{link}", link, family],
        }
        for name in names:
            found.append((name, keys["chip" if name in CHIP else "stack" if name in STACK else "link"]))
    return found


def reset() -> None:
    """All constants back to their priors; assumed values that are not fitted stay."""
    data = constants.table(FILE)
    for key in list(data):
        if not isinstance(data[key], dict) or key == "families":
            continue
        for name in (*BOUNDS, "rows", "fitted_on", "median", "p90", "releases"):
            data[key].pop(name, None)
        if not data[key] or key == "fit":
            del data[key]
    data["default"].update({name: prior for name, (prior, _, _) in BOUNDS.items()})
    constants._find.cache_clear()


def give_keys(train: list[Sample]) -> None:
    """Entries of their own for the finest keys that enough rows speak of; the rest shares coarser ones.

    A whole family and a whole kind of chip get none: what is left for them is a mixture of odd rows.
    """
    wanted = [chain for sample in train for chain in chains(sample)]
    data = constants.table(FILE)
    coarse = {*KINDS, *data["families"]}
    for level in range(4):
        count = Counter((name, keys[level]) for name, keys in wanted if level < len(keys))
        kept = {(name, key) for (name, key), rows in count.items() if rows >= ENOUGH and key not in coarse}
        for name, key in kept:
            data.setdefault(key, {}).setdefault(name, BOUNDS[name][0])
        wanted = [(n, k) for n, k in wanted if level >= len(k) or (n, k[level]) not in kept]
    constants._find.cache_clear()


def value_of(path: str) -> float:
    _, _, rest = path.split(".", 2)
    key, name = rest.rsplit(".", 1)
    return float(constants.table(FILE)[key][name])


def set_value(path: str, value: float) -> None:
    _, _, rest = path.split(".", 2)
    key, name = rest.rsplit(".", 1)
    constants.table(FILE)[key][name] = value
    constants._find.cache_clear()


def bounds_of(path: str) -> tuple[float, float]:
    """What a constant may be. Attention kernels that split long contexts over the chip stream the cache
    nearly as fast as weights (0.90 against 0.70 measured on H100); older and vendors' own ones may not."""
    key, name = path.split(".", 2)[2].rsplit(".", 1)
    if name == "cache_factor" and key.split("-")[0] not in OLD_ATTENTION:
        return 0.85, 1.15
    return BOUNDS[name][1:]


def weigh(sample: Sample, size: Counter[str]) -> float:
    return 5.0 * sample.weight / math.sqrt(size[sample.source])


def distance(sample: Sample) -> float:
    """log(predicted / measured) of time, without derivatives."""
    value, _ = predicted(sample)
    return math.log(float(value) / sample.measured) * (1.0 if sample.metric in TIMES else -1.0)  # type: ignore[arg-type]


def fit(train: list[Sample], rounds: int, ridge: float = 0.5, show: bool = True) -> Counter[str]:
    """Gauss-Newton on the logarithms of all constants read; returns how many rows read each."""
    size = Counter(s.source for s in train)
    used: Counter[str] = Counter()
    prior: dict[str, float] = {}
    for step in range(rounds):
        found = [log_errors(s) for s in train]
        used = Counter(p for _, slopes in found for p in slopes)
        paths = sorted(used)
        place = {p: i for i, p in enumerate(paths)}
        for p in paths:
            prior.setdefault(p, math.log(value_of(p)))
        left = ridge * np.eye(len(paths))
        right = -ridge * np.array([math.log(value_of(p)) - prior[p] for p in paths])
        for sample, (error, slopes) in zip(train, found, strict=True):
            weight = weigh(sample, size) / max(abs(error), 0.07)
            at = np.array([place[p] for p in slopes])
            slope = np.array(list(slopes.values()))
            if len(at):
                left[np.ix_(at, at)] += weight * np.outer(slope, slope)
                right[at] -= weight * error * slope
        move = np.clip(np.linalg.solve(left, right), -0.5, 0.5)
        before = {p: value_of(p) for p in paths}

        def loss(share: float, moved: np.ndarray = move, old: dict[str, float] = before) -> float:
            for p, m in zip(old, moved, strict=True):
                low, high = bounds_of(p)
                set_value(p, min(max(old[p] * math.exp(m * share), low), high))
            pull = sum((math.log(value_of(p)) - prior[p]) ** 2 for p in old)
            return ridge / 2 * pull + sum(weigh(s, size) * abs(distance(s)) for s in train)

        shares = (1.0, 0.4)
        best = min(shares, key=loss)
        loss(best)
        if show:
            errors = [abs(e) for e, _ in found]
            print(f"round {step}: median |log error| {median(errors):.3f}, step {best}, {len(paths)} constants")
    return used


def fill_defaults(used: Counter[str]) -> None:
    """A family's and a kind's own values are those of its best documented member, the defaults the median."""
    data = constants.table(FILE)
    for name in BOUNDS:
        fine = {
            k: (used[f"fitted.{FILE}.{k}.{name}"], t[name])
            for k, t in data.items()
            if isinstance(t, dict) and used[f"fitted.{FILE}.{k}.{name}"] >= ENOUGH and k != "default"
        }
        if not fine:
            continue
        data["default"][name] = math.exp(median(math.log(v) for _, v in fine.values()))
        for family in data["families"]:
            members = [pair for k, pair in fine.items() if k.startswith(f"{family}-")]
            if members:
                data.setdefault(family, {})[name] = max(members)[1]
            for kind in KINDS:
                alike = [p for k, p in fine.items() if re.match(rf"{family}-\w+-{kind}(-|$)", k)]
                if alike:
                    data.setdefault(f"{family}-{kind}", {})[name] = max(alike)[1]
    constants._find.cache_clear()


def fit_afresh(train: list[Sample], rounds: int, show: bool = True) -> Counter[str]:
    reset()
    give_keys(train)
    used = fit(train, rounds, show=show)
    fill_defaults(used)
    return used


def across(rows: list[Sample], folds: int, rounds: int) -> dict[str, float]:
    """Median error of each source and metric, by constants that never saw the source."""
    ordered = [source for source, _ in Counter(s.source for s in rows).most_common()]
    seen: dict[str, list[float]] = defaultdict(list)
    for fold in range(folds):
        out = set(ordered[fold::folds])
        fit_afresh([s for s in rows if s.source not in out], rounds, show=False)
        for sample in rows:
            if sample.source in out:
                seen[sample.source].append(abs(error_of(sample)))
                seen[f"all: {sample.metric}"].append(abs(error_of(sample)))
        print(f"fold {fold + 1} of {folds} done")
    for source, errors in sorted(seen.items()):
        print(f"  unseen {source:42s} {len(errors):5d} rows, median {median(errors):.3f}")
    return {source: round(median(errors), 3) for source, errors in sorted(seen.items())}


def note_unseen(found: dict[str, float]) -> None:
    """Keep the medians of `across` beside the constants."""
    path = constants.FOLDER / f"{FILE}.toml"
    text = path.read_text()
    header = "".join(line + "\n" for line in text.splitlines() if line.startswith("#"))
    data = tomllib.loads(text)
    data["fit"]["unseen_median"] = found
    path.write_text(header + tomli_w.dumps(data))


def quality(rows: list[Sample]) -> dict[str, object]:
    errors = sorted(abs(error_of(s)) for s in rows)
    if not errors:
        return {"rows": 0}
    return {
        "rows": len(errors),
        "median": round(median(errors), 3),
        "p90": round(errors[int(0.9 * (len(errors) - 1))], 3),
    }


def table_of(rows: list[Sample], by_source: bool) -> None:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for s in rows:
        groups[s.kind].append(s)
        if by_source:
            groups[f"{s.source[:20]} {s.kind}"].append(s)
    for kind, members in sorted(groups.items()):
        bias = median(error_of(s) for s in members)
        print(f"  {kind:42s} {quality(members)} bias {bias:+.2f}")


def spoken_of(train: list[Sample]) -> dict[str, dict[str, object]]:
    """Per table of constants: the sources that speak of it, rows, residuals, releases of the software."""
    errors: dict[str, list[float]] = defaultdict(list)
    sources: dict[str, set[str]] = defaultdict(set)
    releases: dict[str, set[str]] = defaultdict(set)
    for sample in train:
        error = abs(error_of(sample))
        read = predicted(sample)[1].read
        for path in read:
            if path.startswith(f"fitted.{FILE}.") and path.rsplit(".", 1)[1] in BOUNDS:
                key = path.split(".", 2)[2].rsplit(".", 1)[0]
                sources[key].add(sample.source)
                if path.endswith(".step_seconds"):  # one row, one error
                    software = sample.design.software
                    releases[key].add(f"{software.framework} {software.version or ''}".strip())
                if path.endswith((".step_seconds", ".bandwidth_share", ".reduce_seconds")):
                    errors[key].append(error)
    return {
        key: {
            "rows": len(errors[key]),
            "fitted_on": sorted(sources[key]),
            "median": round(median(errors[key]), 3),
            "p90": round(sorted(errors[key])[int(0.9 * (len(errors[key]) - 1))], 3),
            **({"releases": sorted(releases[key])} if releases[key] else {}),
        }
        for key in sources
        if errors[key]
    }


def write(train: list[Sample], held: list[Sample]) -> None:
    path = constants.FOLDER / f"{FILE}.toml"
    header = "".join(line + "\n" for line in path.read_text().splitlines() if line.startswith("#"))
    data: dict[str, object] = {}
    known = spoken_of(train)
    for key, values in constants.table(FILE).items():
        if not isinstance(values, dict) or key == "families":
            data[key] = values
        elif key != "fit":
            rounded = {k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in values.items()}
            data[key] = {**rounded, **known.get(key, {})}
    data["fitted_keys"] = ["default"]
    data["fit"] = {
        "fitted_on": sorted({s.source for s in train}),
        "held_out": sorted({s.source for s in held}),
        "fitted": quality(train),
        "not_fitted": quality(held),
    }
    path.write_text(header + tomli_w.dumps(data))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "models/measurements/inference")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folds", type=int, default=0, help="predict each source by constants fitted on other folds")
    parser.add_argument("--by-source", action="store_true", help="errors by source as well")
    parser.add_argument("--write", action="store_true", help=f"write models/fitted/{FILE}.toml")
    options = parser.parse_args()
    rows = samples(options.folder)
    train = [s for s in rows if s.source not in HELD_OUT]
    held = [s for s in rows if s.source in HELD_OUT]
    fit_afresh(train, options.rounds)
    print("fitted on", quality(train))
    table_of(train, options.by_source)
    print("held out", quality(held))
    table_of(held, options.by_source)
    if options.write:
        write(train, held)
    if options.folds:
        found = across(rows, options.folds, options.rounds)
        if options.write:
            note_unseen(found)


if __name__ == "__main__":
    main()
