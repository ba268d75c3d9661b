"""Lessons: what the guide claims, what the model finds, and where to try it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from infralab.models.explore.expression import Ran
from infralab.models.explore.lesson import Lesson, Taught, lesson, lessons
from infralab.models.report import Report
from infralab.models.units import duration, human
from infralab.tui import words
from infralab.tui.panels.paint import SPARKS, Line, bar, cut, left, right
from infralab.tui.stage.browse import Browse, Item
from infralab.tui.stage.page import named, paragraph

LOG_FROM = 100.0  # a curve with a larger range is drawn on a log scale
SIGNS = {"true": ("●", "good"), "when": ("◐", "warning"), "not": ("○", "bad"), "evidence": ("·", "dim")}
LABELS = {
    "rate": "rate", "mfu": "share of the peak", "busy": "share of the time at work", "memory": "memory a chip",
    "energy_per_unit": "energy a sample", "waiting_cost_per_hour": "dollars an hour that buy waiting",
}  # fmt: skip


class Lessons(Browse):
    """Ends with the design of the run that was chosen, or None."""

    heading = "Lessons: the guide's claims, tested"
    KEYS: ClassVar = (("⏎", "try it in the lab"), ("Tab", "which design"), ("type", "search"), ("↑↓", "move"),
                      ("Esc", "back"))  # fmt: skip

    def __init__(self, at: str = "") -> None:
        super().__init__(at)
        self.known: dict[str, Taught | Exception] = {}
        self.run = 0

    def items(self) -> Sequence[Item]:
        return [self._item_of(one) for one in lessons()]

    def _item_of(self, one: Lesson) -> Item:
        taught = self.known.get(one.number)
        mark = sign(taught) if isinstance(taught, Taught) else ("!", "bad") if taught is not None else (" ", "")
        return Item(one.number, one.title, f"{one.claim} {one.room}", one.room, mark)

    def moved(self) -> None:
        self.run = 0
        item = self.current
        if item is not None and item.name not in self.known:
            self.asker.ask("item", item.name, partial(_teach, item.name))
        self._rest()

    def _rest(self) -> None:
        number = next((one.number for one in lessons() if one.number not in self.known), None)
        if number is not None:
            self.asker.ask("rest", number, partial(_teach, number))

    def answered(self, kind: str, tag: Any, value: Any) -> None:
        self.known[tag] = value
        self._rest()

    def special(self, key: str) -> bool:
        if key not in ("tab", "shift+tab"):
            return False
        item = self.current
        taught = self.known.get(item.name) if item is not None else None
        if isinstance(taught, Taught) and taught.runs:
            self.run = (self.run + (1 if key == "tab" else -1)) % len(taught.runs)
        return True

    def choose(self, item: Item) -> None:
        taught = self.known.get(item.name)
        if isinstance(taught, Taught) and taught.runs:
            ran = taught.runs[min(self.run, len(taught.runs) - 1)]
            self.dismiss(ran.designs[0])

    # -- drawing

    def detail(self, item: Item, width: int, height: int) -> list[Line]:
        one = lesson(item.name)
        taught = self.known.get(item.name)
        lines: list[Line] = [*paragraph(f"{one.number}  {one.title}", width, "title"),
                             *paragraph(f"“{one.claim}”", width, "what-if")]  # fmt: skip
        if taught is None:
            return [*lines, [], [("  the model is working …", "dim")]]
        if isinstance(taught, Exception):
            return [*lines, [], *paragraph(f"this lesson can't be carried out: {taught}", width, "bad")]
        mark = sign(taught)
        lines += [[], [("  ", ""), (f"{mark[0]} ", mark[1]), (cut(_capital(taught.verdict), width - 6), mark[1])],
                  *paragraph(taught.text, width)]  # fmt: skip
        if taught.runs:
            lines += [[], *runs(taught, self.run, width)]
        if one.precise:
            lines += [[], *_told("to be precise", one.precise, width)]
        for fact in taught.facts:
            lines += _told(f"{fact.verdict}:", f"{fact.claim}. {fact.detail}", width, "dim")
        if one.next:
            lines += [[], *_told("try next", one.next, width, "accent")]
        return lines


def _told(name: str, text: str, width: int, role: str = "") -> list[Line]:
    return [[("  ", ""), *line] for line in named(name, text, width - 4, role, 15)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sign(taught: Taught) -> tuple[str, str]:
    """A sign for the verdict: true, true when …, not here, evidence only."""
    verdict = taught.verdict
    if verdict.startswith("not"):
        return SIGNS["not"]
    if verdict.startswith("evidence"):
        return SIGNS["evidence"]
    return SIGNS["true"] if verdict == "true" or verdict.startswith("true,") else SIGNS["when"]


def runs(taught: Taught, at: int, width: int) -> list[Line]:
    """A bar for each design, or a curve where the lesson varies something."""
    name = taught.lesson.shows
    figures = [(ran, _values(ran, name)) for ran in taught.runs]
    every = [abs(v) for _, values in figures for v in values if not math.isnan(v)]
    top = max(every, default=0.0)
    scale = min((v for v in every if v > 0), default=0.0), top
    unit = next((r.throughput.unit for r in taught.runs[0].reports if r.throughput is not None), "")
    title = LABELS.get(name, unit) if name != "rate" else unit
    if name.startswith(("gain.", "share.", "score.")):
        title = {"gain": f"what +10 % {name[5:].replace('_', ' ').replace('.', ' ')} gives",
                 "share": f"rate under {name[6:]}, of the best", "score": f"score of {name[6:]}"}[name.split(".")[0]]  # fmt: skip
    head: Line = [("  ", ""), (title, "dim")]
    if taught.lesson.vary:
        texts = taught.runs[0].texts
        path = taught.lesson.vary.partition("=")[0].strip()
        head.append((f", {path} from {texts[0]} to {texts[-1]}", "dim"))
    lines: list[Line] = [head]
    names = min(max((len(ran.label) for ran in taught.runs), default=8) + 2, width // 2)
    for number, (ran, values) in enumerate(figures):
        lines.append(_run_line(ran, values, name, scale, names, width, number == at))
    return lines


def _run_line(
    ran: Ran, values: list[float], name: str, scale: tuple[float, float], names: int, width: int, at: bool
) -> Line:
    shown = [said(v, name, ran.reports[0]) for v in (values[0], values[-1])]
    figure = shown[0] if len(values) == 1 else f"{shown[0]} … {shown[1]}"
    room = max(width - names - 26, 6)
    drawn = curve(values, scale, room)
    if len(values) == 1:
        drawn = bar(abs(values[0]) / scale[1] if scale[1] and not math.isnan(values[0]) else 0.0, room)
    wrong = next((report.status for report in ran.reports if report.status != "ok"), "")
    tail = {"infeasible": "✗", "incomplete": "△"}.get(wrong, " ")
    return [("▸ " if at else "  ", "key"), (left(cut(ran.label, names - 1), names), "strong" if at else ""),
            (left(drawn, room), "bar-new" if at else "bar"), (right(figure, 20), "strong"), (f" {tail}", "bad")]  # fmt: skip


def curve(values: Sequence[float], scale: tuple[float, float], width: int) -> str:
    """Values as heights of one scale for all curves of the lesson; logarithmic from a range of 1 to 100 on."""
    each = max(min(width // len(values), 8), 1)
    low, top = scale
    log = low > 0 and top / low > LOG_FROM
    found = ""
    for value in values:
        share = value / top if top > 0 and value > 0 else 0.0
        if log and share > 0:
            share = 1 + math.log(share) / math.log(top / low) * 0.9
        found += (SPARKS[min(int(share * 8), 7)] if share > 0 else " ") * each
    return found[:width]


def _values(ran: Ran, name: str) -> list[float]:
    found = ran.figure(name)
    values = found if isinstance(found, tuple) else (found,)
    return [v if isinstance(v, float) else math.nan for v in values]


def said(value: float, name: str, report: Report) -> str:
    """A figure as people write it, by what it is."""
    if math.isnan(value):
        return "–"
    if name == "rate":
        return words.number(value, report.throughput.unit if report.throughput is not None else "")
    if name.startswith("gain."):
        return f"{value * 10:+.1f} %"
    if name.startswith("score."):
        return f"{value:.2f}"
    if name.startswith("share.") or name in ("mfu", "busy", "goodput"):
        return words.percent(value)
    if name == "memory":
        return human(value, "B")
    if name == "energy_per_unit":
        return human(value, "J")
    if "cost" in name:
        return words.dollars(value)
    return duration(value) if name.startswith(("time", "latency")) else human(value)


def _teach(number: str) -> Taught:
    from infralab.models.explore.lesson import teach

    return teach(lesson(number))
