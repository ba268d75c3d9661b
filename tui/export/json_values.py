"""Values as JSON knows them: no NaN, no Infinity, no numpy, no tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any


def finite(value: Any) -> Any:
    """The value in plain tables and lists; a number that JSON does not know is None."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    number = float(value)
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def dumped(value: Any) -> str:
    """JSON text with a line break at its end."""
    return json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
