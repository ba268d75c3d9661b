"""A writer that sends only the cells that changed.

Textual writes each dirty line from the widget's left edge, dressed anew for every segment. Here an update
is laid over the frame that the terminal shows, compared cell by cell, and written with the fewest cursor
moves and attribute changes. `DiffUpdate` is what Textual's own `App._display` is handed in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

JUMP_BYTES = 5  # what it takes to move the cursor on in a row; unchanged cells that cost less are written again

Row = tuple[int, int, Strip]  # y, x, strip
Dress = tuple[str, str, str]  # SGR codes of attributes, foreground, background

SGR = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")  # in the order of rich's bits


class Wardrobe:
    """Small numbers for how cells look: two styles that look alike share one."""

    def __init__(self) -> None:
        self.dresses: list[Dress] = []
        self._by_dress: dict[Dress, int] = {}
        self._by_style: dict[tuple[Any, ColorSystem], int] = {}

    def number(self, style: Style | None, system: ColorSystem) -> int:
        key = (None if style is None else (_attributes(style), style.color, style.bgcolor), system)
        found = self._by_style.get(key)
        if found is None:
            dress = _dress(style, system)
            found = self._by_dress.get(dress, -1)
            if found < 0:
                found = self._by_dress[dress] = len(self.dresses)
                self.dresses.append(dress)
            self._by_style[key] = found
        return found


def _attributes(style: Style) -> int:
    bits: int = style._attributes & style._set_attributes
    return bits


def _dress(style: Style | None, system: ColorSystem) -> Dress:
    if style is None:
        return "", "", ""
    bits = _attributes(style)
    attributes = ";".join(SGR[bit] for bit in range(bits.bit_length()) if bits & (1 << bit))
    front = back = ""
    if style.color is not None:
        front = ";".join(style.color.downgrade(system).get_ansi_codes())
    if style.bgcolor is not None:
        back = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(False))
    return attributes, front, back


class Frame:
    """What the terminal shows: characters and dress numbers by row, and the strips last laid there."""

    def __init__(self) -> None:
        self.width = self.height = 0
        self.chars: list[list[str | None]] = []
        self.looks: list[list[int]] = []
        self.strips: list[dict[int, Strip]] = []
        self.wardrobe = Wardrobe()

    def fit(self, width: int, height: int) -> None:
        """Forget everything when the terminal's size changed."""
        if (self.width, self.height) != (width, height):
            self.width, self.height = width, height
            self.forget()

    def forget(self) -> None:
        """The terminal may show anything: the next update is written whole."""
        self.chars = [[None] * self.width for _ in range(self.height)]
        self.looks = [[-1] * self.width for _ in range(self.height)]
        self.strips = [{} for _ in range(self.height)]

    def _laid(self, y: int, x: int, strip: Strip) -> bool:
        """Whether this very strip lies there already; else it is noted, and what it covers is void."""
        row = self.strips[y]
        if row.get(x) is strip:
            return True
        end = x + strip.cell_length
        for start in [s for s, old in row.items() if s < end and s + old.cell_length > x]:
            del row[start]
        row[x] = strip
        return False

    def encode(self, rows: Iterable[Row], system: ColorSystem) -> str:
        """Lay rows over the frame; the text that brings the terminal to it. Empty when nothing changed."""
        pen = _Pen(self)
        for y, x, strip in rows:
            if not 0 <= y < self.height or not 0 <= x < self.width or self._laid(y, x, strip):
                continue
            chars, looks = _cells(strip, self.wardrobe, system)
            count = min(len(chars), self.width - x)
            del chars[count:], looks[count:]
            old_chars, old_looks = self.chars[y], self.looks[y]
            part = slice(x, x + count)
            if old_chars[part] == chars and old_looks[part] == looks:
                continue
            for start, end in _runs(chars, looks, old_chars[part], old_looks[part]):
                pen.write(y, x, chars, looks, start, end)
            old_chars[part], old_looks[part] = chars, looks
        return pen.text()


def _cells(strip: Strip, wardrobe: Wardrobe, system: ColorSystem) -> tuple[list[str], list[int]]:
    """One entry a cell; the second cell of a wide character is an empty string."""
    chars: list[str] = []
    looks: list[int] = []
    for text, style, control in strip:
        if control:
            continue
        number = wardrobe.number(style, system)
        if text.isascii() or cell_len(text) == len(text):
            chars.extend(text)
            looks.extend([number] * len(text))
            continue
        for char in text:
            size = cell_len(char)
            if size == 0:
                if chars:
                    chars[-1] += char
                continue
            chars.append(char)
            looks.append(number)
            if size == 2:
                chars.append("")
                looks.append(number)
    return chars, looks


