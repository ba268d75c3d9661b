"""`infralab present PRESET`: the story of a design on stage, or as a Markdown page with pictures."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from infralab.tui.commands import designs

if TYPE_CHECKING:
    from infralab.models.document import Document


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab present",
        description="Show the story of a design, a step a key: Space next, ← back, e tries it live, q leaves.",
        epilog="With --markdown nothing is shown: the story is written as a page with an SVG picture of each step.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset")
    made.add_argument("--markdown", metavar="FILE", help="write the story there, pictures beside it")
    made.add_argument("--force", action="store_true", help="replace files that are there already")
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    made.add_argument("--mouse", action=argparse.BooleanOptionalAction, default=True, help="use the mouse")
    made.add_argument("--theme", metavar="NAME", help="colours to start with")
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Present, or write the page; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    document = designs.opened(options.design)
    if options.catalogue:
        designs.catalogue_with(options.catalogue)  # said here when a file is wrong, before the screen is taken
        designs.keep_catalogue(options.catalogue)
    if options.markdown:
        return _write(document, options.markdown, options.force)
    return _show(document, options)


def _write(document: Document, path: str, force: bool) -> int:
    from infralab.tui.export.story_markdown import story_page, write
    from infralab.tui.parts import CatalogueParts, catalogue_for

    design = designs.sound(document)
    if not design.story:
        raise designs.Refused(f"{document.path}: has no story; write steps under [[story]], or record one in the lab")
    catalogue = catalogue_for(design)
    stem = os.path.splitext(os.path.basename(path))[0]
    page = story_page(design, stem, catalogue, CatalogueParts(catalogue))
    folder = os.path.dirname(os.path.abspath(path))
    there = [name for name in (os.path.basename(path), *page.pictures) if os.path.exists(os.path.join(folder, name))]
    if there and not force:
        raise designs.Refused(f"{', '.join(there)}: there already; --force replaces")
    written = write(page, path)
    print(f"{path}: {len(design.story)} steps, {len(written) - 1} pictures beside it")
    return 0


def _show(document: Document, options: argparse.Namespace) -> int:
    from infralab.tui.app import Settings
    from infralab.tui.app import run as open_lab
    from infralab.tui.commands.lab import theme_named

    theme = {"theme": theme_named(options.theme)} if options.theme else {}
    settings = Settings(mouse=options.mouse, ascii_only=options.ascii, recover=False, present=True, **theme)
    return open_lab(settings=settings, document=document)
