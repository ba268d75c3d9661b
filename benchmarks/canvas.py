"""What a drag costs on the line: bytes and milliseconds a step, idle bytes, the first paint; in a real pty.

    python benchmarks/canvas.py [--boxes 50,500] [--writer quiet] [--size 120x40] [--json]

Bytes are what the program writes, the questions of pacing included. Milliseconds run from the mouse event
to the last byte that it caused; a terminal emulator is fed after the clock is read.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from ptyprobe import Probe, path  # noqa: E402

GOALS = {
    "drag_bytes_median": 1000,
    "drag_bytes_p95": 1500,
    "drag_ms_median": 8.0,
    "idle_bytes": 0,
    "first_paint_bytes": 20_000,
}
QUIET_SECONDS = 0.06  # silence that ends a step
IDLE_SECONDS = 10.0


class LateProbe(Probe):
    """Keeps bytes for the emulator until asked, so that it doesn't share the clock with the program."""

    late = b""

    def read(self, wait: float) -> bytes | None:
        if not select.select([self.fd], [], [], wait)[0]:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        if not data:
            return None
        self._answer(data)
        self.late += data
        return data

    def text(self) -> str:
        data, self.late = self.late, b""
        self.stream.feed(data)
        return super().text()

    def look(self) -> list[list[tuple[Any, ...]]]:
        """Every cell: character, colours, weight; a space shows no foreground."""
        self.text()
        rows = []
        for y in range(self.rows):
            row = []
            for x in range(self.cols):
                cell = self.screen.buffer[y][x]
                blank = cell.data == " " and not cell.underscore and not cell.reverse
                row.append((cell.data, None if blank else cell.fg, cell.bg, cell.bold and not blank))
            rows.append(row)
        return rows

    def press(self, keys: str) -> None:
        self.send(keys)
        self.settle(limit=3)

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            end = time.monotonic() + 1
            while time.monotonic() < end:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self.fd)
                    return
                self.read(0.02)


def start(
    size: str, options: list[str], needle: str = "READY", quiet: float = QUIET_SECONDS
) -> tuple[LateProbe, dict[str, float]]:
    """The measuring app in a pty; time and bytes of its first paint."""
    columns, rows = (int(part) for part in size.split("x"))
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(HERE.parent)}
    program = [sys.executable, str(HERE / "canvas_app.py"), *options]
    probe = LateProbe(program, columns, rows, quiet, 30, environment)
    at, size_bytes = probe.wait_for(needle)
    if at is None:
        raise SystemExit(f"no first paint:\n{probe.text()}")
    probe.quiet, keep = 0.5, probe.quiet
    _, _, more = probe.settle(limit=5)
    probe.quiet = keep
    return probe, {"first_paint_ms": (at - probe.started) * 1e3, "first_paint_bytes": size_bytes + more}


def drag(probe: LateProbe, a: tuple[int, int], b: tuple[int, int]) -> tuple[list[int], list[float]]:
    """Bytes and milliseconds of each step of a drag; steps that the grid swallows are left out."""
    probe.mouse(0, *a)
    probe.settle(limit=2)
    sizes, times = [], []
    for x, y in path(a, b):
        probe.mouse(32, x, y)
        _, last, size = probe.settle(limit=2)
        probe.text()
        if last is not None:
            sizes.append(size)
            times.append(last * 1e3)
    probe.mouse(0, *b, True)
    probe.settle(limit=2)
    return sizes, times


def p95(values: list[Any]) -> Any:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def measure(boxes: int, writer: str, size: str, idle: float) -> dict[str, Any]:
    options = ["--boxes", str(boxes), "--writer", writer, "--zoom", "2", "--wires", str(int(boxes * 1.4))]
    probe, result = start(size, options)
    sizes, times = [], []
    for a, b in (((30, 4), (62, 18)), ((62, 18), (40, 26)), ((40, 26), (34, 9))):
        more_sizes, more_times = drag(probe, a, b)
        sizes += more_sizes
        times += more_times
    result |= {
        "drag_steps": len(sizes),
        "drag_bytes_median": statistics.median(sizes),
        "drag_bytes_p95": p95(sizes),
        "drag_bytes_max": max(sizes),
        "drag_ms_median": statistics.median(times),
        "drag_ms_p95": p95(times),
    }
    probe.quiet = 1.0  # what the last drag left behind, on a busy machine
    probe.settle(limit=10)
    end, count = time.monotonic() + idle, 0
    while time.monotonic() < end:
        count += len(probe.read(0.05) or b"")
    result["idle_bytes"] = count
    probe.stop()
    return {"boxes": boxes, "writer": writer, "size": size} | {k: round(v, 1) for k, v in result.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", default="50,500")
    parser.add_argument("--writer", choices=("quiet", "stock"), default="quiet")
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    missed = 0
    for boxes in (int(part) for part in options.boxes.split(",")):
        result = measure(boxes, options.writer, options.size, options.idle)
        if options.json:
            print(json.dumps(result))
            continue
        print(f"{boxes} boxes, {options.writer} writer, {options.size}")
        for name, value in result.items():
            goal = GOALS.get(name)
            verdict = "" if goal is None else f"  goal {goal}: {'met' if value <= goal else 'MISSED'}"
            missed += goal is not None and value > goal
            if isinstance(value, float | int) and name != "boxes":
                print(f"  {name:20} {value:>10}{verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
