"""Mailman stands still: none of its processes runs, none can be started, and nobody else replaces the site's key."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman_pgp.cli.creation import CreationError
from mailman_pgp.cli.left_behind import runners_of
from mailman_pgp.site import doctor_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.site.doctor_config import CoreConfiguration

_RUNNING = "Mailman is running. Stop it (`mailman stop`), and run this again. Nothing was done."


@contextlib.contextmanager
def standing_still(core: CoreConfiguration) -> Iterator[None]:
    """Hold the lock of Mailman's master process, also where one that was killed has left it.

    :raises CreationError: when something of Mailman runs, or another process is in here.
    """
    if doctor_database.is_running(core):
        raise CreationError(_RUNNING)
    lock_file = Path(core.paths["lock_file"])
    with contextlib.ExitStack() as stack:
        try:
            # Of two that find the lock of a process that was killed, both would take it.
            stack.enter_context(_alone(lock_file.parent))
            lock = _acquired(lock_file)
        except OSError as error:
            raise CreationError(f"The lock {lock_file} can't be taken ({error.strerror}). Nothing was done.") from None
        stack.callback(lock.unlock, unconditionally=True)
        _require_no_runners(core)
        yield


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold a lock that ends with its process."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CreationError(
                "Another process replaces the site's key at this moment. Wait for it. Nothing was done."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _acquired(lock_file: Path) -> Any:
    """The lock of Mailman's master process."""
    from flufl.lock import TimeOutError  # noqa: PLC0415 - the other commands need neither
    from mailman.bin.master import WatcherState, acquire_lock_1, master_state  # noqa: PLC0415

    try:
        return acquire_lock_1(force=False, lock_file=str(lock_file))
    except TimeOutError:
        state, _ = master_state(str(lock_file))
    if state is WatcherState.host_mismatch:
        raise CreationError(
            f"A Mailman on another host holds the lock {lock_file}. Stop it there; if there is none, remove the file. Nothing was done."
        )
    if state is WatcherState.stale_lock:
        # Core's own way to do so works only where core is initialised.
        _remove(lock_file)
    try:
        return acquire_lock_1(force=False, lock_file=str(lock_file))
    except TimeOutError:
        raise CreationError(_RUNNING) from None


def _remove(lock_file: Path) -> None:
    """Remove a lock with the claim of the process that has it, which it names."""
    claim = Path(lock_file.read_text(encoding="utf-8").strip())
    lock_file.unlink(missing_ok=True)
    if claim.parent == lock_file.parent and claim.name.startswith(f"{lock_file.name}|"):
        claim.unlink(missing_ok=True)


def _require_no_runners(core: CoreConfiguration) -> None:
    """What a runner seals under the key of before, once that is gone, nothing opens."""
    left = " ".join(map(str, runners_of(core.path)))
    if left:
        raise CreationError(
            f"Mailman's master process is gone, but runners of it go on. End them (`kill {left}`), and run this again. Nothing was done."
        )
