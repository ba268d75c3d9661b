"""What stands on the canvas besides the design: a minimap, a legend, a word when nothing is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui.canvas import glyphs
from infralab.tui.canvas.first import LEGEND_FROM
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.paths import MARGIN
from infralab.tui.canvas.roles import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infralab.tui.canvas.scene import Scene
    from infralab.tui.canvas.widget import TopologyCanvas

MAP_WIDTH, MAP_HEIGHT = 22, 4  # inside the frame
LEAST_VIEW = (60, 16)  # a smaller view has no room for a map
LEGEND = {
    "traffic": ("wire: ▁ idle  ▄ half  █ full", "thick = more bytes (log)", "dashed = not there yet"),
    "busy": ("busy: frames by the fullest part", "░ room   ▓ in use   ◆ binds"),
    "money": ("money: frames by cost an hour",),
    "heat": ("heat: frames by power drawn",),
    "confidence": ("confidence: ● cited  ○ fitted", "△ assumed"),
}


def add(canvas: TopologyCanvas, chars: NDArray[np.uint32], roles: NDArray[np.uint8]) -> None:
    """Lay the furniture over a painted view, in place."""
    scene = canvas.scene
    if not scene.boxes:
        if canvas.decor.ghost is None:
            _middle(canvas.empty_text, chars, roles)
        return
    top = chars.shape[0]
    frame = map_frame(canvas)
    if frame is not None:
        top = _minimap(scene, canvas.origin, frame, chars, roles, canvas.ascii_only)
    if canvas.legend:
        _legend(canvas, top, chars, roles)


def map_frame(canvas: TopologyCanvas) -> tuple[int, int, int, int] | None:
    """x, y, width, height of the minimap within the view; None when everything is in view, or no room is."""
    width, height = canvas.content_size
    left, top, right, bottom = canvas.scene.extent()
    ox, oy = canvas.origin
    whole = ox <= left and oy <= top and right <= ox + width and bottom <= oy + height
    if whole or width < LEAST_VIEW[0] or height < LEAST_VIEW[1] or not canvas.scene.boxes:
        return None
    return 1, height - MAP_HEIGHT - 2, MAP_WIDTH + 2, MAP_HEIGHT + 2


def map_place(canvas: TopologyCanvas, x: int, y: int) -> Place | None:
    """The scene cell that a cell of the minimap stands for; None outside it."""
    frame = map_frame(canvas)
    if frame is None:
        return None
    fx, fy, fw, fh = frame
    if not (fx < x < fx + fw - 1 and fy < y < fy + fh - 1):
        return None
    left, top, right, bottom = canvas.scene.extent()
    return Place(
        left + round((x - fx - 0.5) * (right - left) / MAP_WIDTH),
        top + round((y - fy - 0.5) * (bottom - top) / MAP_HEIGHT),
    )


def _minimap(
    scene: Scene,
    origin: Place,
    frame: tuple[int, int, int, int],
    chars: NDArray[np.uint32],
    roles: NDArray[np.uint8],
    ascii_only: bool,
) -> int:
    """Draw it; the row where it begins."""
    import numpy as np

    from infralab.tui.canvas.codes import codes, to_ascii

    left, top, right, bottom = scene.extent()
    map_chars = np.full((MAP_HEIGHT, MAP_WIDTH), ord(" "), np.uint32)
    map_roles = np.full((MAP_HEIGHT, MAP_WIDTH), Role.NOTE, np.uint8)
    across, down = MAP_WIDTH / max(right - left, 1), MAP_HEIGHT / max(bottom - top, 1)
    height, width = chars.shape
    x0, y0 = int((origin.x - left) * across), int((origin.y - top) * down)
    x1, y1 = int((origin.x + width - left) * across) + 1, int((origin.y + height - top) * down) + 1
    seen = (slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0)))
    map_chars[seen], map_roles[seen] = ord(glyphs.BAR_EMPTY), Role.NOTE
    middle = scene.rects[:, :2] + scene.rects[:, 2:] / 2
    column = np.clip((middle[:, 0] - MARGIN.x - left) * across, 0, MAP_WIDTH - 1).astype(int)
    row = np.clip((middle[:, 1] - MARGIN.y - top) * down, 0, MAP_HEIGHT - 1).astype(int)
    map_chars[row, column], map_roles[row, column] = ord("■"), Role.LABEL
    for i in scene.bottlenecks:
        map_chars[row[i], column[i]], map_roles[row[i], column[i]] = ord("◆"), Role.WIRE_FULL
    x, y, w, h = frame
    line = codes("▕" + " " * MAP_WIDTH + "▏")
    chars[y, x : x + w], chars[y + h - 1, x : x + w] = codes("┌" + "─" * MAP_WIDTH + "┐"), codes(
        "└" + "─" * MAP_WIDTH + "┘"
    )
    roles[y : y + h, x : x + w] = Role.NOTE
    chars[y + 1 : y + h - 1, x : x + w] = line
    chars[y + 1 : y + h - 1, x], chars[y + 1 : y + h - 1, x + w - 1] = ord("│"), ord("│")
    chars[y + 1 : y + h - 1, x + 1 : x + w - 1] = map_chars
    roles[y + 1 : y + h - 1, x + 1 : x + w - 1] = map_roles
    if ascii_only:
        chars[y : y + h, x : x + w] = to_ascii(chars[y : y + h, x : x + w])
    return y


def _legend(canvas: TopologyCanvas, top: int, chars: NDArray[np.uint32], roles: NDArray[np.uint8]) -> None:
    """Explain the signs in the lower left corner, where nothing else stands."""
    from infralab.tui.canvas.codes import codes, to_ascii

    lines = LEGEND.get(canvas.overlay.mode, ())
    width = max((len(line) for line in lines), default=0) + 2
    y = top - len(lines) - 1
    if y < LEGEND_FROM or width > chars.shape[1] or roles[y - 1 : top, : width + 1].any():
        return
    for row, text in enumerate(lines, start=y):
        made = codes(text)
        chars[row, 2 : 2 + len(text)] = to_ascii(made) if canvas.ascii_only else made
        roles[row, 2 : 2 + len(text)] = Role.NOTE


def _middle(text: str, chars: NDArray[np.uint32], roles: NDArray[np.uint8]) -> None:
    from infralab.tui.canvas.codes import codes

    height, width = chars.shape
    text = text[:width]
    x, y = (width - len(text)) // 2, height // 2
    chars[y, x : x + len(text)] = codes(text)
    roles[y, x : x + len(text)] = Role.NOTE
