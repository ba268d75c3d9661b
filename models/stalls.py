"""Why accelerators stand still: the time of a step split by the stage of the data path that it waits for.

Stages work at the same time, so a step takes as long as the slowest of them. Each is charged what it adds to
what would be left without it: the slowest what it exceeds the next by, and so on down to the step's own parts
(the fetch and prep stalls of DS-Analyzer, Mohan et al. 2021, VLDB 14(5), 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infralab.models.arithmetic import first
from infralab.models.job import COPY, FETCH, NETWORK, PREPARE, SAVE, Demand
from infralab.models.physics.ledger import ALL
from infralab.models.report import Bottleneck, StepPart
from infralab.models.solve.closed import demand_limit

STAGE = {"input": FETCH, "promotion": FETCH, "prepare": PREPARE, "checkpoint": SAVE}  # other classes: network
STAGES = (FETCH, PREPARE, COPY)  # of what a sample passes on its way to the chips
WAITING = "waiting"
EXPOSED = 1e-3  # shares of a step below this are rounding, not waiting


def slowest(demands: Sequence[Demand]) -> dict[str, Demand]:
    """The resource of each stage that allows the lowest rate.

    What several classes share counts to the stage of the one that asks most of it.
    """
    largest: dict[str, Demand] = {}
    for demand in demands:
        known = largest.get(demand.resource)
        if demand.traffic != ALL and (known is None or first(demand.amount) > first(known.amount)):
            largest[demand.resource] = demand
    found: dict[str, Demand] = {}
    least: dict[str, float] = {}
    for demand in demands:
        limit = first(demand_limit(demand))
        asked = largest.get(demand.resource, demand).traffic if demand.traffic == ALL else demand.traffic
        stage = demand.stage or STAGE.get(asked, NETWORK)
        if limit < least.get(stage, float("inf")):
            found[stage], least[stage] = demand, limit
    return found


def stage_rates(demands: Sequence[Demand]) -> dict[str, float]:
    """What fetching, preparing and copying could do alone, in units of work a second: "fetch_rate" and so on."""
    found = slowest(demands)
    return {f"{stage}_rate": first(demand_limit(found[stage])) for stage in STAGES if stage in found}


def staged(name: str, demands: Sequence[Demand]) -> str:
    """A workload's own part "waiting" with the stage of the data path that is slowest; other names as they are."""
    if name != WAITING:
        return name
    found = {stage: first(demand_limit(demand)) for stage, demand in slowest(demands).items() if stage in STAGES}
    return f"{WAITING}: {min(found, key=lambda stage: found[stage])}" if found else name


def waits(
    demands: Sequence[Demand], units: float, seconds: float, own: float, bottleneck: Bottleneck | None
) -> list[StepPart]:
    """Slices of a step that no part of its own fills, largest stage last; together `seconds - own`.

    units: units of work of one step over all replicas; seconds: the whole step; own: of its parts.
    """
    parts: list[StepPart] = []
    done = own
    by_limit = sorted(slowest(demands).items(), key=lambda item: -first(demand_limit(item[1])))
    for stage, demand in by_limit:
        until = min(units / first(demand_limit(demand)), seconds)
        if until - done <= EXPOSED * seconds:
            continue
        name = f"{WAITING}: {stage}"
        equation = "units of a step / rate of this stage, less what the step takes without it"
        kind = f"{WAITING} for {demand.kind}"
        parts.append(StepPart(name, until - done, until, demand.resource, demand.owner, kind, equation))
        done = until
    if seconds - done > EXPOSED * seconds and bottleneck is not None:
        equation = "time of a step at the rate that the bottleneck allows, less the step's own parts"
        kind = f"{WAITING} for {bottleneck.kind}"
        parts.append(StepPart(WAITING, seconds - done, seconds, bottleneck.resource, bottleneck.owner, kind, equation))
    return parts


def stalls(parts: Iterable[StepPart]) -> dict[str, float]:
    """Seconds of a step by the stage it waits for, the longest first; empty when nothing is waited for."""
    found: dict[str, float] = {}
    for part in parts:
        head, _, stage = part.name.partition(": ")
        if head == WAITING and stage in (*STAGES, NETWORK, SAVE):
            found[stage] = found.get(stage, 0.0) + part.seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))
