"""`infralab measured`: a result of one's own beside the model's answer, and why they may differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infralab.tui import words
from infralab.tui.commands import designs
from infralab.tui.export.terminal import Line, show

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.explore.measured import Beside

SCHEMA = "infralab.measured/1"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab measured",
        description="What was measured beside what the model says: lines of nccl-tests, a summary or JSON of fio, a "
        "step time, a rate, a time per token; or a measurement file, which brings its designs along.",
        epilog='infralab measured result.txt --on my.toml;  echo "step 1.23 s" | infralab measured - --on my.toml',
    )
    made.add_argument("result", metavar="FILE|-", help="what was printed; - reads stdin")
    made.add_argument("--on", dest="design", metavar="FILE|PRESET", help="the design that it was measured on")
    designs.add_edits(made)
    made.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print both figures; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    found = _found(options)
    if options.json:
        from infralab.tui.export.json_values import dumped

        sys.stdout.write(dumped({"schema": SCHEMA, "results": [{"on": on, **as_mapping(one)} for on, one in found]}))
    else:
        show(lambda width: lines(found, width), options.ascii)
    return 0


def _found(options: argparse.Namespace) -> list[tuple[str, Beside]]:
    from infralab.models.explore import measured
    from infralab.models.explore.pasted import read

    text = _text(options.result)
    if "infralab.measurements/" in text and options.result != designs.STANDARD_INPUT:
        catalogue: Catalogue = designs.catalogue_with(options.catalogue)
        return measured.of_file(Path(options.result), catalogue)
    results = read(text)
    if options.design is None:
        raise designs.Refused(f"{results[0].label}: say on which design it was measured, with --on FILE or --on PRESET")
    design, catalogue = designs.asked(options)
    return [(design.title or options.design, measured.beside(design, result, catalogue)) for result in results]


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == designs.STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise designs.Refused(f"{name}: not UTF-8 text") from None


def valued(value: float, unit: str) -> str:
    from infralab.models.units import duration, human

    if unit == "s":
        return duration(value)
    return words.per_second(value, unit) if unit.endswith("/s") and unit != "1/s" else human(value, unit)


def verdict(one: Beside) -> str:
    """The difference in words."""
    if one.ratio is None:
        return one.reason
    if abs(one.ratio - 1) < 0.02:
        return "as predicted"
    way = f"{words.percent(abs(one.ratio - 1))} {'faster' if one.ratio > 1 else 'slower'}"
    if not 0.5 < one.ratio < 2:
        way = f"{words.factor(1.0, one.ratio)} as fast" if one.ratio > 1 else f"{1 / one.ratio:.2g} times slower"
    within = f"within the model's ±{words.percent(one.spread)}" if one.expected else "more than the model's own error"
    return f"{way} than predicted; {within}"


def sentence(found: list[tuple[str, Beside]]) -> str:
    from infralab.models.explore.measured import middle

    answered = [one for _, one in found if one.ratio is not None]
    if not answered:
        return f"The model has no answer to what was measured: {found[0][1].reason}" if found else "Nothing measured."
    ratio = middle(answered) or 1.0
    if len(answered) == 1:
        one = answered[0]
        return f"{one.result.label}: {valued(one.result.value, one.result.unit)} measured, {verdict(one)}."
    within = sum(one.expected for one in answered)
    return (
        f"{len(answered)} results: in the middle {words.percent(ratio)} of the predicted speed, "
        f"{within} of them within the model's own error."
    )


def lines(found: list[tuple[str, Beside]], width: int) -> Iterator[Line]:
    from infralab.tui.export.report_text import DIM, GOOD, HEADING, STRONG, STUCK, folded

    yield from folded(sentence(found), width, "◆ ", STUCK)
    room = max(width - 46, 16)
    yield []
    yield [(f"{'':{room}}", ""), (f"{'measured':>17}{'predicted':>17}{'speed':>8}", HEADING)]
    for _, one in found:
        unit = one.result.unit
        predicted = "–" if one.predicted is None else valued(one.predicted, unit)
        ratio = "" if one.ratio is None else f"{one.ratio * 100:.0f} %"
        style = DIM if one.ratio is None else GOOD if one.expected else STUCK
        yield [
            (f"{one.result.label:{room}.{room}}", STRONG),
            (f"{valued(one.result.value, unit):>17}{predicted:>17}", ""),
            (f"{ratio:>8}", style),
        ]
        if one.reason:
            yield from folded(one.reason, width, "    ", DIM)
    worst = max((one for _, one in found if one.ratio), key=lambda one: abs(one.ratio - 1), default=None)
    if worst is not None:
        yield from _reasons(worst, width, len(found) > 1)
    for text in dict.fromkeys(note for _, one in found for note in one.notes):
        yield from folded(text, width, "! ", STUCK)


def _reasons(one: Beside, width: int, several: bool) -> Iterator[Line]:
    """Inputs that nobody cites, each with what it would need to be."""
    from infralab.tui.export.report_text import DIM, HEADING, MARKS, folded

    yield []
    title = (
        f"If it differs, most likely because of ({one.result.label})"
        if several
        else "If it differs, most likely because of"
    )
    yield [(title[:width], HEADING)]
    if one.bottleneck:
        yield from folded(f"what the model takes for the limit: {one.bottleneck}", width, "  ")
    if not one.suspects:
        yield from folded(
            "no fitted or assumed figure can explain it alone: look at what is drawn (counts, links, path, plan)",
            width, "  ", DIM,
        )  # fmt: skip
    for suspect in one.suspects:
        item = suspect.input
        text = f"{item.path} {_plain(item.value, item.unit)}, {item.mark}: explains it alone at {_plain(suspect.needed, item.unit)}"
        yield from folded(text, width, f"{MARKS.get(item.mark, ' ')} ")


def _plain(value: float, unit: str) -> str:
    from infralab.tui.export.chain_text import valued as figure

    return figure(value, unit)


def as_mapping(one: Beside) -> dict[str, Any]:
    return {
        "label": one.result.label,
        "metric": one.result.metric,
        "unit": one.result.unit,
        "measured": one.result.value,
        "predicted": one.predicted,
        "speed_ratio": one.ratio,
        "within_the_models_error": one.expected if one.ratio is not None else None,
        "verdict": verdict(one),
        "bottleneck": one.bottleneck,
        "notes": list(one.notes),
        "suspects": [
            {
                "path": s.input.path,
                "value": s.input.value,
                "unit": s.input.unit,
                "mark": s.input.mark,
                "sensitivity": s.input.sensitivity,
                "needed": s.needed,
            }
            for s in one.suspects
        ],
    }
