"""One connection's worth of copies.

RFC 2920 §3.1: DATA must be the last command of a group, and the message may be the first "command" of the next. So a
group is `message, end of data, MAIL, RCPT, DATA` with four replies, and a copy costs one round trip. More than one
message can't be under way: after DATA the client has to see the 354.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mailman_pgp.delivery.backlog import Backlog
from mailman_pgp.delivery.commands import Features, RefusedError, opening
from mailman_pgp.delivery.envelope import Outcome, Result, Stage
from mailman_pgp.delivery.replies import Reply
from mailman_pgp.delivery.stuffing import Stuffer
from mailman_pgp.delivery.wire import LostError, TlsWire, Wire

COMMAND_SECONDS = 300.0  # RFC 5321 §4.5.3.2.2 and .3
FINAL_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6: too short a wait here sends messages twice
QUIT_SECONDS = 5.0  # politeness only

_START_MAIL_INPUT = 354
_CLOSING = 421
_BAD_SEQUENCE = 503
_AUTHENTICATION_REQUIRED = 530
_FIRST_PERMANENT = 500
_RESET = b"RSET\r\n"
_STAGES = (Stage.MAIL, Stage.RCPT, Stage.DATA)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the answer to a command, and for the answer to a whole message, in seconds."""

    command: float = COMMAND_SECONDS
    final: float = FINAL_SECONDS


class _Copy(NamedTuple):
    """An envelope ready to be written."""

    recipient: str
    commands: bytes  # three lines
    body: tuple[bytes, ...]


