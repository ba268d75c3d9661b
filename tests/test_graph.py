"""Graph networks: what a batch touches, where features come from, who samples, what crosses a cut."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models.catalogue import default_catalogue
from infralab.models.document import from_mapping
from infralab.models.outcome import outcome
from infralab.models.workloads import graph_sampling
from infralab.models.workloads.graph_costs import Layer, layer_cost
from infralab.models.workloads.graph_stages import best_samplers
from tests.designs import constant, part, ran, rate

CARD = {
    "kind": "gpu",
    "tflops_fp16": 100.0,
    "tflops_fp32": 10.0,
    "mem_gb": 40,
    "mem_tbps": 1.0,
    "tdp_w": 300,
    "form_factor": "PCIe",
    "scale_up": {"kind": "nvlink3", "gb_s_per_dir": 300, "domain": 8, "topology": "switched"},
    "host_link": {"kind": "pcie4", "gb_s": 32},
}
SOCIAL = {"nodes": 1e8, "edges": 2e9, "features": 256, "train_nodes": 1e6}  # 102 GB of fp32 features
SMALL = {"nodes": 1e6, "edges": 2e7, "features": 64, "train_nodes": 1e5}


def design(model: str = "graphsage", dataset: dict[str, float] = SOCIAL, **more: Any) -> dict[str, Any]:
    workload = {
        "kind": "graph-training",
        "model": model,
        "dataset": dataset,
        "layers": 2,
        "hidden": 128,
        "fanout": [10, 5],
        "batch": 1000,
        "precision": "fp32",
        **more.pop("workload", {}),
    }
    return {
        "schema": "infralab.design/1",
        "workload": {k: v for k, v in workload.items() if v is not None},
        "software": more.pop("software", {"framework": "pytorch"}),
        "box": {"run": {"is": "card", "chips": 1, **more.pop("box", {})}},
        "component": {"card": {**CARD, **more.pop("card", {})}},
        **more,
    }


def random_graph(nodes: int, degree: int, seed: int) -> list[list[int]]:
    """Every node has `degree` neighbours drawn at random."""
    draw = random.Random(seed)
    return [[draw.randrange(nodes) for _ in range(degree)] for _ in range(nodes)]


# sampling and cuts, against graphs that are really drawn


def test_a_cut_sends_each_remote_neighbour_once_however_many_edges_cross() -> None:
    nodes, degree, parts = 4000, 6, 4
    graph, draw = random_graph(nodes, degree, 1), random.Random(2)
    home = [draw.randrange(parts) for _ in range(nodes)]
    # node n is read by the parts where its neighbours live; the graph is symmetric in distribution
    read = {(n, home[m]) for n, near in enumerate(graph) for m in near if home[m] != home[n]}
    predicted = parts * graph_sampling.halo(float(nodes), float(nodes * degree), float(parts))
    assert len(read) == pytest.approx(predicted, rel=0.03)
    assert len(read) < sum(home[m] != home[n] for n, near in enumerate(graph) for m in near)


def test_one_part_has_no_halo() -> None:
    assert graph_sampling.halo(1e6, 1e7, 1.0) == pytest.approx(0.0, abs=1e-3)


def test_draws_repeat_themselves_as_in_a_drawn_sample() -> None:
    draw = random.Random(3)
    seen = len({draw.randrange(2000) for _ in range(3000)})
    assert graph_sampling.distinct(3000.0, 2000.0) == pytest.approx(seen, rel=0.03)


def test_neighbours_asked_of_heavy_tailed_degrees_are_the_mean_of_the_smaller() -> None:
    mean, tail, wanted = 20.0, 2.0, 10.0
    count = 200_000  # degrees at even quantiles of a Lomax distribution
    scale = mean * (tail - 1.0)
    degrees = (scale * ((1 - (k + 0.5) / count) ** (-1 / tail) - 1) for k in range(count))
    expected = sum(min(wanted, d) for d in degrees) / count
    assert graph_sampling.drawn(wanted, mean, tail) == pytest.approx(expected, rel=1e-3)
    assert expected == pytest.approx(mean * wanted / (mean + wanted), rel=1e-3)  # the closed form for a tail of 2


def test_a_batch_reaches_what_a_walk_over_a_drawn_graph_reaches() -> None:
    nodes, degree = 20_000, 12
    graph, draw = random_graph(nodes, degree, 4), random.Random(5)
    frontier = set(draw.sample(range(nodes), 100))
    sizes = []
    for wanted in (4, 3):
        frontier = frontier | {m for n in frontier for m in draw.sample(graph[n], wanted)}
        sizes.append(len(frontier))
    # an even degree: the tail far out makes every node give what is asked
    reach = graph_sampling.sampled(100.0, (4.0, 3.0), nodes, 1e9 * nodes, 1.0, 3.0)
    # targets that draw again meet their own neighbours: a tenth fewer than independent draws
    assert [b.sources for b in reach] == pytest.approx(sizes, rel=0.1)


@given(st.floats(1, 1e5), st.lists(st.floats(1, 50), min_size=1, max_size=4), st.floats(1e3, 1e9), st.floats(1, 200))
def test_no_batch_touches_more_than_the_graph_nor_fewer_than_its_targets(
    batch: float, fanout: list[float], nodes: float, degree: float
) -> None:
    blocks = graph_sampling.sampled(min(batch, nodes), tuple(fanout), nodes, nodes * degree, 0.5, 1.6)
    for block, wanted in zip(blocks, fanout, strict=True):
        assert block.nodes <= block.sources <= nodes * (1 + 1e-9)
        assert block.edges <= block.nodes * min(wanted, degree) * (1 + 1e-9)


# work and bytes of layers


def layer(**sizes: float) -> Layer:
    usual = {"nodes": 10.0, "edges": 40.0, "width_in": 8.0, "width_out": 4.0, "edge_width": 0.0,
             "heads": 1.0, "relations": 1.0, "triplets": 0.0, "sources": 20.0}  # fmt: skip
    return Layer(**{**usual, **sizes})


def test_a_plain_convolution_by_hand() -> None:
    cost = layer_cost("gcn", layer(), 4.0, updates_edges=False)
    # 10 nodes × 2·8·4 in the product, 40 edges × 2·4 in the sums: the narrower side is gathered
    assert cost.flop == 10 * 64 + 40 * 8
    assert cost.gather_bytes == 40 * 4 * 4
    assert cost.row_bytes == 4 * 4


def test_attention_projects_every_row_that_edges_read() -> None:
    few = layer_cost("gat", layer(sources=20.0), 4.0, updates_edges=False)
    many = layer_cost("gat", layer(sources=30.0), 4.0, updates_edges=False)
    assert many.flop - few.flop == 10 * 2 * 8 * 4


def test_edge_features_add_their_bytes_and_updates_write_them_back() -> None:
    plain = layer_cost("edge-gnn", layer(edge_width=0.0), 2.0, updates_edges=False)
    wide = layer_cost("edge-gnn", layer(edge_width=16.0), 2.0, updates_edges=False)
    updated = layer_cost("edge-gnn", layer(edge_width=16.0), 2.0, updates_edges=True)
    assert wide.stream_bytes - plain.stream_bytes == 40 * 16 * 2
    assert wide.flop - plain.flop == 40 * 2 * 16 * 4
    assert updated.edge_state_bytes == 40 * 16 * 2
    assert plain.edge_state_bytes == wide.edge_state_bytes == 0


# where features live and who samples


def test_features_that_fit_stay_on_the_chip_and_others_come_over_the_host_link() -> None:
    assert part(ran(design(dataset=SMALL)), "gather from host memory") == 0
    report = ran(design())
    blocks = graph_sampling.sampled(
        1000.0, (10.0, 5.0), 1e8, 2e9, constant(report, "spread_share"), constant(report, "degree_tail")
    )
    row = 256 * 4.0
    reach = 32e9 * constant(report, "link_share") * row / (row + constant(report, "half_row_bytes"))
    assert part(report, "gather from host memory") == pytest.approx(blocks[-1].sources * row / reach, rel=1e-6)


def test_placement_overrules_what_the_stack_does() -> None:
    on_host = ran(design(dataset=SMALL, workload={"placement": "host"}))
    assert part(on_host, "gather from host memory") > 0
    copied = ran(design(dataset=SMALL, software={"framework": "dgl"}))
    assert part(copied, "gather from host memory") > 0
    kept = ran(design(dataset=SMALL, software={"framework": "dgl"}, workload={"placement": "device"}))
    assert part(kept, "gather from host memory") == 0


def test_a_cache_of_busy_nodes_serves_more_than_its_share() -> None:
    cached = ran(design(software={"framework": "gnnlab-shared"}))
    share = (40e9 * 0.65 - (2e9 + 1e8) * 4) / (1e8 * 1024)
    all_missed = part(ran(design(workload={"placement": "device"})), "gather from host memory")
    assert 0 < part(cached, "gather from host memory") < (1 - share) * all_missed


def test_features_sharded_over_chips_cross_the_links_between_them() -> None:
    report = ran(design(box={"chips": 8}, workload={"placement": "sharded"}))
    assert part(report, "gather from other chips") > 0
    assert part(report, "gather from host memory") == 0  # 8 × 40 GB hold 102 GB
    assert rate(report) > rate(ran(design(box={"chips": 8})))


def test_host_cores_sample_for_stacks_that_sample_there() -> None:
    report = ran(design(software={"framework": "pyg"}))
    sampling = next(p for p in report.step_breakdown if p.name == "sample")
    assert sampling.resource.endswith("cores")
    on_chip = next(p for p in ran(design(software={"framework": "dgl"})).step_breakdown if p.name == "sample")
    assert on_chip.resource == "box.run.chip.memory_bandwidth"


@given(st.floats(1e-3, 1.0), st.floats(1e-3, 1.0), st.integers(2, 16))
def test_chips_that_sample_are_as_many_as_the_best_of_all_splits(sample: float, train: float, chips: int) -> None:
    def slower(samplers: float) -> float:
        return max(sample / samplers, train / (chips - samplers))

    assert slower(best_samplers(sample, train, float(chips))) == pytest.approx(
        min(slower(float(s)) for s in range(1, chips))
    )


def test_fan_outs_are_read_in_the_order_of_the_stack() -> None:
    listed = from_mapping(design(software={"framework": "dgl"}))[0]
    assert outcome(listed, default_catalogue()).job.plan["fan-out"] == "5, 10 from the targets outwards"  # type: ignore[union-attr]
    assert outcome(from_mapping(design())[0], default_catalogue()).job.plan["fan-out"].startswith("10, 5")  # type: ignore[union-attr]


def test_a_pass_over_the_targets_takes_its_stages_one_after_the_other() -> None:
    report = ran(design())
    stages = sum(report.metrics[f"stage_seconds.{s}"] for s in ("sample", "gather", "step"))
    assert 1e6 / rate(report) == pytest.approx(stages)


# one graph over many chips


def test_updated_edges_cross_every_cut_and_fixed_ones_do_not() -> None:
    whole = {"fanout": "full", "batch": None, "precision": "fp16"}
    fixed = ran(design("edge-gnn", SMALL, box={"chips": 8}, workload={**whole, "updates_edges": False}))
    updated = ran(design("edge-gnn", SMALL, box={"chips": 8}, workload={**whole, "updates_edges": True}))
    alone = ran(design("edge-gnn", SMALL, box={"chips": 1}, workload={**whole, "updates_edges": True}))
    assert part(updated, "halo exchange") > 1.5 * part(fixed, "halo exchange") > 0
    assert part(alone, "halo exchange") == 0


def test_wider_edges_need_more_memory_and_lower_the_rate() -> None:
    whole = {"fanout": "full", "batch": None}
    reports = [ran(design("edge-gnn", {**SMALL, "edge_features": f}, workload=whole)) for f in (8, 64, 512)]
    assert rate(reports[0]) > rate(reports[1]) > rate(reports[2])
    needed = [r.memory.required_bytes for r in reports if r.memory is not None]
    assert needed[0] < needed[1] < needed[2]


# invariants


@given(
    st.sampled_from(["box.run.chip.memory_bandwidth", "box.run.chip.peak.fp32", "box.run.chip.host_link",
                     "box.run.chip.link_bandwidth", "box.run.host.cores", "box.run.host.memory_bandwidth"]),
    st.sampled_from(["pytorch", "dgl", "pyg", "gnnlab", "gnnlab-shared", "quiver", "tensorrt"]),
    st.floats(1.0, 100.0),
)  # fmt: skip
def test_more_of_any_capacity_never_lowers_the_rate(path: str, stack: str, more: float) -> None:
    data = from_mapping(design(box={"chips": 4}, software={"framework": stack}))[0]
    found = outcome(data, default_catalogue(), scales={path: np.array([1.0, more])})
    assert found.rate is not None
    rates = np.broadcast_to(np.asarray(found.rate, float), (2,))
    assert rates[1] >= rates[0] * (1 - 1e-9)


@pytest.mark.parametrize("stack", ["pytorch", "dgl", "pyg", "gnnlab", "quiver", "tensorrt"])
def test_batched_answers_are_the_single_ones(stack: str) -> None:
    sizes = [100.0, 1000.0, 8000.0]
    data = design(software={"framework": stack}, box={"chips": 4})
    many = outcome(from_mapping(data)[0], default_catalogue(), values={"workload.batch": np.array(sizes)})
    for place, size in enumerate(sizes):
        data["workload"]["batch"] = size
        assert np.asarray(many.rate)[place] == pytest.approx(rate(ran(data)))


def test_what_is_missing_is_said() -> None:
    for lacking, words in (({"model": None}, "which graph network"), ({"dataset": None}, "how many nodes and edges")):
        report = ran(design(workload=lacking))
        assert report.throughput is None
        assert any(words in p.text for p in report.problems)


def test_a_gather_is_bound_by_the_slower_of_host_memory_and_host_link() -> None:
    """The part that takes the time is the one that the sentence can name, and relieving it leads to the other."""

    def binding(**box: Any) -> set[str]:
        report = ran(design(box=box))
        return {p.kind for p in report.step_breakdown if p.name.startswith("gather ") and p.seconds > 0}

    assert binding() == {"host link"}
    slow = {"with": {"host": {"memory_bandwidth": "5 GB/s"}}}
    assert binding(**slow) == {"host memory bandwidth"}
    report = ran(design(box=slow))
    assert report.bottleneck is not None
    assert report.runner_up is not None
    assert (report.bottleneck.kind, report.runner_up.kind) == ("host memory bandwidth", "host link")
