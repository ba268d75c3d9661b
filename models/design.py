"""What a person drew: boxes, wires, workload, plan, software. Frozen, comparable, hashable.

Numbers that carry a unit are `Quantity` in SI base units (bytes, bytes/s, FLOP/s, seconds, watts).
Fields that a document left out are None: the model fills or asks, and says which.
`extra` keeps keys that this version does not know, so that a round trip loses nothing.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from infralab.models.units import Quantity

K = TypeVar("K")
V = TypeVar("V")


class FrozenMap(Mapping[K, V]):
    """An immutable, hashable mapping that keeps its order (the order drawn)."""

    __slots__ = ("_data", "_hash")

    def __init__(self, data: Mapping[K, V] | None = None) -> None:
        self._data: dict[K, V] = dict(data or {})
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    # what Mapping would do key by key, the dictionary does at once

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def get(self, key: Any, default: Any = None) -> Any:
        return self._data.get(key, default)

    def keys(self) -> KeysView[K]:
        return self._data.keys()

    def values(self) -> ValuesView[V]:
        return self._data.values()

    def items(self) -> ItemsView[K, V]:
        return self._data.items()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._data.items()))  # as equality, regardless of order
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._data == other._data
        return NotImplemented

    def __repr__(self) -> str:
        return f"FrozenMap({self._data!r})"

    def set(self, key: K, value: V) -> FrozenMap[K, V]:
        """A copy in which `key` is `value`; a new key comes last."""
        return FrozenMap({**self._data, key: value})

    def without(self, key: K) -> FrozenMap[K, V]:
        return FrozenMap({k: v for k, v in self._data.items() if k != key})


EMPTY: FrozenMap[str, Any] = FrozenMap()


@dataclass(frozen=True, slots=True)
class Box:
    """A server, a bare chip in an assumed host, a storage tier, or a switch with its fabric."""

    name: str
    is_: str | None = None
    count: int = 1
    at: tuple[int, int] | None = None
    chips: int | None = None
    chip: str | None = None
    cpu: str | None = None
    nic: str | None = None
    dpu: str | None = None
    disk: str | None = None
    disks: int | None = None
    caches: str | None = None
    policy: str | None = None  # lru, pinned, random, none
    scope: str | None = None  # each, shared
    topology: str | None = None  # fat-tree, rail, torus, dragonfly, single; a pod's "8x8x8"
    oversubscription: float | None = None
    routing: str | None = None  # ecmp, adaptive, min-hop
    in_network_reduction: bool | None = None  # the switches reduce all-reduces between servers (SHARP)
    runs: tuple[str, ...] = ()
    prefixes: int | None = None
    servers: int | None = None
    drives: int | None = None
    pod: str | None = None  # group drawn and moved together
    overrides: FrozenMap[str, Quantity] = EMPTY  # "chip.memory_bandwidth" -> Quantity
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Wire:
    """A link between two boxes; between sets of equal boxes one for each, or a `share` of them."""

    name: str
    ends: tuple[str, str]
    is_: str | None = None
    count: int | None = None
    path: str | None = None  # tcp, rdma, gpudirect-rdma, gpudirect-storage, nvme-of
    port: str | None = None
    spread: str | None = None  # each
    share: float | None = None
    overrides: FrozenMap[str, Quantity] = EMPTY
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is read: counts and bytes of a sample, where it lies (`on`), or the sizes of a graph."""

    name: str | None = None
    samples: float | None = None
    bytes_per_sample: Quantity | None = None
    samples_per_file: float | None = None
    files: float | None = None
    encoding: str | None = None  # jpeg, png, raw, tokens, records
    image_size: float | None = None
    compression: float | None = None
    on: str | None = None
    nodes: float | None = None
    edges: float | None = None
    features: float | None = None
    edge_features: float | None = None
    train_nodes: float | None = None
    graphs: float | None = None
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How often the state is saved, to which tier, and whether the chips wait for it."""

    every: Quantity | None = None
    to: str | None = None
    stage: str | None = None
    mode: str | None = None  # synchronous, asynchronous
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Workload:
    """Fields of every kind of work; `document.md` lists which belong to which kind."""

    kind: str
    model: str | None = None  # an entry of the model library
    shape: FrozenMap[str, Any] = EMPTY  # hyperparameters given here; they win over the library's
    precision: str | None = None
    weight_precision: str | None = None
    kv_precision: str | None = None
    global_batch: float | None = None
    batch: float | None = None
    sequence_length: float | None = None
    input_length: float | None = None
    output_length: float | None = None
    concurrency: float | None = None
    requests_per_second: float | None = None
    mode: str | None = None  # offline, server, single-stream, prefill, decode
    recompute: str | None = None
    attention: str | None = None
    optimizer: str | None = None
    tuning: str | None = None
    image_size: float | tuple[float, ...] | None = None
    target_time_to_first_token: Quantity | None = None
    target_time_per_output_token: Quantity | None = None
    # recommenders
    tables: float | None = None
    rows: float | None = None
    width: float | None = None
    lookups: float | None = None
    placement: str | None = None
    # graph networks
    layers: float | None = None
    hidden: float | None = None
    heads: float | None = None
    fanout: tuple[float, ...] | str | None = None  # "full": the whole graph
    updates_edges: bool | None = None
    # collectives, storage
    op: str | None = None
    message_bytes: float | None = None
    accelerator: str | None = None
    accelerators: float | None = None
    hosts: float | None = None
    file_bytes: float | None = None
    block_bytes: float | None = None
    files: float | None = None
    streams: float | None = None
    blocks: float | None = None
    dataset: Dataset | None = None
    checkpoint: Checkpoint | None = None
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Plan:
    """How the work is spread. None: found by the model. `data = 16` fixes it."""

    data: float | None = None
    tensor: float | None = None
    pipeline: float | None = None
    virtual_pipeline: float | None = None
    context: float | None = None
    expert: float | None = None
    sharding: str | None = None  # none, optimizer, gradients, full
    sharding_group: float | None = None
    sequence_parallel: bool | None = None
    micro_batch: float | None = None
    offload: str | None = None
    prefill: Plan | None = None
    decode: Plan | None = None
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Software:
    """The stack: framework, loader, and how many loader workers and requests are on their way."""

    framework: str | None = None  # a framework or stack of the catalogue, or "auto"
    version: str | None = None
    loader: str | None = None
    workers: float | None = None
    in_flight: float | None = None
    prefetch: float | None = None
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Site:
    """Where it stands: what a kilowatt hour weighs and costs. None: the model's default, marked assumed."""

    grid: str | None = None  # an entry of the catalogue's carbon table: "de", "us-cal-ciso"
    carbon_intensity: Quantity | None = None  # g/kWh; wins over the grid's
    pue: float | None = None  # facility power / power of what is drawn
    electricity_price: Quantity | None = None  # USD/kWh
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story: remove first, then set; values as they would be typed in the file."""

    title: str = ""
    note: str = ""
    remove: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()  # claims about the Report after the step, checked by `explore/claims.py`
    vote: tuple[str, ...] = ()  # what the room may choose from, read by `explore/story.py`
    extra: FrozenMap[str, Any] = EMPTY


@dataclass(frozen=True, slots=True)
class Design:
    """Everything drawn and asked. Edits make a new one; equal designs have equal answers."""

    title: str = ""
    question: str = ""
    tags: tuple[str, ...] = ()
    workload: Workload | None = None
    plan: Plan = Plan()
    software: Software = Software()
    site: Site = Site()
    boxes: FrozenMap[str, Box] = field(default_factory=FrozenMap)
    wires: FrozenMap[str, Wire] = field(default_factory=FrozenMap)
    components: FrozenMap[str, FrozenMap[str, Any]] = field(default_factory=FrozenMap)
    story: tuple[Step, ...] = ()
    extra: FrozenMap[str, Any] = EMPTY

    def with_box(self, box: Box) -> Design:
        return replace(self, boxes=self.boxes.set(box.name, box))

    def with_wire(self, wire: Wire) -> Design:
        return replace(self, wires=self.wires.set(wire.name, wire))

    def without_wire(self, name: str) -> Design:
        return replace(self, wires=self.wires.without(name))

    def without_box(self, name: str) -> Design:
        """Without the box and without the wires that ended on it."""
        wires = FrozenMap({k: w for k, w in self.wires.items() if name not in w.ends})
        return replace(self, boxes=self.boxes.without(name), wires=wires)

    def wires_of(self, box: str) -> tuple[Wire, ...]:
        return tuple(w for w in self.wires.values() if box in w.ends)
