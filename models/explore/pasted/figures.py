"""Figures that a training or serving log prints: step times, rates, times per token."""

from __future__ import annotations

import re

from infralab.models.explore.pasted.result import Result

_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "min": 60.0,
}
_NUMBER = r"(?P<value>\d[\d_,]*(?:\.\d+)?(?:e[+-]?\d+)?)"
_TIME = rf"{_NUMBER}\s*(?P<unit>ms|us|µs|min|seconds|second|secs|sec|s)\b"
_RULES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    # Megatron-LM: "elapsed time per iteration (ms): 1234.5"
    ("step_seconds", "step", re.compile(rf"elapsed time per iteration \((?P<unit>ms|s)\)\s*:\s*{_NUMBER}", re.I)),
    (
        "step_seconds",
        "step",
        re.compile(rf"\b(?:step|iteration|iter)(?:[ _]?time|[ _]duration)?\s*[:=]?\s*{_TIME}", re.I),
    ),
    ("step_seconds", "step", re.compile(rf"{_NUMBER}\s*(?P<unit>s|ms|sec)\s*/\s*(?:it|step|iter|iteration)\b", re.I)),
    (
        "time_to_first_token",
        "time to first token",
        re.compile(rf"\b(?:ttft|(?:time to )?first token)\b[^\d\n]*?{_TIME}", re.I),
    ),
    # vLLM's benchmark: "Mean TTFT (ms):   35.1"
    (
        "time_to_first_token",
        "time to first token",
        re.compile(rf"(?<!P99 )\bmean ttft \((?P<unit>ms|s)\)\s*:\s*{_NUMBER}", re.I),
    ),
    (
        "time_per_output_token",
        "time per output token",
        re.compile(rf"\bmean tpot \((?P<unit>ms|s)\)\s*:\s*{_NUMBER}", re.I),
    ),
    (
        "time_per_output_token",
        "time per output token",
        re.compile(rf"\b(?:tpot|itl|time per output token)\b[^\d\n]*?{_TIME}", re.I),
    ),
    ("time_per_output_token", "time per output token", re.compile(rf"{_TIME}\s*(?:per|/|a)\s*token\b", re.I)),
)
_RATE = re.compile(
    rf"{_NUMBER}\s*(?P<prefix>[kKMGT]?)\s*(?P<noun>tokens?|tok|images?|img|samples?|nodes?)\s*(?:/|per)\s*s(?:ec|econd)?"
    r"(?P<each>\s*(?:/|per)\s*(?:gpu|chip|device|accelerator))?",
    re.I,
)
_NAMED_RATE = re.compile(
    rf"(?P<noun>tokens?|images?|samples?)\s*(?:/|per)\s*s(?:ec|econd)?(?P<each>\s*(?:/|per)\s*(?:gpu|chip|device))?\)?\s*[:=]\s*"
    rf"{_NUMBER}\s*(?P<prefix>[kKMGT]?)\b",
    re.I,
)  # "throughput (tokens/sec): 41234"
_METRIC = {"tok": "tokens_per_second", "ima": "images_per_second", "img": "images_per_second",
           "sam": "samples_per_second", "nod": "throughput"}  # fmt: skip


def of_text(text: str) -> list[Result]:
    """Each metric once: a log's last line of it, when the warm-up is over."""
    found: dict[str, Result] = {}
    for metric, label, pattern in _RULES:
        if metric in found:
            continue
        for match in pattern.finditer(text):
            seconds = _number(match["value"]) * _SECONDS[match["unit"].lower()]
            if seconds > 0:
                found[metric] = Result(label, metric, seconds, "s")
    for pattern in (_NAMED_RATE, _RATE):
        for match in pattern.finditer(text):
            one = _rate(match)
            if one is not None:
                found[one.metric] = one
    return list(found.values())


def _rate(match: re.Match[str]) -> Result | None:
    noun = match["noun"].lower()
    metric = _METRIC[noun[:3]]
    value = _number(match["value"]) * _PREFIX[match["prefix"]]
    if match["each"]:
        if metric != "tokens_per_second":
            return None
        metric = "tokens_per_second_per_chip"
    name = {"tok": "tokens", "ima": "images", "img": "images", "sam": "samples", "nod": "nodes"}[noun[:3]]
    label = f"{name} a second" + (" and chip" if match["each"] else "")
    return Result(label, metric, value, f"{name}/s") if value > 0 else None


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))
