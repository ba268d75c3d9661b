"""A line that drops, a kill at any moment: edits older than a second are found again, files are never damaged."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from infralab.models.document import load, read
from infralab.tui.recovery import Lost, lost
from tests.app_pilot import DESIGN
from tests.pty_driver import Program

OLD_SECONDS = 1.0
EDITS = 12


def count(text: str) -> int:
    return read(text).design.boxes["train"].count


def left_behind(home: Path) -> list[Lost]:
    return [item for folder in home.rglob("recovery") for item in lost(folder)]


def edit_until_the_end(program: Program, ending: str, chance: random.Random) -> tuple[int, int]:
    """Edits in a row, some saved; then the end. The count that was made a second before it, and the last one sent."""
    program.wait("images/s")
    program.wait("dgx-h100")
    program.rest()
    program.click(*program.find("dgx-h100"))
    made: list[tuple[float, int]] = []
    stop = chance.randint(2, EDITS)
    for number in range(5, 5 + stop):
        program.send("+")
        program.wait(f"×{number} ", f"×{number}─", f"×{number}━")
        made.append((time.monotonic(), number))
        if chance.random() < 0.2:
            program.keys("^s")
        until = time.monotonic() + chance.uniform(0.0, 0.5)
        while time.monotonic() < until:
            program.pump(0.02)
    until = time.monotonic() + chance.choice((0.0, 0.2, 1.3))
    while time.monotonic() < until:
        program.pump(0.02)
    now = time.monotonic()
    program.hang_up() if ending == "dropped" else program.end(getattr(signal, ending))
    return max((number for at, number in made if now - at > OLD_SECONDS), default=4), made[-1][1]


@pytest.mark.parametrize("ending", ["SIGKILL", "SIGHUP", "dropped"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_edit_older_than_a_second_is_found_and_offered(tmp_path: Path, ending: str, seed: int) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    with Program([str(path)], tmp_path) as program:
        wanted, last = edit_until_the_end(program, ending, random.Random(f"{ending} {seed}"))
    if ending != "SIGKILL":
        wanted = last  # it was told, so it had the time to write everything
    assert path.read_text().startswith("# what this file is for"), "the file is whole"
    assert not load(path).problems
    saved = load(path).design.boxes["train"].count
    found = left_behind(tmp_path)
    best = max([saved, *(count(item.text) for item in found)])
    assert wanted <= best <= last
    assert len(found) <= 1
    if not found or count(found[0].text) == saved:
        return
    with Program([str(path)], tmp_path) as program:
        program.wait("Unsaved edits were found")
        program.send("r")
        program.wait("brought back")
        program.end(signal.SIGKILL)  # at once: what was brought back is still unsaved
    assert max(count(item.text) for item in left_behind(tmp_path)) == best


def test_a_recovery_file_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    folder = tmp_path / "state" / "infralab" / "recovery"
    folder.mkdir(parents=True)
    (folder / "1-1.toml").write_text("box = [broken")
    (folder / "1-1.json").write_text(f'{{"of": "{path}", "name": "photos.toml", "at": 1.0, "pid": {2**22 + 1}}}')
    with Program([str(path)], tmp_path) as program:
        program.wait("Unsaved edits were found")
        program.send("r")
        program.wait("Unsaved edits were found", gone=True)
        program.rest()
        assert (folder / "1-1.toml").exists(), "a person can still mend it by hand"
        program.keys("^q")
        assert program.ended(10) == 0
