"""The design that a command is given: a file or a preset's name, with edits from the command line over it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from infralab.models.document import Document, DocumentError, load
from infralab.models.refusal import Refusal

if TYPE_CHECKING:
    import argparse

    from infralab.models.catalogue import Catalogue
    from infralab.models.design import Design

STANDARD_INPUT = "-"


class Refused(Refusal):
    """Bad use or bad input: the text is shown on stderr, and the command ends with 2."""


def locate(name: str) -> str:
    """The path of a file or preset. A file of that name wins. Raises Refused where there is neither."""
    if os.path.exists(name):
        return name
    from infralab.models import presets

    path = presets.path_of(name)
    if path is not None:
        return path
    close = presets.near(os.path.basename(name))
    hint = f"did you mean the preset {close}?" if close else "`infralab presets` lists the presets"
    raise Refused(f"{name}: no such file, and no preset of that name; {hint}")


def opened(name: str) -> Document:
    """The document in a file or preset, or on standard input for `-`. Raises Refused, DocumentError."""
    if name == STANDARD_INPUT:
        from infralab.models.document import read

        try:
            return read(sys.stdin.read(), "<stdin>")
        except UnicodeDecodeError:
            raise DocumentError("<stdin>: not UTF-8 text; a design is a TOML file in UTF-8") from None
    return load(locate(name))


def sound(document: Document) -> Design:
    """The document's design, warnings said on stderr. Raises Refused with every error of it."""
    for problem in document.warnings:
        print(f"warning: {problem}", file=sys.stderr)
    if document.errors:
        raise Refused("\n".join(str(problem) for problem in document.errors))
    return document.design


def edited(design: Design, edits: Iterable[tuple[str, str]]) -> Design:
    """The design after ("set", "path=value") and ("remove", "path") in their order. Raises Refused."""
    for verb, text in edits:
        from infralab.models import edits as making

        try:
            if verb == "remove":
                design = making.remove(design, text)
            else:
                path, value = making.parse_assignment(text)
                design = making.set_value(design, path, value)
        except making.EditError as error:
            raise Refused(f"--{verb} {text}: {error}") from None
    return design


def catalogue_with(files: Sequence[str]) -> Catalogue:
    """The catalogue with the files named over it. Raises CatalogueError for a file that is wrong."""
    from infralab.models.catalogue import default_catalogue

    catalogue = default_catalogue()
    if files:
        catalogue = catalogue.with_files(files)
    for warning in catalogue.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return catalogue


def asked(options: argparse.Namespace) -> tuple[Design, Catalogue]:
    """The design that a command names, with its edits, and the catalogue that it is looked up in.

    Raises Refused, DocumentError and CatalogueError for what is wrong with either.
    """
    document = opened(options.design)
    design = edited(sound(document), options.edits)
    catalogue = catalogue_with(options.catalogue)
    known(design, catalogue, document)
    return design, catalogue


def keep_catalogue(files: Sequence[str]) -> None:
    """Have the files in every catalogue of this process, and of those that it starts."""
    from infralab.models import catalogue

    before = os.environ.get(catalogue.FILES_VARIABLE, "")
    names = [*(before.split(os.pathsep) if before else ()), *(os.path.abspath(file) for file in files)]
    os.environ[catalogue.FILES_VARIABLE] = os.pathsep.join(names)
    catalogue.default_catalogue.cache_clear()


def known(design: Design, catalogue: Catalogue, document: Document | None = None) -> None:
    """Raise Refused where the design names what the catalogue does not have; with line where there is one."""
    from infralab.models.catalogue import CatalogueError
    from infralab.models.references import unknown

    try:
        found = list(unknown(design, catalogue))
    except CatalogueError as error:  # one of the design's own components
        raise Refused(of_component(error, document)) from None
    if not found:
        return
    of_file: set[object] = set()  # what an edit of the command line named stands in no file
    if document is not None:
        of_file = set(found if document.design is design else unknown(document.design, catalogue))
    texts = [located(item.path, item.value, item.message, document if item in of_file else None) for item in found]
    raise Refused("\n".join(texts))


def located(path: Sequence[str], value: str, message: str, document: Document | None) -> str:
    """A message with file, line and key before it, as far as they are known."""
    from infralab.models.document.problem import Problem, dotted, quoted

    line = None if document is None else line_of(document, path)
    where = "" if document is None else document.path
    return str(Problem("error", dotted(path), line, message, "", quoted(value) if value else "", where))


def of_component(error: Exception, document: Document | None) -> str:
    """What is wrong with one of the design's own components, with file, line and key before it."""
    key = str(error).partition(" ")[0].rstrip(":")
    line = None if document is None else line_of(document, ("component", *key.split(".")))
    where = f"{document.path}:{line}: " if document is not None and line is not None else ""
    return f"{where}component.{error}"


def line_of(document: Document, path: Sequence[str]) -> int | None:
    """The line on which a key, or the table around it, stands; None where the text has neither."""
    from infralab.models.document.scan import line_of as line_in
    from infralab.models.document.scan import statements

    return line_in(statements(document.text), tuple(path)) if document.text else None


def add_edits(parser: argparse.ArgumentParser) -> None:
    """--set, --remove and --catalogue, as every command has them that takes a design."""
    parser.add_argument(
        "--set",
        dest="edits",
        metavar="PATH=VALUE",
        action=_edit_action("set"),
        default=[],
        help="change a value, like box.train.count=32; may be repeated",
    )
    parser.add_argument(
        "--remove",
        dest="edits",
        metavar="PATH",
        action=_edit_action("remove"),
        default=[],
        help="take something out, like wire.store-train; may be repeated",
    )
    add_catalogue(parser)


def add_catalogue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", metavar="FILE", action="append", default=[], help="a catalogue file of your own")


def _edit_action(verb: str) -> type[argparse.Action]:
    """Collects ("set", text) and ("remove", text) in one list, so that their order is kept."""
    import argparse

    class Collect(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
            setattr(namespace, self.dest, [*getattr(namespace, self.dest), (verb, values)])

    return Collect
