"""What both forms of an archive do with files: whole or not at all, on the disk before anything is said of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MODE = 0o600
_FOLDER_MODE = 0o700


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, for Mailman's user alone.  Raises OSError."""
    if not path.is_dir():
        if not path.parent.is_dir():
            make_folder(path.parent)
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)


def replace(path: Path, temporary: Path, content: bytes) -> None:
    """Let a file have this content, as a whole, also when the process or the machine ends now.  Raises OSError."""
    # What lies there was left by a process that was killed.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Let the disk know the names in a folder.  Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private(path: Path) -> int:
    """Open a file for reading and appending, for Mailman's user alone; made where it is missing.  Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _MODE)
