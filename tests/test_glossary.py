"""The glossary: whatever the lab shows has a card that a newcomer can read."""

from __future__ import annotations

import pytest

from infralab.models import presets
from infralab.models.catalogue import default_catalogue
from infralab.models.document import load
from infralab.models.evaluate import evaluate
from infralab.models.explore.claims import tell
from infralab.models.glossary import card, cards, of_kind

ROOMS = ("server", "chip", "tier", "switch", "link", "dpu", "framework", "loader", "model", "dataset")
TERMS = (
    "operational intensity", "bus bandwidth", "MFU", "oversubscription", "time to first token", "RDMA",
    "GPUDirect", "LRU", "pinned", "pipeline bubble", "ZeRO", "SparseCore", "DPU", "HBM", "goodput", "epoch",
)  # fmt: skip


@pytest.mark.parametrize("name", presets.names())
def test_every_kind_that_a_preset_and_its_story_name_has_a_card(name: str) -> None:
    path = presets.path_of(name)
    assert path is not None
    design = load(path).design
    reports = [evaluate(design, fit=False), *(told.report for told in tell(design))]
    kinds = {part.kind for report in reports for part in (*report.utilisation, *report.ceilings, *report.step_breakdown)}
    missing = sorted(kind for kind in kinds if card(kind) is None)
    assert not missing, f"no card for {missing}"


@pytest.mark.parametrize("room", ROOMS)
def test_every_kind_of_the_catalogue_has_a_card(room: str) -> None:
    kinds = [kind for kind in default_catalogue().kinds(room) if kind != "idealised"]
    assert kinds
    assert not [kind for kind in kinds if of_kind(room, kind) is None]


@pytest.mark.parametrize("term", TERMS)
def test_terms_of_the_screen_have_cards_whatever_their_case(term: str) -> None:
    found = card(term.upper())
    assert found is not None
    assert found is card(term)


def test_a_card_is_found_by_what_the_model_puts_around_a_kind() -> None:
    assert card("waiting for requests") is card("requests")
    assert card("NVLink latency") is card("NVLink")
    assert card("no such thing at all") is None


def test_cards_say_all_three_things_in_short_sentences() -> None:
    for one in cards():
        for text in (one.what, one.matters, one.limits):
            assert text.endswith((".", "!", "?")), one.key
            assert max(len(sentence.split()) for sentence in text.split(".")) <= 45, one.key


def test_no_word_leads_to_two_cards() -> None:
    seen: dict[str, str] = {}
    for one in cards():
        for word in {one.key.lower(), one.title.lower(), *(name.lower() for name in one.names)}:
            assert seen.setdefault(word, one.key) == one.key, f"{word}: {seen[word]} and {one.key}"
