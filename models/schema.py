"""The one table of a document's keys: what each holds, in which unit, for which kind of work.

Reading, edits, suggestions for misspelt keys, `infralab schema` and the inspector all follow it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

VERSION = "infralab.design/1"

Type = Literal[
    "text",  # a string
    "number",  # a number, kept as given; with a dimension also a quantity, kept in base units
    "whole",  # a whole number
    "flag",  # true or false
    "quantity",  # a string with a unit; a bare number only where the dimension is ""
    "texts",  # a list of strings
    "point",  # [x, y] in cells
    "numbers",  # a number, or a list of them
    "fanout",  # a list of numbers, or "full"
    "ends",  # a list of two box names
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `minimum` and `maximum` are inclusive, in the base unit of `dimension`."""

    name: str
    type: Type
    doc: str
    dimension: str = ""
    choices: tuple[str, ...] = ()
    open: bool = False  # choices are only suggestions
    pattern: str = ""  # also allowed besides the choices
    minimum: float | None = None
    maximum: float | None = None
    kinds: frozenset[str] = frozenset()  # of workload; empty: all
    attribute: str = ""  # field of the dataclass when it differs from the name
    refers: str = ""  # "box": a name drawn in this document; "catalogue": an entry there
    required: bool = False
    positive: bool = False  # zero is not allowed either

    @property
    def field(self) -> str:
        return self.attribute or self.name


COUNT_LIMIT = 10_000_000  # more boxes or ways of spreading than that is a slip of the finger
NUMBER_LIMIT = 1e18


def text(name: str, doc: str, *choices: str, **more: Any) -> Key:
    return Key(name, "text", doc, choices=choices, **more)


def whole(name: str, doc: str, minimum: int = 1, **more: Any) -> Key:
    return Key(name, "whole", doc, minimum=minimum, maximum=COUNT_LIMIT, **more)


def number(name: str, doc: str, minimum: float = 0.0, maximum: float = NUMBER_LIMIT, **more: Any) -> Key:
    return Key(name, "number", doc, minimum=minimum, maximum=maximum, **more)


def degree(name: str, doc: str, **more: Any) -> Key:
    """A count that a sweep may vary: a number of at least one."""
    return Key(name, "number", doc, minimum=1, maximum=COUNT_LIMIT, **more)


def quantity(name: str, dimension: str, doc: str, **more: Any) -> Key:
    positive = dimension in ("bytes", "bytes/s", "FLOP/s", "hertz", "1/s")
    return Key(name, "quantity", doc, dimension=dimension, minimum=0.0, positive=positive, **more)


