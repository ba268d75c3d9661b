"""`infralab why`: the chain from a figure to equations, to inputs, to the datasheet lines they come from."""

from __future__ import annotations

import argparse
import sys

from infralab.tui.commands import designs

SCHEMA = "infralab.why/1"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab why",
        description="Why a figure is what it is. Which inputs it rests on is found by raising every figure "
        "that the model read by one per cent; those that move it are its inputs, the strongest first.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset; - reads stdin")
    made.add_argument(
        "path", metavar="PATH", nargs="?", default="rate",
        help="rate, memory, mfu, power_watts, cost_per_hour, a box or wire (box.train), "
        "a resource of `infralab eval --json`, or a framework (fit.jax)",
    )  # fmt: skip
    designs.add_edits(made)
    made.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the chain; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    design, catalogue = designs.asked(options)
    from infralab.models.explore.why import why
    from infralab.tui.export import chain_text

    reason = why(design, options.path, catalogue)
    if options.json:
        from infralab.tui.export.json_values import dumped

        made = {"schema": SCHEMA, "title": design.title, "path": options.path, "reason": chain_text.as_mapping(reason)}
        sys.stdout.write(dumped(made))
        return 0
    from infralab.tui.export.terminal import show

    show(lambda width: chain_text.chain_lines(reason, width), options.ascii)
    return 0
