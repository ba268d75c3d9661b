"""The command line: `infralab` opens the lab, `infralab COMMAND` answers without it.

Commands are modules of this package with `run(argv) -> int`; nothing is imported before it is asked for.
Exit codes: 0 fine, 2 bad usage or bad input.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module

# command -> (module, what it does)
COMMANDS: dict[str, tuple[str, str]] = {
    "eval": ("evaluate", "what a design does: rate, bottleneck, money (--json)"),
    "compare": ("compare", "designs side by side: what differs, and what it does"),
    "diff": ("diff", "two designs: what differs in the drawing, and in the figures"),
    "why": ("why", "the chain behind a figure: equations, inputs, sources"),
    "upgrades": ("upgrades", "what would help most, and what could go"),
    "reach": ("reach", "the cheapest changes that reach a target"),
    "sweep": ("sweep", "one or two parameters varied: curve, knee, map"),
    "measured": ("measured", "a result of your own beside the model's answer"),
    "check": ("check", "what is wrong with a file, with key and line"),
    "new": ("new", 'a first design from words: "16 dgx-h100, infiniband-ndr, weka"'),
    "present": ("present", "the story of a design on stage, or as a page with pictures"),
    "export": ("export", "a picture, report, table or card of a design, in a file"),
    "serve": ("serve", "the lab in a browser, on this machine unless told otherwise"),
    "presets": ("presets", "designs that ship with the lab, each a question"),
    "catalogue": ("catalogue", "hardware, software, models and data sets with sources"),
    "validate": ("validate", "published measurements against the model"),
    "schema": ("schema", "JSON Schema of a design, for editors"),
    "completion": ("completion", "shell completion for bash, zsh or fish"),
}

EXAMPLES = """\
Start here:
  infralab                            the lab, on a first design
  infralab presets                    questions that have a design already
  infralab eval PRESET                the answer to one of them, in the terminal
  infralab eval PRESET --set box.train.count=32 --json
  infralab new "16 dgx-h100, infiniband-ndr, weka" -o mine.toml
  infralab mine.toml                  draw on it"""

USAGE = 2
DEFECT = 1
INTERRUPTED = 130
TRACEBACK = "INFRALAB_TRACEBACK"


def main(argv: list[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough: `infralab eval … | head`
        _drop_output()
        return 0
    except OSError as error:  # a full disk behind `>`; everything else is told by the command itself
        _drop_output()
        print(f"infralab: the output could not be written: {error.strerror}", file=sys.stderr)
        return USAGE
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        return _own_defect(error)


def _own_defect(error: Exception) -> int:
    """What nobody foresaw: said as the lab's own mistake, with the place where it happened."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" ({os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno})" if frame is not None else ""
    print(
        f"infralab: a defect of InfraLab, not of what you asked: {type(error).__name__}: {error}{where}. "
        f"Nothing was written. With {TRACEBACK}=1 the same command shows the whole way there, for a report.",
        file=sys.stderr,
    )
    return DEFECT


def _drop_output() -> None:
    """What is still to be written goes nowhere, so that the end of the process does not fail on it again."""
    with contextlib.suppress(OSError, ValueError):  # a stream that is no file has nothing to be redirected
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        return _help(arguments[1:])
    if first in ("-V", "--version"):
        return _version()
    if first in COMMANDS:
        return _run(first, arguments[1:])
    if _is_misspelt(first):
        return _unknown(first)
    return _run("", arguments)


def _run(command: str, arguments: list[str]) -> int:
    """A command's own module; bad input ends as a paragraph on stderr, never as a traceback."""
    from infralab.models.refusal import Refusal

    module = import_module(f"{__name__}.{COMMANDS[command][0] if command else 'lab'}")
    try:
        code: int = module.run(arguments)
        return code
    except SystemExit as stop:  # argparse has said what is wrong, or shown the help
        return int(stop.code or 0)
    except BrokenPipeError:
        raise
    except OSError as error:
        if not error.filename:
            raise
        text = f"{error.filename}: {error.strerror}"
    except Refusal as error:
        text = str(error)
    print(f"infralab{' ' + command if command else ''}: {text}", file=sys.stderr)
    return USAGE


def _is_misspelt(first: str) -> bool:
    """A first word that is neither an option, a file, nor a preset: a command that does not exist."""
    if not first or first.startswith("-") or os.path.exists(first):
        return False
    from infralab.models import presets

    return presets.path_of(first) is None and not first.endswith(".toml") and os.sep not in first


def _unknown(word: str) -> int:
    from infralab.models import presets
    from infralab.models.schema import nearest

    close = nearest(word, (*COMMANDS, *presets.names()))
    hint = f"did you mean {close}?" if close else "`infralab --help` lists the commands, `infralab presets` the presets"
    print(f"infralab: {word}: no such command, file or preset; {hint}", file=sys.stderr)
    return USAGE


def _version() -> int:
    from infralab import __version__

    print(f"infralab {__version__}")
    return 0


def _help(rest: list[str]) -> int:
    if rest and rest[0] in COMMANDS:
        return _run(rest[0], ["--help"])
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name:{width}}{what}" for name, (_, what) in COMMANDS.items())
    print(
        "InfraLab: what a machine room for AI could do, what holds it back, and what if.\n\n"
        "usage: infralab [FILE|PRESET] [options]   open the lab\n"
        "       infralab COMMAND …                 answer in the terminal\n\n"
        f"{EXAMPLES}\n\nCommands (infralab COMMAND --help says more):\n{rows}\n\n"
        "Options of the lab:\n"
        "  --mouse, --no-mouse   with or without the mouse\n"
        "  --ascii               no line drawing, for plain terminals\n"
        "  --start               begin with the map of the field (F8 in the lab)\n"
        "  --theme NAME          colours to start with\n"
        "  --catalogue FILE      a catalogue file of your own; may be repeated\n"
        "  --version             the version\n\n"
        "Exit codes: 0 fine, 2 bad usage or input."
    )
    return 0
