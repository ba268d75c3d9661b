"""Memory of one processor as work finds it: the line it moves, and how much of it may be filled."""

from __future__ import annotations

from infralab.models.arithmetic import Number
from infralab.models.constants import assumed

CACHE_LINE_BYTES = 64.0  # of server processors; a GPU's gather of a shorter row costs two 32-byte sectors


def usable(memory_bytes: Number) -> Number:
    """Bytes that a model and its data may fill."""
    return memory_bytes * assumed("memory.usable_share")
