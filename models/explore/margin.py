"""What one more link on a wire is worth: the same design with one link more there, evaluated once."""

from __future__ import annotations

from typing import NamedTuple

from infralab.models.arithmetic import first
from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.outcome import outcome


class OneMore(NamedTuple):
    """`links`: of the wire now; `bandwidth`: bytes/s of one, per direction; `gain`: relative change of the rate."""

    links: float
    bandwidth: float
    gain: float


def one_more_link(design: Design, catalogue: Catalogue, wire: str) -> OneMore | None:
    """Gain of one more link on the named wire; None where the design has no rate, or the wire no link of its own."""
    now = outcome(design, catalogue)
    link = now.machine.links.get(wire)
    if link is None or now.rate is None or not 0 < first(now.rate) < float("inf"):
        return None
    count, bandwidth = first(link.count), first(link.bandwidth)
    if not bandwidth < 1e30:
        return None
    more = outcome(design, catalogue, values={f"wire.{wire}.count": count + 1.0})
    if more.rate is None:
        return None
    return OneMore(count, bandwidth, first(more.rate) / first(now.rate) - 1.0)
