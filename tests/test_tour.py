"""A first start: the tour builds a small design, is skippable for good; panels are as they were left."""

from __future__ import annotations

from pathlib import Path

from infralab.models.document import read
from infralab.tui.memory import Memory
from infralab.tui.panels.tour import script
from tests.app_pilot import lab


async def test_the_tour_leads_through_five_steps_to_a_design_with_an_answer(tmp_path: Path) -> None:
    remembered = tmp_path / "config" / "lab.json"
    async with lab(tmp_path, file="", size=(120, 40), memory=remembered, invite=True) as driver:
        assert driver.lab.tour is not None
        assert "F9" in driver.text(driver.lab.tour)
        await driver.keys("f9")
        said = [driver.text(driver.lab.tour)]
        assert len(script().steps) == 5 and "1 of 5" in said[0]
        await driver.keys("a")
        await driver.type("s3-standard")
        await driver.keys("enter", "enter")
        assert "2 of 5" in driver.text(driver.lab.tour)
        await driver.keys("a")
        await driver.type("dgx-h100")
        await driver.keys("enter", *["right"] * 18, "enter")
        assert "3 of 5" in driver.text(driver.lab.tour)
        await driver.keys("w", "tab", "enter")
        assert "4 of 5" in driver.text(driver.lab.tour)
        assert driver.app.desk.state.report.throughput.value > 0
        driver.lab.canvas.select([name for name, box in driver.session.design.boxes.items() if box.is_ == "dgx-h100"])
        await driver.keys("plus")
        assert "5 of 5" in driver.text(driver.lab.tour)
        await driver.keys("ctrl+z")
        assert "of 5" not in driver.text(driver.lab.tour)
        assert Memory(remembered).get("tour", str) == "taken"
        await driver.keys("f9")
        assert driver.lab.tour is None
    async with lab(tmp_path, file="", memory=remembered, invite=True) as driver:
        assert driver.lab.tour is None


async def test_who_refuses_the_tour_is_not_asked_again(tmp_path: Path) -> None:
    remembered = tmp_path / "lab.json"
    async with lab(tmp_path, memory=remembered, invite=True) as driver:
        design = driver.session.design
        await driver.keys("f10")
        assert driver.lab.tour is None
        assert driver.session.design is design
    async with lab(tmp_path, memory=remembered, invite=True) as driver:
        assert driver.lab.tour is None
        await driver.keys("f9")  # but it can still be taken
        assert "1 of 5" in driver.text(driver.lab.tour)


def test_what_the_tour_asks_for_is_in_the_catalogue() -> None:
    from infralab.models.catalogue import default_catalogue

    told = script()
    assert not read(told.design).problems
    named = [word.strip(",;.:") for step in told.steps for word in step.text.split() if "-" in word]
    found = [name for name in named if any(default_catalogue().find(name, room) for room in ("tier", "server"))]
    assert len(found) >= 2


async def test_panels_and_theme_are_as_they_were_left(tmp_path: Path) -> None:
    remembered = tmp_path / "lab.json"
    async with lab(tmp_path, memory=remembered) as driver:
        await driver.keys("T", "5", "escape", "3", "greater_than_sign")
        theme, width = driver.app.theme, driver.lab.inspector.size.width
    async with lab(tmp_path, memory=remembered) as driver:
        assert driver.app.theme == theme
        assert driver.lab.inspector.display and driver.lab.inspector.size.width == width
        assert not driver.lab.why.display
    remembered.write_text('{"side": 7, "width": "wide", "theme": "none such"')
    async with lab(tmp_path, memory=remembered) as driver:
        assert driver.app.theme == "infralab-dark"
