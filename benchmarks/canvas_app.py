"""An app for measuring and comparing: the canvas among panels, over a made-up design of N boxes.

    python benchmarks/canvas_app.py --boxes 500 [--writer stock] [--theme textual-light] [--ascii]

Keys: d folds a panel, m opens a dialog, F8 fills the bars with other figures, F9 the next theme.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Static

from infralab.models.design import Box, Dataset, Design, Wire, Workload
from infralab.tui.canvas import messages
from infralab.tui.canvas.decor import Target
from infralab.tui.canvas.layout import Place
from infralab.tui.canvas.view import BoxFacts, Zoom
from infralab.tui.canvas.widget import GhostSpec, TopologyCanvas
from infralab.tui.terminal.quiet import QuietScreenApp
from infralab.tui.themes import THEMES

PITCH = Place(36, 9)
KINDS = (
    ("storage", "Object store", "16 prefixes"),
    ("storage", "NVMe cache", "8 × 6.9 GB/s"),
    ("compute", "GPU node", "8 × 80 GB"),
    ("compute", "CPU node", "2 × 96 cores"),
    ("fabric", "Fabric", "fat-tree 2:1"),
)


class MadeUpParts:
    """Kinds and titles by the number in a box's name."""

    def box(self, box: Box) -> BoxFacts:
        kind, title, detail = KINDS[int(box.name[1:]) % len(KINDS)]
        return BoxFacts(kind, title, detail)

    def wire(self, wire: Wire) -> str:
        return ("100G", "400G", "800G")[len(wire.name) % 3]


