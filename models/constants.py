"""Constants that no datasheet prints: fitted ones with the data behind them, and assumed defaults.

Files in `fitted/` hold them as data: `[assumed]` values have a reason, every other table is fitted
and names the rows it was fitted on. A constant is looked up for a chip's generation, then its kind,
then `default`; it is recorded as a figure `fitted.<table>.<key>.<name>`, so that its elasticity and
its share in the answer can be shown.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from infralab.models.arithmetic import Number
from infralab.models.figures import Figure, Figures

FOLDER = Path(__file__).parent / "fitted"


@cache
def table(name: str) -> dict[str, Any]:
    """The whole file `fitted/<name>.toml`."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def assumed(name: str) -> float:
    """An assumed default, by name ("host.cores_per_chip"); KeyError if the file has none."""
    return float(table("assumed")[name]["value"])


class Constant(NamedTuple):
    """A constant under the path that it is recorded by."""

    path: str
    figure: Figure  # as it is recorded where nothing varies


@cache
def _find(file: str, keys: tuple[str, ...], name: str, unit: str) -> Constant:
    data = table(file)
    for key in (*keys, "default"):
        value = data.get(key, {}).get(name)
        if value is not None:
            fitted_default = "default" in data.get("fitted_keys", ())
            mark = "assumed" if key == "default" and not fitted_default else "fitted"
            return Constant(
                f"fitted.{file}.{key}.{name}", Figure(float(value), unit, mark, f"fitted/{file}.toml")
            )
    raise KeyError(f"fitted/{file}.toml has no {name} for {keys} and no default")


def fitted(figures: Figures, file: str, keys: tuple[str, ...], name: str, unit: str = "") -> Number:
    """The constant `name` of the first of `keys` that has it, else of `default`, as a recorded figure."""
    path, figure = _find(file, keys, name, unit)
    if figures.plain:
        figures.read[path] = figure
        return figure.value
    return figures.figure(path, *figure)
