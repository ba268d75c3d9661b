"""`infralab check`: everything wrong with a file, each with key and line, and what would be right."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

from infralab.models.catalogue import Catalogue, CatalogueError
from infralab.models.document import Document, DocumentError
from infralab.tui.commands import designs

SCHEMA = "infralab.check/1"
USAGE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """`severity`: error (the file is wrong), warning, missing (the drawing is incomplete), infeasible."""

    severity: str
    path: str
    line: int | None
    key: str
    text: str


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab check",
        description="What is wrong with a design: keys and values first, then what the model misses in the drawing. "
        "Ends with 2 when a file has errors; an incomplete or infeasible drawing is told, and is no error.",
    )
    made.add_argument("design", metavar="FILE|PRESET", nargs="+", help="designs, or names of presets")
    made.add_argument("--json", action="store_true", help=f'as JSON, schema "{SCHEMA}"')
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Print findings of every file; 2 when one has errors."""
    options = parser().parse_args(argv)
    catalogue = designs.catalogue_with(options.catalogue)
    found = {name: findings(name, catalogue) for name in options.design}
    if options.json:
        files = [{"path": name, "findings": [_plain(item) for item in items]} for name, items in found.items()]
        print(json.dumps({"schema": SCHEMA, "files": files}, ensure_ascii=False, indent=1))
    else:
        for name, items in found.items():
            _print(name, items)
    wrong = any(item.severity == "error" for items in found.values() for item in items)
    return USAGE if wrong else 0


def findings(name: str, catalogue: Catalogue) -> list[Finding]:
    """What is wrong with one file, in the order of its lines."""
    try:
        document = designs.opened(name)
    except (DocumentError, designs.Refused) as error:
        return [Finding("error", name, None, "", str(error))]
    found = [
        Finding(problem.severity, document.path, problem.line, problem.key, str(problem))
        for problem in document.problems
    ]
    found += _of_names(document, catalogue)
    if not any(item.severity == "error" for item in found):
        found += _of_the_model(document, catalogue)
    return sorted(found, key=lambda item: item.line or 0)


def _of_names(document: Document, catalogue: Catalogue) -> list[Finding]:
    from infralab.models.references import unknown

    try:
        return [
            Finding(
                "error",
                document.path,
                designs.line_of(document, item.path),
                ".".join(item.path),
                designs.located(item.path, item.value, item.message, document),
            )
            for item in unknown(document.design, catalogue)
        ]
    except CatalogueError as error:
        line = designs.line_of(document, ("component",))
        return [Finding("error", document.path, line, "component", designs.of_component(error, document))]


def _of_the_model(document: Document, catalogue: Catalogue) -> list[Finding]:
    """What the model says of the drawing: missing, infeasible, warnings."""
    from infralab.models.evaluate import evaluate

    found = []
    for problem in evaluate(document.design, catalogue, fit=False).problems:
        path = tuple((problem.key or problem.owner).split("."))
        line = designs.line_of(document, path) if path != ("",) else None
        where = ":".join(part for part in (document.path, str(line or "")) if part)
        key = ".".join(path)
        text = f"{where}: {key}: {problem.text}" if key else f"{where}: {problem.text}"
        found.append(Finding(problem.severity, document.path, line, key, text))
    return found


def _print(name: str, items: list[Finding]) -> None:
    for item in items:
        stream = sys.stderr if item.severity == "error" else sys.stdout
        print(f"{item.severity}: {item.text}", file=stream)
    if not items:
        print(f"{name}: nothing wrong")


def _plain(item: Finding) -> dict[str, Any]:
    return {"severity": item.severity, "line": item.line, "key": item.key, "text": item.text}
