"""Speed of the what-if questions: upgrades, spares, goal seek, sweeps, maps, why.

    python benchmarks/explore.py [PRESET …] [--json]

Times are medians of three on one core, without the start of the interpreter.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from statistics import median

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.document import load
from infralab.models.explore.answer import ask
from infralab.models.explore.axis import axis
from infralab.models.explore.candidates import changes
from infralab.models.explore.reach import Target, reach
from infralab.models.explore.sweep import sweep
from infralab.models.explore.upgrades import spares, upgrades
from infralab.models.explore.why import why

REPEATS = 3
Figures = dict[str, float]


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Median seconds, and the last result."""
    call()
    spent = []
    result: object = None
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = call()
        spent.append(time.perf_counter() - start)
    return median(spent), result


def figures(name: str) -> Figures:
    path = presets.path_of(name)
    if path is None:
        raise SystemExit(f"{name}: no such preset")
    design, catalogue = load(path).design, default_catalogue()
    box = next((b.name for b in design.boxes.values() if b.count > 1), next(iter(design.boxes)))
    first = axis(f"box.{box}.count=1..64")
    made: Figures = {"candidates": float(len(changes(design, catalogue)))}
    made["singles_ms"] = timed(lambda: upgrades(design, catalogue, pairs=False))[0] * 1e3
    made["with_pairs_ms"] = timed(lambda: upgrades(design, catalogue))[0] * 1e3
    made["spares_ms"] = timed(lambda: spares(design, catalogue))[0] * 1e3
    made["why_ms"] = timed(lambda: why(design, "rate", catalogue))[0] * 1e3
    made["sweep_64_ms"] = timed(lambda: sweep(design, [first], catalogue))[0] * 1e3
    made["reach_ms"], found = timed(lambda: reach(design, _twice(name), catalogue))
    made["reach_ms"] *= 1e3
    made["reach_considered"] = float(found.considered)  # type: ignore[attr-defined]
    other = axis("workload.global_batch=64..4096+64")
    if design.workload is not None and design.workload.global_batch is None:
        other = axis("workload.concurrency=1..64")
    seconds, grid = timed(lambda: sweep(design, [first, other], catalogue, brief=True))
    made["map_64x64_ms"] = seconds * 1e3
    made["map_points"] = float(len(grid.points))  # type: ignore[attr-defined]
    return made


def _twice(name: str) -> Target:
    """Twice the rate that the preset has."""
    path = presets.path_of(name)
    assert path is not None
    now = ask(load(path).design, default_catalogue()).rate or 1.0
    return Target("twice the rate", "rate", 2 * now, True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "preset", nargs="*", default=["photos-on-object-storage", "compute-bound-gpu-pod", "llm-serving"]
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {name: figures(name) for name in options.preset}
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return 0
    for name, made in found.items():
        sys.stdout.write(f"{name}\n" + "".join(f"  {key:20} {value:10.1f}\n" for key, value in made.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
