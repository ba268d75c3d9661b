"""What chips see of each other: the scale-up domain inside, NICs and drawn wires outside.

`group` gives a workload the two levels that a collective passes; `demands` gives the load of all
traffic (the job's own, its input, its checkpoints) on every drawn wire and fabric.
"""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of, every, first, maximum, minimum, where
from infralab.models.constants import fitted
from infralab.models.job import Demand, Job
from infralab.models.machine import Link, Machine, Pool, Switch
from infralab.models.physics.collectives import Group, Lane
from infralab.models.physics.torus import dimensions, extents, inside_bandwidth, shape

RACK = 16.0  # chips; a larger scale-up domain is a rack of its own switches
GPUDIRECT = frozenset({"gpudirect-rdma", "gpudirect-storage"})


def group(machine: Machine, pool: Pool, size: Number, stride: Number = 1.0) -> Group:
    """`size` chips of a pool, `stride` chips apart: (tensor, 1), (data, tensor·…) and so on."""
    slice_shape = torus_of(machine, pool)
    if slice_shape:
        return _torus_group(machine, pool, size, stride, slice_shape)
    domain = scale_up_domain(pool)
    fits: bool = True
    if any_of(pool.chips > domain):
        # a server with several scale-up domains (bridged pairs, no link at all): PCIe joins them
        fits = every(size * stride <= domain)
        domain = where(size * stride <= domain, domain, pool.chips)
    local = minimum(size, maximum(domain / maximum(stride, 1.0), 1.0))
    linked = fits and pool.chip.link_bandwidth is not None
    inner = link_lane(machine, pool, local) if linked else pcie_lane(machine, pool)
    return Group(size=size, local=local, inner=inner, outer=outer_lane(machine, pool, size * stride))


def scale_up_domain(pool: Pool) -> Number:
    """Chips of a server that reach each other over their own links; 1 where they have none."""
    if pool.chip.link_bandwidth is None:
        return 1.0
    domain = pool.chip.domain if pool.chip.domain > 1 else pool.chips
    return maximum(minimum(domain, pool.chips), 1.0)


def inner_lane(machine: Machine, pool: Pool) -> Lane:
    """A chip's lane to its peers in the server: its own links, else PCIe."""
    if pool.chip.link_bandwidth is None:
        return pcie_lane(machine, pool)
    return link_lane(machine, pool, scale_up_domain(pool))


def link_lane(machine: Machine, pool: Pool, ranks: Number) -> Lane:
    """The chip's own links among `ranks` chips of its domain."""
    chip = pool.chip
    assert chip.link_bandwidth is not None
    bandwidth = chip.link_bandwidth
    if chip.link_topology == "full-mesh" and chip.domain > 1:
        # each pair has its own link: fewer ranks use fewer links
        bandwidth = bandwidth * minimum(maximum(ranks - 1.0, 1.0) / (chip.domain - 1.0), 1.0)
    family = chip.link_kind.split("-")[0]
    rack = any_of(ranks > RACK)
    keys: tuple[str, ...] = (f"{chip.link_kind}-rack",) if rack else ()
    keys = (*keys, chip.link_kind, family, "scale-up")
    name = link_name(chip.link_kind)
    return _lane(machine, keys, bandwidth, f"{chip.path}.link_bandwidth", pool.owner, name)


def pcie_lane(machine: Machine, pool: Pool) -> Lane:
    """Chips that reach each other through the host only."""
    bandwidth = host_link(machine, pool)
    return _lane(machine, ("pcie",), bandwidth, f"{pool.chip.path}.host_link", pool.owner, "PCIe")


def host_link(machine: Machine, pool: Pool) -> Number:
    """Bytes/s per direction between the host and one chip; assumed where the facts lack it."""
    if pool.chip.host_link is not None:
        return pool.chip.host_link
    from infralab.models.constants import assumed

    path = f"{pool.chip.path}.host_link"
    machine.figures.assume(
        f"{pool.name}: link between host and chip not known, taken as PCIe 4 x16", moves=False
    )
    return machine.figures.figure(path, assumed("host.link_bandwidth"), "B/s", "assumed", "PCIe 4 x16")


def link_name(kind: str) -> str:
    """Name for people: "nvlink4" -> "NVLink", "ici" -> "ICI"."""
    from infralab.models.constants import table

    family = kind.split("-")[0].rstrip("0123456789")
    return str(table("network").get("names", {}).get(family, kind or "chip link"))


