"""Saving a design so that the file is always whole: the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import replace

from infralab.models.design import Design
from infralab.models.document.problem import DocumentError
from infralab.models.document.reading import Document, Stamp, read, stamp_of
from infralab.models.document.writing import render


class ChangedOnDisk(DocumentError):
    """The file is no longer what was read: another program wrote it."""


def save(
    document: Document, design: Design, path: str | os.PathLike[str] = "", force: bool = False
) -> Document:
    """Write the design and return the document as it now stands.

    The text goes to a new file beside the target, which then takes its place; the file's mode and a
    symbolic link stay. Raises ChangedOnDisk when the target changed since it was read (unless
    `force`), DocumentError when it cannot be written: the target is then as it was.
    """
    name = os.fspath(path) or document.path
    if not name:
        raise DocumentError("the design has no file yet; name one to save it to")
    target = os.path.realpath(name)
    mode = _check_target(name, target)
    if not force:
        _check_unchanged(document, name, target)
    text = render(document, design)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        bad = text[error.start]
        raise DocumentError(f"{name}: not saved: {bad!r} is no character that a file can hold") from None
    _replace(name, target, content, mode)
    return replace(read(text, name), stamp=_stamp(target, content))


def _check_target(name: str, target: str) -> int | None:
    """The mode that the file keeps; None for a new file."""
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise DocumentError(f"{name}: cannot be saved: there is no directory {folder}")
    try:
        status = os.stat(target)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DocumentError(f"{name}: cannot be saved: {error.strerror}") from None
    if stat.S_ISDIR(status.st_mode):
        raise DocumentError(f"{name}: cannot be saved: this is a directory; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError(f"{name}: cannot be saved: this is no ordinary file")
    if not os.access(target, os.W_OK) or not status.st_mode & 0o222:
        raise DocumentError(f"{name}: cannot be saved: the file is read-only; save under another name")
    return stat.S_IMODE(status.st_mode)


def _check_unchanged(document: Document, name: str, target: str) -> None:
    """Raise where the target holds what nobody here has seen."""
    try:
        status = os.stat(target)
    except FileNotFoundError:
        return
    own = document.path and os.path.realpath(document.path) == target
    if not own or document.stamp is None:
        raise ChangedOnDisk(f"{name}: there is a file of that name already; save by force to replace it")
    if (status.st_mtime_ns, status.st_size) == (document.stamp.mtime_ns, document.stamp.size):
        return
    with open(target, "rb") as file:
        digest = stamp_of(status, file.read()).digest
    if digest != document.stamp.digest:
        raise ChangedOnDisk(
            f"{name}: changed on disk since it was read; "
            "save under another name, read it again, or save by force to replace it"
        )


def _replace(name: str, target: str, content: bytes, mode: int | None) -> None:
    """Write beside the target, make it durable, then put it in the target's place."""
    import tempfile

    folder = os.path.dirname(target)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(".tmp", f".{os.path.basename(target)}.", folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), _new_file_mode() if mode is None else mode)
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise DocumentError(f"{name}: not saved, the file is as it was: {_reason(error, folder)}") from None
    _sync_folder(folder)


def _new_file_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _reason(error: OSError, folder: str) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left in {folder}"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{folder} cannot be written to; save under another name"
    return error.strerror or str(error)


def _sync_folder(folder: str) -> None:
    """Make the new name durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stamp(target: str, content: bytes) -> Stamp:
    return stamp_of(os.stat(target), content)
