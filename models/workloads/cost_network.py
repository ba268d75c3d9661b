"""A network known by its cost: multiply-adds, parameters and layer outputs of one sample.

Vision networks come from the library as such; image transformers and encoders are reduced to the
same three numbers from their shape. What the library lacks is estimated from the networks that have
it (`fitted/vision.toml`, `[network]`), and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from infralab.models.arithmetic import Number, exp, first, maximum, minimum
from infralab.models.arithmetic import log as log_of
from infralab.models.constants import assumed, table
from infralab.models.machine import Machine
from infralab.models.workloads import transformer

FLOP_PER_MAC = 2.0
TRAINING_PASSES = 3.0  # forward, gradient of the inputs, gradient of the weights


@dataclass(frozen=True, slots=True)
class Network:
    """Forward work of one sample."""

    name: str
    macs: Number
    parameters: Number
    activations: Number  # numbers that layers put out
    layers: Number  # kernels that follow one another, in units of a convolution with its tail
    input_numbers: Number  # of one prepared sample
    attention: bool = False  # a plain transformer: few passes over each output
    blocks: bool = False  # made of equal blocks, which several chips can share
    exchange: Number = 0.0  # numbers of a sample that its blocks pass on
    exchanges: Number = 0.0  # times that tensor parallel chips would reduce them in one pass

    @property
    def flop(self) -> Number:
        return FLOP_PER_MAC * self.macs


def image_network(machine: Machine) -> Network | None:
    """The network of a vision workload; None, with a problem noted, where its cost isn't known."""
    found = _facts(machine)
    if found is None:
        return None
    name, facts, figures = found
    if "macs" not in figures and "hidden" in facts and "layers" in facts:
        return _patches(machine, name, facts)
    if "macs" not in figures:
        machine.missing(
            "workload",
            f"the work of {name} is not known: give macs, parameters and activations in [workload.model]",
        )
        return None
    asked = machine.design.workload.image_size if machine.design.workload is not None else None
    return _convolutions(machine, name, facts, figures, _pixels(asked))


def encoder_network(machine: Machine, length: Number, attention_writes: Number) -> Network | None:
    """An encoder on `length` tokens. attention_writes: times the score matrix goes to memory."""
    shape = transformer.shape(machine)
    if shape is None:
        return None
    return _from_shape(shape, length, attention_writes, length)


def _facts(machine: Machine) -> tuple[str, dict[str, Any], dict[str, float]] | None:
    workload = machine.design.workload
    assert workload is not None
    facts: dict[str, Any] = {}
    figures: dict[str, float] = {}
    if workload.model is not None and machine.catalogue.has(workload.model, "model"):
        component = machine.catalogue.model(workload.model)
        facts.update(component.facts)
        figures.update(component.figures)
    elif not workload.shape:
        what = f"{workload.model!r} is not in the model library" if workload.model else "no model is chosen"
        machine.missing("workload", f"{what}: name one of the library, or give macs, parameters, activations")
        return None
    facts.update(workload.shape)
    for key, value in workload.shape.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            figures[key] = float(value)
    return str(workload.model or "model"), facts, figures


def _pixels(image: object) -> float | None:
    """Pixels (or voxels) of an image given by its side, or by its sides."""
    if isinstance(image, (int, float)):
        return float(image) ** 2
    if isinstance(image, Sequence) and not isinstance(image, str):
        sides = [float(side) for side in image]
        if len(sides) == 1:
            return sides[0] ** 2
        count = 1.0
        for side in sides:
            count *= side
        return count
    return None


def _convolutions(
    machine: Machine, name: str, facts: Mapping[str, Any], known: Mapping[str, float], asked: float | None
) -> Network:
    own = _pixels(facts.get("image"))
    macs, activations = known["macs"], known.get("activations")
    windows = 1.0 if _trains(machine) else float(facts.get("windows", 1.0))
    if asked is not None and own is not None and asked != own:
        macs, activations = _at(facts, own, asked, macs, activations)
    pixels = asked or own
    read = machine.figures.number
    macs_n = read("workload.model.macs", macs)
    parameters = known.get("parameters")
    if parameters is None:
        parameters = table("vision")["network"]["parameters_per_root_mac"] * macs**0.5
        machine.figures.assume(f"{name}: parameters not known, taken as {parameters / 1e6:.2g} M", moves=False)
    if activations is None:
        activations_n = _estimated(macs_n, pixels if _is_picture(facts) else None)
        machine.figures.assume(f"{name}: layer outputs not known, estimated from its work and image size")
    else:
        activations_n = read("workload.model.activations", activations)
    side = float(table("vision")["network"]["reference_pixels"])
    layers = _layers(activations_n * (side / pixels if pixels else 1.0))
    numbers = 3.0 * pixels if pixels and _is_picture(facts) else (pixels or 0.0)
    if "layers" in facts:
        layers = read("workload.model.layers", float(facts["layers"]))
    weights = read("workload.model.parameters", parameters)
    plain = bool(facts.get("attention", False))
    return Network(name, macs_n * windows, weights, activations_n * windows, layers, numbers * windows, plain)


