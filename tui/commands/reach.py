"""`infralab reach`: the cheapest changes that reach a target, or what stands in the way."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from infralab.tui import words
from infralab.tui.commands import designs, limited
from infralab.tui.commands.progress import Progress
from infralab.tui.export.terminal import Line, show

if TYPE_CHECKING:
    from infralab.models.explore.answer import Answer
    from infralab.models.explore.limits import Limits
    from infralab.models.explore.reach import Reached, Search

SCHEMA = "infralab.reach/1"
INTERRUPTED = 130
SHOWN = 6


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab reach",
        description="What it takes to reach a target within limits: up to four changes of those that "
        "`infralab upgrades` considers, the cheapest first; or how near they come, and what stands in the way.",
        epilog='Targets: "100 k tokens/s", "50 ms per token", "1 s to first token", "4 weeks for 15 T tokens".',
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset; - reads stdin")
    made.add_argument("--target", metavar="TARGET", required=True, help="what is to be reached")
    designs.add_edits(made)
    limited.add_limits(made)
    made.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the ways there; 0, 130 when stopped early, or 2 through errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    from infralab.models.explore.reach import reach, target

    goal = target(options.target)
    design, catalogue = designs.asked(options)
    limits = limited.limits_of(options, design)
    with Progress("reach") as step:
        found = reach(design, goal, catalogue, limits, step)
    if options.json:
        from infralab.tui.export.json_values import dumped

        sys.stdout.write(dumped(as_mapping(found, limits)))
    else:
        show(lambda width: lines(found, limits, width), options.ascii)
    return INTERRUPTED if not found.whole else 0


def sentence(found: Search, limits: Limits) -> str:
    """Whether the target can be reached, by what, and else why not."""
    goal, start = found.target.text, found.start
    if start.rate is None:
        return "The design has no answer yet, so no target can be sought: `infralab eval` says what is missing."
    if found.solutions:
        best = found.solutions[0]
        if not best.changes:
            return f"{goal}: it is there already, with {figure(start, found.target.figure)}."
        return f"{goal}: {names(best)} gives {figure(best.after, found.target.figure)}{_price(start, best.after)}."
    if not found.whole:
        return f"{goal}: stopped after {found.considered} designs, none of which reaches it."
    text = f"{goal}: none of the {found.considered} designs considered reaches it"
    if found.over is not None:
        return f"{text} within the limits. {names(found.over)} would, at {limits.refuses(found.over.after)}."
    if found.nearest is not None:
        stuck = found.nearest.after.bottleneck
        held = f"; {stuck} stands in the way" if stuck else ""
        near = figure(found.nearest.after, found.target.figure)
        return f"{text}. The nearest, {names(found.nearest)}, gives {near}{held}."
    refused = limits.refuses(start) or ("none of them fits" if start.status == "infeasible" else "")
    return f"{text}: {refused or 'nothing that may be changed helps'}."


def names(found: Reached) -> str:
    return " + ".join(change.label for change in found.changes) or "the design as it is"


def figure(found: Answer, name: str) -> str:
    """The figure that the target is about, as people write it."""
    from infralab.models.units import duration

    if name == "rate":
        return "no rate" if found.rate is None else words.per_second(found.rate, found.unit)
    value = getattr(found, name)
    what = {"time_per_output_token": "a token", "time_to_first_token": "to the first token"}.get(name, "")
    return "no such time" if value is None else f"{duration(value)} {what}".strip()


def _price(before: Answer, after: Answer) -> str:
    if before.cost_per_hour is None or after.cost_per_hour is None:
        return ""
    more = after.cost_per_hour - before.cost_per_hour
    if abs(more) < 0.5:
        return " for no money"
    return f" for {words.dollars(abs(more))}/h {'more' if more > 0 else 'less'}"


def lines(found: Search, limits: Limits, width: int) -> Iterator[Line]:
    from infralab.models.explore.answer import unlike_costs
    from infralab.tui.export.report_text import DIM, GOOD, HEADING, STRONG, STUCK, folded
    from infralab.tui.export.upgrades_text import money, power

    yield from folded(sentence(found, limits), width, "◆ ", STUCK)
    ways = found.solutions or tuple(way for way in (found.nearest, found.over) if way is not None)
    if not ways or not ways[0].changes:
        return
    yield []
    title = "Ways there, the cheapest first" if found.solutions else "How near it comes"
    yield [(f"{title:{width - 36}}", HEADING), (f"{'reaches':>18}{'USD/h':>9}{'power':>9}", DIM)]
    for way in ways[:SHOWN]:
        for number, change in enumerate(way.changes):
            head = f"{'• ' if number == 0 else '  '}{change.label}"
            if number:
                yield [(head[:width], STRONG)]
                continue
            more = None if way.after.cost_per_hour is None or found.start.cost_per_hour is None else (
                way.after.cost_per_hour - found.start.cost_per_hour)  # fmt: skip
            watts = None if way.after.power_watts is None or found.start.power_watts is None else (
                way.after.power_watts - found.start.power_watts)  # fmt: skip
            room = width - 36
            if len(head) > room:
                yield [(head[:width], STRONG)]
                head = ""
            reached = figure(way.after, found.target.figure)
            yield [
                (f"{head:{room}}", STRONG),
                (f"{reached:>18.18}", GOOD if way.progress >= 1 else ""),
                (f"{money(more):>9}{power(watts):>9}", ""),
            ]
        if way.after.bottleneck:
            yield [(f"    then {way.after.bottleneck}"[:width], DIM)]
        if unlike := unlike_costs(found.start, way.after):
            yield [(f"    {unlike}"[:width], DIM)]
    yield []
    yield from folded(
        f"{found.considered} designs considered: up to four of the changes that `infralab upgrades` tries. "
        "Not a proof over all designs.", width, style=DIM,
    )  # fmt: skip


def as_mapping(found: Search, limits: Limits) -> dict[str, Any]:
    from infralab.tui.export.upgrades_text import outcome_mapping

    def way(one: Reached | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {"progress": one.progress, **outcome_mapping(one.changes, one.after)}

    return {
        "schema": SCHEMA,
        "sentence": sentence(found, limits),
        "target": {
            "text": found.target.text,
            "figure": found.target.figure,
            "value": found.target.value,
            "at_least": found.target.at_least,
        },
        "reached": bool(found.solutions),
        "whole": found.whole,
        "considered": found.considered,
        "now": outcome_mapping((), found.start),
        "solutions": [way(one) for one in found.solutions],
        "nearest": way(found.nearest),
        "over_the_limits": way(found.over),
    }
