"""Asks, for the wire that the inspector shows, what one more link on it would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.models.explore.margin import OneMore
    from infralab.tui.screens.lab import LabScreen


def ask_one_more(lab: LabScreen) -> None:
    """One evaluation on the worker for each design and wire; nothing while the inspector is folded away."""
    design, selection = lab.desk.session.design, lab.desk.state.selection
    if not lab.inspector.display or len(selection) != 1 or not selection[0].startswith("wire."):
        return
    name = selection[0].removeprefix("wire.")
    asked = (design, name)
    if lab.asked_one_more is not None and lab.asked_one_more[0] is design and lab.asked_one_more[1] == name:
        return
    lab.asked_one_more = asked

    def work() -> OneMore | None:
        from infralab.models.explore.margin import one_more_link
        from infralab.tui.parts import catalogue_for

        return one_more_link(design, catalogue_for(design), name)

    lab.desk.task(work, lambda found: lab.inspector.tell_one_more(name, found), "margin")
