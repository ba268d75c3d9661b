"""Work on a network that every chip holds whole: batches, copies, gradients, memory.

Inference spreads samples over all copies in proportion to their speed. Training is data parallel:
gradients are all-reduced while the backward pass runs, and what it cannot hide is exposed,
max(0, T_c − ρ·T_backward).
"""

from __future__ import annotations

from typing import NamedTuple

from infralab.models.arithmetic import Number, ceil, divide, floor, log2, maximum, minimum, power, sqrt
from infralab.models.constants import assumed, fitted
from infralab.models.job import COMMUNICATION, COPY, MEMORY, Demand, Input, Job, Memory, Part, Save, Step, Traffic
from infralab.models.machine import Machine, Pool
from infralab.models.network import group
from infralab.models.physics.collectives import Group, bus_factor, cause
from infralab.models.physics.collectives import seconds as collective_seconds
from infralab.models.physics.peaks import CPU_KINDS, number_bytes
from infralab.models.physics.room import usable
from infralab.models.workloads.cost_network import TRAINING_PASSES, Network
from infralab.models.workloads.network_split import Cut, cut_of, exchanges, in_turn, micro_batches, one_chip
from infralab.models.workloads.network_step import Run, memory_lane, parts, plan_run

STATE_BYTES = 16.0  # a parameter: weights, gradient and optimizer state in mixed precision (model.md, 3)
OPTIMIZER_TRAFFIC_BYTES = 24.0  # a parameter: master weight, gradient and moments read, written back
UNBATCHED = frozenset({"mcu", "mcu-npu"})  # one sample at a time
OVERLAYS = frozenset({"fpga", "fpga-aie"})  # a few engines, a sample each
CORES_A_SAMPLE = 4.0  # of a processor that serves many samples at once
BACKWARD_SHARE = 2.0 / 3.0  # of a training step's device time


class Sized(NamedTuple):
    """Samples of one copy in one step, and in one pass of it."""

    batch: Number
    micro: Number
    found: bool  # by the model


def lower_network(machine: Machine, network: Network, file: str, unit: str, modality: str) -> Job:
    """A job of whole copies of `network` on all pools that step; `file` names the fitted constants."""
    workload = machine.design.workload
    assert workload is not None
    training = workload.kind.endswith("training")
    job = Job(unit)
    pools = machine.steppers("step")
    if not pools:
        return job
    precision = workload.precision
    if precision is None:
        precision = "bf16" if training else "fp16"
        machine.figures.assume(f"precision not given, taken as {precision}")
    weight_bytes = number_bytes(workload.weight_precision or precision)
    cut = cut_of(machine, network)
    whole, network = network, one_chip(network, cut)
    runs: list[tuple[Pool, Run, Sized]] = []
    for pool in pools:
        run = plan_run(machine, pool, file, precision, training)
        if run is not None:
            runs.append((pool, run, _sized(machine, job, pool, network, run, weight_bytes, pools, cut)))
    if not runs:
        return job
    steps = [_step(machine, job, pool, network, run, sized, cut) for pool, run, sized in runs]
    _share(steps, training)
    job.steps = steps
    passes = TRAINING_PASSES if training else 1.0
    job.model_flop_per_unit = whole.flop * passes
    total: Number = 0.0
    for pool, run, _ in runs:
        total = total + run.peak.value * pool.all_chips
    job.peak_flop_per_s = total
    _inputs(machine, job, network, [(run[0], step) for run, step in zip(runs, steps, strict=True)], modality, training)
    for traffic, step in zip(job.traffic, steps, strict=False):
        traffic.bytes = traffic.bytes * step.share  # a unit's gradients move in the pools that it passes
    if training:
        job.save = Save(whole.parameters * (STATE_BYTES - 4.0), runs[0][0].name)
    else:
        _latency(machine, job, steps[0], runs[0][2])
        if workload.requests_per_second is not None:
            job.offered_rate = machine.figures.number("workload.requests_per_second", workload.requests_per_second)
    return job


def _share(steps: list[Step], training: bool) -> None:
    """How much of each unit passes each pool: equal per chip in training, by speed in inference."""
    if len(steps) == 1:
        return
    weights = [s.replicas if training else s.units * s.replicas / s.seconds() for s in steps]
    total: Number = 0.0
    for weight in weights:
        total = total + weight
    for step, weight in zip(steps, weights, strict=True):
        step.share = weight / total


