"""Design -> Machine: looks components up, applies overrides, and says what is missing.

Every hardware figure goes through `Figures` under the path of the design, so that an override, a
sweep and an elasticity are the same thing.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

from infralab.models.arithmetic import Number
from infralab.models.catalogue import Catalogue, CatalogueError, Component, UnknownComponent
from infralab.models.constants import assumed
from infralab.models.design import Box, Design
from infralab.models.figures import Figure, Figures
from infralab.models.machine import Chip, Dpu, Host, Machine, Pool, Port, Switch, Tier
from infralab.models.reader import Reader
from infralab.models.switches import lower_switch
from infralab.models.tiers import lower_disk, lower_tier
from infralab.models.trouble import Trouble
from infralab.models.wires import lower_wire

CHIP_FIGURES = {
    "memory": "B",
    "memory_bandwidth": "B/s",
    "cache": "B",
    "power": "W",
    "cores": "",
    "link_bandwidth": "B/s",
    "host_link": "B/s",
}
POD_KINDS = frozenset({"tpu"})  # drawn as one host of a pod whose shape says how many hosts there are


def lower(design: Design, catalogue: Catalogue, figures: Figures) -> Machine:
    """The drawn hardware as numbers; what cannot be looked up becomes a problem, not an error."""
    own, wrong = _with_own_components(catalogue, design)
    machine = Machine(design, figures, own, catalogue)
    if wrong:
        machine.missing("component", wrong)
    varied = {_owner(path) for path in (*figures.values, *figures.scales) if path.startswith("box.")}
    for box in design.boxes.values():
        if f"box.{box.name}" in varied:
            _lower_box(machine, box)
        else:
            _reuse_box(machine, box)
    for wire in design.wires.values():
        lower_wire(machine, wire)
    return machine


_overlays: dict[tuple[int, int], tuple[Catalogue, object, Catalogue, str]] = {}


def _with_own_components(catalogue: Catalogue, design: Design) -> tuple[Catalogue, str]:
    """The catalogue with the preset's own parts laid over it, and what is wrong with them in words."""
    if not design.components:
        return catalogue, ""
    key = (id(catalogue), id(design.components))
    held = _overlays.get(key)
    if held is None or held[0] is not catalogue or held[1] is not design.components:
        try:
            held = (catalogue, design.components, catalogue.with_components(design.components), "")
        except CatalogueError as error:
            held = (catalogue, design.components, catalogue, str(error))
        if len(_overlays) > 256:
            _overlays.clear()
        _overlays[key] = held
    return held[2], held[3]


def _owner(path: str) -> str:
    """ "box.train.chip.memory" -> "box.train"."""
    return ".".join(path.split(".", 2)[:2])


class Lowered(NamedTuple):
    """What one box came to, kept by its value: an edit of one box leaves the others as they were."""

    pool: Pool | None
    tier: Tier | None
    switch: Switch | None
    figures: dict[str, Figure]
    assumptions: dict[str, bool]
    problems: list[Trouble]


@lru_cache(maxsize=8192)
def _lowered_box(box: Box, catalogue: Catalogue) -> Lowered:
    alone = Machine(Design(), Figures(), catalogue, catalogue)
    _lower_box(alone, box)
    return Lowered(
        alone.pools.get(box.name),
        alone.tiers.get(box.name),
        alone.switches.get(box.name),
        alone.figures.read,
        alone.figures.assumptions,
        alone.problems,
    )


def _reuse_box(machine: Machine, box: Box) -> None:
    found = _lowered_box(box, machine.catalogue)
    if found.pool is not None:
        machine.pools[box.name] = found.pool
    if found.tier is not None:
        machine.tiers[box.name] = found.tier
    if found.switch is not None:
        machine.switches[box.name] = found.switch
    machine.figures.read.update(found.figures)
    machine.figures.assumptions.update(found.assumptions)
    machine.problems.extend(found.problems)


