"""`infralab new "16 dgx-h100, infiniband-ndr, weka"`: a first design drawn from words of the catalogue."""

from __future__ import annotations

import argparse
import sys

from infralab.tui.commands import designs


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab new",
        description='A first design from words of the catalogue, like "16 dgx-h100, infiniband-ndr, weka".',
        epilog='Without -o the design is printed: infralab new "…" | infralab eval -',
    )
    made.add_argument("words", metavar="WORDS", nargs="+", help="what is there, with counts, separated by commas")
    made.add_argument("-o", "--output", metavar="FILE", help="write it there")
    made.add_argument("--force", action="store_true", help="replace a file that is there already")
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Print the design, or save it; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    from infralab.models.document import read, render, save
    from infralab.models.explore.new import new_design

    catalogue = designs.catalogue_with(options.catalogue)
    design = new_design(" ".join(options.words), catalogue)
    document = read('schema = "infralab.design/1"\n')
    if options.output is None:
        sys.stdout.write(render(document, design))
        return 0
    saved = save(document, design, options.output, force=options.force)
    print(f"{saved.path}: {len(design.boxes)} boxes, {len(design.wires)} wires; infralab {saved.path} opens it")
    return 0