def _lane(
    machine: Machine, keys: tuple[str, ...], bandwidth: Number, resource: str, owner: str, kind: str
) -> Lane:
    figures = machine.figures

    def constant(name: str, unit: str = "") -> Number:
        return fitted(figures, "network", keys, name, unit)

    ring = constant("ring_share")
    spanning = constant("spanning_share")
    reduction = constant("reduction_share")
    exchange = constant("exchange_share")
    return Lane(
        bandwidth=bandwidth * ring,
        alpha=constant("alpha_seconds", "s"),
        beta=constant("beta_seconds_per_sqrt_byte", "s"),
        resource=resource,
        owner=owner,
        kind=kind,
        hop=constant("hop_seconds", "s"),
        exchange=bandwidth * exchange,
        exchange_loss=constant("exchange_loss"),
        spanning=bandwidth * spanning if any_of(spanning > 0.0) else None,
        tree=bool(first(constant("tree"))),
        reduction=bandwidth * reduction if any_of(reduction > 0.0) else None,
        reduction_ranks=first(constant("reduction_ranks")),
    )


def torus_of(machine: Machine, pool: Pool) -> tuple[int, ...]:
    """Shape of the slice of a torus that the pool's chips form; the most even one where it is not given."""
    if pool.torus:
        return pool.torus
    axes = dimensions(pool.chip.link_topology)
    chips = int(min(first(pool.all_chips), max(pool.chip.domain, first(pool.chips))))
    if not axes or chips < 2:
        return ()
    found = shape(chips, axes)
    text = f"{pool.name}: shape of the slice not given, {'x'.join(map(str, found))}"
    machine.figures.assume(text, moves=False)
    return found


def _torus_group(
    machine: Machine, pool: Pool, size: Number, stride: Number, slice_shape: tuple[int, ...]
) -> Group:
    """Rings along the axes that the group spans, all at once; beyond the slice the hosts' network."""
    pod = 1.0
    for axis in slice_shape:
        pod *= axis
    local = minimum(size, maximum(pod / maximum(stride, 1.0), 1.0))
    spans = extents(slice_shape, local, stride)
    lane = link_lane(machine, pool, local)
    share, slowest, hops = inside_bandwidth(slice_shape, spans, pool.chip.link_topology)
    lane.bandwidth = lane.bandwidth * share
    lane.exchange = minimum(lane.exchanged, lane.exchanged * slowest)
    outer = outer_lane(machine, pool, size * stride)
    if outer is None and any_of(size > local):
        outer = _own_ports(machine, pool)
    return Group(size, local, lane, outer, hops)


def _own_ports(machine: Machine, pool: Pool) -> Lane | None:
    """Slices of a pod product that no wire joins: over their hosts' own ports, which is said."""
    port = next(iter(pool.ports), None)
    if port is None:
        return None
    machine.figures.assume(f"{pool.name}: slices are joined by their hosts' own ports")
    family = port.link.split("-")[0]
    total = port.count * port.bandwidth / pool.chips
    return _lane(machine, (port.link, family, "scale-out"), total, f"{pool.owner}.ports", pool.owner, port.link)


def compute_links(machine: Machine, pool: Pool) -> list[Link]:
    """The wires that carry traffic between servers: of those towards other boxes, the fastest kind."""
    total: dict[str, float] = {}
    links: dict[str, list[Link]] = {}
    for link in machine.links_of(pool.name):
        if _other(link, pool.name) in machine.tiers:
            continue
        total[link.link_id] = total.get(link.link_id, 0.0) + first(link.count * link.bandwidth)
        links.setdefault(link.link_id, []).append(link)
    return links[max(total, key=lambda kind: total[kind])] if total else []


def say_unjoined(machine: Machine, job: Job) -> None:
    """Servers that train one model need a network between them: what is not drawn is not charged, but said."""
    workload = machine.design.workload
    if workload is None or not workload.kind.endswith("-training"):
        return
    for owner in dict.fromkeys(step.pool for step in job.steps):
        pool = machine.pools.get(owner.partition(".")[2])
        if pool is None or pool.torus or not any_of(pool.servers > 1.0) or compute_links(machine, pool):
            continue
        machine.missing(owner, f"the servers of {pool.name} have no network between them: draw a fabric")


