"""The drawn graph as a network: every byte between boxes finds its way over wires and switches.

Boxes do not forward, switches do. Traffic takes the shortest ways; where there are several, ECMP
splits it evenly over the parallel links of each hop (a closed form). Where all switches on the way
route adaptively and a choice remains, `solve/flow.py` finds the best split instead. A wire to
replicas of a box is as wide as all of them together; `share` says which part of them hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from infralab.models.arithmetic import Number, any_of, first, maximum
from infralab.models.job import Demand, Job
from infralab.models.machine import Link, Machine, Tier
from infralab.models.physics.ledger import Ledger

Arc = tuple[str, bool]  # a wire's name, and whether from its first end to its second
NODES = frozenset({"node", "system", "server"})


@dataclass(slots=True)
class Flow:
    """Bytes that one unit of work moves from box to box; `source == target`: among a box's replicas."""

    source: str
    target: str
    bytes: Number
    traffic: str


@dataclass(slots=True)
class Hop:
    """One wire on the way to a neighbour; `weight` is the share of the traffic that takes it."""

    link: Link
    forward: bool
    other: str
    weight: Number = 1.0

    @property
    def arc(self) -> Arc:
        return self.link.name, self.forward


@dataclass(slots=True)
class Ways:
    """Shortest ways over switches towards a set of switches."""

    distance: dict[str, int]
    onward: dict[str, list[Hop]]  # next hops of a switch with their shares
    arrival: dict[str, dict[str, Number]]  # from a switch: last switch -> share
    order: list[str] = field(default_factory=list)  # farthest first


Loads = dict[Arc, dict[str, Number]]  # bytes per unit of work, by class


class Fabric:
    """The drawn graph of one machine: ports of every box and the wires among switches."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.ports: dict[str, list[Hop]] = {}  # box -> its wires, outwards
        switches = machine.switches
        for link in machine.links.values():
            a, b = link.ends
            self.ports.setdefault(a, []).append(Hop(link, True, b))
            self.ports.setdefault(b, []).append(Hop(link, False, a))
        self.between = {s: [h for h in self.ports.get(s, ()) if h.other in switches] for s in switches}
        self.adaptive = any(switch.routing == "adaptive" for switch in switches.values())
        self._ways: dict[frozenset[str], Ways] = {}
        self._distance: dict[frozenset[str], dict[str, int]] = {}
        self._forks: dict[frozenset[str], bool] = {}
        self._doors: dict[str, list[Hop]] = {}
        self._entries: dict[str, dict[str, list[Hop]]] = {}
        self._exits: dict[tuple[str, frozenset[str]], list[Hop]] = {}
        self._capacity: dict[str, Number | None] = {}

    def direct(self, source: str, target: str) -> list[Hop]:
        return [hop for hop in self.ports.get(source, ()) if hop.other == target]

    def doors(self, box: str) -> list[Hop]:
        """A box's wires to switches."""
        if box not in self._doors:
            switches = self.machine.switches
            self._doors[box] = [hop for hop in self.ports.get(box, ()) if hop.other in switches]
        return self._doors[box]

    def entries(self, box: str) -> dict[str, list[Hop]]:
        """By switch: a box's wires there, outwards, with the share that each takes of what comes in."""
        if box not in self._entries:
            by_switch: dict[str, list[Hop]] = {}
            for hop in self.doors(box):
                by_switch.setdefault(hop.other, []).append(hop)
            self._entries[box] = {s: split(self.machine, s, hops) for s, hops in by_switch.items()}
        return self._entries[box]

    def exits(self, box: str, targets: frozenset[str]) -> list[Hop]:
        """The wires by which a box's traffic towards the target switches leaves, with their shares."""
        key = (box, targets)
        if key not in self._exits:
            distance = self.ways(targets).distance
            hops = [hop for hop in self.doors(box) if hop.other in distance]
            if hops and all(hop.link.wire.share is None for hop in hops):
                nearest = min(distance[hop.other] for hop in hops)
                hops = [hop for hop in hops if distance[hop.other] == nearest]
            self._exits[key] = split(self.machine, box, hops) if hops else []
        return self._exits[key]

    def capacity(self, name: str) -> Number | None:
        """Bytes/s per direction of a wire; None for one inside a server, which is no network."""
        if name not in self._capacity:
            link = self.machine.links[name]
            local = is_local(self.machine, link)
            self._capacity[name] = None if local else wire_capacity(self.machine, link)
        return self._capacity[name]

    def reach(self, source: str, target: str) -> bool:
        """Whether wires and switches lead from box to box."""
        if self.direct(source, target):
            return True
        doors = frozenset(hop.other for hop in self.doors(target))
        if not doors:
            return False
        distance = self.distance(doors)
        return any(hop.other in distance for hop in self.doors(source))

    def distance(self, targets: frozenset[str]) -> dict[str, int]:
        """Hops over switches to the nearest of the target switches, of all switches that reach one."""
        if targets in self._distance:
            return self._distance[targets]
        distance = dict.fromkeys(sorted(targets), 0)
        wave = list(distance)
        while wave:
            reached = []
            for switch in wave:
                for hop in self.between[switch]:
                    if hop.other not in distance:
                        distance[hop.other] = distance[switch] + 1
                        reached.append(hop.other)
            wave = reached
        self._distance[targets] = distance
        return distance

    def forks(self, targets: frozenset[str]) -> bool:
        """Whether some switch has several wires that lead nearer to the target switches."""
        if targets not in self._forks:
            distance = self.distance(targets)
            self._forks[targets] = any(
                near > 0 and sum(distance.get(hop.other, near) < near for hop in self.between[switch]) > 1
                for switch, near in distance.items()
            )
        return self._forks[targets]

    def ways(self, targets: frozenset[str]) -> Ways:
        """Shortest ways over switches to any of the target switches."""
        if targets in self._ways:
            return self._ways[targets]
        distance = self.distance(targets)
        found = Ways(distance, {}, {})
        near = sorted(distance, key=lambda s: distance[s])
        for switch in near:
            self._spread(switch, found)
        found.order = near[::-1]
        self._ways[targets] = found
        return found

    def _spread(self, switch: str, ways: Ways) -> None:
        near = ways.distance[switch]
        if near == 0:
            ways.onward[switch], ways.arrival[switch] = [], {switch: 1.0}
            return
        hops = [hop for hop in self.between[switch] if ways.distance.get(hop.other, near) < near]
        ways.onward[switch] = split(self.machine, switch, hops)
        arrival: dict[str, Number] = {}
        for hop in ways.onward[switch]:
            for last, share in ways.arrival[hop.other].items():
                arrival[last] = arrival.get(last, 0.0) + hop.weight * share
        ways.arrival[switch] = arrival


