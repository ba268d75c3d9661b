"""How one pool is cut into replicas: degrees given by the plan or found, memory of a chip, room for sequences."""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, Truth, any_of, both, every, first, floor, maximum, minimum, where
from infralab.models.constants import assumed
from infralab.models.design import Plan
from infralab.models.machine import HOST_KINDS, Machine, Pool
from infralab.models.workloads.inference.formats import Formats
from infralab.models.workloads.inference.stack import Stack
from infralab.models.workloads.transformer import Shape


@dataclass(slots=True)
class Layout:
    """Degrees of one pool. A replica is a tensor × pipeline group with a batch of its own."""

    tensor: Number
    pipeline: Number
    replicas: Number
    expert: Number  # as planned: 1 when experts are sliced like other weights
    expert_ranks: Number  # replicas that share one set of experts (attention data parallelism)
    found: bool

    @property
    def expert_chips(self) -> Number:
        """Chips of one stage over which the routed experts of a layer are spread."""
        return self.tensor * self.expert_ranks


@dataclass(slots=True)
class Sizes:
    """Parameters of a model by what happens to them; worked out once for all layouts."""

    plain: Number  # stored, without routed experts
    routed: Number  # of all routed experts
    dense: Number  # that every token passes in the layers
    expert: Number  # of one routed expert of every layer
    head: Number  # of the product with the vocabulary
    blocks: Number  # mixers and feed-forward blocks


def sizes(shape: Shape) -> Sizes:
    """Counts of the model's parameters."""
    routed = shape.routed_parameters
    dense = (
        shape.mixer_parameters
        + shape.dense_layers * shape.dense_parameters
        + shape.moe_layers * shape.shared_parameters
    )
    return Sizes(
        plain=shape.parameters - routed,
        routed=routed,
        dense=dense,
        expert=shape.moe_layers * shape.expert_parameters,
        head=shape.head_parameters,
        blocks=shape.attention_layers + shape.linear_layers + shape.dense_layers + shape.moe_layers,
    )


@dataclass(slots=True)
class Room:
    """Bytes on one chip."""

    weights: Number
    capacity: Number  # that weights and cache may fill
    memory: Number

    def sequences(self, cache: Number) -> Number:
        """How many sequences of `cache` bytes a chip leave room for; at least one is tried."""
        return maximum(floor((self.capacity - self.weights) / maximum(cache, 1.0)), 1.0)

    @property
    def fits(self) -> bool:
        return every(self.weights <= self.capacity)


def memory_of(machine: Machine, pool: Pool) -> Number:
    """Bytes of one chip; a host processor's is its server's."""
    if pool.chip.memory_bytes is not None:
        return pool.chip.memory_bytes
    if pool.chip.kind not in HOST_KINDS:
        machine.missing(pool.owner, f"{pool.chip.id} has no memory size in the catalogue: give one")
    elif pool.host.mark == "assumed":
        machine.figures.assume(f"{pool.name}: host memory not known, taken as large enough", moves=False)
        return assumed("host.memory_large")
    return pool.host.memory_bytes / pool.chips


def room(memory: Number, counts: Sizes, formats: Formats, stack: Stack, layout: Layout) -> Room:
    """Of `memory` bytes on one chip of the layout, what weights take."""
    plain = counts.plain / (layout.tensor * layout.pipeline)
    routed = counts.routed / (layout.expert_chips * layout.pipeline)
    return Room((plain + routed) * formats.weight_bytes, memory * stack.memory_share, memory)


def cache_bytes(shape: Shape, formats: Formats, layout: Layout, context: Number) -> Number:
    """Cache of one sequence of `context` tokens on one chip; heads are copied when ranks outnumber them."""
    ways = 1.0 if shape.latent is not None else minimum(layout.tensor, shape.kv_heads)
    return shape.kv_bytes(context, formats.kv_bytes) / (maximum(ways, 1.0) * layout.pipeline)


