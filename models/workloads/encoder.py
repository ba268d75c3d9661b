"""Training and inference of encoders (text, whole sequences at once); one unit is a sequence."""

from __future__ import annotations

from infralab.models.arithmetic import Number, any_of, first, minimum
from infralab.models.constants import assumed, table
from infralab.models.job import Job
from infralab.models.machine import Machine
from infralab.models.workloads.cost_network import encoder_network
from infralab.models.workloads.replicated import lower_network

SCORE_WRITES = 2.0  # score matrices of unfused attention: written raw, and again as weights


def lower(machine: Machine) -> Job:
    """What a sequence costs on the drawn chips, each of which holds copies of the whole encoder."""
    workload = machine.design.workload
    assert workload is not None
    given = workload.sequence_length or workload.input_length
    length: Number
    if given is None:
        length = machine.figures.number("workload.sequence_length", assumed("encoder.sequence_length"))
        machine.figures.assume(f"sequence length not given, taken as {length:g} tokens")
    else:
        length = machine.figures.number("workload.sequence_length", given)
    length = _computed(machine, workload.kind.partition("-")[2], length)
    writes = 0.0 if workload.attention == "flash" else SCORE_WRITES
    network = encoder_network(machine, length, writes)
    if network is None:
        return Job("samples/s")
    return lower_network(machine, network, "encoder", unit="samples/s", modality="tokens")


def _computed(machine: Machine, work: str, length: Number) -> Number:
    """Tokens of a sequence that a stack computes: those that skip padding take the mean of usual data."""
    rule = table("encoder")["padding"][work]
    framework = machine.design.software.framework
    if framework in rule.get("half", ()):
        machine.figures.assume(f"{framework} skips padding: its benchmarks fill half of the longest sequence")
        return length / 2.0
    kinds = {pool.chip.kind for pool in machine.steppers()}
    named = [key for key in rule.get("skip", rule.get("keep")) if str(framework).startswith(key) or key in kinds]
    skips = bool(named) == ("skip" in rule)
    mean = float(rule["mean_tokens"])
    if not skips or not any_of(length > mean):
        return length
    machine.figures.assume(f"padding is skipped: sequences of usual data hold {mean:g} of {first(length):g} tokens")
    return minimum(length, machine.figures.figure(f"fitted.encoder.{work}.mean_tokens", mean, "", "assumed"))
