"""The document: a design as a TOML text, read, changed with few touched bytes, and saved safely."""

from infralab.models.document.plain import to_mapping
from infralab.models.document.problem import DocumentError, Problem
from infralab.models.document.read import Document, Stamp, from_mapping, load, read
from infralab.models.document.save import ChangedOnDisk, save
from infralab.models.document.write import fresh, render

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
