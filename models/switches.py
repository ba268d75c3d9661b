"""Drawn switches and fabrics, lowered: their ports, how they route, and whether they reduce on the way."""

from __future__ import annotations

from infralab.models.arithmetic import Number
from infralab.models.catalogue import Component
from infralab.models.constants import assumed, table
from infralab.models.design import Box
from infralab.models.machine import Machine, Switch
from infralab.models.reader import Reader


def lower_switch(machine: Machine, box: Box, owner: str, component: Component | None) -> Switch:
    """A switch, or a fabric drawn as one box; without a component it is taken as non-blocking."""
    figures = machine.figures
    port: Number | None = None
    hop: Number = figures.figure(f"{owner}.hop_latency", assumed("switch.hop_latency"), "s", "assumed")
    reduction = False
    family = ""
    if component is not None:
        read = Reader(machine, owner, "", component, box)
        port = read.get("bandwidth", "B/s")
        found = read.get("hop_latency", "s")
        hop = found if found is not None else hop
        reduction = bool(component.facts.get("sharp") or component.facts.get("in_network"))
        family = str(component.facts.get("fabric", ""))
    else:
        figures.assume(f"{box.name}: switch not known, taken as non-blocking", moves=False)
    adaptive = any(name in family for name in table("network")["adaptive"]["families"])
    return Switch(
        name=box.name,
        owner=owner,
        box=box,
        component=component,
        port_bandwidth=port,
        hop_latency=hop,
        oversubscription=figures.number(f"{owner}.oversubscription", box.oversubscription or 1.0),
        topology=box.topology or "fat-tree",
        routing=box.routing or ("adaptive" if adaptive else "ecmp"),
        in_network_reduction=reduction,
    )
