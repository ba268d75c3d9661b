"""Help says what the keys do here, and what every sign on the screen means."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from infralab.tui.screens.help import LEGEND, PANELS, HelpText
from tests.app_pilot import DESIGN, Driver, lab

PLAIN = set(string.printable) | set("×%–—·÷±µ°²³′″“”’äöüé∞≤≥≈−↔─│ \u2009\u202f")
FRAMES = {chr(code) for code in range(0x2500, 0x2571)}  # lines of frames and wires
THREE = DESIGN + '\n[box.fabric]\nis = "quantum-2"\nat = [40, 14]\n\n[box.odd]\nis = "s3-standard"\nat = [2, 14]\n'


def signs(driver: Driver) -> set[str]:
    return {
        sign
        for strip in driver.app.screen._compositor.render_strips()
        for segment in strip
        for sign in segment.text
        if sign not in PLAIN and sign not in FRAMES
    }


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_every_sign_on_the_screen_is_in_the_legend(tmp_path: Path, size: tuple[int, int]) -> None:
    told = set("".join(text for row in LEGEND for text in row))
    shown: set[str] = set()
    async with lab(tmp_path, THREE, size=size) as driver:
        shown |= signs(driver)
        for keys in (("z",), ("z",), ("f", "t"), ("b",), ("c",), ("i",), ("escape", "3"), ("escape", "e"), ("escape",)):
            await driver.keys(*keys)
            shown |= signs(driver)
        driver.lab.canvas.select(["train", "fabric"])
        await driver.keys("G", "enter", "plus")
        shown |= signs(driver)
        await driver.keys("a")
        await driver.type("nvme-gen4")
        await driver.keys("enter", "tab")
        shown |= signs(driver)
    eighths = {chr(code) for code in range(0x2581, 0x2590)}
    assert shown - told - eighths == set()


@pytest.mark.parametrize("panel", list(PANELS))
async def test_the_keys_of_the_focused_panel_come_first(tmp_path: Path, panel: str) -> None:
    async with lab(tmp_path) as driver:
        await driver.keys(
            {"palette": "4", "inspector": "5", "why": "i", "ceilings": "1", "fit": "2", "helps": "3"}[panel]
        )
        assert driver.lab.focused is not None and driver.lab.focused.id == panel
        await driver.keys("f1")
        text = driver.text(driver.app.screen.query_one(HelpText))
        assert text.startswith(PANELS[panel][0])
