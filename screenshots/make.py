"""Pictures of the running lab, made from the real app: `make screenshots`.

Each scene opens a preset, presses keys as a person would, waits for the figures and exports the screen
as SVG. Nothing is drawn by hand.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from infralab.models import presets
from infralab.models.document import load
from infralab.tui.app import LabApp, Settings

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Scene:
    name: str
    preset: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "dark"


SCENES = (
    Scene("lab", "photos-on-object-storage", (160, 48)),
    Scene("lab-80x24", "photos-on-object-storage", (80, 24)),
    Scene("lab-light", "oversubscribed-fabric", (120, 40), theme="light"),
    Scene("serving", "prefill-apart-from-decode", (160, 48)),
    Scene("what-if", "photos-on-object-storage", (120, 40), ("a", *"nvme-raid0-8x-gen4", "enter", "tab", "tab", "tab")),
    Scene("presenter", "photos-on-object-storage", (80, 24), ("f5", "space", *"12212", "space")),
    Scene("upgrades", "photos-on-object-storage", (120, 36), ("F",)),
    Scene("sweep", "oversubscribed-fabric", (100, 30), ("s",)),
    Scene("lessons", "photos-on-object-storage", (120, 36), ("f4", *("down",) * 20), theme="light"),
)
NAMED = {"-": "minus"}  # characters that keys have words for


async def take(scene: Scene) -> str:
    path = presets.path_of(scene.preset)
    assert path is not None
    app = LabApp(load(path), Settings(recover=False, theme=scene.theme))
    async with app.run_test(size=scene.size) as pilot:
        await pilot.pause(1.0)
        for key in scene.keys:
            await pilot.press(NAMED.get(key, key))
            await pilot.pause(0.3)
        await pilot.pause(2.5)
        return app.export_screenshot(title="InfraLab")


def main() -> int:
    wanted = sys.argv[1:]
    for scene in SCENES:
        if not wanted or scene.name in wanted:
            (HERE / f"{scene.name}.svg").write_text(asyncio.run(take(scene)), encoding="utf-8")
            print(f"screenshots/{scene.name}.svg")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
