"""The parent's side of the worker processes: one for each request, limited in time, asked again when it dies.

There is one stem for each process that uses this module (see `stem`), started when first needed, and requests wait for
each other; what may take long has another one, in the thread that does it (`beside`).  A child made by `fork` starts stems of its own.
"""

import atexit
import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from mailman_pgp.openpgp import frames
from mailman_pgp.openpgp.errors import NoLatticeError, OpenPGPError
from mailman_pgp.openpgp.processes import Stem, Worker

COMMAND = (sys.executable, "-I", "-m", "mailman_pgp.openpgp.worker")
_OUT_OF_MEMORY = b"memory allocation of"


class WorkshopError(OpenPGPError):
    """The worker process does not start, or lacks ML-KEM: the machine's fault, never the message's.  Keep the message and try later."""


class WorkerDiedError(Exception):
    """Two workers died of a request, or gave an answer that is none."""


class WorkerMemoryError(WorkerDiedError):
    """A request needed more memory than it may have."""


class WorkerTimeoutError(Exception):
    """A request took longer than it may take; its worker has been killed."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may cost: time, the worker's memory above what it needs when idle, and the size of its answer."""

    seconds: float
    memory_bytes: int
    answer_bytes: int


class Workshop:
    """The one stem of this process, and the lock before its door."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._stem: Stem | None = None
        self._worker: Worker | None = None
        _workshops.add(self)

    @property
    def pid(self) -> int | None:
        """The process ID of the stem, None while there is none."""
        return None if self._stem is None else self._stem.pid

    def request(
        self, operation: str, header: dict[str, Any], blobs: Sequence[bytes], *, bounds: Bounds
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Have the worker do one thing; return the header and the blobs of its answer.

        When a worker dies, another one is asked once more: it may have been killed for somebody else's sake.  Raises
        WorkshopError when none can be started or ML-KEM is lacking, WorkerTimeoutError, WorkerMemoryError and WorkerDiedError.
        """
        frame = frames.encode(
            {**header, "operation": operation, "seconds": bounds.seconds, "memory_bytes": bounds.memory_bytes}, blobs
        )
        with self._lock:
            try:
                return self._ask(frame, bounds)
            except WorkerMemoryError:
                raise
            except WorkerDiedError:
                return self._ask(frame, bounds)

    def _ask(self, frame: Sequence[bytes], bounds: Bounds) -> tuple[dict[str, Any], list[bytes]]:
        stem = self._stem or self._start()
        with _no_fork:
            worker = self._worker = Worker()
        try:
            self._begin(stem, worker)
            try:
                answer, blobs = worker.exchange(frame, time.monotonic() + bounds.seconds, bounds.answer_bytes)
            except TimeoutError:
                raise WorkerTimeoutError from None
            except (EOFError, frames.FrameError):
                answer, blobs = {"failed": "died"}, []
            finally:
                self._end_worker()
        finally:
            complaints = worker.close()
            self._worker = None
        match answer.get("failed"):
            case None:
                return answer, blobs
            case "memory":
                raise WorkerMemoryError
            case "no-lattice":
                raise WorkshopError(str(NoLatticeError()))
            case _:
                raise WorkerMemoryError if _OUT_OF_MEMORY in complaints else WorkerDiedError

    def _start(self) -> Stem:
        try:
            with _no_fork:
                stem = self._stem = Stem(self._command)
        except OSError:
            raise WorkshopError("The process that reads OpenPGP data cannot be started on this machine.") from None
        try:
            stem.await_ready()
        except BaseException as error:
            self._end()  # of one that may be ready later, the first word would be taken for an answer
            if not isinstance(error, (TimeoutError, EOFError)):
                raise
            raise WorkshopError(
                "The process that reads OpenPGP data does not start; try `mailman-pgp check`."
            ) from None
        return stem

    def _begin(self, stem: Stem, worker: Worker) -> None:
        try:
            room = stem.fork(worker)
        except (EOFError, TimeoutError):
            self._end()
            raise WorkerDiedError from None
        if not room:
            raise WorkshopError("This machine has no room for the process that reads OpenPGP data; try again later.")

    def _end_worker(self) -> None:
        """See to it that no worker is left; where the stem does not do that, it goes too."""
        if self._stem is not None:
            try:
                self._stem.end_worker()
            except BaseException as error:
                self._end()
                if not isinstance(error, (EOFError, TimeoutError)):
                    raise

    def _end(self) -> None:
        if self._stem is not None:
            try:
                self._stem.end()
            finally:
                self._stem = None

    def close(self) -> None:
        """End the stem, if there is one; the next request starts another."""
        with self._lock:
            self._end()

    def after_fork_in_child(self) -> None:
        """Leave the parent's stem and worker to the parent."""
        self._lock = threading.Lock()
        for ours in (self._stem, self._worker):
            if ours is not None:
                ours.forget()
        self._stem = self._worker = None


# Held while something is opened that a forked child has to close: one that is forked in between would keep it, as nobody there knows of it.
# A child that has an end of a stem's socket keeps the stem alive when this process is killed.
_no_fork = threading.RLock()
_workshops: "weakref.WeakSet[Workshop]" = weakref.WeakSet()
_default = Workshop()
_beside = Workshop()
_chosen: ContextVar[Workshop | None] = ContextVar("workshop", default=None)


def _before_fork() -> None:
    _no_fork.acquire()


def _after_fork_in_child() -> None:
    _no_fork.release()
    for workshop in _workshops:
        workshop.after_fork_in_child()


os.register_at_fork(before=_before_fork, after_in_parent=_no_fork.release, after_in_child=_after_fork_in_child)
atexit.register(_default.close)


@contextlib.contextmanager
def beside() -> Iterator[None]:
    """Let this thread ask a worker whom no other thread waits for.  It ends with the process, whatever it is doing."""
    token = _chosen.set(_beside)
    try:
        yield
    finally:
        _chosen.reset(token)


def request(
    operation: str, header: dict[str, Any], blobs: Sequence[bytes], *, bounds: Bounds
) -> tuple[dict[str, Any], list[bytes]]:
    """Ask a worker of this process; see `Workshop.request`."""
    return (_chosen.get() or _default).request(operation, header, blobs, bounds=bounds)
