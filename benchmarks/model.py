"""Speed of the model: one evaluation, an edit on a thousand boxes, variants a second.

    python benchmarks/model.py [PRESET] [--json]

Times are medians over repeats on one core; the machine's noise is why no test asserts them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.design import Design
from infralab.models.document import load, read
from infralab.models.edits import set_value
from infralab.models.evaluate import evaluate
from infralab.models.explore.sweep import rates
from infralab.models.outcome import outcome


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    call()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return median(spent) * 1e3


def many_boxes(count: int) -> Design:
    """Servers in pods of 32 on leaves, leaves on a spine, one file system: `count` boxes in all."""
    lines = ['schema = "infralab.design/1"', "[workload]", 'kind = "vision-training"', 'model = "resnet-50"',
             "global_batch = 65536", 'precision = "bf16"', "[workload.dataset]", "samples = 1e9",
             'bytes_per_sample = "114 kB"', "samples_per_file = 1000", 'encoding = "jpeg"', 'on = "store"',
             "[box.store]", 'is = "weka"', "count = 40", "[box.spine]", 'is = "quantum-2"',
             "[wire.store-spine]", 'ends = ["store", "spine"]', 'is = "infiniband-ndr"', "count = 16"]  # fmt: skip
    leaves = count // 33
    for leaf in range(leaves):
        lines += [f"[box.leaf{leaf}]", 'is = "quantum-2"', f"[wire.leaf{leaf}-spine]", f'ends = ["leaf{leaf}", "spine"]',
                  'is = "infiniband-ndr"', "count = 32"]  # fmt: skip
        for server in range(32):
            name = f"s{leaf}-{server}"
            lines += [f"[box.{name}]", 'is = "dgx-h100"', f"[wire.{name}-leaf]", f'ends = ["{name}", "leaf{leaf}"]',
                      'is = "infiniband-ndr"', "count = 8"]  # fmt: skip
    return read("\n".join(lines)).design


def figures(preset: str | None, repeats: int) -> dict[str, float]:
    first = presets.default()
    path = (first.path if first is not None else None) if preset is None else presets.path_of(preset)
    if path is None:
        raise SystemExit(f"no preset {preset}; did you mean {presets.near(preset or '')}?")
    design = load(path).design
    catalogue = default_catalogue()
    found = {
        "evaluate_ms": milliseconds(lambda: evaluate(design, catalogue, fit=False), repeats),
        "evaluate_with_framework_fit_ms": milliseconds(lambda: evaluate(design, catalogue), repeats),
        "one_float_pass_ms": milliseconds(lambda: outcome(design, catalogue), repeats),
    }
    read_figures = outcome(design, catalogue).machine.figures.read
    capacity = next(p for p, f in read_figures.items() if f.unit == "B/s")
    variants = {capacity: np.linspace(0.5, 2.0, 100_000) * float(read_figures[capacity].value)}
    spent = milliseconds(lambda: rates(design, variants, catalogue), 5)
    found["variants_per_second"] = 100_000 / spent * 1e3
    large = many_boxes(1000)
    outcome(large, catalogue)
    counts = iter(range(2, 10_000))

    def edit() -> None:
        name = next(n for n in large.boxes if n.startswith("s0"))
        evaluate(set_value(large, f"box.{name}.count", next(counts)), catalogue, fit=False)

    found["boxes"] = float(len(large.boxes))
    found["edit_on_a_thousand_boxes_ms"] = milliseconds(edit, 10)
    return {name: round(value, 3) for name, value in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", nargs="?")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = figures(options.preset, options.repeats)
    if options.json:
        json.dump(found, sys.stdout)
        return 0
    for name, value in found.items():
        print(f"{name.replace('_', ' '):36} {value:>14,.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