def _lower_box(machine: Machine, box: Box) -> None:
    owner = f"box.{box.name}"
    if box.is_ is None:
        machine.missing(owner, f"{box.name} has no component yet: choose one")
        return
    if box.is_ == "fabric":
        machine.switches[box.name] = lower_switch(machine, box, owner, None)
        return
    try:
        component = machine.catalogue.get(box.is_)
    except UnknownComponent as error:
        machine.missing(owner, str(error))
        return
    if component.room in ("server", "chip", "dpu"):
        pool = _pool(machine, box, owner, component)
        if pool is not None:
            machine.pools[box.name] = pool
    elif component.room == "tier":
        machine.tiers[box.name] = lower_tier(machine, box, owner, component)
    elif component.room == "switch" or component.kind == "switch":
        machine.switches[box.name] = lower_switch(machine, box, owner, component)
    else:
        machine.missing(owner, f"{box.is_} is a {component.kind}, which cannot stand as a box")


def _pool(machine: Machine, box: Box, owner: str, component: Component) -> Pool | None:
    figures = machine.figures
    chip_component = component
    if component.room == "server" or box.chip:
        chip_id = box.chip or component.facts.get("chip")
        if chip_id is None:
            machine.missing(owner, f"{component.id} has no chip in the catalogue: name one with chip = …")
            return None
        try:
            chip_component = machine.catalogue.get(str(chip_id))
        except UnknownComponent as error:
            machine.missing(owner, str(error))
            return None
    if box.chip and component.room == "server":
        _check_form_factor(machine, owner, component, chip_component)
    chip = _chip(machine, box, owner, chip_component)
    default_chips = component.figures.get("chips", 1.0) if component.room == "server" else 1.0
    servers = figures.number(f"box.{box.name}.count", box.count)
    torus: tuple[int, ...] = ()
    if chip.kind in POD_KINDS and box.topology and box.topology[0].isdigit():
        torus = tuple(int(n) for n in box.topology.replace("×", "x").split("x"))
        # the drawn box is one host of the pod: the pod's shape says how many hosts there are
        hosts = max(1.0, prod(torus) / max(1.0, float(default_chips)))
        servers = servers if box.count >= hosts else servers * hosts
        default_chips = min(float(default_chips), float(prod(torus)))
        chip.domain = float(prod(torus))
    chips = figures.number(f"box.{box.name}.chips", float(box.chips or default_chips))
    return Pool(
        name=box.name,
        owner=owner,
        box=box,
        component=component,
        chip=chip,
        chips=chips,
        servers=servers,
        host=_host(machine, box, owner, component, chip, float(box.chips or default_chips)),
        ports=_ports(component),
        dpu=_dpu(machine, box, owner, component),
        disk=lower_disk(machine, box, owner, component, servers),
        power_watts=Reader(machine, owner, "", component, box).get("power", "W")
        if component.room == "server"
        else None,
        price_hour=None,
        price_mark="assumed",
        torus=torus,
    )


def _check_form_factor(machine: Machine, owner: str, server: Component, chip: Component) -> None:
    original = server.facts.get("chip")
    if original is None or not machine.catalogue.has(str(original)):
        return
    built_for = str(machine.catalogue.get(str(original)).facts.get("form_factor", "")).split(" ")[0]
    given = str(chip.facts.get("form_factor", "")).split(" ")[0]
    if built_for and given and built_for != given:
        machine.warn(
            owner,
            f"{chip.id} is {given}, {server.id} is built for {built_for}: this pairing is not sold; "
            "figures assume that it were",
        )


