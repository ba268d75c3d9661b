"""`infralab compare A B…`: what differs in the drawing, what it does to every figure, what holds each back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infralab.models.design import Design
from infralab.models.document.problem import toml_value
from infralab.models.explain import place, sets
from infralab.models.explore.compare import Difference, differences
from infralab.models.report import Bottleneck, Report
from infralab.tui import words
from infralab.tui.commands import designs
from infralab.tui.export.terminal import Line, show

SCHEMA = "infralab.comparison/1"
Row = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    design: Design
    report: Report


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab compare",
        description="Designs side by side. With one design and --set or --remove, it is compared with itself edited.",
    )
    made.add_argument("design", metavar="FILE|PRESET", nargs="+", help="designs; the first is the one compared with")
    designs.add_edits(made)
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    form.add_argument("--markdown", action="store_true", help="as a Markdown table")
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the comparison; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    sides = _sides(options)
    if options.json:
        from infralab.tui.export.json_values import dumped

        sys.stdout.write(dumped(_as_mapping(sides)))
    elif options.markdown:
        sys.stdout.write("\n".join(_markdown(sides)) + "\n")
    else:
        show(lambda width: _lines(sides, width), options.ascii)
    return 0


def _sides(options: argparse.Namespace) -> list[Side]:
    from infralab.models.evaluate import evaluate

    catalogue = designs.catalogue_with(options.catalogue)
    named: list[tuple[str, Design]] = []
    for name in options.design:
        document = designs.opened(name)
        design = designs.sound(document)
        designs.known(design, catalogue, document)
        named.append((_short(name), design))
    if options.edits:
        name, design = named[-1]
        edited = designs.edited(design, options.edits)
        designs.known(edited, catalogue)
        named = [*named, (f"{name}*", edited)] if len(named) == 1 else [*named[:-1], (f"{name}*", edited)]
    if len(named) < 2:
        raise designs.Refused("name two designs, or one with --set or --remove")
    return [Side(name, design, evaluate(design, catalogue)) for name, design in named]


def _short(name: str) -> str:
    import os

    return os.path.basename(name).removesuffix(".toml")


def sentence(before: Side, after: Side) -> str:
    """What the second design does against the first, and what holds it back."""
    a, b = before.report, after.report
    if a.throughput is None or b.throughput is None:
        silent = before if a.throughput is None else after
        return f"{silent.name} has no answer yet: {silent.report.sentence}"
    same = a.bottleneck is not None and b.bottleneck is not None and a.bottleneck.resource == b.bottleneck.resource
    held = "" if b.bottleneck is None else _held(b.bottleneck, "still" if same else "now")
    if a.throughput.unit != b.throughput.unit:
        return f"{after.name} does {words.rate(b)}, {before.name} {words.rate(a)}: two kinds of work"
    change = words.factor(a.throughput.value, b.throughput.value)
    if change == "same":
        cause = "" if b.bottleneck is None else _held(b.bottleneck, "still" if same else "now")
        return f"{after.name} is as fast as {before.name}, {words.rate(b)}{cause}."
    near = "; too close to call: the model's own error is larger" if _is_close(a, b) else ""
    return f"{after.name} does {words.rate(b)} where {before.name} does {words.rate(a)} ({change}){held}{near}."


def _is_close(a: Report, b: Report) -> bool:
    """Both sides share most of the model's error: a third of it is left in their ratio."""
    if a.throughput is None or b.throughput is None or a.upper is None or not a.throughput.value:
        return False
    left = (a.upper / a.throughput.value - 1) / 3
    return abs(b.throughput.value / a.throughput.value - 1) < left


def _held(stuck: Bottleneck, word: str) -> str:
    return f"; {stuck.kind} of {place(stuck.owner)} {word} {sets(stuck.kind)} the pace"


def _figures(sides: list[Side]) -> list[Row]:
    """Every headline figure that any of the designs has, one column a design."""
    found = [{figure.name: figure for figure in words.headline(side.report)} for side in sides]
    names = list(dict.fromkeys(name for figures in found for name in figures))
    rows: list[Row] = []
    for name in names:
        cells = []
        for side, figures in zip(sides, found, strict=True):
            cells.append(words.short(figures[name], side.report) if name in figures else "–")
        rows.append((name, cells))
    stuck = [side.report.bottleneck for side in sides]
    rows.append(("bottleneck", [f"{place(item.owner)}: {item.kind}" if item else "–" for item in stuck]))
    if any(side.report.framework_fit for side in sides):
        rows.append(("framework", [_framework(side.report) for side in sides]))
    rows.append(("status", [side.report.status for side in sides]))
    return rows


def _framework(report: Report) -> str:
    """The one that is used, and the one that fits best where it is another."""
    best = max(report.framework_fit, key=lambda fit: fit.score, default=None)
    used = report.framework or "–"
    return used if best is None or best.framework == used else f"{used}; {best.framework} fits best"


def _lines(sides: list[Side], width: int) -> Iterator[Line]:
    from infralab.tui.export.report_text import folded

    first = sides[0]
    for side in sides[1:]:
        yield from folded(sentence(first, side), width, "◆ ", "bold yellow")
    for side in sides[1:]:
        yield []
        yield [(f"From {first.name} to {side.name}", "bold cyan")]
        found = differences(first.design, side.design)
        for item in found:
            yield from folded(_edit(item), width, "  ")
        if not found:
            yield [("  nothing differs in the drawing", "dim")]
    yield []
    rows = _figures(sides)
    label = max(len(name) for name, _ in rows)
    column = max((width - label) // len(sides) - 2, 10)
    yield [(" " * label + "".join(f"  {_cut(side.name, column):>{column}}" for side in sides), "bold cyan")]
    for name, cells in rows:
        yield [(f"{name:{label}}", "bold"), ("".join(f"  {_cut(cell, column):>{column}}" for cell in cells), "")]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _edit(item: Difference) -> str:
    if item.is_removed:
        return f"− {item.path}"
    if item.is_added:
        return f"+ {item.path} = {toml_value(item.after)}"
    return f"  {item.path}: {toml_value(item.before)} → {toml_value(item.after)}"


def _markdown(sides: list[Side]) -> Iterator[str]:
    for side in sides[1:]:
        yield sentence(sides[0], side)
        yield ""
        for item in differences(sides[0].design, side.design):
            yield f"- `{_edit(item).strip()}`"
        yield ""
    yield "| | " + " | ".join(side.name.replace("|", "\\|") for side in sides) + " |"
    yield "|---|" + "---:|" * len(sides)
    for name, cells in _figures(sides):
        yield f"| {name} | " + " | ".join(cells) + " |"


def _as_mapping(sides: list[Side]) -> dict[str, Any]:
    from infralab.tui.export.report_json import as_mapping

    return {
        "schema": SCHEMA,
        "sentences": [sentence(sides[0], side) for side in sides[1:]],
        "designs": [{"name": side.name, "report": as_mapping(side.report, side.design)} for side in sides],
        "differences": [
            {"name": side.name, "path": item.path, "before": item.before, "after": item.after}
            for side in sides[1:]
            for item in differences(sides[0].design, side.design)
        ],
    }