def made_up(boxes: int, wires: int | None = None, seed: int = 1) -> Design:
    """A grid of boxes, each wired to some of its neighbours."""
    chance = random.Random(seed)
    across = max(round((boxes * PITCH.y * 2 / PITCH.x) ** 0.5), 1)
    design = Design(workload=Workload(kind="vision-training", dataset=Dataset(on="b0")))
    placed = {}
    for i in range(boxes):
        at = (2 + i % across * PITCH.x, 1 + i // across * PITCH.y)
        placed[f"b{i}"] = Box(f"b{i}", count=chance.choice((1, 1, 4, 16)), at=at)
    joined: dict[str, Wire] = {}
    wanted = int(boxes * 1.4) if wires is None else wires
    tries = 0
    while len(joined) < wanted and tries < 20 * wanted:
        tries += 1
        i = tries % boxes
        column, row = i % across + chance.randint(-2, 2), i // across + chance.randint(-2, 2)
        j = row * across + column
        if 0 <= column < across and 0 <= j < boxes and i != j:
            name = f"b{min(i, j)}-b{max(i, j)}"
            joined.setdefault(name, Wire(name, (f"b{i}", f"b{j}"), count=chance.choice((1, 2, 8))))
    return replace(design, boxes=type(design.boxes)(placed), wires=type(design.wires)(joined))


def made_up_report(design: Design, seed: int = 1) -> Any:
    """Figures for every box and wire, in the shape of a Report."""
    chance = random.Random(seed)
    uses = []
    for name in design.boxes:
        for kind in ("HBM bandwidth", "FLOPs"):
            uses.append(_use(f"box.{name}", kind, chance.random()))
    for name in design.wires:
        uses.append(_use(f"wire.{name}", "link", chance.random() ** 2))
    top = max(uses, key=lambda use: use.utilisation)
    ceilings = [SimpleNamespace(owner=f"box.{n}", kind="", rate=10 ** chance.uniform(4, 7)) for n in design.boxes]
    return SimpleNamespace(utilisation=tuple(uses), bottleneck=top, ceilings=tuple(ceilings), problems=())


def _use(owner: str, kind: str, utilisation: float) -> Any:
    capacity = 10 ** (8 + 4 * utilisation)
    return SimpleNamespace(
        owner=owner, resource=f"{owner}.{kind}", kind=kind, utilisation=utilisation, capacity=capacity, unit="B/s"
    )


class Dialog(ModalScreen[None]):
    CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog Static { width: 40; height: 8; border: round $accent; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("m", "app.pop_screen", "close")]

    def compose(self) -> ComposeResult:
        yield Static("A dialog over the canvas, 漢字 too")


class CanvasApp(App[None]):
    """Stock writer; `QuietCanvasApp` is the same with the differential one."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CSS = """
    #middle { height: 1fr; }
    .side { width: 20; border: round $foreground 40%; }
    .folded { display: none; }
    TopologyCanvas { border: round $foreground 40%; &:focus { border: round $accent; } }
    #answer { height: 4; border: round $foreground 40%; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("d", "fold", "fold"),
        Binding("m", "dialog", "dialog"),
        Binding("a", "ghost", "add"),
        Binding("f8", "figures", "figures"),
        Binding("f9", "themes", "theme"),
        Binding("ctrl+l", "redraw", "redraw"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(
        self, design: Design, parts: Any, report: Any, ascii_only: bool = False, zoom: int | None = None
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.design, self.parts, self.report, self.seed = design, parts, report, 1
        self.canvas = TopologyCanvas(ascii_only=ascii_only, id="canvas")
        self.first_zoom = zoom

    def compose(self) -> ComposeResult:
        yield Static(" InfraLab   made-up design                                  READY", id="top")
        with Horizontal(id="middle"):
            yield Static("\n".join(f"▸ part {i}" for i in range(20)), classes="side", id="palette")
            yield self.canvas
            yield Static("\n".join(f"figure {i}  {i * 37} GB/s" for i in range(20)), classes="side", id="inspector")
        yield Static("88 k images/s ±15 %\nGPUs work 21 % of the time", id="answer")

    def on_mount(self) -> None:
        if self.first_zoom is not None:
            self.canvas.open_at(Zoom(self.first_zoom), Place(0, 0))
        self.canvas.set_design(self.design, self.report, self.parts)
        self.canvas.focus()

    def on_boxes_moved(self, message: messages.BoxesMoved) -> None:
        for name, at in message.places.items():
            self.design = self.design.with_box(replace(self.design.boxes[name], at=tuple(at)))
        self.canvas.set_design(self.design, self.report)

    def action_ghost(self) -> None:
        self.canvas.begin_ghost(GhostSpec("NVMe cache", "storage", 4, ("8 × 6.9 GB/s", "could do 7.7 M")))
        targets = {f"wire.{name}": Target(True, "splice here") for name in self.design.wires}
        targets |= {f"box.{name}": Target(False, "a cache stands on a wire") for name in self.design.boxes}
        self.canvas.show_targets(targets)

    def action_fold(self) -> None:
        self.query_one("#palette").toggle_class("folded")

    def action_dialog(self) -> None:
        self.push_screen(Dialog())

    def action_figures(self) -> None:
        self.seed += 1
        self.report = made_up_report(self.design, self.seed)
        self.canvas.set_design(self.design, self.report)

    def action_themes(self) -> None:
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_redraw(self) -> None:
        if isinstance(self, QuietScreenApp):
            self.forget_frame()
        else:
            self.refresh()


class QuietCanvasApp(QuietScreenApp, CanvasApp):
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boxes", type=int, default=50)
    parser.add_argument("--wires", type=int)
    parser.add_argument("--writer", choices=("quiet", "stock"), default="quiet")
    parser.add_argument("--zoom", type=int, choices=(0, 1, 2))
    parser.add_argument("--theme")
    parser.add_argument("--ascii", action="store_true")
    options = parser.parse_args()
    design = made_up(options.boxes, options.wires)
    kind = QuietCanvasApp if options.writer == "quiet" else CanvasApp
    app = kind(design, MadeUpParts(), made_up_report(design), options.ascii, options.zoom)
    if options.theme:
        app.theme = options.theme
    app.run()


if __name__ == "__main__":
    main()
