"""Drawn storage, lowered: tiers of their own and drives inside servers, with the figures they have."""

from __future__ import annotations

from infralab.models.arithmetic import Number
from infralab.models.catalogue import Component, UnknownComponent
from infralab.models.design import Box
from infralab.models.machine import Machine, Tier
from infralab.models.reader import Reader

UNITS = {
    "read_iops": "1/s",
    "write_iops": "1/s",
    "metadata_rate": "1/s",
    "latency": "s",
    "capacity": "B",
}


def _figures(machine: Machine, box: Box, owner: str, part: str, component: Component) -> dict[str, Number]:
    read = Reader(machine, owner, part, component, box)
    names = set(component.figures)
    prefix = f"{part}." if part else ""
    names |= {k.removeprefix(prefix) for k in box.overrides if k.startswith(prefix) and (part or "." not in k)}
    found: dict[str, Number] = {}
    for name in sorted(names):
        value = read.get(name, UNITS.get(name, "B/s" if "bandwidth" in name else ""))
        if value is not None:
            found[name] = value
    return found


def lower_tier(machine: Machine, box: Box, owner: str, component: Component) -> Tier:
    """A tier that hosts reach over wires; `count` units of it."""
    return Tier(
        name=box.name,
        owner=owner,
        box=box,
        component=component,
        kind=component.kind,
        units=machine.figures.number(f"{owner}.count", box.count),
        figures=_figures(machine, box, owner, "", component),
        scope=box.scope or "shared",
        caches=box.caches,
        policy=box.policy or "lru",
    )


def lower_disk(machine: Machine, box: Box, owner: str, component: Component, servers: Number) -> Tier | None:
    """Drives inside each server: those fitted by hand, else none (a server's own stay unused until asked for)."""
    if box.disk is None:
        return None
    try:
        found = machine.catalogue.get(box.disk, room="tier")
    except UnknownComponent as error:
        machine.missing(owner, str(error))
        return None
    each = machine.figures.number(f"{owner}.disks", float(box.disks or 1))
    return Tier(
        name=f"{box.name}.disk",
        owner=owner,
        box=box,
        component=found,
        kind=found.kind,
        units=each * servers,
        figures=_figures(machine, box, owner, "disk", found),
        scope="each",
        caches=box.caches,
        policy=box.policy or "lru",
    )
