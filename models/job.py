"""What a workload asks of a machine: the language between workloads and the solver.

A `Job` is made by a module of `workloads/` for one machine. Numbers may be arrays of variants.
One *unit* is what the rate counts: a token, an image, a sample, a byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from infralab.models.arithmetic import Number
from infralab.models.trouble import Trouble, Troubled

COMPUTE = "compute"  # parts in which the chips do the work asked of them
MEMORY = "memory"
COMMUNICATION = "communication"
OVERHEAD = "overhead"

FETCH = "fetch"  # stages of the data path: what a step can wait for
PREPARE = "prepare"
COPY = "copy"
NETWORK = "network"
SAVE = "checkpoint"


@dataclass(slots=True)
class Part:
    """A slice of one step's accelerator time.

    resource: path of the figure whose growth shortens it (or of a plan's or software's cause).
    seconds: exposed, what it adds to the step. alone: what it would take if nothing else existed.
    """

    name: str
    resource: str
    kind: str  # for people: "matrix engine", "memory bandwidth", "NVLink", "pipeline bubble"
    seconds: Number
    alone: Number
    nature: str = COMPUTE
    equation: str = ""


@dataclass(slots=True)
class Step:
    """Accelerator time as a resource of a pool: `units` of work take the sum of the parts' seconds.

    replicas: how many such steps run at once in the pool. share: part of each unit that passes here.
    """

    pool: str  # "box.train"
    units: Number
    parts: list[Part]
    replicas: Number = 1.0
    share: Number = 1.0
    name: str = "step"

    def seconds(self) -> Number:
        total: Number = 0.0
        for part in self.parts:
            total = total + part.seconds
        return total


@dataclass(slots=True)
class Demand:
    """One queued resource: `amount` per unit of work against `capacity` per second."""

    resource: str
    owner: str
    kind: str
    unit: str
    capacity: Number
    amount: Number
    traffic: str = ""  # class of traffic: input, gradients, experts, pipeline, checkpoint …
    in_sum: bool = False  # one class of a sum that is a demand of its own: that one binds before it
    stage: str = ""  # of the data path, where it is not that of its traffic


@dataclass(slots=True)
class Traffic:
    """Bytes that one unit of work moves between two boxes; the network turns it into demands.

    `spread` collectives load each replica's own links: source and target are the same box then and
    `bytes` is what all chips of the box together send into the fabric for one unit.
    """

    name: str
    source: str
    target: str
    bytes: Number
    traffic: str


@dataclass(slots=True)
class Input:
    """What one unit of work reads and prepares; the data path turns it into demands."""

    consumer: str  # box that steps
    samples: Number  # samples read per unit of work
    modality: str  # image, tokens, records, graph, volume
    bytes_to_device: Number = 0.0  # decoded bytes copied to the chips per sample, 0: as read


@dataclass(slots=True)
class Save:
    """A checkpoint of the job's state."""

    bytes: Number
    writer: str  # box that writes
    per_chip_bytes: Number = 0.0


@dataclass(slots=True)
class Memory:
    """Bytes needed on one chip of a pool."""

    pool: str
    required_bytes: Number
    capacity_bytes: Number
    parts: list[tuple[str, Number]] = field(default_factory=list)


@dataclass(slots=True)
class Latency:
    """Seconds of one request or batch, where the workload has them."""

    seconds: Number | None = None
    time_to_first_token: Number | None = None
    time_per_output_token: Number | None = None


@dataclass(slots=True)
class Job(Troubled):
    """All that a workload asks; `plan` and `metrics` by the names that docs/report.md has for them."""

    unit: str  # "tokens/s"
    steps: list[Step] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    traffic: list[Traffic] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    save: Save | None = None
    memory: list[Memory] = field(default_factory=list)
    latency: Latency = field(default_factory=Latency)
    model_flop_per_unit: Number | None = None  # without recomputation, for the MFU
    peak_flop_per_s: Number | None = None  # of all chips that step, at the precision of the work
    offered_rate: Number | None = None  # requests/s × units: the rate cannot exceed what is asked
    closed_loop: bool = False  # the offered rate is what clients in a loop get: every part of the loop slows it
    plan: dict[str, object] = field(default_factory=dict)
    plan_found: bool = False
    metrics: dict[str, Number] = field(default_factory=dict)  # answers beyond the rate, by name
    problems: list[Trouble] = field(default_factory=list)