def _chip(machine: Machine, box: Box, owner: str, component: Component) -> Chip:
    read = Reader(machine, owner, "chip", component, box)
    peaks: dict[str, Number] = {}
    names = {n for n in component.figures if n.startswith("peak.")}
    names |= {k[5:] for k in box.overrides if k.startswith("chip.peak.")}
    for name in sorted(names):
        value = read.get(name, "FLOP/s")
        if value is not None:
            peaks[name[5:]] = value
    values = {name: read.get(name, unit) for name, unit in CHIP_FIGURES.items()}
    if values["memory_bandwidth"] is None and "cache_bandwidth" in component.figures:
        # a chip whose memory is its SRAM: what the datasheet calls cache is all there is
        mark = component.marks.get("cache_bandwidth", "assumed")
        on_chip = component.figures["cache_bandwidth"]
        path = f"{owner}.chip.memory_bandwidth"
        values["memory_bandwidth"] = machine.figures.figure(path, on_chip, "B/s", mark, component.id)
    scale_up = component.facts.get("scale_up") or {}
    if not isinstance(scale_up, dict):
        scale_up = {"kind": str(scale_up)}
    return Chip(
        path=f"{owner}.chip",
        id=component.id,
        kind=component.kind,
        generation=str(component.facts.get("arch") or component.kind),
        facts=component.facts,
        peaks=peaks,
        memory_bytes=values["memory"],
        memory_bandwidth=values["memory_bandwidth"],
        cache_bytes=values["cache"],
        power_watts=values["power"],
        cores=values["cores"],
        link_bandwidth=values["link_bandwidth"],
        link_kind=str(scale_up.get("kind", "")),
        link_topology=str(scale_up.get("topology", "switched")),
        domain=float(scale_up.get("domain", 1) or 1),
        host_link=values["host_link"],
    )


def _host(machine: Machine, box: Box, owner: str, component: Component, chip: Chip, chips: float) -> Host:
    figures = machine.figures
    found: dict[str, Number | None] = {}
    for name, unit in (
        ("cores", ""),
        ("memory", "B"),
        ("memory_bandwidth", "B/s"),
        ("clock", "Hz"),
        ("threads", ""),
    ):
        key = f"host.{name}"
        override = box.overrides.get(key)
        if override is not None:
            found[name] = figures.figure(f"{owner}.{key}", override.value, unit, "override", override.text)
        elif component.room == "server" and key in component.figures:
            mark = component.marks.get(key, "assumed")
            found[name] = figures.figure(f"{owner}.{key}", component.figures[key], unit, mark, component.id)
        else:
            found[name] = None
    mark = "cited"
    if chip.kind in ("cpu", "edge-cpu", "mcu") and found["cores"] is None:
        # a CPU box is its own host
        found["cores"] = None if chip.cores is None else chip.cores * chips
        for name, own in (("memory", chip.memory_bytes), ("memory_bandwidth", chip.memory_bandwidth)):
            if found[name] is None and own is not None:
                found[name] = own * chips
    for name, unit in (("cores", ""), ("memory", "B"), ("memory_bandwidth", "B/s")):
        if found[name] is None:
            mark = "assumed"
            each = assumed(f"host.{name}_per_chip")
            found[name] = figures.figure(f"{owner}.host.{name}", each * chips, unit, "assumed", "assumed host")
    assert found["cores"] is not None
    assert found["memory"] is not None
    assert found["memory_bandwidth"] is not None
    return Host(
        path=f"{owner}.host",
        cores=found["cores"],
        memory_bytes=found["memory"],
        memory_bandwidth=found["memory_bandwidth"],
        clock_hz=found["clock"],
        mark=mark,
        threads=0.0 if found["threads"] is None else found["threads"],
    )


def _ports(component: Component) -> tuple[Port, ...]:
    ports = []
    for name, fact in (("nic", "nic"), ("storage_nic", "storage_nic"), ("front", "front_nic")):
        table = component.facts.get(fact)
        if not isinstance(table, dict):
            continue
        count = float(table.get("count", 1))
        bandwidth = float(table["gbps"]) * 1e9 / 8 if "gbps" in table else 0.0
        if not bandwidth and "gb_s_per_dir" in table:
            bandwidth = float(table["gb_s_per_dir"]) * 1e9 / count
        if bandwidth:
            ports.append(Port(name, str(table.get("link", "")), count, bandwidth))
    return tuple(ports)


def _dpu(machine: Machine, box: Box, owner: str, component: Component) -> Dpu | None:
    name = box.dpu or (component.id if component.room == "dpu" else None)
    if name is None:
        return None
    try:
        found = machine.catalogue.get(name)
    except UnknownComponent as error:
        machine.missing(owner, str(error))
        return None
    read = Reader(machine, owner, "dpu", found, box)
    return Dpu(
        path=f"{owner}.dpu",
        id=found.id,
        facts=found.facts,
        bandwidth=read.get("bandwidth", "B/s"),
        cores=read.get("cores"),
        crypto_bandwidth=read.get("crypto_bandwidth", "B/s"),
    )
