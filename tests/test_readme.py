"""The README is true: its commands run, and the answer that it shows is the one that is given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from infralab.tui.commands import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.startswith("infralab ")
]


def test_the_readme_has_commands_to_run() -> None:
    assert len(COMMANDS) >= 5


def test_every_command_of_the_readme_works_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in COMMANDS:
        assert main(shlex.split(line)[1:]) == 0, line
        assert capsys.readouterr().err == "", line


def test_the_answer_that_is_shown_is_given(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = re.search(r"<!-- eval -->\n```text\n(.*?)```", README, re.S)
    assert shown is not None
    assert main(["eval", "photos-on-object-storage"]) == 0
    given = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert shown[1].splitlines() == given[: len(shown[1].splitlines())]


def test_pictures_and_documents_that_are_linked_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (Path(__file__).parents[1] / target).exists(), target
