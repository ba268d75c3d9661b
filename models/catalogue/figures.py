"""The figures of an entry in SI units, and the mark on each, from the facts as collected.

What one fact gives stands in `figure_tables`; where several are needed the figure is worked out here
and marked as derived. Nothing is filled in that the facts lack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infralab.models.catalogue.component import ASSUMED, DERIVED
from infralab.models.catalogue.figure_tables import BYTES_PER_GBIT, DATASET, MODEL, ROOMS, peak_figure
from infralab.models.catalogue.marks import fact_marks, lookup, mark_of, weakest

# Rooms whose plain numbers are figures under their own names (hyperparameters, counts).
_PLAIN = frozenset({"model", "dataset"})
_PLAIN_SKIP = frozenset({"year"}) | {rule.path for rule in MODEL + DATASET}

_MEASURED = re.compile(r"^(mamf|eff)_(\w+)$")

LaneRate = Callable[[int], "float | None"]


def number(value: Any) -> float | None:
    """The value as a float; None for what is no number (a bool included)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def derive(room: str, facts: Mapping[str, Any], lane_rate: LaneRate) -> tuple[dict[str, float], dict[str, str]]:
    """Figures in SI units and the marks on facts and figures; `lane_rate`(gen) is a PCIe lane's bytes/s.

    Names of figures are also taken as keys, in SI units: that is how a user's document names arrive.
    """
    marks = fact_marks(room, facts)
    figures: dict[str, float] = {}
    figure_marks: dict[str, str] = {}

    def put(name: str, value: float | None, mark: str) -> None:
        if value is not None and name not in figures:
            figures[name] = float(f"{value:.12g}")  # 4.11 x 1e9 is 4110000000, not …00.5
            figure_marks[name] = mark

    for name, own in _own_names(room, facts):
        put(name, own, mark_of(marks, name))
    for rule in ROOMS.get(room, ()):
        fact = number(lookup(facts, rule.path))
        if fact is not None:
            put(rule.figure, fact * rule.factor, mark_of(marks, rule.path))
    for name, value, mark in _worked_out(room, facts, figures, marks, lane_rate):
        put(name, value, mark)
    return figures, {**marks, **figure_marks}


