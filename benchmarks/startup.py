"""First full paint of the lab on the default preset beside an empty Textual app, in a real pty.

    python benchmarks/startup.py [--runs N]

Both are started in turn, so that a busy machine slows both. A paint is full when every box of the design,
a wire, the panels and the footer are on the screen. Each start is measured on the clock and in CPU time
(of all its threads until that moment, Linux only), which a busy machine bends less. The target is 1.6 times.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from ptyprobe import Probe  # noqa: E402  (beside this file)

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
SIZE = (120, 40)
SILENCE_SECONDS = 0.4


def default_words() -> list[str]:
    """What is on the screen once the lab has painted its default preset: boxes, a wire, panels, footer."""
    from infralab.models import presets
    from infralab.models.document import load

    design = load(presets.default().path).design
    return [*design.boxes, "▶", "THE ANSWER", "Topology", "Why?", "Fit", "SINCE A", "F5"]


def cpu_ms(pid: int) -> float:
    """Time on the processor of all threads of a process; 0 where the system doesn't say."""
    tasks = Path(f"/proc/{pid}/task")
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e6
    except OSError:
        return 0.0


def paint(code: str, words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds from exec until all words are on the screen: on the clock, and of CPU time.

    The bytes are noted as they come and drawn afterwards, so that the emulator does not hold up the program.
    """
    begin = time.perf_counter()
    probe = Probe([sys.executable, "-c", code], *SIZE, quiet=0.05, timeout=20, env=environment)
    came: list[tuple[float, float, bytes]] = []
    while True:
        silent = not select.select([probe.fd], [], [], SILENCE_SECONDS)[0]
        now = time.perf_counter() - begin
        for at, cpu, data in came if silent else ():
            probe.stream.feed(data)
            text = probe.text()
            if all(word in text for word in words):
                _end(probe)
                return at * 1e3, cpu
        if silent:
            came.clear()
        else:
            data = os.read(probe.fd, 65536)
            came.append((now, cpu_ms(probe.pid), data))
            probe._answer(data)
        if now > 20:
            _end(probe)
            raise SystemExit(f"startup: {', '.join(words)} never came to the screen:\n{probe.text()}")


def _end(probe: Probe) -> None:
    os.kill(probe.pid, signal.SIGKILL)
    os.waitpid(probe.pid, 0)
    os.close(probe.fd)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": folder}
        environment |= {"PYTHONPYCACHEPREFIX": folder, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        starts = {"empty": (EMPTY, ["Topology"]), "lab": (LAB, default_words())}
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in starts}
        for run in range(options.runs + 1):
            for name, (code, words) in starts.items():
                found = paint(code, words, environment)
                if run:  # the first compiles, as installing a package does
                    taken[name].append(found)
    answer: dict[str, float] = {}
    for k, unit in enumerate(("ms", "cpu_ms")):
        empty, lab = (median(found[k] for found in taken[name]) for name in starts)
        answer |= {f"empty_{unit}": round(empty, 1), f"lab_{unit}": round(lab, 1)}
        answer[f"ratio_{unit}"] = round(lab / empty, 3) if empty else 0.0
    print(json.dumps(answer | {"target": TARGET}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