def _runs(
    chars: list[str], looks: list[int], old_chars: list[str | None], old_looks: list[int]
) -> Iterator[tuple[int, int]]:
    """Stretches of cells to write: what changed, joined over small gaps, whole wide characters."""
    changed = [
        i
        for i in range(len(chars))
        if chars[i] != old_chars[i] or looks[i] != old_looks[i]
    ]
    start = previous = changed[0]
    for i in [*changed[1:], None]:
        if i is not None and (i == previous + 1 or _cheap(chars, looks, previous, i)):
            previous = i
            continue
        end = previous + 1
        while start and chars[start] == "":
            start -= 1
        while end < len(chars) and chars[end] == "":
            end += 1
        yield start, end
        if i is not None:
            start = previous = i


def _cheap(chars: list[str], looks: list[int], before: int, after: int) -> bool:
    """Whether the unchanged cells between two changed ones cost no more than a jump: few, and dressed alike."""
    if after - before - 1 > JUMP_BYTES:
        return False
    look = looks[before] if looks[before + 1] == looks[before] else looks[after]
    if any(look != other for other in looks[before + 1 : after]):
        return False
    return len("".join(chars[before + 1 : after]).encode()) <= JUMP_BYTES


class _Pen:
    """Writes stretches with as few bytes as it can; knows where the cursor is and what it wears."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.out: list[str] = []
        self.at: tuple[int, int] | None = None
        self.dress: Dress | None = None

    def write(self, y: int, x: int, chars: list[str], looks: list[int], start: int, end: int) -> None:
        self._go(y, x + start)
        i = start
        while i < end:
            look, stop = looks[i], i + 1
            while stop < end and looks[stop] == look:
                stop += 1
            text = "".join(chars[i:stop])
            self._wear(self.frame.wardrobe.dresses[look], text)
            self.out.append(text)
            i = stop
        column = x + end
        # after the last column terminals differ in where the cursor is
        self.at = None if column >= self.frame.width else (y, column)

    def _go(self, y: int, x: int) -> None:
        if self.at == (y, x):
            return
        if self.at is not None and self.at[0] == y and x > self.at[1]:
            step = x - self.at[1]
            self.out.append("\x1b[C" if step == 1 else f"\x1b[{step}C")
        elif self.at is not None and self.at[0] == y - 1 and x == 0:
            self.out.append("\r\n")
        else:
            self.out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")

    def _wear(self, dress: Dress, text: str) -> None:
        """Change into a dress with as few codes as it takes; on blanks only what shows on blanks."""
        attributes, front, back = dress
        if self.dress is None:
            self.out.append(f"\x1b[{';'.join(['0', *(code for code in dress if code)])}m")
            self.dress = dress
            return
        old_attributes, old_front, old_back = self.dress
        if text.isspace() and _invisible_on_blanks(attributes) and _invisible_on_blanks(old_attributes):
            attributes, front = old_attributes, old_front
        codes = _attribute_codes(old_attributes, attributes)
        if front != old_front:
            codes.append(front or "39")
        if back != old_back:
            codes.append(back or "49")
        if codes:
            self.out.append(f"\x1b[{';'.join(codes)}m")
        self.dress = (attributes, front, back)

    def text(self) -> str:
        if self.dress is not None:
            self.out.append("\x1b[m")
        return "".join(self.out)


# What ends an attribute; bold and dim share theirs.
OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29", "21": "24",
       "51": "54", "52": "54", "53": "55"}


@lru_cache(maxsize=256)
def _invisible_on_blanks(attributes: str) -> bool:
    """Whether a space looks the same with and without: weight and slant don't show on it, lines do."""
    return all(code in ("", "1", "2", "3") for code in attributes.split(";"))


def _attribute_codes(old: str, new: str) -> list[str]:
    """Codes from one set of attributes to another."""
    return [] if old == new else list(_attribute_change(old, new))


@lru_cache(maxsize=256)
def _attribute_change(old: str, new: str) -> tuple[str, ...]:
    before, after = set(filter(None, old.split(";"))), set(filter(None, new.split(";")))
    off = sorted({OFF[code] for code in before - after})
    kept = {code for code in before & after if OFF[code] in off}  # ended along with another
    return (*off, *sorted((after - before) | kept, key=int))


class DiffUpdate(CompositorUpdate):
    """An encoded frame in the form that `App._display` writes."""

    def __init__(self, text: str) -> None:
        self.encoded = text

    def render_segments(self, console: Console) -> str:
        return self.encoded

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.encoded)


def rows_of(update: LayoutUpdate | ChopsUpdate, height: int) -> Iterator[Row]:
    """The strips of one of Textual's updates, each with its place on the screen."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                if strip is not None:
                    yield y, x, strip
                    x += strip.cell_length
        return
    done = set()
    for y, x1, x2 in update.spans:
        if not 0 <= y < height:
            continue
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1 and (y, x) not in done:
                done.add((y, x))
                yield y, x, strip
