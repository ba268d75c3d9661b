"""What the lab remembers of a person from one start to the next: panels, theme, whether the tour was seen."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any


def file() -> Path:
    """In the user's configuration directory."""
    import platformdirs

    return platformdirs.user_config_path("infralab") / "lab.json"


class Memory:
    """A few values in a file of their own; one that can't be read or written is no reason to stop anyone."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        if path is not None:
            import json

            with contextlib.suppress(OSError, ValueError):
                found = json.loads(path.read_text("utf-8"))
                self.values = found if isinstance(found, dict) else {}

    def get(self, name: str, kind: type) -> Any:
        """A value of the kind that is wanted; None when there is none."""
        value = self.values.get(name)
        return value if isinstance(value, kind) else None

    def keep(self, **values: Any) -> None:
        """Write values, unless all of them are known already."""
        if self.path is None or all(self.values.get(name) == value for name, value in values.items()):
            return
        import json

        self.values |= values
        temporary = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self.values, indent=1) + "\n", "utf-8")
            os.replace(temporary, self.path)
