"""A connection that writes and reads at the same time, so that two full buffers can't stop it.

A server may answer while we still write (RFC 2920 §3.1 asks for this care). If both sides only wrote, each would
wait for the other to read: the socket is non-blocking, and whoever waits for a reply goes on writing meanwhile.
"""

import contextlib
import itertools
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence

from mailman_pgp.delivery.replies import Reply, ReplyError, ReplyReader, one_line

NO_ANSWER = 444  # core's code for "no answer from the mail server"
_READ_BYTES = 64 * 1024
_MAX_PARTS = 512  # of one sendmsg; Linux takes 1024
_JOIN_BYTES = 1024 * 1024  # up to here parts are joined for TLS, which has no sendmsg
_MS_PER_SECOND = 1000
# A reader that is slower holds up a process of `out` for nothing: the largest post takes three hours at this speed.
SLOWEST_BYTES_PER_SECOND = 4096


class LostError(Exception):
    """The connection is of no use any more; `text` says why, in one line."""

    def __init__(self, text: str, *, code: int = NO_ANSWER, timed_out: bool = False) -> None:
        super().__init__(text)
        self.text = one_line(text)
        self.code = code
        self.timed_out = timed_out


def _lost(error: OSError) -> LostError:
    return LostError(f"The connection to the mail server was lost: {error.strerror or type(error).__name__}")


class Wire:
    """One connected socket; it is made non-blocking and belongs to the wire from then on."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        with contextlib.suppress(OSError):  # not over TCP, or closed already: reply() finds out
            # A group's last segment must not wait for the acknowledgement of the one before it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._poll = select.poll()
        self._mask = select.POLLIN
        self._poll.register(sock, self._mask)
        self._reader = ReplyReader()
        self._outgoing: deque[memoryview] = deque()
        self._broken: OSError | None = None
        self.queued = 0  # bytes given to send() since the beginning
        self.written = 0  # bytes of these that left

    @property
    def unread(self) -> bool:
        """The server said something that nobody has asked for with `reply` yet."""
        return not self._reader.empty

    def send(self, parts: Sequence[bytes]) -> None:
        """Write `parts` as far as that is possible without waiting; `reply` writes the rest.

        A broken connection is not reported here: the server may have said why, and `reply` finds that first.
        """
        size = sum(map(len, parts))
        self.queued += size
        if self._broken is not None:
            return
        parts = self._gather(parts, size)
        sent = 0 if self._outgoing else self._write(parts)
        self.written += sent
        if sent < size and self._broken is None:
            began_empty = not self._outgoing
            self._outgoing.extend(memoryview(part) for part in parts if part)
            if began_empty:
                self._advance(sent)

    def granted(self) -> bool:
        """The replies to MAIL, RCPT and DATA are here, positive, and the last of all: they are taken.

        False says nothing; `reply` gives them one by one.
        """
        return self.written == self.queued and self._reader.take_granted()

    def reply(self, seconds: float) -> Reply:
        """The next reply, awaited for `seconds` from the last byte that could be written.

        Raises `LostError` when the connection ends, when the time is over, when what waits to be written leaves more
        slowly than `SLOWEST_BYTES_PER_SECOND`, and when what came is no reply.
        """
        take = self._reader.take
        try:
            if (reply := take()) is None and not self._outgoing:
                # The common case: all is written, and the answer comes in one piece.
                self._pump(seconds)
                reply = take()
            if reply is None:
                reply = self._patiently(seconds)
        except ReplyError as error:
            raise LostError(str(error)) from error
        return reply

    def _patiently(self, seconds: float) -> Reply:
        deadline = time.monotonic() + seconds
        end = deadline + (self.queued - self.written) / SLOWEST_BYTES_PER_SECOND
        while True:
            written = self.written
            self._pump(min(deadline, end) - time.monotonic())
            if self.written != written:
                deadline = time.monotonic() + seconds
            if (reply := self._reader.take()) is not None:
                return reply

    def _pump(self, seconds: float) -> None:
        """Wait until something can be read or written, and do it; `LostError` when nothing can for `seconds`."""
        if not self._buffered():
            mask = select.POLLIN | self._wanted()
            if mask != self._mask:
                self._poll.modify(self._sock, mask)
                self._mask = mask
            events = self._poll.poll(seconds * _MS_PER_SECOND) if seconds > 0 else []
            if not events:
                raise LostError("The mail server did not answer in time.", timed_out=True)
            if self._outgoing:
                self._flush()
            if events[0][1] == select.POLLOUT and not self._must_read():
                return
        try:
            data = self._read()
        except OSError as error:
            raise _lost(self._broken or error) from error
        if data is None:
            return
        if not data:
            raise LostError("The mail server closed the connection.")
        self._reader.feed(data)

    def _flush(self) -> None:
        while self._outgoing:
            sent = self._write(self._outgoing)
            if not sent:
                return
            self.written += sent
            self._advance(sent)

    def _advance(self, sent: int) -> None:
        """Drop the first `sent` bytes of what waits."""
        while sent and sent >= len(self._outgoing[0]):
            sent -= len(self._outgoing.popleft())
        if sent:
            self._outgoing[0] = self._outgoing[0][sent:]

    def _gave_up_writing(self, error: OSError) -> int:
        self._broken = error
        self._outgoing.clear()
        return 0

    # What differs on TLS.

    def _gather(self, parts: Sequence[bytes], _size: int) -> Sequence[bytes]:
        return parts

    def _buffered(self) -> bool:
        return False

    def _wanted(self) -> int:
        return select.POLLOUT if self._outgoing else 0

    def _must_read(self) -> bool:
        return False

    def _write(self, parts: "Sequence[bytes] | deque[memoryview]") -> int:
        try:
            return self._sock.sendmsg(parts if len(parts) <= _MAX_PARTS else itertools.islice(parts, _MAX_PARTS))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            return self._gave_up_writing(error)

    def _read(self) -> bytes | None:
        try:
            return self._sock.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return None


class TlsWire(Wire):
    """The same over TLS, where a write may have to wait for a read and the other way round."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        super().__init__(sock)
        self._tls = sock
        self._write_waits_for = select.POLLOUT
        self._read_waits_for_write = False

    def _gather(self, parts: Sequence[bytes], size: int) -> Sequence[bytes]:
        return (b"".join(parts),) if size <= _JOIN_BYTES else parts

    def _buffered(self) -> bool:
        return self._tls.pending() > 0

    def _wanted(self) -> int:
        return (self._write_waits_for if self._outgoing else 0) | (select.POLLOUT if self._read_waits_for_write else 0)

    def _must_read(self) -> bool:
        return self._read_waits_for_write

    def _write(self, parts: "Sequence[bytes] | deque[memoryview]") -> int:
        # After a "want" the same bytes must be given again: what waits is never joined or replaced, only cut.
        part = next((part for part in parts if len(part)), None)
        if part is None:
            return 0
        try:
            self._write_waits_for = select.POLLOUT
            return self._tls.send(part)
        except ssl.SSLWantWriteError:
            return 0
        except ssl.SSLWantReadError:
            self._write_waits_for = select.POLLIN
            return 0
        except OSError as error:
            return self._gave_up_writing(error)

    def _read(self) -> bytes | None:
        self._read_waits_for_write = False
        try:
            return self._tls.recv(_READ_BYTES)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLWantWriteError:
            self._read_waits_for_write = True
            return None
