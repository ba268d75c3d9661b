"""What one more link on a wire is worth: the same design with one link more there, evaluated once."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from infralab.models.arithmetic import first
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design, FrozenMap
from infralab.models.outcome import outcome
from infralab.models.symmetry import quotient


class OneMore(NamedTuple):
    """`links`: of the wire now; `bandwidth`: bytes/s of one, per direction; `gain`: relative change of the rate."""

    links: float
    bandwidth: float
    gain: float


def one_more_link(design: Design, catalogue: Catalogue, wire: str) -> OneMore | None:
    """Gain of one more link on the named wire; None where the design has no rate, or the wire no link of its own."""
    merged = quotient(design, catalogue)
    now = outcome(design if merged is None else merged.design, catalogue)
    asked = wire if merged is None else merged.stands_for.get(f"wire.{wire}", f"wire.{wire}").removeprefix("wire.")
    link = now.machine.links.get(asked)
    if link is None or now.rate is None or not 0 < first(now.rate) < float("inf"):
        return None
    links, bandwidth = first(link.count), first(link.bandwidth)
    if not bandwidth < 1e30:
        return None
    wires = {**design.wires, wire: replace(design.wires[wire], count=int(links) + 1)}
    wider = replace(design, wires=FrozenMap(wires))
    apart = quotient(wider, catalogue)  # the wire is no longer like the others
    more = outcome(wider if apart is None else apart.design, catalogue)
    if more.rate is None:
        return None
    return OneMore(links, bandwidth, first(more.rate) / first(now.rate) - 1.0)
