"""A small picture of a design as lines: the canvas's own painter at the largest zoom that fits."""

from __future__ import annotations

from itertools import groupby

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.tui.canvas.decor import Decor
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paint import Painter
from infralab.tui.canvas.roles import Role
from infralab.tui.canvas.scene import Scene
from infralab.tui.canvas.view import Parts, Zoom, view
from infralab.tui.panels.paint import Line

ROUTING_SECONDS = 0.2  # a picture of a huge design leaves wires out rather than keep a screen waiting
_ROLES = {
    Role.COMPUTE: "title",
    Role.STORAGE: "accent",
    Role.FABRIC: "mark-assumed",
    Role.TITLE: "strong",
    Role.TEXT: "",
    Role.BAR_LOW: "bar",
    Role.BAR_MIDDLE: "bar",
    Role.BAR_HIGH: "bar-first",
    Role.BOTTLENECK: "bottleneck",
    Role.PROBLEM: "bad",
    Role.BADGE: "key",
    Role.WIRE: "dim",
    Role.WIRE_BUSY: "key",
    Role.WIRE_FULL: "bottleneck",
}


def picture(
    design: Design, report: Report | None, parts: Parts | None, width: int, height: int, closest: Zoom = Zoom.FULL
) -> list[Line]:
    """The drawing within `width` by `height` cells, centred; nothing where there is no box."""
    if not design.boxes or width < 8 or height < 1:
        return []
    for zoom in sorted((z for z in Zoom if z <= closest), reverse=True):
        scene = Scene(view(design, report, zoom, parts))
        scene.route_within(ROUTING_SECONDS)
        scene.settle()
        left, top, right, bottom = _bounds(scene)
        if (right - left <= width and bottom - top <= height) or zoom is Zoom.DOTS:
            return _lines(scene, Place(left, top), min(right - left, width), min(bottom - top, height), width)
    return []


def _bounds(scene: Scene) -> tuple[int, int, int, int]:
    """The boxes and the wires around them, in scene cells."""
    left, top, right, bottom = scene.extent()
    return left - 1, top - 1, right + 1, bottom + 1


def _lines(scene: Scene, origin: Place, width: int, height: int, room: int) -> list[Line]:
    chars, roles = Painter().paint(scene, origin, width, height, Decor())
    margin = " " * max((room - width) // 2, 0)
    found: list[Line] = []
    for y in range(height):
        line: Line = [(margin, "")]
        cells = zip(chars[y].tolist(), roles[y].tolist(), strict=True)
        for role, run in groupby(cells, key=lambda cell: cell[1]):
            line.append(("".join(chr(code) for code, _ in run), _ROLES.get(Role(role), "dim")))
        found.append(line)
    while found and not "".join(text for text, _ in found[-1]).strip():
        found.pop()
    return found
