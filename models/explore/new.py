"""A first design from a few words of the catalogue: "16 dgx-h100, infiniband-ndr, weka"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infralab.models import edits, schema
from infralab.models.design import Box, Checkpoint, Dataset, Design, Software, Wire, Workload
from infralab.models.refusal import Refusal
from infralab.models.units import parse

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue, Component

# Assumed where the words do not say: a starting point that the person goes on from.
CHIPS_OF_A_SERVER = 8  # bare chips, more than which are split over servers
SEQUENCE_TOKENS = 4096
SEQUENCES_OF_A_STEP = 256
IMAGES_OF_A_CHIP = 256
PROMPT_TOKENS, ANSWER_TOKENS = 1024, 256
TRAINING_BYTES_OF_A_PARAMETER = 18  # weights and gradients in 16 bits, Adam's state in 32, some activations
SERVING_BYTES_OF_A_PARAMETER = 2
SHARE_OF_MEMORY = 0.5  # that the model may fill, so that the first design surely fits
SMALL_CHIP_BYTES = 12e9  # below it a chip is taken for inference
FILE_BYTES, BLOCK_BYTES, STREAMS = 10**9, 2**20, 64

_SEPARATORS = re.compile(r"[,;+\n]|\s(?:and|with)\s")
_COUNT = re.compile(r"[x×]?(\d[\d_]*)[x×]?")
_TIMES = re.compile(r"(?<=\s)[x×]\s+(?=\d)")  # "dgx x 16" is "dgx x16"
_FILLERS = frozenset(
    ("a", "an", "the", "of", "on", "over", "x", "×", "and", "with", "servers", "server", "nodes", "hosts")
)
_LONGEST = 5  # words of a name
_SERVER, _TIER, _SWITCH = "server", "tier", "switch"


class NewDesignError(Refusal):
    """Words of which no design can be drawn, and the nearest that the catalogue knows."""


@dataclass(slots=True)
class _Wanted:
    """What the words name, in their order."""

    compute: list[tuple[int, Component]] = field(default_factory=list)
    tiers: list[tuple[int, Component]] = field(default_factory=list)
    switch: Component | None = None
    links: list[Component] = field(default_factory=list)
    dpu: Component | None = None
    model: Component | None = None
    dataset: Component | None = None
    framework: str | None = None
    loader: str | None = None
    kind: str = ""


def new_design(words: str, catalogue: Catalogue) -> Design:
    """Boxes, wires and a first workload from words of the catalogue, each with a count before it.

    Servers and chips become compute boxes, tiers storage, links wires; several servers get a fabric.
    Raises NewDesignError with the nearest names for a word that the catalogue does not know.
    """
    wanted = _understood(words, catalogue)
    design = Design(title=" ".join(words.split()), software=_software(wanted))
    stem = "serve" if "inference" in _kind(wanted, catalogue) else "train"
    design, compute = _with_compute(design, wanted, stem)
    design, tiers = _with_tiers(design, wanted)
    design, fabric = _with_fabric(design, wanted, compute)
    design = _wired(design, wanted, compute, tiers, fabric)
    work = _workload(wanted, tiers, catalogue)
    return Design(title=design.title, workload=work, software=design.software, boxes=design.boxes, wires=design.wires)


# --- words -----------------------------------------------------------------------------------------


def _understood(words: str, catalogue: Catalogue) -> _Wanted:
    wanted = _Wanted()
    for phrase in _SEPARATORS.split(words):
        tokens = _TIMES.sub("x", phrase).split()
        count, at = 0, 0
        while at < len(tokens):
            number = _COUNT.fullmatch(tokens[at])
            if number and (count or at + 1 == len(tokens)):
                raise NewDesignError(f'{tokens[at]}: a count stands before what it counts, like "16 SERVER"')
            if number:
                count, at = int(number[1].replace("_", "")), at + 1
                if not 1 <= count <= schema.COUNT_LIMIT:
                    raise NewDesignError(f"{tokens[at - 1]}: expected a whole number from 1")
                continue
            size = _longest_name(tokens, at, catalogue)
            if size:
                trailing = _COUNT.fullmatch(tokens[at + size]) if at + size < len(tokens) else None
                if trailing and not count and trailing[0][0] in "x×":  # "dgx x16"
                    count = int(trailing[1].replace("_", ""))
                    tokens.pop(at + size)
                _take(wanted, count, " ".join(tokens[at : at + size]), catalogue)
                count, at = 0, at + size
            elif tokens[at].lower() in _FILLERS:
                at += 1
            else:
                raise _not_known(tokens[at], catalogue)
    if not (wanted.compute or wanted.tiers or wanted.switch):
        raise NewDesignError('name what to draw, with counts, like "16 SERVER, LINK, TIER" in the catalogue\'s words')
    return wanted


def _longest_name(tokens: list[str], at: int, catalogue: Catalogue) -> int:
    """How many words from here on are one name."""
    for size in range(min(_LONGEST, len(tokens) - at), 0, -1):
        name = " ".join(tokens[at : at + size])
        if _kind_word(name) or catalogue.has(name) or (size == 1 and catalogue.has(name.removesuffix("s"))):
            return size
    return 0


def _kind_word(name: str) -> bool:
    return name in schema.KINDS or name in ("training", "inference")


def _take(wanted: _Wanted, count: int, name: str, catalogue: Catalogue) -> None:
    if _kind_word(name):
        wanted.kind = name
        return
    component = catalogue.find(name) or catalogue.get(name.removesuffix("s"))
    room = component.room
    if room in (_SERVER, "chip"):
        wanted.compute.append((count or 1, component))
    elif room == _TIER:
        wanted.tiers.append((count, component))
    elif room == _SWITCH:
        wanted.switch = component
    elif room == "link":
        if component.kind != "scale-out":
            raise NewDesignError(f"{component.id} is a {component.kind} link and comes with its chips; name a network")
        wanted.links.append(component)
    elif room in ("dpu", "model", "dataset"):
        setattr(wanted, room, component)
    elif room in ("framework", "loader"):
        setattr(wanted, room, component.id)
    else:
        raise NewDesignError(f"{component.id} is a {room}: nothing that is drawn")


def _not_known(word: str, catalogue: Catalogue) -> NewDesignError:
    near = [component.id for component in catalogue.search(word)[:5]]
    hint = f"; nearest: {', '.join(near)}" if near else ""
    return NewDesignError(f"{word}: nothing in the catalogue goes by that name{hint}")


# --- boxes and wires -------------------------------------------------------------------------------


def _software(wanted: _Wanted) -> Software:
    return Software(framework=wanted.framework or "auto", loader=wanted.loader)


def _with_compute(design: Design, wanted: _Wanted, stem: str) -> tuple[Design, list[str]]:
    names = []
    for row, (count, component) in enumerate(wanted.compute):
        boxes, chips = _split(count) if component.room == "chip" else (count, None)
        name = edits.free_name(design, stem)
        dpu = wanted.dpu.id if wanted.dpu else None
        box = Box(name, is_=component.id, count=boxes, chips=chips, dpu=dpu, at=(44, 3 + 11 * row))
        design = edits.add_box(design, box)
        names.append(name)
    return design, names


def _split(chips: int) -> tuple[int, int]:
    """Bare chips as (servers, chips of each), with as many as evenly go into one."""
    for each in range(min(chips, CHIPS_OF_A_SERVER), 0, -1):
        if chips % each == 0:
            return chips // each, each
    return chips, 1


def _with_tiers(design: Design, wanted: _Wanted) -> tuple[Design, list[str]]:
    names = []
    for row, (count, component) in enumerate(wanted.tiers):
        name = edits.free_name(design, "store")
        design = edits.add_box(design, Box(name, is_=component.id, count=count or 1, at=(2, 3 + 11 * row)))
        names.append(name)
    return design, names


def _with_fabric(design: Design, wanted: _Wanted, compute: list[str]) -> tuple[Design, str | None]:
    """A fabric between several servers, or the switch that was named."""
    servers = sum(design.boxes[name].count for name in compute)
    if servers < 2 and wanted.switch is None:
        return design, None
    what = wanted.switch.id if wanted.switch else "fabric"
    return edits.add_box(design, Box("fabric", is_=what, at=(44, 3 + 11 * max(1, len(compute))))), "fabric"


def _wired(design: Design, wanted: _Wanted, compute: list[str], tiers: list[str], fabric: str | None) -> Design:
    """The first link joins the servers, the second (or the only one without a fabric) the storage."""
    links = [link.id for link in wanted.links]
    network = links[0] if links and fabric else None
    storage = links[-1] if len(links) > 1 or (links and not fabric) else None
    for name in compute:
        if fabric:
            design = _joined(design, name, fabric, network)
        for tier in tiers:
            design = _joined(design, tier, name, storage)
    for tier in () if compute or not fabric else tiers:
        design = _joined(design, tier, fabric, network)
    return design


def _joined(design: Design, a: str, b: str | None, link: str | None) -> Design:
    if b is None:
        return design
    return edits.add_wire(design, Wire(edits.free_wire_name(design, a, b), (a, b), is_=link))


# --- work ------------------------------------------------------------------------------------------


def _kind(wanted: _Wanted, catalogue: Catalogue) -> str:
    """The kind of work: as named, else as the model, the chips or the storage suggest."""
    if wanted.kind in schema.KINDS:
        return wanted.kind
    if not wanted.compute:
        return "storage-io"
    chip = _chip(wanted.compute[0][1], catalogue)
    small = chip is None or chip.figures.get("memory", 0.0) < SMALL_CHIP_BYTES or chip.kind == "cpu"
    small = small or _precision(chip, "training") is None  # whole numbers only, or nothing on record
    phase = wanted.kind or ("inference" if small else "training")
    family = wanted.model.kind if wanted.model else "vision" if small else "transformer"
    return f"{family}-{phase}"


def _chip(component: Component, catalogue: Catalogue) -> Component | None:
    if component.room == "chip":
        return component
    name = component.facts.get("chip")
    return catalogue.find(str(name), "chip") if name else None


def _chips(wanted: _Wanted) -> int:
    total = 0.0
    for count, component in wanted.compute:
        total += count * (1.0 if component.room == "chip" else component.figures.get("chips", 1.0))
    return max(1, int(total))


def _workload(wanted: _Wanted, tiers: list[str], catalogue: Catalogue) -> Workload:
    kind = _kind(wanted, catalogue)
    if kind in ("storage-io", "storage-emulation", "loading", "collective"):
        return _plain_work(kind, wanted, tiers)
    family, _, phase = kind.partition("-")
    chip = _chip(wanted.compute[0][1], catalogue) if wanted.compute else None
    memory = chip.figures.get("memory", 0.0) * _chips(wanted) if chip else 0.0
    model = wanted.model or _usual_model(family, phase, memory, catalogue)
    fields: dict[str, Any] = {"model": model.id if model else None, "precision": _precision(chip, phase)}
    chips = _chips(wanted)
    if phase == "training":
        fields["global_batch"] = _batch(family, chips)
        if tiers:
            fields["checkpoint"] = Checkpoint(every=parse("30 min"), to=tiers[0])
    else:
        fields["mode"] = "offline"
    if family in ("transformer", "encoder"):
        fields |= _lengths(family, phase, model)
    dataset = wanted.dataset or (_usual_images(catalogue) if family == "vision" and phase == "training" else None)
    if dataset and tiers:
        fields["dataset"] = Dataset(name=dataset.id, on=tiers[0])
    elif dataset and wanted.dataset:
        fields["dataset"] = Dataset(name=dataset.id)
    return Workload(kind, **fields)


def _plain_work(kind: str, wanted: _Wanted, tiers: list[str]) -> Workload:
    if kind == "collective":
        return Workload(kind, op="all-reduce", message_bytes=FILE_BYTES)
    on = tiers[0] if tiers else None
    if kind == "storage-io":
        return Workload(
            kind, op="read", file_bytes=FILE_BYTES, block_bytes=BLOCK_BYTES, streams=STREAMS, dataset=Dataset(on=on)
        )
    name = wanted.dataset.id if wanted.dataset else None
    return Workload(kind, model=wanted.model.id if wanted.model else None, dataset=Dataset(name=name, on=on))


def _batch(family: str, chips: int) -> int:
    """A global batch that every chip has a whole part of."""
    each = IMAGES_OF_A_CHIP if family != "transformer" else max(1, SEQUENCES_OF_A_STEP // chips)
    return each * chips


def _lengths(family: str, phase: str, model: Component | None) -> dict[str, Any]:
    longest = model.figures.get("max_tokens", SEQUENCE_TOKENS) if model else SEQUENCE_TOKENS
    if family == "encoder" or phase == "training":
        return {"sequence_length": int(min(SEQUENCE_TOKENS if family != "encoder" else 512, longest))}
    return {"input_length": PROMPT_TOKENS, "output_length": ANSWER_TOKENS}


def _precision(chip: Component | None, phase: str) -> str | None:
    wanted = ("bf16", "fp16", "int8", "fp32") if phase == "inference" else ("bf16", "fp16", "fp32")
    return next((name for name in wanted if chip and f"peak.{name}" in chip.figures), None)


def _usual_model(family: str, phase: str, memory_bytes: float, catalogue: Catalogue) -> Component | None:
    """Of the models that fit into half of the memory, the one that sources call by the most names."""
    each = TRAINING_BYTES_OF_A_PARAMETER if phase == "training" else SERVING_BYTES_OF_A_PARAMETER
    room = family if family != "encoder" else "transformer"
    models = [catalogue.get(name, "model") for name in catalogue.ids("model", room)]
    if family == "vision":  # a first design has an answer
        models = [model for model in models if "macs" in model.figures]
    fitting = [
        model for model in models if model.figures.get("parameters", 0.0) * each <= memory_bytes * SHARE_OF_MEMORY
    ]
    return _best_known(fitting or models)


def _usual_images(catalogue: Catalogue) -> Component | None:
    sets = [catalogue.get(name, "dataset") for name in catalogue.ids("dataset", "samples")]
    return _best_known([one for one in sets if str(one.facts.get("decode", "")) == "jpeg"])


def _best_known(components: list[Component]) -> Component | None:
    """The one with the most other names; of equals the first by id."""
    return min(components, key=lambda one: (-len(one.facts.get("aliases", ())), one.id), default=None)
