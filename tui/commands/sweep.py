"""`infralab sweep`: one or two parameters varied; the knee, and every change of bottleneck by name."""

from __future__ import annotations

import argparse
import csv
import sys
from typing import TYPE_CHECKING

from infralab.tui.commands import designs
from infralab.tui.commands.progress import Progress

if TYPE_CHECKING:
    from infralab.models.explore.sweep import Sweep

SCHEMA = "infralab.sweep/1"
INTERRUPTED = 130
MOST_POINTS = 100_000


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab sweep",
        description="One parameter varied: the curve, where more stops paying (the knee), and every change of "
        "bottleneck. Two: a map by what binds. Every point is a full evaluation, with whatever the model finds "
        "(a plan, a batch) found anew. Ctrl-C stops and shows what there is.",
        epilog='SPEC: a..b (steps of one), a..b+step, a..b*factor, each with a unit after it ("100..800*2 Gb/s"), '
        "or a list x,y,z of numbers or names.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset; - reads stdin")
    made.add_argument("--vary", metavar="PATH=SPEC", action="append", required=True, help="once, or twice for a map")
    designs.add_edits(made)
    form = made.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="a row a point, as CSV")
    form.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    form.add_argument("--svg", action="store_true", help="the picture as SVG")
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the sweep; 0, 130 when stopped early, or 2 through errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    from infralab.models.explore.sweep import axis, sweep

    if len(options.vary) > 2:
        raise designs.Refused("--vary: one parameter or two; for more, run several sweeps")
    axes = [axis(spec) for spec in options.vary]
    points = len(axes[0].texts) * (len(axes[1].texts) if len(axes) == 2 else 1)
    if points > MOST_POINTS:
        raise designs.Refused(f"--vary: {points} points are too many; {MOST_POINTS} are allowed: take larger steps")
    design, catalogue = designs.asked(options)
    with Progress("sweep") as step:
        brief = len(axes) == 2 and not (options.csv or options.json)
        found = sweep(design, axes, catalogue, step, brief)
    _write(found, options, design.title)
    if not found.whole:
        print(f"stopped: {len(found.points)} of {points} points", file=sys.stderr)
        return INTERRUPTED
    return 0


def _write(found: Sweep, options: argparse.Namespace, title: str) -> None:
    from infralab.models.explore.sweep import as_rows

    if options.csv:
        rows = as_rows(found)
        names = list(rows[0]) if rows else [a.path for a in found.axes]
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif options.json:
        from infralab.tui.export.json_values import dumped
        from infralab.tui.export.sweep_text import sentence

        turns = found.turns() if len(found.axes) == 1 else ()
        made = {
            "schema": SCHEMA,
            "title": title,
            "sentence": sentence(found),
            "whole": found.whole,
            "axes": [{"path": a.path, "values": list(a.texts)} for a in found.axes],
            "points": as_rows(found),
            "turns": [{"at": t.index, "before": t.before, "after": t.after} for t in turns],
            "knee": found.knee(),
        }
        sys.stdout.write(dumped(made))
    elif options.svg:
        from infralab.tui.export.sweep_svg import svg

        sys.stdout.write(svg(found, title))
    else:
        from infralab.tui.export.sweep_text import sweep_lines
        from infralab.tui.export.terminal import show

        show(lambda width: sweep_lines(found, width, options.ascii), options.ascii)
