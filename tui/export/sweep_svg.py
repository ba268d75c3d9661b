"""A sweep as an SVG picture: the curve with knee and turns, or the map by what binds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from infralab.models.units import human
from infralab.tui.export import sweep_text
from infralab.tui.plot.heat import LETTERS
from infralab.tui.plot.scale import Scale, scale_of

if TYPE_CHECKING:
    from infralab.models.explore.sweep import Sweep

WIDTH, HEIGHT = 840, 480
LEFT, RIGHT, TOP, BOTTOM = 90, 24, 64, 64
# Okabe and Ito's palette (2008): told apart with any of the common colour deficiencies
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
INK, PALE = "#222222", "#bbbbbb"


def svg(found: Sweep, title: str) -> str:
    """The whole picture as text."""
    body = _curve(found) if len(found.axes) == 1 else _map(found)
    head = _text(LEFT, 24, title or "Sweep", 16, weight="bold") + _text(LEFT, 44, sweep_text.sentence(found), 12)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="white"/>{head}{body}</svg>\n'
    )


def _text(x: float, y: float, text: str, size: int = 11, anchor: str = "start", **more: str) -> str:
    extra = "".join(f' {"font-" + k if k == "weight" else k}="{v}"' for k, v in more.items())
    fill = "" if "fill" in more else f' fill="{INK}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{fill}{extra}>{escape(text)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"{dashes}/>'


def _x(scale: Scale, value: float) -> float:
    return LEFT + scale.at(value) * (WIDTH - LEFT - RIGHT)


def _y(scale: Scale, value: float) -> float:
    return HEIGHT - BOTTOM - scale.at(value) * (HEIGHT - TOP - BOTTOM)


def _curve(found: Sweep) -> str:
    curve = sweep_text.curve_of(found)
    xs = [float(i) for i in range(len(curve.xs))] if curve.even else list(curve.xs)
    known = [(i, y) for i, y in enumerate(curve.ys) if y is not None]
    if not known:
        return _text(LEFT, HEIGHT / 2, "no point has an answer")
    across, up = scale_of(xs), scale_of([y for _, y in known], zero=True)
    parts = [_frame(up, curve.unit), _text(WIDTH / 2, HEIGHT - 12, found.axes[0].path, 12, "middle")]
    last = -1e9
    for index, label in enumerate(curve.labels):
        x = _x(across, xs[index])
        if x - last > 7 * len(label) + 10:
            parts.append(_text(x, HEIGHT - BOTTOM + 18, label, 11, "middle"))
            last = x
    for number, turn in enumerate(found.turns(), 1):
        x = _x(across, xs[turn.index])
        parts.append(_line(x, TOP, x, HEIGHT - BOTTOM, COLOURS[1], "4 4"))
        parts.append(_text(x + 4, TOP + 14 * number, turn.after, 11, fill=COLOURS[5]))
    points = " ".join(f"{_x(across, xs[i]):.1f},{_y(up, y):.1f}" for i, y in known)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[0]}" stroke-width="2"/>')
    for i, y in known:
        parts.append(f'<circle cx="{_x(across, xs[i]):.1f}" cy="{_y(up, y):.1f}" r="3" fill="{COLOURS[0]}"/>')
    if curve.knee is not None and curve.ys[curve.knee] is not None:
        x, y = _x(across, xs[curve.knee]), _y(up, curve.ys[curve.knee] or 0.0)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="none" stroke="{COLOURS[2]}" stroke-width="2"/>')
        parts.append(_text(x, y - 12, "knee", 11, "middle", fill=COLOURS[2]))
    return "".join(parts)


def _frame(up: Scale, unit: str) -> str:
    parts = [
        _line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, INK),
        _line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, INK),
    ]
    for place in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = up.value(place)
        y = _y(up, value)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "#eeeeee"))
        label = human(value, "B/s") if unit in ("B/s", "bytes/s") else f"{human(value)} {unit}"
        parts.append(_text(LEFT - 6, y + 4, label, 10, "end"))
    return "".join(parts)


def _map(found: Sweep) -> str:
    heat = sweep_text.heat_of(found)
    names = heat.names()
    rows, columns = len(heat.cells), len(heat.across)
    legend = 16 * len(names) + 8
    wide, high = (WIDTH - LEFT - RIGHT) / columns, (HEIGHT - TOP - BOTTOM - legend) / rows
    rates = [cell[0] for row in heat.cells for cell in row if cell is not None]
    top = max(rates, default=1.0)
    parts = [
        _text(WIDTH / 2, HEIGHT - 10 - legend, found.axes[1].path, 12, "middle"),
        _text(8, TOP - 6, found.axes[0].path, 12),
    ]
    for r, row in enumerate(heat.cells):
        y = HEIGHT - BOTTOM - legend - (r + 1) * high
        if rows <= 24 or r % (rows // 12) == 0:
            parts.append(_text(LEFT - 6, y + high / 2 + 4, heat.up[r], 10, "end"))
        for c, cell in enumerate(row):
            x = LEFT + c * wide
            if cell is None:
                parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.2f}" height="{high:.2f}" fill="{PALE}"/>')
                continue
            index = names.index(cell[1])
            shade = 0.35 + 0.65 * cell[0] / top
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.2f}" height="{high:.2f}" '
                f'fill="{COLOURS[index % len(COLOURS)]}" fill-opacity="{shade:.2f}"><title>{escape(human(cell[0]))} '
                f"{escape(cell[1])}</title></rect>"
            )
            if wide > 34 and high > 16:
                text = f"{LETTERS[index % 26]} {human(cell[0], digits=2)}"
                parts.append(_text(x + wide / 2, y + high / 2 + 4, text, 10, "middle"))
    for c, label in enumerate(heat.across):
        if columns <= 16 or c % (columns // 12) == 0:
            parts.append(_text(LEFT + (c + 0.5) * wide, HEIGHT - BOTTOM - legend + 16, label, 10, "middle"))
    for index, name in enumerate(names):
        y = HEIGHT - legend + 16 * index + 4
        parts.append(f'<rect x="{LEFT}" y="{y - 9}" width="12" height="12" fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(_text(LEFT + 18, y + 1, f"{LETTERS[index % 26]}  {name}", 11))
    return "".join(parts)
