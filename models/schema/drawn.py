"""Keys of what is drawn and how it is used: boxes, wires, plan, software, story."""

from __future__ import annotations

from infralab.models.schema.key import Key, degree, keyed, number, quantity, text, whole
from infralab.models.schema.work import STAGES

VERSION = "infralab.design/1"

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

SITE = keyed(
    text("grid", "Where the electricity comes from: a country (de), a region (us-cal-ciso), eu, world"),
    quantity("carbon_intensity", "g/kWh", "Carbon dioxide equivalent of a kilowatt hour; wins over the grid's"),
    number("pue", "Power of the building for power of what is drawn", 1, 10),
    quantity("electricity_price", "USD/kWh", "Price of a kilowatt hour; rented boxes have it in their rent"),
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
    Key("in_network_reduction", "flag", "Whether the switches add up gradients on their way (SHARP)"),
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
    Key("vote", "texts", 'What the room chooses from: "Faster GPUs | box.train.is = \'dgx-b200\'", "A cache | step 3"'),
)

DESIGN = keyed(
    text("schema", "Version of this format", VERSION),
    text("title", "What the design shows"),
    text("question", "What it is for, in one line"),
    Key("tags", "texts", "Words to find it by"),
)
