"""From dataset to device: read, prepare, copy, as demands on tiers, wires and hosts."""

from __future__ import annotations

from infralab.models.job import Demand, Job
from infralab.models.machine import Machine
from infralab.models.physics.fabric import Flow


def demands(machine: Machine, job: Job) -> list[Demand]:
    """What the job's inputs ask of tiers, wires and hosts, per unit of work."""
    return []


def checkpoint(machine: Machine, job: Job) -> None:
    """What saving the job's state costs: fills job.metrics, adds the pause to the steps."""


def flows(machine: Machine, job: Job) -> list[Flow]:
    """Bytes of input and checkpoints that one unit of work moves between boxes."""
    return []
