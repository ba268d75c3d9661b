"""Number formats of weights, cache and arithmetic: bytes a number takes and the rate it is multiplied at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number, divide, first, minimum
from infralab.models.constants import assumed, table
from infralab.models.design import Workload
from infralab.models.machine import HOST_KINDS, Chip, Machine, Pool
from infralab.models.physics.peaks import not_known
from infralab.models.workloads.inference.family import FILE, family_of

WIDER = {  # what a chip without units for a format multiplies in, next best first
    "fp4": ("fp4", "nvfp4", "mxfp4", "fp6", "fp8", "bf16", "fp16", "tf32", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "tf32", "fp32"),
    "int8": ("int8", "bf16", "fp16", "tf32", "fp32"),
    "bf16": ("bf16", "fp16", "tf32", "fp32"),
    "fp16": ("fp16", "bf16", "tf32", "fp32"),
    "tf32": ("tf32", "fp32"),
    "fp32": ("fp32", "bf16", "fp16"),
    "fp64": ("fp64", "fp64_matrix"),
}
BITS = {"fp4": 4, "nvfp4": 4, "mxfp4": 4, "fp6": 8, "fp8": 8, "int8": 8, "fp32": 16, "tf32": 16, "fp64": 16}
USUAL = (("bf16", 2.0), ("int8", 1.0), ("w4a16", 0.52))  # formats that people serve in, bytes a weight
DOT_PRODUCT = 4.0  # int8 operations a dot-product instruction does for one fp32 multiply-add


@dataclass(frozen=True, slots=True)
class Formats:
    """Bytes of numbers and the rates that they are multiplied at."""

    weight_bytes: Number  # of one parameter, scales included
    kv_bytes: Number  # of one number in the cache
    activation_bytes: float
    arithmetic: str  # precision the matrix engine works in
    width: int  # 4, 8 or 16: what the arithmetic's constants are fitted by
    peak: Number  # FLOP/s of one chip, dense
    peak_path: str
    attention_peak: Number  # scores and values are multiplied in 16 bits
    vector_peak: Number  # FLOP/s that unpacking is counted against
    codebook: bool  # weights are looked up in a table rather than scaled
    unpacks: bool  # weights below 8 bits are unpacked before the multiply


def formats(machine: Machine, pool: Pool, workload: Workload, load: Number) -> Formats | None:
    """Formats of the workload on this pool; None, and said, where the chip has no arithmetic rate.

    load: parameters a chip holds over the bytes of its memory, to guess a format that is not given.
    """
    figures = machine.figures
    name = workload.weight_precision or workload.precision
    if name is None:
        name = next((n for n, size in USUAL if first(load) * size < assumed("memory.usable_share")), USUAL[-1][0])
        figures.assume(f"weight precision not given, taken as {name}, the widest usual one that fits")
    entry = _entry(machine, name)
    if entry is None:
        machine.missing("workload.weight_precision", f"no number format {name!r} in the catalogue: name another")
        return None
    bits = entry.get("bits_file") or entry.get("bits") or 16.0
    weight = figures.number("workload.weight_bits", float(bits)) / 8.0
    arithmetic = _arithmetic(machine, workload, entry)
    found = peak(machine, pool, arithmetic)
    if found is None:
        machine.missing(pool.owner, not_known(pool.chip, arithmetic))
        return None
    used, rate, path = found
    sixteen = peak(machine, pool, "bf16") or found
    family = family_of(machine.design.software)
    kv_name = workload.kv_precision
    if kv_name is None:
        # some engines keep the cache in 8 bits when they compute in 8 or 4
        narrow = used in ("fp8", "fp4") and family in table(FILE)["narrow_cache"]
        kv_name = "fp8" if narrow else "bf16"
        figures.assume(f"key-value precision not given, taken as {kv_name}", moves=False)
    kv = _entry(machine, kv_name) or {}
    return Formats(
        weight_bytes=weight,
        kv_bytes=float(kv.get("bits") or 16.0) / 8.0,
        activation_bytes=2.0,
        arithmetic=used,
        width=BITS.get(used, 16),
        peak=rate,
        peak_path=path,
        attention_peak=sixteen[1],
        vector_peak=_vector_peak(pool, sixteen[1]),
        codebook=float(bits) < 4.0 and "iq" in f"{entry.get('of', '')} {name}",
        unpacks=float(bits) < 7.5 and BITS.get(used, 16) > 4,
    )


def _entry(machine: Machine, name: str) -> dict[str, Any] | None:
    found = machine.catalogue.find(name, "quantisation")
    if found is None:
        return None
    facts = dict(found.facts)
    other = facts.get("same_as")
    if other and not (facts.get("bits") or facts.get("bits_file")):
        base = machine.catalogue.find(str(other), "quantisation")
        facts = {**(base.facts if base else {}), **facts}
    return facts


def _arithmetic(machine: Machine, workload: Workload, weights: dict[str, Any]) -> str:
    """Precision of the multiply: weight-only formats are unpacked to 16 bits, others as wide as activations."""
    if workload.precision in WIDER and not weights.get("weight_only"):
        return str(workload.precision)
    entry = weights
    if workload.precision and not weights.get("weight_only"):
        entry = _entry(machine, workload.precision) or weights
    wide = float(entry.get("act_bits") or 16.0)
    if entry.get("weight_only") or wide >= 16:
        return "fp32" if wide >= 32 else "bf16"
    if wide <= 4:
        return "fp4"
    return "fp8" if "8" in str(entry.get("family", "")) or "microscaling" in str(entry.get("family", "")) else "int8"


def peak(machine: Machine, pool: Pool, precision: str) -> tuple[str, Number, str] | None:
    """(precision used, FLOP/s, path of the figure) of the narrowest arithmetic that the chip has for it."""
    chip = pool.chip
    vectors = _is_host(chip) and "fp32" in chip.peaks
    if precision == "int8" and vectors and ("int8" not in chip.peaks or not _uses_tiles(machine)):
        # dot-product instructions of the vector units
        return "int8", chip.peaks["fp32"] * DOT_PRODUCT * used_cores(chip), f"{chip.path}.peak.fp32"
    for name in WIDER.get(precision, (precision, "bf16", "fp16", "fp32")):
        if name in chip.peaks:
            return name, chip.peaks[name] * used_cores(chip), f"{chip.path}.peak.{name}"
    return None


def _vector_peak(pool: Pool, sixteen: Number) -> Number:
    """Of a CPU the rate in fp32, which its matrix tiles don't raise; of others the 16-bit rate."""
    chip = pool.chip
    return chip.peaks["fp32"] * used_cores(chip) if _is_host(chip) and "fp32" in chip.peaks else sixteen


def _uses_tiles(machine: Machine) -> bool:
    """Whether the software multiplies on a CPU's matrix tiles (AMX) or on its vector units only."""
    return family_of(machine.design.software) not in table(FILE)["vector_only"]


def _is_host(chip: Chip) -> bool:
    return chip.kind in HOST_KINDS or chip.kind == "edge-cpu"


def used_cores(chip: Chip) -> Number:
    """Share of a CPU's cores that work: 1 unless the design takes fewer than the chip has."""
    built = chip.facts.get("cores")
    if not _is_host(chip) or chip.cores is None or not isinstance(built, (int, float)):
        return 1.0
    return minimum(divide(chip.cores, float(built)), 1.0)
