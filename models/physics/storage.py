"""What limits a storage tier: bandwidth, operations, requests, metadata, streams, requests in flight.

Every limit is a queued resource of its own; the smallest binds (DS-Analyzer's fetch rate, model.md 5).
A figure that the tier lacks limits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, ceil, maximum, minimum
from infralab.models.constants import fitted
from infralab.models.machine import Machine, Tier
from infralab.models.physics.ledger import Ledger

PART = 16e6  # bytes of one ranged request to a large object, the parts of common clients


@dataclass(slots=True)
class Access:
    """One way of reading or writing, per sample (or block): sizes in bytes."""

    bytes_per_sample: Number
    samples_per_file: Number = 1.0
    write: bool = False
    scattered: bool = False  # blocks at random places of larger files
    block_bytes: Number | None = None  # one read or write call; None: whole samples
    in_flight: Number | None = None  # requests open at once, of all clients; None: as many as it takes
    clients: Number = 1.0
    path: str = "rdma"
    buffered: bool = False  # files read through the host's page cache

    @property
    def call_bytes(self) -> Number:
        return (
            self.bytes_per_sample
            if self.block_bytes is None
            else minimum(self.block_bytes, self.bytes_per_sample)
        )


def figure_path(tier: Tier, name: str) -> str:
    """Dotted path of a tier's figure: a disk fitted into a server stands below its server."""
    inner = ".disk" if tier.name.endswith(".disk") else ""
    return f"{tier.owner}{inner}.{name}"


def constant(machine: Machine, tier: Tier, name: str, unit: str = "") -> Number:
    """A fitted constant of the tier's family."""
    keys = (tier.component.id, tier.kind, tier.kind.split("/")[0])
    return fitted(machine.figures, "storage", keys, name, unit)


def request_seconds(machine: Machine, tier: Tier, write: bool = False) -> Number:
    """First byte of a request: the catalogue's figure where it is cited, else the family's."""
    path = figure_path(tier, "latency")
    recorded = machine.figures.read.get(path)
    if write and tier.kind == "object":
        return constant(machine, tier, "write_seconds", "s")
    if recorded is not None and recorded.mark != "assumed":
        return tier.figures["latency"]
    return constant(machine, tier, "request_seconds", "s")


def stream_bandwidth(machine: Machine, tier: Tier, access: Access) -> Number:
    """Bytes/s of one connection, thread or file."""
    if access.write:
        return constant(machine, tier, "stream_write_bandwidth", "B/s")
    if access.path == "gpudirect-storage":
        return fitted(machine.figures, "storage", (access.path,), "stream_read_bandwidth", "B/s")
    found = tier.figures.get("stream_bandwidth")
    return constant(machine, tier, "stream_read_bandwidth", "B/s") if found is None else found


def seconds_in_flight(machine: Machine, tier: Tier, access: Access) -> Number:
    """Time that one stream takes for a sample: first byte and transfer, the open shared by a file's samples."""
    opened = tier.figures.get("open_latency")
    first_byte = request_seconds(machine, tier, access.write)
    transfer = access.bytes_per_sample / stream_bandwidth(machine, tier, access)
    if access.scattered:
        transfer = transfer / constant(machine, tier, "random_share")
    calls: Number = 1.0 / maximum(access.samples_per_file, 1.0)
    if access.scattered:
        calls = access.bytes_per_sample / access.call_bytes
    start = first_byte if opened is None else first_byte + opened
    return start * calls + transfer


def charge(
    machine: Machine, ledger: Ledger, tier: Tier, access: Access, samples: Number, traffic: str
) -> None:
    """Load the tier with `samples` a unit of work."""
    way = "write" if access.write else "read"
    total = samples * access.bytes_per_sample
    share = constant(machine, tier, f"{way}_share")
    if access.scattered:
        hard = tier.figures.get(f"hard_{way}_fraction")
        share = share * (constant(machine, tier, "random_share") if hard is None else hard)
    _offer(ledger, tier, f"{way}_bandwidth", f"{way} bandwidth", "B/s", total / share, traffic)
    io_bytes = constant(machine, tier, "io_bytes", "B")
    if access.block_bytes is not None:
        io_bytes = minimum(io_bytes, access.call_bytes)
    operations = samples * maximum(
        access.bytes_per_sample / io_bytes, 1.0 / maximum(access.samples_per_file, 1.0)
    )
    _offer(ledger, tier, f"{way}_iops", f"{way} operations", "1/s", operations, traffic)
    files = samples / maximum(access.samples_per_file, 1.0)
    opens = (
        "metadata_create_rate" if access.write and "metadata_create_rate" in tier.figures else "metadata_rate"
    )
    _offer(ledger, tier, opens, "metadata operations", "1/s", files, traffic)
    if "autoscales" not in str(tier.component.facts.get("per", "")):
        requests = maximum(files, samples * access.bytes_per_sample / PART)
        if access.scattered:
            requests = samples * ceil(access.bytes_per_sample / access.call_bytes)
        prefixes = _prefixes(machine, tier)
        name = "write_request_rate" if access.write else "request_rate"
        _offer(ledger, tier, name, "requests", "1/s", requests / prefixes, traffic)
    _charge_client(machine, ledger, tier, access, total, traffic)
    if access.buffered and tier.component.facts.get("per") == "drive" and not access.write:
        each = constant(machine, tier, "buffered_bandwidth", "B/s") * tier.figures.get("drives", 1.0)
        path = "fitted.storage.block.buffered_bandwidth"
        ledger.open(path, tier.owner, "page cache path of a drive", "B/s", each * tier.units)
        ledger.add(path, traffic, total)


def _prefixes(machine: Machine, tier: Tier) -> Number:
    """Prefixes that the objects are spread over: each has its own limit of requests."""
    if tier.box is None or tier.box.prefixes is None:
        if "request_rate" in tier.figures:
            machine.figures.assume(f"{tier.name}: prefixes not given, one", moves=False)
        return 1.0
    return machine.figures.number(f"{tier.owner}.prefixes", float(tier.box.prefixes))


def _charge_client(
    machine: Machine, ledger: Ledger, tier: Tier, access: Access, total: Number, traffic: str
) -> None:
    """What one client gets of the tier: the service's own limit, or what the family's client software moves."""
    if "client_bandwidth" in tier.figures:
        path, each = figure_path(tier, "client_bandwidth"), tier.figures["client_bandwidth"]
    else:
        name = f"host_{'write' if access.write else 'read'}_bandwidth"
        each = constant(machine, tier, name, "B/s")
        path = f"fitted.storage.{tier.kind}.{name}"
        if not any_of(each < 1e30):
            return
    ledger.open(path, tier.owner, "bandwidth of a client", "B/s", each * access.clients)
    ledger.add(path, traffic, total)


def _offer(ledger: Ledger, tier: Tier, name: str, kind: str, unit: str, amount: Number, traffic: str) -> None:
    value = tier.figures.get(name)
    if value is None:
        return
    path = figure_path(tier, name)
    ledger.open(path, tier.owner, kind, unit, value * tier.units)
    ledger.add(path, traffic, amount)
