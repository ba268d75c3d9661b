"""Flow after an edit of one capacity or demand, certified over all ways, on one core.

    python benchmarks/flow.py [BOXES | BOXES:fabric …] [--edits N] [--json]

Boxes with two NICs hang on two leaves each, every leaf on every spine; each box reads from a store,
writes a third of it back and passes twice of it to its neighbour. The boxes' ports
bind, or with `:fabric` the leaves' uplinks, hundreds of them full at once. `edit_*` is a re-solve with its
certificate by kind of edit, `scratch_ms` the first solve of the same drawing.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from infralab.models.solve.warm import Bounds, ConcurrentFlow
from infralab.models.solve.ways import Floats, Topology

BOXES_A_LEAF = 24
UPLINKS = {"ports": (200.0, 400.0), "fabric": (12.5, 25.0)}  # GB/s: what binds, the boxes' or the leaves'
GB = 1e9


def drawing(
    boxes: int, spines: int, uplinks: tuple[float, ...], seed: int = 0
) -> tuple[Topology, Floats, Floats]:
    """Topology, capacities (bytes/s), demands (bytes per unit); uplinks in GB/s."""
    pick = random.Random(seed)
    leaves = max(2, boxes // BOXES_A_LEAF)
    capacity: list[float] = []

    def wire(gigabytes_per_s: float) -> int:
        """Both directions: the first goes up or out."""
        capacity.extend([gigabytes_per_s * GB] * 2)
        return len(capacity) - 2

    arcs = []
    for leaf in range(leaves):
        for spine in range(leaves, leaves + spines):
            up = wire(pick.choice(uplinks))
            arcs += [(leaf, spine, up), (spine, leaf, up + 1)]
    ports = []
    for _ in range(boxes):
        speed = pick.choice((12.5, 25.0, 50.0))
        ports.append([(leaf, wire(speed)) for leaf in pick.sample(range(leaves), 2)])
    stores = range(max(1, boxes // 50))
    for box in stores:  # storage systems are wide
        for _, out in ports[box]:
            capacity[out] = capacity[out + 1] = 800.0 * GB
    flows: list[tuple[int, int, float]] = []
    pools = range(len(stores), boxes)
    for box in pools:
        flows += [(pick.choice(stores), box, 1.0), (box, pick.choice(stores), 0.3)]
        flows.append((box, box + 1 if box + 1 < boxes else pools[0], 2.0))
    nothing = len(capacity)
    doors = [
        (number, first, last, out, nothing, back + 1)
        for number, (source, target, _) in enumerate(flows)
        for first, out in ports[source]
        for last, back in ports[target]
    ]
    rows = [(*arc, nothing) for arc in arcs]
    topology = Topology(leaves + spines, nothing, len(flows), np.array(rows), np.array(doors))
    return topology, np.array(capacity), np.array([amount * GB for *_, amount in flows])


def timed(call: Callable[[], Bounds]) -> tuple[float, Bounds]:
    start = time.perf_counter()
    found = call()
    return (time.perf_counter() - start) * 1e3, found


def measure(boxes: int, bound: str, edits: int) -> dict[str, float]:
    topology, capacity, demand = drawing(boxes, 8 if boxes <= 1000 else 16, UPLINKS[bound])
    nothing = np.zeros(topology.resources)
    flow: ConcurrentFlow | None = None

    def scratch() -> Bounds:
        nonlocal flow
        flow = ConcurrentFlow(topology, capacity, demand, nothing)
        return flow.solve()

    spent, found = timed(scratch)
    assert flow is not None
    made = {"flows": float(topology.commodities), "wires": topology.resources / 2, "scratch_ms": spent}
    made |= {"scratch_gap": found.upper / found.lower - 1.0, "x": found.lower}
    pick = random.Random(1)
    times: dict[str, list[float]] = {"capacity": [], "binding": [], "demand": []}
    worst = 0.0
    for _ in range(edits):
        for kind, spends in times.items():
            if kind == "demand":
                place = pick.randrange(topology.commodities)
                change, was, factor = flow.set_demand, demand[place], pick.uniform(0.5, 2.0)
            else:
                place = pick.randrange(topology.resources)
                if kind == "binding":
                    full = np.flatnonzero(found.loads * found.lower > flow.capacity * (1 - 1e-6))
                    place = int(pick.choice(full.tolist()))
                change, was, factor = flow.set_capacity, capacity[place], pick.uniform(0.7, 1.4)
            for value in (was * factor, was):  # there and back: two edits
                start = time.perf_counter()
                change(place, value)
                found = flow.solve()
                spends.append((time.perf_counter() - start) * 1e3)
                worst = max(worst, found.upper / found.lower - 1.0)
    everything = sorted(spent for spends in times.values() for spent in spends)
    for kind, spends in times.items():
        made[f"edit_{kind}_ms"] = median(spends)
    made["edit_median_ms"] = median(everything)
    made["edit_p95_ms"] = everything[math.ceil(0.95 * len(everything)) - 1]
    made["edit_worst_ms"] = everything[-1]
    made["edit_worst_gap"] = worst
    fresh = ConcurrentFlow(topology, capacity, demand, nothing).solve()
    made["differs_from_scratch"] = abs(found.lower / fresh.lower - 1.0)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Times of the warm flow solver.")
    parser.add_argument("boxes", nargs="*", default=["1000", "4000", "400:fabric"], help="N or N:fabric")
    parser.add_argument("--edits", type=int, default=50, help="of each kind, there and back")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {}
    for wanted in options.boxes:
        boxes, _, bound = wanted.partition(":")
        found[wanted] = measure(int(boxes), bound or "ports", options.edits)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for wanted, figures in found.items():
        print(f"{wanted} boxes")
        for name, value in figures.items():
            print(f"  {name:24} {value:12.4g}")


if __name__ == "__main__":
    main()
