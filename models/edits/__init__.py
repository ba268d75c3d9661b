"""Edits: pure functions from a design to the next one. Nothing is ever changed in place.

A dotted path names the same thing here as in the file, on the command line, in a story and in a
sweep: `box.train.count`, `box.train.with.chip.memory_bandwidth`, `workload.dataset.samples`.
Every function raises EditError, with a sentence that says what would be right.
"""

from infralab.models.edits.drawing import (
    add_box,
    add_wire,
    duplicate,
    free_name,
    free_wire_name,
    move,
    rename_box,
    shift,
)
from infralab.models.edits.paths import EditError, parse_assignment, split_path
from infralab.models.edits.story import apply_step
from infralab.models.edits.values import get_value, remove, set_value

__all__ = [
    "EditError",
    "add_box",
    "add_wire",
    "apply_step",
    "duplicate",
    "free_name",
    "free_wire_name",
    "get_value",
    "move",
    "parse_assignment",
    "remove",
    "rename_box",
    "set_value",
    "shift",
    "split_path",
]
