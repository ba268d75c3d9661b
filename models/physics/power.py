"""Power at the wall: what each component draws idle and at work, by the catalogue's power table.

    chip   = idle + (typical · maximum − idle) · busy
    server = chips · (1 + overhead) + base

(model.md, section 9.) Typical shares depend on the kind of work; a server's overhead (processors,
memory, fans, power supplies) comes from its own entry, else from what its form factor usually takes.
Power usage effectiveness of the building is the caller's to apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from infralab.models.arithmetic import Number, first, maximum, minimum
from infralab.models.constants import assumed, table
from infralab.models.job import COMMUNICATION, COMPUTE, MEMORY
from infralab.models.machine import Chip, Machine, Pool, Switch, Tier

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.outcome import Outcome

SMALL_KINDS = frozenset({"edge-cpu", "edge-gpu", "edge-asic", "mcu", "mcu-npu"})
# Names of `typical_fraction` by what bounds the work, best match first.
WORK = {
    COMPUTE: ("training", "inference", "prefill", "decode_large_batch"),
    MEMORY: ("memory_bound", "decode_large_batch", "inference", "training"),
    COMMUNICATION: ("communication_wait", "decode_small_batch", "inference", "training"),
}


def design_watts(found: Outcome, rate: float) -> float | None:
    """Watts of everything drawn at `rate` units/s; None where no component's power is known."""
    total: Number = 0.0
    known = False
    for pool in found.machine.pools.values():
        busy, boundness = _load(found, pool, rate)
        watts = power_watts(found.machine, pool, busy, boundness)
        if watts is not None:
            known = True
            total = total + watts
    for tier in found.machine.tiers.values():
        total = total + tier_watts(found.machine, tier)
    for switch in found.machine.switches.values():
        total = total + switch_watts(found.machine, switch)
    return first(total) if known else None


def power_watts(machine: Machine, pool: Pool, busy: Number, boundness: str = COMPUTE) -> Number | None:
    """Watts at the wall of all servers of a pool; None where the chip's maximum is not known.

    busy: share of the time in which the chips work (0 to 1). boundness: what bounds that work
    (`job.COMPUTE`, `MEMORY` or `COMMUNICATION`).
    """
    chip = _chip_watts(machine, pool.chip, busy, boundness)
    if chip is None:
        return None
    return _server_watts(machine, pool, pool.chips * chip, busy) * pool.servers


def _load(found: Outcome, pool: Pool, rate: float) -> tuple[Number, str]:
    """Share of the time in which a pool's chips work, and what bounds their work."""
    busy: Number = 0.0
    longest, nature = -1.0, COMPUTE
    steps = [s for s in (found.job.steps if found.job is not None else ()) if s.pool == pool.owner]
    for step in steps:
        useful: Number = 0.0
        for part in step.parts:
            if part.nature in (COMPUTE, MEMORY):
                useful = useful + part.seconds
            if first(part.seconds) > longest:
                longest, nature = first(part.seconds), part.nature
        busy = busy + useful * rate * step.share / (step.units * step.replicas)
    for demand in found.demands if not steps else ():
        if demand.owner == pool.owner:
            busy = maximum(busy, rate * demand.amount / demand.capacity)
    return minimum(busy, 1.0), nature if nature in WORK else COMPUTE


def _chip_watts(machine: Machine, chip: Chip, busy: Number, boundness: str) -> Number | None:
    entry = _entry(machine.catalogue, chip.kind, str(chip.facts.get("form_factor", "")), chip.id)
    most = chip.power_watts
    own: Mapping[str, Any] = table("power").get(chip.kind, table("power")["default"])
    if most is None:
        clock = chip.facts.get("clock_mhz")
        if clock is None or "watts_per_hz" not in own:
            return None
        machine.figures.assume(f"power of {chip.id} not known: taken by its clock", moves=False)
        path = f"{chip.path}.power"
        most = machine.figures.figure(path, own["watts_per_hz"] * float(clock) * 1e6, "W", "assumed", "clock")
    idle = entry.get("idle_with_context_fraction", entry.get("idle_fraction", assumed("power.idle_share")))
    fractions = entry.get("typical_fraction", {})
    typical = next((fractions[name] for name in WORK[boundness] if name in fractions), assumed("power.work_share"))
    idle = machine.figures.figure(f"{chip.path}.idle_share", float(idle), "", "assumed", "power.toml")
    typical = machine.figures.figure(f"{chip.path}.work_share", float(typical), "", "assumed", "power.toml")
    return most * (idle + maximum(typical - idle, 0.0) * busy)


