"""The gallery: every preset with its question, its drawing and what the model says of it now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from infralab.models.design import Design
from infralab.models.presets import FIRST, Preset, presets
from infralab.models.report import Report
from infralab.tui import words
from infralab.tui.canvas.view import Parts, Zoom
from infralab.tui.panels.paint import Line
from infralab.tui.stage.browse import Browse, Item
from infralab.tui.stage.page import beside, paragraph
from infralab.tui.stage.slides import figure
from infralab.tui.stage.thumbnail import picture

LOW = 20  # rows below which the drawing stands beside the figure
FIGURE = 38  # cells of the figure then

Known = tuple[Design, Report, Parts]


class Gallery(Browse):
    """Ends with the path of the preset that was chosen, or None."""

    heading = "Presets: questions that have a design already"
    KEYS: ClassVar = (("⏎", "open"), ("type", "search"), ("↑↓", "move"), ("PgDn", "read on"), ("Esc", "back"))

    def __init__(self, at: str = "") -> None:
        super().__init__(at)
        self.known: dict[str, Known | Exception] = {}

    def items(self) -> Sequence[Item]:
        first = sorted(presets(), key=lambda preset: FIRST not in preset.tags)
        return [self._item_of(preset) for preset in first]

    def _item_of(self, preset: Preset) -> Item:
        known = self.known.get(preset.name)
        note = words.rate(known[1]) if isinstance(known, tuple) else ""
        text = " ".join((preset.title, preset.workload, *preset.tags))
        return Item(preset.name, preset.question or preset.title, text, note)

    def moved(self) -> None:
        item = self.current
        if item is not None and item.name not in self.known:
            self.asker.ask("item", item.name, partial(_look, item.name))
        self._rest()

    def _rest(self) -> None:
        """Figures of the list, one preset at a time, while nothing else is asked."""
        name = next((preset.name for preset in presets() if preset.name not in self.known), None)
        if name is not None:
            self.asker.ask("rest", name, partial(_look, name))

    def answered(self, kind: str, tag: Any, value: Any) -> None:
        self.known[tag] = value
        self._rest()

    def detail(self, item: Item, width: int, height: int) -> list[Line]:
        preset = next(one for one in presets() if one.name == item.name)
        low = height < LOW
        lines: list[Line] = [] if low else paragraph(preset.question, width, "title", 2, 2)
        lines += paragraph(preset.title, width, "strong", 2, 1 if low else 3)
        tags = " ".join(f"#{tag}" for tag in preset.tags)
        lines.append([("  ", ""), (preset.name, "accent"), (f"  {preset.workload}  ", "dim"), (tags, "key")])
        known = self.known.get(item.name)
        if known is None:
            return [*lines, [], [("  the model is working …", "dim")]]
        if isinstance(known, Exception):
            return [*lines, [], *paragraph(f"this preset can't be read: {known}", width, "bad")]
        design, report, parts = known
        if low:
            drawn = picture(design, report, parts, width - FIGURE - 2, height - len(lines) - 3, Zoom.NAMES)
            return [*lines, *beside(_brief(report), drawn, FIGURE), *paragraph(report.sentence, width, "", 2, 3)]
        lines += [[], *figure(report, None, width), [], *paragraph(report.sentence, width, "", 2, 3)]
        room = height - len(lines) - len(design.story) - 4
        lines += [[], *picture(design, report, parts, width - 2, max(room, 5))]
        if design.story:
            lines += [[], [("  The story", "dim")]]
            lines += [[("  ", ""), (f"{number} ", "key"), (step.title, "")]
                      for number, step in enumerate(design.story, start=1)]  # fmt: skip
        return lines

    def choose(self, item: Item) -> None:
        self.dismiss(next(preset.path for preset in presets() if preset.name == item.name))


def _brief(report: Report) -> list[Line]:
    """The figure and what binds, in few cells."""
    found = [[*line] for line in figure(report, None, FIGURE)]
    stuck = words.bottleneck(report)
    return [[], *found, [], *paragraph(stuck, FIGURE, "bottleneck", 2, 2)]


def _look(name: str) -> Known:
    from infralab.models.document import load
    from infralab.models.evaluate import evaluate
    from infralab.models.presets import path_of
    from infralab.tui.parts import CatalogueParts, catalogue_for

    path = path_of(name)
    assert path is not None
    design = load(path).design
    catalogue = catalogue_for(design)
    return design, evaluate(design, catalogue, fit=False), CatalogueParts(catalogue)
