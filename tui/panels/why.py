"""Why this number: what binds, what is close behind, where the time goes, and the inputs it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infralab.models.units import duration
from infralab.tui import data_path, words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import MARKS, Line, bar, cut, left, right, wrap

if TYPE_CHECKING:
    from infralab.models.design import Design
    from infralab.models.explore.why import Reason
    from infralab.models.report import Bottleneck, Report


INPUTS, BECAUSE = 3, 6  # inputs and further equations shown below one
MOVES = 0.05  # relative change of the figure for that of an input: less isn't worth a line


class Why(LinePanel, can_focus=True):
    BORDER_TITLE = "Why?"

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.reason: Reason | None = None

    def tell(self, reason: Reason) -> None:
        """The chain of equations behind the rate."""
        self.reason = reason
        self.repaint()

    def lines(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None:
            return []
        title = f"Why {words.rate(report)}?" if report.throughput else "Why no number?"
        self.label(title)
        lines: list[Line] = []
        if report.throughput is None:
            lines.extend([(text, "")] for text in wrap(report.sentence, width))
            return lines
        told = [*_data_path(report, width), *_saving(report, self.state.design, width)]
        waits = any(name in (figure.name for figure in words.headline(report)) for name in ("stall", "goodput"))
        if waits:  # then this is what one asks about
            lines.extend([*told[1:], []])
        if self.reason is not None:
            lines.extend(chain(self.reason, width))
        if report.runner_up is not None:
            lines.extend(_close(report.runner_up, width))
        lines.extend(_step(report, width))
        lines.extend([] if waits else told)
        lines.extend(_inputs(report, width))
        lines.append([])
        lines.append([("● cited  ○ fitted  △ assumed  ✎ yours", "dim")])
        return lines


def chain(reason: Reason, width: int, depth: int = 0) -> list[Line]:
    """An equation with the inputs that move it most, and below it the equations that it rests on."""
    pad = " " * min(depth * 2, 4)
    value = "" if reason.value is None else _value(reason.value, reason.unit)
    lines: list[Line] = [
        [
            (f"{pad}◆ " if depth == 1 else pad, "bottleneck"),
            (
                left(reason.title, width - len(pad) - len(value) - (3 if depth == 1 else 1)),
                "strong" if depth < 2 else "",
            ),
            (f" {value}", "strong"),
        ]
    ]
    lines.extend([(f"{pad}  {text}", "dim")] for text in wrap(reason.equation, width - len(pad) - 2))
    known = sorted(reason.inputs, key=lambda use: -abs(use.sensitivity))
    for use in known[:INPUTS] if depth and not reason.because else ():
        if abs(use.sensitivity) >= MOVES:
            lines.append(_input(use.path, use.value, use.unit, use.mark, width, len(pad)))
            if use.source and depth == 1:
                lines.append([(f"{pad}    {cut(use.source, width - 4 - len(pad))}", "dim")])
    for other in sorted(reason.because, key=lambda other: -(other.value or 0.0))[:BECAUSE]:
        lines.extend(chain(other, width, depth + 1))
    return lines


def _value(value: float, unit: str) -> str:
    from infralab.tui.fields import shown

    return words.per_second(value, unit) if unit.endswith("/s") else shown(value, unit)


def _close(item: Bottleneck, width: int) -> list[Line]:
    far = f"×{item.headroom:.2g}" if item.headroom > 1 else ""
    return [
        [],
        [("Close behind", "accent")],
        [(left(f"  {words.owner_name(item.owner)}: {item.kind}", width - 6), ""), (right(far, 6), "dim")],
    ]


def _step(report: Report, width: int) -> list[Line]:
    parts = [part for part in report.step_breakdown if part.seconds > 0]
    if not parts:
        return []
    total = sum(part.seconds for part in parts)
    lines: list[Line] = [[], [(f"Where a step's {duration(total)} go", "accent")]]
    for part in sorted(parts, key=lambda part: -part.seconds)[:8]:
        share = part.seconds / total
        lines.append(
            [
                (left(f"  {part.name}", width - 17), ""),
                (bar(share, 8), "bar"),
                (right(duration(part.seconds), 9), "dim"),
            ]
        )
    return lines


def _data_path(report: Report, width: int) -> list[Line]:
    """What each stage from data set to chips could do alone, and how long a step waits for it."""
    found = list(data_path.stages(report))
    if not found:
        return []
    unit = report.throughput.unit if report.throughput else ""
    lines: list[Line] = [[], [(f"Data path, each alone, {unit}", "accent")]]
    for stage, value, waited in found:
        note = f"waits {waited}" if waited else ""
        lines.append(
            [(left(f"  {stage}", 12), ""), (right(value, 9), "strong"), (right(note, width - 21), "bottleneck")]
        )
    cold = report.metrics.get("first_epoch_rate")
    if cold is not None:
        value = words.number(cold, unit)
        lines.append([(left("  first epoch, cache empty", width - len(value)), ""), (value, "strong")])
    return lines


def _saving(report: Report, design: Design, width: int) -> list[Line]:
    """What checkpoints and failures take."""
    found = list(data_path.saving(report, design))
    lines: list[Line] = [[], [("Checkpoints and failures", "accent")]] if found else []
    for label, text in found:
        lines.append([(left(f"  {label}", width - len(text)), ""), (text, "strong")])
    return lines


def _inputs(report: Report, width: int) -> list[Line]:
    """The figures that the answer rests on, those that move it most first."""
    found = sorted(report.figures, key=lambda use: -abs(use.elasticity))
    lines: list[Line] = [[], [("It rests on", "accent")]]
    for use in found[:16]:
        lines.append(_input(use.path, use.value, use.unit, use.mark, width))
    return lines


def _input(path: str, value: float, unit: str, mark: str, width: int, indent: int = 0) -> Line:
    from infralab.models import schema
    from infralab.tui.fields import shown

    if not unit:
        table, _, *figure = path.split(".")
        key = schema.figure_at(table, figure) if table in ("box", "wire") and figure else None
        unit = key.dimension if key is not None else ""
    text = shown(value, unit)
    role = f"mark-{mark}" if mark in ("cited", "fitted", "assumed") else "override" if mark == "override" else ""
    return [
        (" " * indent + f"  {MARKS.get(mark, '△')} ", role or "mark-cited"),
        (left(_short(path), max(width - 5 - indent - len(text), 4)), ""),
        (f" {text}", "strong"),
    ]


def _short(path: str) -> str:
    """A path without what every reader knows: the kind of owner, the file of a fitted constant."""
    parts = path.split(".")
    return ".".join(parts[-2:] if parts[0] == "fitted" else parts[1:]) or path
