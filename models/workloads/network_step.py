"""Time of one batch of a network known by its cost, on one copy of it.

    engine  = FLOP / (peak · share · kernel) · (1 + half a wave · units / tiles)
    memory  = (passes · activations · bytes · batch + weights) / (bandwidth · share)
    device  = max(engine, memory) + (1 − hidden) · min(engine, memory) + layers · gap
    batch   = max(device, layers · host)

Roofline (Williams, Waterman & Patterson 2009) with the traffic of activations, which bounds small and
depthwise networks; `hidden` is the share of the smaller term that other layers' work covers, as a
network is a row of layers that are bound by one or the other. `passes` and `host` belong to the way a
stack runs networks (eager, compiled, training), shares and `gap` to the kind of processor. The share
grows with the multiply-adds behind each output, (macs/activations)^gain: deep sums fill an engine, and
3x3 kernels may take the short cut of Winograd.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number, first, maximum, minimum, power, where
from infralab.models.constants import assumed, fitted, table
from infralab.models.design import Workload
from infralab.models.figures import Figures
from infralab.models.job import COMPUTE, MEMORY, OVERHEAD, Part
from infralab.models.machine import Chip, Machine, Pool
from infralab.models.physics.peaks import CPU_KINDS, Peak, number_bytes, peak
from infralab.models.workloads.cost_network import TRAINING_PASSES, Network

CORE = re.compile(r"[A-Z][a-z]+[- ][A-Z]\d+")  # a core's design, as in the catalogue's `cores_unit`
GRAPHICS = frozenset({"gpu", "edge-gpu"})
TILE = 128.0 * 128.0  # outputs that one unit makes at a time
MOST_OF_PEAK = 0.9  # what the best measured products of matrices reach
USUAL_DEPTH = 400.0  # multiply-adds behind one layer output, at which shares are stated
MATRIX_RATIO = 8.0  # int8 over fp32: vectors of narrow numbers reach 4
ON_CHIP = frozenset({"mcu", "mcu-npu"})


@dataclass(frozen=True, slots=True)
class Run:
    """How a network is run on one pool: by which stack, in which numbers, in how many copies."""

    file: str  # fitted/<file>.toml
    style: str
    stack: tuple[str, ...]  # keys of the stack's constants, most specific first
    chip: tuple[str, ...]  # keys of the chip's constants
    peak: Peak
    precision: str
    copies: Number  # of the network on one chip
    training: bool
    alone: bool = False  # one sample in flight: the other copies wait

    @property
    def busy(self) -> Number:
        """Copies of a chip that work at once."""
        return 1.0 if self.alone else self.copies


def generation_keys(chip: Chip) -> tuple[str, ...]:
    """Keys of fitted constants of a chip: its generation within its kind, its engine, its kind."""
    word = chip.generation.split(" ")[0].split("-")[0]
    found = [] if chip.generation == chip.kind or not word else [f"{chip.kind}-{word}"]
    if "consumer" in str(chip.facts.get("form_factor", "")):
        # consumer cards print the rate of full-precision sums, which is half of what the engine could
        found = [*(f"{key}-consumer" for key in found), f"{chip.kind}-consumer", *found]
    if chip.kind in CPU_KINDS:
        core = CORE.search(str(chip.facts.get("cores_unit", "")))
        if core is not None and not found:
            found.append(f"{chip.kind}-{core[0].lower().replace(' ', '-')}")
    if chip.kind in CPU_KINDS and _has_matrix_engine(chip):
        found.append(f"{chip.kind}-matrix")
    return (*found, chip.kind)


def _has_matrix_engine(chip: Chip) -> bool:
    """A processor whose narrow arithmetic is far beyond what wider vectors would give."""
    plain = chip.peaks.get("fp32")
    narrow = chip.peaks.get("int8", chip.peaks.get("bf16"))
    return plain is not None and narrow is not None and first(narrow) >= MATRIX_RATIO * first(plain)


def style_of(file: str, framework: str | None, kind: str, training: bool) -> str:
    """How a stack runs networks: a row of `[styles]`, by processor kind where it differs."""
    styles: dict[str, Any] = table(file)["styles"]
    if training:
        return "training"
    default = styles["cpu-default"] if kind in CPU_KINDS else styles["default"]
    if framework in (None, "auto"):
        return str(default)
    exact = styles.get(f"{framework}-{kind}", styles.get(str(framework)))
    if exact is not None:
        return str(exact)
    # a flavour of a known stack ("tensorflow2", "pytorch-eager"), else one of no special kind
    known = [name for name in styles if str(framework).startswith(name)]
    return str(styles[max(known, key=len)] if known else styles["other"])


def plan_run(machine: Machine, pool: Pool, file: str, precision: str, training: bool) -> Run | None:
    """Constants and arithmetic of a pool; None, with a problem noted, where it has no known rate."""
    chip, framework = pool.chip, machine.design.software.framework
    lowered = table(file).get("lowers", {}).get(str(framework))
    if lowered is not None and precision == "fp32" and lowered in chip.peaks and not training:
        precision = lowered  # the stack computes in half precision wherever the chip can
    found = peak(machine.figures, chip, precision, quantise=not training)
    if found is None:
        machine.missing(
            pool.owner,
            f"{chip.id} has no known rate in {precision}: give one with "
            f'box.{pool.name}.with.chip.peak.{precision} = "… TFLOP/s"',
        )
        return None
    if framework is None:
        machine.figures.assume("software not named: a tuned engine for the processor", moves=True)
    style = style_of(file, framework, chip.kind, training)
    stack = (f"{framework}-{chip.kind}", str(framework), f"{style}-{chip.kind}", style)
    copies = 1.0 if training else _copies(file, str(framework), chip)
    workload = machine.design.workload
    fixed = table(file).get("copies", {}).get(str(framework)) != "core"
    alone = fixed and workload is not None and workload.mode == "single-stream"
    used = _with_helpers(chip, _of_used_cores(machine, chip, found), workload, style)
    return Run(file, style, stack, generation_keys(chip), used, precision, copies, training, alone)


def _with_helpers(chip: Chip, found: Peak, workload: Workload | None, style: str) -> Peak:
    """An engine with many samples in flight also uses the fixed-function accelerators beside the chip."""
    both = chip.peaks.get(f"{found.precision}_with_dla")
    many = workload is not None and workload.mode in ("offline", "server")
    if both is None or not many or style != "engine":
        return found
    return found._replace(value=both, path=f"{chip.path}.peak.{found.precision}_with_dla")


def _copies(file: str, framework: str, chip: Chip) -> Number:
    """Copies of the network that a stack keeps on one chip: one on each core, a number, or one."""
    given = table(file).get("copies", {}).get(framework, 1.0)
    if given == "core":
        return chip.cores if chip.cores is not None else 1.0
    return minimum(float(given), chip.cores) if chip.cores is not None else float(given)


def _of_used_cores(machine: Machine, chip: Chip, found: Peak) -> Peak:
    """A processor of which some cores are used has their share of the peak."""
    return found._replace(value=found.value * _used_share(machine, chip))


def _used_share(machine: Machine, chip: Chip) -> Number:
    if chip.kind not in CPU_KINDS or chip.cores is None or not machine.catalogue.has(chip.id, "chip"):
        return 1.0
    all_cores = machine.catalogue.get(chip.id, "chip").figures.get("cores")
    return minimum(chip.cores / all_cores, 1.0) if all_cores else 1.0


def _cache_hit(chip: Chip, network: Network, width: float, samples: Number) -> Number:
    """Share of layer outputs that the next layer still finds in the cache: cache over working set."""
    assert chip.cache_bytes is not None
    layer = 2.0 * network.activations * width / network.layers * samples
    return minimum(chip.cache_bytes / maximum(layer, 1.0), 1.0)


def _engine(machine: Machine, pool: Pool, network: Network, batch: Number, run: Run) -> Number:
    """Seconds of arithmetic of one batch."""
    figures, chip = machine.figures, pool.chip
    share = fitted(figures, run.file, run.chip, f"share_{run.peak.width}")
    kernel = fitted(figures, run.file, run.stack, "kernel")
    depth = minimum(maximum(network.macs / network.activations / USUAL_DEPTH, 0.1), 4.0)
    reached = share * kernel * power(depth, fitted(figures, run.file, run.chip, "depth_gain"))
    if chip.kind not in CPU_KINDS:  # Winograd takes processors beyond their peak, engines stay below
        reached = minimum(reached, MOST_OF_PEAK)
    engine = network.flop * _passes(run) * batch * run.copies / (run.peak.value * reached)
    if chip.kind in GRAPHICS and chip.cores is not None:
        # the last wave of tiles of each layer leaves units idle: half a wave on average
        tiles = network.activations / network.layers * batch / TILE
        engine = engine * (1.0 + fitted(figures, run.file, ("default",), "half_wave") * chip.cores / tiles)
    return engine * _waiting(machine, chip, batch, run)


def _waiting(machine: Machine, chip: Chip, batch: Number, run: Run) -> Number:
    """By how much cores that share one sample stretch it, as they wait for each other after every layer."""
    if chip.kind not in CPU_KINDS or chip.cores is None:
        return 1.0
    serial = fitted(machine.figures, run.file, run.chip, "serial")
    return 1.0 + serial * maximum(chip.cores / maximum(batch, 1.0) - 1.0, 0.0)


def _memory(
    machine: Machine, pool: Pool, network: Network, batch: Number, run: Run, bandwidth: Number
) -> Number:
    """Seconds that layer outputs and weights of one batch take through memory of `bandwidth` bytes/s and caches."""
    figures, chip = machine.figures, pool.chip
    bandwidth = bandwidth * fitted(figures, run.file, run.chip, "memory_share")
    width = number_bytes(run.precision)
    moved = activation_bytes(figures, network, run) * batch * run.busy
    weights = network.parameters * width * (_passes(run) if run.training else run.busy)
    if chip.cache_bytes is None:
        return (moved + weights) / bandwidth
    if chip.kind not in CPU_KINDS:
        if run.training:
            return (moved + weights) / bandwidth
        # outputs that stay in a large shared cache or on-chip memory are read back faster
        hit = _cache_hit(chip, network, width, batch * run.busy)
        gain = fitted(figures, run.file, run.chip, "cache_gain")
        return (moved * (1.0 - hit + hit / gain) + weights) / bandwidth
    near = chip.peaks.get("fp32")
    if near is None or chip.cores is None:
        return (moved + weights) / bandwidth
    near = _used_share(machine, chip) * near * fitted(figures, run.file, run.chip, "near_bytes_per_flop")
    hit = _cache_hit(chip, network, width, maximum(minimum(batch, chip.cores), 1.0))
    waiting = _waiting(machine, chip, batch, run)
    return moved * hit / near * waiting + (moved * (1.0 - hit) + weights) / bandwidth


def _passes(run: Run) -> float:
    return TRAINING_PASSES if run.training else 1.0


def parts(machine: Machine, pool: Pool, network: Network, batch: Number, run: Run) -> list[Part]:
    """Accelerator time of one batch on one copy; the copies of a chip share it evenly."""
    figures, chip = machine.figures, pool.chip
    passes = _passes(run)
    engine = _engine(machine, pool, network, batch, run)
    bandwidth, path, kind = memory_lane(figures, chip)
    memory = _memory(machine, pool, network, batch, run, bandwidth)
    streamed, stream_path = _streamed_weights(chip, network, run)
    covered = (1.0 - fitted(figures, run.file, ("default",), "hidden")) * minimum(engine, memory)
    engine_bound = engine >= memory
    gaps = fitted(figures, run.file, run.chip, "gap_seconds", "s") * fitted(figures, run.file, run.stack, "gaps")
    gap = network.layers * passes * gaps
    device = maximum(engine, memory) + covered + gap + streamed
    host_path, host = _host(machine, network, run, passes)
    arithmetic = "matrix engine" if chip.kind not in CPU_KINDS else "vector units"
    exposed = where(engine_bound, engine, covered), where(engine_bound, covered, memory)
    found = [
        Part("multiply-adds", run.peak.path, arithmetic, exposed[0], engine, COMPUTE,
             f"FLOP x batch / ({run.peak.precision} peak x share)"),
        Part("activations and weights", path, kind, exposed[1], memory, MEMORY,
             "(passes x layer outputs x bytes x batch + weights) / (bandwidth x share)"),
        Part("between layers", _path(run.file, run.chip, "gap_seconds"), "kernel gaps", gap, gap, OVERHEAD,
             "layers x gap of the chip x gaps of the stack"),
        Part("launching layers", host_path, "host software", maximum(0.0, host - device), host, OVERHEAD,
             "layers x host time, as far as the device does not cover it"),
    ]  # fmt: skip
    if stream_path:
        text = "(weights - on-chip memory) / host link"
        found.append(Part("weights from the host", stream_path, "host link", streamed, streamed, MEMORY, text))
    return found


def _host(machine: Machine, network: Network, run: Run, passes: Number) -> tuple[str, Number]:
    each = fitted(machine.figures, run.file, run.stack, "host_seconds", "s")
    return _path(run.file, run.stack, "host_seconds"), network.layers * passes * each


def _path(file: str, keys: tuple[str, ...], name: str) -> str:
    """The figure under which `fitted` records a constant of these keys."""
    data = table(file)
    key = next((k for k in keys if name in data.get(k, {})), "default")
    return f"fitted.{file}.{key}.{name}"


def activation_bytes(figures: Figures, network: Network, run: Run) -> Number:
    """Bytes of layer outputs that one sample moves through memory, all passes of the stack."""
    times = fitted(figures, run.file, run.stack, "passes")
    if network.attention:
        times = times * fitted(figures, run.file, ("default",), "attention_passes")
    return times * network.activations * number_bytes(run.precision)


def memory_lane(figures: Figures, chip: Chip) -> tuple[Number, str, str]:
    """Where layer outputs live: bandwidth in bytes/s, its path, and its name for people."""
    if chip.memory_bandwidth is not None:
        return chip.memory_bandwidth, f"{chip.path}.memory_bandwidth", "memory bandwidth"
    path = f"{chip.path}.cache_bandwidth"
    inside = chip.facts.get("cache_tbps")
    if inside is not None:
        return figures.figure(path, float(inside) * 1e12, "B/s", "cited", chip.id), path, "on-chip memory"
    value = assumed(f"on_chip_bandwidth.{chip.kind}") if chip.kind in ON_CHIP else assumed("on_chip_bandwidth")
    return figures.figure(path, value, "B/s", "assumed", "on-chip memory"), path, "on-chip memory"


def _streamed_weights(chip: Chip, network: Network, run: Run) -> tuple[Number, str]:
    """Chips without memory of their own read what exceeds their on-chip memory over the host link."""
    if chip.memory_bandwidth is not None or chip.host_link is None or chip.cache_bytes is None:
        return 0.0, ""
    weights = network.parameters * number_bytes(run.peak.precision)
    return maximum(weights - chip.cache_bytes, 0.0) / chip.host_link, f"{chip.path}.host_link"
