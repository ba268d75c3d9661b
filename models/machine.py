"""The drawn hardware, lowered: boxes and wires with every figure as a number or an array of variants.

`lower.py` makes a `Machine` from a Design; workloads and the data path read it. Nothing here knows
a workload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infralab.models.arithmetic import Number
from infralab.models.design import Box, Design, Wire
from infralab.models.figures import Figures
from infralab.models.trouble import Trouble, Troubled

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component


@dataclass(slots=True)
class Chip:
    """One processor. `path` is its place in the design: figures live at `{path}.peak.bf16` …"""

    path: str
    id: str
    kind: str  # gpu, tpu, cpu, ipu, fpga, npu, edge-gpu, edge-cpu, dpu …
    generation: str  # hopper, blackwell, … or the kind where the facts name none
    facts: Mapping[str, Any]
    peaks: dict[str, Number]  # precision -> FLOP/s, dense
    memory_bytes: Number | None
    memory_bandwidth: Number | None  # bytes/s
    cache_bytes: Number | None
    power_watts: Number | None
    cores: Number | None
    link_bandwidth: Number | None  # scale-up, bytes/s per direction, all links of the chip
    link_kind: str
    link_topology: str
    domain: float  # chips that reach each other over the scale-up link
    host_link: Number | None  # bytes/s per direction


@dataclass(slots=True)
class Host:
    """The host side of one server."""

    path: str
    cores: Number
    memory_bytes: Number
    memory_bandwidth: Number  # bytes/s, theoretical
    clock_hz: Number | None
    mark: str  # cited or assumed
    threads: Number = 0.0


@dataclass(slots=True)
class Dpu:
    """A processor in the network card: takes over transport and ciphers, up to its own limits."""

    path: str
    id: str
    facts: Mapping[str, Any]
    bandwidth: Number | None  # bytes/s of its network interface
    cores: Number | None
    crypto_bandwidth: Number | None
    count: float = 1.0


@dataclass(slots=True)
class Pool:
    """`servers` equal servers of `chips` chips each (CPU servers are pools too)."""

    name: str  # the box's name
    owner: str  # "box.train"
    box: Box
    component: Component
    chip: Chip
    chips: Number  # that take part, in one server
    servers: Number
    host: Host
    ports: tuple[Port, ...]
    dpu: Dpu | None
    disk: Tier | None
    power_watts: Number | None  # of one server, whole, where the facts give it
    price_hour: Number | None  # of one server
    price_mark: str
    torus: tuple[int, ...] = ()

    @property
    def all_chips(self) -> Number:
        return self.chips * self.servers


@dataclass(slots=True)
class Port:
    """A group of equal network ports of one server."""

    name: str  # "nic", "storage_nic", "front"
    link: str  # catalogue id
    count: Number
    bandwidth: Number  # bytes/s per direction of one port


@dataclass(slots=True)
class Tier:
    """A storage tier; figures are of one unit (a drive, a server, a bucket), `units` of them work together."""

    name: str
    owner: str
    box: Box | None  # None for a disk fitted into a server
    component: Component
    kind: str  # object, parallel-fs, nfs, block, memory, archive …
    units: Number
    figures: dict[str, Number]  # as in the catalogue: read_bandwidth, read_iops, latency …
    scope: str = "shared"  # each: one a server
    caches: str | None = None
    policy: str = "lru"


@dataclass(slots=True)
class Switch:
    """A fabric built of one kind of switch, sized to what hangs on it."""

    name: str
    owner: str
    box: Box
    component: Component | None  # None: not known, assumed non-blocking
    port_bandwidth: Number | None
    hop_latency: Number
    oversubscription: Number
    topology: str
    routing: str  # ecmp, adaptive, min-hop
    in_network_reduction: bool


@dataclass(slots=True)
class Link:
    """A drawn wire: `count` parallel links for each replica of the end that has more replicas."""

    name: str
    owner: str  # "wire.train-fabric"
    wire: Wire
    ends: tuple[str, str]  # box names
    component: Component | None
    link_id: str
    count: Number
    bandwidth: Number  # bytes/s per direction of one link, raw
    efficiency: Number  # achievable share
    latency: Number  # seconds
    path: str  # tcp, rdma, gpudirect-rdma, gpudirect-storage, nvme-of
    replicas: Number  # of the end with more replicas
    cpu_per_bandwidth: Number = 0.0  # host cores per byte/s

    @property
    def each(self) -> Number:
        """Achievable bytes/s per direction of one replica's links."""
        return self.count * self.bandwidth * self.efficiency

    @property
    def total(self) -> Number:
        return self.each * self.replicas


@dataclass(slots=True)
class Machine(Troubled):
    """All boxes and wires of one design as numbers, and what is missing or doubtful about them."""

    design: Design
    figures: Figures
    catalogue: Catalogue  # with the design's own components
    base_catalogue: Catalogue
    pools: dict[str, Pool] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)
    switches: dict[str, Switch] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    problems: list[Trouble] = field(default_factory=list)

    def links_of(self, box: str) -> list[Link]:
        return [link for link in self.links.values() if box in link.ends]

    def steppers(self, stage: str = "step") -> list[Pool]:
        """Pools on which a stage runs: those that say so, else accelerators, else CPU servers."""
        named = [p for p in self.pools.values() if stage in p.box.runs]
        if named:
            return named
        free = [p for p in self.pools.values() if not p.box.runs]
        accelerators = [p for p in free if p.chip.kind not in HOST_KINDS]
        return accelerators or free


HOST_KINDS = frozenset({"cpu", "dpu", "smartnic"})
