"""One line of what-if: what a drop would do before it happens, else what changed since the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, Piece, flow

if TYPE_CHECKING:
    from infralab.models.report import Report


class ChangeLine(LinePanel):
    BORDER_TITLE = "SINCE A"

    def lines(self, width: int) -> list[Line]:
        state = self.state
        rows = max(self.content_size.height, 1)
        if state.what_if is not None:
            return self._what_if(width, rows)
        self._title(f"SINCE {state.baseline_name}")
        if state.report is None or state.baseline is None:
            return []
        if state.baseline_is_now:
            hint = [
                [("Change something:", "strong")],
                [("drag a part in, or step a value;", "dim")],
                [("what it does stands here", "dim")],
            ]
            return flow(hint, width, 1, rows)
        return self._changes(state.baseline, state.report, width, rows)

    def _what_if(self, width: int, rows: int) -> list[Line]:
        what = self.state.what_if
        assert what is not None
        self._title(f"{what.title}: {what.place}" if what.place and rows == 1 else what.title)
        if what.refused:
            return [[("✗ ", "bad"), (what.refused, "")]]
        if what.report is None or self.state.report is None:
            return [[("→ ", "accent"), (what.place or what.label, "strong"), ("  working it out …", "dim")]]
        lines = self._changes(self.state.report, what.report, width, rows)
        if rows > 1 and what.place:
            lines = [[("→ ", "accent"), (what.place, "strong")], *lines][:rows]
        return lines

    def _changes(self, before: Report, after: Report, width: int, rows: int) -> list[Line]:
        pieces: list[list[Piece]] = []
        if after.status != before.status and after.status != "ok":
            reason = next((p.text for p in after.problems), after.status)
            pieces.append([("✗ ", "bad"), (reason, "")])
        stuck: list[Piece] = []
        if words.bottleneck(after):
            word = "still " if words.bottleneck(before) == words.bottleneck(after) else "next "
            stuck = [(word, "dim"), ("◆", "bottleneck"), (words.bottleneck(after)[1:], "")]
        for change in words.changes(before, after):
            pieces.append(_piece(change))
            if change.name == "rate":
                pieces.append(stuck)
        return flow(pieces, width, 4 if width >= 110 else 3, rows)

    def _title(self, text: str) -> None:
        self.label(text)


def _piece(change: words.Change) -> list[Piece]:
    role = "" if change.good is None else "good" if change.good else "bad"
    name = "" if change.name == "rate" else f"{change.name} "
    if change.factor == "same":
        return [(name, "dim"), (change.after, ""), (" same", "dim")]
    sign = "" if change.good is None else "▲" if change.good else "▼"
    return [
        (name, "dim"),
        (change.before, "dim"),
        (" → ", "dim"),
        (change.after, "strong"),
        (f" {sign}{change.factor}" if change.factor else "", role),
    ]
