"""The answer: the sentence's figures in one line, then the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralab.tui import words
from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, Piece, flow, sparkline, spread, wrap

if TYPE_CHECKING:
    from infralab.models.report import Report


NO_WORKLOAD = "No workload yet: a adds a model to train, Esc then e chooses any other work."


class Answer(LinePanel):
    BORDER_TITLE = "THE ANSWER"

    def lines(self, width: int) -> list[Line]:
        rows = [self._figures(width), *self._sentence(width)]
        return [[(" ", ""), *row] for row in rows] if self.has_class("-bare") else rows

    def _figures(self, width: int) -> Line:
        report, state = self.state.report, self.state
        if report is None:
            return [
                ("no answer: " if state.failure else "working it out …", "bad" if state.failure else "dim"),
                (state.failure, ""),
            ]
        pieces: list[list[Piece]] = []
        if report.status != "ok":
            word = {"infeasible": "✗ NOT POSSIBLE AS DRAWN", "incomplete": "… INCOMPLETE"}.get(
                report.status, report.status
            )
            pieces.append([(word, "bad" if report.status == "infeasible" else "warning")])
        for figure in words.headline(report):
            pieces.append([(figure.text, "title" if figure.name == "rate" else "")])
        versus = self._versus()
        line = flow(pieces, width - sum(len(text) for text, _ in versus) - 2)
        return spread(line[0] if line else [], versus, width)

    def _versus(self) -> Line:
        """The change of the rate against the baseline, and its course over the edits."""
        state = self.state
        if state.baseline is None or state.report is None or state.baseline_is_now:
            return []
        before, after = state.baseline.throughput, state.report.throughput
        if before is None or after is None:
            return []
        text = words.factor(before.value, after.value)
        better = after.value >= before.value
        sign = "" if text == "same" else ("▲ " if better else "▼ ")
        course = sparkline(state.history, 16) if self.content_size.width >= 100 else ""
        return [
            (f"{course}  ", "accent"),
            (f"{state.baseline_name} {words.rate(state.baseline)} ", "dim"),
            (f"{sign}{text}", "dim" if text == "same" else "good" if better else "bad"),
        ]

    def _sentence(self, width: int) -> list[Line]:
        report = self.state.report
        if report is None:
            return []
        if report.status == "incomplete" and self.state.design.workload is None:
            return [[(text, "strong")] for text in wrap(NO_WORKLOAD, width - 1)]
        rows = max(self.content_size.height - 1, 1)
        texts = wrap(f"◆ {report.sentence}" if _is_part(report) else report.sentence, width - 1)
        if len(texts) > rows:
            texts = [*texts[: rows - 1], _shorter(texts[rows - 1], width - 3) + " …"]
        lines: list[Line] = []
        for number, text in enumerate(texts):
            if number == 0 and text.startswith("◆"):
                lines.append([("◆", "bottleneck"), (text[1:], "strong")])
            else:
                lines.append([(text, "strong")])
        return lines


def _is_part(report: Report) -> bool:
    """Whether something drawn sets the pace, and not the load that is asked for."""
    return report.bottleneck is not None and report.bottleneck.owner.startswith(("box.", "wire."))


def _shorter(text: str, width: int) -> str:
    """Whole words in at most `width` cells."""
    return text if len(text) <= width else text[: width + 1].rsplit(" ", 1)[0]
