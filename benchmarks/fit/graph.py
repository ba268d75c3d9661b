"""Fit the graph constants: shares of peak and bandwidth, launch time, host sampling, gathering and collating.

Large files are split by their rows (every other one), so that both halves know every kind of stack
and processor; small ones are fitted on or held out whole. Rows whose epoch is over edges of unknown number
(link prediction) are held out.
"""

from fitting import fit, mark_fitted, samples, write

FOLDERS = ["graph"]
SPLIT = ("gnnlab.toml", "molecular_edge_featured.toml", "mlperf_inference_rgat.toml", "mlperf_training_rgat.toml")
HELD = ("graphstorm_marius.toml", "issue_threads.toml")
BOUNDS = {
    "vector_efficiency": (0.1, 0.7),
    "matrix_efficiency": (0.03, 0.9),
    "stream_share": (0.1, 0.95),
    "gather_share": (0.02, 0.9),
    "sample_share": (0.001, 0.9),
    "launch_seconds": (1e-6, 1e-4),
    "edges_per_core_second": (2e5, 5e7),
    "link_share": (0.7, 0.9),
    "copied_share": (0.05, 0.45),
    "memory_share": (0.02, 0.9),
    "peer_share": (0.1, 0.9),
    "half_row_bytes": (10, 1000),
    "hop_seconds": (1e-5, 5e-3),
    "degree_tail": (1.1, 2.2),
    "spread_share": (0.001, 1.0),
    "cache_skew": (0.005, 0.5),
    "presampled_skew": (0.005, 1.0),
    "start_seconds": (0.1, 30.0),
    "graphs_per_second": (2000.0, 50000.0),
}

if __name__ == "__main__":
    rows = samples(FOLDERS, ["samples_per_second", "epoch_seconds", "stage_seconds", "latency"])
    order: dict[str, list[str]] = {}
    for row in rows:
        ids = order.setdefault(row.case.file, [])
        if row.case.id not in ids:
            ids.append(row.case.id)
        if row.source in SPLIT:
            row.source = f"{row.source}#{ids.index(row.case.id) % 2}"

    def used(source: str) -> bool:
        return not source.endswith("#1") and source not in HELD

    result = fit(rows, "graph_network", used, BOUNDS, rounds=14, ridge=0.1)
    print(result)
    write("graph_network", result, FOLDERS)
    mark_fitted(FOLDERS, {row.case.id for row in rows if used(row.source)})