def outer_lane(machine: Machine, pool: Pool, span: Number | None = None) -> Lane | None:
    """A chip's share of what its server has towards the others; None when nothing is drawn.

    The least of wires, ports and PCIe; without GPUDirect also of the host memory that each byte
    crosses twice on its way out and twice on its way in; over TCP also of the host's cores.
    """
    links = compute_links(machine, pool)
    if not links:
        return None
    total: Number = 0.0
    chosen = links[0]
    resource, owner, kind = f"{chosen.owner}.bandwidth", chosen.owner, wire_name(chosen)
    for link in links:
        switch = machine.switches.get(_other(link, pool.name))
        share = carried(machine, pool, link, switch, span) if switch is not None else 1.0
        if switch is not None and any_of(share < 1.0):
            resource, owner, kind = f"{switch.owner}.uplink_share", switch.owner, "fabric uplinks"
        total = total + link.count * link.bandwidth * share
    found = _host_path(pool, chosen, total)
    if found is not None:
        total, resource, kind = found
        owner = pool.owner
    family = chosen.link_id.split("-")[0]
    lane = _lane(machine, (chosen.link_id, family, "scale-out"), total / pool.chips, resource, owner, kind)
    switch = machine.switches.get(_other(chosen, pool.name))
    if switch is not None and switch.routing == "ecmp":
        _collide(machine, pool, chosen, lane, span)
    if switch is not None:
        lane.hop = lane.hop + 2.0 * switch.hop_latency
        if switch.in_network_reduction and switch.box.in_network_reduction:
            lane.reduction = lane.bandwidth
    return lane


def _collide(machine: Machine, pool: Pool, link: Link, lane: Lane, span: Number | None) -> None:
    """Flows that ECMP hashes onto the same path, from three servers on; sprayed packets do not collide."""
    share = fitted(machine.figures, "network", (link.link_id, link.link_id.split("-")[0]), "ecmp_share")
    if span is not None:
        share = where(span > 2.0 * pool.chips, share, 1.0)
    lane.bandwidth = lane.bandwidth * share
    lane.exchange = lane.exchanged * share


def _host_path(pool: Pool, link: Link, total: Number) -> tuple[Number, str, str] | None:
    """Rate, resource and its name where the host, not the wires, sets what its chips' bytes pass through."""
    if link.path in GPUDIRECT or pool.chip.kind in ("cpu", "edge-cpu", "dpu"):
        return None
    least, resource, kind = total, "", ""
    memory = pool.host.memory_bandwidth / 4.0  # out and in, two crossings each
    if any_of(memory < least):
        resource, kind = f"{pool.host.path}.memory_bandwidth", "host memory bandwidth"
        least = minimum(least, memory)
    if any_of(link.cpu_per_bandwidth > 0.0) and pool.dpu is None:
        cores = pool.host.cores / maximum(2.0 * link.cpu_per_bandwidth, 1e-30)
        if any_of(cores < least):
            resource, kind = f"{pool.host.path}.cores", "host cores (TCP)"
            least = minimum(least, cores)
    return (least, resource, kind) if resource else None


def uplink_share(machine: Machine, switch: Switch) -> Number:
    """Share of its boxes' rate that a fabric carries between leaf switches: 1 / oversubscription, a figure."""
    path = f"{switch.owner}.uplink_share"
    if path not in machine.figures.read:
        share = 1.0 / maximum(switch.oversubscription, 1.0)
        machine.figures.figure(path, share, "", "derived", "1 / oversubscription")
    return machine.figures.read[path].value


def carried(machine: Machine, pool: Pool, link: Link, switch: Switch, span: Number | None) -> Number:
    """Share of a wire's rate that the fabric carries to the group's other servers; all of it within one leaf."""
    if not any_of(switch.oversubscription > 1.0):
        return 1.0
    share = minimum(uplink_share(machine, switch), 1.0)
    ports = None if switch.component is None else switch.component.figures.get("ports")
    if span is None or ports is None:
        return share
    over = maximum(switch.oversubscription, 1.0)
    down = ports * over / (1.0 + over)
    servers = maximum(span / pool.chips, 1.0)
    on_leaf = servers if switch.topology in ("rail", "rail-optimised") else servers * link.count
    return where(on_leaf <= down, 1.0, share)


def wire_name(link: Link) -> str:
    """What a wire is called: its link's id, or what it is."""
    return link.link_id or "network"


def _other(link: Link, box: str) -> str:
    return link.ends[0] if link.ends[1] == box else link.ends[1]


def demands(machine: Machine, job: Job) -> list[Demand]:
    """The load of all traffic on every drawn wire and fabric, by class."""
    from infralab.models import datapath
    from infralab.models.physics import fabric

    flows = [fabric.Flow(t.source, t.target, t.bytes, t.traffic or t.name) for t in job.traffic]
    flows.extend(datapath.flows(machine, job))
    if not flows:
        return []
    return fabric.demands(machine, job, flows)
