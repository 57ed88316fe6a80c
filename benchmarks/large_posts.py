"""What a large post to a large list costs beside its own bytes, and what a second process of `out` is good for.

    python benchmarks/large_posts.py [--members 1000] [--bytes 10000000]

`benchmarks/README.md` says what is measured and how.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from post_path import AUTHOR, LIST, SLEEP_TIME, UNHURRIED, Author, make_encrypted

from mailman_pgp.sandbox import Options, Sandbox, processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

SENDALL_GOAL = 2.5
MEMORY_GOAL = 300  # MiB
SMALL_BYTES = 10_000
_MIB = 2**20
_MAX_WAIT_SECONDS = 1800
_LOOK_SECONDS = 0.1
_BUFFER_BYTES = 2**20
_END_OF_DATA = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one post took.

    :ivar out: CPU seconds of the processes of `out`.
    :ivar lmtp: CPU seconds of the runner that takes mail.
    :ivar others: CPU seconds of all else of Mailman, with the workers that open messages.
    :ivar wall: Seconds on the clock, until Mailman was idle again.
    :ivar sent: Bytes that the mail server got.
    :ivar sendall: CPU seconds of one process that writes as many bytes to a socket, and does nothing else.
    :ivar peak: The most memory that a process of `out` had, in MiB.
    """

    out: float
    lmtp: float
    others: float
    wall: float
    sent: int
    sendall: float
    peak: float


class Sink:
    """A mail server that takes all and keeps nothing, in a process of its own: receiving is no part of what is measured."""

    def __init__(self) -> None:
        self._copies = multiprocessing.Value("q", 0)
        self._bytes = multiprocessing.Value("q", 0)
        ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=self._serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = ours.recv()

    @property
    def copies(self) -> int:
        """How many messages have come."""
        return int(self._copies.value)

    @property
    def bytes(self) -> int:
        """How many bytes have come."""
        return int(self._bytes.value)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.join()

    def _serve(self, ready: Connection) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as door:
            ready.send(door.getsockname()[1])
            while True:
                connection, _ = door.accept()
                if os.fork() == 0:  # the runner's two processes come at the same time
                    with connection, contextlib.suppress(OSError):
                        self._talk(connection)
                    os._exit(0)
                connection.close()
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(-1, os.WNOHANG)

    def _talk(self, connection: socket.socket) -> None:
        buffer = bytearray(_BUFFER_BYTES)
        view = memoryview(buffer)
        waiting = b""
        in_message = False
        # Else each copy waits for an acknowledgement that comes after 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"220 sink\r\n")
        while size := connection.recv_into(buffer):
            with self._bytes.get_lock():
                self._bytes.value += size
            # The end of a message is looked for at the end of what has come and, where commands follow, right before it.
            data = waiting + bytes(view[:size])
            waiting = b""
            while data:
                if in_message:
                    end = data.find(_END_OF_DATA)
                    if end < 0:
                        waiting = data[-len(_END_OF_DATA) + 1 :]
                        break
                    data = data[end + len(_END_OF_DATA) :]
                    in_message = False
                    with self._copies.get_lock():
                        self._copies.value += 1
                    connection.sendall(b"250 taken\r\n")
                    continue
                line, end_of_line, rest = data.partition(b"\r\n")
                if not end_of_line:
                    waiting = data
                    break
                data = rest
                verb = line[:4].upper()
                if verb == b"EHLO":
                    connection.sendall(b"250-sink\r\n250-8BITMIME\r\n250-SIZE 100000000\r\n250 PIPELINING\r\n")
                elif verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    in_message = True
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 good\r\n")


