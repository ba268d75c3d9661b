"""Upgrades for people: by what they ask of one, with gains per dollar and watt, and what binds next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from infralab.models.units import human
from infralab.tui import words
from infralab.tui.export.report_text import DIM, GOOD, HEADING, STRONG, STUCK, folded
from infralab.tui.export.terminal import Line
from infralab.tui.plot.scatter import Dot, scatter_lines

if TYPE_CHECKING:
    from infralab.models.explore.answer import Answer
    from infralab.models.explore.upgrades import Spare, Upgrade

GROUPS = {
    "free": "Free: configure",
    "cheap": "Cheap: a part or a cable",
    "buy": "Buy: boxes or chips",
}
PLOT_ROWS = 10
STYLES = {"axis": DIM, "curve": "blue", "front": STUCK, "dim": DIM}
UNKNOWN = "?"


def upgrade_lines(
    base: Answer, found: list[Upgrade], spare: list[Spare], front: list[Upgrade], most: int, by: str, width: int,
    ascii_only: bool,
) -> Iterator[Line]:  # fmt: skip
    """Everything that `infralab upgrades` says; at most `most` a group."""
    yield from folded(opening(base, found), width, "◆ ", STUCK)
    shown: list[Upgrade] = []
    for group, title in GROUPS.items():
        of_group = ordered((u for u in found if u.group == group), by)
        if not of_group:
            continue
        yield []
        yield [(f"{title:{width - 32}}", HEADING), (f"{'gain':>7}{'USD/h':>9}{'power':>9}", DIM)]
        for item in of_group[:most]:
            yield from _row(item, width)
        if len(of_group) > most:
            yield [(f"  and {len(of_group) - most} more; --most shows them", DIM)]
        shown += of_group[:most]
    yield from _spares(spare, width)
    yield from _front(front, width, ascii_only)
    if any(u.close for u in shown):
        yield []
        yield from folded("≈ too close to call: the gain is smaller than the model's own error.", width, style=DIM)


def opening(base: Answer, found: Iterable[Upgrade]) -> str:
    """The first sentence: what there is, what holds it back, and the best that can be done."""
    if base.rate is None:
        return "No answer yet, so nothing to improve: `infralab eval` says what is missing."
    now = f"Now {words.per_second(base.rate, base.unit)}"
    held = f", held back by {base.bottleneck}" if base.bottleneck else ""
    if base.status == "infeasible":
        now, held = "As drawn it does not fit", f"; if it did: {now[4:]}{held}"
    best = max(found, key=lambda u: u.gain, default=None)
    if best is None:
        verb = "fit" if base.status == "infeasible" else "faster"
        return f"{now}{held}. Nothing that was tried makes it {verb} within the limits."
    free = max((u for u in found if u.group == "free"), key=lambda u: u.gain, default=None)
    text = f"{now}{held}. The most: {best.label}, {_gain(best.gain)}."
    if free is not None and free is not best:
        text += f" Free: {free.label}, {_gain(free.gain)}."
    return text


def ordered(found: Iterable[Upgrade], by: str) -> list[Upgrade]:
    """The best first: by gain, gain per dollar, or gain per watt; equals by gain."""
    keys = {
        "gain": lambda u: (-u.gain,),
        "dollar": lambda u: (-u.gain_per_dollar, -u.gain),
        "watt": lambda u: (-u.gain_per_watt, -u.gain),
    }
    return sorted(found, key=keys[by])


def _gain(gain: float) -> str:
    return words.factor(1.0, 1.0 + gain)


def _row(item: Upgrade, width: int) -> Iterator[Line]:
    room = width - 34
    label = [*folded(item.label, room)]
    gain = ("≈" if item.close else "") + _gain(item.gain)
    figures: Line = [
        (f"{gain:>7}", DIM if item.close else GOOD),
        (f"{money(item.cost_change):>9}", ""),
        (f"{power(item.power_change):>9}", ""),
    ]
    yield [("  ", ""), (f"{label[0][0][0]:{room}}", STRONG), *figures]
    for more in label[1:]:
        yield [("    ", ""), (more[0][0], STRONG)]
    yield from folded("; ".join(_notes(item)), width, "    ", DIM)


def _notes(item: Upgrade) -> Iterator[str]:
    if item.fits:
        yield "makes it fit"
    if item.after.bottleneck:
        yield f"then {item.after.bottleneck}"
    for value, what in ((item.gain_per_dollar, "$/h"), (item.gain_per_watt, "W")):
        if what == "$/h" and item.unlike_costs:
            continue
        if math.isfinite(value) and value > 0:
            scale, unit = (10.0, "$10/h") if what == "$/h" else (1000.0, "kW")
            yield f"{words.percent(value * scale)} per {unit}"
    if item.unlike_costs:
        yield item.unlike_costs
    for change in item.changes:
        if change.note:
            yield change.note


def money(change: float | None) -> str:
    if change is None:
        return UNKNOWN
    return "0" if abs(change) < 0.005 else f"{'+' if change > 0 else '−'}{words.dollars(abs(change))[1:]}"


def power(change: float | None) -> str:
    if change is None:
        return UNKNOWN
    return "0" if abs(change) < 0.5 else f"{'+' if change > 0 else '−'}{human(abs(change), 'W', 2)}"


def _spares(spare: list[Spare], width: int) -> Iterator[Line]:
    if not spare:
        return
    yield []
    yield [("Spare: can go at under 1 % of the rate", HEADING)]
    for item in spare:
        saved = None if item.saving_per_hour is None else -item.saving_per_hour
        watts = None if item.saving_watts is None else -item.saving_watts
        loss = "same" if item.loss < 0.0005 else f"−{item.loss * 100:.1f} %"
        yield [
            (f"  {item.change.label:{width - 34}.{width - 34}}", STRONG),
            (f"{loss:>7}{money(saved):>9}{power(watts):>9}", ""),
        ]


def _front(front: list[Upgrade], width: int, ascii_only: bool) -> Iterator[Line]:
    """Gain against money of those that nothing beats in gain, money and power at once."""
    if len(front) < 3:
        return
    yield []
    yield [("Worth considering: nothing beats these in gain, money and power at once", HEADING)]
    kept = front[:9]
    dots = [Dot(item.cost_change or 0.0, item.gain, str(number), "front") for number, item in enumerate(kept, 1)]
    costs, gains = [d.x for d in dots] + [0.0], [d.y for d in dots]
    stairs = []
    high = 0.0
    for dot in sorted(dots, key=lambda d: (d.x, -d.y)):
        if dot.y > high:
            high = dot.y
            stairs.append((dot.x, dot.y))
    across = (f"{money(min(costs))} USD/h", f"{money(max(costs))} USD/h")
    up = ("now", _gain(max(gains)))
    for line in scatter_lines(dots, stairs, across, up, min(width, 72), PLOT_ROWS, ascii_only):
        yield [(text, STYLES.get(role, "")) for text, role in line]
    for number, item in enumerate(kept, 1):
        text = f"{_gain(item.gain):>7}{money(item.cost_change):>9}{power(item.power_change):>9}  {item.label}"
        yield [(f"  {number}", STUCK), (text[: width - 3], "")]


def as_mapping(item: Upgrade) -> dict[str, Any]:
    """One upgrade in plain tables; what is infinite or not known is null."""
    return {
        "label": item.label,
        "group": item.group,
        "gain": item.gain,
        "gain_per_usd_per_hour": item.gain_per_dollar,
        "gain_per_watt": item.gain_per_watt,
        "cost_per_hour_change": item.cost_change,
        "power_watts_change": item.power_change,
        "too_close_to_call": item.close,
        **outcome_mapping(item.changes, item.after),
    }


def outcome_mapping(changes: Iterable[Any], after: Answer) -> dict[str, Any]:
    """What is edited, and what the design does then."""
    return {
        "changes": [
            {"label": c.label, "set": list(c.sets), "remove": list(c.removes), "touches": c.touches, "note": c.note}
            for c in changes
        ],
        "rate": after.rate,
        "unit": after.unit,
        "status": after.status,
        "next_bottleneck": after.bottleneck,
        "cost_per_hour": after.cost_per_hour,
        "power_watts": after.power_watts,
        "time_to_first_token": after.time_to_first_token,
        "time_per_output_token": after.time_per_output_token,
        "latency": after.latency,
    }
