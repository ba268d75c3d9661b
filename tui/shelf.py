"""What the palette offers: parts of the catalogue in sections, with the figures a person compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from infralab.models.catalogue import Catalogue, Component
from infralab.models.units import human, significant

Drop = Literal["box", "into", "wire", "setting"]


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be picked up. `room` and `kind` as in the catalogue."""

    id: str
    room: str
    kind: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group of parts. `kinds` is empty when the whole room belongs to it."""

    name: str
    room: str
    kinds: frozenset[str] = frozenset()

    def holds(self, part: Part) -> bool:
        return part.room == self.room and (not self.kinds or part.kind in self.kinds)


def _section(name: str, room: str, kinds: str = "") -> Section:
    return Section(name, room, frozenset(kinds.split()))


SECTIONS: tuple[Section, ...] = (
    _section("Servers", "server"),
    _section("GPUs", "chip", "gpu"),
    _section("TPUs", "chip", "tpu"),
    _section("CPUs", "chip", "cpu"),
    _section("Other accelerators", "chip", "npu ipu inference-asic fpga fpga-aie"),
    _section("Edge", "chip", "edge-gpu edge-cpu edge-asic mcu mcu-npu"),
    _section("Storage", "tier"),
    _section("Switches, fabrics", "switch"),
    _section("Links", "link"),
    _section("DPUs, SmartNICs", "dpu"),
    _section("Frameworks", "framework"),
    _section("Loaders", "loader"),
    _section("Models", "model"),
    _section("Data sets", "dataset"),
)

Sections = list[tuple[Section, list[Part]]]

DROPS: dict[str, Drop] = {
    "server": "box",
    "chip": "box",
    "tier": "box",
    "switch": "box",
    "dpu": "into",
    "link": "wire",
    "framework": "setting",
    "loader": "setting",
    "model": "setting",
    "dataset": "setting",
}


def parts(catalogue: Catalogue) -> list[Part]:
    """Every part of the palette, by name; nothing but names is read."""
    rooms = {section.room for section in SECTIONS}
    heads = []
    for room in rooms:
        for kind in catalogue.kinds(room):
            heads.extend(Part(name, room, kind) for name in catalogue.ids(room, kind))
    return sorted(heads, key=lambda part: part.id)


def by_section(found: Sequence[Part]) -> Sections:
    return [(section, [part for part in found if section.holds(part)]) for section in SECTIONS]


def search(catalogue: Catalogue, text: str) -> list[Part]:
    """Parts whose name, kind or vendor come near to the text, best first."""
    rooms = {section.room for section in SECTIONS}
    return [
        Part(component.id, component.room, component.kind)
        for component in catalogue.search(text)
        if component.room in rooms
    ]


def figures(component: Component) -> str:
    """The few figures that stand beside a part's name."""
    say = _SAY.get(component.room)
    return say(component) if say else ""


def _bits(value: float | None) -> str:
    return human(value * 8, "b/s") if value else ""


def _bytes(value: float | None, unit: str = "B") -> str:
    return human(value, unit) if value else ""


def _chip(part: Component) -> str:
    peaks = [part.figures.get(f"peak.{name}") for name in ("bf16", "fp16", "int8", "fp32")]
    peak = next((value for value in peaks if value), None)
    words = (_bytes(part.figures.get("memory")), _bytes(part.figures.get("memory_bandwidth"), "B/s"))
    return " ".join((*(word for word in words if word), human(peak, "FLOP/s") if peak else "")).strip()


def _server(part: Component) -> str:
    chips, chip = part.figures.get("chips"), part.facts.get("chip")
    if chip:
        return f"{significant(chips)}× {chip}" if chips else str(chip)
    cores = part.figures.get("host.cores")
    return f"{significant(cores)} cores" if cores else ""


def _tier(part: Component) -> str:
    got = part.figures.get
    rate = got("request_rate")
    words = [
        _bytes(got("read_bandwidth"), "B/s"),
        f"{human(rate)} req/s" if rate else "",
        f"{significant(latency * 1e3, 2)} ms" if (latency := got("latency")) else "",
    ]
    return " ".join(word for word in words if word)


def _switch(part: Component) -> str:
    ports, speed = part.figures.get("ports"), _bits(part.figures.get("bandwidth"))
    return f"{significant(ports)} × {speed}" if ports and speed else speed


def _dpu(part: Component) -> str:
    cores = part.figures.get("cores")
    return f"{_bits(part.figures.get('bandwidth'))}{f' {significant(cores)} cores' if cores else ''}"


def _model(part: Component) -> str:
    parameters = part.figures.get("parameters")
    return f"{human(parameters)} parameters" if parameters else part.kind


def _dataset(part: Component) -> str:
    samples = part.figures.get("samples")
    return f"{human(samples)} samples" if samples else part.kind


_SAY = {
    "chip": _chip,
    "server": _server,
    "tier": _tier,
    "switch": _switch,
    "link": lambda part: _bits(part.figures.get("bandwidth")),
    "dpu": _dpu,
    "framework": lambda part: part.kind,
    "loader": lambda part: str(part.facts.get("vendor", "") or part.kind),
    "model": _model,
    "dataset": _dataset,
}
