"""Receivers on the loopback that answer as they are told: by raw bytes, for every mistake that a peer can make."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: str, head: str = "", body: bytes = b"") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


@dataclass
class Receiver:
    """A peer.

    :ivar says: What it does with a connection when a request has come.
    :ivar requests: Head and body of each request, as they came.
    """

    says: Callable[[Any], None]
    context: ssl.SSLContext | None = None
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    open: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/events?of=lists"

    def serve(self, listening: socket.socket) -> None:
        """Answer one connection after the other, until the socket is closed."""
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            self.open = connection
            with suppress(OSError, ssl.SSLError), connection:
                connection.settimeout(30)
                with self.context.wrap_socket(connection, server_side=True) if self.context else connection as peer:
                    while self._one(peer):
                        pass

    def _one(self, peer: Any) -> bool:
        got = b""
        while b"\r\n\r\n" not in got:
            more = peer.recv(65536)
            if not more:
                return False
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += peer.recv(65536)
        self.requests.append((head, body))
        self.says(peer)
        return True


@contextmanager
def receiver(says: bytes | Callable[[Any], None] = OK, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A peer that answers with these bytes, or does this with each connection."""
    made = Receiver((lambda peer: peer.sendall(says)) if isinstance(says, bytes) else says, context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        thread = threading.Thread(target=made.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            for each in (listening, made.open):
                with suppress(OSError):
                    if each is not None:
                        each.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def closes(peer: Any) -> None:
    """Close without an answer."""
    peer.shutdown(socket.SHUT_RDWR)


def hangs(peer: Any) -> None:
    """Say nothing."""
    with suppress(OSError):
        peer.recv(1)


def drips(peer: Any) -> None:
    """One byte now and again, for ever: no time limit of a socket is ever reached."""
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000:
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def floods(peer: Any) -> None:
    """Ten megabytes."""
    peer.sendall(answer("200 OK", body=b"x" * 10_000_000))
