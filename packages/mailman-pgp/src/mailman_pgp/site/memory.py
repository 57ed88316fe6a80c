"""The memory of a process that knows keys and opened posts is its own: it is never dumped, and no other process reads it."""

from __future__ import annotations

import ctypes
import os
import resource

# <linux/prctl.h>
_PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)


def keep_private() -> None:
    """Forbid core dumps of this process, of those that it forks and of the programs that it starts, for good.

    This process and its forks can't be read by others of the same user either (prctl(2), PR_SET_DUMPABLE): not by one that reads
    what strangers send and was taken over.  It also keeps the kernel from handing a dump to a program, which the limit does not.
    Raises OSError where this system does not allow it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _libc.prctl(_PR_SET_DUMPABLE, *(ctypes.c_ulong(0) for _ in range(4))) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def refused(error: OSError) -> tuple[str, str]:
    """A sentence that says what is wrong where `keep_private` raised this, and one that says what to do."""
    return (
        f"The memory of this process can't be kept from core dumps and from other processes ({error.strerror}).",
        "Allow Mailman the system call prctl (systemd: `SystemCallFilter`; containers: the seccomp profile), and start it again.",
    )