def _trains(machine: Machine) -> bool:
    workload = machine.design.workload
    return workload is not None and workload.kind.endswith("training")


def _is_picture(facts: Mapping[str, Any]) -> bool:
    """A flat image of some size, not a volume or a sound window."""
    image = facts.get("image")
    if isinstance(image, Sequence) and not isinstance(image, str) and len(image) > 2:
        return False
    return (_pixels(image) or 0.0) >= 64.0**2 and facts.get("task") != "mlperf-tiny"


def _at(
    facts: Mapping[str, Any], own: float, asked: float, macs: float, activations: float | None
) -> tuple[float, float | None]:
    """Cost at another image size: from the nearest size on record, scaled by the number of pixels."""
    points = [(own, macs, activations)]
    for entry in facts.get("at", ()):
        pixels = _pixels(entry.get("image"))
        if pixels is not None and "gmacs" in entry:
            outputs = entry.get("mactivations")
            points.append((pixels, entry["gmacs"] * 1e9, None if outputs is None else outputs * 1e6))
    pixels, macs, outputs = min(points, key=lambda p: abs(log(p[0] / asked)))
    if outputs is None and activations is not None:
        outputs = activations * pixels / own
    return macs * asked / pixels, None if outputs is None else outputs * asked / pixels


def _estimated(macs: Number, pixels: float | None) -> Number:
    """Layer outputs by regression over the library's networks that print them."""
    fit = table("vision")["network"]
    if pixels is None:
        value = exp(fit["volume_intercept"] + fit["volume_macs"] * log_of(maximum(macs, 1.0)))
    else:
        value = exp(fit["intercept"] + fit["macs"] * log_of(maximum(macs, 1.0)) + fit["pixels"] * log(pixels))
    return minimum(value, macs / fit["least_macs_per_activation"])


def _layers(activations: Number) -> Number:
    """Depth from layer outputs: a layer of the networks on record puts out much the same at 224 pixels."""
    fit = table("vision")["network"]
    return maximum(activations / fit["activations_per_layer"], fit["least_layers"])


def _patches(machine: Machine, name: str, facts: Mapping[str, Any]) -> Network | None:
    """An image transformer: the encoder on its patches."""
    shape = transformer.shape(machine)
    if shape is None:
        return None
    workload = machine.design.workload
    own = _pixels(facts.get("image")) or assumed("image.side") ** 2
    asked = (_pixels(workload.image_size) if workload is not None else None) or own
    patch = float(facts.get("patch", 16))
    tokens = asked / patch**2 + 1.0
    if asked == own and "tokens_per_image" in facts:
        tokens = float(facts["tokens_per_image"])
    return _from_shape(shape, tokens, 0.0, 3.0 * asked)


def _from_shape(shape: transformer.Shape, tokens: Number, attention_writes: Number, numbers: Number) -> Network:
    """The cost of `tokens` tokens; attention_writes: times that the score matrix goes to memory."""
    fit = table("vision")["network"]
    macs = tokens * shape.active_layer_parameters + shape.attention_flop(tokens, tokens) / FLOP_PER_MAC
    width = 5.0 * shape.hidden + shape.ffn  # query, key, value, mixed, projected; the block's own two
    outputs = shape.layers * tokens * (width + attention_writes * shape.heads * tokens)
    name = shape.name
    layers = shape.layers * float(fit["layers_per_block"])
    count = macs if first(macs) > 0 else 1.0
    return Network(
        name,
        count,
        shape.parameters,
        outputs,
        layers,
        numbers,
        attention=True,
        blocks=True,
        exchange=tokens * shape.hidden,
        exchanges=2.0 * shape.layers,
    )
