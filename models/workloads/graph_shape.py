"""What a design says of its graph and its network: sizes, widths, fan-outs, from the library where not given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number, minimum
from infralab.models.catalogue import UnknownComponent
from infralab.models.constants import assumed, table
from infralab.models.machine import Machine
from infralab.models.workloads import graph_costs

FILE = "graph_network"


@dataclass(frozen=True, slots=True)
class Graph:
    """Sizes of one graph, or of all small graphs of a set together."""

    nodes: Number
    edges: Number
    features: Number  # width of a node's input row
    edge_features: Number
    targets: Number  # nodes trained on, or graphs
    many: bool  # a set of small graphs rather than one


@dataclass(frozen=True, slots=True)
class Network:
    """A graph network: kind of convolution, widths, sampling."""

    kind: str
    layers: int
    hidden: Number
    heads: Number
    relations: Number
    fanout: tuple[Number, ...]  # empty: the whole graph
    updates_edges: bool
    forces: bool
    parameters: Number


def read_graph(machine: Machine) -> Graph | None:
    """The data set's sizes: those given, else the library's."""
    workload = machine.design.workload
    assert workload is not None
    given = workload.dataset
    facts: dict[str, Any] = {}
    if given is not None and given.name is not None:
        entry = machine.catalogue.dataset(given.name)
        facts = dict(entry.facts) if entry is not None else {}
    values: dict[str, float | None] = {}
    for name in ("nodes", "edges", "features", "edge_features", "train_nodes", "graphs"):
        own = getattr(given, name) if given is not None else None
        values[name] = own if own is not None else facts.get(name)
    if values["nodes"] is None or values["edges"] is None:
        machine.missing("workload.dataset", "how many nodes and edges? name a graph data set, or give nodes and edges")
        return None
    number = machine.figures.number
    read = {k: number(f"workload.dataset.{k}", v) for k, v in values.items() if v is not None}
    many = values["graphs"] is not None
    if "features" not in read:
        machine.figures.assume(f"width of node features not given: {assumed('graph.features'):g} assumed")
    if many and _on_distances(machine):
        # networks on distances build their own edges: neighbours inside the cut-off
        neighbours = float(table(FILE)["cutoff"]["neighbours"])
        machine.figures.assume(f"edges by distance: all pairs of a molecule, at most {neighbours:g} neighbours", moves=False)
        read["edges"] = read["nodes"] * minimum(read["nodes"] - 1.0, neighbours)
    targets = read.get("graphs") if many else read.get("train_nodes", read["nodes"])
    assert targets is not None
    return Graph(
        read["nodes"], read["edges"], read.get("features", assumed("graph.features")), read.get("edge_features", 0.0), targets, many
    )


def _on_distances(machine: Machine) -> bool:
    workload = machine.design.workload
    assert workload is not None
    if workload.model is None or not graph_costs.known(workload.model):
        return False
    return bool(graph_costs.coefficients(workload.model).get("distance_graph"))


def read_network(machine: Machine, graph: Graph) -> Network | None:
    """The network of the workload; None, and said, where the model does not know it."""
    workload = machine.design.workload
    assert workload is not None
    facts: dict[str, Any] = {}
    name = workload.model
    if name is not None:
        try:
            component = machine.catalogue.model(name)
        except UnknownComponent as error:
            machine.missing("workload.model", str(error))
            return None
        facts = dict(component.facts)
        name = component.id
    if name is None:
        machine.missing("workload.model", "which graph network? name one: gcn, graphsage, gat, edge-gnn …")
        return None
    if not graph_costs.known(name):
        machine.missing("workload.model", f"{name} is no graph network that the model knows")
        return None
    facts.update(workload.shape)
    number = machine.figures.number
    layers = round(float(workload.layers or facts.get("layers", 2)))
    hidden = number("workload.hidden", float(workload.hidden or facts.get("hidden", assumed("graph.hidden"))))
    heads = number("workload.heads", float(workload.heads or facts.get("heads") or 1))
    costs = graph_costs.coefficients(name)
    updates = workload.updates_edges
    if updates is None:
        updates = bool(facts.get("edge_update", False) or costs.get("updates_edges", False))
    fanout = _fanout(machine, facts, layers, graph)
    wide = hidden * heads if name in ("gat", "gatv2") else hidden
    parameters = layers * float(costs.get("n_io", 4)) / 2.0 * wide * wide
    parameters = parameters + layers * (float(costs.get("e_oo", 0)) + float(costs.get("e_io", 0))) / 2.0 * wide * wide
    if "params_m" in facts:
        parameters = float(facts["params_m"]) * 1e6
    relations = float(facts.get("relations", 1))
    return Network(name, layers, wide, heads, relations, fanout, updates, bool(costs.get("forces")), parameters)


def _fanout(machine: Machine, facts: dict[str, Any], layers: int, graph: Graph) -> tuple[Number, ...]:
    workload = machine.design.workload
    assert workload is not None
    given = workload.fanout
    if graph.many or given == "full":
        return ()
    if isinstance(given, str):
        try:
            given = tuple(float(part) for part in given.replace("-", ",").split(","))
        except ValueError:
            machine.warn("workload.fanout", f'fanout = "{given}" is no list of numbers nor "full": whole graph taken')
            return ()
    if given is None and workload.global_batch is None and workload.batch is None and workload.mode is None:
        return ()
    if given is None:
        given = tuple(float(f) for f in facts.get("fanout") or ([15.0, 10.0, 5.0, *([5.0] * layers)])[:layers])
        machine.figures.assume(f"fan-out not given: {', '.join(f'{f:g}' for f in given)} taken", moves=True)
    return tuple(machine.figures.number(f"workload.fanout.{n}", float(f)) for n, f in enumerate(given))
