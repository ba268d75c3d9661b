"""Actions on several boxes at once: pods, lining up, counts by number; and another link for a wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralab.tui.screens.lab import LabScreen

    _Lab = LabScreen
else:
    _Lab = object

LINES = (
    ("left", "Left edges in line"),
    ("right", "Right edges in line"),
    ("top", "Upper edges in line"),
    ("bottom", "Lower edges in line"),
    ("center", "In a column, by their middles"),
    ("middle", "In a row, by their middles"),
    ("horizontal", "Equal gaps across"),
    ("vertical", "Equal gaps down"),
)


class ArrangeActions(_Lab):
    """Mixed into the lab's actions."""

    def chosen_boxes(self) -> list[str]:
        return [owner[4:] for owner in self.desk.session.selection if owner.startswith("box.")]

    def action_group(self) -> None:
        """The selected boxes become a pod; of a pod that is one already, the count is asked for."""
        from infralab.tui import grouping
        from infralab.tui.screens.ask import Prompt

        names, design = self.chosen_boxes(), self.desk.session.design
        if not names:
            self.say("choose the boxes of the pod first: Space or a marquee")
            return
        pods = grouping.pods(design)
        pod = design.boxes[names[0]].pod or ""
        known = bool(pod) and set(names) <= set(pods[pod])
        members = pods[pod] if known else tuple(names)
        now = grouping.count_of(design, members) if known else 1

        def done(text: str | None) -> None:
            if text is None:
                return
            count = int(text)
            if known:
                self.make(grouping.pod_counted(members, count), f"{pod} ×{count}")
            else:
                places = self.places()
                new = grouping.free_pod(design)
                from infralab.tui.edits import pinned

                grouped = grouping.grouped(members, new, count)
                self.make(lambda old: grouped(pinned(places)(old)), f"group into {new}")

        title = f"How often does {pod} stand there?" if known else f"Group {len(names)} into a pod: how often?"
        about = "counts of its boxes follow" if known else "counts are multiplied; the pod moves as one"
        self.app.push_screen(Prompt(title, str(now), about, _whole), done)

    def action_ungroup(self) -> None:
        from infralab.tui import grouping

        names = self.chosen_boxes()
        if not self.make(grouping.ungrouped(names), "ungroup"):
            self.say("no pod among what is selected")

    def action_line_up(self) -> None:
        """One side in line, or equal gaps, for the selected boxes."""
        from infralab.tui import edits, grouping
        from infralab.tui.screens.pick import Choice, Pick

        names = self.chosen_boxes()
        if len(names) < 2:
            self.say("choose two boxes or more to line up: Space, a marquee or ^A")
            return

        def done(line: str | None) -> None:
            if line is None:
                return
            places = self.places()
            wanted = {name: places[name] for name in names}
            sizes = self.canvas.full_sizes(names)
            lay = grouping.distributed if line in ("horizontal", "vertical") else grouping.aligned
            edit = lay(wanted, sizes, line)
            self.make(lambda old: edit(edits.pinned(places)(old)), dict(LINES)[line].lower())

        self.app.push_screen(Pick(f"Line up {len(names)} boxes", [Choice(key, words) for key, words in LINES]), done)

    def action_number(self) -> None:
        """The count of what is selected, typed."""
        from infralab.models.document.problem import quoted_key
        from infralab.models.edits import set_value
        from infralab.tui.screens.ask import Prompt

        chosen = self.desk.session.selection
        if not chosen:
            self.say("choose a box or a wire first")
            return
        kind, _, name = chosen[0].partition(".")
        design = self.desk.session.design
        now = (design.boxes if kind == "box" else design.wires)[name].count or 1

        def done(text: str | None) -> None:
            if text is None:
                return

            def edit(old):  # type: ignore[no-untyped-def]
                for owner in chosen:
                    sort, _, which = owner.partition(".")
                    old = set_value(old, f"{sort}.{quoted_key(which)}.count", int(text))
                return old

            self.make(edit, f"count {text}")

        what = name if len(chosen) == 1 else f"{len(chosen)} of them"
        self.app.push_screen(Prompt(f"How many of {what}?", str(now), "a whole number from 1", _whole), done)

    def action_retype(self) -> None:
        """Another link for the selected wire, another part for the selected box: from the catalogue."""
        from infralab.tui.fields import fields
        from infralab.tui.screens.choose import choose

        chosen = self.desk.session.selection
        if not chosen or self.catalogue is None:
            self.say("choose a wire or a box first: a click on it, or m on the canvas")
            return
        found = fields(self.desk.session.design, self.desk.state.report, chosen, self.catalogue)
        field = next((field for field in found if field.path.endswith(".is")), None)
        if field is None:
            self.say("boxes and wires together have no part in common")
            return
        choose(self, field)


def _whole(text: str) -> str:
    """Why a text is no count; "" when it is one."""
    return "" if text.isdigit() and int(text) >= 1 else f'"{text}" is no count: a whole number from 1'
