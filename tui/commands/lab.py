"""`infralab [FILE|PRESET]`: the lab itself. The only command that imports Textual, and only when all is well."""

from __future__ import annotations

import argparse

from infralab.tui.commands import designs


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab",
        description="Open the lab on a design, a preset, or a first design when nothing is named.",
        epilog="`infralab --help` shows the commands.",
    )
    made.add_argument("design", metavar="FILE|PRESET", nargs="?", help="a design, or the name of a preset")
    made.add_argument("--mouse", action=argparse.BooleanOptionalAction, default=True, help="use the mouse")
    made.add_argument("--ascii", action="store_true", help="no line drawing characters")
    made.add_argument("--start", action="store_true", help="begin with the map of the field (F8 in the lab)")
    made.add_argument("--theme", metavar="NAME", help="colours to start with")
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Open the lab; returns when it is left."""
    options = parser().parse_args(argv)
    document = designs.opened(options.design) if options.design else _first()
    if options.catalogue:
        designs.catalogue_with(options.catalogue)  # said here when a file is wrong, before the screen is taken
        designs.keep_catalogue(options.catalogue)
    from infralab.tui.app import Settings
    from infralab.tui.app import run as open_lab

    chosen = {"theme": theme_named(options.theme)} if options.theme else {}
    settings = Settings(mouse=options.mouse, ascii_only=options.ascii, start=options.start, invite=not options.design, **chosen)
    return open_lab(settings=settings, document=document)


def theme_named(name: str) -> str:
    """The theme's name as the lab has it. Raises Refused with the names that there are."""
    from infralab.models.schema import nearest
    from infralab.tui.themes import THEMES

    names = [theme.name.removeprefix("infralab-") for theme in THEMES]
    if name not in names:
        close = nearest(name, names)
        hint = f"did you mean {close}?" if close else f"themes are {', '.join(names)}"
        raise designs.Refused(f"--theme {name}: there is no such theme; {hint}")
    return name


def _first() -> designs.Document:
    """The preset that invites a first what-if, or an empty design where none is installed."""
    from infralab.models import presets
    from infralab.models.document import read

    preset = presets.default()
    return read("") if preset is None else designs.opened(preset.path)