def _sized(
    machine: Machine,
    job: Job,
    pool: Pool,
    network: Network,
    run: Run,
    weight_bytes: float,
    pools: list[Pool],
    cut: Cut,
) -> Sized:
    """The batch of one copy as given, or the largest useful one that fits; and the memory it takes."""
    read = machine.figures.number
    holders: Number = 0.0  # of a whole network
    for other in pools:
        holders = holders + other.all_chips / cut.chips
    state = network.parameters * (STATE_BYTES if run.training else weight_bytes)
    if "flash_kb" in pool.chip.facts:
        state = 0.0  # weights are read in place from flash
    # inference holds the outputs of a few layers at once, training those of all
    live = assumed("network.live_layers") / maximum(network.layers, assumed("network.live_layers"))
    kept = assumed("network.kept_activations") if run.training else live
    per_sample = network.activations * number_bytes(run.precision) * kept
    capacity = _capacity(pool)
    room = None if capacity is None else maximum(usable(capacity) / run.copies - state, 0.0)
    fits = assumed("network.batch_limit") if room is None else floor(divide(room, per_sample))
    batch, found = _batch(machine, pool, network, run, holders, fits)
    micro = batch
    if run.training:
        micro = maximum(minimum(batch, fits), 1.0)
        given = machine.design.plan.micro_batch
        if given is not None:
            micro = minimum(read("plan.micro_batch", given), batch)
        micro = batch / ceil(batch / micro)
    job.plan.setdefault("batch", batch * run.copies)
    job.plan.setdefault("replicas", pool.all_chips * run.copies / cut.chips)
    job.plan_found = job.plan_found or found
    if capacity is not None:
        taken = [("weights and state", state * run.copies), ("layer outputs", per_sample * micro * run.copies)]
        job.memory.append(Memory(pool.owner, taken[0][1] + taken[1][1], capacity, taken))
    return Sized(batch, micro, found)


def _batch(
    machine: Machine, pool: Pool, network: Network, run: Run, holders: Number, fits: Number
) -> tuple[Number, bool]:
    """Samples of one copy's batch, and whether it was found rather than given.

    holders: chips that hold a whole network, or groups of chips that hold one. fits: samples that memory has room for.
    """
    workload, read = machine.design.workload, machine.figures.number
    assert workload is not None
    if run.training and workload.global_batch is not None:
        return maximum(read("workload.global_batch", workload.global_batch) / holders, 1.0), False
    if workload.mode == "single-stream" or (workload.batch is None and pool.chip.kind in UNBATCHED):
        return 1.0, False  # one sample after another, whatever the engine was built for
    if workload.batch is not None:
        return read("workload.batch", workload.batch), False
    if workload.concurrency is not None:
        wanted = read("workload.concurrency", workload.concurrency) / (holders * run.copies)
        return maximum(minimum(ceil(wanted), fits), 1.0), False
    limit = assumed("network.overlay_samples" if pool.chip.kind in OVERLAYS else "network.batch_limit")
    batch = minimum(maximum(_power_of_two(fits), 1.0), limit)
    if workload.mode == "server":
        batch = minimum(batch, _batch_in_time(machine, pool, network, run))
    machine.figures.assume("batch not given: the largest that fits, as far as it still helps", moves=False)
    return batch, True


def _batch_in_time(machine: Machine, pool: Pool, network: Network, run: Run) -> Number:
    """The largest batch whose time on the device leaves room for a queue under a usual latency limit.

    Limits grow with the root of the work: 15 ms for 4 GMAC, 100 ms for 200 (MLPerf inference, server).
    """
    few, many = 1.0, 16.0
    first_time, last_time = (_seconds(parts(machine, pool, network, n, run)) for n in (few, many))
    each = maximum((last_time - first_time) / (many - few), 1e-9)
    limit = assumed("network.server_limit") * sqrt(network.macs / assumed("network.server_macs"))
    allowed = floor(few + maximum(limit / assumed("network.server_wait") - first_time, 0.0) / each)
    if pool.chip.kind in CPU_KINDS and pool.chip.cores is not None:
        # a few cores take a sample each rather than all of them one
        allowed = maximum(allowed, floor(pool.chip.cores / CORES_A_SAMPLE))
    return maximum(allowed, 1.0)


