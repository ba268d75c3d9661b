"""A story as a Markdown page with an SVG picture of each step: the presenter's slides, to read alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.explore.claims import Told
from infralab.models.explore.story import Revealed
from infralab.tui import words
from infralab.tui.canvas.view import Parts
from infralab.tui.export.svg_lines import as_svg
from infralab.tui.panels.paint import Line
from infralab.tui.stage import slides
from infralab.tui.stage.show import Show, play
from infralab.tui.stage.thumbnail import picture

WIDTH = 96  # cells of a picture


@dataclass(frozen=True, slots=True)
class Page:
    """The text, and the pictures that it names: file name -> SVG."""

    text: str
    pictures: Mapping[str, str] = field(default_factory=dict)


def story_page(design: Design, stem: str, catalogue: Catalogue, parts: Parts | None = None) -> Page:
    """The page of a design's story; pictures are called `stem`-1.svg and so on."""
    show = Show(design)
    show.played = play(design, catalogue)
    text = [f"# {design.question or design.title or 'A design'}", ""]
    if design.question and design.title:
        text += [design.title, ""]
    pictures = {}
    for number, told in enumerate(show.played.told):
        show.to(number)
        while show.slide.phase != "step":
            show.next()
        name = f"{stem}-{number + 1}.svg"
        pictures[name] = as_svg(_picture(show, told, parts), f"{told.step.title}: {words.rate(told.report)}")
        text += _step(show, told, number, name)
    if show.played.failure:
        text += [f"The story stops here: {show.played.failure}", ""]
    return Page("\n".join(text), pictures)


def _picture(show: Show, told: Told, parts: Parts | None) -> list[Line]:
    drawn = picture(told.design, told.report, parts, WIDTH - 4, 40)
    return [*([("  ", ""), *line] for line in drawn), [], *slides.bars(show, WIDTH, 1.0)]


def _step(show: Show, told: Told, number: int, name: str) -> list[str]:
    before = show.before if number else None
    was = before.throughput.value if before is not None and before.throughput is not None else None
    now = told.report.throughput.value if told.report.throughput is not None else None
    factor = words.factor(was, now)
    change = {"": "", "same": ", no change"}.get(factor, f", {factor} against the step before")
    text = [f"## {number + 1}. {told.step.title or 'Untitled step'}", ""]
    revealed = show.played.revealed.get(number, ())
    if revealed:
        text += [*_vote(revealed), ""]
    if told.step.note:
        text += [told.step.note, ""]
    text += [f"**{words.rate(told.report)}** {words.interval(told.report)}{change}", ""]
    text += [f"![{told.step.title}]({name})", ""]
    if told.report.sentence:
        text += [told.report.sentence, ""]
    figures = [figure.text for figure in words.headline(told.report) if figure.name != "rate"]
    if figures:
        text += [" · ".join(figures), ""]
    changed = slides.changes(show.played.told[number - 1].design if number else show.design, told.design)
    if changed:
        text += ["What changed:", "", *(f"- `{item}`" for item in changed), ""]
    for verdict in told.verdicts:
        if not verdict.holds:
            text += [f"> The story expects `{verdict.claim}`; the model finds {verdict.found}.", ""]
    return text


def _vote(revealed: tuple[Revealed, ...]) -> list[str]:
    """The choices of the room, with what each would do."""
    rows = ["| choice | rate | change |", "|---|--:|--:|"]
    start = revealed[0].report.throughput
    for one in revealed:
        rate = one.report.throughput
        numbers = "+".join(str(number) for number in one.numbers)
        label = f"{numbers} {one.label}".strip()
        factor = words.factor(start.value, rate.value) if start is not None and rate is not None and numbers else ""
        rows.append(f"| {label} | {words.rate(one.report)} | {factor} |")
    return rows


def write(page: Page, path: str) -> list[str]:
    """Write the page and its pictures beside it; the files written. Raises OSError."""
    folder = os.path.dirname(os.path.abspath(path))
    found = [path]
    with open(path, "w", encoding="utf-8") as file:
        file.write(page.text)
    for name, svg in page.pictures.items():
        found.append(os.path.join(folder, name))
        with open(found[-1], "w", encoding="utf-8") as file:
            file.write(svg)
    return found
