"""Each preset is a real question with its answer: what it claims is held against the Report."""

from __future__ import annotations

from pathlib import Path

import pytest

from infralab.models.document import load
from infralab.models.explore.claims import tell

PRESETS = sorted((Path(__file__).parents[1] / "presets").glob("*.toml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_a_preset_is_whole(path: Path) -> None:
    document = load(path)
    assert not document.problems
    design = document.design
    assert design.title
    assert design.question.endswith("?")
    assert design.tags
    assert design.workload is not None
    assert 3 <= len(design.story) <= 6
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    assert first_line.startswith("# ")
    assert "ANSWER" not in first_line


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_what_a_story_claims_is_true(path: Path) -> None:
    wrong = []
    for told in tell(load(path).design):
        assert told.step.expect, f"{told.step.title} claims nothing"
        wrong += [f"{told.step.title}: {v.claim} (found {v.found})" for v in told.verdicts if not v.holds]
    assert not wrong


def test_there_are_presets_for_the_whole_field() -> None:
    kinds = {d.workload.kind for d in (load(p).design for p in PRESETS) if d.workload is not None}
    assert len(PRESETS) >= 16
    assert {
        "transformer-training",
        "transformer-inference",
        "vision-training",
        "vision-inference",
        "recommender-training",
        "graph-training",
        "graph-inference",
        "storage-emulation",
        "storage-io",
    } <= kinds
