"""A design's answer as a file, whose ending says in which form."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.refusal import Refusal

if TYPE_CHECKING:
    from infralab.models.catalogue import Catalogue
    from infralab.models.design import Design
    from infralab.models.report import Report

ENDINGS = {
    ".svg": "a picture, with the design inside",
    ".png": "a picture, with the design inside",
    ".md": "a report with its picture beside it; --brief for one page",
    ".json": "the report for programs (docs/report.md)",
    ".csv": "a table of resources and what each could do",
    ".txt": "a card of five lines for a chat",
}
PICTURES = (".svg", ".png")
DEFAULT_SCALE = 2.0
SCALES = (0.1, 20.0)


class NotExported(Refusal):
    """What is asked for does not go together, or the ending is not known."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is written: a design with its answer."""

    design: Design
    report: Report
    catalogue: Catalogue  # with the design's own components
    toml: str  # the design as a file holds it, for the inside of pictures
    command: str  # gives the same figures again


@dataclass(frozen=True, slots=True)
class Form:
    """How it is written. None and False leave the choice to the ending."""

    path: str
    what: str | None = None  # of pictures: topology or dashboard
    brief: bool = False
    theme: str | None = None  # auto, light, dark
    scale: float | None = None  # of .png: pixels a unit

    @property
    def ending(self) -> str:
        return os.path.splitext(self.path)[1].lower()

    @property
    def paths(self) -> list[str]:
        """The files that come of it."""
        return [self.path, self.picture] if self.ending == ".md" else [self.path]

    @property
    def picture(self) -> str:
        """The picture beside a page."""
        return os.path.splitext(self.path)[0] + ".svg"


def check(form: Form) -> None:
    """Raise NotExported for an ending that is not known, and for options that do not go with it."""
    ending = form.ending
    if ending not in ENDINGS:
        said = f"{ending} is no ending that is known" if ending else "the file's ending says what is written"
        raise NotExported(f"{form.path}: {said}; known are {', '.join(ENDINGS)}")
    picture = ending in PICTURES
    for option, given, fits, of in (
        ("--what", form.what is not None, picture, ".svg and .png"),
        ("--brief", form.brief, ending == ".md", ".md"),
        ("--theme", form.theme is not None, picture or ending == ".md", ".svg, .png and .md"),
        ("--scale", form.scale is not None, ending == ".png", ".png"),
    ):
        if given and not fits:
            raise NotExported(f"{option} goes with {of}, not with {ending}")
    if form.scale is not None and not SCALES[0] <= form.scale <= SCALES[1]:
        raise NotExported(f"--scale {form.scale:g}: expected a number from {SCALES[0]:g} to {SCALES[1]:g}")
    if ending == ".png" and form.theme == "auto":
        raise NotExported("--theme auto: a .png has one look; say light or dark, or export to .svg")


def files(job: Job, form: Form) -> Mapping[str, bytes]:
    """Path and content of every file. Raises NotExported, and NoRenderer where PNG needs what is not installed."""
    check(form)
    return _WRITERS[form.ending](job, form)


def _svg(job: Job, form: Form, theme: str) -> str:
    from infralab.tui.export.picture.dashboard import dashboard_svg
    from infralab.tui.export.picture.drawing import drawing_svg
    from infralab.tui.parts import CatalogueParts

    draw = dashboard_svg if form.what == "dashboard" else drawing_svg
    return draw(job.design, job.report, job.toml, CatalogueParts(job.catalogue), form.theme or theme)  # type: ignore[arg-type]


def _as_svg(job: Job, form: Form) -> Mapping[str, bytes]:
    return {form.path: _svg(job, form, "auto").encode("utf-8")}


def _as_png(job: Job, form: Form) -> Mapping[str, bytes]:
    from infralab.tui.export.picture.png import png

    svg = _svg(job, form, "light")
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert size is not None
    return {form.path: png(svg, job.toml, float(size[1]), float(size[2]), form.scale or DEFAULT_SCALE)}


def _as_markdown(job: Job, form: Form) -> Mapping[str, bytes]:
    from infralab.tui.export import report_markdown

    write = report_markdown.brief if form.brief else report_markdown.page
    text = write(job.design, job.report, os.path.basename(form.picture), job.command)
    return {form.path: text.encode("utf-8"), form.picture: _svg(job, form, "auto").encode("utf-8")}


def _as_json(job: Job, form: Form) -> Mapping[str, bytes]:
    from infralab.tui.export.report_json import as_text

    return {form.path: as_text(job.report, job.design).encode("utf-8")}


def _as_csv(job: Job, form: Form) -> Mapping[str, bytes]:
    from infralab.tui.export.report_csv import as_text

    return {form.path: as_text(job.report).encode("utf-8")}


def _as_card(job: Job, form: Form) -> Mapping[str, bytes]:
    from infralab.tui.export.card import card

    return {form.path: card(job.design, job.report, job.command).encode("utf-8")}


_WRITERS: dict[str, Callable[[Job, Form], Mapping[str, bytes]]] = {
    ".svg": _as_svg,
    ".png": _as_png,
    ".md": _as_markdown,
    ".json": _as_json,
    ".csv": _as_csv,
    ".txt": _as_card,
}
