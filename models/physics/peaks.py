"""Which arithmetic a chip really uses for a precision, and how fast: peaks with their fallbacks.

A chip without an arithmetic runs the next one that its software would take: int8 on the 16-bit
engine, 16-bit on fp32 units, fp32 on a matrix engine that has nothing wider than bf16. Where not one
peak is known, it is derived from cores, clock and vector width.
"""

from __future__ import annotations

from typing import NamedTuple

from infralab.models.arithmetic import Number, first
from infralab.models.constants import assumed
from infralab.models.figures import Figures
from infralab.models.machine import Chip

FALLBACKS = {
    "fp64": ("fp64",),
    "fp32": ("fp32", "tf32", "bf16", "fp16"),
    "tf32": ("tf32", "fp32", "bf16", "fp16"),
    "bf16": ("bf16", "fp16", "fp32"),
    "fp16": ("fp16", "bf16", "fp32"),
    "fp8": ("fp8", "bf16", "fp16", "fp32"),
    "mxfp8": ("mxfp8", "fp8", "bf16", "fp16", "fp32"),
    "int8": ("int8", "fp16", "bf16", "fp32"),
    "nvfp4": ("nvfp4", "fp4", "mxfp4", "fp8", "bf16", "fp16", "fp32"),
    "mxfp4": ("mxfp4", "fp4", "fp8", "bf16", "fp16", "fp32"),
    "fp4": ("fp4", "nvfp4", "mxfp4", "fp8", "bf16", "fp16", "fp32"),
    "int4": ("int4", "int8", "fp16", "bf16", "fp32"),
}
BITS = {"fp64": 64, "fp32": 32, "tf32": 32, "bf16": 16, "fp16": 16, "fp8": 8, "mxfp8": 8, "int8": 8}
CPU_KINDS = frozenset({"cpu", "edge-cpu", "mcu"})


class Peak(NamedTuple):
    """FLOP/s of one chip in the arithmetic that it uses."""

    value: Number
    path: str  # of the figure
    precision: str  # used, which may differ from the one asked
    vector: bool = False  # half precision on vector units: a share as of fp32

    @property
    def width(self) -> str:
        """Class of arithmetic that shares of a peak are fitted for."""
        if self.vector:
            return "32bit"
        if self.precision == "tf32":
            return "tf32"
        return f"{min(BITS.get(self.precision, 4), 32)}bit"


def number_bytes(precision: str) -> float:
    """Bytes of one number in memory."""
    return BITS.get(precision, 4) / 8.0


def peak(figures: Figures, chip: Chip, precision: str, quantise: bool = False) -> Peak | None:
    """The chip's dense peak for a precision, or for what it falls back to; None if nothing is known.

    quantise: a chip that has only whole numbers may run a network quantised to them (inference).
    """
    chain = FALLBACKS.get(precision, (precision, *FALLBACKS["bf16"]))
    if quantise and not any(name in chip.peaks for name in chain) and "int8" in chip.peaks:
        figures.assume(f"{chip.id} computes in int8 only: the network is taken as quantised to it")
        chain = ("int8",)
    if chip.kind in CPU_KINDS and precision == "int8":
        chain = ("int8", "fp32")  # vectors of 16-bit floats are no help to whole numbers
    used = next((name for name in chain if name in chip.peaks), None)
    if used is None:
        return _derived(figures, chip, precision)
    if used != precision and BITS.get(used, 4) > BITS.get(precision, 4):
        figures.assume(f"{chip.id} has no {precision} arithmetic on record: its {used} rate is taken")
    value = chip.peaks[used]
    if precision == "int8" and used == "fp32" and chip.kind in CPU_KINDS:
        # vector units without a dot product multiply 16-bit lanes: twice as many as fp32 lanes
        return Peak(value * 2.0, f"{chip.path}.peak.{used}", precision)
    return Peak(value, f"{chip.path}.peak.{used}", used, used == "fp16" and _only_vectors(chip))


def not_known(chip: Chip, precision: str) -> str:
    """What to say where a chip has no rate for a precision: what it has, and the key that would give one."""
    other = [name for name in BITS if name in chip.peaks]
    has = f", only {' and '.join(other)}" if other else ""
    return f"{chip.id} has no {precision} arithmetic on record{has}; give with.chip.peak.{precision}"


def _only_vectors(chip: Chip) -> bool:
    """A graphics processor without a matrix engine: fp16 at most twice fp32, and nothing narrower."""
    plain, half = chip.peaks.get("fp32"), chip.peaks.get("fp16")
    if chip.kind in CPU_KINDS or plain is None or half is None:
        return False
    matrix = any(name in chip.peaks for name in ("int8", "fp8", "tf32", "int4"))
    return not matrix and first(half) <= 2.1 * first(plain)


def _derived(figures: Figures, chip: Chip, precision: str) -> Peak | None:
    """Cores × clock × operations a cycle, for processors without a printed rate."""
    clock = chip.facts.get("clock_mhz")
    if chip.kind not in CPU_KINDS or clock is None or chip.cores is None:
        return None
    per_cycle = assumed(f"simd.flop_per_cycle.{chip.kind}")
    narrow = 32.0 / max(8.0, min(BITS.get(precision, 32), 32.0)) if chip.kind != "mcu" else 1.0
    figures.assume(f"{chip.id} has no printed rate: cores x clock x {per_cycle:g} FLOP a cycle in fp32")
    path = f"{chip.path}.peak.{precision}"
    value = chip.cores * float(clock) * 1e6 * per_cycle * narrow
    return Peak(figures.figure(path, value, "FLOP/s", "assumed", "cores x clock x vector width"), path, precision)
