"""The sandbox's SMTP receiver: takes mail as a strict relay would, keeps it, and misbehaves when it is told to.

A protocol of our own, and not aiosmtpd: all commands that arrive together are answered in one write (RFC 2920 as real
servers do it, where aiosmtpd waits for each reply to be taken), message data is never split into lines, a reply can be
refused, delayed or cut off at any step, and a bare line feed is refused, as servers do that guard against smuggling.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import socket
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mailman_pgp.sandbox.behaviour import Control, Stage
from mailman_pgp.sandbox.mailbox import Mailbox

if TYPE_CHECKING:
    from mailman_pgp.sandbox.place import Place

log = logging.getLogger("mailman_pgp.sandbox")

HOST_NAME = "receiver.sandbox.invalid"
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
MAX_COMMAND_BYTES = 4096
LISTEN_BACKLOG = 128

_END_OF_DATA = b"\r\n.\r\n"
# RFC 5321 §4.1.1.2, §4.1.1.3, without the obsolete source routes.
_MAIL = re.compile(r"FROM: ?<(?P<address>[^<>\s]*)>(?P<parameters>( [^ ]+)*) *", re.IGNORECASE)
_RCPT = re.compile(r"TO: ?<(?P<address>[^<>\s]+)>(?P<parameters>( [^ ]+)*) *", re.IGNORECASE)
_STAGES = {"MAIL": Stage.MAIL, "RCPT": Stage.RCPT, "DATA": Stage.DATA}
_KNOWN_PARAMETERS = re.compile(r"SIZE=(?P<size>[0-9]{1,20})|BODY=(7BIT|8BITMIME)", re.IGNORECASE)


class _Reading(Enum):
    """What the next bytes of the client are."""

    COMMANDS = "commands"
    MESSAGE = "message"
    NOTHING = "nothing"
    """A delayed reply or the end of the connection comes first."""


@dataclass(slots=True)
class _Transaction:
    """The envelope so far; `sender` is None before MAIL."""

    sender: str | None
    recipients: list[str]


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, mailbox: Mailbox, control: Control) -> None:
        self._mailbox = mailbox
        self._control = control
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._scanned = 0
        self._oversized = False
        self._reading = _Reading.COMMANDS
        self._transaction = _Transaction(None, [])
        self._replies: list[str] = []
        self._messages = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client, or turn it away."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._control.drop(0, Stage.CONNECT):
            self._hang_up()
        elif refusal := self._control.refusal(Stage.CONNECT):
            self._replies.append(refusal)
            self._hang_up()
        else:
            self._replies.append(f"220 {HOST_NAME} ESMTP sandbox")
            self._flush()

    def data_received(self, data: bytes) -> None:
        """Do what can be done with what has come, and answer it in one write."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while (self._reading is _Reading.COMMANDS and self._read_command()) or (
            self._reading is _Reading.MESSAGE and self._read_message()
        ):
            pass
        self._flush()

    def _flush(self) -> None:
        if self._replies and not self._transport.is_closing():
            self._transport.write("".join(f"{reply}\r\n" for reply in self._replies).encode("ascii", "replace"))
        self._replies.clear()

    def _hang_up(self) -> None:
        self._flush()
        self._reading = _Reading.NOTHING
        self._transport.close()

    def _read_command(self) -> bool:
        """Read and answer one command; False when more bytes must come first."""
        end = self._buffer.find(b"\n")
        if max(end, 0 if end >= 0 else len(self._buffer)) > MAX_COMMAND_BYTES:
            self._replies.append("500 5.5.2 Line too long")
            self._hang_up()
            return False
        if end < 0:
            return False
        line = bytes(self._buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
        del self._buffer[: end + 1]
        verb, _, argument = line.partition(" ")
        stage = _STAGES.get(verb.upper())
        if stage is not None and self._control.drop(self._messages, stage):
            self._hang_up()
            return False
        match verb.upper():
            case "MAIL":
                reply = self._mail(argument)
            case "RCPT":
                reply = self._rcpt(argument)
            case "DATA":
                reply = self._data()
            case "QUIT":
                self._replies.append("221 2.0.0 Bye")
                self._hang_up()
                return False
            case other:
                reply = self._other(other)
        self._replies.append(reply)
        return True

    def _other(self, verb: str) -> str:
        if verb in ("EHLO", "HELO", "RSET"):
            self._reset()
        match verb:
            case "EHLO":
                return self._greeting()
            case "HELO" | "RSET":
                return f"250 {HOST_NAME}"
            case "NOOP":
                return "250 2.0.0 Ok"
            case "VRFY":
                return "252 2.0.0 Send some mail, I'll try my best"
            case _:
                return "500 5.5.1 Unknown command"

    def _greeting(self) -> str:
        behaviour = self._control.behaviour
        extensions = [HOST_NAME, "ENHANCEDSTATUSCODES"]
        for offered, extension in (
            (behaviour.eight_bit, "8BITMIME"),
            (behaviour.size, f"SIZE {self._limit}"),
            (behaviour.pipelining, "PIPELINING"),
        ):
            extensions += [extension] if offered else []
        return "\r\n".join([*(f"250-{line}" for line in extensions[:-1]), f"250 {extensions[-1]}"])

    @property
    def _limit(self) -> int:
        limit = self._control.behaviour.max_message_bytes
        return MAX_MESSAGE_BYTES if limit is None else limit

    def _known_parameter(self, parameter: str) -> re.Match[str] | None:
        """A parameter of MAIL that goes with what was offered (RFC 5321 §4.1.1.11)."""
        known = _KNOWN_PARAMETERS.fullmatch(parameter)
        behaviour = self._control.behaviour
        offered = known is not None and (behaviour.size if known["size"] else behaviour.eight_bit)
        return known if offered else None

    def _reset(self) -> None:
        self._transaction = _Transaction(None, [])

    def _mail(self, argument: str) -> str:
        if self._transaction.sender is not None:
            return "503 5.5.1 Nested MAIL command"
        envelope = _MAIL.fullmatch(argument)
        if envelope is None:
            return "501 5.5.4 Syntax: MAIL FROM:<address>"
        for parameter in envelope["parameters"].split():
            known = self._known_parameter(parameter)
            if known is None:
                return "555 5.5.4 Unsupported parameter"
            if known["size"] and int(known["size"]) > self._limit:
                return "552 5.3.4 Message too big"
        if refusal := self._control.refusal(Stage.MAIL):
            return refusal
        self._transaction.sender = envelope["address"]
        return "250 2.1.0 Ok"

    def _rcpt(self, argument: str) -> str:
        if self._transaction.sender is None:
            return "503 5.5.1 MAIL first"
        envelope = _RCPT.fullmatch(argument)
        if envelope is None or envelope["parameters"]:
            return "501 5.5.4 Syntax: RCPT TO:<address>"
        if refusal := self._control.refusal(Stage.RCPT, [envelope["address"]]):
            return refusal
        self._transaction.recipients.append(envelope["address"])
        return "250 2.1.5 Ok"

    def _data(self) -> str:
        if not self._transaction.recipients:
            return "503 5.5.1 RCPT first"
        if refusal := self._control.refusal(Stage.DATA, self._transaction.recipients):
            self._reset()
            return refusal
        self._reading = _Reading.MESSAGE
        self._oversized = False
        # The line end before the first byte of the message, so that "." alone ends an empty one.
        self._buffer[:0] = b"\r\n"
        self._scanned = 0
        return "354 End data with <CR><LF>.<CR><LF>"

    def _read_message(self) -> bool:
        """Read a message to its end and answer it; False when more bytes must come first."""
        end = self._buffer.find(_END_OF_DATA, self._scanned)
        keep = len(_END_OF_DATA) - 1
        if end < 0:
            if len(self._buffer) > MAX_MESSAGE_BYTES:
                self._oversized = True
                del self._buffer[:-keep]
            self._scanned = max(0, len(self._buffer) - keep)
            return False
        # RFC 5321 §4.5.2: a dot was put before each line that begins with one.
        content = bytes(self._buffer[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        del self._buffer[: end + len(_END_OF_DATA)]
        self._reading = _Reading.COMMANDS
        reply = self._take(content)
        self._reset()
        behaviour = self._control.behaviour
        if behaviour.delay_seconds > 0:
            self._flush()
            self._reading = _Reading.NOTHING
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(behaviour.delay_seconds, self._resume, reply)
        else:
            self._answer(reply)
        return True

    def _take(self, content: bytes) -> str:
        sender, recipients = self._transaction.sender, self._transaction.recipients
        if self._oversized or len(content) > self._limit:
            return "552 5.3.4 Message too big"
        if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
            return "550 5.6.0 A line does not end with <CR><LF>"
        if refusal := self._control.refusal(Stage.MESSAGE, recipients):
            return refusal
        try:
            self._mailbox.keep(sender or "", recipients, content)
        except OSError as error:
            log.error("A message could not be kept: %s", error)  # noqa: TRY400 - the client sees it too, no traceback
            return "452 4.3.1 Insufficient system storage"
        self._messages += 1
        return "250 2.0.0 Kept"

    def _resume(self, reply: str) -> None:
        if self._transport.is_closing():
            return
        self._reading = _Reading.COMMANDS
        self._answer(reply)
        if not self._transport.is_closing():
            self._transport.resume_reading()
        self._work()

    def _answer(self, reply: str) -> None:
        """Give the reply to a message, unless the connection is to end here."""
        drop = self._control.drop(self._messages)
        if drop is None:
            self._replies.append(reply)
            return
        if drop.answered:
            self._replies.append(reply)
        self._hang_up()


def listen() -> socket.socket:
    """A listening socket on a free port of the loopback interface."""
    return socket.create_server(("127.0.0.1", 0), backlog=LISTEN_BACKLOG)


def receive(listener: socket.socket, place: Place) -> None:
    """Receive mail on `listener` until SIGTERM: what the receiver's process does."""
    asyncio.run(_serve(listener, Mailbox(place.mail), Control(place.receiver)))


async def _serve(listener: socket.socket, mailbox: Mailbox, control: Control) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: Session(mailbox, control), sock=listener)
    await stop.wait()
    server.close()
