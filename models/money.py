"""What a drawing costs an hour: its boxes, the part of them that waits, electricity where it is owned."""

from __future__ import annotations

from typing import NamedTuple

from infralab.models.arithmetic import first
from infralab.models.outcome import Outcome
from infralab.models.physics.carbon import Footprint
from infralab.models.physics.cost import pool_price, tier_price


class Money(NamedTuple):
    """USD an hour of everything drawn, and of accelerators that wait."""

    total: float | None  # USD an hour
    waiting: float | None
    assumed: bool
    owned: bool  # nothing is rented: electricity comes on top
    basis: str = ""  # rent, purchase (spread over years) or both; of what computes


def bill(site: Footprint | None, money: Money) -> float:
    """Electricity on top of owned boxes where the design names its price: rent includes it."""
    return site.usd_per_hour if site is not None and site.priced and money.owned else 0.0


def money_of(found: Outcome, busy: float | None) -> Money:
    """What the drawing costs an hour, electricity left out; `busy` is the share of time that chips work.

    An object store costs by what it holds and by requests, which is not settled here.
    """
    total = waiting = 0.0
    known = assumed = False
    owned = True
    bases: set[str] = set()
    stepping = {s.pool for s in found.job.steps} if found.job is not None else set()
    for pool in found.machine.pools.values():
        price = pool_price(found.machine, pool)
        if price is None:
            continue
        known = True
        owned = owned and price.owned
        bases.add("purchase" if price.owned else "rent")
        assumed = assumed or price.mark == "assumed"
        cost = first(price.usd_per_hour * pool.servers)
        total += cost
        if pool.owner in stepping and busy is not None:
            waiting += cost * (1 - busy)
    for tier in found.machine.tiers.values():
        price = tier_price(found.machine, tier, None)
        if price is not None and tier.kind != "object":
            known = True
            assumed = assumed or price.mark == "assumed"
            total += first(price.usd_per_hour)
    if not known:
        return Money(None, None, False, False)
    return Money(total, waiting, assumed, owned, "both" if len(bases) > 1 else "".join(bases))
