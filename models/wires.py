"""Drawn wires, lowered: which link, how many, how fast, by which path, and between how many replicas."""

from __future__ import annotations

from typing import NamedTuple

from infralab.models.arithmetic import Number, maximum, minimum
from infralab.models.catalogue import Component, UnknownComponent
from infralab.models.constants import assumed
from infralab.models.design import Wire
from infralab.models.machine import Link, Machine, Switch
from infralab.models.reader import Reader

CORES_PER_GBIT = 8e-9  # a design gives cores per Gb/s, the catalogue cores per byte/s


def _replicas(machine: Machine, name: str) -> Number:
    if name in machine.pools:
        return machine.pools[name].servers
    if name in machine.tiers and machine.tiers[name].scope == "each":
        return machine.tiers[name].units
    return 1.0


def _default_link(machine: Machine, wire: Wire) -> tuple[str, Number, Number, bool]:
    """Link id, count and bandwidth of a wire that names none: the box's own ports."""
    storage = any(end in machine.tiers for end in wire.ends)
    best: tuple[str, Number, Number, bool] | None = None
    for end in wire.ends:
        pool = machine.pools.get(end)
        if pool is None or not pool.ports:
            continue
        wanted = wire.port or ("storage_nic" if storage else "nic")
        port = next((p for p in pool.ports if p.name == wanted), pool.ports[0])
        return port.link, port.count, port.bandwidth, True
    if best is None:
        for end in wire.ends:
            switch = machine.switches.get(end)
            if switch is not None and switch.port_bandwidth is not None and switch.component is not None:
                family = str(switch.component.facts.get("fabric", ""))
                return family, 1.0, switch.port_bandwidth, False
    return "", 1.0, 0.0, False


class Rated(NamedTuple):
    """What one of a wire's links carries."""

    bandwidth: Number  # bytes/s per direction, before efficiency
    efficiency: Number
    latency: Number  # seconds
    cpu_per_bandwidth: Number  # host cores for a byte/s


def _rated(machine: Machine, wire: Wire, component: Component | None, bandwidth: Number, own: bool) -> Rated:
    """Figures of the link: the design's, the catalogue's, else those of the port (`own`: a box's) at its end."""
    figures, owner = machine.figures, f"wire.{wire.name}"
    efficiency: Number = figures.figure(f"{owner}.efficiency", assumed("link.efficiency"), "", "assumed")
    latency: Number = figures.figure(f"{owner}.latency", assumed("link.latency"), "s", "assumed")
    if component is not None:
        read = Reader(machine, owner, "", component, wire)
        found = read.get("bandwidth", "B/s")
        if found is not None and (wire.is_ is not None or not own):
            bandwidth = found
        else:
            bandwidth = figures.figure(f"{owner}.bandwidth", bandwidth, "B/s", "cited", component.id)
        efficiency = _or(read.get("efficiency"), efficiency)
        latency = _or(read.get("latency", "s"), latency)
        factor = CORES_PER_GBIT if "cpu_per_bandwidth" in wire.overrides else 1.0
        return Rated(bandwidth, efficiency, latency, _or(read.get("cpu_per_bandwidth", factor=factor), 0.0))
    if "bandwidth" in wire.overrides:
        given = wire.overrides["bandwidth"].value
        bandwidth = figures.figure(f"{owner}.bandwidth", given, "B/s", "override")
    elif isinstance(bandwidth, (float, int)) and bandwidth == 0.0:
        figures.assume(f"{wire.name}: no link named, taken as wide enough", moves=False)
        bandwidth = float("inf")
    else:
        bandwidth = figures.figure(f"{owner}.bandwidth", bandwidth, "B/s", "cited")
    return Rated(bandwidth, efficiency, latency, 0.0)


def lower_wire(machine: Machine, wire: Wire) -> None:
    """Add the wire to the machine's links, or a problem that says why it is none."""
    owner = f"wire.{wire.name}"
    for end in wire.ends:
        if end not in machine.design.boxes:
            machine.missing(owner, f"{wire.name} ends at {end}, which is not drawn")
            return
    figures = machine.figures
    link_id, count, bandwidth, own = _default_link(machine, wire)
    component: Component | None = None
    if wire.is_ is not None:
        try:
            component = machine.catalogue.get(wire.is_)
        except UnknownComponent as error:
            machine.missing(owner, str(error))
            return
        count = _matching_ports(machine, wire, component)
    elif link_id and machine.catalogue.has(link_id):
        component = machine.catalogue.get(link_id)
    rated = _rated(machine, wire, component, bandwidth, own)
    bandwidth = rated.bandwidth
    for end in wire.ends:
        switch = machine.switches.get(end)
        if switch is not None and switch.port_bandwidth is not None and _narrower(machine, switch, wire, component):
            bandwidth = minimum(bandwidth, switch.port_bandwidth)
    if wire.count is not None:
        count = float(wire.count)
    count = figures.values.get(f"{owner}.count", count)
    replicas = [_replicas(machine, end) for end in wire.ends]
    more = replicas[0]
    for other in replicas[1:]:
        more = maximum(more, other)
    machine.links[wire.name] = Link(
        name=wire.name,
        owner=owner,
        wire=wire,
        ends=wire.ends,
        component=component,
        link_id=link_id if component is None else component.id,
        count=count,
        bandwidth=bandwidth,
        efficiency=rated.efficiency,
        latency=rated.latency,
        path=wire.path or _implied_path(component),
        replicas=more,
        cpu_per_bandwidth=rated.cpu_per_bandwidth,
    )


def _narrower(machine: Machine, switch: Switch, wire: Wire, component: Component | None) -> bool:
    """Whether a switch's port may limit a wire: not where both are of one generation, which is one limit, not a tie of two."""
    figures = machine.figures
    if f"wire.{wire.name}.bandwidth" in figures.values or f"{switch.owner}.bandwidth" in figures.values:
        return True
    link = wire.overrides.get("bandwidth")
    rate = link.value if link is not None else None if component is None else component.figures.get("bandwidth")
    port = switch.box.overrides.get("bandwidth")
    if port is None and switch.component is not None:
        width = switch.component.figures.get("bandwidth")
    else:
        width = None if port is None else port.value
    return rate is None or width is None or width < rate * 0.999


def _or(value: Number | None, other: Number) -> Number:
    return other if value is None else value


def _matching_ports(machine: Machine, wire: Wire, link: Component) -> Number:
    """A wire without `count` has the box's own number of ports for that link; another link takes their places."""
    wanted = "storage_nic" if any(end in machine.tiers for end in wire.ends) else "nic"
    places: Number | None = None
    for end in wire.ends:
        pool = machine.pools.get(end)
        for port in pool.ports if pool is not None else ():
            if port.link == link.id:
                return port.count
            if port.name == wanted and places is None and link.kind == "scale-out":
                places = port.count
    return 1.0 if places is None else places


def _implied_path(component: Component | None) -> str:
    if component is None:
        return "tcp"
    if component.facts.get("gpudirect"):
        return "gpudirect-rdma"
    return "rdma" if component.facts.get("rdma") else "tcp"
