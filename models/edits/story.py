"""Steps of a story as edits."""

from __future__ import annotations

from infralab.models.design import Design, Step
from infralab.models.edits.paths import EditError, parse_assignment
from infralab.models.edits.values import remove, set_value


def apply_step(design: Design, step: Step) -> Design:
    """One step of a story: remove first, then set."""
    try:
        for path in step.remove:
            design = remove(design, path)
        for assignment in step.set:
            design = set_value(design, *parse_assignment(assignment))
    except EditError as error:
        raise EditError(f'step "{step.title}": {error}' if step.title else str(error)) from None
    return design
