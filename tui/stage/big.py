"""Figures three or five rows tall, for people at the back of the room."""

from __future__ import annotations

PIXEL_ROWS = 5
# Five rows of pixels a letter; two rows of pixels make a row of cells.
_PIXELS = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# .#. .#. .#.",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    ".": ". . . . #",
    ",": ". . . # #",
    "+": "... .#. ### .#. ...",
    "-": "... ... ### ... ...",
    "−": "... ... ### ... ...",
    "–": "... ... ### ... ...",
    "×": "... #.# .#. #.# ...",
    "%": "#.# ..# .#. #.. #.#",
    " ": ".. .. .. .. ..",
    "k": "#.. #.# ##. ##. #.#",
    "M": "#...# ##.## #.#.# #...# #...#",
    "G": "#### #... #.## #..# ####",
    "T": "### .#. .#. .#. .#.",
    "P": "### #.# ### #.. #..",
    "E": "### #.. ### #.. ###",
    "m": "..... ##.#. #.#.# #.#.# #.#.#",
    "µ": "#..# #..# ##.# #.## #...",
    "s": "... ### #.. ..# ###",
    "B": "##. #.# ##. #.# ##.",
    "/": "..# ..# .#. #.. #..",
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def rows(text: str, scale: int = 1) -> list[str]:
    """Rows of cells that spell `text`: three, or five at twice the size. Letters that the font lacks are left out."""
    letters = [_PIXELS[letter].split() for letter in text if letter in _PIXELS]
    pixels = []
    for row in range(PIXEL_ROWS):
        line = (" " * scale).join("".join(dot * scale for dot in letter[row]) for letter in letters)
        pixels += [line] * scale
    if len(pixels) % 2:
        pixels.append(" " * len(pixels[0]))
    return [
        "".join(
            _HALVES[upper == "#", lower == "#"] for upper, lower in zip(pixels[y], pixels[y + 1], strict=True)
        )
        for y in range(0, len(pixels), 2)
    ]


def spelled(text: str) -> bool:
    """Whether the font has every letter of `text`."""
    return all(letter in _PIXELS for letter in text)
