"""How many nodes and edges a batch touches: sampled neighbourhoods, whole graphs, parts of a graph.

Sampling with fan-outs f_1 … f_L from B targets: layer l draws min(f_l, degree) neighbours of each
frontier node. Degrees of real graphs are heavy-tailed: with a Lomax tail of exponent a and mean μ,
E[min(f, degree)] = μ·(1 − (1 + f/((a − 1)·μ))^(1 − a)) (a fitted, `degree_tail`). Of c draws from N nodes N·(1 − e^(−c/N)) are distinct; real graphs are skewed, so the
draws fall on a share of the nodes (fitted, `spread_share`).
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, exp, log, maximum, minimum, power


@dataclass(frozen=True, slots=True)
class Block:
    """One layer of a batch, nearest the targets first."""

    nodes: Number  # computed by it
    edges: Number
    sources: Number  # distinct nodes that it reads


def distinct(draws: Number, nodes: Number) -> Number:
    """Distinct nodes among `draws` random draws of `nodes`."""
    return nodes * (1.0 - exp(-draws / maximum(nodes, 1.0)))


def drawn(wanted: Number, degree: Number, tail: Number) -> Number:
    """Neighbours drawn of a node when `wanted` are asked: the mean of min(wanted, degree)."""
    scale = (tail - 1.0) * maximum(degree, 1e-9)
    return degree * (1.0 - power(1.0 + wanted / scale, 1.0 - tail))


def sampled(
    batch: Number, fanout: tuple[Number, ...], nodes: Number, edges: Number, spread: Number, tail: Number
) -> list[Block]:
    """Blocks of a sampled batch, the targets' first; nodes, edges: of the whole graph."""
    degree = edges / maximum(nodes, 1.0)
    frontier = batch
    blocks = []
    for wanted in fanout:
        reached = frontier * drawn(wanted, degree, tail)
        # draws that fall on the frontier itself bring nothing new
        fresh = distinct(reached, nodes * spread) * (1.0 - minimum(frontier / maximum(nodes, 1.0), 1.0))
        sources = minimum(frontier + fresh, nodes)
        blocks.append(Block(frontier, reached, sources))
        frontier = sources
    return blocks


def whole(nodes: Number, edges: Number, layers: int) -> list[Block]:
    """Every node and edge in every layer: full-graph work, or a batch of small graphs."""
    return [Block(nodes, edges, nodes)] * layers


def halo(nodes: Number, edges: Number, parts: Number) -> Number:
    """Distinct remote nodes that one of `parts` random parts reads in a layer (all parts together: times parts).

    A remote node is read by a part that holds at least one of its neighbours: (1 − (1 − 1/p)^degree).
    """
    degree = edges / maximum(nodes, 1.0)
    others = nodes * (1.0 - 1.0 / parts)
    missed = exp(degree * log(maximum(1.0 - 1.0 / maximum(parts, 1.0), 1e-9)))
    return others * (1.0 - missed)
