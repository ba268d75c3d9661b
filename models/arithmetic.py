"""Arithmetic on floats or on arrays of variants.

Physics is written once. A number is a Python float (one design) or a numpy array of shape (V,)
(V variants of it, the variant axis last). Floats take the builtin path, which is ten times faster
than numpy on scalars and does not import it. `where` evaluates both branches: keep them finite.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Number: TypeAlias = float | Array
    Truth: TypeAlias = bool | NDArray[np.bool_]
else:
    Array = Any
    Number = Any
    Truth = Any

    class _Numpy:
        """Comes with the first array; an `import` in each function would take longer than what it does."""

        def __getattr__(self, name):
            import numpy

            found = getattr(numpy, name)
            setattr(self, name, found)
            return found

    np = _Numpy()


def is_scalar(x: object) -> bool:
    """Whether `x` is one number rather than an array of variants."""
    return isinstance(x, (float, int))


def maximum(a: Number, b: Number) -> Number:
    """The larger, variant by variant."""
    if type(a) is type(b) is float:  # nearly always, and told in a third of the time
        return a if a >= b else b
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return a if a >= b else b
    return np.maximum(a, b)


def minimum(a: Number, b: Number) -> Number:
    """The smaller, variant by variant."""
    if type(a) is type(b) is float:
        return a if a <= b else b
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return a if a <= b else b
    return np.minimum(a, b)


def where(condition: Truth, a: Number, b: Number) -> Number:
    """`a` where the condition holds, else `b`; both are evaluated by the caller."""
    if isinstance(condition, bool):
        return a if condition else b
    return np.where(condition, a, b)


def ceil(x: Number) -> Number:
    """The next whole number up; infinity stays."""
    if isinstance(x, (float, int)):
        return float(math.ceil(x)) if math.isfinite(x) else x
    return np.ceil(x)


def floor(x: Number) -> Number:
    """The next whole number down; infinity stays."""
    if isinstance(x, (float, int)):
        return float(math.floor(x)) if math.isfinite(x) else x
    return np.floor(x)


def sqrt(x: Number) -> Number:
    """Square root."""
    if isinstance(x, (float, int)):
        return math.sqrt(x)
    return np.sqrt(x)


def log(x: Number) -> Number:
    """Natural logarithm."""
    if isinstance(x, (float, int)):
        return math.log(x)
    return np.log(x)


def log2(x: Number) -> Number:
    """Logarithm to base 2."""
    if isinstance(x, (float, int)):
        return math.log2(x)
    return np.log2(x)


def exp(x: Number) -> Number:
    """e^x, infinite rather than an error from 700 on."""
    if isinstance(x, (float, int)):
        return math.exp(x) if x < 700.0 else math.inf
    return np.exp(np.minimum(x, 700.0))


def power(x: Number, y: Number) -> Number:
    """x^y."""
    if isinstance(x, (float, int)) and isinstance(y, (float, int)):
        return float(x**y)
    return np.power(x, y)


def divide(a: Number, b: Number) -> Number:
    """a / b, infinite where b is zero (a capacity over no demand)."""
    if type(a) is type(b) is float:
        return a / b if b != 0.0 else math.inf
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return a / b if b != 0.0 else math.inf
    if _all(b) if isinstance(b, np.ndarray) else b != 0.0:
        return a / b  # mostly, and in half the time
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(b, 0.0), np.inf, np.divide(a, b))


def _all(x: NDArray[Any]) -> bool:
    """x.all(), in a fifth of the time on arrays as short as these."""
    return bool(np.count_nonzero(x) == x.size)


def every(condition: Truth) -> bool:
    """Whether the condition holds for all variants: only for choices of structure."""
    return condition if isinstance(condition, bool) else _all(condition)


def any_of(condition: Truth) -> bool:
    """Whether the condition holds for some variant: only for choices of structure."""
    return condition if isinstance(condition, bool) else bool(np.count_nonzero(condition))


def both(a: Truth, b: Truth) -> Truth:
    """Whether both conditions hold, variant by variant."""
    if isinstance(a, bool) and isinstance(b, bool):
        return a and b
    return np.logical_and(a, b)


def first(x: Number) -> float:
    """The value of one design: the number itself, or the first variant's."""
    if type(x) is float:
        return x
    return float(x) if isinstance(x, (float, int)) else float(x.item(0))
