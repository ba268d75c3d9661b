"""Requests on replicas: a static batch, a closed loop of clients, an open stream of arrivals.

Continuous batching shares a replica's time between prompts and output tokens: a request costs its
prefill plus `output` steps at the batch in flight. Waiting follows a queue of the prefill's own
service time (M/D/1 with a finite population; Lazowska et al. 1984, ch. 7 for the closed network).
"""

from __future__ import annotations

from dataclasses import dataclass

from infralab.models.arithmetic import Number, maximum, minimum, sqrt, where
from infralab.models.workloads.inference.passes import Engine, Pass

ROUNDS = 4  # of the fixed point between batch and step time: it moves below 1 % after three
SATURATED = 0.98  # load of prompts from which a mean wait is no longer told apart: it grows without bound
LEAST_DECODING = 0.05  # share of a cycle that a request decodes at least, so that the fixed point stays inside


@dataclass(slots=True)
class Service:
    """One replica in steady state: what its requests see and what it delivers.

    `cycle` is the time in which `batch` requests are served whole; parts as in `Pass`.
    """

    batch: Number
    prefill: Pass  # of one request
    step: Pass  # of one output token for the batch in flight
    cycle: Number  # seconds
    first_token: Number  # seconds
    each_token: Number  # seconds
    latency: Number  # seconds of one request
    queued: Number = 0.0  # seconds before a slot is free


@dataclass(slots=True)
class Lengths:
    """Tokens of one request."""

    prompt: Number
    output: Number

    @property
    def context(self) -> Number:
        """Tokens seen by a middling output token."""
        return self.prompt + self.output / 2.0


def static_batch(engine: Engine, lengths: Lengths, batch: Number) -> Service:
    """All of a batch start and end together (model.md, 3)."""
    prefill = engine.prefill(batch * lengths.prompt, batch, lengths.prompt, alone=True)
    step = engine.decode(batch, lengths.context)
    start = where(lengths.prompt > 0.0, prefill.total(), 0.0)
    first = start  # measured in the engine, without a server around it
    steps = maximum(lengths.output - where(lengths.prompt > 0.0, 1.0, 0.0), 0.0)
    latency = first + steps * step.total()
    share = divided(prefill, batch)
    return Service(batch, share, step, latency, first, step.total(), latency)


def divided(whole: Pass, count: Number) -> Pass:
    """The share of one of `count` requests in a pass."""
    return whole.times(1.0 / maximum(count, 1e-9))


def prompt_cost(engine: Engine, lengths: Lengths, at_once: Number) -> Pass:
    """Prefill of one request when `at_once` of them share a pass of the stack's token budget."""
    budget = maximum(engine.stack.prefill_tokens / maximum(lengths.prompt, 1.0), 1.0)
    count = maximum(minimum(at_once, budget), 1.0)
    return divided(engine.prefill(count * lengths.prompt, count, lengths.prompt), count)


def closed_loop(engine: Engine, lengths: Lengths, clients: Number, slots: Number, burst: bool) -> Service:
    """`clients` of one replica that each send the next request when the last is answered.

    At most `slots` are in flight, the others queue. burst: all arrive at once and leave together.
    """
    batch = minimum(maximum(clients, 1.0), slots)
    alone = engine.prefill(lengths.prompt, 1.0, lengths.prompt, alone=True).total()
    prefill = prompt_cost(engine, lengths, batch if burst else maximum(batch / 8.0, 1.0))
    cost = prefill.total()
    extra = engine.stack.request_seconds
    decoding = batch
    for _ in range(ROUNDS):
        step = engine.decode(maximum(decoding, 1.0), lengths.context)
        steps = lengths.output * step.total()
        cycle = steps + batch * cost + extra
        load = minimum(cost * (batch - 1.0) / cycle, SATURATED)
        # clients that were answered together ask together again: then half of the others go first
        together = cost * (batch - 1.0) / 2.0
        if burst:
            wait = together
        else:
            spread = cost * load / (2.0 * (1.0 - load)) + minimum(step.total(), alone) / 2.0
            wait = spread + engine.stack.crowding * maximum(together - spread, 0.0)
        first = alone + wait + extra
        decoding = batch * maximum(1.0 - first / cycle, LEAST_DECODING)
    each = (cycle - first) / maximum(lengths.output, 1.0)
    queued = cycle * maximum(clients / batch - 1.0, 0.0)
    return Service(batch, prefill, step, cycle, first + queued, each, cycle + queued, queued)


