"""Fit the constants of collectives per fabric (models/fitted/network.toml) on published sweeps.

    python benchmarks/fit/network.py [FOLDER of measurement files]

Sweeps of all-reduce over message sizes are fitted; single points, all-to-alls and expert exchanges
are held out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from search import ROOT, Fit, fit_file, rows

LATENCY = {"alpha_seconds": (1e-6, 1e-3), "beta_seconds_per_sqrt_byte": (1e-10, 3e-7)}
RACK = {"reduction_share": (0.3, 1.0), "alpha_seconds": (1e-5, 2e-3)}
FITS = [
    Fit("nvlink3", {"ring_share": (0.6, 1.0), **LATENCY}, ("a100-nvl3-1n",)),
    Fit("nvlink4", {"reduction_share": (0.4, 1.0), **LATENCY}, ("h100-p5-1n",)),
    Fit("nvlink5", {"reduction_share": (0.4, 1.0), **LATENCY}, ("b200-nvl5-1n",)),
    Fit(
        "nvlink5-rack", {**RACK, "spanning_share": (0.3, 0.8), "hop_seconds": (1e-7, 1e-5)}, ("gb200-nvl72",)
    ),
    Fit("efa-v1", {"exchange_share": (0.5, 0.95), **LATENCY}, ("a100-p4de-2n",)),
    Fit("efa", LATENCY, ("h100-p5-2n",)),
    Fit("infiniband", {"ring_share": (0.7, 1.0)}, ("gtc24-ar-mn", "gtc25-ar-mn")),
]

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/measurements/network"
    fit_file("network", FITS, list(rows(folder)), weigh=0.3)
