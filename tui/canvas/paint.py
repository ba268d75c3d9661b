"""The visible part of a scene as two grids: characters and roles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.card import Look, frame_style
from infralab.tui.canvas.codes import CROSSING_CODES, JOINT_CODES, codes, to_ascii
from infralab.tui.canvas.decor import Decor
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paths import MARGIN
from infralab.tui.canvas.roles import Role
from infralab.tui.canvas.scene import Scene
from infralab.tui.canvas.stamp import Grid, Stamps
from infralab.tui.canvas.view import WireView, Zoom
from infralab.tui.canvas.wires import ACROSS, ARROW, DOWN, FORM, GLYPH, ROLE, THICKNESS, Cells, X, Y, draw


class Painter:
    """Paints scenes; keeps the stamps of boxes."""

    def __init__(self, ascii_only: bool = False) -> None:
        self.ascii_only = ascii_only
        self.stamps = Stamps()

    def paint(self, scene: Scene, origin: Place, width: int, height: int, decor: Decor) -> Grid:
        """Characters and roles of the `width` by `height` cells from `origin` (scene cells)."""
        chars = np.full((height, width), ord(" "), np.uint32)
        roles = np.zeros((height, width), np.uint8)
        window = _Window(chars, roles, origin.x + MARGIN.x, origin.y + MARGIN.y)
        if scene.view.zoom is not Zoom.DOTS:
            _pods(scene, window)
        shown = _visible_wires(scene, window)
        if len(shown):
            self._wires(scene, window, shown, decor)
        styles = self._boxes(scene, window, decor)
        if len(shown) and scene.view.zoom is not Zoom.DOTS:
            _joints(scene, window, shown, styles)
        self._decor(scene, window, decor)
        return (to_ascii(chars) if self.ascii_only else chars), roles

    def _wires(self, scene: Scene, window: _Window, shown: NDArray[np.intp], decor: Decor) -> None:
        order = shown.tolist()
        lit = [k for k in order if f"wire.{scene.wires[k].name}" in decor.targets]
        chosen = [k for k in order if scene.wires[k].name == decor.wire]
        pieces = [scene.cells[k] for k in reversed(order)]
        pieces += [_lit(scene.cells[k], _target_role(scene.wires[k].name, decor)) for k in lit]
        pieces += [_lit(scene.cells[k], Role.SELECTED) for k in chosen]
        _lay_cells(window, np.concatenate(pieces, axis=1))
        for k in order:
            label = scene.labels[k]
            if label is not None:
                hot = scene.wires[k].bottleneck or (scene.wires[k].utilisation or 0) >= 0.9
                role = int(scene.cells[k][ROLE, 0]) if hot else Role.LABEL
                window.text(label.x, label.y, label.text, role)

    def _boxes(self, scene: Scene, window: _Window, decor: Decor) -> NDArray[np.int32]:
        """Stamp the boxes in view; the frame style of each box, for the joints."""
        rects = scene.rects
        styles = np.full(len(rects), glyphs.ROUND, np.int32)
        height, width = window.chars.shape
        shown = np.flatnonzero(
            (rects[:, 0] < window.x + width)
            & (rects[:, 0] + rects[:, 2] > window.x)
            & (rects[:, 1] < window.y + height)
            & (rects[:, 1] + rects[:, 3] > window.y)
        ).tolist()
        front = [i for i in shown if _in_front(scene.boxes[i].name, decor)]
        for i in [i for i in shown if i not in front] + front:
            box = scene.boxes[i]
            look = box_look(box.name, decor)
            styles[i] = frame_style(box, look)
            window.stamp(int(rects[i, 0]), int(rects[i, 1]), self.stamps.get(box, look))
        return styles

    def _decor(self, scene: Scene, window: _Window, decor: Decor) -> None:
        for name, letter in decor.letters.items():
            x, y, *_ = scene.rects[scene.index[name]].tolist()
            window.text(x, y, f"[{letter}]", Role.TARGET)
        if decor.ghost is not None:
            _ghost(window, decor, self.stamps)
        elif decor.target is not None:
            _target_words(scene, window, decor)
        if decor.band is not None:
            _band(window, *decor.band, decor)
        if decor.hint and decor.cursor in scene.index:
            x, y, _, h = scene.rects[scene.index[decor.cursor]].tolist()
            text = glyphs.cut(decor.hint, window.chars.shape[1])
            window.text(x + 1, y + h, text, Role.GHOST_TEXT, keep_in=True)
        if decor.marquee is not None:
            _marquee(window, decor.marquee)


class _Window:
    """The grids being painted, and where in the world they lie."""

    def __init__(self, chars: NDArray[np.uint32], roles: NDArray[np.uint8], x: int, y: int) -> None:
        self.chars, self.roles, self.x, self.y = chars, roles, x, y

    def stamp(self, x: int, y: int, grid: Grid) -> None:
        chars, roles = grid
        height, width = self.chars.shape
        h, w = chars.shape
        x, y = x - self.x, y - self.y
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if x0 < x1 and y0 < y1:
            self.chars[y0:y1, x0:x1] = chars[y0 - y : y1 - y, x0 - x : x1 - x]
            self.roles[y0:y1, x0:x1] = roles[y0 - y : y1 - y, x0 - x : x1 - x]

    def text(self, x: int, y: int, text: str, role: int, keep_in: bool = False) -> None:
        """Write one line; `keep_in` shifts it so that its beginning stays in view."""
        height, width = self.chars.shape
        if keep_in:
            x = max(min(x, self.x + width - len(text)), self.x)
            y = max(min(y, self.y + height - 1), self.y)
        made = codes(text).reshape(1, -1)
        self.stamp(x, y, (made, np.full(made.shape, role, np.uint8)))


def box_look(name: str, decor: Decor) -> Look:
    """How a box is shown, by what is being done with it."""
    target = decor.targets.get(f"box.{name}")
    if decor.target == f"box.{name}":
        return Look.TARGET if target is None or target.ok else Look.REFUSED
    if target is not None and target.ok:
        return Look.TARGET
    if name == decor.cursor:
        return Look.CURSOR
    return Look.SELECTED if name in decor.selected else Look.PLAIN


def _pods(scene: Scene, window: _Window) -> None:
    """A dotted frame around each pod, below everything else: "pod-1 ×4"."""
    for pod, members in scene.pods.items():
        x, y, width, height = scene.pod_frame(pod)
        count = math.gcd(*(scene.boxes[i].count for i in members))
        words = f" {pod} ×{count} " if count > 1 else f" {pod} "
        window.text(x, y, glyphs.cut(f"┄┄{words}".ljust(width, "┄"), width), Role.NOTE)
        window.text(x, y + height - 1, "┄" * width, Role.NOTE)
        side = np.full((height - 2, 1), ord("┆"), np.uint32)
        for column in (x, x + width - 1):
            window.stamp(column, y + 1, (side, np.full(side.shape, Role.NOTE, np.uint8)))


def _in_front(name: str, decor: Decor) -> bool:
    return name == decor.cursor or name in decor.selected


def _visible_wires(scene: Scene, window: _Window) -> NDArray[np.intp]:
    height, width = window.chars.shape
    b = scene.bounds
    return np.flatnonzero(
        (b[:, 0] < window.x + width)
        & (b[:, 2] >= window.x)
        & (b[:, 1] < window.y + height)
        & (b[:, 3] >= window.y)
    )


def _lit(cells: Cells, role: Role) -> Cells:
    lit = cells.copy()
    lit[ROLE] = role
    return lit


def _target_role(wire: str, decor: Decor) -> Role:
    return Role.TARGET if decor.targets[f"wire.{wire}"].ok else Role.REFUSED


def _lay_cells(window: _Window, cells: Cells) -> None:
    """Wires into the grids: the last owns a cell; straight over straight makes a crossing, nothing else does."""
    height, width = window.chars.shape
    y, x = cells[Y] - window.y, cells[X] - window.x
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    cells = cells[:, inside]
    at = y[inside] * width + x[inside]
    chars, roles = window.chars.reshape(-1), window.roles.reshape(-1)
    chars[at] = cells[GLYPH]
    roles[at] = cells[ROLE]
    across, down = np.full((2, height * width), -1, np.int8)
    form, thick = cells[FORM], cells[THICKNESS]
    straight = form == ACROSS
    across[at[straight]] = thick[straight]
    straight = form == DOWN
    down[at[straight]] = thick[straight]
    across[at[(form != ACROSS) & (form != DOWN)]] = -1
    crossing = np.flatnonzero((across >= 0) & (down >= 0))
    chars[crossing] = CROSSING_CODES[across[crossing], down[crossing]]
    arrows = form == ARROW
    chars[at[arrows]], roles[at[arrows]] = cells[GLYPH][arrows], cells[ROLE][arrows]


def _joints(scene: Scene, window: _Window, shown: NDArray[np.intp], styles: NDArray[np.int32]) -> None:
    """Where wires meet frames."""
    height, width = window.chars.shape
    y, x, side, box = scene.joints[shown].reshape(-1, 4).T
    y, x = y - window.y, x - window.x
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    y, x = y[inside], x[inside]
    style = styles[box[inside]]
    frame = _IS_FRAME[window.chars[y, x]]  # not over a title, nor over a box in front
    window.chars[y[frame], x[frame]] = JOINT_CODES[style, side[inside]][frame]


_IS_FRAME = np.zeros(0x110000, bool)
_IS_FRAME[[ord(sign) for frame in glyphs.FRAME for sign in frame[4:]]] = True


def _ghost(window: _Window, decor: Decor, stamps: Stamps) -> None:
    """The part that hovers; above it what its target says, below it what would come of it."""
    ghost = decor.ghost
    if ghost is None:
        return
    x, y = ghost.corner.x + MARGIN.x, ghost.corner.y + MARGIN.y
    window.stamp(x, y, stamps.get(ghost, Look.GHOST if decor.ghost_ok else Look.REFUSED))
    role = Role.TARGET if decor.ghost_ok else Role.REFUSED
    target = decor.targets.get(decor.target or "")
    if target is not None and target.text:
        words = f"▼ {target.text}" if target.ok else f"{glyphs.PROBLEM} {target.text}"
        window.text(x + max((ghost.size.width - len(words)) // 2, 0), y - 1, words, role, keep_in=True)
    if decor.ghost_text:
        window.text(x + 1, y + ghost.size.height, decor.ghost_text, Role.GHOST_TEXT, keep_in=True)


def _target_words(scene: Scene, window: _Window, decor: Decor) -> None:
    """What would happen on the target, above it: "▼ splice here"."""
    target = decor.targets.get(decor.target or "")
    if target is None or not target.text or decor.target is None:
        return
    kind, _, name = decor.target.partition(".")
    words = f"▼ {target.text}" if target.ok else f"{glyphs.PROBLEM} {target.text}"
    role = Role.TARGET if target.ok else Role.REFUSED
    if kind == "box" and name in scene.index:
        x, y, w, _ = scene.rects[scene.index[name]].tolist()
        window.text(x + max((w - len(words)) // 2, 0), y - 1, words, role, keep_in=True)
    elif kind == "wire" and name in scene.wire_index:
        cells = scene.cells[scene.wire_index[name]]
        if cells.shape[1]:
            middle = cells.shape[1] // 2
            x, y = int(cells[X, middle]), int(cells[Y, middle])
            window.text(x - len(words) // 2, y - 1, words, role, keep_in=True)


def _band(window: _Window, path: tuple[Place, ...], sides: tuple[str, str], decor: Decor) -> None:
    """The wire being drawn, dashed, with an arrowhead; its words beside its end."""
    corners = tuple((place.x + MARGIN.x, place.y + MARGIN.y) for place in path)
    cells = draw(WireView("", ("", ""), flow="forward", dashed=True), corners, sides)
    _lay_cells(window, _lit(cells, Role.GHOST_TEXT if decor.ghost_ok else Role.REFUSED))
    if decor.band_text:
        x, y = corners[-1]
        words = decor.band_text if decor.ghost_ok else f"{glyphs.PROBLEM} {decor.band_text}"
        window.text(x + 2, y + 1, words, Role.GHOST_TEXT if decor.ghost_ok else Role.REFUSED, keep_in=True)


def _marquee(window: _Window, box: tuple[int, int, int, int]) -> None:
    x0, x1 = sorted((box[0] + MARGIN.x, box[2] + MARGIN.x))
    y0, y1 = sorted((box[1] + MARGIN.y, box[3] + MARGIN.y))
    left_up, right_up, left_down, right_down, across, down = glyphs.FRAME[glyphs.DASHED]
    role = Role.MARQUEE
    window.text(x0, y0, left_up + across * (x1 - x0 - 1) + right_up, role)
    window.text(x0, y1, left_down + across * (x1 - x0 - 1) + right_down, role)
    for y in range(y0 + 1, y1):
        window.text(x0, y, down, role)
        window.text(x1, y, down, role)
