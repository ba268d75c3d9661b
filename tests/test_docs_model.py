"""docs/model.md holds what the code says of it: modules that exist, sections that docstrings name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/model.md").read_text(encoding="utf-8")
SECTIONS = {int(number) for number in re.findall(r"^## (\d+)\.", TEXT, re.MULTILINE)}


def test_every_module_it_names_exists() -> None:
    named = set(re.findall(r"`((?:models|benchmarks)/[^`]*)`", TEXT))
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_room_of_physics_is_named() -> None:
    """A new equation comes with its place in the document."""
    helpers = {"__init__", "ledger", "room"}
    rooms = {path.stem for path in (ROOT / "models/physics").glob("*.py")} - helpers
    assert [room for room in sorted(rooms) if f"models/physics/{room}.py" not in TEXT] == []


def test_every_kind_of_work_is_named() -> None:
    from infralab.models.workloads import MODULES

    for module in MODULES.values():
        assert f"models/workloads/{module}.py" in TEXT, module


def test_every_section_that_code_refers_to_exists() -> None:
    found = 0
    for path in (*ROOT.glob("models/**/*.py"), *ROOT.glob("models/fitted/*.toml")):
        for listed in re.findall(
            r"model\.md,? (?:sections? )?(\d+(?:(?:, | and )\d+)*)", path.read_text(encoding="utf-8")
        ):
            found += 1
            assert {int(n) for n in re.findall(r"\d+", listed)} <= SECTIONS, f"{path}: model.md, {listed}"
    assert found > 10


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / link).exists(), link


def test_residuals_are_those_of_the_fits() -> None:
    rows = re.findall(r"^\| `(\S+\.toml)` \| (\d+) \| ([\d.]+) % ", TEXT, re.MULTILINE)
    assert len(rows) >= 5
    for name, count, median in rows:
        fit = tomllib.loads((ROOT / "models/fitted" / name).read_text(encoding="utf-8"))["fit"]
        seen = [g for g in fit.values() if isinstance(g, dict) and g.get("rows") == int(count)]
        assert any(f"{g['median'] * 100:.1f}" == median for g in seen), f"{name}: python docs/regenerate.py validation"
