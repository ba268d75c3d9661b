"""Sensible single changes of a design, as assignments that a person could type.

Which parts could replace which is read from the catalogue (kind, year, form factor, link family,
what a framework supports); nothing here names a product. Groups: `free` is configuration, `cheap`
a part or cable beside what stands there, `buy` new boxes or chips.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from infralab.models.catalogue import Catalogue, Component
from infralab.models.constants import table
from infralab.models.design import Box, Design, Step, Wire
from infralab.models.edits import apply_step

FREE, CHEAP, BUY = "free", "cheap", "buy"
GROUPS = (FREE, CHEAP, BUY)
ALTERNATIVES = 8  # of one part: the fastest of those that fit


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what a person reads, what it touches, and the edits that make it."""

    label: str
    group: str
    touches: str  # "box.train", "wire.a", "software", "workload", "plan"
    sets: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    note: str = ""
    vendor: str = ""


def changes(design: Design, catalogue: Catalogue) -> list[Change]:
    """Every candidate for this design, in no order; what does not apply is left out."""
    found: list[Change] = []
    for box in design.boxes.values():
        found += _box_changes(design, box, catalogue)
    for wire in design.wires.values():
        found += _wire_changes(design, wire, catalogue)
    found += _software(design, catalogue)
    found += _workload(design, catalogue)
    found += _plan(design)
    return found


def applied(design: Design, found: Iterable[Change]) -> Design:
    """The design with the changes made. Raises EditError where one does not fit."""
    for change in found:
        design = apply_step(design, Step(title=change.label, remove=change.removes, set=change.sets))
    return design


def _component(catalogue: Catalogue, name: str | None) -> Component | None:
    return catalogue.find(name) if name else None


def _key(path: str, value: str) -> str:
    return f'{path} = "{value}"'


# what limits a tier: another one must be known for the same limits, or a missing fact would look like a gain
LIMITS = frozenset({"read_bandwidth", "read_iops", "metadata_rate", "request_rate", "latency"})


def _box_changes(design: Design, box: Box, catalogue: Catalogue) -> Iterator[Change]:
    owner = f"box.{box.name}"
    component = _component(catalogue, box.is_)
    if component is None:
        return
    if component.room in ("server", "chip"):
        yield Change(f"{box.name}: twice as many ({box.count * 2})", BUY, owner, (f"{owner}.count = {box.count * 2}",))
        yield from _other_chips(box, component, catalogue)
        yield from _offload(box, catalogue)
        yield from _local_cache(design, box, component, catalogue)
    elif component.room == "tier":
        yield Change(f"{box.name}: twice as many ({box.count * 2})", BUY, owner, (f"{owner}.count = {box.count * 2}",))
        yield from _other_tiers(box, component, catalogue)
        if "request_rate" in component.figures and component.facts.get("scales_with") == "prefix":
            times = (box.prefixes or 1) * 4
            yield Change(
                f"{box.name}: spread names over {times} prefixes", FREE, owner, (f"{owner}.prefixes = {times}",)
            )
        if box.caches and (box.policy or "lru") != "pinned":
            yield Change(f"{box.name}: pin what is cached", FREE, owner, (_key(f"{owner}.policy", "pinned"),))
    elif component.kind == "switch":
        yield from _fabric(box, component)
    if (box.oversubscription or 1.0) > 1.0:
        yield Change(f"{box.name}: full bisection", BUY, owner, (f"{owner}.oversubscription = 1.0",))


def _fabric(box: Box, component: Component) -> Iterator[Change]:
    """What switches can do that are there: settings, not parts."""
    owner = f"box.{box.name}"
    if box.routing in ("ecmp", "min-hop"):
        yield Change(f"{box.name}: adaptive routing", FREE, owner, (_key(f"{owner}.routing", "adaptive"),))
    if (component.facts.get("sharp") or component.facts.get("in_network")) and not box.in_network_reduction:
        yield Change(f"{box.name}: reduce in the switches", FREE, owner, (f"{owner}.in_network_reduction = true",))


