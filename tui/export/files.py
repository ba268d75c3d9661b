"""Files put in place whole: the new one or the old one, never half of either, and never over another unasked."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Mapping, Sequence

from infralab.models.refusal import Refusal


class NotWritten(Refusal):
    """A file cannot be written, or must not be replaced; what was there is as it was."""


def check(paths: Sequence[str], force: bool = False) -> None:
    """Raise NotWritten for what can be told before there is anything to write."""
    for path in paths:
        target = os.path.realpath(path)
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            raise NotWritten(f"{path}: there is no folder {os.path.dirname(path) or folder}; make it first")
        if os.path.isdir(target):
            raise NotWritten(f"{path}: this is a folder; name a file in it")
        if not os.path.exists(target):
            if not os.access(folder, os.W_OK):
                raise NotWritten(f"{path}: the folder {folder} cannot be written to; choose another")
            continue
        if not os.path.isfile(target):
            raise NotWritten(f"{path}: this is no ordinary file")
        if not force:
            raise NotWritten(f"{path}: there already; --force replaces it")
        if not os.access(target, os.W_OK):
            raise NotWritten(f"{path}: the file is read-only; choose another name")


def write(files: Mapping[str, bytes], force: bool = False) -> None:
    """Write every file beside its place, then put all of them there. Raises NotWritten."""
    check(list(files), force)
    made: list[tuple[str, str]] = []
    path = ""
    try:
        for path, content in files.items():
            target = os.path.realpath(path)
            made.append((_beside(target, content), target))
        for temporary, target in made:
            os.replace(temporary, target)
    except OSError as error:
        reason = "no space left" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or str(error)
        raise NotWritten(f"{path}: not written: {reason}") from None
    finally:
        for temporary, _ in made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _beside(target: str, content: bytes) -> str:
    """A finished file in the target's folder; its name."""
    handle, name = tempfile.mkstemp(".tmp", f".{os.path.basename(target)[:80]}.", os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    return name


def _mode(target: str) -> int:
    """What the file there has, else what a new file gets."""
    with contextlib.suppress(OSError):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
