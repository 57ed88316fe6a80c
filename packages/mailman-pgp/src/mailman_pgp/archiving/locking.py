"""A lock on a file that other programs respect, and that ends with its process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE_SECONDS = 0.05
#: Longer than any append takes. A reader that keeps the archive locked must not keep posts from their members.
PATIENCE_SECONDS = 10.0


@contextlib.contextmanager
def locked(file: IO[bytes], patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the POSIX lock of an open file, as mail programs and Python's `mailbox` do.

    :raises OSError: when somebody else holds it for longer than `patience` (seconds).
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.EACCES} or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)
