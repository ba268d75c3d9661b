"""The answer page as a picture: what each part could do, how busy it is, where a step goes, frameworks."""

from __future__ import annotations

from collections.abc import Callable

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.models.units import duration, human
from infralab.tui import words
from infralab.tui.canvas.view import Parts
from infralab.tui.export import ceilings
from infralab.tui.export.picture import page, shapes
from infralab.tui.export.picture.ink import Theme
from infralab.tui.export.picture.page import MARGIN
from infralab.tui.export.picture.topology import topology

WIDTH = 1180.0
GAP = 20.0
LEFT_SHARE = 0.58
ROW = 22.0
SIZE = 12.5
PADDING = 18.0
CEILINGS_SHOWN, BUSY_SHOWN, STEP_SHOWN, FIT_SHOWN, INPUTS_SHOWN = 14, 10, 8, 8, 6
INFLUENCE = 0.01  # an input is told when it moves the rate by more than this share of its own change

Made = tuple[list[str], float]  # elements and how far down they reach
Panel = Callable[[Report, float, float, float], Made]  # report, x, y, width


def dashboard_svg(
    design: Design, report: Report, design_toml: str, parts: Parts | None = None, theme: Theme = "auto"
) -> str:
    """The SVG text of the answer page, `design_toml` in its metadata."""
    column = page.head(design, report, WIDTH)
    left = (WIDTH - 2 * MARGIN - GAP) * LEFT_SHARE
    right = WIDTH - 2 * MARGIN - GAP - left
    places = ((MARGIN, left), (MARGIN + left + GAP, right))
    ends = [column.y, column.y]
    for panel in (_ceilings, _fit, _busy, _step, _memory, _inputs, _drawing(design, parts)):
        side = ends.index(min(ends))  # each goes where there is room
        x, width = places[side]
        top = ends[side]
        elements, low = panel(report, x + PADDING, top + 28, width - 2 * PADDING)
        if elements:
            frame = shapes.rect(x, top, width, low + PADDING - top, "f-panel s-rule", 10, ' stroke-width="1"')
            column.elements += [frame, *elements]
            ends[side] = low + PADDING + GAP
    column.y = max(ends) - GAP + 6
    page.foot(column, report, WIDTH)
    title = f"{design.title or 'A design'}: {words.rate(report)}"
    return page.whole(WIDTH, column.y, column.elements, title, report.sentence, design_toml, theme)


def _drawing(design: Design, parts: Parts | None) -> Panel:
    """The drawing in small, as a panel."""

    def panel(report: Report, x: float, y: float, width: float) -> Made:
        drawn = topology(design, report, parts)
        if not drawn.elements:
            return [], 0.0
        scale = min(width / drawn.width, 1.0)
        left = x + (width - drawn.width * scale) / 2
        place = f'<g transform="translate({left:.1f} {y + 14:.1f}) scale({scale:.4f})">'
        return [_title(x, y, "The drawing"), place, *drawn.elements, "</g>"], y + 14 + drawn.height * scale

    return panel


def _title(x: float, y: float, text: str) -> str:
    return shapes.text(x, y, text, 13.5, "compute", bold=True)


def _ceilings(report: Report, x: float, y: float, width: float) -> Made:
    found = ceilings.rows(report)
    if not found:
        return [], 0.0
    shown = found[:CEILINGS_SHOWN]
    name = min(max(shapes.length(row.name, SIZE, True) for row in shown) + 26, width * 0.42)
    bar = width - name - 150
    made = [_title(x, y, f"What each part could do, {ceilings.unit(report)}, log scale")]
    at = y + 12
    for row in shown:
        at += ROW
        strong = bool(row.kind)
        if row.kind == "binding":
            made.append(shapes.diamond(x + 6, at - 4, 10))
        role = {"binding": "full", "together": "good"}.get(row.kind, "bar")
        made.append(shapes.text(x + 18, at, shapes.cut(row.name, name - 24, SIZE, strong), SIZE, bold=strong))
        made.append(shapes.rect(x + name, at - 10, row.share * bar, 12, f"f-{role}", 3))
        made.append(shapes.text(x + width - 62, at, row.figure, SIZE, anchor="end", bold=strong))
        made.append(shapes.text(x + width, at, row.note, SIZE, "dim", "end"))
    said = ceilings.explained(report)
    if len(found) > len(shown):
        said += f" {len(found) - len(shown)} more, all longer."
    for line in shapes.wrapped(said, width, 11.5):
        at += ROW
        made.append(shapes.text(x, at, line, 11.5, "dim"))
    return made, at


def _fit(report: Report, x: float, y: float, width: float) -> Made:
    if not report.framework_fit or report.throughput is None:
        return [], 0.0
    made, at = [_title(x, y, "Framework fit")], y + 12
    fit = report.framework_fit[:FIT_SHOWN]
    for one in fit:
        at += ROW
        chosen = one.framework == report.framework
        speed = words.number(one.throughput, report.throughput.unit) if one.throughput else "–"
        made.append(shapes.text(x, at, shapes.cut(one.framework, width * 0.34, SIZE, chosen), SIZE, bold=chosen))
        made.append(shapes.text(x + width * 0.55, at, speed, SIZE, anchor="end", bold=chosen))
        made.append(shapes.text(x + width * 0.6, at, shapes.cut(one.support, width * 0.22, SIZE), SIZE, "dim"))
        made.append(shapes.text(x + width, at, shapes.cut(one.people, width * 0.18, SIZE), SIZE, "dim", "end"))
    for line in shapes.wrapped(ties(report), width, 11.5):
        at += ROW
        made.append(shapes.text(x, at, line, 11.5, "dim"))
    return made, at


