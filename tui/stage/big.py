"""Figures three rows tall, for people at the back of the room."""

from __future__ import annotations

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


def rows(text: str) -> list[str]:
    """Three rows of cells that spell `text`; letters that the font lacks are left out."""
    columns = [_PIXELS[letter].split() for letter in text if letter in _PIXELS]
    pixels = [" ".join(letter[row] for letter in columns) for row in range(5)]
    pixels.append("." * len(pixels[0]) if pixels else "")
    return [
        "".join(
            _HALVES[upper == "#", lower == "#"] for upper, lower in zip(pixels[y], pixels[y + 1], strict=True)
        )
        for y in (0, 2, 4)
    ]


def spelled(text: str) -> bool:
    """Whether the font has every letter of `text`."""
    return all(letter in _PIXELS for letter in text)
