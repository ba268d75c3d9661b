"""`infralab diff A B`: what would be edited to come from one design to the other, and what that does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from infralab.models.document.problem import toml_value
from infralab.models.explore.compare import Difference, differences
from infralab.tui.commands import designs
from infralab.tui.export.terminal import Line, show


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab diff",
        description="What differs between two drawings, as the edits that lead from the first to the second. "
        "Places on the canvas and words about the design are left out; `infralab compare` has the figures.",
    )
    made.add_argument("before", metavar="A", help="a design, or the name of a preset")
    made.add_argument("after", metavar="B", help="another one")
    return made


def run(argv: list[str]) -> int:
    """Print the differences; 0 whether there are some or none."""
    options = parser().parse_args(argv)
    before, after = (designs.sound(designs.opened(name)) for name in (options.before, options.after))
    found = differences(before, after)
    show(lambda width: _lines(found))
    return 0


def _lines(found: tuple[Difference, ...]) -> Iterator[Line]:
    for item in found:
        if not item.is_added and not isinstance(item.before, dict):
            yield [(f"- {item.path} = {toml_value(item.before)}", "red")]
        elif not item.is_added:
            yield [(f"- {item.path}", "red")]
        if not item.is_removed:
            yield [(f"+ {item.path} = {toml_value(item.after)}", "green")]
    if not found:
        yield [("nothing differs in the drawing", "dim")]
