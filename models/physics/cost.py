"""Money: what each box costs an hour, rented or owned.

Rent is the cited list price of the catalogue where there is one; else purchase price spread over its
amortisation with maintenance (economics, `[default]`). Prices marked assumed stay marked. Electricity
is added for owned boxes only: rent includes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from infralab.models.arithmetic import Number
from infralab.models.machine import Machine, Pool, Tier

HOURS_PER_MONTH = 730.5


class Price(NamedTuple):
    """What one box costs; `owned` where it was bought rather than rented."""

    usd_per_hour: Number
    mark: str  # cited, assumed, override
    owned: bool


def pool_price(machine: Machine, pool: Pool) -> Price | None:
    """USD an hour of one server of the pool, or None where no price is known."""
    figures = machine.figures
    path = f"{pool.owner}.price"
    rent = pool.box.overrides.get("price_hour")
    if rent is not None:
        return Price(figures.figure(path, rent.value, "USD/h", "override", rent.text), "override", False)
    bought = pool.box.overrides.get("purchase_price")
    if bought is not None:
        kind = "gpu_server" if pool.chip.kind not in ("cpu", "edge-cpu") else "cpu_server"
        hourly = bought.value * hourly_share(machine.catalogue.table("economics"), kind)
        return Price(figures.figure(path, hourly, "USD/h", "override", bought.text), "override", True)
    for component, each in ((pool.component, 1.0), (_component(machine, pool.chip.id), pool.chips)):
        if component is None:
            continue
        if component.id == pool.chip.id:
            each = pool.chips
        hour = component.figures.get("price_hour")
        if hour is not None:
            # a server's printed price may be per chip; the catalogue's figure is for what it names
            mark = component.marks.get("price_hour", "assumed")
            return Price(figures.figure(path, hour, "USD/h", mark, component.id) * each, mark, False)
    economics = machine.catalogue.table("economics")
    cloud = economics.get("cloud", {})
    for key in (pool.component.id, f"chip-{pool.chip.id}"):
        entry = cloud.get(key)
        chip_hour = _first(entry, "usd_per_chip_h", "low", "median")
        if chip_hour is not None:
            mark = "cited" if entry.get("checked") else "assumed"
            return Price(figures.figure(path, chip_hour, "USD/h", mark, key) * pool.chips, mark, False)
    capex = economics.get("capex", {})
    for key, each in ((pool.component.id, 1.0), (pool.chip.id, pool.chips)):
        usd = _first(capex.get(key), "usd")
        if usd is not None:
            mark = "cited" if capex[key].get("checked") else "assumed"
            if key == pool.chip.id:
                each = pool.chips
            kind = "gpu_server" if pool.chip.kind not in ("cpu", "edge-cpu") else "cpu_server"
            price = figures.figure(path, usd * hourly_share(economics, kind), "USD/h", mark, key)
            return Price(price * each, mark, True)
    return None


def tier_price(machine: Machine, tier: Tier, stored_bytes: Number | None) -> Price | None:
    """USD an hour of a tier: by bytes stored (object, file) or by drives bought."""
    month = tier.figures.get("price")
    capacity = tier.figures.get("capacity")
    held = stored_bytes if stored_bytes is not None else (None if capacity is None else capacity * tier.units)
    if month is not None and held is not None:
        return Price(month * held / HOURS_PER_MONTH, tier.component.marks.get("price", "assumed"), False)
    economics = machine.catalogue.table("economics")
    entry = economics.get("capex", {}).get(tier.component.id)
    usd = _first(entry, "usd")
    if usd is None or entry is None:
        return None
    mark = "cited" if entry.get("checked") else "assumed"
    return Price(usd * hourly_share(economics, "storage_flash") * tier.units, mark, True)


def hourly_share(economics: Any, kind: str) -> float:
    """Share of a purchase price that one hour costs: straight line, less salvage, plus maintenance."""
    default = economics["default"]
    years = float(default["amortisation_years"][kind])
    yearly = (1 - float(default["salvage_fraction"])) / years + float(
        default["maintenance_fraction_per_year"]
    )
    return yearly / float(default["hours_per_year"])


def _component(machine: Machine, name: str) -> Any:
    return machine.catalogue.get(name) if machine.catalogue.has(name) else None


def _first(entry: Any, *keys: str) -> float | None:
    for key in keys:
        value = (entry or {}).get(key)
        if isinstance(value, (int, float)):
            return float(value)
    return None
