"""Specification of the warm flow solver: any drawing, any edits, against a from-scratch solve of another form.

The other form is the arc formulation (a flow on every wire for every pair of boxes, conserved at
switches) in scipy's linprog: it knows no ways, no columns and no warm start.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("highspy")
optimize = pytest.importorskip("scipy.optimize")

from infralab.models.solve.warm import ConcurrentFlow  # noqa: E402
from infralab.models.solve.ways import Topology  # noqa: E402


@dataclass
class Drawing:
    """Nodes are switches first, then boxes; a wire is two directed resources, a fabric's uplinks one more."""

    switches: int
    boxes: int
    directed: list[tuple[int, int]] = field(default_factory=list)  # resource -> from, to
    uplinks: dict[int, int] = field(default_factory=dict)  # switch -> resource
    pairs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def resources(self) -> int:
        return len(self.directed) + len(self.uplinks)

    def topology(self) -> Topology:
        nothing = self.resources
        arcs, doors = [], []
        for wire, (a, b) in enumerate(self.directed):
            if a < self.switches and b < self.switches:
                arcs.append((a, b, wire, self.uplinks.get(b, nothing)))
        for number, (source, target) in enumerate(self.pairs):
            for out, (a, first) in enumerate(self.directed):
                if a == source and first == target:
                    doors.append((number, self.switches, self.switches, out, nothing, nothing))
                if a != source or first >= self.switches:
                    continue
                for back, (last, b) in enumerate(self.directed):
                    if b == target and last < self.switches:
                        doors.append((number, first, last, out, self.uplinks.get(first, nothing), back))
        rows = np.array(arcs, dtype=np.int64).reshape(-1, 4)
        return Topology(self.switches, nothing, len(self.pairs), rows, np.array(doors))

    def rate(self, capacity: np.ndarray, demand: np.ndarray, fixed: np.ndarray) -> float:
        """The largest X by arcs: maximise x, flows conserved, wires and uplinks within their capacity."""
        count, nodes = len(self.directed), self.switches + self.boxes
        unit = capacity.max()
        columns = count * len(self.pairs) + 1
        balance = np.zeros((nodes * len(self.pairs), columns))
        load = np.zeros((self.resources, columns))
        free = np.full(columns, np.inf)
        for k, (source, target) in enumerate(self.pairs):
            for wire, (a, b) in enumerate(self.directed):
                column = k * count + wire
                balance[k * nodes + a, column] += 1.0
                balance[k * nodes + b, column] -= 1.0
                load[wire, column] = 1.0
                if b in self.uplinks:
                    load[self.uplinks[b], column] = 1.0
                if (a >= self.switches and a != source) or (b >= self.switches and b != target):
                    free[column] = 0.0  # boxes do not forward
            balance[k * nodes + source, -1] = -demand[k] / demand.max()
            balance[k * nodes + target, -1] = demand[k] / demand.max()
        load[:, -1] = fixed / demand.max()
        found = optimize.linprog(
            np.append(np.zeros(columns - 1), -1.0),
            A_ub=load,
            b_ub=capacity / unit,
            A_eq=balance,
            b_eq=np.zeros(len(balance)),
            bounds=[(0.0, None if most == np.inf else most) for most in free],
        )
        assert found.status == 0, found.message
        return float(-found.fun * unit / demand.max())


def drawn(seed: int) -> tuple[Drawing, random.Random]:
    """A ring of switches with chords and parallel wires, boxes on one to three of them, some wired directly."""
    pick = random.Random(seed)
    drawing = Drawing(pick.randint(2, 6), pick.randint(2, 5))
    ends = [(s, (s + 1) % drawing.switches) for s in range(drawing.switches)]
    ends += [tuple(pick.sample(range(drawing.switches), 2)) for _ in range(pick.randint(0, 4))]
    boxes = range(drawing.switches, drawing.switches + drawing.boxes)
    for box in boxes:
        for _ in range(pick.randint(1, 3)):
            ends.append((box, pick.randrange(drawing.switches)))
    if pick.random() < 0.3:
        ends.append(tuple(pick.sample(boxes, 2)))
    for a, b in ends:
        drawing.directed += [(a, b), (b, a)]
    for switch in range(drawing.switches):
        if pick.random() < 0.3:
            drawing.uplinks[switch] = drawing.resources
    pairs = {tuple(pick.sample(boxes, 2)) for _ in range(pick.randint(1, 7))}
    drawing.pairs = sorted(pairs)
    return drawing, pick


