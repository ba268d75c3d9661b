"""The editor over real designs: opening a large one, an edit's way to all numbers, keys while a search runs, a slow line.

    python benchmarks/editor.py [--only open,edit,busy,slow] [--json]
    python benchmarks/editor.py --write    all figures, those of canvas.py too, into docs/canvas.md (three minutes)

The program itself in a pty of 120×40. Designs are grown from a preset: its parts, more boxes. Times run
from the key (or from exec) to the byte; the terminal emulator is fed after the clock was read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from canvas import LateProbe, p95  # noqa: E402

from infralab.models.design import Box, Design, FrozenMap, Wire  # noqa: E402
from infralab.models.document import load, read  # noqa: E402
from infralab.models.document.writing import fresh  # noqa: E402
from infralab.models.presets import path_of  # noqa: E402
from infralab.tui.parts import CatalogueParts, catalogue_for  # noqa: E402

PARTS = "checkpoints-on-16384-gpus"  # a store, servers and a fabric
JOB = "photos-on-object-storage"
PITCH = (36, 9)
COUNTS = (1, 2, 4, 8)  # equal boxes are evaluated once: a large design has several sorts
GOALS = {
    "open_ms": 1500.0,
    "edit_ms_median": 50.0,
    "busy_first_byte_ms_p95": 20.0,
    "slow_settled_s": 0.5,
}
NUMBERS_SECONDS = 0.3  # after an edit; the search for fixes begins later
LINE_BYTES_PER_S, ROUND_TRIP_S = 8000.0, 0.3


def grown(boxes: int, wires: int) -> str:
    """A document of so many boxes and wires, of the parts of a preset."""
    chance = random.Random(1)
    seed, job = (load(path_of(name) or "").design for name in (PARTS, JOB))
    parts = CatalogueParts(catalogue_for(seed))
    by_kind = {parts.box(box).kind: box for box in seed.boxes.values()}
    store, fabric, server = by_kind["storage"], by_kind["fabric"], by_kind["compute"]
    to_fabric = next(wire for wire in seed.wires.values() if set(wire.ends) == {server.name, fabric.name})
    across = round((boxes * PITCH[1] * 2 / PITCH[0]) ** 0.5)
    placed: dict[str, Box] = {}
    joined: dict[str, Wire] = {}

    def place(box: Box, name: str) -> str:
        at = (2 + len(placed) % across * PITCH[0], 1 + len(placed) // across * PITCH[1])
        placed[name] = replace(box, name=name, at=at)
        return name

    def join(a: str, b: str) -> None:
        joined.setdefault(f"{a}-{b}", replace(to_fabric, name=f"{a}-{b}", ends=(a, b)))

    spine, leaves = place(replace(fabric, count=1), fabric.name), max(boxes // 30, 1)
    place(replace(store, count=1), store.name)
    join(store.name, spine)
    names = [place(replace(fabric, count=1), f"leaf-{k}") for k in range(leaves)]
    for name in names:
        join(name, spine)
    servers = [
        place(replace(server, count=chance.choice(COUNTS)), f"{server.name}-{k}") for k in range(boxes - len(placed))
    ]
    for k, name in enumerate(servers):
        join(name, names[k * leaves // len(servers)])
    for k, name in enumerate(servers[: wires - len(joined)]):  # a second leaf for each, as rails have it
        join(name, names[(k * leaves // len(servers) + 1) % leaves])
    work = replace(job.workload, dataset=replace(job.workload.dataset, on=store.name))
    design: Design = replace(
        job, title=f"{boxes} boxes", story=(), workload=work, boxes=FrozenMap(placed), wires=FrozenMap(joined)
    )
    text = fresh(design)
    assert not read(text).errors, read(text).errors
    return text


def lab(folder: str, text: str, quiet: float = 0.06) -> LateProbe:
    """The lab on a document, begun but not waited for."""
    path = Path(folder) / f"design-{len(os.listdir(folder))}.toml"
    path.write_text(text)
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(HERE.parent), "HOME": folder}
    environment |= {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    return LateProbe([sys.executable, "-m", "infralab", str(path)], 120, 40, quiet, 30, environment)


def full_paint(probe: LateProbe, silence: float = 0.35) -> tuple[float, float]:
    """Milliseconds from exec until the answer and the boxes stand, and until nothing more is written for a while."""
    answered = last = 0.0
    while True:
        data = probe.read(0.02)
        now = time.perf_counter()
        if data is None:
            raise SystemExit(f"the lab ended:\n{probe.text()}")
        if data:
            last = now
            if not answered and "images/s" in (text := probe.text()) + "tokens/s" and _shown(text):
                answered = now
        elif answered and now - last > silence:
            return (answered - probe.started) * 1e3, (last - probe.started) * 1e3
        if now - probe.started > 30:
            raise SystemExit(f"no full paint:\n{probe.text()}")


def _shown(text: str) -> bool:
    return "/s" in "\n".join(text.splitlines()[:4]) and any(sign in text for sign in "■◇●▓")


def rest(probe: LateProbe, seconds: float = 1.0) -> None:
    """Until searches behind have ended."""
    end = time.monotonic() + 20
    last = time.monotonic()
    while time.monotonic() - last < seconds and time.monotonic() < end:
        if probe.read(0.05):
            last = time.monotonic()


def measure_open(folder: str) -> dict[str, Any]:
    text, found = grown(500, 1000), []
    for _ in range(4):
        probe = lab(folder, text)
        found.append(full_paint(probe))
        probe.stop()
    found = found[1:]  # the first compiles
    answered = statistics.median(one for one, _ in found)
    return {"open_ms": answered, "open_quiet_ms": statistics.median(two for _, two in found)}


def measure_edit(folder: str) -> dict[str, Any]:
    probe = lab(folder, grown(50, 90))
    full_paint(probe)
    rest(probe)
    probe.press("\t")
    probe.press("\t\t\t\t\t\t")
    times = []
    for k in range(16):
        rest(probe, 0.8)
        begin, last = time.perf_counter(), 0.0
        probe.send("+" if k % 2 == 0 else "-")
        while time.perf_counter() - begin < NUMBERS_SECONDS:
            if probe.read(0.002):
                last = time.perf_counter() - begin
        assert last, "an edit writes something"
        times.append(last * 1e3)
    probe.stop()
    return {"edit_ms_median": statistics.median(times), "edit_ms_p95": p95(times)}


def measure_busy(folder: str) -> dict[str, Any]:
    probe = lab(folder, grown(50, 90))
    full_paint(probe)
    rest(probe)
    probe.press("\t")
    times = []
    for _ in range(6):
        probe.send("+")
        end = time.monotonic() + 0.45  # edits rest this long before the search begins
        while time.monotonic() < end:
            probe.read(0.02)
        for _ in range(12):
            while probe.read(0.03):
                pass
            begin = time.perf_counter()
            probe.send("\t")
            while not probe.read(0.01):
                if time.perf_counter() - begin > 1:
                    break
            times.append((time.perf_counter() - begin) * 1e3)
    probe.stop()
    return {"busy_first_byte_ms_p95": p95(times), "busy_first_byte_ms_median": statistics.median(times)}


def measure_slow(folder: str) -> dict[str, Any]:
    probe = lab(folder, grown(50, 90))
    full_paint(probe)
    rest(probe)
    for key in ("\t", "Z", "Z"):
        probe.press(key)
    rest(probe, 3.0)  # the search for fixes writes when it ends
    text = probe.text().splitlines()
    row = next(y for y, line in enumerate(text) if "═" in line and y > 4)
    column = text[row].index("═") + 3
    settled, size = probe.slow_drag(LINE_BYTES_PER_S, ROUND_TRIP_S, (column, row + 1), (column + 70, row + 9))
    probe.stop()
    return {"slow_settled_s": settled, "slow_bytes": size}


BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
MEASURES = {"open": measure_open, "edit": measure_edit, "busy": measure_busy, "slow": measure_slow}


ROWS = (  # figure, what it is, unit, where the goal stands
    ("drag_bytes_median", "a drag step, bytes, median", ""),
    ("drag_bytes_p95", "a drag step, bytes, 95 of 100", ""),
    ("drag_ms_median", "a drag step, mouse event to last byte, median", "ms"),
    ("idle_bytes", "10 s of idling, bytes", ""),
    ("first_paint_bytes", "first paint, bytes", ""),
)
OWN_ROWS = (
    ("open_ms", "opening 500 boxes and 1,000 wires, exec to boxes and figures on the screen, median of 3", "ms"),
    ("open_quiet_ms", "the same until the last wire is drawn and nothing more is written", "ms"),
    ("edit_ms_median", "a value edit at 50 boxes to the last number repainted, median of 16", "ms"),
    ("edit_ms_p95", "the same, the slowest of 16", "ms"),
    ("busy_first_byte_ms_p95", "first byte after a key while fixes are searched for, 95 of 100", "ms"),
    ("slow_settled_s", "64 kb/s, 300 ms round trip: the picture settled after the last move", "s"),
)


def table(folder: str) -> str:
    """All figures as a table of Markdown, with the load of the machine they were taken on."""
    import canvas

    before = os.getloadavg()[0]
    lines = ["| what | goal | measured |", "|---|---:|---:|"]
    for boxes in (50, 500):
        found = canvas.measure(boxes, "quiet", "120x40", canvas.IDLE_SECONDS)
        for name, words, unit in ROWS:
            lines.append(f"| {boxes} boxes: {words} | {_said(canvas.GOALS[name], unit)} | {_said(found[name], unit)} |")
    for one in MEASURES.values():
        found = one(folder)
        for name, words, unit in OWN_ROWS:
            if name in found:
                goal = _said(GOALS[name], unit) if name in GOALS else ""
                lines.append(f"| {words} | {goal} | {_said(found[name], unit)} |")
    load = f"{before:.1f} when it began, {os.getloadavg()[0]:.1f} at the end"
    return f"{os.cpu_count()} cores, shared; one-minute load {load}.\n\n" + "\n".join(lines)


def _said(value: float, unit: str) -> str:
    return f"{value:,.2f} {unit}" if unit == "s" else f"{value:,.0f} {unit}".strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    missed = 0
    if options.write:
        page = HERE.parent / "docs" / "canvas.md"
        with tempfile.TemporaryDirectory() as folder:
            made = table(folder)
        head, _, rest = page.read_text("utf-8").partition(BEGIN)
        page.write_text(f"{head}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}", "utf-8")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
        for name in options.only.split(","):
            result |= {key: round(value, 2) for key, value in MEASURES[name](folder).items()}
    for name, value in result.items():
        goal = GOALS.get(name)
        missed += goal is not None and value > goal
        if not options.json:
            print(
                f"{name:28} {value:>10}"
                + ("" if goal is None else f"  goal {goal}: {'met' if value <= goal else 'MISSED'}")
            )
    if options.json:
        print(json.dumps(result))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
