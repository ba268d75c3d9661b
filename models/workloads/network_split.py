"""A network cut over several chips: tensor parallel within its blocks, pipeline stages along them.

Tensor parallel of degree t divides work, weights and outputs of every block by t and adds two
all-reduces of the hidden state a block and pass (Shoeybi et al. 2019). A pipeline of p stages runs the
batch as m micro-batches and takes m + p − 1 of them (Narayanan et al. 2021). Only networks made of
equal blocks can be cut; others stay whole on every chip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from infralab.models.arithmetic import Number, any_of, maximum, minimum
from infralab.models.job import COMMUNICATION, OVERHEAD, Part
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics.collectives import cause, seconds
from infralab.models.physics.peaks import number_bytes
from infralab.models.workloads.cost_network import Network


@dataclass(frozen=True, slots=True)
class Cut:
    """Degrees of one copy of the network; 1 and 1: whole on each chip."""

    tensor: Number = 1.0
    pipeline: Number = 1.0

    @property
    def chips(self) -> Number:
        return self.tensor * self.pipeline

    @property
    def whole(self) -> bool:
        return isinstance(self.chips, float) and self.chips == 1.0


def cut_of(machine: Machine, network: Network) -> Cut:
    """The plan's degrees, as far as the network can be cut."""
    plan, figures = machine.design.plan, machine.figures
    degrees: dict[str, Number] = {}
    for name in ("tensor", "pipeline"):
        given = getattr(plan, name)
        if given is not None or f"plan.{name}" in figures.values:
            degrees[name] = figures.number(f"plan.{name}", given or 1.0)
    if not network.blocks:
        for name, degree in degrees.items():
            if any_of(degree > 1.0):
                machine.warn("plan", f"plan.{name} is not used here: every chip holds the whole network")
        return Cut()
    return Cut(degrees.get("tensor", 1.0), degrees.get("pipeline", 1.0))


def one_chip(network: Network, cut: Cut) -> Network:
    """What one chip of a copy holds and computes of a sample."""
    if cut.whole:
        return network
    return replace(
        network,
        macs=network.macs / cut.chips,
        parameters=network.parameters / cut.chips,
        activations=network.activations / cut.chips,
        layers=network.layers / cut.pipeline,
    )


def micro_batches(batch: Number, cut: Cut) -> Number:
    """Micro-batches of a batch: as many as there are stages, one where there is no pipeline."""
    return minimum(maximum(cut.pipeline, 1.0), maximum(batch, 1.0))


def exchanges(
    machine: Machine, pool: Pool, network: Network, cut: Cut, samples: Number, precision: str, passes: float
) -> list[Part]:
    """The all-reduces of the hidden state of `samples` samples on one chip's blocks."""
    if cut.whole:
        return []
    peers = group(machine, pool, cut.tensor)
    message = network.exchange * samples * maximum(number_bytes(precision), 2.0)
    each = seconds("all-reduce", message, peers)
    times = network.exchanges / cut.pipeline * (2.0 if passes > 1.0 else 1.0)
    lane = cause(peers)
    text = "2 all-reduces of the hidden state a block and pass"
    taken = each * times
    return [Part("tensor parallel", lane.resource, lane.kind, taken, taken, COMMUNICATION, text)]


def in_turn(found: list[Part], batches: Number, cut: Cut) -> list[Part]:
    """Parts of one micro-batch made those of all, with the time in which pipeline stages fill."""
    stage: Number = 0.0
    for part in found:
        stage = stage + part.seconds
        part.seconds = part.seconds * batches
        part.alone = part.alone * batches
    if cut.whole:
        return found
    waiting = stage * (cut.pipeline - 1.0)
    text = "(stages - 1) micro-batches"
    return [*found, Part("pipeline bubble", "plan.pipeline", "pipeline bubble", waiting, waiting, OVERHEAD, text)]
