"""The open file on disk: whether another program wrote it, and what that changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infralab.models.design import Design

if TYPE_CHECKING:
    from infralab.models.document import Document

EVERY_SECONDS = 1.0
SHOWN = 3  # changes named in a line; the rest are counted


@dataclass(frozen=True, slots=True)
class Written:
    """Another program wrote the file: what it holds now, or why that can't be read."""

    document: Document | None
    reason: str = ""


class Watch:
    """Looks at a file's date and size; reads it only when they changed."""

    def __init__(self) -> None:
        self._seen: tuple[str, int, int] | None = None

    def look(self, document: Document) -> Written | None:
        """What another program wrote since `document` was read or saved; None for nothing new.

        A file that is gone or half written is looked at again the next time.
        """
        from infralab.models.document import DocumentError, load

        if not document.path or document.stamp is None:
            return None
        try:
            status = os.stat(document.path)
        except OSError:
            return None
        now = (str(document.path), status.st_mtime_ns, status.st_size)
        if now == self._seen or now[1:] == (document.stamp.mtime_ns, document.stamp.size):
            return None
        self._seen = now
        try:
            found = load(document.path)
        except DocumentError as error:
            return Written(None, str(error))
        if found.stamp is not None and found.stamp.digest == document.stamp.digest:
            return None
        if found.errors:
            return Written(None, str(found.errors[0]))
        return Written(found)


def changes(before: Design, after: Design) -> list[str]:
    """What differs, as it would be set on the command line: "box.train.count=5"."""
    from infralab.tui.edits import assignments

    return [
        text.removeprefix("--set ").strip("'").replace("--remove ", "without ") for text in assignments(before, after)
    ]


def in_words(before: Design, after: Design) -> str:
    """The changes in one line; "only places or comments" where no figure can move."""
    found = changes(before, after)
    if not found:
        return "only places or comments"
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more