def _rank(component: Component) -> float:
    """What sorts processors: the best 16-bit peak, with memory bandwidth to tell equals apart."""
    peaks = [v for k, v in component.figures.items() if k in ("peak.bf16", "peak.fp16", "peak.int8", "peak.fp32")]
    return max(peaks, default=0.0) + component.figures.get("memory_bandwidth", 0.0) * 1e-3


def _other_chips(box: Box, component: Component, catalogue: Catalogue) -> Iterator[Change]:
    """Servers (or bare chips) of the same kind, no older, whose chip is another one."""
    own = component if component.room == "chip" else _component(catalogue, str(box.chip or component.facts.get("chip")))
    if own is None:
        return
    year = float(own.facts.get("year", 0) or 0)
    form = str(own.facts.get("form_factor", "")).split(" ")[0]
    best: dict[str, tuple[float, Component]] = {}
    for name in catalogue.ids(component.room, component.kind):
        other = catalogue.get(name, component.room)
        chip = other if component.room == "chip" else _component(catalogue, str(other.facts.get("chip")))
        if chip is None or chip.id == own.id or float(chip.facts.get("year", 0) or 0) < year:
            continue
        if component.room == "chip" and str(chip.facts.get("form_factor", "")).split(" ")[0] != form:
            continue
        same = other.figures.get("chips") == component.figures.get("chips")
        score = (1.0 if same else 0.0) + (0.5 if other.facts.get("vendor") == component.facts.get("vendor") else 0.0)
        if chip.id not in best or score > best[chip.id][0]:
            best[chip.id] = (score, other)
    ranked = sorted(best.items(), key=lambda kv: -_rank(catalogue.get(kv[0], "chip")))[:ALTERNATIVES]
    chips = box.count * float(box.chips or component.figures.get("chips", 1.0))
    for _, (_, other) in ranked:
        owner = f"box.{box.name}"
        vendor = str(other.facts.get("vendor", ""))
        sets = [_key(f"{owner}.is", other.id)]
        each = other.figures.get("chips", 1.0) if other.room == "server" else float(box.chips or 1)
        # as many chips as before, in whole servers
        count = max(1, ceil(chips / each - 1e-9)) if box.chips is None or other.room == "chip" else box.count
        if count != box.count:
            sets.append(f"{owner}.count = {count}")
        label = f"{box.name}: {count} × {other.id} instead" if count > 1 else f"{box.name}: {other.id} instead"
        yield Change(label, BUY, owner, tuple(sets), vendor=vendor)


def _offload(box: Box, catalogue: Catalogue) -> Iterator[Change]:
    if box.dpu is not None:
        return
    cards = [catalogue.get(n, "dpu") for n in catalogue.ids("dpu", "dpu")]
    cards.sort(key=lambda c: -c.figures.get("bandwidth", 0.0))
    for card in cards[:2]:
        owner = f"box.{box.name}"
        yield Change(f"{box.name}: a {card.id} in each server", CHEAP, owner, (_key(f"{owner}.dpu", card.id),))


def _local_cache(design: Design, box: Box, component: Component, catalogue: Catalogue) -> Iterator[Change]:
    """Keep what was read on drives inside the servers: free where the server comes with them."""
    data = design.workload.dataset if design.workload is not None else None
    store = data.on if data is not None else None
    if store is None or box.disk is not None or any(b.caches == store for b in design.boxes.values()):
        return
    drives = [catalogue.get(n, "tier") for n in catalogue.ids("tier", "block")]
    drives = [d for d in drives if d.facts.get("scales_with") == "drive" and d.figures.get("read_iops", 0) >= 1e5]
    if not drives:
        return
    fitted = component.facts.get("local_nvme")
    count = int(fitted.get("count", 8)) if isinstance(fitted, dict) else 8
    generation = fitted.get("gen") if isinstance(fitted, dict) else None
    drive = next((d for d in drives if generation and d.id.endswith(str(generation))), drives[0])
    owner = f"box.{box.name}"
    words = "the drives you own" if fitted else f"{count} drives a server"
    yield Change(
        f"{box.name}: keep {store} on {words}",
        FREE if fitted else BUY,
        owner,
        (_key(f"{owner}.disk", drive.id), f"{owner}.disks = {count}", _key(f"{owner}.caches", store),
         _key(f"{owner}.policy", "pinned")),
    )  # fmt: skip


