"""The parent's side of the worker processes: one for each request, limited in time, asked again when it dies.

There is one stem for each process that uses this module (see `stem`), started when first needed, and requests wait for
each other; what may take long has another one, in the thread that does it (`beside`).  A child made by `fork` starts stems of its own.
"""

import atexit
import contextlib
import os
import select
import signal
import socket
import subprocess
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
from mailman_pgp.openpgp.stem import END, FORK, NO_ROOM

COMMAND = (sys.executable, "-I", "-m", "mailman_pgp.openpgp.worker")
#: Measured: a tenth of a second.  A machine under load takes longer.
START_SECONDS = 30.0
#: Enough to find the reason for which Rust's runtime gave up.
_STDERR_BYTES = 65536
_CHUNK = 1 << 20
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


class _Worker:
    """The conversation with one worker process."""

    def __init__(self) -> None:
        self._conversation, self._theirs = socket.socketpair()
        self._complaints, self._their_complaints = os.pipe()
        self._conversation.settimeout(0)
        for descriptor in (self._complaints, self._their_complaints):
            os.set_blocking(descriptor, False)  # a worker that complains without end must not wait for a reader

    def hand_over(self, stem: socket.socket) -> None:
        """Send the worker's ends to the process that forks it; call this once.  Raises EOFError when that has died."""
        try:
            socket.send_fds(stem, [FORK], [self._theirs.fileno(), self._their_complaints])
        except ConnectionError:
            raise EOFError from None
        finally:
            self._theirs.close()
            os.close(self._their_complaints)

    def exchange(
        self, frame: Sequence[bytes], deadline: float, answer_bytes: int
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a frame, return the one that answers it.

        Raises EOFError when the worker has died, TimeoutError at the deadline (of `time.monotonic()`), FrameError.
        """
        for piece in frame:
            rest = memoryview(piece)
            while rest:
                _wait(self._conversation, select.POLLOUT, deadline)
                with contextlib.suppress(BlockingIOError):
                    try:
                        rest = rest[self._conversation.send(rest[:_CHUNK]) :]
                    except ConnectionError:
                        raise EOFError from None
        return frames.decode(lambda count: self._read(count, deadline), max_blob_bytes=answer_bytes)

    def _read(self, count: int, deadline: float) -> bytes:
        pieces = bytearray()
        while len(pieces) < count:
            _wait(self._conversation, select.POLLIN, deadline)
            with contextlib.suppress(BlockingIOError):
                try:
                    piece = self._conversation.recv(min(count - len(pieces), _CHUNK))
                except ConnectionError:
                    raise EOFError from None
                if not piece:
                    raise EOFError
                pieces += piece
        return bytes(pieces)

    def close(self) -> bytes:
        """Close our ends, and return what the worker wrote to its standard error, as far as it is worth reading."""
        complaints = b""
        with contextlib.suppress(OSError):
            complaints = os.read(self._complaints, _STDERR_BYTES)
        os.close(self._complaints)
        self._conversation.close()
        return complaints


class _Stem:
    """One running process that forks workers, one at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._orders, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                    list(command),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},  # nothing to inherit: no secrets, and no RUST_BACKTRACE
                    cwd="/",
                    start_new_session=True,
                )
            except OSError:
                self._orders.close()
                raise WorkshopError("The process that reads OpenPGP data cannot be started on this machine.") from None
        self.pid = self._process.pid

    def await_ready(self) -> None:
        """Wait until it takes orders.  Raises EOFError, TimeoutError."""
        self._answer(START_SECONDS)

    def fork(self) -> _Worker:
        """Return a new worker.  Raises EOFError when the stem has died, WorkshopError when there is no room for one."""
        worker = _Worker()
        try:
            worker.hand_over(self._orders)
            room = self._answer(START_SECONDS) != NO_ROOM
        except BaseException:
            worker.close()
            raise
        if not room:
            worker.close()
            raise WorkshopError("This machine has no room for the process that reads OpenPGP data; try again later.")
        return worker

    def end_worker(self) -> None:
        """End the worker, whatever it is doing.  Raises EOFError and TimeoutError when the stem does not do it."""
        try:
            self._orders.send(END)
        except ConnectionError:
            raise EOFError from None
        self._answer(START_SECONDS)

    def _answer(self, seconds: float) -> bytes:
        _wait(self._orders, select.POLLIN, time.monotonic() + seconds)
        try:
            answer = self._orders.recv(1)
        except ConnectionError:
            raise EOFError from None
        if not answer:
            raise EOFError
        return answer

    def end(self) -> None:
        """Kill the process and its worker; call this once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # it leads its group, and its ID is not free before we wait for it
        self._process.kill()
        self._process.wait()
        self._orders.close()

    def forget(self) -> None:
        """Let go of another process's child: after a fork it is not ours to wait for."""
        self._orders.close()
        self._process.returncode = 0


def _wait(waits_for: socket.socket, event: int, deadline: float) -> None:
    """Return when `event` is there; raises TimeoutError at the deadline (of `time.monotonic()`)."""
    poll = select.poll()
    poll.register(waits_for, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


class Workshop:
    """The one stem of this process, and the lock before its door."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._stem: _Stem | None = None
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
        if self._stem is None:
            self._stem = self._start()
        try:
            worker = self._stem.fork()
        except (EOFError, TimeoutError):
            self._end()
            raise WorkerDiedError from None
        try:
            answer, blobs = worker.exchange(frame, time.monotonic() + bounds.seconds, bounds.answer_bytes)
        except TimeoutError:
            raise WorkerTimeoutError from None
        except (EOFError, frames.FrameError):
            answer, blobs = {"failed": "died"}, []
        finally:
            self._end_worker()
            complaints = worker.close()
        match answer.get("failed"):
            case None:
                return answer, blobs
            case "memory":
                raise WorkerMemoryError
            case "no-lattice":
                raise WorkshopError(str(NoLatticeError()))
            case _:
                raise WorkerMemoryError if _OUT_OF_MEMORY in complaints else WorkerDiedError

    def _start(self) -> _Stem:
        stem = _Stem(self._command)
        try:
            stem.await_ready()
        except (TimeoutError, EOFError):
            stem.end()
            raise WorkshopError(
                "The process that reads OpenPGP data does not start; try `mailman-pgp check`."
            ) from None
        return stem

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
        stem, self._stem = self._stem, None
        if stem is not None:
            stem.end()

    def close(self) -> None:
        """End the stem, if there is one; the next request starts another."""
        with self._lock:
            self._end()

    def after_fork_in_child(self) -> None:
        """Leave the parent's stem to the parent."""
        self._lock = threading.Lock()
        stem, self._stem = self._stem, None
        if stem is not None:
            stem.forget()


_workshops: "weakref.WeakSet[Workshop]" = weakref.WeakSet()
_default = Workshop()
_beside = Workshop()
_chosen: ContextVar[Workshop | None] = ContextVar("workshop", default=None)


def _after_fork_in_child() -> None:
    for workshop in _workshops:
        workshop.after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
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
