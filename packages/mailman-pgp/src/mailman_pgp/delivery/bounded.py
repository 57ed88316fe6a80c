"""smtplib's connections, in which every reply has an end.

smtplib bounds a line and the wait for a piece of it, but neither the number of lines nor the wait for the last of them.
"""

import smtplib
import time

from mailman_pgp.delivery.replies import MAX_REPLY_BYTES

_CODE_LENGTH = 3


class BoundedSMTP(smtplib.SMTP):
    """A connection that gives up a reply of more than `MAX_REPLY_BYTES`, or one that takes longer than its timeout."""

    def getreply(self) -> tuple[int, bytes]:
        """See `smtplib.SMTP`; raises SMTPServerDisconnected, and TimeoutError."""
        try:
            code, lines = self._lines(time.monotonic() + self.timeout)
        except OSError:
            self.close()
            raise
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        return code, b"\n".join(lines)

    def _lines(self, deadline: float) -> tuple[int, list[bytes]]:
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line(deadline, MAX_REPLY_BYTES - size)
            size += len(line)
            lines.append(line[_CODE_LENGTH + 1 :].strip())
            code = line[:_CODE_LENGTH]
            if not code.isdigit():
                return -1, lines  # as smtplib says it
            if line[_CODE_LENGTH : _CODE_LENGTH + 1] != b"-":
                return int(code), lines

    def _line(self, deadline: float, limit: int) -> bytes:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("There is no connection to the mail server any more.")
        if self.file is None:
            self.file = self.sock.makefile("rb")
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("The mail server did not answer in time.")
            self.sock.settimeout(left)
            piece = self.file.peek(1)  # reads from the socket once at most
            if not piece:
                raise smtplib.SMTPServerDisconnected("The mail server closed the connection.")
            line += self.file.read(piece.find(b"\n") + 1 or len(piece))
            if len(line) > limit:
                raise smtplib.SMTPServerDisconnected("The mail server's reply has no end.")
        return line


class BoundedTLS(BoundedSMTP, smtplib.SMTP_SSL):
    """The same over TLS from the first byte on."""
