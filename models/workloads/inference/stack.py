"""Constants of a software family on a chip: what a datasheet does not print (model.md, 10 and 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from infralab.models.arithmetic import Number, minimum
from infralab.models.constants import assumed, fitted, table
from infralab.models.machine import HOST_KINDS, Machine, Pool
from infralab.models.workloads.inference.family import FILE, family_of
from infralab.models.workloads.inference.formats import Formats


@dataclass(slots=True)
class Stack:
    """Rates are achieved ones of one chip; `*_path` is the figure whose growth shortens the part."""

    family: str
    matmul: Number  # FLOP/s of matrix products
    attention: Number  # FLOP/s of scores and values
    weights: Number  # bytes/s, reading weights
    unpack_seconds: Number  # of one weight, where it is unpacked before the multiply
    cache: Number  # bytes/s, reading keys and values
    memory_path: str
    matmul_path: str
    layer_seconds: Number  # host and small kernels of one layer
    expert_seconds: Number  # the same for routing in a mixture-of-experts layer
    step_seconds: Number  # scheduling and sampling of one pass
    expert_factor: Number  # of both rates, in the grouped products of routed experts
    sequence_seconds: Number  # scheduling and sampling of one sequence in a pass
    request_seconds: Number  # before and after the passes of one request
    crowding: Number  # share of a closed loop's clients that arrive together, as at the start
    reduce_seconds: Number  # a small all-reduce between two chips
    overhead_path: str
    request_path: str
    reduce_path: str
    memory_share: Number  # of the chip's memory that weights and cache may fill
    batch_limit: Number  # sequences in flight on one replica
    prefill_tokens: Number  # prompt tokens in one pass


def path_of(keys: tuple[str, ...], name: str) -> str:
    """The figure under which `fitted` records a constant of these keys."""
    data = table(FILE)
    key = next((k for k in keys if name in data.get(k, ())), "default")
    return f"fitted.{FILE}.{key}.{name}"


def processor_of(pool: Pool) -> str:
    """Vendor and kind of a pool's chip, as constants name it: "nvidia-gpu"."""
    vendor = str(pool.chip.facts.get("vendor", "")).split(" ")[0].lower()
    return f"{vendor}-{pool.chip.kind}" if vendor else pool.chip.kind


def chip_keys_of(pool: Pool) -> tuple[str, ...]:
    """Where a chip's constants are looked up: its generation, where it has one, then its processor.

    One generation's chips with stacked and with graphics memory are different designs.
    """
    chip = pool.chip
    memory = _memory_kind(pool)
    named: tuple[str, ...] = ()
    if chip.generation != chip.kind:
        named = (f"{chip.generation}-{memory}",) if memory else ()
        named = (*named, chip.generation)
    return (*named, processor_of(pool), chip.kind)


def stack_keys_of(family: str, pool: Pool) -> tuple[str, ...]:
    """Where a software family's constants are looked up: on this kind of processor, else anywhere."""
    processor, memory = processor_of(pool), _memory_kind(pool)
    fine = (f"{family}-{processor}-{memory}",) if memory else ()
    return (*fine, f"{family}-{processor}", f"{family}-{pool.chip.kind}", family)


def _memory_kind(pool: Pool) -> str:
    found = re.search(r"HBM|GDDR|LPDDR", str(pool.chip.facts.get("mem_type", "")))
    return found[0].lower() if found else ""


def stack(machine: Machine, pool: Pool, formats: Formats) -> Stack:
    """The constants for this pool's chip and the design's software, recorded as figures."""
    figures, chip = machine.figures, pool.chip
    framework = machine.design.software.framework
    family = family_of(machine.design.software)
    if framework is None or framework == "auto":
        figures.assume(f"software not given: constants of {family} stacks", moves=False)
    chip_keys = chip_keys_of(pool)
    stack_keys = stack_keys_of(family, pool)

    def of_chip(name: str, unit: str = "") -> Number:
        return fitted(figures, FILE, chip_keys, name, unit)

    def of_stack(name: str, unit: str = "") -> Number:
        return fitted(figures, FILE, stack_keys, name, unit)

    read, path = _bandwidth(machine, pool, of_stack("bandwidth_factor"))
    # narrow weights are unpacked by the vector units, which fast memories outrun
    unpack: Number = 0.0
    if formats.unpacks:
        name = "unpack_flop"
        if chip.kind in (*HOST_KINDS, "edge-cpu"):
            name = "codebook_vector_flop" if formats.codebook else "unpack_vector_flop"
        unpack = of_stack(name, "FLOP") / formats.vector_peak
    factor = of_stack("matmul_factor")
    link = chip.link_kind or "pcie"
    link_keys = (f"{family}-{link}", link, family)
    reduce = fitted(figures, FILE, link_keys, "reduce_seconds", "s")
    return Stack(
        family=family,
        matmul=formats.peak * minimum(of_chip(f"matmul_share_{formats.width}bit") * factor, assumed("inference.most_of_peak")),
        attention=formats.attention_peak * of_chip("attention_share") * of_stack("attention_factor"),
        weights=read,
        unpack_seconds=unpack,
        cache=read * of_stack("cache_factor"),
        memory_path=path,
        matmul_path=formats.peak_path,
        layer_seconds=of_stack("layer_seconds", "s"),
        expert_seconds=of_stack("expert_seconds", "s"),
        step_seconds=of_stack("step_seconds", "s"),
        expert_factor=of_stack("expert_factor"),
        sequence_seconds=of_stack("sequence_seconds", "s"),
        request_seconds=of_stack("request_seconds", "s"),
        crowding=of_stack("crowding"),
        reduce_seconds=reduce,
        overhead_path=path_of(stack_keys, "layer_seconds"),
        request_path=path_of(stack_keys, "request_seconds"),
        reduce_path=path_of(link_keys, "reduce_seconds"),
        memory_share=of_stack("memory_share"),
        batch_limit=of_stack("batch_limit"),
        prefill_tokens=of_stack("prefill_tokens"),
    )


def _bandwidth(machine: Machine, pool: Pool, factor: Number) -> tuple[Number, str]:
    """Achieved bytes/s of one chip's memory; few cores of a CPU cannot draw all of it."""
    figures, chip = machine.figures, pool.chip
    share = minimum(fitted(figures, FILE, chip_keys_of(pool), "bandwidth_share") * factor, assumed("inference.most_of_peak"))
    path = f"{chip.path}.memory_bandwidth"
    whole = chip.memory_bandwidth
    if whole is None:
        if chip.kind not in HOST_KINDS:
            machine.missing(pool.owner, f"{chip.id} has no memory bandwidth in the catalogue: give one")
        whole, path = pool.host.memory_bandwidth / pool.chips, f"{pool.owner}.host.memory_bandwidth"
    lanes = chip.facts.get("mem_tbps_cpu")
    if isinstance(lanes, (int, float)):
        whole = figures.figure(f"{chip.path}.memory_bandwidth.cpu", float(lanes) * 1e12, "B/s", "cited", chip.id)
        path = f"{chip.path}.memory_bandwidth.cpu"
    if chip.kind not in HOST_KINDS or chip.cores is None:
        return whole * share, path
    each = fitted(figures, FILE, chip_keys_of(pool), "core_bandwidth", "B/s")
    return minimum(whole * share, chip.cores * each * factor), path
