"""Fit the recommender constants: share of peak, gather share, fixed time a step.

Two source files hold everything: every other row is held out, rows of one system that differ only in the
scenario or the accuracy target together.
"""

import re

from fitting import fit, mark_fitted, samples, write

FOLDERS = ["recommender"]
BOUNDS = {
    "matrix_efficiency": (0.02, 0.85),
    "training_efficiency": (0.02, 0.95),
    "gather_share": (0.02, 0.95),
    "half_batch": (10, 50000),
    "step_seconds": (1e-6, 5e-3),
}

if __name__ == "__main__":
    rows = samples(FOLDERS, ["samples_per_second"])
    systems: list[str] = []
    for row in rows:
        system = re.sub("-(999|offline|server|power)", "", row.case.id)
        if system not in systems:
            systems.append(system)
        row.source = f"{row.source}#{systems.index(system) % 2}"

    def used(source: str) -> bool:
        return source.endswith("#0")

    result = fit(rows, "recommender", used, BOUNDS, rounds=10, ridge=0.1)
    print(result)
    write("recommender", result, FOLDERS)
    mark_fitted(FOLDERS, {row.case.id for row in rows if used(row.source)})
