"""Small expressions over evaluated designs: what a lesson's rules and sentences are made of.

`RUN.FIGURE` is a figure of a run's report by the name that claims use (`cpu.rate`, `gpu.busy`), a
tuple along a curve. Operators and comparisons work point by point. Functions:

    first(x) last(x) most(x) least(x)   of a curve
    where(x, y)   the varied value at which x first reaches y; infinity if it never does
    peak(x)       the varied value at which x is largest
    knee(x)       the varied value from which x stays within 5 % of its best
    part("h200", "memory_bandwidth")    a figure of the catalogue, SI units
    abs(x) min(x, y) max(x, y)
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infralab.models.catalogue import Catalogue
from infralab.models.design import Design
from infralab.models.explore.claims import figure
from infralab.models.refusal import Refusal
from infralab.models.report import Report
from infralab.models.units import duration, human, significant

KNEE = 0.95  # a curve has reached its best from this share of it

Value = float | str | tuple[float | str, ...]


class ExpressionError(Refusal):
    """An expression that cannot be read; the text shows it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that was evaluated: one design, or one for each value along a curve."""

    name: str
    label: str
    designs: tuple[Design, ...]
    reports: tuple[Report, ...]
    values: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()

    def figure(self, name: str) -> Value | None:
        """A figure of the report; along a curve a tuple, with nan where a point has none."""
        found = [_figure(name, report) for report in self.reports]
        if len(found) == 1 and not self.values:
            return found[0]
        return tuple(math.nan if value is None else value for value in found)


def _figure(name: str, report: Report) -> float | str | None:
    head, _, rest = name.partition(".")
    if head in ("share", "score", "speed") and rest:
        fit = next((f for f in report.framework_fit if f.framework == rest), None)
        key = {"share": "ratio", "score": "score", "speed": "throughput"}[head]
        value = None if fit is None else getattr(fit, key)
        return None if value is None else float(value)
    if name == "elasticity":
        return None if report.bottleneck is None else report.bottleneck.elasticity
    if head == "gain" and rest:  # gain.memory_bandwidth: what +1 % of that figure gives, in %
        ends = [u.elasticity for u in report.utilisation if f".{rest}." in f"{u.resource}."]
        inputs = [f.elasticity for f in report.figures if f".{rest}." in f"{f.path}."]
        return max((*ends, *inputs), default=0.0)
    if name == "kind":
        return "" if report.bottleneck is None else report.bottleneck.kind
    if name == "fits":
        return None if report.memory is None else float(report.memory.fits)
    return figure(name, report)


_BINARY: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


class Runs:
    """Evaluates expressions over the runs of a lesson."""

    def __init__(self, runs: Mapping[str, Ran], named: Mapping[str, str], catalogue: Catalogue) -> None:
        self.runs = runs
        self._named = named
        self._catalogue = catalogue

    def value(self, text: str) -> Any:
        """The value of an expression. Raises ExpressionError."""
        try:
            return self._of(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, TypeError, ZeroDivisionError, KeyError) as error:
            raise ExpressionError(f'"{text}": {error}') from None

    def holds(self, text: str) -> bool:
        return bool(self.value(text))

    def _of(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._of(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not self._of(node.operand)
        if isinstance(node, ast.BinOp):
            return _pointwise(_BINARY[type(node.op)], self._of(node.left), self._of(node.right))
        if isinstance(node, ast.BoolOp):
            every = all if isinstance(node.op, ast.And) else any
            return every(self._of(value) for value in node.values)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, [*node.args])
        raise TypeError(f"{ast.unparse(node)} is nothing that an expression may hold")

    def _name(self, name: str) -> Any:
        if name in self._named:
            return self.value(self._named[name])
        raise KeyError(f"nothing is called {name}; write RUN.FIGURE, or name it under [figure]")

    def _attribute(self, node: ast.Attribute) -> Any:
        run, _, name = ast.unparse(node).partition(".")
        if run not in self.runs:
            raise KeyError(f"there is no run {run}; there are {', '.join(self.runs)}")
        found = self.runs[run].figure(name)
        if found is None:
            raise KeyError(f"{run} has no {name}")
        return found

    def _compare(self, node: ast.Compare) -> bool:
        left = self._of(node.left)
        for sign, other in zip(node.ops, node.comparators, strict=True):
            right = self._of(other)
            if isinstance(sign, ast.In):
                holds = left in right
            else:
                holds = _BINARY[type(sign)](left, right)
            if not holds:
                return False
            left = right
        return True

    def _call(self, name: str, arguments: list[ast.expr]) -> Any:
        values = [self._of(argument) for argument in arguments]
        if name == "part":
            component = self._catalogue.get(values[0])
            return component.figures[values[1]]
        if name in ("where", "knee", "peak"):
            along = self._along()
            curve = values[0]
            if name == "peak":
                return along[curve.index(max(_real(curve)))]
            wanted = values[1] if name == "where" else KNEE * max(v for v in curve if v == v)
            return next((x for x, y in zip(along, curve, strict=True) if y >= wanted), math.inf)
        return _FUNCTIONS[name](*values)

    def _along(self) -> tuple[float, ...]:
        return next(run.values for run in self.runs.values() if run.values)

    def unit(self) -> str:
        """The rate's unit of the first run."""
        report = next(iter(self.runs.values())).reports[0]
        return "" if report.throughput is None else report.throughput.unit


def _real(curve: tuple[float, ...]) -> list[float]:
    return [value for value in curve if not math.isnan(value)]


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "first": lambda curve: curve[0],
    "last": lambda curve: curve[-1],
    "most": lambda curve: max(_real(curve)),
    "least": lambda curve: min(_real(curve)),
    "abs": abs,
    "min": min,
    "max": max,
}


def _pointwise(of: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return tuple(of(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, tuple):
        return tuple(of(a, right) for a in left)
    if isinstance(right, tuple):
        return tuple(of(left, b) for b in right)
    return of(left, right)


_HOLE = re.compile(r"\{([^{}]+?)(?::([a-z%$]+))?\}")


def said(text: str, runs: Runs) -> str:
    """The sentence with its figures: "{a.rate / b.rate:x}" becomes "×2.4"."""
    return _HOLE.sub(lambda hole: _shown(runs.value(hole[1]), hole[2] or "", runs.unit()), text)


def _shown(value: Any, how: str, unit: str) -> str:
    if isinstance(value, str):
        return value
    if math.isinf(value) or math.isnan(value):
        return "never" if how == "n" else "–"
    return _WAYS[how](value) if how in _WAYS else _rate(value, unit)


def _factor(value: float) -> str:
    if abs(value - 1) < 0.005:
        return "×1.00"
    return f"×{significant(value, 2 if value >= 10 else 3)}"


def _rate(value: float, unit: str) -> str:
    return human(value, "B/s") if unit in ("bytes/s", "B/s") else f"{human(value)} {unit}"


_WAYS: Mapping[str, Callable[[float], str]] = {
    "x": _factor,
    "%": lambda value: f"{value * 100:.1f} %" if abs(value) < 0.0995 else f"{value * 100:.0f} %",
    "s": duration,
    "w": lambda value: human(value, "W"),
    "j": lambda value: human(value, "J"),
    "b": lambda value: human(value, "B"),
    "bs": lambda value: human(value, "B/s"),
    "n": lambda value: f"{value:,.0f}" if value >= 100 and value == int(value) else human(value),
    "$": lambda value: f"${value:,.2f}" if value < 100 else f"${value:,.0f}",
}
