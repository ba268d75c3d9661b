"""Every pair of colours that the lab puts on the screen, in every theme, meets WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from textual.color import Color

from infralab.tui.themes import THEMES
from tests.app_pilot import DESIGN, Driver, lab

TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
FRAMES = range(0x2500, 0x2580)
BLOCKS = range(0x2580, 0x25A0)
NOTHING = " ░"  # what tells nothing
THREE = DESIGN + '\n[box.fabric]\nis = "quantum-2"\nat = [40, 14]\n\n[box.odd]\nis = "s3-standard"\nat = [2, 14]\n'


def ratio(one: Color, other: Color) -> float:
    """Contrast by WCAG 2.2: of relative luminances."""

    def luminance(colour: Color) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def cells(driver: Driver) -> Iterator[tuple[str, Color, Color]]:
    """Characters with their colours, of every screen that is up."""
    for screen in driver.app.screen_stack:
        for strip in screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                if style is None or not segment.text.strip(NOTHING) or segment.control:
                    continue
                if style.color is None or style.bgcolor is None or style.bgcolor.is_default:
                    continue  # the terminal's own pair
                text, under = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                yield segment.text, *((under, text) if style.reverse else (text, under))


def weak_pairs(driver: Driver) -> set[str]:
    theme = driver.app.current_theme
    border = Color.parse(theme.variables["lab-border"])
    found = set()
    for text, colour, under in cells(driver):
        signs = {ord(sign) for sign in text if sign not in NOTHING}
        frame = all(sign in FRAMES for sign in signs)
        if frame and colour.rgb == border.rgb:
            continue  # frames of panels at rest part what gaps and titles part as well
        least = GRAPHIC if all(sign in FRAMES or sign in BLOCKS for sign in signs) else TEXT
        contrast = ratio(colour, under)
        if contrast < least - 0.005:
            found.add(f"{theme.name}: {text.strip()[:20]!r} {colour.hex} on {under.hex}: {contrast:.1f} < {least}")
    return found


async def in_every_theme(driver: Driver) -> set[str]:
    weak: set[str] = set()
    for theme in THEMES:
        driver.app.theme = theme.name
        await driver.pilot.pause()
        weak |= weak_pairs(driver)
        assert any(True for _ in cells(driver))
    return weak


async def test_every_pair_on_the_screens_of_daily_work(tmp_path: Path) -> None:
    weak: set[str] = set()
    async with lab(tmp_path, THREE) as driver:
        weak |= await in_every_theme(driver)
        driver.lab.canvas.select(["train"])
        await driver.keys("plus", "e", "down", "down")  # a changed figure, the inspector's cursor
        weak |= await in_every_theme(driver)
        await driver.keys("escape", "h")  # frames by heat
        weak |= await in_every_theme(driver)
        await driver.keys("t", "a")
        await driver.type("nvme-gen4")
        weak |= await in_every_theme(driver)
        await driver.keys("enter", "tab")  # a ghost on a target, the what-if
        weak |= await in_every_theme(driver)
        await driver.keys("escape")
        driver.lab.canvas.select((), wire="store-train")
        await driver.keys("g")
        weak |= await in_every_theme(driver)
        await driver.keys("escape")
    assert not weak


async def test_every_pair_on_dialogs_lists_and_other_screens(tmp_path: Path) -> None:
    weak: set[str] = set()
    async with lab(tmp_path, THREE) as driver:
        driver.lab.canvas.select(["train"])
        for key in ("question_mark", "ctrl+p", "m", "R", "ctrl+o", "f3", "f4", "f7", "f8"):
            depth = len(driver.app.screen_stack)
            await driver.keys(key)
            assert len(driver.app.screen_stack) > depth, f"{key} opens something"
            weak |= await in_every_theme(driver)
            for _ in range(3):
                if len(driver.app.screen_stack) > depth:
                    await driver.keys("escape")
            while len(driver.app.screen_stack) > depth:
                driver.app.pop_screen()
            driver.lab.canvas.select(["train"])
    assert not weak
