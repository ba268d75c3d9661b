"""Figures of the catalogue that a design may override: with.<part>.<figure>."""

from __future__ import annotations

from infralab.models.schema.key import Key, keyed, quantity

_MEMORY = (
    quantity("memory", "bytes", "Memory"),
    quantity("memory_bandwidth", "bytes/s", "Memory bandwidth"),
)
_CORES = quantity("cores", "", "Cores")
_CLOCK = quantity("clock", "hertz", "Clock")
_POWER = quantity("power", "watts", "Power at full load")
_PRICE = quantity("price", "USD", "Price")
_BANDWIDTH = quantity("bandwidth", "bytes/s", "Bandwidth, one direction")
_LATENCY = quantity("latency", "seconds", "Latency")
_CHIP = (
    *_MEMORY,
    quantity("cache", "bytes", "Last-level cache"),
    _POWER,
    _CORES,
    _CLOCK,
    quantity("link_bandwidth", "bytes/s", "Links between chips, one direction"),
    quantity("host_link", "bytes/s", "Link to the host, one direction"),
    _PRICE,
)
_TIER = (
    quantity("read_bandwidth", "bytes/s", "Read bandwidth"),
    quantity("write_bandwidth", "bytes/s", "Write bandwidth"),
    quantity("read_iops", "1/s", "Reads a second"),
    quantity("write_iops", "1/s", "Writes a second"),
    quantity("metadata_rate", "1/s", "Opens, listings and the like a second"),
    _LATENCY,
    quantity("capacity", "bytes", "Capacity"),
)
_STORED_PRICE = quantity("price", "USD/bytes/month", "Price of what is stored")

PARTS: dict[str, dict[str, Key]] = {
    "chip": keyed(*_CHIP),
    "cpu": keyed(*_CHIP),
    "dpu": keyed(*_CHIP, _BANDWIDTH),
    "nic": keyed(_BANDWIDTH, _LATENCY, quantity("ports", "", "Ports"), _POWER, _PRICE),
    "disk": keyed(*_TIER, _POWER, _PRICE),
    "host": keyed(*_MEMORY, _CORES, _CLOCK, _POWER, _PRICE),
}
BOX_FIGURES = keyed(
    *_TIER,
    _STORED_PRICE,
    quantity("price_hour", "USD/h", "Rent of one, an hour"),
    quantity("purchase_price", "USD", "Price of one that is bought"),
    quantity("ports", "", "Ports of a switch"),
    _BANDWIDTH,
    quantity("hop_latency", "seconds", "Latency of a switch"),
    _POWER,
)
WIRE_FIGURES = keyed(
    _BANDWIDTH,
    _LATENCY,
    quantity("efficiency", "", "Share of the bandwidth that data reaches", maximum=1.0),
    quantity("cpu_per_bandwidth", "", "Host cores for a Gb/s"),
    _PRICE,
)
PEAK = quantity("peak", "FLOP/s", "Dense arithmetic rate in a number format")
PEAK_PARTS = ("chip", "cpu", "dpu")