def planned(machine: Machine, pool: Pool, plan: Plan, path: str, shape: Shape) -> Layout:
    """The layout that the plan spells out; degrees it leaves open are 1, replicas fill the pool."""

    def degree(name: str, value: float | None) -> Number:
        return machine.figures.number(f"{path}.{name}", float(value or 1.0))

    tensor, pipeline = degree("tensor", plan.tensor), degree("pipeline", plan.pipeline)
    expert = degree("expert", plan.expert)
    chips = pool.all_chips
    replicas = maximum(floor(chips / (tensor * pipeline) + 1e-9), 1.0)
    if plan.data is not None:
        # with experts spread, `data` counts the ranks of one expert group; the pool holds several
        group = degree("data", plan.data)
        several = maximum(floor(replicas / group + 1e-9), 1.0) if (plan.expert or 1.0) > 1.0 else 1.0
        replicas = group * several
    if any_of(tensor * pipeline * replicas > chips + 1e-6):
        machine.warn("plan", f"the plan takes more chips than the {_whole(chips)} of {pool.name}")
    has_experts = any_of(shape.moe_layers > 0.0)
    ranks = minimum(maximum(expert / tensor, 1.0), replicas) if has_experts else 1.0
    return Layout(tensor, pipeline, replicas, expert if has_experts else 1.0, ranks, found=False)


def fixes_degrees(plan: Plan) -> bool:
    """Whether the plan says how a replica is cut."""
    return any(v is not None for v in (plan.tensor, plan.pipeline, plan.expert))


def spread_experts(layout: Layout, plan: Plan, shape: Shape) -> list[Layout]:
    """The layout, and where the plan leaves the experts open, the one with attention by rank and experts spread."""
    if plan.expert is not None or not any_of(shape.moe_layers > 0.0) or not any_of(layout.tensor > 1.0):
        return [layout]
    ranks = layout.tensor
    return [layout, Layout(1.0, layout.pipeline, layout.replicas * ranks, ranks, ranks, layout.found)]


def sharing_experts(layout: Layout, shape: Shape, room: Room) -> Layout:
    """Attention data parallelism: replicas that cannot each hold the experts hold them together."""
    if not any_of(shape.moe_layers > 0.0) or not any_of(layout.replicas > 1.0):
        return layout
    short = both(room.weights > room.capacity, layout.expert_ranks <= 1.0)
    ranks = where(short, layout.replicas, layout.expert_ranks)
    return Layout(layout.tensor, layout.pipeline, layout.replicas, layout.expert, ranks, layout.found)


def choose(condition: Truth, a: Layout, b: Layout) -> Layout:
    """In each variant the one layout or the other."""
    return Layout(
        tensor=where(condition, a.tensor, b.tensor),
        pipeline=where(condition, a.pipeline, b.pipeline),
        replicas=where(condition, a.replicas, b.replicas),
        expert=where(condition, a.expert, b.expert),
        expert_ranks=where(condition, a.expert_ranks, b.expert_ranks),
        found=a.found or b.found,
    )


def candidates(machine: Machine, pool: Pool, plan: Plan, path: str, shape: Shape) -> list[Layout]:
    """Layouts to try when the plan is open: tensor degrees within a server, then a pipeline of servers."""
    chips = pool.all_chips
    inside = pool.chips if pool.chip.domain <= 1 else maximum(minimum(pool.chip.domain, chips), pool.chips)
    if plan.data is not None:
        chips = maximum(floor(chips / machine.figures.number(f"{path}.data", plan.data)), 1.0)
        inside = minimum(inside, chips)
    found = []
    size = 1.0
    while not every(inside < size):
        degree = minimum(size, inside)
        found.append(_open(degree, 1.0, pool, plan, chips))
        size *= 2.0
    stages = 2.0
    while not every(chips < inside * stages):
        found.append(_open(inside, minimum(stages, floor(chips / inside)), pool, plan, chips))
        stages *= 2.0
    if any_of(inside > size / 2.0):
        found.append(_open(inside, 1.0, pool, plan, chips))
    return found


def _open(tensor: Number, pipeline: Number, pool: Pool, plan: Plan, chips: Number) -> Layout:
    replicas = maximum(floor(chips / (tensor * pipeline) + 1e-9), 1.0)
    if plan.data is not None:
        replicas = replicas * maximum(floor(pool.all_chips / chips), 1.0)
    return Layout(tensor, pipeline, replicas, 1.0, 1.0, found=True)


def _whole(x: Number) -> str:
    return f"{first(x):g} chips"
