"""What the app's tests share: a small design, an app over it, and waiting until the model has answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from infralab.models.document import load, read
from infralab.tui.app import LabApp, Settings
from tests.designs import PHOTOS

DESIGN = (
    """\
# what this file is for
schema = "infralab.design/1"
title = "Photos from object storage"
"""
    + PHOTOS
    + """\

[software]
framework = "pytorch"
loader = "pytorch-dataloader"

[box.store]
is = "s3-standard"
prefixes = 4
at = [2, 2]

[box.train]
is = "dgx-h100"
count = 4
at = [40, 2]

[wire.store-train]
ends = ["store", "train"]
is = "ethernet-100-tcp"
count = 2
"""
)


class Driver:
    """An app under test: keys, settling, and the words on the screen."""

    def __init__(self, app: LabApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot
        self.lab, self.session = app.lab, app.desk.session

    async def settle(self) -> None:
        """Until the model has answered and the answer is painted."""
        desk, quiet = self.app.desk, 0
        for _ in range(600):
            await self.pilot.pause(0.005)
            answered = desk.state.report is not None or desk.state.failure
            quiet = quiet + 1 if desk.idle and answered else 0
            if quiet == 3:
                return
        raise AssertionError(f"the model never answered: {desk.state.failure}")

    async def keys(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def type(self, text: str) -> None:
        await self.keys(*({" ": "space", ".": "full_stop", "-": "minus", "/": "slash"}.get(c, c) for c in text))

    async def press_until(self, key: str, reached: Callable[[], bool]) -> None:
        """Press a key until something is so; fails when it never is."""
        for _ in range(60):
            if reached():
                return
            await self.pilot.press(key)
            await self.settle()
        raise AssertionError(f"{key} never led there")

    def text(self, panel: Any) -> str:
        """What a panel shows."""
        return "\n".join("".join(piece for piece, _ in row) for row in panel._rows)

    @property
    def message(self) -> str:
        return self.lab.foot.note[0]


@asynccontextmanager
async def lab(
    tmp_path: Path, text: str = DESIGN, size: tuple[int, int] = (160, 48), file: str = "photos.toml", **settings: Any
) -> AsyncIterator[Driver]:
    """A running lab on a file with `text`; an empty `file` name: on a design that has none."""
    if file:
        path = tmp_path / file
        if not path.exists():
            path.write_text(text)
        document = load(path)
    else:
        document = read(text)
    settings.setdefault("recover", False)
    app = LabApp(document, Settings(recovery_folder=tmp_path / "recovery", **settings))
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        yield driver
