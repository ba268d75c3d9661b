"""Fit the graph constants: shares of peak and bandwidth, fixed time a layer, host sampling and gathering."""

from fitting import fit, samples, write

FOLDERS = ["graph"]

if __name__ == "__main__":
    rows = samples(FOLDERS, ["samples_per_second", "epoch_seconds", "stage_seconds", "latency"])
    for row in rows:
        # the large file is split by its experiments, so that both halves know every kind
        number = sum(map(ord, row.case.id)) % 2
        row.source = f"{row.source}#{number}" if row.source == "gnnlab.toml" else row.source
    held = {"gnnlab.toml#1", "issue_threads.toml", "mlperf_inference_rgat.toml"}
    bounds = {
        "matrix_efficiency": (0.02, 0.9),
        "stream_share": (0.1, 0.95),
        "gather_share": (0.02, 0.9),
        "sample_share": (0.005, 0.9),
        "layer_seconds": (1e-6, 2e-3),
        "edges_per_core_second": (2e5, 5e7),
        "link_share": (0.3, 0.9),
        "copied_share": (0.05, 0.9),
        "half_row_bytes": (10, 1000),
        "spread_share": (0.001, 1.0),
        "cache_skew": (0.02, 1.0),
    }
    result = fit(rows, "graph_network", lambda source: source not in held, bounds)
    print(result)
    write("graph_network", result, FOLDERS)
