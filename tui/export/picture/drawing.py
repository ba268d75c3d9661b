"""The picture of the drawing: the answer in a sentence, and boxes and wires with their figures."""

from __future__ import annotations

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.tui.canvas.view import Parts
from infralab.tui.export.picture import page, shapes
from infralab.tui.export.picture.ink import Theme
from infralab.tui.export.picture.topology import topology


def drawing_svg(
    design: Design, report: Report, design_toml: str, parts: Parts | None = None, theme: Theme = "auto"
) -> str:
    """The SVG text of the drawing, `design_toml` in its metadata."""
    drawn = topology(design, report, parts)
    width = max(drawn.width + 2 * page.MARGIN, page.NARROWEST)
    column = page.head(design, report, width)
    column.elements.append(shapes.rect(page.MARGIN, column.y, width - 2 * page.MARGIN, 1, "f-rule"))
    column.y += 24
    if drawn.elements:
        left = (width - drawn.width) / 2
        column.elements += [f'<g transform="translate({left:.1f} {column.y:.1f})">', *drawn.elements, "</g>"]
    else:
        column.lines(page.MARGIN, ["Nothing is drawn yet."], 13, "dim")
    column.y += drawn.height + 34
    column.elements.append(page.legend(page.MARGIN, column.y))
    page.foot(column, report, width)
    title = design.title or "A design"
    return page.whole(width, column.y, column.elements, title, report.sentence, design_toml, theme)
