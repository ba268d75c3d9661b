"""First full paint of the lab on the default preset beside an empty Textual app, in a real pty.

    python benchmarks/startup.py [--runs N]

Both are started in turn, so that a busy machine slows both. The target is 1.6 times.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
TARGET = 1.6
EMPTY = """
from textual.app import App
from textual.widgets import Footer, Header, Static
class Empty(App):
    def compose(self):
        yield Header()
        yield Static("Topology")
        yield Footer()
Empty().run()
"""
LAB = "import sys; from infralab.tui.commands import main; sys.exit(main([]))"


def paint(code: str, environment: dict[str, str]) -> float:
    """Milliseconds from exec until the word is on the screen."""
    command = [sys.executable, str(HERE / "ptyprobe.py"), "--size", "120x40", "--", sys.executable, "-c", code]
    command += ["::", "wait:Topology"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    answer = json.loads(done.stdout.splitlines()[0])
    return float(answer.get("ms", answer.get("settled_ms", answer.get("first_ms", 0.0))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        empty, lab = [], []
        paint(EMPTY, environment), paint(LAB, environment)  # compiled once, as an installed package is
        for _ in range(options.runs):
            empty.append(paint(EMPTY, environment))
            lab.append(paint(LAB, environment))
    ratio = median(lab) / median(empty)
    print(json.dumps({"empty_ms": median(empty), "lab_ms": median(lab), "ratio": round(ratio, 3), "target": TARGET}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
