"""The main screens as pictures, at three sizes and in several themes; `pytest --snapshot-update` after a look at the report.

Figures come from a report that is written down here: a refitted constant changes no picture.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from infralab.models.design import Design
from infralab.models.document import read
from infralab.models.report import Bottleneck, Ceiling, FrameworkFit, Report, ResourceUse, Throughput
from infralab.tui.app import LabApp, Settings
from tests.app_pilot import DESIGN, Driver

SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 60)
SHELF = ("dgx-h100", "s3-standard", "s3-express-one-zone", "nvme-gen4", "quantum-2", "pytorch", "resnet-50")
THREE = DESIGN + '\n[box.fabric]\nis = "quantum-2"\nat = [40, 14]\n\n[wire.train-fabric]\nends = ["train", "fabric"]\n'


def use(
    owner: str, kind: str, utilisation: float, capacity: float, unit: str = "B/s", slope: float = 0.0
) -> ResourceUse:
    return ResourceUse(f"{owner}.{kind}", owner, kind, utilisation, capacity, unit, elasticity=slope)


USES = (
    use("box.store", "requests", 1.0, 22e3, "1/s", 1.0),
    use("box.store", "read bandwidth", 0.05, 50e9),
    use("box.train", "host cores", 0.28, 448, "cores"),
    use("box.train", "memory bandwidth", 0.08, 3.35e12),
    use("wire.store-train", "bandwidth", 0.55, 25e9),
    use("wire.train-fabric", "bandwidth", 0.004, 400e9),
)
CEILINGS = tuple(
    Ceiling(f"{owner}.{kind}", owner, kind, rate)
    for owner, kind, rate in (
        ("box.store", "requests", 22e3),
        ("wire.store-train", "bandwidth", 40e3),
        ("box.train", "host cores", 78e3),
        ("box.train", "memory bandwidth", 288e3),
    )
)
FITS = (
    FrameworkFit("pytorch", 0.9, 22e3, "native", ("native on this chip",), 1.0, "measured", people="easy"),
    FrameworkFit("jax", 0.8, 22e3, "native", ("native on this chip",), 1.0, "assumed", people="steep"),
)


def written_down(design: Design) -> Report:
    """The same figures for every design; more of the rate for more servers, so that a change shows."""
    servers = design.boxes["train"].count if "train" in design.boxes else 1
    return Report(
        status="ok",
        throughput=Throughput(22e3 * servers / 4, "images/s"),
        utilisation=USES,
        bottleneck=Bottleneck("box.store.requests", "box.store", "requests", "one request per photo", 1.0, 1.8),
        ceilings=CEILINGS,
        framework_fit=FITS,
        framework="pytorch",
        busy=0.09,
        sentence="Requests of store set the pace at 22 k images/s. Relieving it gives at most ×1.8 more images.",
    )


def few_parts() -> Any:
    """The shelf with a handful of parts: the catalogue may grow without changing a picture."""
    from infralab.models.catalogue import default_catalogue
    from infralab.tui.shelf import by_section, parts

    catalogue = default_catalogue()
    return catalogue, by_section([part for part in parts(catalogue) if part.id in SHELF])


Keys = tuple[str, ...]
Before = Callable[[Any], Awaitable[None]]


@pytest.fixture
def picture(snap_compare: Any, tmp_path: Path) -> Callable[..., bool]:
    """Whether the lab after some keys looks as it did."""

    def compare(size: tuple[int, int], *keys: str, select: Keys = (), text: str = THREE, **settings: Any) -> bool:
        asked = Settings(recovery_folder=tmp_path, recover=False, **settings)
        app = LabApp(read(text), asked, written_down)
        app.lab.ask_search = lambda: None  # type: ignore[method-assign]
        app.lab.ask_why = lambda: None  # type: ignore[method-assign]
        app.lab._read_catalogue = few_parts  # type: ignore[method-assign]

        async def before(pilot: Any) -> None:
            driver = Driver(app, pilot)
            await driver.settle()
            if select:
                app.lab.canvas.select(select)
            await driver.keys(*keys)
            app.lab.foot.say("")
            await pilot.pause(0.05)

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return compare


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_lab(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    assert picture(size, theme=theme)


@pytest.mark.parametrize("theme", ["high-contrast", "colour-blind"])
def test_lab_in_other_themes(picture: Callable[..., bool], theme: str) -> None:
    assert picture(MIDDLE, "b", select=("train",), theme=theme)


def test_lab_in_ascii(picture: Callable[..., bool]) -> None:
    assert picture(SMALL, ascii_only=True, theme="dark")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_part_over_a_target_with_its_what_if(picture: Callable[..., bool], theme: str) -> None:
    assert picture(MIDDLE, "a", *"s3-express", "enter", "tab", theme=theme)


@pytest.mark.parametrize("zooms", [1, 2], ids=["names", "dots"])
def test_zoomed_out(picture: Callable[..., bool], zooms: int) -> None:
    assert picture(MIDDLE, *["z"] * zooms, theme="dark")


def test_a_pod_and_its_count(picture: Callable[..., bool]) -> None:
    assert picture(MIDDLE, "G", "ctrl+u", "3", "enter", select=("train", "fabric"), theme="dark")


@pytest.mark.parametrize("size", [SMALL, MIDDLE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_help_of_the_canvas(picture: Callable[..., bool], size: tuple[int, int]) -> None:
    assert picture(size, "question_mark", theme="light")


def test_the_menu_of_a_box(picture: Callable[..., bool]) -> None:
    assert picture(MIDDLE, "m", select=("train",), theme="dark")


def test_leaving_with_edits(picture: Callable[..., bool]) -> None:
    assert picture(SMALL, "plus", "ctrl+q", select=("train",), theme="dark")


def test_the_tour(picture: Callable[..., bool]) -> None:
    assert picture(MIDDLE, "f9", theme="light")
