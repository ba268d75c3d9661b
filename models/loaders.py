"""What a loader does to a sample on the host: core-seconds to decode, augment and hand over.

work = decode and augment, over the loader's decode_share for images, + its own overhead per sample.
Decode by the pixel for images, by the byte for the rest (catalogue `loaders`, fitted/host.toml).
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, any_of, where
from infralab.models.catalogue import Component
from infralab.models.constants import assumed, fitted, table
from infralab.models.dataset import Data
from infralab.models.machine import Machine, Pool

IMAGES = frozenset({"jpeg", "png", "raw"})
REFERENCE_PIXELS = 500.0 * 375.0  # of the images that GPU decoders are quoted for


@dataclass(slots=True)
class Loader:
    """A loader of the catalogue with what the design says about it."""

    id: str
    component: Component | None
    on_chip: bool  # decodes on the accelerator

    @property
    def overhead(self) -> float:
        """Core-seconds of its own a sample."""
        return 0.0 if self.component is None else self.component.figures.get("overhead_per_sample", 0.0)


def chosen(machine: Machine) -> Loader:
    """The design's loader, else the framework's usual one (assumed)."""
    software = machine.design.software
    name = software.loader
    if name is None:
        usual = table("host")["usual"]
        name = str(usual.get(software.framework or "", usual["default"]))
        machine.figures.assume(f"loader not named: {name}", moves=False)
    found = machine.catalogue.find(name, "loader")
    if found is None:
        machine.warn("software", f"no loader named {name!r} in the catalogue: costs of a usual one are taken")
        return Loader(name, None, False)
    decode = str(found.facts.get("decode", ""))
    return Loader(found.id, found, decode.startswith("gpu") and not found.id.endswith("-cpu"))


def work(machine: Machine, loader: Loader, data: Data, pool: Pool) -> Number:
    """Core-seconds of the host a sample."""
    figures = machine.figures
    decode = _decode_seconds(machine, data)
    if any_of(data.compression > 1.0):
        rate = float(table("host")["decode"]["decompressed_bytes_per_s"])
        path = "fitted.host.decode.decompressed_bytes_per_s"
        rate_of_core = figures.figure(path, rate, "B/s", "assumed", "fitted/host.toml")
        decode = decode + where(
            data.compression > 1.0, data.bytes_per_sample * data.compression / rate_of_core, 0.0
        )
    if data.encoding == "jpeg" and decodes_on_chip(loader, pool):
        decode = decode * fitted(figures, "host", (pool.chip.generation,), "jpeg_host_share")
    share: Number = 1.0
    if data.encoding in IMAGES:
        share = fitted(figures, "host", (loader.id,), "decode_share")
    own: Number = 0.0
    if loader.overhead:
        path = "software.loader.overhead_per_sample"
        own = figures.figure(path, loader.overhead, "s", "assumed", loader.id)
    return decode / share + own


def decodes_on_chip(loader: Loader, pool: Pool) -> bool:
    """Whether the loader leaves decoding to the pool's chips."""
    return loader.on_chip and pool.chip.kind == "gpu"


def chip_rate(machine: Machine, data: Data, pool: Pool) -> Number:
    """Images/s that one chip decodes."""
    rate = fitted(machine.figures, "host", (pool.chip.generation,), "jpeg_per_second", "1/s")
    return rate if data.pixels is None else rate * REFERENCE_PIXELS / data.pixels


def _decode_seconds(machine: Machine, data: Data) -> Number:
    decode = table("host")["decode"]

    def cost(name: str, unit: str = "s") -> Number:
        path = f"fitted.host.decode.{name}"
        return machine.figures.figure(path, float(decode[name]), unit, "fitted", "fitted/host.toml")

    size = data.bytes_per_sample
    if data.encoding == "tokens":
        return size / 4.0 * cost("tokens_seconds")
    if data.encoding == "bytes":
        return 0.0
    if data.encoding in ("jpeg", "png", "raw"):
        read = (
            (data.pixels or 0.0) * cost("jpeg_seconds_per_pixel")
            if data.encoding == "jpeg"
            else size / cost(f"{data.encoding}_bytes_per_s", "B/s")
        )
        return read + _output_pixels(machine, data) * cost("augment_seconds_per_pixel")
    name = data.encoding if f"{data.encoding}_bytes_per_s" in decode else "records"
    return size / cost(f"{name}_bytes_per_s", "B/s")


def _output_pixels(machine: Machine, data: Data) -> float:
    """Pixels of the picture that the model sees."""
    workload = machine.design.workload
    size = None if workload is None else workload.image_size
    if isinstance(size, tuple):
        found = 1.0
        for side in size[-2:]:
            found *= float(side)
        return found
    if size is not None:
        return float(size) ** 2
    if data.pixels is None and data.encoding == "raw" and isinstance(data.bytes_per_sample, float):
        return min(data.bytes_per_sample / 3.0, assumed("image.side") ** 2)
    return assumed("image.side") ** 2
