"""What would help, ranked: free before cheap before bought; what could go; Enter makes one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from infralab.models.units import UnitError, human, parse
from infralab.tui import words
from infralab.tui.export import upgrades_text
from infralab.tui.panels.paint import Line, cut, left, right, wrap
from infralab.tui.plot.scatter import Dot, scatter_lines
from infralab.tui.screens.ask import Prompt
from infralab.tui.screens.sheet import STEPS, TICK_SECONDS, Keys, Sheet, beside, header, in_roles

if TYPE_CHECKING:
    from infralab.models.explore.answer import Answer
    from infralab.models.explore.candidates import Change
    from infralab.models.explore.limits import Limits
    from infralab.models.explore.upgrades import Spare, Upgrade
    from infralab.tui.screens.lab import LabScreen

WIDE, TALL = 110, 30
BREATH_SECONDS = 0.001  # between candidates, so that keys are answered at once
RANKS = {"gain": "gain", "dollar": "gain per dollar", "watt": "gain per watt"}
GROUPS = {"free": "Free: configure", "cheap": "Cheap: a part or a cable", "buy": "Buy: boxes or chips"}


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search brought."""

    base: Answer
    found: tuple[Upgrade, ...]
    spare: tuple[Spare, ...]
    front: tuple[Upgrade, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the list that can be made."""

    label: str
    changes: tuple[Change, ...]
    row: tuple[str, str, str]  # gain, money, power
    about: str
    close: bool = False
    group: str = "spare"


class Upgrades(Sheet["Offer | None"]):
    """Ends with the offer to make, or None."""

    heading = "What would help"
    keys: ClassVar[Keys] = (
        ("⏎", "make it"), ("g", "rank by gain, dollar, watt"), ("b", "budget"), ("w", "power"), ("v", "vendor"),
        ("k", "keep"), ("r", "no limits"), ("Esc", "back"),
    )  # fmt: skip

    def __init__(self, lab: LabScreen) -> None:
        super().__init__()
        from infralab.models.explore.limits import Limits

        self.lab = lab
        self.design = lab.desk.session.design
        self.limits: Limits = Limits()
        self.by = "gain"
        self.ranked: Ranked | None = None
        self.cursor = 0
        self._search = 0  # the newest search wins
        self._done = (0, 0)

    # -- searching

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.search()

    def on_unmount(self) -> None:
        self._search += 1

    def search(self) -> None:
        """Rank anew, away from the screen; an older search gives up."""
        self._search += 1
        number, design, limits = self._search, self.design, self.limits
        self.ranked, self._done = None, (0, 0)

        def go_on(done: int, total: int) -> bool:
            if number == self._search:
                self._done = (done, total)
            time.sleep(BREATH_SECONDS)
            return number == self._search

        def work() -> Ranked:
            from infralab.models.explore.answer import ask
            from infralab.models.explore.upgrades import pareto, spares, upgrades
            from infralab.tui.parts import catalogue_for

            catalogue = catalogue_for(design)
            found = upgrades(design, catalogue, limits, progress=go_on)
            spare = spares(design, catalogue) if number == self._search else []
            kept = tuple(s for s in spare if limits.allow(s.change))
            return Ranked(ask(design, catalogue), tuple(found), kept, tuple(pareto(found)))

        def done(ranked: Ranked) -> None:
            if number == self._search:
                self.ranked, self.cursor = ranked, 0
                self._tick()

        self.lab.desk.task(work, done, "search")

    def _tick(self) -> None:
        done, total = self._done
        searching = f"trying {done} of {total} …" if total else "looking …"
        note = searching if self.ranked is None else f"{len(self.ranked.found)} help"
        note = f"{note}   by {RANKS[self.by]}{self._limited()}"
        if note != self.note or self.ranked is not None:
            self.note = note
            self.repaint()

    def _limited(self) -> str:
        limits, told = self.limits, []
        if limits.budget_per_hour is not None:
            told.append(f"≤ {words.dollars(limits.budget_per_hour)}/h")
        if limits.power_watts is not None:
            told.append(f"≤ {human(limits.power_watts, 'W')}")
        told += [*limits.vendors, *(f"keep {k}" for k in limits.keep)]
        return "   within " + ", ".join(told) if told else ""

    # -- the list

    def offers(self) -> list[Offer]:
        if self.ranked is None:
            return []
        made = []
        for group in GROUPS:
            for item in upgrades_text.ordered((u for u in self.ranked.found if u.group == group), self.by):
                gain = ("≈" if item.close else "") + words.factor(1.0, 1.0 + item.gain)
                row = (gain, upgrades_text.money(item.cost_change), upgrades_text.power(item.power_change))
                about = "; ".join(upgrades_text._notes(item))
                made.append(Offer(item.label, item.changes, row, about, item.close, group))
        for item in self.ranked.spare:
            saved = None if item.saving_per_hour is None else -item.saving_per_hour
            watts = None if item.saving_watts is None else -item.saving_watts
            loss = "same" if item.loss < 0.0005 else f"−{item.loss * 100:.1f} %"
            row = (loss, upgrades_text.money(saved), upgrades_text.power(watts))
            made.append(Offer(item.change.label, (item.change,), row, "can go: the rate does not miss it"))
        return made

    def draw(self, width: int, height: int) -> list[Line]:
        offers = self.offers()
        self.cursor = min(max(self.cursor, 0), max(len(offers) - 1, 0))
        top = self._top(width)
        if self.ranked is None or not offers:
            return [
                *top,
                [],
                [("  …" if self.ranked is None else "  Nothing that was tried helps within the limits.", "dim")],
            ]
        chosen = offers[self.cursor]
        if width >= WIDE:
            side = min(width * 2 // 5, 66)
            body = height - len(top) - 1
            rows = self._rows(offers, width - side - 3, body)
            detail = [*_detail(chosen, side), [], *self._plot(side, body, chosen)]
            return [*top, [], *beside(rows, detail[:body], width, side)]
        detail = _detail(chosen, width)[: 8 if height < TALL else 12]
        body = height - len(top) - len(detail) - 1
        rows = self._rows(offers, width, body)
        return [*top, *rows, *([] for _ in range(body - len(rows))), header("If you make it", width), *detail]

    def _top(self, width: int) -> list[Line]:
        if self.ranked is None:
            return []
        texts = wrap(upgrades_text.opening(self.ranked.base, self.ranked.found), width - 3)[:3]
        return [[("◆ " if n == 0 else "  ", "bottleneck"), (text, "strong")] for n, text in enumerate(texts)]

    def _rows(self, offers: list[Offer], width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        at = 0
        group = ""
        for number, offer in enumerate(offers):
            if offer.group != group:
                group = offer.group
                title = GROUPS.get(group, "Spare: can go at under 1 % of the rate")
                lines.append([(left(title, width - 27), "accent"), (right("gain", 8), "dim"), (right("USD/h", 9), "dim"),
                              (right("power", 10), "dim")])  # fmt: skip
            if number == self.cursor:
                at = len(lines)
            lines.append(_row(offer, width, number == self.cursor))
        first = min(max(at - height // 2, 0), max(len(lines) - height, 0))
        return lines[first : first + height]

    def _plot(self, width: int, height: int, chosen: Offer) -> Iterator[Line]:
        """Gain against money; the offer under the cursor stands out."""
        assert self.ranked is not None
        known = [u for u in self.ranked.found if u.cost_change is not None]
        if len(known) < 3 or height < 24:
            return
        front = set(map(id, self.ranked.front))
        dots = []
        for item in sorted(known, key=lambda u: id(u) in front):
            mine = item.changes == chosen.changes
            role = "cursor" if mine else "good" if id(item) in front else "dim"
            dots.insert(
                0, Dot(item.cost_change or 0.0, item.gain, "◆" if mine else "●" if id(item) in front else "·", role)
            )
        dots.sort(key=lambda d: d.role != "cursor")
        costs, gains = [d.x for d in dots] + [0.0], [d.y for d in dots]
        across = (f"{upgrades_text.money(min(costs))} USD/h", f"{upgrades_text.money(max(costs))} USD/h")
        up = ("now", words.factor(1.0, 1.0 + max(gains)))
        yield header("Gain against money", width)
        yield from in_roles(scatter_lines(dots, (), across, up, width, max(min(height - 14, 26), 6), self.page.plain))
        yield [("● ", "good"), ("nothing beats it in gain, money and power at once", "dim")]

    # -- keys

    def pressed(self, key: str) -> bool:
        if key in STEPS:
            self.cursor += STEPS[key]
        elif key == "enter":
            offers = self.offers()
            if offers:
                self.leave(offers[self.cursor])
        elif key == "g":
            ranks = list(RANKS)
            self.by = ranks[(ranks.index(self.by) + 1) % len(ranks)]
            self.cursor = 0
            self._tick()
        elif key in ("b", "w"):
            self._ask_limit(key)
        elif key == "v":
            self._ask_words(
                "Only parts of these vendors",
                "nvidia, amd; empty: anybody's",
                ", ".join(self.limits.vendors),
                "vendors",
            )
        elif key == "k":
            about = "box.train, wire, software, workload, plan; empty: nothing"
            self._ask_words("Leave these as they are", about, ", ".join(self.limits.keep), "keep")
        elif key == "r":
            from infralab.models.explore.limits import Limits

            self.limits = Limits()
            self.search()
        else:
            return False
        return True

    def _ask_limit(self, key: str) -> None:
        name, dimension, title, about = {
            "b": ("budget_per_hour", "USD/h", "The whole design may cost", "like 400 USD/h; empty: no limit"),
            "w": ("power_watts", "watts", "The whole design may draw", "like 90 kW; empty: no limit"),
        }[key]

        def value(text: str) -> float:
            try:
                return float(text)
            except ValueError:
                return parse(text, dimension).value

        def check(text: str) -> str:
            try:
                return "" if not text or value(text) > 0 else "more than nothing"
            except UnitError as error:
                return str(error)

        def done(text: str | None) -> None:
            if text is not None:
                self.limits = replace(self.limits, **{name: value(text) if text else None})
                self.search()

        now = getattr(self.limits, name)
        shown = "" if now is None else f"{now:g} USD/h" if key == "b" else human(now, "W")
        self.app.push_screen(Prompt(title, shown, about, check), done)

    def _ask_words(self, title: str, about: str, now: str, name: str) -> None:
        def done(text: str | None) -> None:
            if text is not None:
                found = tuple(word.strip() for word in text.split(",") if word.strip())
                self.limits = replace(self.limits, **{name: found})
                self.search()

        self.app.push_screen(Prompt(title, now, about), done)


def _told(label: str, width: int) -> str:
    """A label in its room: of several changes the last tells rows apart, so the first ones are cut."""
    first, joined, last = label.rpartition(" + ")
    room = width - len(joined) - len(last)
    if len(label) <= width or not joined:
        return cut(label, width)
    return cut((f"{cut(first, room)}{joined}" if room > 3 else "… + ") + last, width)


def _row(offer: Offer, width: int, chosen: bool) -> Line:
    gain, money, power = offer.row
    room = width - 29
    role = "dim" if offer.close else "" if offer.group == "spare" else "good"
    line: Line = [
        (f"  {left(_told(offer.label, room), room)}", ""),
        (right(gain, 8), role),
        (right(money, 9), ""),
        (right(power, 10), ""),
    ]
    return [(text, "cursor") for text, _ in line] if chosen else line


def _detail(offer: Offer, width: int) -> list[Line]:
    """What is edited, and what it leads to."""
    lines: list[Line] = [[(text, "strong")] for text in wrap(offer.label, width)]
    lines += [[(text, "")] for text in wrap(offer.about, width)]
    if offer.close:
        lines += [
            [(text, "warning")] for text in wrap("≈ too close to call: smaller than the model's own error", width)
        ]
    for change in offer.changes:
        lines += [[("  ", ""), (cut(f"--set '{text}'", width - 2), "dim")] for text in change.sets]
        lines += [[("  ", ""), (cut(f"--remove {text}", width - 2), "dim")] for text in change.removes]
    return lines


def open_upgrades(lab: LabScreen) -> None:
    """Show the ranking over the lab; what is chosen becomes one edit."""
    from infralab.models.explore.candidates import applied

    def done(offer: Offer | None) -> None:
        if offer is not None and lab.make(lambda old: applied(old, offer.changes), offer.label):
            lab.say(f"{offer.label}: ^Z takes it back")

    lab.app.push_screen(Upgrades(lab), done)
