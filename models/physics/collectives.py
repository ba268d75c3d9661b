"""Seconds of a collective over a group of chips: one or two levels, switched or torus.

`message_bytes` is the buffer of one rank by the convention of nccl-tests (PERFORMANCE.md): for
all-gather the gathered buffer, for reduce-scatter the scattered one, for all-to-all the sent one.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, maximum, sqrt, where


@dataclass(slots=True)
class Lane:
    """One chip's way to its peers on one level: achieved bytes/s per direction, and fixed costs."""

    bandwidth: Number  # achieved by a ring, bytes/s per direction and chip
    alpha: Number  # seconds a step
    beta: Number  # seconds per sqrt(byte): the ramp between latency and bandwidth
    resource: str  # path of the figure that sets the bandwidth
    owner: str
    kind: str
    reduction: Number = 1.0  # factor on bus bandwidth of an all-reduce when the fabric reduces
    axes: float = 0.0  # torus axes used at once; 0: switched
    wrapped: bool = True


@dataclass(slots=True)
class Group:
    """`size` ranks, `local` of them in one scale-up domain."""

    size: Number
    local: Number
    inner: Lane
    outer: Lane | None

    @property
    def remote(self) -> Number:
        """Domains that the group spans."""
        return self.size / maximum(self.local, 1.0)


FACTORS = {"all-reduce": 2.0, "all-gather": 1.0, "reduce-scatter": 1.0, "all-to-all": 1.0, "broadcast": 0.0, "reduce": 0.0}


def bus_factor(op: str, size: Number) -> Number:
    """Bytes a rank moves over the bytes of its buffer: 2(n-1)/n, (n-1)/n or 1."""
    factor = FACTORS[op]
    return factor * (size - 1.0) / maximum(size, 1.0) if factor else where(size > 1.0, 1.0, 0.0)


def seconds(op: str, message_bytes: Number, group: Group) -> Number:
    """Time of one collective; the two levels are pipelined, so the slower one counts.

    Inside a domain of g ranks a rank moves factor(g)·S; across k domains factor(k)·S/g (model.md, 4).
    """
    local = maximum(group.local, 1.0)
    inside = _level(op, message_bytes, local, group.inner)
    if group.outer is None:
        return inside
    remote = group.remote
    share = message_bytes if op == "all-to-all" else message_bytes / local
    across = _level(op, share, remote, group.outer)
    if op == "all-to-all":
        # each rank keeps (n-g)/n of its buffer for other domains
        across = across * where(group.size > 1.0, (group.size - local) / maximum(group.size, 1.0), 0.0) / maximum(
            (remote - 1.0) / maximum(remote, 1.0), 1e-9
        )
        across = where(remote > 1.0, across, 0.0)
    return maximum(inside, across)


def _level(op: str, message_bytes: Number, ranks: Number, lane: Lane) -> Number:
    volume = bus_factor(op, ranks) * message_bytes
    gain = lane.reduction if op == "all-reduce" else 1.0
    steps = where(ranks > 1.0, 1.0, 0.0)
    return steps * (lane.alpha + lane.beta * sqrt(message_bytes)) + volume / (lane.bandwidth * gain)


def cause(group: Group) -> Lane:
    """The level that a collective over the group waits for: across domains where it spans several."""
    if group.outer is None:
        return group.inner
    from infralab.models.arithmetic import any_of

    return group.outer if any_of(group.remote > 1.0) else group.inner