def _other_tiers(box: Box, component: Component, catalogue: Catalogue) -> Iterator[Change]:
    owner = f"box.{box.name}"
    found = []
    for name in catalogue.ids("tier", component.kind):
        other = catalogue.get(name, "tier")
        faster = other.figures.get("read_bandwidth", 0.0) > component.figures.get("read_bandwidth", 0.0)
        quicker = other.figures.get("latency", 1e9) < component.figures.get("latency", 1e9)
        told = LIMITS & component.figures.keys() <= other.figures.keys()
        if other.id != component.id and (faster or quicker) and told:
            found.append(other)
    found.sort(key=lambda c: (-c.figures.get("read_bandwidth", 0.0), c.figures.get("latency", 1.0)))
    for other in found[:ALTERNATIVES]:
        vendor = str(other.facts.get("vendor", ""))
        yield Change(f"{box.name}: {other.id} instead", BUY, owner, (_key(f"{owner}.is", other.id),), vendor=vendor)


def _wire_changes(design: Design, wire: Wire, catalogue: Catalogue) -> Iterator[Change]:
    owner = f"wire.{wire.name}"
    if wire.count is not None:
        yield Change(
            f"{wire.name}: twice the links ({wire.count * 2})", CHEAP, owner, (f"{owner}.count = {wire.count * 2}",)
        )
    link = _component(catalogue, wire.is_)
    if link is not None:
        yield from _faster_links(design, wire, link, catalogue)
        if wire.path == "tcp" and link.facts.get("rdma"):
            yield Change(f"{wire.name}: RDMA instead of TCP", FREE, owner, (_key(f"{owner}.path", "rdma"),))
        if link.facts.get("gpudirect") and wire.path in ("tcp", "rdma"):
            yield Change(f"{wire.name}: GPUDirect RDMA", FREE, owner, (_key(f"{owner}.path", "gpudirect-rdma"),))
    ends = [_component(catalogue, design.boxes[e].is_) for e in wire.ends if e in design.boxes]
    if any(c is not None and c.room == "tier" and c.facts.get("gpudirect") for c in ends) and wire.path in (
        "tcp",
        "rdma",
    ):
        yield Change(f"{wire.name}: GPUDirect Storage", FREE, owner, (_key(f"{owner}.path", "gpudirect-storage"),))


def _faster_links(design: Design, wire: Wire, link: Component, catalogue: Catalogue) -> Iterator[Change]:
    """Links of the same family with more bandwidth; where the wire ends on a switch, its switch too."""
    owner = f"wire.{wire.name}"
    family = link.id.rsplit("-", 1)[0].split("-")[0]
    for name in catalogue.ids("link", link.kind):
        other = catalogue.get(name, "link")
        if not other.id.startswith(family + "-") or other.figures.get("bandwidth", 0) <= link.figures.get(
            "bandwidth", 0
        ):
            continue
        sets = [_key(f"{owner}.is", other.id)]
        switches = [design.boxes[e] for e in wire.ends if e in design.boxes]
        for box in switches:
            stands = _component(catalogue, box.is_)
            if stands is None or stands.kind != "switch":
                continue
            fits = [s for s in catalogue.ids("switch") if catalogue.get(s, "switch").facts.get("fabric") == other.id]
            if fits:
                sets.append(_key(f"box.{box.name}.is", fits[0]))
        yield Change(f"{wire.name}: {other.id} instead of {link.id}", BUY, owner, tuple(sets))


