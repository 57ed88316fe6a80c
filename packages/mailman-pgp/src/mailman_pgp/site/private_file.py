"""Files that nobody but their owner may read, written once and whole, wherever the process is killed."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def create(path: Path, content: str | bytes, owner: tuple[int, int] | None = None) -> None:
    """Write the new file `path` (mode 0600).

    :param owner: The ids of the user and the group to whom it is to belong; ourselves where not given.
    :raises FileExistsError: when there is something already, which is left alone.
    :raises OSError: when it can't be written; nothing is left of it then.
    """
    with _written(path, content, owner) as new:
        try:
            path.hardlink_to(new)
        except FileExistsError:
            raise
        except OSError:  # a filesystem without links, such as that of a stick
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            new.replace(path)
    _sync_directory(path.parent)


def replace(path: Path, content: str | bytes) -> None:
    """Put a new content in the place of that of the file `path`, whose owner and mode stay; what `path` leads to by links is meant.

    :raises OSError: when it can't be written; the file is as it was then.
    """
    target = Path(os.path.realpath(path))
    with _written(target, content, None, like=target.stat()) as new:
        new.replace(target)
    _sync_directory(target.parent)


@contextlib.contextmanager
def _written(
    path: Path, content: str | bytes, owner: tuple[int, int] | None, like: os.stat_result | None = None
) -> Iterator[Path]:
    """A file beside `path` that has the content, and is gone afterwards."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # of a process that was killed
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        _write(descriptor, content, owner, like)
        yield new
    finally:
        new.unlink(missing_ok=True)


def _write(descriptor: int, content: str | bytes, owner: tuple[int, int] | None, like: os.stat_result | None) -> None:
    with os.fdopen(descriptor, "wb") as file:
        # By the descriptor: who may write in the directory could put a link to another file in the place of a path.
        if owner is not None and owner != (os.geteuid(), os.getegid()):
            os.fchown(file.fileno(), *owner)
        if like is not None and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):  # the group of a file of ours, which we are not in
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
        os.fchmod(file.fileno(), 0o600 if like is None else stat.S_IMODE(like.st_mode))  # whatever the umask
        file.write(content.encode("ascii") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
