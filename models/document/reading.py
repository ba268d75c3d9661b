"""From TOML to a Design. What does not fit is left out, said, and stays in the text."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from infralab.models import schema
from infralab.models.design import Design
from infralab.models.document.problem import DocumentError, Problem, shown
from infralab.models.document.scan import line_of, statements
from infralab.models.document.tables import Found, read_design

# What brings data of an older version to the next one; it also changes the "schema" key.
MIGRATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
LARGEST_BYTES = 64_000_000  # a design of that size is no design


class Stamp(NamedTuple):
    """What a file looked like when it was read."""

    mtime_ns: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text and the design that it holds. `stamp` is None for a text that came from no file."""

    design: Design
    problems: tuple[Problem, ...] = ()
    text: str = ""
    path: str = ""
    stamp: Stamp | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "warning")


def load(path: str | os.PathLike[str]) -> Document:
    """Read a TOML file, or a picture that carries a design. Raises DocumentError where nothing can be made of it."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
            stamp = stamp_of(os.fstat(file.fileno()), content)
    except FileNotFoundError:
        raise DocumentError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise DocumentError(f"{name}: this is a directory; name a .toml file in it") from None
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_BYTES:
        raise DocumentError(f"{name}: larger than {LARGEST_BYTES // 1_000_000} MB; this is no design")
    if content[:1] in (b"\x89", b"<", b"\xef", b" ", b"\n", b"\r", b"\t"):
        from infralab.models.document.embedded import design_text, is_picture

        if is_picture(content):  # a design of no file of its own: saving must not take the picture's place
            return replace(read(design_text(content, name), name), path="")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(f"{name}:{line}: not UTF-8 text; a design is a TOML file in UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{name}: a binary file; a design is a TOML file in UTF-8")
    return read(text, name, stamp)


def stamp_of(status: os.stat_result, content: bytes) -> Stamp:
    """What tells whether a file has changed on disk since it was read."""
    return Stamp(status.st_mtime_ns, status.st_size, hashlib.sha256(content).hexdigest())


def read(text: str, path: str = "", stamp: Stamp | None = None) -> Document:
    """Read a text. Raises DocumentError for broken TOML and for a version this one cannot read."""
    data = _parsed(text, path)
    found = Found()
    version = data.get("schema")
    kept = text
    if version != schema.VERSION:
        data, migrated = _migrated(data, found, path, text)
        if migrated:
            from infralab.models.document import dump

            kept = dump.document(data)
    design = read_design(data, found)
    return Document(design, found.problems(text, path), kept, path, stamp)


def from_mapping(data: Mapping[str, Any], path: str = "") -> tuple[Design, tuple[Problem, ...]]:
    """A design from tables that are already parsed, such as a measurement's merged row."""
    found = Found()
    design = read_design(data, found)
    return design, found.problems("", path)


def _parsed(text: str, path: str) -> dict[str, Any]:
    text = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(_broken(str(error), path, text)) from None
    except ValueError:
        raise DocumentError(f"{path or 'text'}: a number has too many digits") from None
    except RecursionError:
        raise DocumentError(f"{path or 'text'}: tables or lists are nested too deeply") from None


def _broken(message: str, path: str, text: str) -> str:
    """tomllib's sentence with the line where an editor can find it."""
    head, _, place = message.partition(" (at ")
    line = str(text.rstrip().count("\n") + 1)
    if place.startswith("line "):
        line, _, column = place.removeprefix("line ").rstrip(")").partition(", column ")
        head = f"{head} at column {column}"
    elif place:
        head = f"{head} at the end"
    if "overwrite" in head or "twice" in head or "Cannot mutate" in head:
        head += ": a name may stand only once"
    elif "Invalid value" in head:
        head += ": texts stand in quotes"
    where = ":".join(part for part in (path, line) if part)
    return f"{where or 'text'}: not valid TOML: {head}"


def _migrated(
    data: dict[str, Any], found: Found, path: str, text: str
) -> tuple[dict[str, Any], bool]:
    version = data.get("schema")
    if version is None:
        found.warning(("schema",), "missing", f'taken as schema = "{schema.VERSION}"')
        return data, False
    line = line_of(statements(text), ("schema",))
    where = f"{path or 'text'}:{line or ''}: schema = {shown(version)}".replace("::", ":")
    if not isinstance(version, str):
        raise DocumentError(f'{where}: expected schema = "{schema.VERSION}"')
    first = version
    while version in MIGRATIONS:
        data = MIGRATIONS[version](dict(data))
        version = data["schema"]
    if version == schema.VERSION:
        found.warning(
            ("schema",),
            f"an older version, read as {schema.VERSION}",
            "saving writes the new version, without the old file's comments",
            first,
        )
        return data, True
    family, _, number = version.partition("/")
    if family == "infralab.measurements":
        raise DocumentError(f"{where}: measurements, no design; run: infralab validate {path}".rstrip())
    current = schema.VERSION.partition("/")[2]
    if family == "infralab.design" and number.isdigit() and int(number) > int(current):
        raise DocumentError(f"{where}: a newer InfraLab wrote it; this one reads {schema.VERSION}: update it")
    raise DocumentError(f'{where}: not a version this InfraLab reads; expected "{schema.VERSION}"')
