"""One process sends, however many are started: by a lock of the kernel's, which ends with its process."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from mailman.config import config

# Whoever looks whether the lock is held has it for a moment, and that is no reason to send nothing for good.
_TRIES, _SECONDS = 10, 0.1


def take() -> int | None:
    """Take the lock, and return its descriptor; None where another process has it."""
    descriptor = os.open(_path(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_SECONDS)
        else:
            return descriptor
    os.close(descriptor)
    return None


def is_taken() -> bool:
    """Whether some process has the lock."""
    try:
        descriptor = os.open(_path(), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _path() -> Path:
    return Path(config.LOCK_DIR) / "mailman-rest-events.lock"
