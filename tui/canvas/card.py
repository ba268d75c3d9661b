"""One box as rows of characters and roles: what it shows at its zoom, and how its frame tells its state."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.glyphs import cut
from infralab.tui.canvas.roles import FRAME_OF_KIND, Role, bar_role, fullness_glyph, heat_role
from infralab.tui.canvas.view import BoxView, Zoom

Card = tuple[tuple[str, ...], tuple[bytes, ...]]  # rows of characters, rows of roles

LABEL_WIDTH, PERCENT_WIDTH = 6, 5


class Look(IntEnum):
    """What a person is doing with a box."""

    PLAIN = 0
    SELECTED = 1
    CURSOR = 2
    TARGET = 3
    GHOST = 4
    REFUSED = 5


LOOK_ROLE = {
    Look.SELECTED: Role.SELECTED,
    Look.CURSOR: Role.CURSOR,
    Look.TARGET: Role.TARGET,
    Look.GHOST: Role.GHOST,
    Look.REFUSED: Role.REFUSED,
}


def frame_style(box: BoxView, look: Look) -> int:
    """The line a frame is drawn with: it tells selection and bottleneck without colour."""
    if look in (Look.GHOST, Look.REFUSED) or box.dashed:
        return glyphs.DASHED
    if look in (Look.SELECTED, Look.CURSOR, Look.TARGET):
        return glyphs.DOUBLE
    if box.bottleneck:
        return glyphs.HEAVY
    return glyphs.SQUARE if box.kind == "storage" else glyphs.ROUND


def draw(box: BoxView, look: Look = Look.PLAIN) -> Card:
    """The box at its zoom."""
    return _dot(box, look) if box.zoom is Zoom.DOTS else _framed(box, look)


def _frame_role(box: BoxView, look: Look) -> Role:
    if look in LOOK_ROLE:
        return LOOK_ROLE[look]
    if box.heat is not None:
        return heat_role(box.heat)
    if box.problem:
        return Role.PROBLEM
    return Role.BOTTLENECK if box.bottleneck else FRAME_OF_KIND.get(box.kind, Role.OTHER)


def _dot(box: BoxView, look: Look) -> Card:
    mark = glyphs.PROBLEM if box.problem else glyphs.BOTTLENECK if box.bottleneck else glyphs.KIND[box.kind]
    fraction = max((bar.fraction for bar in box.bars), default=0.0)
    text = mark + (fullness_glyph(fraction) if box.bars else " ")
    if look is not Look.PLAIN:
        text = f"[{mark}]"
    width = box.size.width
    return (text.ljust(width)[:width],), (bytes([_frame_role(box, look)]) * width,)


def _framed(box: BoxView, look: Look) -> Card:
    width, height = box.size
    left_up, right_up, left_down, right_down, across, down = glyphs.FRAME[frame_style(box, look)]
    role = _frame_role(box, look)
    chars = [list(left_up + across * (width - 2) + right_up)]
    chars += [list(down + " " * (width - 2) + down) for _ in range(height - 2)]
    chars.append(list(left_down + across * (width - 2) + right_down))
    edge = bytes([role]) * width
    side = bytes([role, *[Role.TEXT] * (width - 2), role])
    roles = [bytearray(edge), *(bytearray(side) for _ in range(height - 2)), bytearray(edge)]
    _title(box, look, chars[0], roles[0])
    for row, spans in enumerate(_rows(box, width - 3), start=1):
        if row < height - 1:
            column = 2
            for text, span_role in spans:
                text = text[: width - 1 - column]
                _write(chars[row], roles[row], column, text, span_role)
                column += len(text)
    return tuple("".join(row) for row in chars), tuple(bytes(row) for row in roles)


def _write(chars: list[str], roles: bytearray, column: int, text: str, role: Role) -> None:
    chars[column : column + len(text)] = text
    roles[column : column + len(text)] = bytes([role]) * len(text)


def _title(box: BoxView, look: Look, chars: list[str], roles: bytearray) -> None:
    """Name, ◆, ! at the left of the upper edge, ×N at the right."""
    width = box.size.width
    badge = f" ×{box.count} " if box.count > 1 else ""
    marks = (" " + glyphs.BOTTLENECK) * box.bottleneck + (" " + glyphs.PROBLEM) * bool(box.problem)
    name = cut(box.title, width - 4 - len(badge) - len(marks))
    title_role = Role.GHOST_TEXT if look in (Look.GHOST, Look.REFUSED) else Role.TITLE
    _write(chars, roles, 2, f" {name} ", Role.CURSOR if look is Look.CURSOR else title_role)
    if marks:
        _write(chars, roles, 3 + len(name), marks + " ", Role.PROBLEM if box.problem else Role.BOTTLENECK)
    if badge:
        _write(chars, roles, width - 1 - len(badge), badge, Role.BADGE)


def _rows(box: BoxView, width: int) -> Iterator[list[tuple[str, Role]]]:
    """Inner rows as spans: bars first, notes below."""
    if box.zoom is Zoom.NAMES:
        if box.bars:
            yield _bar("", box.bars[0].fraction, width)
        elif box.notes:
            yield [(cut(box.notes[0], width), Role.DIM)]
        return
    for bar in box.bars:
        yield _bar(bar.label, bar.fraction, width)
    if box.problem:
        yield [(cut(f"{glyphs.PROBLEM} {box.problem}", width), Role.PROBLEM)]
    for note in box.notes:
        yield [(cut(note, width), Role.TEXT if note is box.notes[0] else Role.DIM)]


def _bar(label: str, fraction: float, width: int) -> list[tuple[str, Role]]:
    name = _short(label, LABEL_WIDTH) + " " if label else ""
    percent = f"{fraction * 100:.0f} %" if fraction == 0 or fraction >= 0.005 else "<1 %"
    cells = width - len(name) - PERCENT_WIDTH - 1
    full = min(round(fraction * cells), cells)
    if fraction >= 0.005 and full == 0:
        full = 1  # something, not nothing
    role = bar_role(fraction)
    return [
        (name, Role.TEXT),
        (glyphs.BAR_FULL * full, role),
        (glyphs.BAR_EMPTY * (cells - full), role),
        (percent.rjust(PERCENT_WIDTH + 1), role if role is Role.BAR_HIGH else Role.TEXT),
    ]


def _short(label: str, width: int) -> str:
    """The first words that fit, padded."""
    kept = ""
    for word in label.split():
        longer = f"{kept} {word}".strip()
        if len(longer) > width:
            break
        kept = longer
    return (kept or cut(label, width)).ljust(width)
