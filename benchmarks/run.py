"""All figures that the README quotes: `make bench`."""

import runpy
import sys
from pathlib import Path

sys.argv = ["regenerate.py", "benchmarks"]
runpy.run_path(str(Path(__file__).parents[1] / "docs/regenerate.py"), run_name="__main__")
