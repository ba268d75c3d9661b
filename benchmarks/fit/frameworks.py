"""Fit one kernel factor per framework and processor kind on published pairs of rates.

The reference is what a processor runs natively and most: data (`[reference]`). What a pair says is its ratio over the ratio that the model gives without a factor: stacks that launch or
fuse differently already differ there. Per framework and processor: the geometric mean over sources of each
source's median, with `PRIOR` more sources at the prior (parity, or what `[prior]` says of bridges): with fewer
of them each source is predicted worse from the others, for what pairs show is mostly how well a release was tuned.
All sources are used; the error printed is of each source predicted from the others.

    python benchmarks/fit/frameworks.py [FOLDER]; writes models/fitted/frameworks.toml
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path
from statistics import median

import tomli_w
from fitting import mark_fitted

from infralab.models.arithmetic import first
from infralab.models.catalogue import default_catalogue
from infralab.models.constants import FOLDER
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.frameworks import processor
from infralab.models.lower import lower
from infralab.models.outcome import outcome
from infralab.models.validate import cases, files, quantile

PRIOR = 8.0  # sources at the prior
ROOT = Path(__file__).parents[2]
DATA = tomllib.loads((FOLDER / "frameworks.toml").read_text())
Factors = dict[tuple[str, str], float]  # framework, processor -> log of the factor


@dataclass(frozen=True)
class Pair:
    framework: str
    over: str
    processor: str
    file: str
    ratio: float  # measured
    modelled: float  # without a factor
    id: str


def pairs(folder: Path) -> list[Pair]:
    """Every measured pair, with the model's own ratio."""
    catalogue = default_catalogue()
    found = []
    for path in files([folder]):
        for case in cases(path):
            design, _ = from_mapping(case.data)
            machine = lower(design, catalogue, Figures())
            if not machine.pools:
                continue
            name = processor(next(iter(machine.pools.values())).chip)
            for m in case.measured:
                if "ratio" not in m:
                    continue
                rates = []
                for framework in (str(m["framework"]), str(m["over"])):
                    software = replace(design.software, framework=framework)
                    varied = outcome(
                        replace(design, software=software), catalogue, values={"software.kernel_factor": 1.0}
                    )
                    rates.append(first(varied.rate) if varied.rate is not None else 0.0)
                modelled = rates[0] / rates[1] if min(rates) > 0 else 1.0
                found.append(
                    Pair(str(m["framework"]), str(m["over"]), name, path.name, float(m["ratio"]), modelled, case.id)
                )
    return found


def reference(name: str) -> str:
    return str(DATA["reference"].get(name, DATA["reference"]["default"]))


def prior(framework: str, name: str) -> float:
    """Logarithm of what is expected without any pair."""
    return log(float(DATA["prior"].get(framework, {}).get(name, 1.0)))


def by_reference(rows: list[Pair]) -> dict[tuple[str, str], list[tuple[Pair, float]]]:
    """What pairs say of a framework against the reference (logarithms); others are chained through a third one."""
    direct: dict[tuple[str, str], list[tuple[Pair, float]]] = defaultdict(list)
    for row in rows:
        left = log(row.ratio / row.modelled)
        if row.over == reference(row.processor):
            for name in {row.framework, *DATA["runs_through"].get(row.framework, ())}:
                direct[name, row.processor].append((row, left))
        elif row.framework == reference(row.processor):
            direct[row.over, row.processor].append((row, -left))
    for row in rows:
        if reference(row.processor) in (row.framework, row.over):
            continue
        left = log(row.ratio / row.modelled)
        if (row.over, row.processor) in direct and (row.framework, row.processor) not in direct:
            chained = median(v for _, v in direct[row.over, row.processor])
            direct[row.framework, row.processor].append((row, left + chained))
    return direct


def shrunk(found: Iterable[tuple[Pair, float]], at: float) -> float:
    """Mean of the sources' medians (logarithms), with the prior's sources."""
    of_file: dict[str, list[float]] = defaultdict(list)
    for row, value in found:
        of_file[row.file].append(value)
    return (sum(median(v) for v in of_file.values()) + PRIOR * at) / (len(of_file) + PRIOR)


def factors(rows: list[Pair]) -> Factors:
    return {key: shrunk(found, prior(*key)) for key, found in by_reference(rows).items()}


def errors(rows: list[Pair], factor: Callable[[str, str], float]) -> dict[str, float]:
    """Errors of predicted over measured ratios."""
    found = [
        abs(r.modelled * exp(factor(r.framework, r.processor) - factor(r.over, r.processor)) / r.ratio - 1)
        for r in rows
    ]
    return {"rows": len(found), "median": round(median(found), 4), "p90": round(quantile(found, 0.9), 4)}


def left_out(rows: list[Pair], parts: list[set[str]]) -> dict[str, float]:
    """Errors of every part predicted from the rest."""
    predicted: list[Pair] = []
    for part in parts:
        known = factors([r for r in rows if r.file not in part])
        for r in rows:
            if r.file in part:
                shift = known.get((r.framework, r.processor), 0.0) - known.get((r.over, r.processor), 0.0)
                predicted.append(replace(r, modelled=r.modelled * exp(shift)))
    return errors(predicted, lambda *_: 0.0)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/measurements/frameworks"
    rows = pairs(folder)
    sources = sorted({r.file for r in rows})
    target = FOLDER / "frameworks.toml"
    data = dict(DATA)
    data["factor"] = {}
    grouped = by_reference(rows)
    pooled: dict[tuple[str, str], list[tuple[Pair, float]]] = defaultdict(list)
    for (framework, name), found in grouped.items():
        pooled[framework, name] += found
        if name.endswith("_gpu"):
            pooled[framework, "gpu"] += found
    for (framework, name), found in sorted(pooled.items()):
        raw = [1 / r.ratio if r.framework == reference(name) else r.ratio for r, _ in found]
        data["factor"].setdefault(framework, {})[name] = {
            "factor": round(exp(shrunk(found, prior(framework, name))), 4),
            "low": round(quantile(raw, 0.1), 4),
            "median": round(median(raw), 4),
            "high": round(quantile(raw, 0.9), 4),
            "sources": len({r.file for r, _ in found}),
            "rows": sorted(r.id for r, _ in found),
        }
    shipped = {(f, n): log(v["factor"]) for f, by in data["factor"].items() for n, v in by.items()}
    data["fitted_on"] = [f"frameworks/{name}" for name in sources]
    data.pop("held_out", None)
    data["fit"] = {
        "parity": errors([replace(r, modelled=1.0) for r in rows], lambda *_: 0.0),
        "model_without_factor": errors(rows, lambda *_: 0.0),
        "all": errors(rows, lambda f, p: shipped.get((f, p), 0.0)),
        "each_source_from_the_others": left_out(rows, [{s} for s in sources]),
        "each_half_from_the_other": left_out(rows, [set(sources[::2]), set(sources[1::2])]),
    }
    target.write_text(HEADER + tomli_w.dumps(data))
    mark_fitted(["frameworks"], {r.id for r in rows})
    print(*data["fit"].items(), sep="\n")


HEADER = """# Framework fit. [[processor]]: names of the support facts by kind and vendor of a chip. factor.<framework>.<processor>:
# speed over the processor's [reference] framework that the model does not give by itself, fitted by
# benchmarks/fit/frameworks.py on the files of `fitted_on` (geometric mean over sources of each source's median, with eight
# sources at the [prior]: parity, or a bridge's); rows = the published pairs behind it; low, median, high = p10, p50, p90 of
# what they print. [runs_through]: names that reach a processor by the same way.
"""

if __name__ == "__main__":
    main()
