"""Training and inference of image networks; one unit is an image."""

from __future__ import annotations

from infralab.models.job import Job
from infralab.models.machine import Machine
from infralab.models.workloads.cost_network import image_network
from infralab.models.workloads.replicated import lower_network


def lower(machine: Machine) -> Job:
    """What an image costs on the drawn chips, each of which holds copies of the whole network."""
    network = image_network(machine)
    if network is None:
        return Job("images/s")
    return lower_network(machine, network, "vision", unit="images/s", modality="image")
