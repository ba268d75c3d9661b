"""How long `infralab eval` takes as a whole process, beside `python -c "import numpy"` in the same run.

    python benchmarks/cli.py [PRESET] [--runs N]

The two are run in turn, so that a busy machine slows both; the figures are medians, and the ratio is of
medians of wall time. The target is 2.5.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

TARGET = 2.5
HERE = os.path.dirname(os.path.abspath(__file__))
NUMPY = [sys.executable, "-c", "import numpy"]


def eval_of(preset: str) -> list[str]:
    """What the console script runs, with the interpreter of this benchmark."""
    code = "import sys; from infralab.tui.commands import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, "eval", preset, "--json"]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment, cwd=HERE)
    return time.perf_counter() - start


def compiled_in(folder: str) -> dict[str, str]:
    """An environment in which both commands find compiled modules, as an installed package has them."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": folder,
    }


def measure(preset: str, runs: int) -> dict[str, float | int | str]:
    with tempfile.TemporaryDirectory() as folder:
        environment = compiled_in(folder)
        commands = (eval_of(preset), NUMPY)
        for command in commands:  # the first run compiles and fills the page cache
            seconds(command, environment)
        pairs = [tuple(seconds(command, environment) for command in commands) for _ in range(runs)]
    mine, numpy = median(a for a, _ in pairs), median(b for _, b in pairs)
    return {
        "benchmark": "cli",
        "preset": preset,
        "runs": runs,
        "eval_seconds": mine,
        "import_numpy_seconds": numpy,
        "ratio": mine / numpy,
        "ratio_of_best": min(a for a, _ in pairs) / min(b for _, b in pairs),
        "target": TARGET,
    }


def main(argv: list[str] | None = None) -> int:
    from infralab.models import presets

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    first = presets.default()
    parser.add_argument("preset", nargs="?", default=first.name if first else None)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args(argv)
    print(json.dumps(measure(options.preset, options.runs), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
