"""What chips see of each other: the scale-up domain inside, NICs and drawn wires outside."""

from __future__ import annotations

from infralab.models.arithmetic import Number, maximum, minimum
from infralab.models.constants import fitted
from infralab.models.job import Demand, Job
from infralab.models.machine import Machine, Pool
from infralab.models.physics.collectives import Group, Lane


def inner_lane(machine: Machine, pool: Pool) -> Lane:
    """A chip's lane to the other chips of its scale-up domain; over PCIe where it has no link."""
    chip = pool.chip
    keys = (chip.link_kind, "pcie") if chip.link_bandwidth is not None else ("pcie",)
    bandwidth = chip.link_bandwidth if chip.link_bandwidth is not None else chip.host_link
    figure = "link_bandwidth" if chip.link_bandwidth is not None else "host_link"
    if bandwidth is None:
        bandwidth = machine.figures.figure(f"{chip.path}.{figure}", 32e9, "B/s", "assumed", "PCIe 4 x16")
    share = fitted(machine.figures, "network", keys, "bandwidth_share")
    return Lane(
        bandwidth=bandwidth * share,
        alpha=fitted(machine.figures, "network", keys, "alpha_seconds", "s"),
        beta=fitted(machine.figures, "network", keys, "beta_seconds_per_sqrt_byte"),
        resource=f"{chip.path}.{figure}",
        owner=pool.owner,
        kind=chip.link_kind or "PCIe",
    )


def outer_lane(machine: Machine, pool: Pool) -> Lane | None:
    """A chip's share of what its server has towards the fabric; None when nothing is drawn."""
    total: Number = 0.0
    chosen = None
    for link in machine.links_of(pool.name):
        other = link.ends[0] if link.ends[1] == pool.name else link.ends[1]
        if other in machine.tiers:
            continue
        over: Number = 1.0
        if other in machine.switches:
            over = machine.switches[other].oversubscription
        total = total + link.count * link.bandwidth / maximum(over, 1.0)
        chosen = link
    if chosen is None:
        return None
    keys = (chosen.link_id, "default")
    share = fitted(machine.figures, "network", keys, "bandwidth_share")
    return Lane(
        bandwidth=total / pool.chips * share,
        alpha=fitted(machine.figures, "network", keys, "alpha_seconds", "s"),
        beta=fitted(machine.figures, "network", keys, "beta_seconds_per_sqrt_byte"),
        resource=f"{chosen.owner}.bandwidth",
        owner=chosen.owner,
        kind=chosen.link_id or "network",
    )


def group(machine: Machine, pool: Pool, size: Number, stride: Number = 1.0) -> Group:
    """`size` chips of a pool, `stride` chips apart: (tensor, 1), (data, tensor·…) and so on."""
    if pool.torus:
        domain: Number = pool.all_chips
    else:
        domain = maximum(minimum(pool.chip.domain if pool.chip.domain > 1 else pool.chips, pool.chips), 1.0)
    local = minimum(size, maximum(domain / stride, 1.0))
    return Group(size=size, local=local, inner=inner_lane(machine, pool), outer=outer_lane(machine, pool))


def demands(machine: Machine, job: Job) -> list[Demand]:
    """The load of the job's traffic on every drawn wire and switch."""
    return []
