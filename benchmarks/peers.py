"""The same one-chip question asked of mlsysim (pip install mlsysim): as a whole process, and as a call.

    python benchmarks/peers.py [--python PYTHON_THAT_HAS_MLSYSIM]

Question: one H100 SXM trains Llama 3 8B in 16 bit at a batch of one sequence of 2,048 tokens, what is the
rate? (Whether it fits is another question; both answer anyway.) Processes are started in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

DESIGN = """
schema = "infralab.design/1"
[workload]
kind = "transformer-training"
model = "llama-3-8b"
sequence_length = 2048
global_batch = 1
precision = "bf16"
[plan]
data = 1
tensor = 1
pipeline = 1
[box.run]
is = "h100-sxm5-80gb"
chips = 1
"""

OURS = """
import time, json, sys
start = time.perf_counter()
from infralab.models.document import read
from infralab.models.evaluate import evaluate
design = read(sys.argv[1]).design
report = evaluate(design)
loaded = time.perf_counter() - start
calls = []
for _ in range(100):
    t = time.perf_counter(); evaluate(design); calls.append(time.perf_counter() - t)
print(json.dumps({"first_answer_s": loaded, "call_ms": sorted(calls)[50] * 1e3, "tokens_per_s": report.throughput.value}))
"""

THEIRS = """
import time, json
start = time.perf_counter()
import mlsysim
from mlsysim import Engine, Hardware, Models
model = Models.Language.Llama3_8B if hasattr(Models, "Language") else Models.Llama3_8B
chip = Hardware.Cloud.H100
def ask():
    return Engine.solve(model=model, hardware=chip, batch_size=1, precision="fp16", efficiency=0.5)
answer = ask()
loaded = time.perf_counter() - start
calls = []
for _ in range(100):
    t = time.perf_counter(); ask(); calls.append(time.perf_counter() - t)
print(json.dumps({"first_answer_s": loaded, "call_ms": sorted(calls)[50] * 1e3}))
"""


def asked(python: str, code: str, *args: str) -> dict[str, float]:
    start = time.perf_counter()
    done = subprocess.run([python, "-c", code, *args], capture_output=True, text=True, check=False, cwd=tempfile.gettempdir())
    if done.returncode:
        raise SystemExit(done.stderr.splitlines()[-1] if done.stderr else "failed")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    found["process_s"] = time.perf_counter() - start - 100 * found["call_ms"] / 1e3
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has mlsysim")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ours = [asked(sys.executable, OURS, DESIGN) for _ in range(options.runs)]
    theirs = [asked(str(Path(options.python)), THEIRS) for _ in range(options.runs)]
    for name, found in (("infralab", ours), ("mlsysim", theirs)):
        process = median(f["process_s"] for f in found)
        call = median(f["call_ms"] for f in found)
        print(f"{name:10} whole process {process:6.2f} s   a call {call:8.3f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
