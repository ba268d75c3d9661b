"""Text, bars and signs as SVG elements. Places are in user units; `role` names a colour of `ink`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from infralab.tui.canvas.roles import HALF_FULL, NEARLY_FULL

# Widths of characters in ems of a grotesque like Inter or Helvetica, rather too wide than too narrow.
_NARROW, _WIDE = frozenset("iljtfrI.,:;|'!()[] ·-"), frozenset("mwMW%@—…◆●○△▲×→")
NARROW_EM, WIDE_EM, CAPITAL_EM, OTHER_EM, IDEOGRAPH_EM = 0.34, 0.95, 0.7, 0.59, 1.05
_CONTROL = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def length(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is."""
    ems = 0.0
    for sign in text:
        if sign in _NARROW:
            ems += NARROW_EM
        elif sign in _WIDE:
            ems += WIDE_EM
        elif ord(sign) > 0x2E7F:
            ems += IDEOGRAPH_EM
        else:
            ems += CAPITAL_EM if sign.isupper() or sign.isdigit() else OTHER_EM
    return ems * size * (1.06 if bold else 1.0)


def cut(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text within `room`, with … where something is missing."""
    if length(text, size, bold) <= room:
        return text
    while text and length(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


def wrapped(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """The text in lines no wider than `room`."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(cut(word, room, size, bold))
    return lines


def text(
    x: float, y: float, words: str, size: float, role: str = "ink", anchor: str = "start", bold: bool = False
) -> str:
    """One line of text, `y` its base line."""
    kind = f"f-{role} b" if bold else f"f-{role}"
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" class="{kind}"{at}>{escape(plain(words))}</text>'


def plain(words: str) -> str:
    """The words without characters that an XML file cannot hold."""
    return _CONTROL.sub(" ", words)


def rect(x: float, y: float, width: float, height: float, kind: str, radius: float = 0, more: str = "") -> str:
    corner = f' rx="{radius:g}"' if radius else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"{corner} class="{kind}"{more}/>'


def bar(x: float, y: float, width: float, height: float, fraction: float, role: str) -> str:
    """A bar on its track; what is above nothing shows at least a little."""
    drawn = min(max(fraction, 0.0), 1.0) * width
    if fraction > 0:
        drawn = max(drawn, height)
    track = rect(x, y, width, height, "f-track", height / 2)
    return track + rect(x, y, drawn, height, f"f-{role}", height / 2) if drawn else track


def diamond(x: float, y: float, size: float, role: str = "full") -> str:
    """◆ with its middle at a place: the sign of the bottleneck, drawn so that no font has to know it."""
    half = size / 2
    return f'<path d="M{x:.1f} {y - half:.1f}l{half:g} {half:g}l{-half:g} {half:g}l{-half:g} {-half:g}z" class="f-{role}"/>'


def pill(x: float, y: float, words: str, size: float, fill: str, role: str, bold: bool = False) -> str:
    """A text on a rounded ground, its middle at a place."""
    width = length(words, size, bold) + size * 0.9
    ground = rect(x - width / 2, y - size * 0.8, width, size * 1.6, f"f-{fill}", size * 0.8)
    return ground + text(x, y + size * 0.36, words, size, role, "middle", bold)


def fullness(fraction: float) -> str:
    """The colour role of a utilisation."""
    return "full" if fraction >= NEARLY_FULL else "busy" if fraction >= HALF_FULL else "bar"


def percent(fraction: float) -> str:
    return f"{fraction * 100:.0f} %" if fraction == 0 or fraction >= 0.005 else "<1 %"


def rounded(points: Sequence[tuple[float, float]], radius: float) -> str:
    """The `d` of a path through the points, its corners rounded."""
    kept = [points[0]]
    for point in points[1:]:
        if point != kept[-1]:
            kept.append(point)
    made = [f"M{kept[0][0]:.1f} {kept[0][1]:.1f}"]
    for before, corner, after in zip(kept, kept[1:], kept[2:], strict=False):
        first, second = _towards(corner, before, radius), _towards(corner, after, radius)
        made.append(f"L{first[0]:.1f} {first[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {second[0]:.1f} {second[1]:.1f}")
    if len(kept) > 1:
        made.append(f"L{kept[-1][0]:.1f} {kept[-1][1]:.1f}")
    return "".join(made)


def _towards(start: tuple[float, float], end: tuple[float, float], far: float) -> tuple[float, float]:
    """The point `far` from start towards end, no more than half-way; the two lie in one row or column."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    whole = abs(dx) + abs(dy)
    share = min(far / whole, 0.5) if whole else 0.0
    return start[0] + dx * share, start[1] + dy * share
