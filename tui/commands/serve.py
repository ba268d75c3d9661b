"""`infralab serve`: the lab in a browser, for a room without terminals."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shlex
import sys

from infralab.tui.commands import designs

TOKEN_VARIABLE = "INFRALAB_TOKEN"
SHORTEST_TOKEN = 16
VISITORS = 8  # each is a process of some 100 MB


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infralab serve",
        description="Serve the lab to browsers: on this machine only, unless --expose says otherwise.",
        epilog=f"The token may also stand in {TOKEN_VARIABLE}, where no list of processes shows it. "
        "Needs pip install 'infralab[serve]'.",
    )
    made.add_argument("design", metavar="FILE|PRESET", nargs="?", help="what every visitor begins with")
    made.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    made.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
    made.add_argument("--token", help="what a visitor must have; on this machine a fresh one is made by default")
    made.add_argument("--expose", action="store_true", help="allow an address that other machines reach")
    made.add_argument("--visitors", type=int, default=VISITORS, help=f"at most so many at a time ({VISITORS})")
    made.add_argument("--theme", metavar="NAME", help="colours to start with")
    designs.add_catalogue(made)
    return made


def run(argv: list[str]) -> int:
    """Serve until Ctrl-C; 0, or 2 through the errors that `main` turns into a message."""
    options = parser().parse_args(argv)
    _check(options)
    if options.design:
        designs.sound(designs.opened(options.design))  # said here when it is wrong, before anyone comes
    if options.catalogue:
        designs.catalogue_with(options.catalogue)
        designs.keep_catalogue(options.catalogue)
    try:
        from infralab.tui.serve.gate import Gate, is_loopback
        from infralab.tui.serve.server import LabServer
    except ImportError as error:
        raise designs.Refused(
            f"serving needs textual-serve, which is not installed ({error.name}): pip install 'infralab[serve]'"
        ) from None
    token = _token(options, is_loopback(options.host))
    server = LabServer(
        _command(options), options.host, options.port, Gate(token, not is_loopback(options.host)), options.visitors
    )
    _announce(options, token, is_loopback(options.host))
    try:
        server.serve()
    except OSError as error:
        raise designs.Refused(
            f"cannot listen on {options.host}:{options.port}: {error.strerror or error}; --port chooses another"
        ) from None
    return 0


def _check(options: argparse.Namespace) -> None:
    if not 1 <= options.port <= 65535:
        raise designs.Refused(f"--port {options.port}: expected a number from 1 to 65535")
    if options.visitors < 1:
        raise designs.Refused(f"--visitors {options.visitors}: expected a number from 1")
    if options.theme:
        from infralab.tui.commands.lab import theme_named

        options.theme = theme_named(options.theme)


def _token(options: argparse.Namespace, loopback: bool) -> str:
    """The token given, or a fresh one on loopback. Raises Refused for an address that others reach without both."""
    given = options.token if options.token is not None else os.environ.pop(TOKEN_VARIABLE, "")
    if not loopback and not options.expose:
        raise designs.Refused(
            f"--host {options.host}: other machines may reach this address, and whoever has the token can read and "
            "write files as you. Leave it out to serve this machine only, or add --expose and --token"
        )
    if not loopback and not given:
        raise designs.Refused(
            f"--expose: visitors from other machines need a token; for example --token {secrets.token_urlsafe(24)}"
        )
    if options.token is not None and not given:
        raise designs.Refused("--token: it is empty; leave it out to have one made")
    if given and not re.fullmatch(r"[A-Za-z0-9._~-]+", given):
        raise designs.Refused("the token may have letters, digits and . _ ~ - only, so that it can stand in an address")
    if not loopback and len(given) < SHORTEST_TOKEN:
        raise designs.Refused(f"--token: too short to keep others out; at least {SHORTEST_TOKEN} characters")
    return given or secrets.token_urlsafe(24)


def _command(options: argparse.Namespace) -> str:
    """What runs for each visitor."""
    words = [sys.executable, "-m", "infralab.tui.serve.visitor"]
    words += ["--theme", options.theme] if options.theme else []
    from infralab.models import presets

    first = presets.default()
    path = designs.locate(options.design) if options.design else first.path if first is not None else ""
    words += ["--", os.path.abspath(path)] if path else []
    return f"exec {shlex.join(words)}"  # no shell between: ending the process ends the lab


def _announce(options: argparse.Namespace, token: str, loopback: bool) -> None:
    """Where the lab is, and what is given away. The address is all that one needs to come in."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"The lab is at  http://{host}:{options.port}/?token={token}")
    if loopback:
        print("Only this machine reaches it. Ctrl-C ends it.")
    else:
        print(
            f"EXPOSED on {options.host}, port {options.port}: whoever has that address can use this lab, and open and\n"
            "save files with your rights, as you. The connection is not encrypted: on a network that you do not\n"
            "trust, serve this machine only and reach it through SSH (ssh -L) or a proxy with TLS.\n"
            f"At most {options.visitors} visitors, a process each. Ctrl-C ends it."
        )
    sys.stdout.flush()
