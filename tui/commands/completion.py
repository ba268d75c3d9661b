"""`infralab completion bash|zsh|fish`: a script for the shell that completes commands, options and presets."""

from __future__ import annotations

import argparse

from infralab.tui.commands.designs import Refused

BASH = """\
# infralab for bash: put this line into ~/.bashrc:  eval "$(infralab completion bash)"
_infralab() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{commands} $(infralab completion --presets 2>/dev/null)"
  else
    case "$command" in
{cases}
      *) words="{lab}" ;;
    esac
    case "$command" in
      eval|check|compare|diff|export|serve) words="$words $(infralab completion --presets 2>/dev/null)" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word"))
}}
complete -o filenames -F _infralab infralab
"""

ZSH = """\
#compdef infralab
# infralab for zsh: put this line into ~/.zshrc, after compinit:  eval "$(infralab completion zsh)"
_infralab() {{
  local -a names presets
  presets=(${{(f)"$(infralab completion --presets 2>/dev/null)"}})
  if (( CURRENT == 2 )); then
    names=({described})
    _describe command names
    compadd -a presets
    _files
    return
  fi
  case "$words[2]" in
{cases}
    *) compadd -- {lab} ;;
  esac
  compadd -a presets
  _files
}}
compdef _infralab infralab
"""

FISH = """\
# infralab for fish: put this line into ~/.config/fish/config.fish:  infralab completion fish | source
function __infralab_bare
    test (count (commandline -opc)) -eq 1
end
{commands}
complete -c infralab -a "(infralab completion --presets 2>/dev/null)"
{options}
"""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab completion",
        description="A script that lets the shell complete commands, options and presets.",
        epilog='bash, zsh: eval "$(infralab completion bash)"   fish: infralab completion fish | source',
    )
    made.add_argument("shell", nargs="?", metavar="SHELL", help="bash, zsh or fish")
    made.add_argument("--presets", action="store_true", help="the names of the presets, one a line")
    return made


def run(argv: list[str]) -> int:
    """Print the script; 2 for a shell that is not known."""
    options = parser().parse_args(argv)
    if options.presets:
        from infralab.models import presets

        print("\n".join(presets.names()))
        return 0
    made = {"bash": _bash, "zsh": _zsh, "fish": _fish}.get(options.shell)
    if made is None:
        raise Refused(f"{options.shell or 'no shell named'}: known are bash, zsh and fish")
    print(made(), end="")
    return 0


def options_of(command: str) -> list[str]:
    """The long options of a command, asked of its own parser; "" is the lab."""
    from importlib import import_module

    from infralab.tui.commands import COMMANDS

    module = import_module(f"infralab.tui.commands.{COMMANDS[command][0] if command else 'lab'}")
    found = [name for action in module.parser()._actions for name in action.option_strings]
    return [name for name in found if name.startswith("--")]


def _cases(form: str) -> str:
    from infralab.tui.commands import COMMANDS

    return "\n".join(form.format(name, " ".join(options_of(name))) for name in COMMANDS)


def _bash() -> str:
    from infralab.tui.commands import COMMANDS

    return BASH.format(
        commands=" ".join(COMMANDS), cases=_cases('      {}) words="{}" ;;'), lab=" ".join(options_of(""))
    )


def _zsh() -> str:
    from infralab.tui.commands import COMMANDS

    described = " ".join("'" + f"{name}:{what}".replace("'", "’") + "'" for name, (_, what) in COMMANDS.items())
    return ZSH.format(described=described, cases=_cases("    {}) compadd -- {} ;;"), lab=" ".join(options_of("")))


def _fish() -> str:
    from infralab.tui.commands import COMMANDS

    lines = [
        f"complete -c infralab -n __infralab_bare -a {name} -d '{what.replace(chr(39), '’')}'"
        for name, (_, what) in COMMANDS.items()
    ]
    options = [
        f"complete -c infralab -n '__fish_seen_subcommand_from {name}' -l {option[2:]}"
        for name in COMMANDS
        for option in options_of(name)
    ]
    return FISH.format(commands="\n".join(lines), options="\n".join(options))