def keyed(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


# --- kinds of work ---------------------------------------------------------------------------------

KINDS = (
    "transformer-training",
    "transformer-inference",
    "vision-training",
    "vision-inference",
    "encoder-training",
    "encoder-inference",
    "recommender-training",
    "recommender-inference",
    "graph-training",
    "graph-inference",
    "collective",
    "storage-emulation",
    "storage-io",
    "loading",
)


def _kinds(*words: str) -> frozenset[str]:
    return frozenset(kind for kind in KINDS if any(word in kind for word in words))


_TRAINING = _kinds("training")
_INFERENCE = _kinds("inference")
_LEARNING = _TRAINING | _INFERENCE
_ATTENTION = _kinds("transformer", "encoder", "vision")
_LANGUAGE = _kinds("transformer-inference")
_RECOMMENDER = _kinds("recommender")
_GRAPH = _kinds("graph")
_STORAGE_IO = _kinds("storage-io")

PRECISIONS = (
    "fp64",
    "fp32",
    "tf32",
    "bf16",
    "fp16",
    "fp8",
    "mxfp8",
    "int8",
    "nvfp4",
    "mxfp4",
    "fp4",
    "int4",
    "uint4",
)
# Formats of weights and caches (q4_k_m, w4a16, int4-g64 …) are the catalogue's data, and many: here
# only their form is known.
WEIGHT_FORMAT = r"(?=[^0-9]*\d)[a-z][a-z0-9_./-]*"
STAGES = ("read", "prepare", "step", "sample", "gather", "prefill", "decode", "save")


def _format(name: str, doc: str, **more: Any) -> Key:
    return text(name, doc, *PRECISIONS, pattern=WEIGHT_FORMAT, **more)


WORKLOAD = keyed(
    text("kind", "What is done", *KINDS, required=True),
    text("model", "An entry of the model library, or a table of hyperparameters", refers="catalogue"),
    text("precision", "Number format of the arithmetic", *PRECISIONS),
    _format("weight_precision", "Number format of the weights", kinds=_INFERENCE),
    _format("kv_precision", "Number format of the key-value cache", kinds=_LANGUAGE),
    number("global_batch", "Samples or sequences a step, of the whole design", 1, kinds=_LEARNING),
    number(
        "batch", "Samples of one replica of the model", 1, kinds=_LEARNING | _kinds("storage-em", "loading")
    ),
    number("sequence_length", "Tokens a sequence", 1, kinds=_ATTENTION),
    number("input_length", "Tokens of a prompt", 0, kinds=_LANGUAGE | _kinds("encoder-inference")),
    number("output_length", "Tokens of an answer", 0, kinds=_LANGUAGE),
    number("concurrency", "Requests in flight, of the whole design", 1, kinds=_INFERENCE),
    number(
        "requests_per_second",
        "Requests that arrive each second, of the whole design",
        dimension="1/s",
        positive=True,
        kinds=_INFERENCE,
    ),
    text(
        "mode",
        "How requests arrive, or the phase alone",
        *("offline", "server", "single-stream", "prefill", "decode"),
        kinds=_INFERENCE,
    ),
    text("recompute", "Activations computed again in backward", "none", "selective", "full", kinds=_LEARNING),
    text("attention", "Attention kernels", "flash", "unfused", kinds=_ATTENTION),
    text(
        "optimizer",
        "Whose state is kept",
        "adam",
        "adamw",
        "sgd",
        "lamb",
        "adafactor",
        open=True,
        kinds=_TRAINING,
    ),
    text("tuning", "Which weights are trained", "full", "lora", kinds=_TRAINING),
    Key(
        "image_size",
        "numbers",
        "Side of the square image in pixels, or [height, width]",
        minimum=1,
        maximum=NUMBER_LIMIT,
        kinds=_kinds("vision", "encoder", "loading", "storage-em"),
    ),
    number("tables", "Embedding tables", 1, kinds=_RECOMMENDER),
    number("rows", "Rows of a table", 1, kinds=_RECOMMENDER),
    number("width", "Numbers of an embedding", 1, kinds=_RECOMMENDER),
    number("lookups", "Rows read of a table for a sample", 0, kinds=_RECOMMENDER),
    text(
        "placement",
        "Where embedding tables or graph features live",
        *("device", "host", "sharded"),
        open=True,
        kinds=_RECOMMENDER | _GRAPH,
    ),
    number("layers", "Layers of the graph network", 1, kinds=_GRAPH),
    number("hidden", "Width of a hidden layer", 1, kinds=_GRAPH),
    number("heads", "Attention heads", 1, kinds=_GRAPH),
    Key(
        "fanout",
        "fanout",
        'Neighbours sampled a layer, or "full"',
        minimum=1,
        maximum=NUMBER_LIMIT,
        kinds=_GRAPH,
    ),
    Key("updates_edges", "flag", "Whether layers write edge features too", kinds=_GRAPH),
    text(
        "op",
        "The collective, or the transfer",
        *("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "broadcast"),
        *("read", "random-read", "write", "checkpoint"),
        kinds=_STORAGE_IO | _kinds("collective"),
    ),
    number("message_bytes", "Buffer of one rank", 1, dimension="bytes", kinds=_kinds("collective")),
    text("accelerator", "The accelerator that is emulated", refers="catalogue", kinds=_kinds("storage-em")),
    number("accelerators", "How many are emulated", 1, kinds=_kinds("storage-em")),
    number("hosts", "Hosts that take part", 1, kinds=_kinds("storage", "loading")),
    number("file_bytes", "Size of a file", 1, dimension="bytes", kinds=_STORAGE_IO),
    number("block_bytes", "Size of one request", 1, dimension="bytes", kinds=_STORAGE_IO),
    number("files", "How many files", 1, kinds=_STORAGE_IO),
    number("streams", "Requests at once", 1, kinds=_STORAGE_IO),
    number("blocks", "Blocks read in one call", 1, kinds=_STORAGE_IO),
)

TARGETS = keyed(
    quantity(
        "time_to_first_token",
        "seconds",
        "Longest time to the first token",
        attribute="target_time_to_first_token",
    ),
    quantity(
        "time_per_output_token",
        "seconds",
        "Longest time between tokens",
        attribute="target_time_per_output_token",
    ),
)

MODEL = keyed(
    text("name", "An entry of the model library whose figures the others override, or a name to show"),
    number("layers", "Layers", 1),
    number("hidden", "Width of a layer", 1),
    number("heads", "Attention heads", 1),
    number("kv_heads", "Heads of keys and values", 1),
    number("head_size", "Width of a head", 1),
    number("ffn", "Width of a dense layer's feed-forward part", 0),
    Key("gated", "flag", "Whether the feed-forward part is gated (three matrices)"),
    number("vocabulary", "Tokens of the vocabulary", 0),
    number("experts", "Experts of a layer", 0),
    number("experts_per_token", "Experts that a token visits", 0),
    number("expert_ffn", "Width of an expert", 0),
    number("shared_experts", "Experts that every token visits", 0),
    number("dense_layers", "Layers without experts", 0),
    Key("tied_embeddings", "flag", "Whether input and output embeddings are one"),
    number("window", "Tokens that attention looks back", 0),
    text("attention_kind", "Kind of attention", "mha", "gqa", "mla"),
    number("kv_rank", "Rank of compressed keys and values", 0),
    number("q_rank", "Rank of compressed queries", 0),
    number("rope_size", "Width of the rotated part of a head", 0),
    number("macs", "Multiply-adds of a sample", 1),
    number("parameters", "Parameters", 1),
    number("activations", "Activations written for a sample", 0),
)

DATASET = keyed(
    text("name", "An entry of the catalogue's data sets, or a name to show"),
    number("samples", "Samples", 1),
    quantity("bytes_per_sample", "bytes", "Mean size of a stored sample"),
    number("samples_per_file", "Samples of a file", 1),
    number("files", "Files", 1),
    text("encoding", "How a sample is stored", "jpeg", "png", "raw", "tokens", "records"),
    Key(
        "image_size",
        "numbers",
        "Side of a stored image in pixels, or [height, width]",
        minimum=1,
        maximum=NUMBER_LIMIT,
    ),
    number("compression", "Raw bytes for a stored byte", positive=True),
    text("on", "The tier that holds it", refers="box"),
    number("nodes", "Nodes of the graph", 1),
    number("edges", "Edges of the graph", 0),
    number("features", "Numbers of a node's feature", 0),
    number("edge_features", "Numbers of an edge's feature", 0),
    number("train_nodes", "Nodes that are trained on", 1),
    number("graphs", "Graphs of the set", 1),
)

CHECKPOINT = keyed(
    quantity("every", "seconds", "Time between checkpoints"),
    text("to", "The tier that takes it", refers="box"),
    text("stage", "The cache by way of which it goes", refers="box"),
    text("mode", "Whether the job waits", "synchronous", "asynchronous"),
)

PLAN = keyed(
    degree("data", "Replicas of the model"),
    degree("tensor", "Chips that share a layer's matrices"),
    degree("pipeline", "Groups of layers, one after the other"),
    degree("virtual_pipeline", "Groups of layers a pipeline rank holds"),
    degree("context", "Chips that share a sequence"),
    degree("expert", "Chips that share the experts"),
    text("sharding", "What replicas share out", "none", "optimizer", "gradients", "full"),
    degree("sharding_group", "Replicas that share one sharded copy; all of them when absent"),
    Key("sequence_parallel", "flag", "Whether norms and dropout are split along the sequence"),
    number("micro_batch", "Sequences of one pass through a replica", 1),
    text("offload", "What is kept in host memory", "none", "optimizer", "activations", "weights", open=True),
)

SOFTWARE = keyed(
    text("framework", 'A framework or stack of the catalogue, or "auto"', refers="catalogue"),
    text("version", "Its release"),
    text("loader", "How data gets in", refers="catalogue"),
    number("workers", "Loader processes of a host", 0),
    number("in_flight", "Requests that a worker keeps open", 0),
    number("prefetch", "Batches prepared ahead", 0),
)

BOX = keyed(
    text(
        "is", "A catalogue entry: server, chip, tier, switch or fabric", attribute="is_", refers="catalogue"
    ),
    whole("count", "How many of it there are"),
    Key("at", "point", "Place on the canvas, in cells"),
    whole("chips", "Chips of a server that take part", 0),
    text("chip", "The accelerator in it", refers="catalogue"),
    text("cpu", "The processor in it", refers="catalogue"),
    text("nic", "The network adapter in it", refers="catalogue"),
    text("dpu", "The DPU in it", refers="catalogue"),
    text("disk", "The disks in it", refers="catalogue"),
    whole("disks", "How many disks", 0),
    text("caches", "The tier of which it keeps what was read", refers="box"),
    text("policy", "What a cache keeps", "lru", "pinned", "random", "none"),
    text("scope", "One cache a server, or one pool", "each", "shared"),
    text(
        "topology",
        "Shape of a fabric, or of a pod's chips",
        *("fat-tree", "rail", "torus", "dragonfly", "single"),
        pattern=r"\d+(x\d+)*",
    ),
    number("oversubscription", "Bandwidth down for bandwidth up", 1, 1e6),
    text("routing", "How a fabric spreads traffic", "ecmp", "adaptive", "min-hop"),
    Key("runs", "texts", "Stages placed here by hand", choices=STAGES),
    whole("prefixes", "Prefixes of an object store"),
    whole("servers", "Servers of a tier"),
    whole("drives", "Drives of a tier"),
    text("pod", "Group that is drawn and moved together"),
)

WIRE = keyed(
    Key("ends", "ends", "The two boxes it joins", required=True),
    text("is", "A link of the catalogue; absent: the boxes' own ports", attribute="is_", refers="catalogue"),
    whole("count", "Parallel links of each replica; absent: the box's own ports"),
    text(
        "path",
        "What the hosts pay for a byte",
        *("tcp", "rdma", "gpudirect-rdma", "gpudirect-storage", "nvme-of"),
    ),
    text("port", "A port that wires share by name"),
    text("spread", "Whether every replica has these links", "each"),
    number("share", "Share of the replicas that hang on this neighbour", 0, 1, positive=True),
)

STEP = keyed(
    text("title", "What the step is called"),
    text("note", "What the presenter says"),
    Key("remove", "texts", "Paths that are removed first"),
    Key("set", "texts", "Assignments, as they would stand in the file"),
    Key("expect", "texts", 'What the step claims: "rate > 4 * before", "bottleneck = store"'),
)

DESIGN = keyed(
    text("schema", "Version of this format", VERSION),
    text("title", "What the design shows"),
    text("question", "What it is for, in one line"),
    Key("tags", "texts", "Words to find it by"),
)

# --- overrides: with.<part>.<figure> ---------------------------------------------------------------

_MEMORY = (
    quantity("memory", "bytes", "Memory"),
    quantity("memory_bandwidth", "bytes/s", "Memory bandwidth"),
)
_CORES = quantity("cores", "", "Cores")
_CLOCK = quantity("clock", "hertz", "Clock")
_POWER = quantity("power", "watts", "Power at full load")
_PRICE = quantity("price", "USD", "Price")
_BANDWIDTH = quantity("bandwidth", "bytes/s", "Bandwidth, one direction")
_LATENCY = quantity("latency", "seconds", "Latency")
_CHIP = (
    *_MEMORY,
    quantity("cache", "bytes", "Last-level cache"),
    _POWER,
    _CORES,
    _CLOCK,
    quantity("link_bandwidth", "bytes/s", "Links between chips, one direction"),
    quantity("host_link", "bytes/s", "Link to the host, one direction"),
    _PRICE,
)
_TIER = (
    quantity("read_bandwidth", "bytes/s", "Read bandwidth"),
    quantity("write_bandwidth", "bytes/s", "Write bandwidth"),
    quantity("read_iops", "1/s", "Reads a second"),
    quantity("write_iops", "1/s", "Writes a second"),
    quantity("metadata_rate", "1/s", "Opens, listings and the like a second"),
    _LATENCY,
    quantity("capacity", "bytes", "Capacity"),
)
_STORED_PRICE = quantity("price", "USD/bytes/month", "Price of what is stored")

PARTS: dict[str, dict[str, Key]] = {
    "chip": keyed(*_CHIP),
    "cpu": keyed(*_CHIP),
    "dpu": keyed(*_CHIP, _BANDWIDTH),
    "nic": keyed(_BANDWIDTH, _LATENCY, quantity("ports", "", "Ports"), _POWER, _PRICE),
    "disk": keyed(*_TIER, _POWER, _PRICE),
    "host": keyed(*_MEMORY, _CORES, _CLOCK, _POWER, _PRICE),
}
BOX_FIGURES = keyed(
    *_TIER,
    _STORED_PRICE,
    quantity("ports", "", "Ports of a switch"),
    _BANDWIDTH,
    quantity("hop_latency", "seconds", "Latency of a switch"),
    _POWER,
)
WIRE_FIGURES = keyed(
    _BANDWIDTH,
    _LATENCY,
    quantity("efficiency", "", "Share of the bandwidth that data reaches", maximum=1.0),
    quantity("cpu_per_bandwidth", "", "Host cores for a Gb/s"),
    _PRICE,
)
PEAK = quantity("peak", "FLOP/s", "Dense arithmetic rate in a number format")
PEAK_PARTS = ("chip", "cpu", "dpu")

TABLES: dict[str, dict[str, Key]] = {
    "": DESIGN,
    "workload": WORKLOAD,
    "workload.model": MODEL,
    "workload.dataset": DATASET,
    "workload.checkpoint": CHECKPOINT,
    "workload.targets": TARGETS,
    "plan": PLAN,
    "plan.prefill": PLAN,
    "plan.decode": PLAN,
    "software": SOFTWARE,
    "box": BOX,
    "wire": WIRE,
    "story": STEP,
}
# Tables inside a table, for suggestions.
INNER: dict[str, tuple[str, ...]] = {
    "": ("workload", "plan", "software", "box", "wire", "component", "story"),
    "workload": ("dataset", "checkpoint", "targets"),
    "plan": ("prefill", "decode"),
    "box": ("with",),
    "wire": ("with",),
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    names = list(known)
    folded = word.strip().lower().replace("-", "_")
    for name in names:
        if name.lower().replace("-", "_") == folded:
            return name
    found = difflib.get_close_matches(word.lower(), names, 1, 0.6)
    return found[0] if found else None


def names_of(table: str) -> tuple[str, ...]:
    """Every key that a table of TABLES may hold, inner tables included."""
    return (*TABLES.get(table, {}), *INNER.get(table, ()))


def allows(key: Key, value: str) -> bool:
    """Whether a text is one of the key's choices."""
    if not key.choices or key.open or value in key.choices:
        return True
    return bool(key.pattern) and re.fullmatch(key.pattern, value) is not None


def key_at(path: Sequence[str]) -> Key | None:
    """The key that a dotted path names (`box.<name>.with.chip.memory`), or None where it names none."""
    head, rest = path[0] if path else "", tuple(path[1:])
    if not rest:
        return DESIGN.get(head)
    if head in ("box", "wire"):
        rest = rest[1:]
        return figure_at(head, rest[1:]) if rest[:1] == ("with",) else _single(TABLES[head], rest)
    if head == "story":
        return _single(STEP, rest[1:])
    if len(rest) == 2:
        return TABLES.get(f"{head}.{rest[0]}", {}).get(rest[1])
    return _single(TABLES.get(head, {}), rest)


def figure_at(table: str, path: Sequence[str]) -> Key | None:
    """The figure that `with.<path>` of a box or wire overrides, or None."""
    if len(path) == 1:
        return (BOX_FIGURES if table == "box" else WIRE_FIGURES).get(path[0])
    if table != "box" or len(path) not in (2, 3) or path[0] not in PARTS:
        return None
    if len(path) == 3:
        peak = path[0] in PEAK_PARTS and path[1] == "peak" and path[2] in PRECISIONS
        return PEAK if peak else None
    return PARTS[path[0]].get(path[1])


def _single(keys: dict[str, Key], rest: Sequence[str]) -> Key | None:
    return keys.get(rest[0]) if len(rest) == 1 else None