def _own_names(room: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Facts that stand under a figure's name, in SI units already."""
    if room in ("chip", "dpu"):
        for group in ("peak", "achieved"):
            inner = facts.get(group)
            for precision, value in inner.items() if isinstance(inner, Mapping) else ():
                if (own := number(value)) is not None:
                    yield f"{group}.{precision}", own
    paths = {rule.path for rule in ROOMS.get(room, ())}
    for name in sorted({rule.figure for rule in ROOMS.get(room, ())} - paths):
        if (own := number(lookup(facts, name))) is not None:
            yield name, own


def _worked_out(
    room: str,
    facts: Mapping[str, Any],
    figures: Mapping[str, float],
    marks: Mapping[str, str],
    lane_rate: LaneRate,
) -> Iterator[tuple[str, float | None, str]]:
    if room in ("chip", "dpu"):
        yield from _chip(facts, marks, lane_rate)
    if room == "dpu":
        yield from _dpu(facts, marks)
    elif room == "server":
        yield from _server(figures, marks)
    elif room == "switch" and {"ports", "bandwidth"} <= figures.keys():
        mark = weakest(marks.get("ports", ASSUMED), mark_of(marks, "gbps_per_port"), DERIVED)
        yield "total_bandwidth", figures["ports"] * figures["bandwidth"], mark
    elif room == "tier":
        yield from _tier(facts, figures, marks)
    elif room == "link":
        for name, step in zip(("ll", "ll128", "simple"), facts.get("nccl_hw_latency_us") or (), strict=False):
            yield f"nccl_latency.{name}", step * 1e-6, mark_of(marks, "nccl_hw_latency_us")
        for end, value in zip(("low", "high"), facts.get("latency_ns_total") or (), strict=False):
            yield f"latency.{end}", value * 1e-9, mark_of(marks, "latency_ns_total")
    elif room == "framework":
        for processor, value in (facts.get("fit") or {}).items():
            yield f"fit.{processor}", number(value), mark_of(marks, f"fit.{processor}")
    elif room in _PLAIN:
        for key, value in facts.items():
            if key not in _PLAIN_SKIP and not key.startswith(("params_", "mmacs_")):
                yield key, number(value), mark_of(marks, key)


def _chip(
    facts: Mapping[str, Any], marks: Mapping[str, str], lane_rate: LaneRate
) -> Iterator[tuple[str, float | None, str]]:
    for key, value in facts.items():
        figure = peak_figure(key)
        rate = number(value)
        if figure and rate is not None:
            yield figure, rate * 1e12, mark_of(marks, key)
    measured = facts.get("measured")
    for key, value in measured.items() if isinstance(measured, Mapping) else ():
        match = _MEASURED.match(key)
        rate = number(value)
        if match and rate is not None:
            share = match[1] == "eff"
            name = ("efficiency." if share else "achieved.") + match[2]
            yield name, rate if share else rate * 1e12, mark_of(marks, f"measured.{key}")
    link = facts.get("host_link")
    if isinstance(link, Mapping) and "gen" in link and "lanes" in link:
        lane = lane_rate(int(link["gen"]))
        if lane is not None:
            mark = weakest(mark_of(marks, "host_link"), DERIVED)
            yield "host_link", lane * float(link["lanes"]), mark
    for key, names in (("power_range_w", ("power.low", "power.high")),):
        for name, value in zip(names, facts.get(key) or (), strict=False):
            yield name, number(value), mark_of(marks, key)


def _dpu(facts: Mapping[str, Any], marks: Mapping[str, str]) -> Iterator[tuple[str, float | None, str]]:
    ports = facts.get("ports_gbps") or ()
    if ports:
        mark = mark_of(marks, "ports_gbps")
        yield "ports", float(len(ports)), mark
        yield "port_bandwidth", float(ports[0]) * BYTES_PER_GBIT, mark


def _server(figures: Mapping[str, float], marks: Mapping[str, str]) -> Iterator[tuple[str, float | None, str]]:
    uplink = figures.get("chip_link.uplink")
    if uplink is not None:
        mark = weakest(mark_of(marks, "host.chip_link"), DERIVED)
        yield "chip_link", uplink / figures.get("chips_per_uplink", 1.0), mark
    if "nic.count" in figures and "nic.bandwidth" in figures:
        total = figures["nic.count"] * figures["nic.bandwidth"]
        yield "nic.total", total, weakest(mark_of(marks, "nic"), DERIVED)
    if "disk.total_read_bandwidth" in figures and figures.get("disk.count"):
        each = figures["disk.total_read_bandwidth"] / figures["disk.count"]
        yield "disk.read_bandwidth", each, weakest(mark_of(marks, "local_nvme"), DERIVED)


_SCALES = ("tib", "drive", "node", "system", "prefix", "bucket", "account", "volume", "socket", "dimm")


def scales_with(facts: Mapping[str, Any]) -> str | None:
    """What a tier's rates are given for: one of _SCALES, or None when the facts do not say.

    A system whose bandwidth is known only by its nodes counts by the node, whatever `per` says.
    """
    per_node = facts.get("per_node")
    if isinstance(per_node, Mapping) and "read_gb_s" in per_node and "read_gb_s" not in facts:
        return "node"
    words = str(facts.get("per", "")).lower().replace("(", " ").split()
    return next((scale for scale in _SCALES if scale in words), None)


def _tier(
    facts: Mapping[str, Any], figures: Mapping[str, float], marks: Mapping[str, str]
) -> Iterator[tuple[str, float | None, str]]:
    if "drives" in facts and "tb_each" in facts:
        mark = weakest(mark_of(marks, "tb_each"), DERIVED)
        yield "capacity", float(facts["drives"]) * float(facts["tb_each"]) * 1e12, mark
    sizes = facts.get("capacity_tib")
    if isinstance(sizes, list) and len(sizes) == 2:
        mark = mark_of(marks, "capacity_tib")
        yield "capacity_min", float(sizes[0]) * 2.0**40, mark
        yield "capacity_max", float(sizes[1]) * 2.0**40, mark
    io500 = facts.get("io500") or {}
    for way in ("read", "write"):
        easy, hard = number(io500.get(f"easy_{way}")), number(io500.get(f"hard_{way}"))
        if easy and hard:
            # Share of streaming bandwidth that small, unfriendly accesses keep (IO500 hard / easy).
            yield f"hard_{way}_fraction", hard / easy, weakest(mark_of(marks, "io500"), DERIVED)
