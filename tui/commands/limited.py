"""--budget, --power, --vendor and --keep, as `upgrades` and `reach` have them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from infralab.tui.commands import designs

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.models.explore.limits import Limits


def add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--budget", metavar="USD/h", help='the whole design may cost this an hour: 400, "400 USD/h"')
    parser.add_argument("--power", metavar="W", help='the whole design may draw this: 90000, "3 MW"')
    parser.add_argument(
        "--vendor", metavar="V", action="append", default=[], help="only parts of this vendor come in; may be repeated"
    )
    parser.add_argument(
        "--keep", metavar="OWNER", action="append", default=[],
        help="leave this as it is: box.train, wire.a, software, workload, plan, or box and wire for all; may be repeated",
    )  # fmt: skip


def limits_of(options: argparse.Namespace, design: Design) -> Limits:
    """The limits that the options name. Raises Refused for one that cannot be read."""
    from infralab.models.explore.limits import Limits

    for name in options.keep:
        head, _, rest = name.partition(".")
        known = {"box": design.boxes, "wire": design.wires}.get(head, {})
        if head not in ("box", "wire", "software", "workload", "plan") or (rest and rest not in known):
            there = ", ".join([*(f"box.{b}" for b in design.boxes), *(f"wire.{w}" for w in design.wires)][:8])
            raise designs.Refused(f"--keep {name}: nothing of that name; there are {there}, software, workload, plan")
    budget = quantity(options.budget, "--budget", "USD/h") if options.budget else None
    watts = quantity(options.power, "--power", "watts") if options.power else None
    return Limits(budget, watts, tuple(options.vendor), tuple(options.keep))


def quantity(text: str, option: str, dimension: str) -> float:
    """A number in base units, or with a unit. Raises Refused."""
    from infralab.models.units import UnitError, example, parse

    try:
        value = float(text.replace("_", ""))
    except ValueError:
        try:
            value = parse(text, dimension).value
        except UnitError as error:
            raise designs.Refused(f"{option} {text}: {error}") from None
    if not value > 0:
        raise designs.Refused(f"{option} {text}: expected more than nothing, like {example(dimension)}")
    return value
