"""Roofline of kernels: what a chip reaches in matrix products and in passes over memory.

time = max(FLOP / (peak · e_c · useful share), bytes / (bandwidth · e_m))   (Williams et al. 2009).
The useful share of a product is what tiles waste: edges padded to whole tiles, a last wave of tiles
that leaves units idle, and pipelines filled once per tile (NVIDIA, Matrix Multiplication Background).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from infralab.models.arithmetic import Number, ceil, first, maximum

GPU_TILE = 128.0  # rows and columns of the output tile that vendor libraries prefer for large products
GPU_DEPTH = 32.0  # inner dimensions a tile steps by
CPU_TILE = 16.0


@dataclass(frozen=True, slots=True)
class Tiles:
    """How an engine cuts a product M×N×K. `units` work on tiles at once; 0: one engine, no waves."""

    rows: float
    columns: float
    depth: float
    units: Number


@dataclass(slots=True)
class Engine:
    """What one chip reaches: FLOP/s of large products at one precision, bytes/s of long passes."""

    flop_per_s: Number
    bytes_per_s: Number
    tiles: Tiles
    number_bytes: float = 2.0  # of an operand
    fill_depth: Number = 128.0  # inner dimension that a tile's pipeline spends on filling and draining
    lost_waves: Number = 0.5  # of tiles, per launch


@cache
def _mxu(text: str) -> float:
    found = re.match(r"(\d+)", text)
    return float(found[1]) if found else 128.0


def tiles(kind: str, facts: Mapping[str, Any], cores: Number) -> Tiles:
    """Tile of a chip's matrix engine: a systolic array's side, a GPU library's 128, a CPU's vector."""
    if "mxu" in facts:
        side = _mxu(str(facts["mxu"]))
        return Tiles(8.0, side, side, 0.0)
    if kind == "gpu":
        return Tiles(GPU_TILE, GPU_TILE, GPU_DEPTH, cores)
    return Tiles(CPU_TILE, CPU_TILE, CPU_TILE, 0.0)


def padded(size: Number, tile: float) -> Number:
    """`size` rounded up to whole tiles."""
    return ceil(size / tile) * tile


def useful_share(engine: Engine, m: Number, n: Number, k: Number, together: Number = 1.0) -> Number:
    """Useful over performed work of `together` products m×n×k launched as one.

    The last wave is counted at its mean: half a wave lost per launch, whichever its size, because
    libraries choose tile sizes and split the depth to fill it.
    """
    cut = engine.tiles
    rows, columns = ceil(m / cut.rows), ceil(n / cut.columns)
    share = m * n / (rows * columns * cut.rows * cut.columns) * (k / padded(k, cut.depth))
    if first(cut.units) > 0.0:
        waves = rows * columns * together / cut.units
        share = share * waves / (waves + engine.lost_waves) * k / (k + engine.fill_depth)
    return share


def matmul_seconds(
    engine: Engine, m: Number, n: Number, k: Number, together: Number = 1.0, result_bytes: float = 2.0
) -> Number:
    """Seconds of `together` products m×n×k in one launch, operands read and result written once.

    result_bytes: of one number of the result (8: added to a 32-bit sum in memory).
    """
    flop_seconds = 2.0 * m * n * k / (engine.flop_per_s * useful_share(engine, m, n, k, together))
    moved = (m * k + k * n) * engine.number_bytes + m * n * result_bytes
    return together * maximum(flop_seconds, moved / engine.bytes_per_s)


def pass_seconds(engine: Engine, moved_bytes: Number) -> Number:
    """Seconds of an element-wise pass that moves so many bytes."""
    return moved_bytes / engine.bytes_per_s
