"""`infralab eval`: what a design does, as a report for people or as JSON for programs. No Textual here."""

from __future__ import annotations

import argparse
import sys

from infralab.tui.commands import designs


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab eval",
        description="What a design does: its rate, what holds it back, what each part could do, memory, money.",
        epilog="Values are as in the file: --set 'box.train.with.chip.memory_bandwidth=\"4 TB/s\"'.",
    )
    made.add_argument("design", metavar="FILE|PRESET", help="a design, or the name of a preset; - reads stdin")
    designs.add_edits(made)
    made.add_argument("--json", action="store_true", help='as JSON, schema "infralab.report/1" (docs/report.md)')
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    return made


def run(argv: list[str]) -> int:
    """Print the report; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    document = designs.opened(options.design)
    design = designs.edited(designs.sound(document), options.edits)
    catalogue = designs.catalogue_with(options.catalogue)
    designs.known(design, catalogue, document)
    from infralab.models.evaluate import evaluate

    report = evaluate(design, catalogue)
    if options.json:
        from infralab.tui.export.report_json import as_text

        sys.stdout.write(as_text(report, design))
        return 0
    from infralab.tui.export.report_text import report_lines
    from infralab.tui.export.terminal import show

    show(lambda width: report_lines(report, design, width), options.ascii)
    return 0
