"""What moving bytes costs a server: cores for TCP, crossings of host memory, the link to the chips.

TCP takes cores by the byte and copies from the kernel to the reader; RDMA takes none and lands once;
GPUDirect leaves the host out. A DPU does the transport up to its own line rate (model.md, 6).
"""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of, maximum, minimum
from infralab.models.constants import fitted
from infralab.models.job import COPY
from infralab.models.machine import Link, Machine, Pool, Tier
from infralab.models.network import host_link
from infralab.models.physics.fabric import wire_replicas
from infralab.models.physics.ledger import Ledger

# crossings of host memory by a byte that arrives: written by the device, read and written by a copy
CROSSINGS = {
    "tcp": 3.0,
    "nvme-of": 3.0,
    "rdma": 1.0,
    "gpudirect-rdma": 1.0,
    "local": 1.0,
    "gpudirect-storage": 0.0,
}


def arrive(
    machine: Machine, ledger: Ledger, pool: Pool, link: Link | None, tier: Tier, amount: Number, traffic: str
) -> None:
    """Bytes a unit of work come in from a tier: over a wire, or from inside the server (`link` None)."""
    path = "local" if link is None else link.path
    if link is not None and path == "local":
        path = "tcp"
    memory_crossings(machine, ledger, pool, amount * CROSSINGS.get(path, 3.0), traffic)
    if link is None:
        return
    if path in ("tcp", "nvme-of"):
        if pool.dpu is None:
            cores(ledger, pool, amount * link.cpu_per_bandwidth, traffic)
        elif pool.dpu.bandwidth is not None:
            resource = f"{pool.dpu.path}.bandwidth"
            capacity = pool.dpu.bandwidth * pool.dpu.count * pool.servers
            ledger.open(resource, pool.owner, "DPU line rate", "B/s", capacity)
            ledger.add(resource, traffic, amount)
    client(machine, ledger, pool, link, tier, amount, traffic)


def client(
    machine: Machine, ledger: Ledger, pool: Pool, link: Link, tier: Tier, amount: Number, traffic: str
) -> None:
    """The client stack of a server moves a share of its links' rate, and no more than its kind can."""
    path = link.path if link.path != "gpudirect-rdma" else "rdma"
    key = f"{path}-dpu" if path == "nvme-of" and pool.dpu is not None else path
    keys = (key, path)
    if tier.kind.startswith("nfs") and path == "tcp":
        keys = ("nfs", key)
    most = fitted(machine.figures, "storage", keys, "client_bandwidth", "B/s")
    if any_of(most < 1e30):
        found = f"fitted.storage.{keys[0]}.client_bandwidth"
        ledger.open(found, pool.owner, f"{keys[0]} client of a host", "B/s", most * pool.servers)
        ledger.add(found, traffic, amount)
    if any_of(pool.servers < wire_replicas(machine, link)):
        return  # the wires belong to the other end's replicas
    share = fitted(machine.figures, "storage", keys, "client_share")
    resource = f"{link.owner}.bandwidth"
    capacity = link.count * link.bandwidth * share * link.replicas
    ledger.open(resource, link.owner, link.link_id or "wire", "B/s", capacity, "client")
    ledger.add(resource, traffic, amount, "client")


def cores(ledger: Ledger, pool: Pool, core_seconds: Number, traffic: str) -> None:
    """Core-seconds that a unit of work takes of a pool's hosts."""
    resource = f"{pool.host.path}.cores"
    ledger.open(resource, pool.owner, "host cores", "cores", pool.host.cores * pool.servers)
    ledger.add(resource, traffic, core_seconds)


def memory_crossings(machine: Machine, ledger: Ledger, pool: Pool, amount: Number, traffic: str) -> None:
    """Bytes that cross the memory of a pool's hosts, against the share of its bandwidth that copies reach."""
    if isinstance(amount, float) and amount == 0.0:
        return
    resource = f"{pool.host.path}.memory_bandwidth"
    share = fitted(machine.figures, "host", (), "memory_share")
    ledger.open(
        resource,
        pool.owner,
        "host memory bandwidth",
        "B/s",
        pool.host.memory_bandwidth * share * pool.servers,
        stage=COPY,
    )
    ledger.add(resource, traffic, amount)


def to_chips(
    machine: Machine, ledger: Ledger, pool: Pool, amount: Number, traffic: str, direct: bool
) -> None:
    """Copies from host memory (or straight from the device) into the chips' memory."""
    if pool.chip.kind in ("cpu", "edge-cpu", "mcu", "dpu"):
        return
    share = fitted(machine.figures, "host", (), "pinned_share")
    each = host_link(machine, pool)
    uplink = pool.component.figures.get("chip_link")
    if uplink is not None and not direct and pool.component.room == "server" and pool.box.chip is None:
        each = minimum(each, uplink)  # chips behind one switch share the way to the host
    resource = f"{pool.chip.path}.host_link"
    capacity = each * share * maximum(pool.chips, 1.0) * pool.servers
    ledger.open(resource, pool.owner, "host link", "B/s", capacity, stage=COPY)
    ledger.add(resource, traffic, amount)
    if not direct:
        memory_crossings(machine, ledger, pool, amount, traffic)
