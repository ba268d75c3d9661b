"""Reads figures of one component under one path of the design, overrides first."""

from __future__ import annotations

from infralab.models.arithmetic import Number
from infralab.models.catalogue import Component
from infralab.models.design import Box, Wire
from infralab.models.machine import Machine


class Reader:
    """One part of one box, or a wire."""

    __slots__ = ("component", "figures", "overrides", "part", "path")

    def __init__(self, machine: Machine, owner: str, part: str, component: Component, box: Box | Wire) -> None:
        self.figures = machine.figures
        self.path = f"{owner}.{part}" if part else owner
        self.part = part
        self.component = component
        self.overrides = box.overrides

    def get(self, name: str, unit: str = "", factor: float = 1.0) -> Number | None:
        """The figure, or None where neither the design nor the catalogue has it."""
        key = f"{self.part}.{name}" if self.part else name
        override = self.overrides.get(key)
        path = f"{self.path}.{name}"
        if override is not None:
            return self.figures.figure(path, override.value * factor, unit, "override", override.text)
        value = self.component.figures.get(name)
        if value is None:
            # a sweep may set what the catalogue lacks
            return self.figures.figure(path, 0.0, unit) if path in self.figures.values else None
        mark = self.component.marks.get(name, "assumed")
        return self.figures.figure(path, value * factor, unit, mark, self.component.id)
