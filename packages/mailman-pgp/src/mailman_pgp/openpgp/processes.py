"""The processes behind a workshop, as this one has them: the stem, and the worker that it forks.

What they hold open here is closed by `forget`, as often as it is called: a child that this process forks has all of it, and no use for it.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from mailman_pgp.openpgp import frames
from mailman_pgp.openpgp.stem import END, FORK, NO_ROOM

#: Measured: a tenth of a second.  A machine under load takes longer.
START_SECONDS = 30.0
#: Enough to find the reason for which Rust's runtime gave up.
_STDERR_BYTES = 65536
_CHUNK = 1 << 20


class Worker:
    """The conversation with one worker process."""

    def __init__(self) -> None:
        self._conversation, self._theirs = socket.socketpair()
        complaints, theirs = os.pipe()
        self._conversation.settimeout(0)
        for descriptor in (complaints, theirs):
            os.set_blocking(descriptor, False)  # a worker that complains without end must not wait for a reader
        self._complaints = os.fdopen(complaints, "rb", buffering=0)
        self._their_complaints = os.fdopen(theirs, "wb", buffering=0)

    def hand_over(self, stem: socket.socket) -> None:
        """Send the worker's ends to the process that forks it; call this once.  Raises EOFError when that has died."""
        try:
            socket.send_fds(stem, [FORK], [self._theirs.fileno(), self._their_complaints.fileno()])
        except ConnectionError:
            raise EOFError from None
        finally:
            self._theirs.close()
            self._their_complaints.close()

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
        complaints = None
        with contextlib.suppress(OSError):
            complaints = self._complaints.read(_STDERR_BYTES)
        self.forget()
        return complaints or b""

    def forget(self) -> None:
        """Close all that there is of it here."""
        for end in (self._conversation, self._theirs, self._complaints, self._their_complaints):
            end.close()


class Stem:
    """One running process that forks workers, one at a time; OSError where it can't be started."""

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
                raise
        self.pid = self._process.pid

    def await_ready(self) -> None:
        """Wait until it takes orders.  Raises EOFError, TimeoutError."""
        self._answer(START_SECONDS)

    def fork(self, worker: Worker) -> bool:
        """Begin a worker, and return whether there is room for one.  Raises EOFError when the stem has died, TimeoutError."""
        worker.hand_over(self._orders)
        return self._answer(START_SECONDS) != NO_ROOM

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