def _seconds(found: list[Part]) -> Number:
    total: Number = 0.0
    for part in found:
        total = total + part.seconds
    return total


def _power_of_two(x: Number) -> Number:
    return power(2.0, floor(log2(maximum(x, 1.0))))


def _capacity(pool: Pool) -> Number | None:
    """Bytes that one chip can use; on-chip memory with streaming memory behind it counts both."""
    chip = pool.chip
    streaming = chip.facts.get("streaming_mem_gb_per_4")
    if chip.memory_bytes is None:
        return None
    return chip.memory_bytes + (0.0 if streaming is None else float(streaming) * 1e9 / 4.0)


def _step(machine: Machine, job: Job, pool: Pool, network: Network, run: Run, sized: Sized, cut: Cut) -> Step:
    passes = TRAINING_PASSES if run.training else 1.0
    batches = maximum(sized.batch / sized.micro, micro_batches(sized.batch, cut))
    samples = sized.batch / batches
    found = parts(machine, pool, network, samples, run)
    found += exchanges(machine, pool, network, cut, samples, run.precision, passes)
    found = in_turn(found, batches, cut)
    if run.training:
        found += _update(machine, job, pool, network, run, sized, found, cut)
    served = assumed("network.server_share") if _mode(machine) == "server" else 1.0
    return Step(
        pool=pool.owner,
        units=sized.batch * run.busy * served,
        parts=found,
        replicas=pool.all_chips / cut.chips,
    )


def _mode(machine: Machine) -> str | None:
    return None if machine.design.workload is None else machine.design.workload.mode


def _update(
    machine: Machine,
    job: Job,
    pool: Pool,
    network: Network,
    run: Run,
    sized: Sized,
    device: list[Part],
    cut: Cut,
) -> list[Part]:
    """The optimizer's pass over its state, and the part of the all-reduce that backward can't hide."""
    bandwidth, path, kind = memory_lane(machine.figures, pool.chip)
    state = network.parameters * OPTIMIZER_TRAFFIC_BYTES / bandwidth
    text = "parameters x optimizer bytes / bandwidth"
    found = [Part("optimizer", path, kind, state, state, MEMORY, text)]
    peers: Group = group(machine, pool, pool.all_chips / cut.chips, cut.chips)
    gradient = network.parameters * maximum(number_bytes(run.precision), 2.0)
    taken = collective_seconds("all-reduce", gradient, peers)
    times = sized.batch / sized.micro
    backward = _seconds(device)
    hides = fitted(machine.figures, run.file, run.chip, "overlap") * BACKWARD_SHARE * backward / times
    lane = cause(peers)
    exposed = maximum(taken - hides, 0.0)
    found.append(
        Part(
            "gradients",
            lane.resource,
            lane.kind,
            exposed,
            taken,
            COMMUNICATION,
            "all-reduce of the gradients, less what the backward pass hides",
        )
    )
    local = maximum(peers.local, 1.0)
    sent = bus_factor("all-reduce", peers.remote) * gradient / local * pool.all_chips
    job.traffic.append(
        Traffic("gradients", pool.name, pool.name, sent / (sized.batch * pool.all_chips / cut.chips), "gradients")
    )
    return found


def _inputs(
    machine: Machine,
    job: Job,
    network: Network,
    pools: list[tuple[Pool, Step]],
    modality: str,
    training: bool,
) -> None:
    """Samples read and prepared where a data set is part of the design; else their copy to the chip."""
    workload = machine.design.workload
    assert workload is not None
    for pool, step in pools:
        if training or workload.dataset is not None:
            job.inputs.append(Input(pool.name, step.share, modality, network.input_numbers))
        elif pool.chip.host_link is not None:
            path = f"{pool.chip.path}.host_link"
            capacity = pool.chip.host_link * pool.all_chips * assumed("network.host_link_share")
            amount = network.input_numbers * step.share
            job.demands.append(Demand(path, pool.owner, "host link", "B/s", capacity, amount, "input", stage=COPY))


def _latency(machine: Machine, job: Job, step: Step, sized: Sized) -> None:
    """A batch's time on the device; under load the wait for a batch to fill comes on top."""
    seconds = step.seconds()
    if _mode(machine) == "server":
        seconds = seconds * assumed("network.server_wait")
    job.latency.seconds = seconds
