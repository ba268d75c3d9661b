"""A grid of characters with a role each, two by four dots to a cell where braille can be drawn."""

from __future__ import annotations

Piece = tuple[str, str]  # text, role
Line = list[Piece]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Grid:
    """`width` × `height` cells. Dots are counted from the lower left corner."""

    def __init__(self, width: int, height: int, ascii_only: bool = False) -> None:
        self.width, self.height, self.ascii_only = width, height, ascii_only
        self._dots: dict[tuple[int, int], int] = {}
        self._roles: dict[tuple[int, int], str] = {}
        self._signs: dict[tuple[int, int], Piece] = {}

    @property
    def dots_across(self) -> int:
        return self.width * 2

    @property
    def dots_up(self) -> int:
        return self.height * 4

    def dot(self, x: int, y: int, role: str) -> None:
        if 0 <= x < self.dots_across and 0 <= y < self.dots_up:
            cell = (x // 2, self.height - 1 - y // 4)
            self._dots[cell] = self._dots.get(cell, 0) | _DOTS[3 - y % 4][x % 2]
            self._roles[cell] = role

    def line(self, x: int, y: int, to_x: int, to_y: int, role: str) -> None:
        """A straight line of dots (Bresenham 1965)."""
        across, up = abs(to_x - x), -abs(to_y - y)
        step_x, step_y = (1 if x < to_x else -1), (1 if y < to_y else -1)
        error = across + up
        while True:
            self.dot(x, y, role)
            if x == to_x and y == to_y:
                return
            twice = 2 * error
            if twice >= up:
                error += up
                x += step_x
            if twice <= across:
                error += across
                y += step_y

    def sign(self, column: int, row: int, text: str, role: str) -> None:
        """A character over the dots of a cell; rows count from above."""
        if 0 <= column < self.width and 0 <= row < self.height:
            self._signs[column, row] = (text, role)

    def rows(self) -> list[Line]:
        return [self._row(row) for row in range(self.height)]

    def _row(self, row: int) -> Line:
        line: Line = []
        for column in range(self.width):
            text, role = self._cell(column, row)
            if line and line[-1][1] == role:
                line[-1] = (line[-1][0] + text, role)
            else:
                line.append((text, role))
        return line

    def _cell(self, column: int, row: int) -> Piece:
        cell = (column, row)
        if cell in self._signs:
            return self._signs[cell]
        dots = self._dots.get(cell, 0)
        if not dots:
            return " ", ""
        return ("*" if self.ascii_only else chr(0x2800 + dots)), self._roles[cell]
