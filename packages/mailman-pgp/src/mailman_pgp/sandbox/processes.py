"""Processes that never outlive the one that wants them (Linux).

Three nets: a forked child asks the kernel to be killed when its parent dies; a supervisor adopts what its descendants
leave behind; and when it stops, it kills whatever still descends from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

# <linux/posix-timers.h>
_CPUCLOCK_SCHED = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int | bytes) -> None:
    argument = ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_ulong(value)
    if _libc.prctl(ctypes.c_int(option), argument, ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def die_with_parent(parent: int, sign: signal.Signals = signal.SIGKILL) -> None:
    """Get `sign` when the process `parent` ends, which must be the one that forked us.  It survives an exec."""
    _prctl(_PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), sign)


def all_children_die_with_their_parent() -> None:
    """Have every process that is forked from here on, at any depth, killed when its own parent ends.

    This reaches the forks of libraries too, such as the HTTP server's workers.
    """
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with_parent(parent))


def adopt_orphans() -> None:
    """Become the parent of all our descendants whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_name(name: str) -> None:
    """The name that ``ps`` and ``top`` show for this process; 15 bytes of it."""
    _prctl(_PR_SET_NAME, name.encode()[:15])


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the state on.  Raises OSError when the process is gone."""
    # The name of the program before them, in parentheses, may hold anything.
    return (Path("/proc") / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()


def state(pid: int) -> str:
    """The letter for a process's state (R, S, T, Z, …); X when it is gone."""
    try:
        return _stat(pid)[0]
    except (OSError, IndexError):
        return "X"


def holds_lock(pid: int) -> bool:
    """Whether a process holds a lock on a part of a file, as it does within SQLite's transactions (proc_locks(5)).

    The other kind, flock(2), is not meant: a runner may have one for as long as it lives.
    """
    locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return any(lock[1] == "POSIX" and lock[4] == str(pid) for lock in locks)


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process and of its children that have ended; 0 when it is gone."""
    try:
        # See clock_getcpuclockid(3), which Python lacks.  `stat` has it in hundredths of a second only, cut off.
        own = time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)
        ended = sum(map(int, _stat(pid)[13:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0
    return own + ended


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid`, in no order."""
    try:
        tasks = [(task / "children").read_text() for task in (Path("/proc") / str(pid) / "task").iterdir()]
        return [int(child) for task in tasks for child in task.split()]
    except OSError:
        pass  # it is gone, or this kernel has no such file
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                if int(_stat(int(entry.name))[1]) == pid:
                    found.append(int(entry.name))
    return found


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, parents before children."""
    found = []
    waiting = children(pid)
    while waiting:
        child = waiting.pop()
        found.append(child)
        waiting += children(child)
    return found


def command_line(pid: int) -> list[str]:
    """The arguments of a process; empty when it is gone."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def send(pid: int, sign: signal.Signals) -> bool:
    """Send a signal; False when the process is gone."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return False
    return True


def kill_descendants() -> None:
    """Kill everything below this process, and reap it.  Call it with `adopt_orphans` in force."""
    while left := descendants(os.getpid()):
        for pid in left:
            send(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
