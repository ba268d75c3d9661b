"""nccl-tests: bus bandwidth by message size, out of place.

A line is `size count type [redop] [root] time(us) algbw busbw wrong time algbw busbw wrong`
(NVIDIA nccl-tests README, PERFORMANCE.md); rccl-tests print the same.
"""

from __future__ import annotations

import re

from infralab.models.explore.pasted.result import Result

_TYPES = r"(?:u?int\d*|float\d?|double|half|bfloat16|fp8\w*|f8\w*|char)"
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_LINE = re.compile(
    rf"^\s*(?P<size>\d+)\s+\d+\s+{_TYPES}\s+(?:(?:sum|prod|min|max|avg|none|mulsum)\s+)?(?:-?\d+\s+)?"
    rf"(?P<time>{_NUMBER})\s+(?P<alg>{_NUMBER})\s+(?P<bus>{_NUMBER})(?:\s|$)",
    re.MULTILINE,
)
_NAME = re.compile(
    r"\b(all_?reduce|all_?gather|reduce_?scatter|all_?to_?all|broadcast|sendrecv|reduce|gather|scatter)_perf\b"
)
_RANK = re.compile(r"^#\s+Rank\s+\d+\b", re.MULTILINE)
OPERATIONS = {
    "allreduce": "all-reduce",
    "allgather": "all-gather",
    "reducescatter": "reduce-scatter",
    "alltoall": "all-to-all",
    "broadcast": "broadcast",
}
DEFAULT = "all-reduce"


def of_text(text: str) -> list[Result]:
    """One result a line, in the order of the table; none where the text has no such line."""
    named = _NAME.search(text)
    operation = DEFAULT
    if named is not None:
        known = OPERATIONS.get(named[1].replace("_", ""))
        if known is None:
            return []
        operation = known
    ranks = len(_RANK.findall(text)) or None
    found = []
    for match in _LINE.finditer(text):
        size, bus = float(match["size"]), float(match["bus"]) * 1e9
        if size <= 0 or bus <= 0:
            continue
        work = {"kind": "collective", "op": operation, "message_bytes": size}
        found.append(Result(f"{operation} of {_size(size)}", "bus_bandwidth", bus, "B/s", work, ranks))
    return found


def _size(value: float) -> str:
    for step, name in ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB")):
        if value >= step:
            return f"{value / step:g} {name}"
    return f"{value:g} B"
