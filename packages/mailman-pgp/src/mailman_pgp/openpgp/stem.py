"""The process that the worker processes are forked from: one worker for each request, and none knows of another.

It has loaded what a worker needs and nothing else: no message, no key and no certificate ever reaches it.  So a fork of it,
which costs a twentieth of starting a program, begins as clean as a new program would.  It takes orders of one octet over the
socket that is its standard input, and ends when the other side is closed, whatever its parent died of.
"""

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable

#: Said once, by the stem: it can take orders.
READY = b"r"
#: Fork a worker.  Two descriptors come along: the socket that is its standard input and output, and its standard error.
FORK = b"f"
#: The answer to FORK when the machine has no room for one more process.
NO_ROOM = b"n"
#: The order to end the worker, whatever it is doing, and the answer when it has ended.
END = b"e"
_DESCRIPTORS = 2


def main(work: Callable[[], None]) -> None:
    """Take orders until the parent is gone; `work` is what a worker does, over its standard input and output."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Stopping a whole service must not end a worker before the process that waits for its answer.
        signal.signal(ignored, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # else each worker's first collection would copy every page that it shares with the stem
    parent = socket.socket(fileno=0)
    parent.send(READY)
    worker: int | None = None
    try:
        while True:
            order, descriptors, _flags, _sender = socket.recv_fds(parent, 1, _DESCRIPTORS)
            if order == FORK and worker is None and len(descriptors) == _DESCRIPTORS:
                worker = _fork(work, *descriptors)
                parent.send(NO_ROOM if worker is None else FORK)
            elif order == END:
                _end(worker)
                worker = None
                parent.send(END)
            else:
                return
    except ConnectionError:  # it was killed before it had read an answer
        return
    finally:
        _end(worker)


def _fork(work: Callable[[], None], conversation: int, complaints: int) -> int | None:
    """Return the worker's process ID, None when there is no room for it."""
    try:
        worker = os.fork()
    except OSError:
        worker = None
    if worker == 0:
        try:
            os.dup2(conversation, 0)  # and with that the stem's parent is out of reach
            os.dup2(conversation, 1)
            os.dup2(complaints, 2)
            os.closerange(3, max(conversation, complaints) + 1)
            work()
        finally:
            os._exit(0)
    os.close(conversation)
    os.close(complaints)
    return worker


def _end(worker: int | None) -> None:
    if worker is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