def sendall(size: int, portion: int) -> float:
    """The CPU seconds of writing `size` bytes to a socket of this machine by `sendall`, in portions of so many."""
    data = bytes(portion)
    with socket.create_server(("127.0.0.1", 0)) as door:
        reader = multiprocessing.Process(target=_drain, args=(door,), daemon=True)
        reader.start()
        with socket.create_connection(door.getsockname()) as connection:
            begun = time.process_time()
            for _ in range(max(1, size // portion)):
                connection.sendall(data)
            spent = time.process_time() - begun
        reader.join()
    return spent


def _drain(door: socket.socket) -> None:
    buffer = bytearray(_BUFFER_BYTES)
    connection, _ = door.accept()
    with connection:
        while connection.recv_into(buffer):
            pass


def main() -> int:
    """Measure and print; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--posts", type=int, default=3, help="large posts, of which the median is taken")
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{options.members} members with Curve25519 certificates\n"
    )
    root = Path(tempfile.mkdtemp(prefix="mailman-pgp-bench-"))
    try:
        good = _large(root / "large", options)
        _slices(root, options.members)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0 if good else 1


@contextlib.contextmanager
def _list(
    directory: Path, members: int, *settings: str, sleep_time: str = SLEEP_TIME
) -> Iterator[tuple[Sandbox, Sink, Author]]:
    sink = Sink()
    try:
        lines = (*UNHURRIED, f"mta.smtp_port={sink.port}", *settings)
        with Sandbox(directory, Options(sleep_time=sleep_time, settings=lines)) as sandbox:
            yield sandbox, sink, make_encrypted(sandbox, members)
    finally:
        sink.close()


def _large(directory: Path, options: argparse.Namespace) -> bool:
    print(f"{options.bytes} bytes to each: making keys, then posting …", flush=True)
    with _list(directory, options.members) as (sandbox, sink, author):
        sandbox.rest(f"lists/{LIST}/config", {"max_message_size": "0"}, "PATCH")
        costs = [
            _measure(sandbox, sink, options.members, author.post(number, options.bytes))
            for number in range(1, options.posts + 1)
        ]
    print(f"\n{'CPU seconds a post':48}{'out':>8}{'lmtp':>8}{'others':>8}{'sendall':>9}{'wall s':>9}{'out, MiB':>10}")
    for number, cost in enumerate(costs, 1):
        print(
            f"{f'post {number}, {cost.sent / 1e9:.2f} GB':48}{cost.out:8.2f}{cost.lmtp:8.2f}{cost.others:8.2f}"
            f"{cost.sendall:9.2f}{cost.wall:9.1f}{cost.peak:10.0f}"
        )
    to_sendall = median((cost.out + cost.others) / cost.sendall for cost in costs)
    peak = max(cost.peak for cost in costs)
    print(f"\nall but LMTP / sendall = {to_sendall:.2f}   (goal: at most {SENDALL_GOAL})")
    print(f"peak memory of out     = {peak:.0f} MiB   (goal: less than {MEMORY_GOAL})\n")
    return to_sendall <= SENDALL_GOAL and peak < MEMORY_GOAL


def _slices(root: Path, members: int) -> None:
    walls = {}
    for instances in (1, 2):
        print(f"{SMALL_BYTES} bytes to each, by {instances} of out …", flush=True)
        settings = (f"runner.out.instances={instances}", "pgp.chunk_recipients=100")
        # Who sleeps for a second in between shows the sleep.
        with _list(root / f"slices{instances}", members, *settings, sleep_time="0.05s") as (sandbox, sink, author):
            costs = [_measure(sandbox, sink, members, author.post(number, SMALL_BYTES)) for number in range(1, 8)]
        walls[instances] = median(cost.wall for cost in costs[1:])
    print(
        f"\nseconds on the clock, one process of out / two = {walls[1]:.2f} / {walls[2]:.2f} = {walls[1] / walls[2]:.2f}"
    )


def _measure(sandbox: Sandbox, sink: Sink, members: int, message: bytes) -> Cost:
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    copies, size, before, begun = sink.copies, sink.bytes, _cpu(sandbox), time.monotonic()
    sandbox.lmtp_send(AUTHOR, LIST, message)
    until(lambda: sink.copies == copies + members, "a copy for each member", _MAX_WAIT_SECONDS, interval=_LOOK_SECONDS)
    sandbox.wait_until_idle(_MAX_WAIT_SECONDS)
    wall = time.monotonic() - begun
    out, lmtp, whole = (now - then for now, then in zip(_cpu(sandbox), before, strict=True))
    sent = sink.bytes - size
    peak = max(peak_memory(pid) for name, pid in sandbox.pids().items() if name.partition(":")[0] == "out")
    return Cost(out, lmtp, whole - out - lmtp, wall, sent, sendall(sent, sent // members), peak)


def _cpu(sandbox: Sandbox) -> tuple[float, float, float]:
    """CPU seconds: of `out`, of LMTP, and of all of Mailman."""
    spent = {"out": 0.0, "lmtp": 0.0}
    for name, pid in sandbox.pids().items():
        runner = name.partition(":")[0]
        if runner in spent:
            spent[runner] += processes.cpu_seconds(pid)
    return spent["out"], spent["lmtp"], sandbox.cpu_seconds()


def peak_memory(pid: int) -> float:
    """The most memory that a process has had, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / _MIB
    raise SystemExit(f"/proc/{pid}/status has no VmHWM.")


if __name__ == "__main__":
    sys.exit(main())
