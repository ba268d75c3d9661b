"""The document: a design as a TOML text, read, changed with few touched bytes, and saved safely."""

from typing import TYPE_CHECKING, Any

from infralab.models.document.problem import DocumentError, Problem
from infralab.models.document.reading import Document, Stamp, from_mapping, load, read

if TYPE_CHECKING:
    from infralab.models.document.plain import to_mapping
    from infralab.models.document.saving import ChangedOnDisk, save
    from infralab.models.document.writing import fresh, render

__all__ = [
    "ChangedOnDisk",
    "Document",
    "DocumentError",
    "Problem",
    "Stamp",
    "fresh",
    "from_mapping",
    "load",
    "read",
    "render",
    "save",
    "to_mapping",
]

# Reading is on the way of every command; writing is not, so it is imported when asked for.
_LATE = {"ChangedOnDisk": "saving", "save": "saving", "fresh": "writing", "render": "writing", "to_mapping": "plain"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(name)
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value
