"""From dataset to device: read, prepare, copy, as demands on tiers, wires and hosts."""

from __future__ import annotations

from infralab.models.job import Demand, Job
from infralab.models.machine import Machine


def demands(machine: Machine, job: Job) -> list[Demand]:
    """What the job's inputs ask of tiers, wires and hosts, per unit of work."""
    return []
