"""Values of the canvas's overlays: money, heat and confidence by owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.models.design import Design
from infralab.tui.canvas.view import Overlay

if TYPE_CHECKING:
    from infralab.models.report import Report

CONFIDENCE = {"cited": 0.0, "derived": 0.0, "override": 0.3, "fitted": 0.5, "assumed": 1.0}
SIGNS = {
    "cited": "● cited",
    "derived": "● derived",
    "override": "✎ yours",
    "fitted": "○ fitted",
    "assumed": "△ assumed",
}


def overlay(mode: str, design: Design, report: Report | None) -> Overlay:
    """The canvas's overlay of a mode; values as fractions of the design's largest."""
    if report is None or mode in ("traffic", "busy"):
        return Overlay(mode)
    if mode == "confidence":
        return Overlay(mode, _confidence(report))
    found = _money(design) if mode == "money" else _heat(design, report)
    top = max(found.values(), default=0.0)
    say = "${:,.0f}/h".format if mode == "money" else "{:,.0f} W".format
    return Overlay(mode, {owner: (value / top if top else 0.0, say(value)) for owner, value in found.items()})


def _money(design: Design) -> dict[str, float]:
    """USD an hour of each box whose price is known; storage that is paid by what it holds is left out."""
    from infralab.models.arithmetic import first
    from infralab.models.outcome import outcome
    from infralab.models.physics.cost import pool_price, tier_price
    from infralab.tui.parts import catalogue_for

    machine = outcome(design, catalogue_for(design)).machine
    found = {}
    for pool in machine.pools.values():
        price = pool_price(machine, pool)
        if price is not None:
            found[pool.owner] = first(price.usd_per_hour * pool.servers)
    for tier in machine.tiers.values():
        price = tier_price(machine, tier, None)
        if price is not None and tier.kind != "object":
            found[tier.owner] = first(price.usd_per_hour)
    return found


def _heat(design: Design, report: Report) -> dict[str, float]:
    """Watts of each box, its chips as busy as the report's headline says."""
    from infralab.models.arithmetic import first
    from infralab.models.outcome import outcome
    from infralab.models.physics.power import power_watts, switch_watts, tier_watts
    from infralab.tui.parts import catalogue_for

    machine = outcome(design, catalogue_for(design)).machine
    busy = 1.0 if report.busy is None else report.busy
    found = {tier.owner: first(tier_watts(machine, tier)) for tier in machine.tiers.values()}
    found |= {switch.owner: first(switch_watts(machine, switch)) for switch in machine.switches.values()}
    for pool in machine.pools.values():
        watts = power_watts(machine, pool, busy)
        if watts is not None:
            found[pool.owner] = first(watts)
    return {owner: watts for owner, watts in found.items() if watts > 0}


def _confidence(report: Report) -> dict[str, tuple[float, str]]:
    """The weakest mark among the figures that an owner's answer rests on."""
    weakest: dict[str, str] = {}
    for use in report.figures:
        owner = ".".join(use.path.split(".")[:2])
        if owner not in weakest or CONFIDENCE.get(use.mark, 1.0) > CONFIDENCE.get(weakest[owner], 1.0):
            weakest[owner] = use.mark
    return {owner: (CONFIDENCE.get(mark, 1.0), SIGNS.get(mark, mark)) for owner, mark in weakest.items()}
