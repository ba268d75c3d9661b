"""fio: bandwidth of reads and writes, from the summary that it prints or from its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infralab.models.explore.pasted.result import Result

_BINARY = {"": 1.0, "k": 2.0**10, "m": 2.0**20, "g": 2.0**30, "t": 2.0**40}
_DECIMAL = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_HEAD = re.compile(
    r"^(?P<job>[^\s:][^:\n]*): \(g=\d+\): rw=(?P<rw>\w+), bs=(?P<bs>.*?), ioengine=\S+, iodepth=(?P<depth>\d+)", re.M
)
_FIRST_SIZE = re.compile(r"([\d.]+)\s*([KMGT]?)i?B?", re.IGNORECASE)
_LINE = re.compile(
    r"^\s*(?P<way>read|write)\s*:\s*IOPS=(?P<iops>[\d.]+[kM]?),\s*BW=(?P<bw>[\d.]+)(?P<unit>[KMGT]?i?B)/s", re.M
)
_TOTAL = re.compile(r"^\s*(?P<way>READ|WRITE):\s*bw=(?P<bw>[\d.]+)(?P<unit>[KMGT]?i?B)/s", re.M)
_STARTED = re.compile(r"^Starting (\d+) (?:process|thread)", re.M)


def of_text(text: str) -> list[Result]:
    """From the printed summary: the group's total of each way, else the job's own line."""
    lines = list(_TOTAL.finditer(text)) or list(_LINE.finditer(text))
    if not lines:
        return []
    head = _HEAD.search(text)
    size = _bytes(head["bs"].partition(")")[2] or head["bs"]) if head else None
    depth = int(head["depth"]) if head else 1
    started = _STARTED.search(text)
    jobs = int(started[1]) if started else 1
    pattern = head["rw"] if head else ""
    return [
        _result(match["way"].lower(), pattern, _rate(match["bw"], match["unit"]), size, depth * jobs) for match in lines
    ]


def of_json(text: str) -> list[Result]:
    """From --output-format=json; fio may print warnings before it."""
    start = text.find("{")
    if start < 0 or '"jobs"' not in text:
        return []
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start:])
    except ValueError:
        return []
    return list(_of_jobs(data)) if isinstance(data, dict) else []


def _of_jobs(data: Mapping[str, Any]) -> Iterator[Result]:
    shared = data.get("global options", {})
    groups: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
    for job in data.get("jobs", ()):
        options = {**shared, **job.get("job options", {})}
        pattern, size = str(options.get("rw", "")), str(options.get("bs", ""))
        depth = int(options.get("iodepth", 1) or 1)
        for way in ("read", "write"):
            rate = float(job.get(way, {}).get("bw_bytes", 0) or 0) or float(job.get(way, {}).get("bw", 0) or 0) * 1024
            if rate > 0:
                # with group_reporting one entry stands for all of its jobs
                many = int(options.get("numjobs", 1) or 1) if len(data.get("jobs", ())) == 1 else 1
                groups.setdefault((way, pattern, size), []).append((rate, depth * many))
    for (way, pattern, size), items in groups.items():
        yield _result(way, pattern, sum(r for r, _ in items), _bytes(size), sum(d for _, d in items))


def _result(way: str, pattern: str, rate: float, size: float | None, streams: int) -> Result:
    operation = "random-read" if way == "read" and pattern.startswith("rand") else way
    work: dict[str, Any] = {"kind": "storage-io", "op": operation, "streams": float(max(streams, 1))}
    label = operation.replace("-", " ")
    if size:
        work["block_bytes"] = size
        label += f" in blocks of {size / 1024:g} KiB"
    return Result(f"{label}, {streams} at once", "bytes_per_second", rate, "B/s", work)


def _rate(number: str, unit: str) -> float:
    prefix = unit[:1].lower() if unit[:1].lower() in "kmgt" else ""
    return float(number) * (_BINARY if "i" in unit else _DECIMAL)[prefix]


def _bytes(text: str) -> float | None:
    """ "128k", " 4096B-4096B", "(R) 1MiB-1MiB": fio's k is 1024."""
    match = _FIRST_SIZE.search(text)
    return float(match[1]) * _BINARY[match[2].lower()] if match else None