class Session:
    """Sends copies over one connection until they or `limit` (0: none) are used up, or `LostError` is raised."""

    def __init__(self, smtp: smtplib.SMTP, stuffer: Stuffer, *, patience: Patience, limit: int) -> None:
        if smtp.sock is None:
            raise LostError("The connection to the mail server is not open.")
        self._smtp = smtp
        self._stuffer = stuffer
        self._patience = patience
        self._left = limit or None
        self._features = Features.of(smtp)
        sock = smtp.sock
        self._wire = TlsWire(sock) if isinstance(sock, ssl.SSLSocket) else Wire(sock)
        self._sent: _Copy | None = None  # its message is on the way, its answer is not there
        self._sent_mark = 0  # where in the stream that message ends
        self._amends = b""  # what ends the transaction that was refused last
        self._ignored = 0  # replies to come that tell nothing
        self.answered = 0  # copies the server has decided on

    @property
    def in_doubt(self) -> bool:
        """The first copy without an answer has left at least in part: the server may have it or not."""
        return self._sent is not None

    def run(self, backlog: Backlog) -> Iterator[Result]:
        """Send copies from `backlog` and yield one result for each in their order."""
        self._refuse_early_words()
        before, current = self._take(backlog)
        if current is not None and self._features.pipelining:
            self._wire.send((current.commands,))
        while True:
            # The next copy is prepared while the server works on this one.
            after, following = ([], None) if current is None else self._take(backlog)
            if self._sent is not None:
                yield self._final(self._sent)
                if self._wire.written < self._sent_mark:
                    raise LostError("The mail server refused a message before it had the whole.")
            yield from before
            if current is None:
                return
            refusal = self._negotiate(current) if self._features.pipelining else self._converse(current)
            self._go_on(current if refusal is None else None, following)
            if refusal is not None:
                yield refusal
            before, current = after, following

    def quit(self) -> None:
        """Say goodbye, if the server still listens."""
        with contextlib.suppress(LostError):
            self._wire.send((b"QUIT\r\n",))
            for _ in range(self._ignored + 1):
                self._wire.reply(QUIT_SECONDS)

    def close(self) -> None:
        """Close the socket as it is."""
        with contextlib.suppress(OSError):
            self._smtp.close()

    def _take(self, backlog: Backlog) -> tuple[list[Result], _Copy | None]:
        """The next copy that can be sent, and results for those before it that can't."""
        refused: list[Result] = []
        while self._left != 0 and (envelope := backlog.take()) is not None:
            parts, size, ascii_only = self._stuffer.prepare(envelope.parts)
            try:
                commands = opening(envelope, size, ascii_only=ascii_only, features=self._features)
            except RefusedError as error:
                refused.append(Result(envelope.recipient, Outcome.PERMANENT, error.code, error.text, Stage.CHECK))
            else:
                self._left = None if self._left is None else self._left - 1
                return refused, _Copy(envelope.recipient, commands, parts)
        return refused, None

    def _refuse_early_words(self) -> None:
        """Words left over from the time of smtplib would be taken for the answer to a message."""
        if self._smtp.file is None:
            return
        try:
            early = self._smtp.file.peek()
        except ssl.SSLWantReadError:
            return
        except OSError as error:
            raise LostError("The mail server closed the connection.") from error
        if early:
            raise LostError("The mail server sent a reply that nobody had asked for.")

    def _expect(self, seconds: float) -> Reply:
        reply = self._wire.reply(seconds)
        if reply.code == _CLOSING:  # RFC 5321 §3.8: it may come as the answer to any command
            raise LostError(reply.text, code=_CLOSING)
        return reply

    def _final(self, copy: _Copy) -> Result:
        """The answer to the message of `copy`, which was sent."""
        reply = self._expect(self._patience.final)
        if reply.positive:
            if self._wire.written < self._sent_mark:
                raise LostError("The mail server accepted a message before it had the whole.")
            result = Result(copy.recipient, Outcome.DELIVERED, reply.code, "")
        elif reply.negative:
            result = _refusal(copy.recipient, Stage.BODY, reply)
        else:
            raise _out_of_step(reply)
        self._sent = None
        self.answered += 1
        return result

    def _negotiate(self, copy: _Copy) -> Result | None:
        """The replies to a group that ended with this copy's commands: None when the message may follow."""
        self._skip_ignored()
        if self._wire.granted():
            return None
        mail, rcpt, data = replies = [self._expect(self._patience.command) for _ in _STAGES]
        self._in_step()
        failed = next((pair for pair in zip(_STAGES, replies, strict=True) if not _granted(*pair)), None)
        if failed is None:
            return None
        amends = _RESET
        if _granted(Stage.DATA, data):
            if rcpt.positive or not mail.positive:
                # A single dot could deliver an empty message here.
                raise LostError(f"The mail server answered out of step: {mail.code}, {rcpt.code}, {data.code}")
            amends = b".\r\n"  # RFC 2920 §3.1
        elif not data.negative:
            raise _out_of_step(data)
        return self._refused(copy, *failed, amends)

    def _converse(self, copy: _Copy) -> Result | None:
        """The same with a server that wants one command at a time."""
        self._skip_ignored()
        for stage, command in zip(_STAGES, copy.commands.splitlines(keepends=True), strict=True):
            self._wire.send((command,))
            reply = self._expect(self._patience.command)
            self._in_step()
            if not _granted(stage, reply):
                return self._refused(copy, stage, reply, _RESET)
        return None

    def _refused(self, copy: _Copy, stage: Stage, reply: Reply, amends: bytes) -> Result:
        if not reply.negative or reply.code == _BAD_SEQUENCE:
            raise _out_of_step(reply)
        self._amends = amends
        self.answered += 1
        return _refusal(copy.recipient, stage, reply)

    def _skip_ignored(self) -> None:
        while self._ignored:
            self._expect(self._patience.command)
            self._ignored -= 1

    def _in_step(self) -> None:
        """Each reply has its command, or the next one could be taken for the answer to a message."""
        if self._wire.unread or self._wire.written < self._wire.queued:
            raise LostError("The mail server sent a reply that nobody had asked for.")

    def _go_on(self, accepted: _Copy | None, following: _Copy | None) -> None:
        """Write the message that was accepted, or what ends a refused transaction, and the next commands."""
        commands = b"" if following is None or not self._features.pipelining else following.commands
        if accepted is not None:
            self._sent = accepted
            self._wire.send((*accepted.body, commands))
            self._sent_mark = self._wire.queued - len(commands)
        elif following is not None or self._amends != _RESET:  # QUIT resets too
            self._ignored = 1
            self._wire.send((self._amends, commands))


def _granted(stage: Stage, reply: Reply) -> bool:
    return reply.code == _START_MAIL_INPUT if stage is Stage.DATA else reply.positive


def _out_of_step(reply: Reply) -> LostError:
    return LostError(f"The mail server answered out of step: {reply.code} {reply.text}")


def _refusal(recipient: str, stage: Stage, reply: Reply) -> Result:
    # 530 means that the site must log in first (RFC 4954 §6): nothing is wrong with the copy.
    permanent = reply.code >= _FIRST_PERMANENT and reply.code != _AUTHENTICATION_REQUIRED
    return Result(recipient, Outcome.PERMANENT if permanent else Outcome.TEMPORARY, reply.code, reply.text, stage)
