"""Fit the recommender constants: share of peak, gather share, fixed time a step."""

from fitting import fit, samples, write

FOLDERS = ["recommender"]

if __name__ == "__main__":
    rows = samples(FOLDERS, ["samples_per_second"])
    # two source files hold everything: split by submitter's row instead, every other row
    for number, row in enumerate(rows):
        row.source = f"{row.source}#{number % 2}"
    bounds = {
        "matrix_efficiency": (0.02, 0.95),
        "gather_share": (0.02, 0.95),
        "gather_share_sparse_core": (0.02, 1.0),
        "half_batch": (10, 50000),
        "step_seconds": (1e-6, 5e-3),
    }
    result = fit(rows, "recommender", lambda source: source.endswith("#0"), bounds)
    print(result)
    write("recommender", result, FOLDERS)
