"""Find the watts around the chips on published power rows, class by class.

    python benchmarks/fit/power.py [FILE.toml …]

Power = joules a sample × samples a second of the same row. Every other source is searched on a coarse
grid (least mean error of the logarithm, capped), the rest only tests. Prints what
`models/fitted/power.toml` holds rounded; classes of a few rows stay assumed there.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from vision import ROOT, merged

from infralab.models import constants
from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.outcome import Outcome, outcome
from infralab.models.physics.power import _class, design_watts
from infralab.models.units import parse

BASES = {"board": (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)}
SERVER_BASES = (50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0)
OVERHEADS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
BY_CLOCK = (0.5e-10, 1e-10, 2e-10, 3e-10, 4e-10, 5e-10)


class Sample(NamedTuple):
    place: str  # row of power.toml
    found: Outcome
    watts: float
    source: str


def samples(files: list[Path]) -> Iterator[Sample]:
    catalogue = default_catalogue()
    for path in files:
        data = tomllib.loads(path.read_text())
        for entry in data["measurement"]:
            read = {m["metric"]: m for m in entry["measured"] if "value" in m and "statistic" not in m}
            if "joules_per_sample" not in read:
                continue
            speed = next((number(read[k]) for k in ("images_per_second", "samples_per_second") if k in read), None)
            if speed is None and "latency" in read:
                speed = 1.0 / number(read["latency"])
            design, _ = from_mapping(merged(data.get("defaults", {}), entry["design"]))
            found = outcome(design, catalogue)
            if speed is None or found.rate is None:
                continue
            pool = next(iter(found.machine.pools.values()))
            place = pool.chip.kind if pool.chip.kind.startswith("mcu") else _class(pool)
            source = entry.get("source", data.get("source", "")).split("/results/")[0]
            yield Sample(place, found, number(read["joules_per_sample"]) * speed, f"{source} {pool.component.id}")


def number(measured: dict[str, Any]) -> float:
    value = measured["value"]
    return float(value) if isinstance(value, (int, float)) else float(parse(value).value)


def errors(rows: list[Sample]) -> np.ndarray:
    """Logarithms of predicted over measured watts, at the model's own load and rate."""
    watts = [design_watts(row.found, float(row.found.rate or 0.0)) or np.nan for row in rows]
    return np.log(np.array(watts) / np.array([row.watts for row in rows]))


def main() -> None:
    base = ROOT / "models" / "measurements"
    files = [Path(a) for a in sys.argv[1:]] or [*base.glob("vision/*.toml"), *base.glob("edge/*.toml")]
    by_place: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples(sorted(files)):
        by_place[sample.place].append(sample)
    for place, rows in sorted(by_place.items()):
        sources = sorted({row.source for row in rows})
        half = [row for row in rows if row.source in sources[::2]]
        rest = [row for row in rows if row.source in sources[1::2]]
        own = constants.table("power")[place]
        names = ("watts_per_hz",) if "watts_per_hz" in own else ("base_watts", "overhead")
        grid = [(w,) for w in BY_CLOCK] if len(names) == 1 else product(BASES.get(place, SERVER_BASES), OVERHEADS)
        best: tuple[float, tuple[float, ...]] = (np.inf, ())
        for values in grid:
            own.update(zip(names, values, strict=True))
            best = min(best, (float(np.minimum(np.abs(errors(half)), 1.0).mean()), values))
        own.update(zip(names, best[1], strict=True))
        print(
            f"{place:14} {len(rows):4} rows  " + "  ".join(f"{n} {v:g}" for n, v in zip(names, best[1], strict=True)),
            end="",
        )
        for title, part in (("fitted", half), ("held out", rest)):
            if part:
                print(f"  {title} {np.median(np.abs(np.expm1(errors(part)))):.3f}", end="")
        print()


if __name__ == "__main__":
    main()
