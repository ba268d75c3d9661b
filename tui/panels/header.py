"""The first line: what is open, whether it is saved, what it is compared with."""

from __future__ import annotations

from infralab.tui.panels.base import LinePanel
from infralab.tui.panels.paint import Line, cut, spread


class Header(LinePanel):
    def lines(self, width: int) -> list[Line]:
        state = self.state
        name = [(" InfraLab  " if width >= 110 else " ", "accent"), (state.name, "strong")]
        name.append((" •" if state.dirty else "  ", "warning"))
        versus = f"vs {state.baseline_name}" if width < 110 else f"compared with {state.baseline_name}"
        tail: Line = [] if state.baseline_is_now else [(f"{versus}  ", "what-if")]
        tail += [("^P", "key"), (" all  ", "dim"), ("?", "key"), (" help ", "dim")]
        used = sum(len(text) for text, _ in name) + sum(len(text) for text, _ in tail)
        title = state.design.title or state.design.question or "untitled design"
        return [spread([*name, ("  ", ""), (cut(title, width - used - 3), "")], tail, width)]
