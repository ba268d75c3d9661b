"""A whole picture: the sentence and the figures above, a drawing below, the legend, and the design inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from infralab.models.design import Design
from infralab.models.document.embedded import svg_metadata
from infralab.models.report import Report
from infralab.tui import words
from infralab.tui.export.picture import shapes
from infralab.tui.export.picture.ink import Theme, style

MARGIN = 30.0
NARROWEST = 900.0
PROBLEMS_SHOWN = 4


@dataclass(slots=True)
class Column:
    """Elements from top to bottom; `y` is where the next one goes."""

    y: float
    elements: list[str]

    def lines(self, x: float, found: Sequence[str], size: float, role: str = "ink", bold: bool = False) -> None:
        for line in found:
            self.y += size * 1.35
            self.elements.append(shapes.text(x, self.y, line, size, role, bold=bold))


def head(design: Design, report: Report, width: float) -> Column:
    """Title, question, the sentence, and the figures, from the page's upper margin down."""
    room = width - 2 * MARGIN
    column = Column(MARGIN - 8, [])
    column.lines(MARGIN, shapes.wrapped(design.title or "A design", room, 21, True), 21, bold=True)
    column.lines(MARGIN, shapes.wrapped(design.question, room, 13), 13, "dim")
    column.y += 10
    _figures(column, report, room)
    column.y += 8
    fine = report.status == "ok"
    lines = shapes.wrapped(report.sentence, room - 20, 15)
    if lines:
        stuck = report.bottleneck is not None and report.bottleneck.owner.startswith(("box.", "wire."))
        sign = "full" if stuck or not fine else "good"
        column.elements.append(shapes.diamond(MARGIN + 6, column.y + 15 * 1.35 - 5, 12, sign))
    column.lines(MARGIN + 20, lines, 15, "ink" if fine else "full")
    told = [item.text for item in report.problems if item.severity != "warning" and item.text not in report.sentence]
    for problem in told[:PROBLEMS_SHOWN]:
        column.lines(MARGIN + 20, shapes.wrapped(problem, room - 20, 13), 13, "full")
    column.y += 18
    return column


def _figures(column: Column, report: Report, room: float) -> None:
    """The rate large with its interval, the other figures below it."""
    found = [figure for figure in words.headline(report) if figure.name != "rate"]
    if report.throughput is not None:
        column.y += 30
        rate, spread = escape(words.rate(report)), escape(words.interval(report))
        beside = f'<tspan dx="10" font-size="15" class="f-dim" font-weight="400">{spread}</tspan>' if spread else ""
        role = "dim" if report.status == "infeasible" else "ink"  # what cannot run is no headline
        place = f'x="{MARGIN:g}" y="{column.y:.1f}" font-size="27" class="f-{role} b"'
        column.elements.append(f"<text {place}>{rate}{beside}</text>")
        column.y += 4
    line = ""
    for figure in found:
        longer = f"{line}  ·  {figure.text}" if line else figure.text
        if line and shapes.length(longer, 13) > room:
            column.lines(MARGIN, [line], 13)
            longer = figure.text
        line = longer
    if line:
        column.lines(MARGIN, [line], 13)


def legend(x: float, y: float) -> str:
    """What the signs of a drawing mean, in one row."""
    made: list[str] = []
    for kind, radius in (("storage", 3), ("compute", 7), ("fabric", 9)):
        made.append(shapes.rect(x, y - 11, 22, 14, f"f-panel s-{kind}", radius, ' stroke-width="1.5"'))
        made.append(shapes.text(x + 28, y, kind, 11.5, "dim"))
        x += 28 + shapes.length(kind, 11.5) + 18
    for role, said, fraction in (("bar", "room", 0.35), ("busy", "half full", 0.6), ("full", "full", 1.0)):
        made.append(shapes.bar(x, y - 8, 34, 8, fraction, role) + shapes.text(x + 40, y, said, 11.5, "dim"))
        x += 40 + shapes.length(said, 11.5) + 18
    for size in (1.8, 5.6):
        made.append(f'<path d="M{x:.1f} {y - 4:.1f}h22" fill="none" stroke-width="{size}" class="s-wire"/>')
        x += 27
    made.append(shapes.text(x + 2, y, "traffic, log scale", 11.5, "dim"))
    x += shapes.length("traffic, log scale", 11.5) + 24
    made.append(shapes.diamond(x + 5, y - 4, 10) + shapes.text(x + 16, y, "the bottleneck", 11.5, "dim"))
    return "".join(made)


def trust(report: Report) -> str:
    """A line on what the figures rest on."""
    counts = {mark: sum(use.mark == mark for use in report.figures) for mark in ("cited", "fitted", "assumed")}
    said = [f"{count} {mark}" for mark, count in counts.items() if count]
    text = f"Rests on {', '.join(said)} figures. " if said else ""
    return text + ("An assumption moves the rate. " if report.rests_on_assumption else "")


def whole(
    width: float, height: float, elements: Sequence[str], title: str, said: str, design_toml: str, theme: Theme
) -> str:
    """The SVG file: colours, the design, and the elements on a page of their own."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img">',
            f"<title>{escape(shapes.plain(title))}</title>",
            f"<desc>{escape(shapes.plain(said))}</desc>",
            svg_metadata(design_toml),
            style(theme),
            '<rect width="100%" height="100%" class="f-page"/>',
            *elements,
            "</svg>",
            "",
        )
    )


def foot(column: Column, report: Report, width: float) -> None:
    """The last line: what it rests on, and that the design is inside."""
    from infralab import __version__

    column.y += 24
    column.elements.append(shapes.text(MARGIN, column.y, trust(report), 11, "dim"))
    made = f"InfraLab {__version__} · the design is inside this file: open it with infralab"
    column.elements.append(shapes.text(width - MARGIN, column.y, made, 11, "dim", "end"))
    column.y += MARGIN - 8
