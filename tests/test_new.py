"""A first design from words: what is drawn, what is assumed, what is refused."""

from __future__ import annotations

import pytest

from infralab.models.catalogue import built_in
from infralab.models.document import fresh, read
from infralab.models.evaluate import evaluate
from infralab.models.explore.new import NewDesignError, new_design


def test_servers_a_link_and_a_tier_make_a_cluster() -> None:
    design = new_design("16 dgx-h100, infiniband-ndr, weka", built_in())
    assert {name: (box.is_, box.count) for name, box in design.boxes.items()} == {
        "train": ("dgx-h100", 16),
        "store": ("weka", 1),
        "fabric": ("fabric", 1),
    }
    assert {wire.ends: wire.is_ for wire in design.wires.values()} == {
        ("train", "fabric"): "infiniband-ndr",
        ("store", "train"): None,
    }
    assert design.workload is not None
    assert design.workload.kind == "transformer-training"


def test_bare_chips_are_split_over_servers_and_one_server_needs_no_fabric() -> None:
    many = new_design("24 h100-sxm5-80gb", built_in()).boxes
    assert (many["train"].count, many["train"].chips, "fabric" in many) == (3, 8, True)
    few = new_design("4 h100-sxm5-80gb", built_in()).boxes
    assert (few["train"].count, few["train"].chips, "fabric" in few) == (1, 4, False)


@pytest.mark.parametrize("words", ["8 dgx-h100", "8x dgx-h100", "8 x dgx-h100", "dgx-h100 x8", "dgx-h100 x 8"])
def test_a_count_stands_before_or_after_with_a_times_sign(words: str) -> None:
    assert new_design(words, built_in()).boxes["train"].count == 8


@pytest.mark.parametrize("words", ["edge-rpi5-coral", "raspberry-pi-5", "alveo-u50", "alveo-u250", "bow-pod16", "dgx-h100"])
def test_a_first_design_has_an_answer(words: str) -> None:
    assert evaluate(new_design(words, built_in())).status == "ok"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("2 dgx-h100 inference", "transformer-inference"),
        ("2 dgx-h100 resnet-50", "vision-training"),
        ("2 dgx-h100, collective", "collective"),
        ("raspberry-pi-5", "vision-inference"),
        ("s3-standard", "storage-io"),
    ],
)
def test_the_work_follows_the_words_and_the_chips(words: str, kind: str) -> None:
    work = new_design(words, built_in()).workload
    assert work is not None
    assert work.kind == kind


@pytest.mark.parametrize("words", ["16 dgx-h100, weka", "8 h100-sxm5-80gb", "s3-standard", "raspberry-pi-5"])
def test_what_is_drawn_is_a_document_without_problems(words: str) -> None:
    design = new_design(words, built_in())
    document = read(fresh(design))
    assert document.design == design
    assert document.problems == ()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("16 dgx-h10", "nearest: dgx-h100"),
        ("", "name what to draw"),
        ("0 dgx-h100", "whole number"),
        ("nvlink4", "scale-up link"),
        ("dgx-h100 8", "before what it counts"),
        ("8 x 4 dgx-h100", "before what it counts"),
    ],
)
def test_words_of_which_nothing_can_be_drawn_are_refused(words: str, says: str) -> None:
    with pytest.raises(NewDesignError, match=says):
        new_design(words, built_in())
