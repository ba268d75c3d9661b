"""The real program, driven as a terminal drives it: SGR mouse sequences and keys, from adding to reopening."""

from __future__ import annotations

from pathlib import Path

from infralab.models.document import load
from tests.app_pilot import DESIGN
from tests.pty_driver import RIGHT, WHEEL_UP, Program


def drawn(program: Program, name: str) -> tuple[int, int]:
    """Where a box's title stands on the canvas: left of it is its frame."""
    for y, line in enumerate(program.screen.display):
        for frame in ("╭─", "┌─", "┏━", "╔═", "┏━", "╔═"):
            x = line.find(f"{frame} {name} ")
            if x >= 0:
                return x + 3, y
    raise AssertionError(f"{name} is not drawn:\n{program.text}")


def offered(program: Program, part: str) -> tuple[int, int]:
    """Search the open palette for a part; where its row is."""
    program.wait("4 Add")
    program.send(part)
    program.wait(f"   {part}")
    program.rest()
    x, y = program.find(f"   {part}")
    return x + 5, y


def test_add_compose_wire_edit_undo_save_and_reopen_with_the_mouse(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    with Program([str(path)], tmp_path, size=(150, 44)) as program:
        program.wait("images/s")
        program.rest()
        canvas = program.find("Topology")

        # add: from the palette to the empty canvas
        program.keys("a")
        x, y = offered(program, "quantum-2")
        program.drag((x, y), (canvas[0] + 30, canvas[1] + 16))
        program.rest()
        drawn(program, "fabric")

        # compose: a chip dropped on the server
        program.keys("a", "^u")
        x, y = offered(program, "b200-sxm-180gb")
        tx, ty = drawn(program, "train")
        program.drag((x, y), (tx + 6, ty + 2))
        program.rest()

        # wire: from a port of the new fabric to the server
        fx, fy = drawn(program, "fabric")
        program.click(fx, fy + 1)
        program.rest(0.2)
        tx, ty = drawn(program, "train")
        program.keys("w")
        program.mouse(35, tx + 2, ty + 1)
        program.rest(0.2)
        program.keys("esc")
        right = (
            program.screen.display[fy].index("╮", fx)
            if "╮" in program.screen.display[fy][fx:]
            else program.screen.display[fy].index("╗", fx)
        )
        program.drag((right, fy + 1), (tx + 4, ty + 2))
        program.rest()

        # edit: the count by the wheel on its badge, then by key; undo one of them
        bx, by = program.find("×4 ")
        program.mouse(WHEEL_UP, bx, by)
        program.wait("×5 ")
        program.click(*drawn(program, "store"))
        program.keys("+")
        program.wait("×2 ")
        program.keys("^z")
        program.wait("×2 ", gone=True)

        # the menu of a box by the right button, and away again
        program.click(*drawn(program, "store"), button=RIGHT)
        program.wait("Duplicate")
        program.keys("esc")
        program.wait("Duplicate", gone=True)

        program.keys("^s")
        program.wait("saved")
        program.keys("^q")
        assert program.ended(10) == 0

    design = load(path).design
    assert design.boxes["fabric"].is_ == "quantum-2"
    assert design.boxes["train"].chip == "b200-sxm-180gb"
    assert {"fabric", "train"} in [set(wire.ends) for wire in design.wires.values()]
    assert (design.boxes["train"].count, design.boxes["store"].count) == (5, 1)
    assert path.read_text().startswith("# what this file is for")

    with Program([str(path)], tmp_path, size=(150, 44)) as program:
        program.wait("images/s")
        program.rest()
        for name in ("store", "train", "fabric"):
            drawn(program, name)
        assert "×5 " in program.text
        assert "•" not in program.screen.display[0], "nothing is unsaved"
        program.keys("^q")
        assert program.ended(10) == 0


def test_a_drag_let_go_outside_the_canvas_or_ended_by_escape_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photos.toml"
    path.write_text(DESIGN)
    with Program([str(path)], tmp_path) as program:
        program.wait("images/s")
        program.rest()
        x, y = drawn(program, "train")
        program.mouse(0, x, y + 2)
        program.mouse(32, x + 5, y + 4)
        program.rest(0.2)
        program.keys("esc")
        program.rest(0.2)
        program.mouse(0, x + 5, y + 4, release=True)
        program.rest(0.2)
        assert drawn(program, "train") == (x, y)
        program.keys("a")
        program.drag(offered(program, "quantum-2"), (0, 0))  # released on the header
        program.rest()
        program.keys("esc", "esc", "^q")
        assert program.ended(10) == 0, "nothing to ask: nothing changed"
    assert path.read_text() == DESIGN