def check(flow: ConcurrentFlow, drawing: Drawing) -> None:
    found = flow.solve()
    expected = drawing.rate(flow.capacity, flow.demand, flow.fixed)
    assert found.upper <= found.lower * (1 + 1e-6)  # the certificate closes
    assert found.lower == pytest.approx(expected, rel=1e-6)
    assert found.upper >= expected * (1 - 1e-6)
    loads = np.zeros(drawing.resources)
    for resource, amount in flow.carry(dict(enumerate(flow.demand.tolist()))).items():
        loads[resource] = amount
    # the split that is handed out is the one that was certified, and every byte leaves its box
    assert loads + flow.fixed == pytest.approx(found.loads, rel=1e-6, abs=1e-6 * flow.demand.max())
    assert float(((loads + flow.fixed) / flow.capacity).max()) <= (1 + 1e-6) / found.lower
    for box in range(drawing.switches, drawing.switches + drawing.boxes):
        sent = sum(loads[w] for w, (a, _) in enumerate(drawing.directed) if a == box)
        wanted = sum(d for d, (source, _) in zip(flow.demand, drawing.pairs, strict=True) if source == box)
        assert sent == pytest.approx(wanted, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_an_edited_flow_is_the_best_one_from_scratch(seed: int) -> None:
    drawing, pick = drawn(seed)
    scale = 10.0 ** pick.randint(-3, 12)  # any unit
    capacity = np.array(
        [scale * pick.choice((1.0, 2.0, 4.0, pick.uniform(0.5, 8))) for _ in range(drawing.resources)]
    )
    demand = np.array([10.0 ** pick.randint(0, 9)] * len(drawing.pairs))
    demand *= [pick.choice((0.3, 1.0, 1.0, 2.0, pick.uniform(0.1, 4))) for _ in drawing.pairs]
    fixed = np.array([demand.max() * pick.choice((0.0, 0.0, 0.5)) for _ in range(drawing.resources)])
    flow = ConcurrentFlow(drawing.topology(), capacity, demand, fixed)
    check(flow, drawing)
    for _ in range(6):
        kind = pick.random()
        if kind < 0.5:
            place = pick.randrange(drawing.resources)
            flow.set_capacity(place, flow.capacity[place] * pick.choice((0.1, 0.5, 0.9, 1.1, 2.0, 10.0)))
        elif kind < 0.85:
            place = pick.randrange(len(drawing.pairs))
            flow.set_demand(place, flow.demand[place] * pick.choice((0.1, 0.5, 0.9, 1.1, 2.0, 10.0)))
        else:
            flow.set_fixed(pick.randrange(drawing.resources), float(demand.max()) * pick.uniform(0.0, 1.0))
        check(flow, drawing)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_an_edit_and_its_undo_give_the_rate_back(seed: int) -> None:
    drawing, pick = drawn(seed)
    capacity = np.array([pick.uniform(1e9, 1e11) for _ in range(drawing.resources)])
    flow = ConcurrentFlow(
        drawing.topology(), capacity, np.full(len(drawing.pairs), 1e9), np.zeros(drawing.resources)
    )
    before = flow.solve().lower
    place = pick.randrange(drawing.resources)
    flow.set_capacity(place, capacity[place] * 1e-3)
    assert flow.solve().lower <= before * (1 + 1e-6)
    flow.set_capacity(place, capacity[place])
    assert flow.solve().lower == pytest.approx(before, rel=1e-6)


def test_the_time_that_earlier_edits_took_is_not_charged_to_the_next() -> None:
    drawing, pick = drawn(3)
    capacity = np.array([pick.uniform(1e9, 1e11) for _ in range(drawing.resources)])
    demand = np.full(len(drawing.pairs), 1e9)
    flow = ConcurrentFlow(drawing.topology(), capacity, demand, np.zeros(drawing.resources))
    flow.solve()
    assert flow._program is not None
    while flow._program.solver.getRunTime() < 0.2:
        place = pick.randrange(drawing.resources)
        flow.set_capacity(place, capacity[place] * pick.uniform(0.5, 2.0))
        assert flow.solve(0.2).closed


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_bounds_hold_where_time_runs_out(seed: int) -> None:
    drawing, pick = drawn(seed)
    capacity = np.array([pick.uniform(1e9, 1e11) for _ in range(drawing.resources)])
    demand = np.full(len(drawing.pairs), 1e9)
    flow = ConcurrentFlow(drawing.topology(), capacity, demand, np.zeros(drawing.resources))
    found = flow.solve(0.0)
    best = drawing.rate(capacity, demand, flow.fixed)
    assert 0.0 < found.lower <= best * (1 + 1e-6)
    assert best * (1 - 1e-6) <= found.upper < np.inf


def test_variants_are_carried_by_the_split_of_the_first() -> None:
    drawing, pick = drawn(7)
    capacity = np.array([pick.uniform(1e9, 1e11) for _ in range(drawing.resources)])
    demand = np.full(len(drawing.pairs), 1e9)
    flow = ConcurrentFlow(drawing.topology(), capacity, demand, np.zeros(drawing.resources))
    flow.solve()
    one = flow.carry(dict.fromkeys(range(len(drawing.pairs)), 1e9))
    two = flow.carry({k: np.array([1e9, 3e9]) for k in range(len(drawing.pairs))})
    assert one.keys() == two.keys()
    for resource, amount in one.items():
        assert two[resource] == pytest.approx(np.array([amount, 3 * amount]))


def test_a_large_drawing_keeps_its_program_and_answers_as_a_fresh_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from test_network import graph

    from infralab.models.physics.fabric import Flow, fabric_of
    from infralab.models.solve import flow as best

    monkeypatch.setattr(best, "SMALL", 0)
    monkeypatch.setattr(best, "_kept", {})
    machine = graph("adaptive", (4, 2, 4, 1))
    for there, back in ((1e9, 2e9), (5e9, 2e9), (1e9, 1e7), (1e9, 2e9)):
        flows = [Flow("a", "b", there, "input"), Flow("b", "a", back, "gradients")]
        kept = best.best_split(fabric_of(machine), flows, {})
        assert len(best._kept) == 1
        program = next(iter(best._kept.values()))
        fresh = ConcurrentFlow(program.topology, program.capacity, program.demand, program.fixed).solve()
        assert kept is not None
        assert kept.utilisation == pytest.approx(1 / fresh.lower, rel=1e-6)
        assert kept.bound == pytest.approx(kept.utilisation, rel=1e-6)
        assert kept.loads["w0", True]["input"] == pytest.approx(there)


def test_an_open_gap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from test_network import graph

    from infralab.models.physics.fabric import Flow, fabric_of
    from infralab.models.solve import flow as best

    machine = graph("adaptive", (4, 2, 4, 1))
    flows = [Flow("a", "b", 1e9, "input")]
    assert best.settle(fabric_of(machine), flows, {})
    assert not [text for text in machine.figures.assumptions if "at most" in text]
    half_open = best.Settled({}, utilisation=1.5, bound=1.0)
    monkeypatch.setattr(best, "best_split", lambda *_: half_open)
    best.settle(fabric_of(machine), flows, {})
    assert [text for text in machine.figures.assumptions if "at most 50 % more" in text]
