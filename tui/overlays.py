"""Values of the canvas's overlays: money, heat and confidence by owner."""

from __future__ import annotations

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.tui.canvas.view import Overlay

CONFIDENCE = {"cited": 0.0, "derived": 0.0, "override": 0.3, "fitted": 0.5, "assumed": 1.0}
SIGNS = {
    "cited": "● cited",
    "derived": "● derived",
    "override": "✎ yours",
    "fitted": "○ fitted",
    "assumed": "△ assumed",
}


def overlay(mode: str, design: Design, report: Report | None) -> Overlay:
    """The canvas's overlay of a mode; money and heat come from the report's own accounts by owner."""
    if report is None or mode in ("traffic", "busy"):
        return Overlay(mode)
    if mode == "confidence":
        return Overlay(mode, _confidence(report))
    found = {key.removeprefix(f"{mode}."): value for key, value in report.metrics.items() if key.startswith(f"{mode}.")}
    top = max(found.values(), default=0.0)
    unit = "$/h" if mode == "money" else "W"
    return Overlay(
        mode, {owner: (value / top if top else 0.0, f"{value:,.0f} {unit}") for owner, value in found.items()}
    )


def _confidence(report: Report) -> dict[str, tuple[float, str]]:
    """The weakest mark among the figures that an owner's answer rests on."""
    weakest: dict[str, str] = {}
    for use in report.figures:
        owner = ".".join(use.path.split(".")[:2])
        if owner not in weakest or CONFIDENCE.get(use.mark, 1.0) > CONFIDENCE.get(weakest[owner], 1.0):
            weakest[owner] = use.mark
    return {owner: (CONFIDENCE.get(mark, 1.0), SIGNS.get(mark, mark)) for owner, mark in weakest.items()}
