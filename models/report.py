"""What the model answers. Frozen, read only, self-explaining: `evaluate(design) -> Report`.

Rates are in the workload's own unit per second; everything else in SI base units. `resource` is the
dotted path of the figure that sets a capacity (`box.train.chip.memory_bandwidth`), `owner` the box or
wire it belongs to (`box.train`), `kind` its name for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Throughput:
    """The headline: units of work a second, and what the unit is ("tokens/s")."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class StepPart:
    """A slice of the accelerators' time: `seconds` exposed in one step, `alone` if nothing else existed."""

    name: str
    seconds: float
    alone: float
    resource: str
    owner: str
    kind: str
    equation: str = ""


class ResourceUse(NamedTuple):
    """Load of one resource: U = X·D, and what of it each class of traffic asks."""

    resource: str
    owner: str
    kind: str
    utilisation: float
    capacity: float
    unit: str
    by_class: tuple[tuple[str, float], ...] = ()  # traffic class -> share of the capacity
    elasticity: float = 0.0
    mark: str = "cited"


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The resource whose +10 % raises the rate most. `elasticity`: (dX/dc)(c/X) from that evaluation."""

    resource: str
    owner: str
    kind: str
    reason: str
    elasticity: float = 0.0
    headroom: float = 1.0  # how far the rate could rise until this one binds


class Ceiling(NamedTuple):
    """The rate if only this part existed, in the workload's unit."""

    resource: str
    owner: str
    kind: str
    rate: float


@dataclass(frozen=True, slots=True)
class FrameworkFit:
    """One framework on this design: score of 0 to 1, and the reasons for it."""

    framework: str
    score: float
    throughput: float | None
    support: str  # native, bridge, experimental, none
    reasons: tuple[str, ...]
    ratio: float | None = None  # of the best framework's rate
    evidence: str = "assumed"
    evidence_rows: tuple[str, ...] = ()
    people: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """Bytes needed and there on one chip of the tightest pool."""

    owner: str
    required_bytes: float
    capacity_bytes: float
    fits: bool
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """`severity`: missing (design incomplete), infeasible, warning."""

    severity: str
    owner: str
    text: str
    key: str = ""


class FigureUse(NamedTuple):
    """An input the answer rests on: a catalogue figure, an override, a fitted or an assumed constant."""

    path: str
    value: float
    unit: str
    mark: str  # cited, derived, fitted, assumed, override
    source: str = ""
    elasticity: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the model says of a design; units as in docs/report.md, None where it has no answer."""

    status: str  # ok, incomplete, infeasible
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    throughput: Throughput | None = None
    step_seconds: float | None = None
    step_breakdown: tuple[StepPart, ...] = ()
    utilisation: tuple[ResourceUse, ...] = ()
    bottleneck: Bottleneck | None = None
    runner_up: Bottleneck | None = None
    ceilings: tuple[Ceiling, ...] = ()
    lower: float | None = None
    upper: float | None = None
    latency: float | None = None
    time_to_first_token: float | None = None
    time_per_output_token: float | None = None
    mfu: float | None = None
    busy: float | None = None  # share of the accelerators' time spent computing
    waiting_cost_per_hour: float | None = None
    cost_per_hour: float | None = None
    cost_assumed: bool = False
    cost_basis: str = ""  # of what computes: rent, purchase (spread over years) or both
    power_watts: float | None = None
    energy_per_unit: float | None = None
    carbon_grams_per_hour: float | None = None  # CO2 equivalent of the power drawn, the building's share included
    carbon_grams_per_unit: float | None = None
    carbon_grid: str = ""  # whose electricity it is: "Germany", "World"
    carbon_assumed: bool = False  # grid or PUE not named by the design
    pue: float | None = None
    electricity_cost_per_hour: float | None = None  # of the building; in cost_per_hour only where nothing is rented
    memory: MemoryFit | None = None
    plan: Mapping[str, object] = field(default_factory=dict)
    plan_found: bool = False
    framework: str | None = None
    framework_fit: tuple[FrameworkFit, ...] = ()
    figures: tuple[FigureUse, ...] = ()
    assumptions: tuple[str, ...] = ()
    rests_on_assumption: bool = False  # something assumed moves the rate by more than a hundredth of itself
    chips: float = 0.0  # that step
    stands_for: Mapping[str, str] = field(default_factory=dict)  # owner -> the one evaluated in its place
    metrics: Mapping[str, float] = field(default_factory=dict)  # what else a workload can answer
    sentence: str = ""
