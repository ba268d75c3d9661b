"""Which share of the reads a cache serves when samples are drawn in a new order every epoch.

c is the share of the data set that fits (model.md, 5). A first epoch hits nothing, except in a copy
staged beforehand.
"""

from __future__ import annotations

from infralab.models.arithmetic import Number, exp, is_scalar, log, maximum, minimum, where

POLICIES = ("lru", "pinned", "random", "none")


def hit_ratio(policy: str, c: Number) -> Number:
    """Share of reads served in a later epoch by a cache of `policy` that holds the share `c`.

    pinned, none (a staged copy): c. lru: c + (1-c) ln(1-c), derived for a fresh shuffle each epoch.
    random replacement: the h that solves h = ((1-e^-k)/k)^2 with k = (1-h)/c.
    """
    c = minimum(maximum(c, 0.0), 1.0)
    if policy in ("pinned", "none"):
        return c
    if policy == "random":
        return _random(c)
    rest = maximum(1.0 - c, 1e-12)
    return where(c >= 1.0, 1.0, maximum(c + rest * log(rest), 0.0))


def _random(c: Number) -> Number:
    """The fixed point by bisection: the right side less h falls with h."""
    if is_scalar(c) and (c >= 1.0 or c <= 1e-6):
        return 1.0 if c >= 1.0 else 0.0
    low: Number = 0.0 * c
    high: Number = 0.0 * c + 1.0
    for _ in range(30):
        h = 0.5 * (low + high)
        k = maximum((1.0 - h) / maximum(c, 1e-9), 1e-9)
        share = (1.0 - exp(-k)) / k
        above = share * share > h
        low = where(above, h, low)
        high = where(above, high, h)
    return where(c >= 1.0, 1.0, where(c <= 1e-6, 0.0, 0.5 * (low + high)))
