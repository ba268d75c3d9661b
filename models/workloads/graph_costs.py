"""Work and bytes of one graph layer, from the coefficients of its kind (graph_costs.toml).

A message-passing layer costs dense work per node, and per edge a gather of neighbour rows at
irregular places, arithmetic on what was gathered, and, with edge features, their own reads, products
and writes. Whether the dense product comes before or after the gather is a choice: the narrower side
is gathered.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infralab.models.arithmetic import Number, maximum, minimum

INDEX_BYTES = 8.0


@cache
def _table() -> dict[str, dict[str, Any]]:
    with (Path(__file__).parent / "graph_costs.toml").open("rb") as file:
        return tomllib.load(file)


def known(name: str) -> bool:
    """Whether the cost of this kind of convolution is known."""
    return name in _table()


@cache
def coefficients(name: str) -> dict[str, Any]:
    """Coefficients of a kind of convolution; KeyError where none is known."""
    entry = dict(_table()[name])
    return {**_table()[entry["like"]], **entry} if "like" in entry else entry


def kernels(kind: str, relations: Number) -> Number:
    """Kernels that a forward layer launches, as eager code runs its definition; relations one after the other."""
    c = coefficients(kind)
    return float(c.get("kernels", 15.0)) * (relations if c.get("relations") else 1.0)


@dataclass(frozen=True, slots=True)
class Layer:
    """Widths and sizes of one layer: `nodes` are those computed, `edges` those that reach them."""

    nodes: Number
    edges: Number
    width_in: Number
    width_out: Number
    edge_width: Number
    heads: Number
    relations: Number
    triplets: Number  # per edge
    sources: Number  # distinct nodes whose rows are read


@dataclass(frozen=True, slots=True)
class Cost:
    """What one layer computes and moves in a forward pass: FLOP and bytes."""

    flop: Number
    stream_bytes: Number  # read and written in order
    gather_bytes: Number  # rows at irregular places
    row_bytes: Number  # of one gathered row
    rows_bytes: Number  # all distinct rows that the gathers fall on
    edge_state_bytes: Number  # kept or written per layer for edges


def layer_cost(kind: str, layer: Layer, element: float, updates_edges: bool) -> Cost:
    """Forward cost of one layer. `element`: bytes of a value. Backward costs twice as much (model.md, 8)."""
    c = coefficients(kind)

    def of(name: str) -> float:
        return float(c.get(name, 0.0))

    i, o, f = layer.width_in, layer.width_out, layer.edge_width
    narrow = minimum(i, o)
    relations = layer.relations if c.get("relations") == "apart" else 1.0
    node_flop = relations * of("n_io") * i * o + of("n_o") * o
    source_flop = of("s_io") * i * o  # rows that edges read, projected before they are gathered
    edge_flop = (
        of("e_i") * i + of("e_o") * o + of("e_narrow") * narrow + of("e_heads") * layer.heads
        + of("e_io") * i * o + of("e_fo") * f * o + of("e_oo") * o * o + of("e_1")
    )  # fmt: skip
    edge_flop = edge_flop + layer.triplets * (of("t_flop_oo") * o * o + of("t_flop_o") * o)
    gathered = of("eb_i") * i + of("eb_narrow") * narrow
    streamed = (
        of("eb_o") * o
        + of("eb_heads") * layer.heads
        + of("eb_f") * f
        + of("eb_oo") * o * o
        + layer.triplets * of("tb_o") * o
    )
    written: Number = 0.0
    if updates_edges and not c.get("updates_edges"):
        # an edge update on top of the layer: a product of edge and end points, written back
        edge_flop = edge_flop + 2.0 * f * o
        streamed = streamed + 2.0 * f
    if updates_edges:
        written = layer.edges * maximum(f, o) * element
    elif not c.get("eb_f") and not c.get("e_fo"):
        # edge features that the layer's own definition does not know: read and mixed in once
        edge_flop = edge_flop + 2.0 * f * o
        streamed = streamed + f
    if not of("eb_i") and not of("eb_narrow"):
        gathered = gathered + of("eb_o") * o
        streamed = streamed - of("eb_o") * o
    row = maximum(narrow if of("eb_narrow") else i if of("eb_i") else o, 1.0) * element
    return Cost(
        flop=layer.nodes * node_flop + layer.sources * source_flop + layer.edges * edge_flop,
        stream_bytes=layer.sources * (of("sb_i") * i + of("sb_o") * o) * element
        + layer.nodes * relations * (of("nb_i") * i + of("nb_o") * o) * element
        + layer.edges * (streamed * element + INDEX_BYTES),
        gather_bytes=layer.edges * gathered * element,
        row_bytes=row,
        rows_bytes=layer.sources * row,
        edge_state_bytes=written,
    )
