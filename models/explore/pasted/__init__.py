"""Results that a person pastes: what tools print, read into figures that the model answers too."""

from infralab.models.explore.pasted.reading import read
from infralab.models.explore.pasted.result import PastedError, Result

__all__ = ["PastedError", "Result", "read"]
