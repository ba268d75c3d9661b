"""What a unit of each kind of work asks of the hardware: one module a kind, `lower(machine) -> Job`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.models.job import Job
    from infralab.models.machine import Machine

MODULES = {
    "transformer-training": "transformer_training",
    "transformer-inference": "transformer_inference",
    "vision-training": "vision",
    "vision-inference": "vision",
    "encoder-training": "encoder",
    "encoder-inference": "encoder",
    "recommender-training": "recommender",
    "recommender-inference": "recommender",
    "graph-training": "graph_network",
    "graph-inference": "graph_network",
    "collective": "collective",
    "storage-emulation": "storage_emulation",
    "storage-io": "storage_io",
    "loading": "loading",
}
KINDS = tuple(MODULES)


@cache
def lowering(kind: str) -> Callable[[Machine], Job]:
    """The function that lowers a workload of this kind; KeyError for an unknown kind."""
    return import_module(f"infralab.models.workloads.{MODULES[kind]}").lower  # type: ignore[no-any-return]
