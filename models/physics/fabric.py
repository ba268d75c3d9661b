"""The drawn graph as a network: every byte between boxes finds its way over wires and switches.

Boxes do not forward, switches do. Traffic takes the shortest ways; where there are several, ECMP
splits it evenly over the parallel links of each hop (a closed form), adaptive routing in proportion
to what the ways have left to give. A wire to replicas of a box is as wide as all of them together;
`share` says which part of the replicas hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, first, maximum
from infralab.models.job import Demand, Job
from infralab.models.machine import Link, Machine, Tier
from infralab.models.physics.ledger import Ledger

TCP_PATHS = frozenset({"tcp"})


@dataclass(slots=True)
class Flow:
    """Bytes that one unit of work moves from box to box; `source == target`: among a box's replicas."""

    source: str
    target: str
    bytes: Number
    traffic: str


@dataclass(slots=True)
class Ways:
    """How traffic towards some switches spreads: switch -> (distance, next hops with their share)."""

    distance: dict[str, int]
    shares: dict[str, dict[tuple[str, bool], Number]]  # from a switch: (wire, forward) -> share of a byte
    arrival: dict[str, dict[str, Number]]  # from a switch: last switch -> share


class Fabric:
    """The drawn graph, once a machine: ports of every box and the wires among switches."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.ports: dict[str, list[tuple[Link, str]]] = {}  # box -> its wires and the box at the other end
        self.between: dict[str, list[tuple[Link, str]]] = {name: [] for name in machine.switches}
        for link in machine.links.values():
            a, b = link.ends
            self.ports.setdefault(a, []).append((link, b))
            self.ports.setdefault(b, []).append((link, a))
            if a in machine.switches and b in machine.switches:
                self.between[a].append((link, b))
                self.between[b].append((link, a))
        self._ways: dict[frozenset[str], Ways] = {}

    def direct(self, source: str, target: str) -> list[Link]:
        return [link for link, other in self.ports.get(source, ()) if other == target]

    def switches_of(self, box: str) -> list[tuple[Link, str]]:
        return [(link, other) for link, other in self.ports.get(box, ()) if other in self.machine.switches]

    def ways(self, targets: frozenset[str]) -> Ways:
        """Shortest ways over switches to any of the target switches."""
        if targets in self._ways:
            return self._ways[targets]
        distance = dict.fromkeys(targets, 0)
        wave = list(targets)
        while wave:
            reached = []
            for switch in wave:
                for _, other in self.between[switch]:
                    if other not in distance:
                        distance[other] = distance[switch] + 1
                        reached.append(other)
            wave = reached
        found = Ways(distance, {}, {})
        for switch in sorted(distance, key=lambda s: distance[s]):
            self._spread(switch, found)
        self._ways[targets] = found
        return found

    def _spread(self, switch: str, ways: Ways) -> None:
        near = ways.distance[switch]
        if near == 0:
            ways.shares[switch], ways.arrival[switch] = {}, {switch: 1.0}
            return
        onward = [
            (link, other) for link, other in self.between[switch] if ways.distance.get(other, near) < near
        ]
        weights = split(self.machine, switch, [link for link, _ in onward])
        shares: dict[tuple[str, bool], Number] = {}
        arrival: dict[str, Number] = {}
        for (link, other), weight in zip(onward, weights, strict=True):
            key = (link.name, link.ends[0] == switch)
            shares[key] = shares.get(key, 0.0) + weight
            for further, share in ways.shares[other].items():
                shares[further] = shares.get(further, 0.0) + weight * share
            for last, share in ways.arrival[other].items():
                arrival[last] = arrival.get(last, 0.0) + weight * share
        ways.shares[switch], ways.arrival[switch] = shares, arrival


def split(machine: Machine, node: str, links: list[Link]) -> list[Number]:
    """Shares of the links of one hop: drawn shares, else even over parallel links (ECMP), else by rate."""
    if len(links) == 1:
        return [1.0]
    drawn = [link.wire.share for link in links]
    weights: list[Number]
    if any(share is not None for share in drawn):
        weights = [share or 0.0 for share in drawn]
    else:
        switch = machine.switches.get(node)
        even = switch is not None and switch.routing == "ecmp"
        weights = [link.count if even else link.count * _finite(link.bandwidth) for link in links]
    total: Number = 0.0
    for weight in weights:
        total = total + weight
    return [weight / total for weight in weights]


def _finite(bandwidth: Number) -> Number:
    return bandwidth if first(bandwidth) < 1e30 else 1e15


def is_local(machine: Machine, link: Link) -> bool:
    """A drive or memory drawn at a server without naming a link sits inside it: no network between."""
    if link.wire.is_ is not None or link.wire.path == "nvme-of":
        return False
    kinds = [machine.tiers[end].kind for end in link.ends if end in machine.tiers]
    return (
        bool(kinds) and kinds[0] in ("block", "memory") and not any(e in machine.switches for e in link.ends)
    )


def inside(tier: Tier) -> bool:
    """Whether the tier is drives fitted into servers, which no wire leads to."""
    return tier.name.endswith(".disk")


def reach(fabric: Fabric, source: str, target: str) -> bool:
    """Whether wires and switches lead from box to box."""
    if fabric.direct(source, target):
        return True
    doors = frozenset(switch for _, switch in fabric.switches_of(target))
    if not doors:
        return False
    distance = fabric.ways(doors).distance
    return any(switch in distance for _, switch in fabric.switches_of(source))


def demands(machine: Machine, job: Job, flows: list[Flow]) -> list[Demand]:
    """Loads of all flows on wires, fabrics and (over TCP) on the host ends; a flow without a way is a problem."""
    fabric = Fabric(machine)
    ledger = Ledger()
    for flow in flows:
        if first(flow.bytes) <= 0.0 and not any_of(flow.bytes > 0.0):
            continue
        if flow.source == flow.target:
            _exchange(fabric, ledger, flow)
        elif not route(fabric, ledger, flow):
            text = f"no way from {flow.source} to {flow.target}: draw wires between them"
            job.problems.append(("missing", f"box.{flow.target}", text))
    return ledger.demands()


def route(fabric: Fabric, ledger: Ledger, flow: Flow) -> bool:
    """Charge a flow to the wires of its shortest ways; False when there is none."""
    machine = fabric.machine
    direct = fabric.direct(flow.source, flow.target)
    if direct:
        for link, share in zip(direct, split(machine, flow.source, direct), strict=True):
            charge(fabric, ledger, link, link.ends[0] == flow.source, flow.bytes * share, flow.traffic)
        return True
    doors = fabric.switches_of(flow.target)
    ways = fabric.ways(frozenset(switch for _, switch in doors))
    starts = [(link, switch) for link, switch in fabric.switches_of(flow.source) if switch in ways.distance]
    if not starts:
        return False
    if all(link.wire.share is None for link, _ in starts):
        nearest = min(ways.distance[switch] for _, switch in starts)
        starts = [(link, switch) for link, switch in starts if ways.distance[switch] == nearest]
    weights = split(machine, flow.source, [link for link, _ in starts])
    for (link, switch), weight in zip(starts, weights, strict=True):
        amount = flow.bytes * weight
        charge(fabric, ledger, link, link.ends[0] == flow.source, amount, flow.traffic)
        for (name, forward), share in ways.shares[switch].items():
            charge(fabric, ledger, machine.links[name], forward, amount * share, flow.traffic)
        for last, share in ways.arrival[switch].items():
            ends = [wire for wire, at in doors if at == last]
            for end, part in zip(ends, split(machine, last, ends), strict=True):
                charge(fabric, ledger, end, end.ends[0] == last, amount * share * part, flow.traffic)
    return True


def _exchange(fabric: Fabric, ledger: Ledger, flow: Flow) -> None:
    """Collectives among the replicas of a box: out and in over its own wires, through their switches."""
    from infralab.models.network import compute_links

    pool = fabric.machine.pools.get(flow.source)
    links = [] if pool is None else compute_links(fabric.machine, pool)
    if not links:
        return
    for link, share in zip(links, split(fabric.machine, flow.source, links), strict=True):
        for forward in (True, False):
            charge(fabric, ledger, link, forward, flow.bytes * share, flow.traffic)


NODES = frozenset({"node", "system", "server"})


def wire_replicas(machine: Machine, link: Link) -> Number:
    """How many times a wire is there: a storage system of several nodes has its links at each node."""
    replicas = link.replicas
    for end in link.ends:
        tier = machine.tiers.get(end)
        if tier is not None and (tier.component.facts.get("per") in NODES):
            replicas = maximum(replicas, tier.units)
    return replicas


def wire_capacity(machine: Machine, link: Link) -> Number:
    """Achievable bytes/s per direction of all links of a wire, of those replicas that hang on it."""
    share = 1.0 if link.wire.share is None else link.wire.share
    return link.each * wire_replicas(machine, link) * share


def charge(fabric: Fabric, ledger: Ledger, link: Link, forward: bool, amount: Number, traffic: str) -> None:
    """Load one direction of a wire, and the switch it enters where that is oversubscribed."""
    machine = fabric.machine
    if is_local(machine, link):
        return
    side = "forward" if forward else "backward"
    resource = f"{link.owner}.bandwidth"
    capacity = wire_capacity(machine, link)
    ledger.open(resource, link.owner, link.link_id or "wire", "B/s", capacity, side)
    ledger.add(resource, traffic, amount, side)
    switch = machine.switches.get(link.ends[1] if forward else link.ends[0])
    if switch is not None and any_of(switch.oversubscription > 1.0):
        from infralab.models.network import uplink_share

        total: Number = 0.0
        for wire, _ in fabric.ports.get(switch.name, ()):
            total = total + wire_capacity(machine, wire)
        uplinks = f"{switch.owner}.uplink_share"
        ledger.open(uplinks, switch.owner, "fabric uplinks", "B/s", total * uplink_share(machine, switch))
        ledger.add(uplinks, traffic, amount)
