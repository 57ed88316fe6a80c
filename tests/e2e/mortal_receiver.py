"""A receiver of events in a process of its own, which dies where it is told, by kill -9, and is started again.

It writes down what comes, and answers then, as docs/receiving.md has it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Self

import receivers

from mailman_rest_events.receiving.verifying import verify


class Point(Enum):
    """Where in a request."""

    BEFORE = "before"
    STORED = "stored"
    ANSWERING = "answering"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Taken:
    """What it has written down of a request."""

    id: str
    sequence: int
    name: str
    data: dict[str, Any]


class MortalReceiver:
    """The receiver as its parent has it; it is there from the start of the block to its end."""

    def __init__(self, directory: Path, secret: str) -> None:
        directory.mkdir()
        self._directory = directory
        self._secret = secret
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._start_again, daemon=True)
        self.deaths = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End it."""
        self._ending = True
        while self._thread.is_alive():
            self.kill()
            self._thread.join(0.1)
        self._listening.close()

    def dies(self, point: Point) -> None:
        """Have it die in its next request."""
        unfinished = self._directory / "die.tmp"
        unfinished.write_text(point.value)
        unfinished.rename(self._directory / "die")

    def kill(self) -> None:
        """Kill it where it is."""
        if self._process is not None:
            self._process.kill()

    def taken(self) -> list[Taken]:
        """What came, in its order."""
        try:
            lines = (self._directory / "taken").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [Taken(**json.loads(line)) for line in lines]

    def _start_again(self) -> None:
        number = self._listening.fileno()
        command = [sys.executable, __file__, str(self._directory), str(number)]
        environment = os.environ | {"SECRET": self._secret, "PYTHONPATH": str(Path(receivers.__file__).parent)}
        while not self._ending:
            # It ends with its input, and that with this process.
            with subprocess.Popen(command, env=environment, pass_fds=[number], stdin=subprocess.PIPE) as self._process:
                self._process.wait()
            self.deaths += 1


def _serve(directory: Path, listening: socket.socket, secret: str) -> None:
    sink = os.open(directory / "taken", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def says(peer: Any) -> None:
        head, body = receiver.requests.pop()
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        event = verify(headers, body, secrets=[secret])
        point = "" if event.sequence is None else _point(directory / "die")
        _reached(Point.BEFORE, point)
        if event.sequence is not None:
            content = {"id": event.id, "sequence": event.sequence, "name": event.name, "data": event.data}
            os.write(sink, json.dumps(content).encode() + b"\n")
        _reached(Point.STORED, point)
        if point == Point.ANSWERING.value:
            peer.sendall(receivers.OK[:12])
        _reached(Point.ANSWERING, point)
        peer.sendall(receivers.OK)
        _reached(Point.ANSWERED, point)

    receiver = receivers.Receiver(says)
    receiver.serve(listening)


def _point(file: Path) -> str:
    with suppress(FileNotFoundError):
        found = file.read_text()
        file.unlink()
        return found
    return ""


def _reached(here: Point, wanted: str) -> None:
    if here.value == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    _serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), os.environ["SECRET"])
