"""What is missing, doubtful or impossible about a design: collected on the way, told in the report."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Trouble(NamedTuple):
    """One of them: `owner` is the box, wire or table that it is about ("box.train", "workload")."""

    severity: Literal["missing", "infeasible", "warning"]
    owner: str
    text: str


class Troubled:
    """Something that collects troubles in `problems`."""

    __slots__ = ()
    problems: list[Trouble]

    def missing(self, owner: str, text: str) -> None:
        """Without it there is no answer."""
        self.problems.append(Trouble("missing", owner, text))

    def infeasible(self, owner: str, text: str) -> None:
        """It cannot be so; the answer is what it would be if it could."""
        self.problems.append(Trouble("infeasible", owner, text))

    def warn(self, owner: str, text: str) -> None:
        """It can, but is worth a second look."""
        self.problems.append(Trouble("warning", owner, text))
