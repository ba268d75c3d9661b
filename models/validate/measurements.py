"""Measurement files: published results as designs with measured values (docs/document.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infralab.models.refusal import Refusal

FILE_SCHEMA = "infralab.measurements/1"
BOUNDS = ("at least", "at most")


class ValidationError(Refusal):
    """A measurement file that cannot be read; the text names file and place."""


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: a design as a mapping, and what was measured on it."""

    id: str
    source: str
    family: str  # what its error is counted under
    fitted: bool  # whether a constant was fitted to it
    file: str  # name without folder
    data: Mapping[str, Any]  # the design, defaults of the file merged in
    measured: tuple[Mapping[str, Any], ...]  # tables with `metric`, and `value` or `ratio`


def files(paths: Iterable[str | Path]) -> list[Path]:
    """Measurement files named or below the folders named. Raises ValidationError for a missing path."""
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found += sorted(path.rglob("*.toml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ValidationError(f"{path}: no such file or folder")
    if not found:
        raise ValidationError("no measurement files (*.toml) there")
    return found


def cases(path: Path) -> Iterator[Case]:
    """The measurements of one file, each design merged over the file's defaults, table by table.

    Raises ValidationError for what is no measurement file, or a row that does not say what was measured.
    """
    data = _read(path)
    defaults = data.get("defaults", {})
    if not isinstance(defaults, dict):
        raise ValidationError(f"{path}: defaults: expected a table, a design that every row is merged over")
    rows = data.get("measurement", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValidationError(f"{path}: measurement: expected a list of tables, each headed [[measurement]]")
    for number, row in enumerate(rows, 1):
        _check(path, number, row)
        yield Case(
            id=str(row.get("id", number)),
            source=str(row.get("source", data.get("source", ""))),
            family=str(data.get("family", "")),
            fitted=bool(row.get("fitted", data.get("fitted", False))),
            file=path.name,
            data=_merged(defaults, row.get("design", {})),
            measured=tuple(row["measured"]),
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValidationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValidationError(f"{path}: not UTF-8 text; a measurement file is a TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValidationError(f"{path}: not valid TOML: {error}") from None
    if data.get("schema") != FILE_SCHEMA:
        raise ValidationError(f'{path}: schema is {data.get("schema")!r}; a measurement file says "{FILE_SCHEMA}"')
    return data


def _check(path: Path, number: int, row: Mapping[str, Any]) -> None:
    where = f"{path}: measurement {number}" + (f" ({row['id']})" if "id" in row else "")
    measured = row.get("measured")
    if not isinstance(measured, list):
        raise ValidationError(f"{where} has no list `measured`")
    for item in measured:
        if not isinstance(item, dict) or "metric" not in item or not ("value" in item or "ratio" in item):
            raise ValidationError(f'{where}: measured: expected {{ metric = "throughput", value = "88 k images/s" }}')
        if "ratio" in item and not ("framework" in item and "over" in item):
            raise ValidationError(
                f'{where}: measured: a ratio is of two frameworks: {{ framework = "one", over = "other", ratio = 1.1 }}'
            )
        if item.get("bound") not in (None, *BOUNDS):
            raise ValidationError(f"{where}: measured: bound is {item['bound']!r}; {' or '.join(BOUNDS)}")
    if not isinstance(row.get("design", {}), dict):
        raise ValidationError(f"{where}: design: expected a table")


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        before = result.get(key)
        result[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result