@lru_cache(maxsize=256)
def _entry(catalogue: Catalogue, kind: str, form: str, chip: str) -> Mapping[str, Any]:
    """The power table's row for a chip; rows that name ids win."""
    best: tuple[int, Mapping[str, Any]] = (-1, {})
    for row in catalogue.table("power.chip").values():
        match = row.get("match", {})
        if kind not in match.get("kind", ()):
            continue
        if "id" in match and not any(fnmatch(chip, pattern) for pattern in match["id"]):
            continue
        forms = match.get("form_factor")
        if forms is not None and not any(fnmatch(form, pattern) for pattern in forms):
            continue
        score = 4 * int("id" in match) + 2 * int(forms is not None) + int(match.get("priority", 0))
        if score > best[0]:
            best = (score, row)
    return best[1]


def _server_watts(machine: Machine, pool: Pool, chips: Number, busy: Number) -> Number:
    """Wall power of one server whose chips draw `chips` watts."""
    figures = machine.figures
    own: Mapping[str, Any] = table("power")[_class(pool)]
    entry = machine.catalogue.table("power.server").get(pool.component.id)
    if entry is not None and "overhead_total_w" in entry:
        # fans and processors follow the load between the server's idle and its full overhead
        idle = assumed("power.overhead_idle_share")
        share = idle + (1.0 - idle) * busy
        path = f"{pool.owner}.server_overhead"
        mark = "assumed" if entry.get("from_memory") else "cited"
        full = figures.figure(path, float(entry["overhead_total_w"]), "W", mark, pool.component.id)
        return chips + full * share
    base = figures.figure(f"{pool.owner}.server_base", float(own["base_watts"]), "W", "fitted", "power.toml")
    more = figures.figure(f"{pool.owner}.server_share", float(own["overhead"]), "", "fitted", "power.toml")
    return chips * (1.0 + more) + base


def _class(pool: Pool) -> str:
    """Which server stands around a chip: the row of `fitted/power.toml`."""
    kind = pool.chip.kind
    form = str(pool.chip.facts.get("form_factor", "")).lower()
    if kind in ("mcu", "mcu-npu"):
        return "bare"
    small = pool.chip.power_watts is not None and first(pool.chip.power_watts) < assumed("power.board_watts")
    if kind in SMALL_KINDS or (small and pool.component.room == "chip" and kind != "cpu"):
        return "board"
    if kind == "cpu":
        return "server-cpu"
    if form.startswith(("sxm", "oam", "superchip")):
        return "server-module"
    return "desktop" if "consumer" in form or "soc" in form or "apu" in form else "server-card"


def tier_watts(machine: Machine, tier: Tier) -> Number:
    """Watts of a storage tier: its drives at work; services of a provider draw nothing here."""
    drives = machine.catalogue.table("power.drive")
    row = drives.get(_drive(tier.component.id))
    if row is None:
        return 0.0
    return tier.units * float(row.get("read_w", row.get("max_w", 0.0)))


def _drive(name: str) -> str:
    if "nvme" in name:
        return "nvme-gen5-enterprise" if "gen5" in name else "nvme-gen4-enterprise"
    return "hdd-nearline" if "hdd" in name else "sata-ssd" if "sata" in name else ""


def switch_watts(machine: Machine, switch: Switch) -> Number:
    """Watts of a fabric: ports in use times a switch's watts a port, twice for two layers of switches."""
    if switch.component is None:
        return 0.0
    rows = machine.catalogue.table("power.switch")
    name = switch.component.id
    row = next((r for key, r in rows.items() if key.startswith(name) or name.startswith(key)), None)
    if row is None or not row.get("ports"):
        return 0.0
    ports: Number = 0.0
    for link in machine.links_of(switch.name):
        ports = ports + link.count * link.replicas
    layers = 1.0 if first(ports) <= float(row["ports"]) else 3.0
    return ports * layers * float(row["typical_w"]) / float(row["ports"])