def open_stream(engine: Engine, lengths: Lengths, arrivals: Number, slots: Number) -> Service:
    """Requests arrive at `arrivals` per second at one replica; the batch settles where they leave as fast.

    Batch B solves B = arrivals · output · step(B) / (1 − prefill load); secant steps within [1, slots].
    """
    alone = engine.prefill(lengths.prompt, 1.0, lengths.prompt, alone=True).total()
    extra = engine.stack.request_seconds
    low: Number = 1.0
    high = maximum(slots, 1.0)
    prefill = prompt_cost(engine, lengths, 1.0)
    cost = prefill.total()

    def excess(batch: Number) -> tuple[Number, Pass]:
        step = engine.decode(batch, lengths.context)
        free = maximum(1.0 - arrivals * cost, 1.0 - SATURATED)
        return batch - arrivals * lengths.output * step.total() / free, step

    full = high
    below, _ = excess(low)
    above, at_most = excess(high)
    batch, step = high, at_most
    for _ in range(ROUNDS + 2):
        slope = (above - below) / maximum(high - low, 1e-9)
        batch = minimum(maximum(low - below / where(slope > 1e-9, slope, 1e-9), low), high)
        value, step = excess(batch)
        low, below = where(value < 0.0, batch, low), where(value < 0.0, value, below)
        high, above = where(value < 0.0, high, batch), where(value < 0.0, above, value)
    load = minimum(arrivals * cost, SATURATED)
    each = step.total() + batch * cost / maximum(lengths.output, 1.0)
    first = alone + cost * load / (2.0 * (1.0 - load)) + minimum(step.total(), alone) / 2.0 + extra
    # what the replica could deliver: with every slot taken
    cycle = lengths.output * at_most.total() + full * cost
    return Service(full, prefill, at_most, cycle, first, each, first + lengths.output * each)


@dataclass(slots=True)
class Pools:
    """A prefill pool and a decode pool in one closed loop."""

    prefill: Service
    decode: Service
    requests_per_second: Number
    first_token: Number
    each_token: Number


def disaggregated(
    first: Engine, second: Engine, lengths: Lengths, clients: Number, slots: Number, transfer: Number
) -> Pools:
    """Clients in a closed loop over a prefill pool and a decode pool, with `transfer` seconds between.

    The prefill pool is a queue of as many servers as replicas, decode a delay that grows with its
    batch: Schweitzer's approximation of mean value analysis.
    """
    servers, places = first.layout.replicas, second.layout.replicas
    prefill = prompt_cost(first, lengths, maximum(clients / servers / 8.0, 1.0))
    cost = prefill.total()
    alone = maximum(first.prefill(lengths.prompt, 1.0, lengths.prompt, alone=True).total(), cost)
    extra = first.stack.request_seconds
    batch = minimum(maximum(clients / places, 1.0), slots)
    for _ in range(2 * ROUNDS):
        step = second.decode(batch, lengths.context)
        think = lengths.output * step.total() + transfer + extra
        # a queue of `servers`, clients − 1 others: W² + W·(Z − P·n) − P·Z = 0
        others = maximum(clients - 1.0, 0.0) / servers
        half = (cost * (others + 1.0) - think) / 2.0
        wait = half + sqrt(half * half + cost * think)
        together = cost * (1.0 + others / 2.0)
        wait = wait + first.stack.crowding * maximum(together - wait, 0.0)
        rate = clients / (wait + think)
        wanted = maximum(rate * lengths.output * step.total() / places, 1.0)
        batch = minimum((batch + wanted) / 2.0, slots)
    full = slots * places / maximum(lengths.output * step.total(), 1e-12)
    rate = minimum(rate, minimum(full, servers / cost))
    ttft = maximum(wait, alone) + transfer + extra
    each = step.total()
    latency = ttft + lengths.output * each
    served = Service(1.0, prefill, prefill, cost, ttft, 0.0, ttft)
    decode = Service(batch, prefill, step, lengths.output * each, ttft, each, latency)
    return Pools(served, decode, rate, ttft, each)
