"""Carbon: what the electricity of a site weighs, from power, PUE and the intensity of its grid.

    facility power = power of what is drawn · PUE
    grams an hour  = facility power (kW) · intensity (g/kWh)

(The operational part of the GHG Protocol's scope 2, location based; what was emitted to make the
hardware is not in it.) Intensities are yearly means, life cycle and consumption based.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from infralab.models.arithmetic import first
from infralab.models.catalogue import Catalogue
from infralab.models.machine import Machine

DEFAULT_GRID = "world"  # rows of the catalogue's tables that stand for a site nobody named
DEFAULT_HALL = "ai-hall-default"


class Footprint(NamedTuple):
    """Of a design at work."""

    grams_per_hour: float
    grid: str
    pue: float
    usd_per_hour: float  # of electricity
    assumed: bool
    priced: bool  # the design names the price of its electricity


def grids(catalogue: Catalogue) -> Mapping[str, Any]:
    """The catalogue's grids by id, each with `name` and `g_per_kwh`."""
    return {name: row for name, row in catalogue.table("power.carbon").items() if "g_per_kwh" in row}


def footprint(machine: Machine, watts: float) -> Footprint:
    """Grams of CO2 equivalent an hour, and what the electricity costs, for `watts` drawn by the boxes."""
    site, figures, catalogue = machine.design.site, machine.figures, machine.catalogue
    rows = catalogue.table("power.carbon")
    named = site.grid is not None and "g_per_kwh" in rows.get(site.grid, ())
    name = str(site.grid) if named else DEFAULT_GRID
    row = rows[name]
    label = str(row.get("name", name))
    if site.carbon_intensity is not None:
        intensity, mark, source = site.carbon_intensity.value, "override", site.carbon_intensity.text
        label = source
    else:
        intensity = float(row["g_per_kwh"])
        mark = "cited" if named else "assumed"
        source = f"carbon.{name}"
    if site.pue is not None:
        pue, pue_mark = float(site.pue), "override"
    else:
        pue, pue_mark = float(catalogue.table("power.pue")[DEFAULT_HALL]["pue"]), "assumed"
    if site.electricity_price is not None:
        price, price_mark = site.electricity_price.value, "override"
    else:
        price = float(catalogue.table("economics")["default"]["electricity_usd_kwh"])
        price_mark = "assumed"
    intensity = first(figures.figure("site.carbon_intensity", intensity, "g/kWh", mark, source))
    pue = first(figures.figure("site.pue", pue, "", pue_mark, f"pue.{DEFAULT_HALL}" if site.pue is None else ""))
    price = first(figures.figure("site.electricity_price", price, "USD/kWh", price_mark, "economics"))
    kilowatts = watts * pue / 1000
    assumed = "assumed" in (mark, pue_mark)
    return Footprint(kilowatts * intensity, label, pue, kilowatts * price, assumed, site.electricity_price is not None)
