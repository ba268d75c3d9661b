"""What chips and software reach in training: catalogue figures times fitted constants, as `Rates`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from infralab.models.arithmetic import Number, first
from infralab.models.constants import assumed, fitted, table
from infralab.models.machine import Chip, Machine, Pool
from infralab.models.network import host_link
from infralab.models.physics.peaks import BITS, Peak, peak
from infralab.models.physics.roofline import Engine, tiles
from infralab.models.units import human
from infralab.models.workloads.training.compute import Rates

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue

FILE = "transformer_training"
WIDE = {"fp32": "fp32", "tf32": "tf32", "fp16": "fp16", "fp64": "fp64"}  # what attention and head use; else bf16


class Constants:
    """Fitted constants for one pool: by chip generation, its family, its kind; by framework."""

    __slots__ = ("catalogue", "chip", "figures", "keys", "software")

    def __init__(self, machine: Machine, pool: Pool) -> None:
        self.figures = machine.figures
        self.catalogue = machine.base_catalogue
        self.chip = pool.chip
        self.keys = chip_keys(pool.chip)
        self.software = (machine.design.software.framework or "",)

    def of_chip(self, name: str, unit: str = "") -> Number:
        return fitted(self.figures, FILE, self.keys, name, unit)

    def of_software(self, name: str, unit: str = "") -> Number:
        return fitted(self.figures, FILE, self.software, name, unit)

    def of_both(self, name: str, unit: str = "") -> Number:
        """By framework first, then by chip."""
        return fitted(self.figures, FILE, (*self.software, *self.keys), name, unit)

    def path(self, name: str) -> str:
        """Path of the figure that `of_chip` records."""
        data = table(FILE)
        key = next((k for k in (*self.keys, "default") if name in data.get(k, {})), "default")
        return f"fitted.{FILE}.{key}.{name}"

    def efficiency(self, precision: str) -> Number:
        """Best measured share of the peak in matrix products: the chip's, its generation's, else a usual one."""
        for name in (precision, "bf16"):
            value = _measured(self.chip.facts, name)
            if value is not None:
                path = f"{self.chip.path}.efficiency.{name}"
                return self.figures.figure(path, value, "", "cited", self.chip.id)
        kin = _of_generation(self.catalogue, self.chip.kind, self.chip.generation)
        if kin is not None:
            mean, whose = kin
            return self.figures.figure(f"{self.chip.path}.efficiency.bf16", mean, "", "assumed", f"mean of {whose}")
        return self.of_chip("matmul_efficiency")


def _measured(facts: Mapping[str, object], precision: str) -> float | None:
    measured = facts.get("measured")
    value = measured.get(f"eff_{precision}") if isinstance(measured, Mapping) else None
    return None if value is None else float(value)


@lru_cache(maxsize=32)
def _of_generation(catalogue: Catalogue, kind: str, generation: str) -> tuple[float, str] | None:
    """Mean share that was measured on chips of one generation, and which these are."""
    if generation == kind:  # the facts name none
        return None
    chips = (catalogue.get(name, "chip") for name in catalogue.ids("chip", kind))
    alike = [(one.id, _measured(one.facts, "bf16")) for one in chips if one.facts.get("arch") == generation]
    shares = {name: share for name, share in alike if share is not None}
    return (sum(shares.values()) / len(shares), ", ".join(sorted(shares))) if shares else None


def chip_keys(chip: Chip) -> tuple[str, ...]:
    """Tables of constants that apply to a chip: its generation, the family of that, its kind."""
    family = chip.generation.split("-")[0].rstrip("0123456789")
    return (chip.generation, family, chip.kind)


class Peaks:
    """Peak rates of a pool's chip at the precision of the work and at that of attention and head."""

    __slots__ = ("layers", "narrow", "precision", "wide", "wide_name")

    def __init__(self, machine: Machine, chip: Chip, precision: str | None) -> None:
        if precision is None:
            precision = usual_precision(chip)
            machine.figures.assume(
                f"precision not given: {precision}, the fastest that training commonly uses on {chip.id}"
            )
        self.precision = precision
        self.wide_name = WIDE.get(precision, "bf16")
        self.layers: Peak | None = peak(machine.figures, chip, precision)
        self.wide: Peak | None = peak(machine.figures, chip, self.wide_name)
        self.narrow = self.layers is not None and BITS.get(self.layers.precision, 4) < 16


def usual_precision(chip: Chip) -> str:
    """8 bits where the chip multiplies them faster than 16, as published training does; else bf16."""
    narrow, wide = chip.peaks.get("fp8"), chip.peaks.get("bf16")
    return "fp8" if narrow is not None and wide is not None and first(narrow) > 1.2 * first(wide) else "bf16"


def rates(machine: Machine, pool: Pool, peaks: Peaks, constants: Constants) -> Rates:
    """Attainable rates of one chip, and what its host and its stack add."""
    assert peaks.layers is not None
    assert peaks.wide is not None
    chip, of_chip = pool.chip, constants.of_chip
    stack = constants.of_software("stack_share")
    share = of_chip("matmul_share") * stack
    wide = peaks.wide.value * constants.efficiency(peaks.wide.precision) * share
    rate = wide
    if peaks.layers.precision != peaks.wide.precision:
        rate = peaks.layers.value * constants.efficiency(peaks.layers.precision) * share
        rate = rate * of_chip("narrow_share") if peaks.narrow else rate
    bandwidth = chip.memory_bandwidth
    if bandwidth is None:
        taken = assumed("training.memory_bandwidth")
        bandwidth = machine.figures.figure(f"{chip.path}.memory_bandwidth", taken, "B/s", "assumed")
        machine.figures.assume(f"{chip.id} has no memory bandwidth on record: {human(taken, 'B/s')}")
    reached = bandwidth * of_chip("memory_share") * stack
    cut = tiles(chip.kind, chip.facts, 0.0 if chip.cores is None else chip.cores)
    fill, lost = of_chip("fill_depth"), of_chip("lost_waves")
    return Rates(
        layers=Engine(rate, reached, cut, BITS.get(peaks.layers.precision, 4) / 8.0, fill, lost),
        head=Engine(wide, reached, cut, BITS.get(peaks.wide.precision, 16) / 8.0, fill, lost),
        attention=Engine(wide * of_chip("attention_share"), reached, cut),
        score_bytes_per_s=bandwidth * of_chip("score_share") * stack,
        layer_seconds=of_chip("layer_seconds", "s") / stack,
        tensor_seconds=of_chip("tensor_seconds", "s") / stack,
        expert_seconds=of_chip("expert_seconds", "s") / stack,
        step_seconds=of_chip("step_seconds", "s"),
        hop_seconds=constants.of_software("hop_seconds", "s"),
        overlap=constants.of_both("overlap"),
        hidden_cost=of_chip("hidden_cost"),
        tensor_exposed=of_chip("tensor_exposed"),
        tensor_spanning=of_chip("tensor_spanning"),
        expert_exposed=of_chip("expert_exposed"),
        expert_share=of_chip("expert_share"),
        host_link=host_link(machine, pool),
        narrow=peaks.narrow,
    )
