"""Keys of the workload: what is done, with which model, data and checkpoints."""

from __future__ import annotations

from typing import Any

from infralab.models.schema.key import LAYER_LIMIT, NUMBER_LIMIT, Key, keyed, number, quantity, text

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
    number("layers", "Layers of the graph network", 1, LAYER_LIMIT, kinds=_GRAPH),
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
    number("layers", "Layers", 1, LAYER_LIMIT),
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