def _software(design: Design, catalogue: Catalogue) -> Iterator[Change]:
    software = design.software
    compared = table("frameworks")["compared"]
    for name in compared if software.framework in compared else ():
        if name != software.framework:
            yield Change(f"{name} instead of {software.framework}", FREE, "software", (_key("software.framework", name),),
                         note="code has to be ported")  # fmt: skip
    if design.workload is not None and design.workload.dataset is not None:
        readers = (software.framework,) if software.framework else compared
        for name in catalogue.ids("loader"):
            loader = catalogue.get(name, "loader")
            words = " ".join(str(f) for f in loader.facts.get("frameworks", ()))
            if name != software.loader and any(f in words for f in readers):
                yield Change(f"load with {name}", FREE, "software", (_key("software.loader", name),))
        if software.in_flight:
            more = int(software.in_flight * 4)
            yield Change(f"{more} requests in flight a worker", FREE, "software", (f"software.in_flight = {more}",))
        if software.workers:
            more = int(software.workers * 2)
            yield Change(f"{more} loader workers", FREE, "software", (f"software.workers = {more}",))


LOWER = {"fp32": "bf16", "bf16": "fp8", "fp16": "fp8", "fp8": "nvfp4"}
WIDE = ("bf16", "fp16")
# training in 8 bits and less is published for products of transformers: no library trains others so
NARROW_TRAINING = ("transformer-training", "encoder-training")


def _workload(design: Design, catalogue: Catalogue) -> Iterator[Change]:
    work = design.workload
    if work is None:
        return
    lower = LOWER.get(work.precision or "")
    if work.kind.endswith("training") and work.kind not in NARROW_TRAINING and lower not in WIDE:
        lower = None
    if lower and _has_precision(design, catalogue, lower):
        sets = [_key("workload.precision", lower)]
        if work.kind == "transformer-inference" and work.weight_precision == work.precision:
            sets.append(_key("workload.weight_precision", lower))
        yield Change(f"compute in {lower}", FREE, "workload", tuple(sets), note="quality is not in this number")
    if work.kind.endswith("training") and work.global_batch:
        twice = int(work.global_batch * 2)
        yield Change(
            f"batch of {twice}", FREE, "workload", (f"workload.global_batch = {twice}",), note="changes training"
        )
        for name in ("none", "selective", "full"):
            if name != work.recompute and work.kind == "transformer-training":
                yield Change(f"recompute {name}", FREE, "workload", (_key("workload.recompute", name),))
    saved = work.checkpoint
    if saved is not None and saved.every is not None and saved.mode != "asynchronous":
        yield Change("save checkpoints while the chips go on", FREE, "workload",
                     (_key("workload.checkpoint.mode", "asynchronous"),))  # fmt: skip
    if work.concurrency and work.mode == "server":
        twice = int(work.concurrency * 2)
        yield Change(
            f"{twice} requests at once",
            FREE,
            "workload",
            (f"workload.concurrency = {twice}",),
            note="each waits longer",
        )
    data = work.dataset
    if data is not None and data.samples and (data.samples_per_file or 0) == 1:
        yield Change("pack 1,000 samples a file", FREE, "workload", ("workload.dataset.samples_per_file = 1000",))


def _has_precision(design: Design, catalogue: Catalogue, precision: str) -> bool:
    for box in design.boxes.values():
        component = _component(catalogue, box.is_)
        if component is not None and component.room == "server":
            component = _component(catalogue, str(box.chip or component.facts.get("chip")))
        if component is not None and any(
            f"peak.{p}" in component.figures for p in (precision, "fp4" if precision == "nvfp4" else precision)
        ):
            return True
    return False


def _plan(design: Design) -> Iterator[Change]:
    plan = design.plan
    given = [n for n in ("data", "tensor", "pipeline", "virtual_pipeline", "context", "expert", "sharding", "micro_batch")
             if getattr(plan, n) is not None]  # fmt: skip
    if given and plan.prefill is None and plan.decode is None:
        yield Change("let the plan be found", FREE, "plan", removes=tuple(f"plan.{n}" for n in given))
