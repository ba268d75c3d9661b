"""A Report for people in 80 columns: the sentence first, then what each part could do, then the rest."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from infralab.models.design import Design
from infralab.models.report import Ceiling, FigureUse, Report
from infralab.models.units import duration, human, significant
from infralab.tui import data_path, words
from infralab.tui.export.terminal import Line

HEADING, DIM, STRONG, STUCK, GOOD, BAR = "bold cyan", "dim", "bold", "bold yellow", "green", "blue"
BAD = "bold red"
DECADES_SHOWN = 4.0
SHORTEST = 0.12  # the shortest bar's share of the room for bars
PARTS_SHOWN = 10
MARKS = {"cited": "●", "derived": "◦", "fitted": "○", "assumed": "△", "override": "▸"}
INFLUENCE = 0.01  # an input is told when it moves the rate by more than this share of its own change


def report_lines(report: Report, design: Design, width: int) -> Iterator[Line]:
    """The whole report, line by line, none longer than `width` columns (from 60)."""
    width = max(width, 60)
    yield from _opening(report, design, width)
    yield from _ceilings(report, width)
    yield from _step(report, width)
    yield from _data_path(report, width)
    yield from _saving(report, design, width)
    yield from _memory_and_plan(report, width)
    yield from _fit(report, width)
    yield from _trust(report, width)


def folded(text: str, width: int, indent: str = "", style: str = "") -> Iterator[Line]:
    for line in textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=" " * len(indent)) or [""]:
        yield [(line, style)]


def _heading(text: str) -> Iterator[Line]:
    yield []
    yield [(text, HEADING)]


def _opening(report: Report, design: Design, width: int) -> Iterator[Line]:
    if design.title:
        yield from folded(design.title, width, style=STRONG)
    if design.question:
        yield from folded(design.question, width, style=DIM)
    yield []
    style = STUCK if report.status == "ok" else BAD
    yield from folded(report.sentence, width, "◆ ", style)
    told = report.sentence
    for problem in report.problems:
        if problem.text not in told:
            sign = {"missing": "? ", "infeasible": "! "}.get(problem.severity, "  ")
            yield from folded(problem.text, width, sign, BAD if sign.strip() else DIM)
    figures = [figure.text for figure in words.headline(report)]
    if figures:
        yield []
        yield from _joined(figures, width)


def _joined(parts: list[str], width: int) -> Iterator[Line]:
    """The parts with points between them, none of them broken over two lines."""
    line = ""
    for part in parts:
        longer = f"{line} · {part}" if line else part
        if line and len(longer) > width:
            yield [(line, "")]
            longer = part
        line = longer
    yield [(line, "")]


def _ceilings(report: Report, width: int) -> Iterator[Line]:
    found = [item for item in report.ceilings if math.isfinite(item.rate) and item.rate > 0]
    if report.throughput is None or not found:
        return
    found.sort(key=lambda item: item.rate)
    unit = report.throughput.unit
    yield from _heading(f"What each part could do, {'bytes/s' if unit == 'B/s' else unit} (log scale)")
    rate = report.throughput.value
    together = 0 < rate < found[0].rate * 0.95
    rates = [*([rate] if together else []), *(item.rate for item in found)]
    low = math.log10(rates[0])
    high = min(max(math.log10(rates[-1]), low + 1.0), low + DECADES_SHOWN)
    label = min(max(len(_name(item)) for item in found), 34)
    room = max(width - label - 22, 8)

    def row(sign: str, name: str, value: float, note: str, style: str, bar: str) -> Line:
        share = SHORTEST + (1 - SHORTEST) * min((math.log10(value) - low) / (high - low), 1.0)
        drawn = "█" * max(1, round(share * room))
        figure = words.number(value, unit)
        text = (sign, STUCK), (f"{name[:label]:{label}} ", style), (f"{drawn:{room}}", bar)
        return [*text, (f"{figure:>10}", style), (f"{note:>8}", DIM)]

    binding = next((item for item in found if _is(item, report)), None)
    for item in found:
        stuck = item is binding
        note = "here" if stuck and not together else words.factor(rate, item.rate)
        style = STRONG if stuck else ""
        yield row("◆ " if stuck else "  ", _name(item), item.rate, note, style, STUCK if stuck else BAR)
    if together:
        yield row("= ", "all together", rate, "here", STRONG, GOOD)
        yield from folded(
            "Parts of the step follow one another, so together they are slower than each alone.", width, style=DIM
        )
    else:
        yield from folded("The shortest bar is the speed; longer bars are spare money.", width, style=DIM)


def _is(item: Ceiling, report: Report) -> bool:
    stuck = report.bottleneck
    return stuck is not None and item.resource == stuck.resource and item.owner == stuck.owner


def _name(item: Ceiling) -> str:
    return f"{words.owner_name(item.owner)} {item.kind}".strip()


def _step(report: Report, width: int) -> Iterator[Line]:
    parts = sorted((part for part in report.step_breakdown if part.seconds > 0), key=lambda part: -part.seconds)
    if not parts or not report.step_seconds:
        return
    yield from _heading(f"Where a step of {duration(report.step_seconds)} goes")
    label = min(max(len(part.name) for part in parts), 34)
    kind = max(width - label - 22, 10)
    for part in parts[:PARTS_SHOWN]:
        share = part.seconds / report.step_seconds
        yield [
            (f"  {part.name[:label]:{label}}", ""),
            (f"{duration(part.seconds):>10}", ""),
            (f"{words.percent(share):>7}", STRONG),
            (f"  {part.kind[:kind]}", DIM),
        ]
    rest = parts[PARTS_SHOWN:]
    if rest:
        yield [(f"  and {len(rest)} more, {duration(sum(part.seconds for part in rest))}", DIM)]


def _data_path(report: Report, width: int) -> Iterator[Line]:
    """What fetching, preparing and copying could do alone."""
    found = list(data_path.stages(report))
    if not found or report.throughput is None:
        return
    yield from _heading(f"Data path, {report.throughput.unit}: what each stage could do alone")
    for stage, value, waited in found:
        yield [(f"  {stage:12}", ""), (f"{value:>10}", STRONG), (f"   steps wait {waited}" if waited else "", STUCK)]
    cold = report.metrics.get("first_epoch_rate")
    if cold is not None:
        text = f"first epoch, caches empty: {words.per_second(cold, report.throughput.unit)}"
        yield from folded(text, width, "  ")


def _saving(report: Report, design: Design, width: int) -> Iterator[Line]:
    """What checkpoints and failures take of the time."""
    found = list(data_path.saving(report, design))
    if not found:
        return
    yield from _heading("Checkpoints and failures")
    yield from folded(" · ".join(f"{label} {text}" for label, text in found), width, "  ")
    failing = [f"{cause} {text}" for cause, text in data_path.failures(report)]
    if failing:
        yield from folded(f"failures: {', '.join(failing)}", width, "  ", DIM)


def _memory_and_plan(report: Report, width: int) -> Iterator[Line]:
    memory, plan = report.memory, {key: value for key, value in report.plan.items() if value is not None}
    if memory is None and not plan:
        return
    yield from _heading("Memory and plan" if memory is not None and plan else "Memory" if memory else "Plan")
    if memory is not None:
        verdict = "fits" if memory.fits else "does not fit"
        need, have = human(memory.required_bytes, "B"), human(memory.capacity_bytes, "B")
        parts = ", ".join(f"{name} {human(size, 'B')}" for name, size in memory.parts if size > 0)
        text = f"{need} of {have} on each chip of {words.owner_name(memory.owner)}: {verdict}"
        yield from folded(text + (f" ({parts})" if parts else ""), width, "  ", "" if memory.fits else BAD)
    if plan:
        text = ", ".join(f"{str(key).replace('_', ' ')} {_value(value)}" for key, value in plan.items())
        yield from folded(text + (" (found, not given)" if report.plan_found else ""), width, "  ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return significant(float(value), 6) if isinstance(value, int | float) else str(value)


def _fit(report: Report, width: int) -> Iterator[Line]:
    if not report.framework_fit or report.throughput is None:
        return
    yield from _heading("Framework fit")
    unit = report.throughput.unit
    name = max(len(fit.framework) for fit in report.framework_fit)
    for fit in report.framework_fit:
        speed = words.number(fit.throughput, unit) if fit.throughput else "–"
        chosen = "▸ " if fit.framework == report.framework else "  "
        mark = "△" if fit.evidence == "assumed" else "○"
        yield [
            (f"{chosen}{fit.framework:{name}}", STRONG if chosen.strip() else ""),
            (f"{speed:>10} {mark} ", ""),
            (f"{fit.support:13}", ""),
            (f"{fit.people:8}", DIM),
            (f"{fit.evidence}", DIM),
        ]
    runs = [fit for fit in report.framework_fit if fit.throughput]
    if len(runs) > 1:
        best = max(fit.throughput or 0.0 for fit in runs)
        near = [fit.framework for fit in runs if (fit.throughput or 0.0) >= best * (1 - words.CLOSE)]
        if len(near) > 1:
            yield from folded(f"{', '.join(near)}: too close to call on speed; choose by people.", width, "  ", DIM)


def _trust(report: Report, width: int) -> Iterator[Line]:
    """What the answer rests on: the inputs that move it most, and what was assumed."""
    if report.throughput is None:
        return
    moving = sorted(
        (figure for figure in report.figures if abs(figure.elasticity) > INFLUENCE and figure.unit != ""),
        key=lambda figure: -abs(figure.elasticity),
    )[:6]
    if moving or report.assumptions:
        yield from _heading("What this rests on")
    for figure in moving:
        value = words.number(figure.value, figure.unit) if figure.unit == "B/s" else human(figure.value, figure.unit)
        gain = f"+10 % → {figure.elasticity * 10:+.1f} %"
        source = figure.source.removesuffix(".toml")
        # mark and path, value, gain and the blanks between them; a source that does not fit is left out
        room = width - (2 + 38 + 1 + max(10, len(value)) + 2 + len(gain) + 2)
        yield [
            (f"{MARKS.get(figure.mark, ' ')} ", ""),
            (f"{_short(figure):38}", ""),
            (f" {value:>10}", STRONG),
            (f"  {gain}", DIM),
            (f"  {source}" if len(source) <= room else "", DIM),
        ]
    for text in report.assumptions:
        yield from folded(text, width, "△ ", DIM)
    if moving or report.assumptions:
        yield [("● cited  ◦ derived  ○ fitted  △ assumed  ▸ your own value", DIM)]


def _short(figure: FigureUse) -> str:
    """The path's end where it is too long for its column."""
    path = figure.path
    return path if len(path) <= 38 else "…" + path[-37:]