def ties(report: Report) -> str:
    """Frameworks that are as fast as the fastest, within what the model can tell apart."""
    runs = [fit for fit in report.framework_fit if fit.throughput]
    best = max((fit.throughput or 0.0 for fit in runs), default=0.0)
    near = [fit.framework for fit in runs if (fit.throughput or 0.0) >= best * (1 - words.CLOSE)]
    return f"{', '.join(near)}: too close to call on speed; choose by people." if len(near) > 1 else ""


def _busy(report: Report, x: float, y: float, width: float) -> Made:
    found = [use for use in report.utilisation if use.utilisation > 0][:BUSY_SHOWN]
    if not found:
        return [], 0.0
    made, at = [_title(x, y, "How busy each part is, and what +10 % of it would give")], y + 12
    names = [f"{words.owner_name(use.owner)} {use.kind}".strip() for use in found]
    name = min(max(shapes.length(text, SIZE) for text in names) + 14, width * 0.45)
    for use, text in zip(found, names, strict=True):
        at += ROW
        made.append(shapes.text(x, at, shapes.cut(text, name - 10, SIZE), SIZE))
        role = shapes.fullness(use.utilisation)
        made.append(shapes.bar(x + name, at - 9, width - name - 130, 9, use.utilisation, role))
        made.append(shapes.text(x + width - 72, at, shapes.percent(use.utilisation), SIZE, anchor="end"))
        gain = f"{use.elasticity * 10:+.1f} %" if use.elasticity > 0.005 else "0"
        made.append(shapes.text(x + width, at, gain, SIZE, "good" if gain != "0" else "dim", "end", gain != "0"))
    return made, at


def _step(report: Report, x: float, y: float, width: float) -> Made:
    parts = sorted((part for part in report.step_breakdown if part.seconds > 0), key=lambda part: -part.seconds)
    if not parts or not report.step_seconds:
        return [], 0.0
    made, at = [_title(x, y, f"Where a step of {duration(report.step_seconds)} goes")], y + 12
    for part in parts[:STEP_SHOWN]:
        at += ROW
        share = part.seconds / report.step_seconds
        made.append(shapes.text(x, at, shapes.cut(part.name, width * 0.4, SIZE), SIZE))
        made.append(shapes.bar(x + width * 0.42, at - 9, width * 0.24, 9, share, "bar"))
        made.append(shapes.text(x + width * 0.84, at, duration(part.seconds), SIZE, anchor="end"))
        made.append(shapes.text(x + width, at, words.percent(share), SIZE, "dim", "end"))
    if len(parts) > STEP_SHOWN:
        at += ROW
        rest = duration(sum(part.seconds for part in parts[STEP_SHOWN:]))
        made.append(shapes.text(x, at, f"and {len(parts) - STEP_SHOWN} more, {rest}", SIZE, "dim"))
    return made, at


def _memory(report: Report, x: float, y: float, width: float) -> Made:
    memory = report.memory
    if memory is None:
        return [], 0.0
    verdict = "fits" if memory.fits else "does not fit"
    share = memory.required_bytes / memory.capacity_bytes if memory.capacity_bytes else 1.0
    said = f"{human(memory.required_bytes, 'B')} of {human(memory.capacity_bytes, 'B')}"
    at = y + ROW + 4
    return [
        _title(x, y, f"Memory of each chip of {words.owner_name(memory.owner)}: {verdict}"),
        shapes.bar(x, at - 9, width * 0.55, 9, share, "bar" if memory.fits else "full"),
        shapes.text(x + width, at, said, SIZE, "ink" if memory.fits else "full", "end"),
    ], at


def _end(path: str, room: float) -> str:
    """The path's end where it is too long: that is what tells paths apart."""
    while shapes.length(path, SIZE) > room:
        path = "…" + path[2:]
    return path


def _inputs(report: Report, x: float, y: float, width: float) -> Made:
    """The inputs that move the rate most, each with how sure it is."""
    found = sorted(
        (use for use in report.figures if abs(use.elasticity) > INFLUENCE),
        key=lambda use: -abs(use.elasticity),
    )[:INPUTS_SHOWN]
    if report.throughput is None or not found:
        return [], 0.0
    made, at = [_title(x, y, "What this rests on, and what +10 % of it gives")], y + 12
    for use in found:
        at += ROW
        role = {"assumed": "busy", "override": "fabric"}.get(use.mark, "dim")
        made.append(shapes.text(x, at, _end(use.path, width * 0.56), SIZE))
        made.append(shapes.text(x + width * 0.58, at, use.mark, 11.5, role))
        made.append(shapes.text(x + width, at, f"{use.elasticity * 10:+.1f} %", SIZE, "dim", "end"))
    return made, at
