"""Seconds of a collective over a group of chips: one scale-up domain or several, switched or torus.

`message_bytes` is the buffer of one rank by the convention of nccl-tests (PERFORMANCE.md): for
all-gather the gathered buffer, for reduce-scatter the scattered one, for all-to-all the sent one.

The library takes the fastest of its algorithms, so does `seconds`:
- ring: 2(n-1)/n of the buffer passes every link, across domains every NIC (a flat ring: the NICs of a
  domain carry the whole of it together), n-1 hops twice;
- tree: for two domains each sends the buffer once, for more twice; hops grow with the logarithm;
- reduction in the switches of a domain: a chip sends S(1+1/n) (its own share of n, and the result);
  in the fabric between domains about S (SHARP).
Each is `alpha + beta sqrt(S) + hops + bytes / achieved bandwidth` (model.md, 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, log2, maximum, minimum, sqrt, where


@dataclass(slots=True)
class Lane:
    """One chip's way to its peers on one level: achieved bytes/s per direction, and fixed costs."""

    bandwidth: Number  # achieved by a ring, bytes/s per direction and chip
    alpha: Number  # seconds a collective
    beta: Number  # seconds per sqrt(byte): the ramp between latency and bandwidth
    resource: str  # path of the figure that sets the bandwidth
    owner: str
    kind: str  # for people
    hop: Number = 0.0  # seconds a step of a ring or tree
    exchange: Number | None = None  # achieved by an all-to-all; None: as a ring
    exchange_loss: Number = 0.0  # share of the exchange lost at one peer domain, falling as 1/domains
    spanning: Number | None = None  # achieved by a ring that goes on to other domains; None: as inside
    tree: bool = True  # whether the library builds trees over groups that span
    reduction: Number | None = None  # achieved bytes/s when the switches reduce; None: they cannot
    reduction_ranks: float = 2.0  # from this many ranks on

    @property
    def exchanged(self) -> Number:
        return self.bandwidth if self.exchange is None else self.exchange


@dataclass(slots=True)
class Group:
    """`size` ranks, `local` of them in one scale-up domain."""

    size: Number
    local: Number
    inner: Lane
    outer: Lane | None
    hops: Number | None = None  # steps once around inside a domain; None: local - 1 (a ring on a switch)

    @property
    def remote(self) -> Number:
        """Domains that the group spans."""
        return maximum(self.size / maximum(self.local, 1.0), 1.0)

    @property
    def steps(self) -> Number:
        return maximum(self.local - 1.0, 0.0) if self.hops is None else self.hops


FACTORS = {
    "all-reduce": 2.0,
    "all-gather": 1.0,
    "reduce-scatter": 1.0,
    "all-to-all": 1.0,
    "broadcast": 0.0,
    "reduce": 0.0,
}


def bus_factor(op: str, size: Number) -> Number:
    """Bytes a rank moves over the bytes of its buffer: 2(n-1)/n, (n-1)/n or 1. KeyError: unknown op."""
    factor = FACTORS[op]
    return factor * (size - 1.0) / maximum(size, 1.0) if factor else where(size > 1.0, 1.0, 0.0)


def seconds(op: str, message_bytes: Number, group: Group) -> Number:
    """Time of one collective; zero for a group of one. KeyError for an unknown `op`."""
    if group.outer is None or not any_of(group.remote > 1.0):
        found = _inside(op, message_bytes, group)
    elif not any_of(group.remote <= 1.0):
        found = _across(op, message_bytes, group, group.outer)
    else:
        inside = _inside(op, message_bytes, group)
        found = where(group.remote > 1.0, _across(op, message_bytes, group, group.outer), inside)
    return where(group.size > 1.0, found, 0.0)


def cause(group: Group, op: str = "all-reduce") -> Lane:
    """The level that a large collective over the group waits for."""
    if group.outer is None or not any_of(group.remote > 1.0):
        return group.inner
    if op == "all-to-all":
        # most of each buffer leaves the domain, by one rank's own share of the NICs
        return group.outer
    inner = group.inner.bandwidth if group.inner.spanning is None else group.inner.spanning
    slower = group.outer.bandwidth * maximum(group.local, 1.0) <= inner
    return group.outer if any_of(slower) else group.inner


def _inside(op: str, message_bytes: Number, group: Group) -> Number:
    lane = group.inner
    ranks = maximum(minimum(group.size, group.local), 1.0)
    ramp = lane.alpha + lane.beta * sqrt(message_bytes)
    volume = bus_factor(op, ranks) * message_bytes
    if op == "all-to-all":
        return ramp + volume / lane.exchanged
    turns = 2.0 if op == "all-reduce" else 1.0
    ring = ramp + turns * group.steps * lane.hop + volume / lane.bandwidth
    if lane.reduction is None or op != "all-reduce":
        return ring
    reduced = ramp + message_bytes * (1.0 + 1.0 / ranks) / lane.reduction
    return where(ranks >= lane.reduction_ranks, minimum(ring, reduced), ring)


def _across(op: str, message_bytes: Number, group: Group, outer: Lane) -> Number:
    inner = group.inner
    local = maximum(group.local, 1.0)
    ramp = outer.alpha + outer.beta * sqrt(message_bytes)
    if op == "all-to-all":
        return ramp + _exchange(message_bytes, group, outer)
    domain_rate = outer.bandwidth * local  # all NICs of the domain's ranks
    along = inner.bandwidth if inner.spanning is None else inner.spanning
    along = where(local > 1.0, along, float("inf"))
    volume = bus_factor(op, group.size) * message_bytes
    turns = 2.0 if op == "all-reduce" else 1.0
    around = group.remote * (outer.hop + group.steps * inner.hop)
    ring = ramp + turns * around + volume / minimum(along, domain_rate)
    if op != "all-reduce" or not inner.tree:
        return ring
    return minimum(ring, _tree(message_bytes, group, outer, ramp))


def _tree(message_bytes: Number, group: Group, outer: Lane, ramp: Number) -> Number:
    """Trees over domains, reduced by the switches inside and between them where these can."""
    inner = group.inner
    local = maximum(group.local, 1.0)
    remote = group.remote
    passes = where(remote > 2.0, 2.0, 1.0)
    nic_bytes: Number = passes * message_bytes
    if outer.reduction is not None:
        nic_bytes = message_bytes
        passes = 1.0
    inside = bus_factor("all-reduce", local) * message_bytes * where(local > 1.0, 1.0, 0.0) / inner.bandwidth
    if inner.reduction is not None:
        reduced = passes * message_bytes * (1.0 + 1.0 / local) / inner.reduction
        inside = where(local >= inner.reduction_ranks, minimum(inside, reduced), inside)
    depth = log2(maximum(remote, 1.0))
    hops = 2.0 * (depth * outer.hop + group.steps * inner.hop)
    return ramp + hops + maximum(inside, nic_bytes / (outer.exchanged * local))


def _exchange(message_bytes: Number, group: Group, outer: Lane) -> Number:
    """All-to-all: what leaves the domain goes by the rank's share of the NICs, the rest inside."""
    size = maximum(group.size, 1.0)
    away = message_bytes * maximum(size - group.local, 0.0) / size
    inside = message_bytes * maximum(group.local - 1.0, 0.0) / size
    share = 1.0 - outer.exchange_loss / maximum(group.remote, 1.0)
    return maximum(away / (outer.exchanged * share), inside / group.inner.exchanged)
