"""A maildir: each message a file of its own, which is there as a whole or not at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.archiving.files import make_folder, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDERS = ("tmp", "new", "cur")
#: Where messages are; a reader moves them from the first to the second and adds flags behind a colon.
_READ = ("new", "cur")


@public
def put(folder: Path, name: str, message: bytes) -> None:
    """Add a message (LF line ends) unless it is there.

    :param name: The same when the same message comes again, and no other message's; it has no dot, slash or colon.
    :raises OSError: then nothing of it is there.
    """
    for part in _FOLDERS:
        make_folder(folder / part)
    # Whatever a reader has made of its file's name.
    middle = f".{name}."
    if any(middle in entry.name for part in _READ for entry in (folder / part).iterdir()):
        return
    # The temporary name is the same each time, so that what a killed process has left is written over.
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    replace(folder / "new" / f"{seconds}.{name}.M{microseconds:06}", folder / "tmp" / name, message)


@public
def messages(folder: Path) -> Iterator[bytes]:
    """All messages, in the order in which they came; of what else lies there, nothing.  Raises OSError."""
    there = [entry for part in _READ if (folder / part).is_dir() for entry in (folder / part).iterdir()]
    entries = [entry for entry in there if entry.is_file() and not entry.is_symlink()]
    for path in sorted(entries, key=_order):
        yield path.read_bytes()


def _order(path: Path) -> tuple[str, str]:
    seconds, _, rest = path.name.partition(".")
    return seconds, rest.rpartition(".")[2].partition(":")[0]
