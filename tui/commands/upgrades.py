"""`infralab upgrades`: what would help, free before cheap before bought; what could be taken away."""

from __future__ import annotations

import argparse
import sys

from infralab.tui.commands import designs, limited
from infralab.tui.commands.progress import Progress

SCHEMA = "infralab.upgrades/1"
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab upgrades",
        description="Every sensible single change of a design and the promising pairs: component swaps, counts, "
        "links, tiers, loader, precision, plan, path, framework. Each is evaluated in full, and told with what "
        "becomes the next bottleneck. Then what could be taken away, and what nothing else beats in gain, money "
        "and power at once.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset; - reads stdin")
    designs.add_edits(made)
    limited.add_limits(made)
    made.add_argument("--by", choices=("gain", "dollar", "watt"), default="gain", help="what ranks within a group")
    made.add_argument("--pairs", action=argparse.BooleanOptionalAction, default=True, help="try pairs of changes too")
    made.add_argument("--most", metavar="N", type=int, default=6, help="shown of each group (6)")
    made.add_argument("--json", action="store_true", help=f'all of it as JSON, schema "{SCHEMA}"')
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the ranking; 0, 130 when stopped early, or 2 through errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    design, catalogue = designs.asked(options)
    limits = limited.limits_of(options, design)
    from infralab.models.explore.answer import ask
    from infralab.models.explore.upgrades import pareto, spares, upgrades
    from infralab.tui.export import upgrades_text as text

    base = ask(design, catalogue)
    with Progress("upgrades") as step:
        found = upgrades(design, catalogue, limits, options.pairs, step)
        spare = [] if step.stopped else [s for s in spares(design, catalogue) if limits.allow(s.change)]
    front = pareto(found)
    if options.json:
        from infralab.tui.export.json_values import dumped

        made = {
            "schema": SCHEMA,
            "title": design.title,
            "whole": not step.stopped,
            "now": text.outcome_mapping((), base),
            "upgrades": [text.as_mapping(item) for item in text.ordered(found, options.by)],
            "spare": [
                {
                    "loss": item.loss,
                    "saving_per_hour": item.saving_per_hour,
                    "saving_watts": item.saving_watts,
                    **text.outcome_mapping((item.change,), item.after),
                }
                for item in spare
            ],
            "pareto": [item.label for item in front],
        }
        sys.stdout.write(dumped(made))
    else:
        from infralab.tui.export.terminal import show

        most = max(options.most, 1)
        show(
            lambda width: text.upgrade_lines(base, found, spare, front, most, options.by, width, options.ascii),
            options.ascii,
        )
    if step.stopped:
        print("stopped: not every change was tried", file=sys.stderr)
        return INTERRUPTED
    return 0
