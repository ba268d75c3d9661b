"""`infralab presets`: the designs that ship with the lab.

JSON: a list of {name, title, question, tags, workload, path}.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from infralab.models import presets
from infralab.tui.commands.designs import Refused
from infralab.tui.export.terminal import Line, show


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab presets",
        description="Designs that ship with the lab, each a question with its answer in the opening comment.",
        epilog="`infralab NAME` opens one, `infralab eval NAME` answers it here.",
    )
    made.add_argument("word", metavar="WORD", nargs="*", help="only presets that have these words")
    made.add_argument("--json", action="store_true", help="as a JSON list")
    return made


def run(argv: list[str]) -> int:
    """Print the presets; 2 when words are given and none has them."""
    options = parser().parse_args(argv)
    found = [preset for preset in presets.presets() if _has(preset, options.word)]
    if options.word and not found:
        raise Refused(f"no preset has the words {' '.join(options.word)}; `infralab presets` lists all")
    if options.json:
        print(json.dumps([asdict(preset) for preset in found], ensure_ascii=False, indent=1))
        return 0
    show(lambda width: _lines(found, width))
    return 0


def _has(preset: presets.Preset, wanted: list[str]) -> bool:
    text = " ".join((preset.name, preset.title, preset.question, preset.workload, *preset.tags)).lower()
    return all(word.lower() in text for word in wanted)


def _lines(found: list[presets.Preset], width: int) -> list[Line]:
    import textwrap

    lines: list[Line] = []
    for preset in found:
        lines.append([(preset.name, "bold"), (f"  {preset.workload}", "dim")])
        lines += [[(f"  {text}", "")] for text in textwrap.wrap(preset.title, width - 2)]
        lines += [[(f"  {text}", "italic")] for text in textwrap.wrap(preset.question, width - 2)]
    lines.append([("infralab NAME opens one, infralab eval NAME answers it here.", "dim")])
    return lines
