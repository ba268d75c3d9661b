"""Commands as tests run them: what they print when they go well, and what they say when they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infralab.tui.commands import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that goes well prints."""
    code = main(list(arguments))
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return shown.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that is refused says; it prints nothing on stdout."""
    code = main(list(arguments))
    shown = capsys.readouterr()
    assert code == 2
    assert shown.out == ""
    return shown.err


def strict(text: str) -> Any:
    """JSON as the standard has it: NaN and Infinity are none."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
