"""`infralab export`: a design's answer as a file to show or to compute with. No Textual here."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from infralab.tui.commands import designs

if TYPE_CHECKING:
    from infralab.tui.export.exporting import Job


def parser() -> argparse.ArgumentParser:
    from infralab.tui.export.exporting import DEFAULT_SCALE, ENDINGS

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


def run(argv: list[str]) -> int:
    """Write the file; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    from infralab.tui.export import exporting
    from infralab.tui.export.files import check, write

    form = exporting.Form(options.to, options.what, options.brief, options.theme, options.scale)
    exporting.check(form)
    check(form.paths, options.force)
    files = exporting.files(_job(options), form)
    write(files, options.force)
    for path, content in files.items():
        print(f"{path}: {len(content):,} bytes".replace(",", " "))
    return 0


def _job(options: argparse.Namespace) -> Job:
    from infralab.models.document import render
    from infralab.models.evaluate import evaluate
    from infralab.tui.export.exporting import Job

    document = designs.opened(options.design)
    design = designs.edited(designs.sound(document), options.edits)
    catalogue = designs.catalogue_with(options.catalogue)
    designs.known(design, catalogue, document)
    words = ["infralab", "eval", options.design]
    for verb, text in options.edits:
        words += [f"--{verb}", text]
    for file in options.catalogue:
        words += ["--catalogue", file]
    own = catalogue.with_components(design.components) if design.components else catalogue
    return Job(design, evaluate(design, catalogue), own, render(document, design), shlex.join(words))
