"""The chain behind a figure as a tree: each link with its numbers, inputs with mark and source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infralab.models.units import duration, human
from infralab.tui import words
from infralab.tui.export.report_text import DIM, GOOD, MARKS, STRONG, STUCK, folded
from infralab.tui.export.terminal import Line

if TYPE_CHECKING:
    from infralab.models.explore.why import Input, Reason

INPUTS_SHOWN = 5
SMALL = 0.01
ASSUMED = ("assumed",)


def chain_lines(reason: Reason, width: int) -> Iterator[Line]:
    """The whole chain, then what of it is assumed."""
    yield [(f"{reason.title}  ", STRONG), (valued(reason.value, reason.unit), STUCK)]
    yield from folded(reason.equation, width, "", DIM) if reason.equation else ()
    yield from _below(reason, "", width, top=True)
    found = _assumed(reason)
    yield []
    if found:
        text = ", ".join(f"{item.path} ({_moves(item)})" for item in found[:4])
        yield from folded(f"assumed, not cited: {text}", width, "△ ", "bold magenta")
    yield [("● cited  ◦ derived  ○ fitted  △ assumed  ▸ yours   %: what +10 % of it does", DIM)]


def _below(reason: Reason, pad: str, width: int, top: bool = False) -> Iterator[Line]:
    told = _told_deeper(reason) if top else set()
    inputs = [item for item in reason.inputs if item.path not in told][: 3 if reason.because else INPUTS_SHOWN]
    large = [link for link in reason.because if not _is_small(link, reason)]
    rest_of_it = len(reason.because) - len(large)
    items: list[Any] = [*inputs, *large]
    if rest_of_it:
        seconds = sum(link.value or 0.0 for link in reason.because if link not in large)
        items.append(Small(f"and {rest_of_it} smaller, together", seconds, "s"))
    for number, item in enumerate(items):
        last = number == len(items) - 1
        branch, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if hasattr(item, "mark"):
            yield from _leaf(item, pad + branch, pad + rest, width)
            continue
        value = valued(item.value, item.unit)
        yield [(pad + branch, DIM), (item.title, STRONG), (f"  {value}" if value else "", STUCK)]
        if item.equation:
            more = "│  " if item.because or item.inputs else "   "
            for text in textwrap.wrap(item.equation, width - len(pad + rest + more)):
                yield [(pad + rest + more + text, DIM)]
        yield from _below(item, pad + rest, width)


@dataclass(frozen=True, slots=True)
class Small:
    """What is not told one by one."""

    title: str
    value: float
    unit: str
    equation: str = ""
    because: tuple[()] = ()
    inputs: tuple[()] = ()


def _is_small(link: Reason, whole: Reason) -> bool:
    """A part of a step that takes under a hundredth of it."""
    total = sum(part.value or 0.0 for part in whole.because if part.unit == "s")
    return link.unit == "s" and total > 0 and (link.value or 0.0) < SMALL * total


def _told_deeper(reason: Reason) -> set[str]:
    return {
        item.path for link in reason.because for item in (*link.inputs, *(i for r in link.because for i in r.inputs))
    }


def _leaf(item: Input, branch: str, rest: str, width: int) -> Iterator[Line]:
    style = "bold magenta" if item.mark in ASSUMED else GOOD if item.mark in ("cited", "override") else ""
    value, moves = valued(item.value, item.unit), _moves(item)
    room = max(width - len(branch) - len(value) - len(moves) - 6, 12)
    path = item.path if len(item.path) <= room else "…" + item.path[-(room - 1) :]
    mark, source = f"{MARKS.get(item.mark, ' ')} ", item.source
    if item.mark in ASSUMED and not source.startswith("assumed"):
        source = f"assumed: {source}" if source else "assumed"
    line: Line = [(branch, DIM), (mark, style), (f"{path} ", style), (value, STRONG), (f"  {moves}", DIM)]
    left = width - sum(len(text) for text, _ in line) - 2
    if source and len(source) <= left:
        yield [*line, (f"  {source}", DIM)]
        return
    yield line
    if source:
        yield [(f"{rest}  {source}"[:width], DIM)]


def _moves(item: Input) -> str:
    return f"{item.sensitivity * 10:+.1f} %"


def _assumed(reason: Reason) -> list[Input]:
    found = {item.path: item for item in _all(reason) if item.mark in ASSUMED and abs(item.sensitivity) > 0.01}
    return sorted(found.values(), key=lambda item: -abs(item.sensitivity))


def _all(reason: Reason) -> Iterator[Input]:
    yield from reason.inputs
    for link in reason.because:
        yield from _all(link)


def valued(value: float | None, unit: str) -> str:
    """A figure with its unit, as people write it."""
    if value is None:
        return ""
    if unit in ("s", "seconds"):
        return duration(value)
    if unit in ("1/s", "/s"):
        return f"{human(value)}/s"
    if unit.endswith("/s") and unit not in ("FLOP/s", "B/s"):
        return words.per_second(value, unit)
    return human(value, {"bytes": "B", "watts": "W", "hertz": "Hz", "joules": "J"}.get(unit, unit))


def as_mapping(reason: Reason) -> dict[str, Any]:
    """The chain in plain tables."""
    return {
        "title": reason.title,
        "value": reason.value,
        "unit": reason.unit,
        "equation": reason.equation,
        "inputs": [
            {
                "path": item.path,
                "value": item.value,
                "unit": item.unit,
                "mark": item.mark,
                "source": item.source,
                "sensitivity": item.sensitivity,
            }
            for item in reason.inputs
        ],
        "because": [as_mapping(link) for link in reason.because],
    }
