"""The document: a design as a TOML text, read, changed with few touched bytes, and saved safely."""

from infralab.models.document.problem import DocumentError, Problem
from infralab.models.document.read import Document, Stamp, from_mapping, load, read

__all__ = ["Document", "DocumentError", "Problem", "Stamp", "from_mapping", "load", "read"]
