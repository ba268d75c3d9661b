"""Fit one kernel factor per framework and processor kind on published pairs of rates.

Per pair of frameworks and processor: the geometric mean over sources of each source file's median
ratio, shrunk towards parity, so that no large file decides alone. Every other source file (by name) is held out and its error printed.

    python benchmarks/fit/frameworks.py [FOLDER] > report; writes models/fitted/frameworks.toml
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from math import exp, log
from pathlib import Path
from statistics import median

import tomli_w

from infralab.models.catalogue import default_catalogue
from infralab.models.constants import FOLDER
from infralab.models.document import from_mapping
from infralab.models.figures import Figures
from infralab.models.frameworks import processor
from infralab.models.lower import lower
from infralab.models.validate import cases, files, quantile

REFERENCE = "pytorch"
ROOT = Path(__file__).parents[2]


def pairs(folder: Path) -> list[tuple[str, str, str, str, float, str]]:
    """(framework, over, processor, file, ratio, id) of every measured pair."""
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
                if "ratio" in m:
                    found.append((str(m["framework"]), str(m["over"]), name, path.name, float(m["ratio"]), case.id))
    return found


def by_reference(
    rows: list[tuple[str, str, str, str, float, str]],
) -> dict[tuple[str, str], list[tuple[str, float, str]]]:
    """Ratios over the reference; a pair against another framework is chained through that one's median."""
    direct: dict[tuple[str, str], list[tuple[str, float, str]]] = defaultdict(list)
    for framework, over, name, file, ratio, row in rows:
        if over == REFERENCE:
            direct[framework, name].append((file, ratio, row))
        elif framework == REFERENCE:
            direct[over, name].append((file, 1 / ratio, row))
    for framework, over, name, file, ratio, row in rows:
        if REFERENCE in (framework, over):
            continue
        if (over, name) in direct and (framework, name) not in direct:
            direct[framework, name].append((file, ratio * median(r for _, r, _ in direct[over, name]), row))
        elif name == "tpu" and framework == "pytorch-xla":
            # on this processor the reference framework runs through its bridge
            direct[over, name].append((file, 1 / ratio, row))
    return direct


def shrunk(medians: list[float]) -> float:
    """Geometric mean over sources with one more source at parity: a lone source moves the factor half way."""
    return exp(sum(log(m) for m in medians) / (len(medians) + 1))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/measurements/frameworks"
    rows = pairs(folder)
    sources = sorted({file for *_, file, _, _ in rows})
    fitted_on = set(sources[::2])
    target = FOLDER / "frameworks.toml"
    data = tomllib.loads(target.read_text())
    data["factor"] = {}
    held: list[float] = []
    use = [r for r in rows if r[3] in fitted_on]
    factors: dict[str, dict[str, dict[str, object]]] = defaultdict(dict)
    grouped = by_reference(use)
    pooled: dict[tuple[str, str], list[tuple[str, float, str]]] = defaultdict(list)
    for (framework, name), found in grouped.items():
        pooled[framework, name] += found
        if name.endswith("_gpu"):
            pooled[framework, "gpu"] += found
    for (framework, name), found in pooled.items():
        files_of: dict[str, list[float]] = defaultdict(list)
        for file, ratio, _ in found:
            files_of[file].append(ratio)
        ratios = [r for _, r, _ in found]
        factors[framework][name] = {
            "factor": round(shrunk([median(v) for v in files_of.values()]), 4),
            "low": round(quantile(ratios, 0.1), 4),
            "high": round(quantile(ratios, 0.9), 4),
            "sources": len(files_of),
            "rows": sorted(row for _, _, row in found),
        }
    for framework, over, name, file, ratio, _ in rows:
        if file in fitted_on:
            continue
        a = factors.get(framework, {}).get(name, {}).get("factor", 1.0)
        b = factors.get(over, {}).get(name, {}).get("factor", 1.0)
        held.append(abs(a / b / ratio - 1))
    data["factor"] = {k: dict(sorted(v.items())) for k, v in sorted(factors.items())}
    data["fitted_on"] = sorted(f"frameworks/{name}" for name in fitted_on)
    data["held_out"] = {"rows": len(held), "median": round(median(held), 4), "p90": round(quantile(held, 0.9), 4)}
    target.write_text(HEADER + tomli_w.dumps(data))
    print("fitted on", sorted(fitted_on))
    print("held out", data["held_out"])


HEADER = """# Framework fit. [[processor]]: names of the support facts by kind and vendor of a chip. factor.<framework>.<processor>:
# speed over the reference framework (pytorch), fitted by benchmarks/fit/frameworks.py on the files of `fitted_on`
# (geometric mean over sources of each source's median, with one source at parity); rows = the published pairs
# behind it; low, high = p10, p90 of the pairs.
"""

if __name__ == "__main__":
    main()