_latest: list[Fabric] = []


def fabric_of(machine: Machine) -> Fabric:
    """The machine's graph, built once while the same machine is asked for again and again."""
    for known in tuple(_latest):
        if known.machine is machine:
            return known
    found = Fabric(machine)
    _latest[:] = [found]
    return found


def split(machine: Machine, node: str, hops: list[Hop]) -> list[Hop]:
    """The hops with their shares: as drawn, else even over parallel links (ECMP), else by rate."""
    if len(hops) == 1:
        return [Hop(hops[0].link, hops[0].forward, hops[0].other)]
    weights: list[Number]
    if any(hop.link.wire.share is not None for hop in hops):
        weights = [hop.link.wire.share or 0.0 for hop in hops]
    else:
        switch = machine.switches.get(node)
        even = switch is not None and switch.routing == "ecmp"
        weights = [h.link.count if even else h.link.count * _finite(h.link.bandwidth) for h in hops]
    total: Number = 0.0
    for weight in weights:
        total = total + weight
    return [Hop(h.link, h.forward, h.other, w / total) for h, w in zip(hops, weights, strict=True)]


def _finite(bandwidth: Number) -> Number:
    return bandwidth if first(bandwidth) < 1e30 else 1e15


def is_local(machine: Machine, link: Link) -> bool:
    """A drive or memory drawn at a server without naming a link sits inside it: no network between."""
    if link.wire.is_ is not None or link.wire.path == "nvme-of":
        return False
    if any(end in machine.switches for end in link.ends):
        return False
    return any(end in machine.tiers and machine.tiers[end].kind in ("block", "memory") for end in link.ends)


def inside(tier: Tier) -> bool:
    """Whether the tier is drives fitted into servers, which no wire leads to."""
    return tier.name.endswith(".disk")


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


def demands(machine: Machine, job: Job, flows: list[Flow]) -> list[Demand]:
    """Loads of all flows on wires and fabrics; a flow without a way is a problem of the job."""
    fabric = fabric_of(machine)
    wanted = [flow for flow in flows if any_of(flow.bytes > 0.0)]
    loads: Loads = {}
    chosen: list[Flow] = []
    others: list[Flow] = []
    for flow in wanted:
        (chosen if has_choice(fabric, flow) else others).append(flow)
    if chosen:
        from infralab.models.solve import flow as best

        settled = best.settle(fabric, chosen, route(fabric, others, job))
        if settled is not None:
            return to_ledger(fabric, settled).demands()
    loads = route(fabric, wanted, job)
    return to_ledger(fabric, loads).demands()


