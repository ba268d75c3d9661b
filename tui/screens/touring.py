"""The tour in the lab, and what the lab remembers between two starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infralab.tui.panels.tour import Tour
    from infralab.tui.screens.lab import LabScreen
    from infralab.tui.session import Change

    _Lab = LabScreen
else:
    _Lab = object

SEEN = ("taken", "refused")
ROOMY = 104  # columns from where side panels don't cover the canvas


class TourActions(_Lab):
    """Mixed into the lab's actions."""

    tour: Tour | None = None

    @property
    def memory(self) -> Any:
        app: Any = self.app
        return app.memory

    def invite(self) -> None:
        """At a first start; not again once the tour was taken or refused."""
        if self.memory.path is not None and self.memory.get("tour", str) not in SEEN:
            self._show_tour(begun=False)

    def _show_tour(self, begun: bool) -> None:
        from infralab.tui.panels.tour import Tour

        self.tour = Tour(begun)
        self.mount(self.tour, before="#middle")
        if begun:
            self._watch_tour()

    def _watch_tour(self) -> None:
        self._unsubscribe = self.desk.session.subscribe(self._toured)

    def action_tour(self) -> None:
        """Begin the tour on a design of its own; end it when it runs."""
        from infralab.models.document import read
        from infralab.tui.panels.tour import script
        from infralab.tui.screens.files import take, unless_lost

        if self.tour is not None and self.tour.begun:
            self._end_tour("taken")
            return

        def begin() -> None:
            take(self, read(script().design))
            if self.tour is None:
                self._show_tour(begun=True)
            else:
                self.tour.begin()
                self._watch_tour()
            self.canvas.focus()

        unless_lost(self, begin)

    def action_no_tour(self) -> None:
        self._end_tour("refused")
        self.say("the tour isn't offered again; F9 begins it")

    def _end_tour(self, how: str) -> None:
        self.memory.keep(tour=how)
        if self.tour is not None:
            if self.tour.begun:
                self._unsubscribe()
            self.tour.remove()
            self.tour = None

    def _toured(self, change: Change) -> None:
        if self.tour is not None and change.what in ("design", "opened"):
            self.tour.watch_session(self.desk.session)
            if self.tour.over:
                self.memory.keep(tour="taken")

    # -- panels as they were

    def recall_layout(self) -> None:
        """Panels where they were left; a value that makes no sense is passed over."""
        get = self.memory.get
        side, second = get("side", str), get("second", str)
        if self.size.width >= ROOMY:
            self.open_palette = get("palette", bool)
            self.side = side if side in ("", "inspector", "why") else None
        self.second = second if second in ("fit", "helps") else self.second
        self.side_width = max(min(get("width", int) or 0, 24), -12)

    def keep_layout(self) -> None:
        self.memory.keep(
            palette=self.open_palette,
            side=self.side,
            second=self.second,
            width=self.side_width,
            theme=self.app.theme.removeprefix("infralab-"),
        )
