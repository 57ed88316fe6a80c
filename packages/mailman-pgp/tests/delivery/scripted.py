"""A mail server that follows a script: it answers, refuses, drops and stalls as a test tells it."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

DEADLINE_SECONDS = 20.0
PIPELINING = ("PIPELINING", "SIZE", "8BITMIME")

# What the script answers to a verb ("MAIL", "RCPT", "DATA", "RSET", "QUIT", "." for a whole message): the reply's
# bytes, None to hang up, DEFAULT for the usual answer.
Answer = Callable[["Visit", str, bytes], bytes | None]
DEFAULT = b"default"


def usual(_visit: "Visit", _verb: str, _line: bytes) -> bytes:
    """Answer as a healthy server does."""
    return DEFAULT


@dataclass
class Message:
    """One message that the server answered for with 250."""

    sender: str
    recipient: str
    mail_line: bytes
    data: bytes  # dots undone


@dataclass
class Script:
    """How the server behaves; may be changed while it runs."""

    features: tuple[str, ...] = PIPELINING
    answer: Answer = usual
    greeting: bytes = b"220 ready\r\n"
    drop_after: Callable[[int], int | None] = lambda _visit: None  # bytes read after EHLO, by number of the visit
    cut_replies: Callable[[int], int | None] = lambda _visit: None  # bytes written after EHLO, by number of the visit
    piece: int = 65536  # bytes of one read
    reply_piece: int = 65536  # bytes of one write
    receive_buffer: int | None = None
    tls: ssl.SSLContext | None = None  # offered by STARTTLS
    implicit_tls: bool = False


@dataclass
class ScriptedServer:
    """Listens on a free port of 127.0.0.1; each connection is a visit with a thread of its own."""

    script: Script = field(default_factory=Script)
    accepted: list[Message] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    visits: list["Visit"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            visit = Visit(self, sock, len(self.visits))
            self.visits.append(visit)
            visit.thread.start()

    def settle(self) -> None:
        """Wait until all visitors have left."""
        for visit in list(self.visits):
            visit.thread.join(DEADLINE_SECONDS)
            assert not visit.thread.is_alive(), "a connection stayed open"

    def refuse_connections(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_SECONDS)

    def stop(self) -> None:
        """Hang up and listen no more."""
        if self._listener.fileno() >= 0:
            self.refuse_connections()
        for visit in self.visits:
            visit.hang_up()
        self.settle()

    @property
    def recipients(self) -> list[str]:
        """Whose messages were accepted, in order."""
        return [message.recipient for message in self.accepted]


class HangUp(Exception):  # noqa: N818 - an order, not an error
    """The script ends the visit."""


class Visit:
    """One connection."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        self.server = server
        self.script = server.script
        self.number = number
        self.sock = sock
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.stream = b""  # everything read after EHLO
        self._buffer = b""
        self._counting = False
        self._replied = 0
        self.sender = b""
        self.recipients: list[bytes] = []

    def hang_up(self) -> None:
        """End the connection from outside its thread."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            self.sock.settimeout(DEADLINE_SECONDS)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.script.receive_buffer is not None:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.script.receive_buffer)
            if self.script.implicit_tls:
                self._wrap()
            self.write(self.script.greeting)
            while self._command(self._line()):
                pass
        except (OSError, HangUp):
            pass
        finally:
            self.sock.close()

    def _wrap(self) -> None:
        assert self.script.tls is not None
        self.sock = self.script.tls.wrap_socket(self.sock, server_side=True)

    def _read(self) -> None:
        size = self.script.piece
        limit = self.script.drop_after(self.number) if self._counting else None
        if limit is not None:
            size = min(size, limit - len(self.stream))
        data = self.sock.recv(size) if size > 0 else b""
        if not data:
            raise HangUp
        if self._counting:
            self.stream += data
        self._buffer += data

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._read()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def write(self, data: bytes) -> None:
        """Write a reply, as the script cuts it."""
        limit = self.script.cut_replies(self.number) if self._counting else None
        if limit is not None and self._replied + len(data) > limit:
            self.sock.sendall(data[: limit - self._replied])
            raise HangUp
        self._replied += len(data) if self._counting else 0
        for start in range(0, len(data), self.script.reply_piece):
            self.sock.sendall(data[start : start + self.script.reply_piece])

    def _command(self, line: bytes) -> bool:
        verb = line[:4].upper().decode("ascii", "replace")
        if verb in {"EHLO", "HELO"}:
            features = [*self.script.features, *(["STARTTLS"] if self.script.tls and not self._encrypted else [])]
            lines = ["test", *features] if verb == "EHLO" else ["test"]
            separators = ["-"] * (len(lines) - 1) + [" "]
            self.write("".join(f"250{mark}{text}\r\n" for mark, text in zip(separators, lines, strict=True)).encode())
            self._counting = verb == "HELO" or not self.script.tls or self._encrypted
            return True
        if line.upper() == b"STARTTLS":
            self.write(b"220 go ahead\r\n")
            self._wrap()
            return True
        self.server.commands.append(line)
        # RFC 2920 §3.1: DATA and QUIT end a group; without PIPELINING each command does.
        if self._buffer and (verb in {"DATA", "QUIT"} or "PIPELINING" not in self.script.features):
            self.server.violations.append(f"{verb} was followed by {self._buffer[:40]!r}")
        if not self._answer(verb, line):
            return verb != "QUIT"
        if verb == "DATA":
            self._data()
        elif verb == "MAIL":
            self.sender = line
        elif verb == "RCPT":
            self.recipients.append(line)
        elif verb == "RSET":
            self.sender, self.recipients = b"", []
        return verb != "QUIT"

    @property
    def _encrypted(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket)

    def _answer(self, verb: str, line: bytes) -> bool:
        """Write the script's answer; True when it is a positive one."""
        answer = self.script.answer(self, verb, line)
        if answer is None:
            raise HangUp
        if answer == DEFAULT:
            answer = self._usual(verb)
        self.write(answer)
        return answer[:1] in b"23"

    def _usual(self, verb: str) -> bytes:
        if verb == "MAIL" and self.sender:
            return b"503 5.5.1 nested MAIL command\r\n"
        if verb == "RCPT" and not self.sender:
            return b"503 5.5.1 need MAIL command\r\n"
        if verb == "DATA":
            return b"354 go on\r\n" if self.recipients else b"554 5.5.1 no valid recipients\r\n"
        return {"QUIT": b"221 bye\r\n", ".": b"250 2.0.0 queued\r\n"}.get(verb, b"250 2.1.0 ok\r\n")

    def _data(self) -> None:
        lines: list[bytes] = []
        while (line := self._line()) != b".":
            lines.append(line.removeprefix(b"."))
        mail_line, recipients = self.sender, self.recipients
        self.sender, self.recipients = b"", []
        if self._answer(".", b"") and recipients:
            self.server.accepted.append(
                Message(
                    _address(mail_line),
                    _address(recipients[0]),
                    mail_line,
                    b"".join(line + b"\r\n" for line in lines),
                )
            )


def _address(line: bytes) -> str:
    return line[line.index(b"<") + 1 : line.index(b">")].decode()
