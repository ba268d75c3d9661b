"""`infralab export`: a design's answer as a file to show or to compute with. No Textual here."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.tui.commands import designs

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
DEFAULT_SCALE = 2.0


def parser() -> argparse.ArgumentParser:
    endings = ", ".join(f"{ending} {what}" for ending, what in ENDINGS.items())
    made = argparse.ArgumentParser(
        prog="infralab export",
        description=f"Write a design's answer to a file, by its ending: {endings}.",
        epilog="`infralab FILE.svg` opens an exported picture again as a design.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, a picture with one inside, or a preset's name")
    made.add_argument("--to", metavar="FILE", required=True, help="the file to write")
    made.add_argument(
        "--what", choices=("topology", "dashboard"), help="of .svg and .png: the drawing (default) or the answer page"
    )
    made.add_argument("--brief", action="store_true", help="of .md: one page for who decides")
    made.add_argument("--theme", choices=("auto", "light", "dark"), help="of pictures; auto follows the viewer (.svg)")
    made.add_argument("--scale", type=float, metavar="N", help=f"of .png: pixels a unit, {DEFAULT_SCALE:g} by default")
    made.add_argument("--force", action="store_true", help="replace files that are there already")
    designs.add_edits(made)
    return made


@dataclass(frozen=True, slots=True)
class Job:
    """What is written: a design with its answer, and how."""

    design: Design
    report: Report
    catalogue: Catalogue
    toml: str  # the design as a file holds it, for the inside of pictures
    command: str  # gives the same figures again
    options: argparse.Namespace

    @property
    def path(self) -> str:
        return str(self.options.to)


def run(argv: list[str]) -> int:
    """Write the file; 0, or 2 through the errors that `main` turns into a message."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    from infralab.tui.export.files import check, write

    ending = _ending(options)
    paths = [options.to, _picture_of(options.to)] if ending == ".md" else [options.to]
    check(paths, options.force)
    files = _WRITERS[ending](_job(options))
    write(files, options.force)
    for path, content in files.items():
        print(f"{path}: {len(content):,} bytes".replace(",", " "))
    return 0


def _ending(options: argparse.Namespace) -> str:
    """The file's ending, once it is known to go with the options. Raises Refused."""
    ending = os.path.splitext(options.to)[1].lower()
    if ending not in ENDINGS:
        said = f"{ending} is no ending that is known" if ending else "the file's ending says what is written"
        raise designs.Refused(f"--to {options.to}: {said}; known are {', '.join(ENDINGS)}")
    picture = ending in (".svg", ".png")
    for option, given, fits, of in (
        ("--what", options.what, picture, ".svg and .png"),
        ("--brief", options.brief, ending == ".md", ".md"),
        ("--theme", options.theme, picture or ending == ".md", ".svg, .png and .md"),
        ("--scale", options.scale is not None, ending == ".png", ".png"),
    ):
        if given and not fits:
            raise designs.Refused(f"{option} goes with {of}, not with {ending}")
    if options.scale is not None and not 0.1 <= options.scale <= 20:
        raise designs.Refused(f"--scale {options.scale:g}: expected a number from 0.1 to 20")
    if ending == ".png" and options.theme == "auto":
        raise designs.Refused("--theme auto: a .png has one look; say light or dark, or export to .svg")
    return ending


def _job(options: argparse.Namespace) -> Job:
    from infralab.models.document import render
    from infralab.models.evaluate import evaluate

    document = designs.opened(options.design)
    design = designs.edited(designs.sound(document), options.edits)
    catalogue = designs.catalogue_with(options.catalogue)
    designs.known(design, catalogue, document)
    words = ["infralab", "eval", options.design]
    for verb, text in options.edits:
        words += [f"--{verb}", text]
    for file in options.catalogue:
        words += ["--catalogue", file]
    return Job(design, evaluate(design, catalogue), catalogue, render(document, design), shlex.join(words), options)


def _svg(job: Job, theme: str) -> str:
    from infralab.tui.export.picture.dashboard import dashboard_svg
    from infralab.tui.export.picture.drawing import drawing_svg
    from infralab.tui.parts import CatalogueParts

    draw = dashboard_svg if job.options.what == "dashboard" else drawing_svg
    catalogue = job.catalogue.with_components(job.design.components) if job.design.components else job.catalogue
    return draw(job.design, job.report, job.toml, CatalogueParts(catalogue), theme)  # type: ignore[arg-type]


def _as_svg(job: Job) -> Mapping[str, bytes]:
    return {job.path: _svg(job, job.options.theme or "auto").encode("utf-8")}


def _as_png(job: Job) -> Mapping[str, bytes]:
    from infralab.tui.export.picture.png import png

    svg = _svg(job, job.options.theme or "light")
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert size is not None
    width, height = float(size[1]), float(size[2])
    return {job.path: png(svg, job.toml, width, height, job.options.scale or DEFAULT_SCALE)}


def _picture_of(path: str) -> str:
    return os.path.splitext(path)[0] + ".svg"


def _as_markdown(job: Job) -> Mapping[str, bytes]:
    from infralab.tui.export import report_markdown

    write = report_markdown.brief if job.options.brief else report_markdown.page
    picture = _picture_of(job.path)
    text = write(job.design, job.report, os.path.basename(picture), job.command)
    return {job.path: text.encode("utf-8"), picture: _svg(job, job.options.theme or "auto").encode("utf-8")}


def _as_json(job: Job) -> Mapping[str, bytes]:
    from infralab.tui.export.report_json import as_text

    return {job.path: as_text(job.report, job.design).encode("utf-8")}


def _as_csv(job: Job) -> Mapping[str, bytes]:
    from infralab.tui.export.report_csv import as_text

    return {job.path: as_text(job.report).encode("utf-8")}


def _as_card(job: Job) -> Mapping[str, bytes]:
    from infralab.tui.export.card import card

    return {job.path: card(job.design, job.report, job.command).encode("utf-8")}


_WRITERS: dict[str, Callable[[Job], Mapping[str, bytes]]] = {
    ".svg": _as_svg,
    ".png": _as_png,
    ".md": _as_markdown,
    ".json": _as_json,
    ".csv": _as_csv,
    ".txt": _as_card,
}