def has_choice(fabric: Fabric, flow: Flow) -> bool:
    """Whether adaptive switches can split the flow in more than one way."""
    if not fabric.adaptive or flow.source == flow.target or fabric.direct(flow.source, flow.target):
        return False
    machine = fabric.machine
    starts, ends = fabric.doors(flow.source), fabric.doors(flow.target)
    if any(hop.link.wire.share is not None for hop in (*starts, *ends)):
        return False
    doors = frozenset(hop.other for hop in ends)
    distance = fabric.distance(doors)
    passed = {hop.other for hop in starts if hop.other in distance}
    if not passed or any(machine.switches[s].routing != "adaptive" for s in distance):
        return False
    return len(passed) > 1 or len(doors) > 1 or fabric.forks(doors)


def route(fabric: Fabric, flows: list[Flow], job: Job | None = None) -> Loads:
    """Charge flows to the wires of their shortest ways; those without one become problems of the job."""
    loads: Loads = {}
    passing: dict[tuple[frozenset[str], str], dict[str, Number]] = {}
    for flow in flows:
        if flow.source == flow.target:
            _exchange(fabric, loads, flow)
        elif not _enter(fabric, loads, passing, flow) and job is not None:
            text = f"no way from {flow.source} to {flow.target}: draw wires between them"
            job.missing(f"box.{flow.target}", text)
    for (targets, traffic), amounts in passing.items():
        ways = fabric.ways(targets)
        for switch in ways.order:
            amount = amounts.get(switch)
            if amount is None:
                continue
            for hop in ways.onward[switch]:
                part = amount * hop.weight
                add(loads, hop.arc, traffic, part)
                amounts[hop.other] = amounts.get(hop.other, 0.0) + part
    return loads


def add(loads: Loads, arc: Arc, traffic: str, amount: Number) -> None:
    """Add bytes of a class to an arc of a wire."""
    classes = loads.setdefault(arc, {})
    classes[traffic] = classes.get(traffic, 0.0) + amount


def _enter(
    fabric: Fabric, loads: Loads, passing: dict[tuple[frozenset[str], str], dict[str, Number]], flow: Flow
) -> bool:
    """Charge a flow's own wires at both ends, and hand what is between to the switches it enters."""
    machine = fabric.machine
    direct = fabric.direct(flow.source, flow.target)
    if direct:
        for hop in split(machine, flow.source, direct):
            add(loads, hop.arc, flow.traffic, flow.bytes * hop.weight)
        return True
    entries = fabric.entries(flow.target)
    targets = frozenset(entries)
    starts = fabric.exits(flow.source, targets)
    if not starts:
        return False
    arrival = fabric.ways(targets).arrival
    amounts = passing.setdefault((targets, flow.traffic), {})
    for hop in starts:
        amount = flow.bytes * hop.weight
        add(loads, hop.arc, flow.traffic, amount)
        amounts[hop.other] = amounts.get(hop.other, 0.0) + amount
        for last, share in arrival[hop.other].items():
            for end in entries[last]:
                add(loads, (end.link.name, not end.forward), flow.traffic, amount * share * end.weight)
    return True


def _exchange(fabric: Fabric, loads: Loads, flow: Flow) -> None:
    """Collectives among the replicas of a box: out and in over its own wires."""
    from infralab.models.network import compute_links

    pool = fabric.machine.pools.get(flow.source)
    links = [] if pool is None else compute_links(fabric.machine, pool)
    hops = [Hop(link, link.ends[0] == flow.source, "") for link in links]
    for hop in split(fabric.machine, flow.source, hops) if hops else ():
        for forward in (True, False):
            add(loads, (hop.link.name, forward), flow.traffic, flow.bytes * hop.weight)


def to_ledger(fabric: Fabric, loads: Loads) -> Ledger:
    """Loads as accounts of wires, one a direction, and of the oversubscribed fabrics that they enter."""
    from infralab.models.network import uplink_share

    machine = fabric.machine
    ledger = Ledger()
    for (name, forward), classes in loads.items():
        capacity = fabric.capacity(name)
        if capacity is None:
            continue
        link = machine.links[name]
        resource, side = f"{link.owner}.bandwidth", "forward" if forward else "backward"
        ledger.open(resource, link.owner, link.link_id or "wire", "B/s", capacity, side)
        for traffic, amount in classes.items():
            ledger.add(resource, traffic, amount, side)
        switch = machine.switches.get(link.ends[1] if forward else link.ends[0])
        if switch is None or not any_of(switch.oversubscription > 1.0):
            continue
        total: Number = 0.0
        for hop in fabric.ports.get(switch.name, ()):
            total = total + wire_capacity(machine, hop.link)
        uplinks = f"{switch.owner}.uplink_share"
        ledger.open(uplinks, switch.owner, "fabric uplinks", "B/s", total * uplink_share(machine, switch))
        for traffic, amount in classes.items():
            ledger.add(uplinks, traffic, amount)
    return ledger
