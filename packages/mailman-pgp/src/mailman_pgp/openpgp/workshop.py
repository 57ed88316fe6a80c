"""The parent's side of the worker process: started when first needed, limited in time, replaced when it dies.

There is one worker for each process that uses this module, and requests wait for each other.  A child made by `fork`
starts its own.  The worker ends when the parent's end of its standard input closes, whatever the parent died of.
"""

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailman_pgp.openpgp import frames
from mailman_pgp.openpgp.errors import OpenPGPError

COMMAND = (sys.executable, "-I", "-m", "mailman_pgp.openpgp.worker")
#: Measured: a tenth of a second.  A machine under load takes longer.
START_SECONDS = 30.0
#: Enough to find the reason for which Rust's runtime gave up.
_STDERR_BYTES = 65536
_CHUNK = 1 << 20
_OUT_OF_MEMORY = b"memory allocation of"


class WorkshopError(OpenPGPError):
    """The worker process does not start: the machine's fault, never the message's.  Keep the message and try later."""


class WorkerDiedError(Exception):
    """The worker died of a request, twice, or gave an answer that is none."""


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
    """One running worker process."""

    def __init__(self, command: Sequence[str]) -> None:
        requests, self._in = os.pipe()
        self._out, answers = os.pipe()
        self._err, complaints = os.pipe()
        for descriptor in (self._in, self._out, self._err, complaints):
            os.set_blocking(descriptor, False)  # a worker that complains without end must not wait for a reader
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                list(command),
                stdin=requests,
                stdout=answers,
                stderr=complaints,
                env={},  # nothing to inherit: no secrets, and no RUST_BACKTRACE
                cwd="/",
                start_new_session=True,
            )
        except OSError:
            self._close()
            raise WorkshopError("The process that reads OpenPGP data cannot be started on this machine.") from None
        finally:
            for descriptor in (requests, answers, complaints):
                os.close(descriptor)
        self.pid = self._process.pid

    def exchange(
        self, frame: Sequence[bytes], deadline: float, answer_bytes: int
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a frame, return the one that answers it.

        Raises EOFError when the worker has died, TimeoutError at the deadline (of `time.monotonic()`), FrameError.
        """
        for piece in frame:
            rest = memoryview(piece)
            while rest:
                self._wait(self._in, select.POLLOUT, deadline)
                with contextlib.suppress(BlockingIOError):
                    try:
                        rest = rest[os.write(self._in, rest[:_CHUNK]) :]
                    except BrokenPipeError:
                        raise EOFError from None
        return frames.decode(lambda count: self._read(count, deadline), max_blob_bytes=answer_bytes)

    def _read(self, count: int, deadline: float) -> bytes:
        pieces = bytearray()
        while len(pieces) < count:
            self._wait(self._out, select.POLLIN, deadline)
            with contextlib.suppress(BlockingIOError):
                piece = os.read(self._out, min(count - len(pieces), _CHUNK))
                if not piece:
                    raise EOFError
                pieces += piece
        return bytes(pieces)

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError

    def end(self) -> bytes:
        """Kill the process and return what it had to say; call this once."""
        self._process.kill()
        self._process.wait()
        said = b""
        with contextlib.suppress(OSError):
            said = os.read(self._err, _STDERR_BYTES)
        self._close()
        return said

    def forget(self) -> None:
        """Let go of a worker that is another process's child: after a fork it is not ours to wait for."""
        self._close()
        self._process.returncode = 0

    def _close(self) -> None:
        for descriptor in (self._in, self._out, self._err):
            os.close(descriptor)


class Workshop:
    """The one worker of this process, and the lock before its door."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        _workshops.add(self)

    @property
    def pid(self) -> int | None:
        """The process ID of the worker, None while there is none."""
        return None if self._worker is None else self._worker.pid

    def request(
        self, operation: str, header: dict[str, Any], blobs: Sequence[bytes], *, bounds: Bounds
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Have the worker do one thing; return the header and the blobs of its answer.

        A worker that dies is replaced, and asked once more: it may have been killed for somebody else's sake.  Raises
        WorkshopError when none can be started, WorkerTimeoutError, WorkerMemoryError and WorkerDiedError.
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
        if self._worker is None:
            self._worker = self._start()
        try:
            answer, blobs = self._worker.exchange(frame, time.monotonic() + bounds.seconds, bounds.answer_bytes)
        except TimeoutError:
            self._end()
            raise WorkerTimeoutError from None
        except (EOFError, frames.FrameError):
            raise (WorkerMemoryError if _OUT_OF_MEMORY in self._end() else WorkerDiedError) from None
        except BaseException:
            self._end()  # the pipes hold half a frame
            raise
        match answer.get("failed"):
            case None:
                return answer, blobs
            case "memory":
                raise WorkerMemoryError
            case _:
                raise WorkerDiedError

    def _start(self) -> _Worker:
        worker = _Worker(self._command)
        try:
            worker.exchange([], time.monotonic() + START_SECONDS, 0)
        except (TimeoutError, EOFError, frames.FrameError):
            worker.end()
            raise WorkshopError(
                "The process that reads OpenPGP data does not start; try `mailman-pgp check`."
            ) from None
        return worker

    def _end(self) -> bytes:
        worker, self._worker = self._worker, None
        return b"" if worker is None else worker.end()

    def close(self) -> None:
        """End the worker, if there is one; the next request starts another."""
        with self._lock:
            self._end()

    def after_fork_in_child(self) -> None:
        """Leave the parent's worker to the parent."""
        self._lock = threading.Lock()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.forget()


_workshops: "weakref.WeakSet[Workshop]" = weakref.WeakSet()
_default = Workshop()


def _after_fork_in_child() -> None:
    for workshop in _workshops:
        workshop.after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_default.close)


def request(
    operation: str, header: dict[str, Any], blobs: Sequence[bytes], *, bounds: Bounds
) -> tuple[dict[str, Any], list[bytes]]:
    """Ask the worker of this process; see `Workshop.request`."""
    return _default.request(operation, header, blobs, bounds=bounds)
