"""The SMTP receiver, fed by hand."""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailman_pgp.sandbox import receiver
from mailman_pgp.sandbox.behaviour import Behaviour, Control, Drop, Refusal, Stage
from mailman_pgp.sandbox.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVELOPE = b"MAIL FROM:<list-bounces@example.com>\r\nRCPT TO:<Anne@example.com>\r\nDATA\r\n"
MESSAGE = b"Subject: One\r\n\r\nText\r\n"


class Wire(asyncio.Transport):
    """A connection whose writes can be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False
        self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note what the session sends."""
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        """Whether the session has hung up."""
        return self.closed

    def close(self) -> None:
        """Note that the session hangs up."""
        self.closed = True

    def pause_reading(self) -> None:
        """Note that nothing more is to come."""
        self.paused = True

    def resume_reading(self) -> None:
        """Note that more may come."""
        self.paused = False

    @property
    def codes(self) -> list[str]:
        """The reply codes so far, one for each reply."""
        lines = b"".join(self.writes).decode().split("\r\n")[:-1]
        return [line[:3] for line in lines if line[3] == " "]


class Connection:
    """A session on a wire, with its mailbox and its behaviour."""

    def __init__(self, place: Path) -> None:
        self.file = place / "receiver.json"
        self.mailbox = Mailbox(place / "mail")
        self.control = Control(self.file)
        self.connect()

    def connect(self) -> None:
        """Begin a new session."""
        self.wire = Wire()
        self.session = receiver.Session(self.mailbox, self.control)
        self.session.connection_made(self.wire)

    def behave(self, behaviour: Behaviour) -> None:
        """Tell the receiver how to behave."""
        behaviour.write(self.file)

    def send(self, *pieces: bytes) -> list[str]:
        """Send, and get the codes of the replies to it."""
        before = len(self.wire.codes)
        for piece in pieces:
            self.session.data_received(piece)
        return self.wire.codes[before:]


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    return Connection(tmp_path)


def test_pipelined_transactions_are_answered_in_one_write(connection: Connection) -> None:
    """Two whole transactions that arrive together get all their replies together, and both messages are kept."""
    connection.send(b"EHLO localhost\r\n")
    writes = len(connection.wire.writes)
    assert connection.send((ENVELOPE + MESSAGE + b".\r\n") * 2) == ["250", "250", "354", "250"] * 2
    assert len(connection.wire.writes) == writes + 1
    assert [kept.content for kept in connection.mailbox.messages("anne@example.com")] == [MESSAGE] * 2


def test_greeting_offers_what_a_relay_offers(connection: Connection) -> None:
    """EHLO is answered with PIPELINING, 8BITMIME and SIZE; without PIPELINING when told so."""
    connection.send(b"EHLO localhost\r\n")
    offered = connection.wire.writes[-1].decode()
    assert "PIPELINING\r\n" in offered
    assert "8BITMIME\r\n" in offered
    assert "SIZE " in offered
    connection.behave(Behaviour(pipelining=False))
    connection.send(b"EHLO localhost\r\n")
    assert "PIPELINING" not in connection.wire.writes[-1].decode()


LINES = st.lists(st.sampled_from([b"", b".", b"..", b"x", b".x", b"\xc3\xa9", b"a" * 100]), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(lines=LINES, cut=st.integers(1, 40))
def test_content_is_kept_exactly_however_it_is_cut(tmp_path: Path, lines: list[bytes], cut: int) -> None:
    """Whatever lines a client sends, dots first and in whatever pieces they arrive, the file holds those lines."""
    connection = Connection(tmp_path)
    content = b"".join(line + b"\r\n" for line in lines)
    stream = ENVELOPE + smtplib._quote_periods(content) + b".\r\n"  # type: ignore[attr-defined] # what clients use
    pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    assert connection.send(*pieces) == ["250", "250", "354", "250"]
    assert connection.mailbox.messages("anne@example.com")[-1].content == content


@pytest.mark.parametrize("bare", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n\n.\r\nb\r\n"])
def test_bare_line_end_is_refused(connection: Connection, bare: bytes) -> None:
    """A message with a bare line feed or carriage return is refused, as by servers that guard against smuggling."""
    assert connection.send(ENVELOPE, bare, b".\r\n")[-1] == "550"
    assert connection.mailbox.count("anne@example.com") == 0


def test_oversized_message_is_refused_and_the_session_goes_on(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message over the size limit is read to its end, refused, and the next one is taken."""
    monkeypatch.setattr(receiver, "MAX_MESSAGE_BYTES", 1000)
    chunk = b"a" * 98 + b"\r\n"
    assert connection.send(ENVELOPE, *[chunk] * 50, b".\r\n")[-1] == "552"
    assert connection.send(ENVELOPE, MESSAGE, b".\r\n")[-1] == "250"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"MAIL FROM:anne@example.com\r\n", "501"),
        (b"MAIL FROM:<anne@example.com> SIZE=999999999999\r\n", "552"),
        (b"MAIL FROM:<anne@example.com> SMTPUTF8\r\n", "555"),
        (b"RCPT TO:<anne@example.com>\r\n", "503"),
        (b"DATA\r\n", "503"),
        (b"BDAT 5 LAST\r\n", "500"),
        (b"\r\n", "500"),
        (b"a" * 5000, "500"),
    ],
)
def test_misplaced_or_malformed_command_is_refused(connection: Connection, command: bytes, code: str) -> None:
    """Each wrong command gets the reply that a strict server gives."""
    assert connection.send(command) == [code]


@pytest.mark.parametrize(
    ("stage", "codes"),
    [
        (Stage.MAIL, ["451", "503", "503"]),
        (Stage.RCPT, ["250", "451", "503"]),
        (Stage.DATA, ["250", "250", "451"]),
    ],
)
def test_refusal_is_given_at_its_stage(connection: Connection, stage: Stage, codes: list[str]) -> None:
    """A refusal takes the place of the reply at the stage that it names, as often as it says."""
    connection.behave(Behaviour(refuse=(Refusal(stage=stage, times=1),)))
    assert connection.send(ENVELOPE) == codes
    connection.send(b"RSET\r\n")
    assert connection.send(ENVELOPE) == ["250", "250", "354"]


def test_refused_message_is_not_kept(connection: Connection) -> None:
    """A message refused after its data leaves no file, and only those whose recipient matches are refused."""
    connection.behave(Behaviour(refuse=(Refusal("anne@*", Stage.MESSAGE, "554 5.7.1 No"),)))
    assert connection.send(ENVELOPE, MESSAGE, b".\r\n")[-1] == "554"
    assert connection.mailbox.count("anne@example.com") == 0
    assert connection.send(ENVELOPE.replace(b"Anne", b"bart"), MESSAGE, b".\r\n")[-1] == "250"


def test_connection_can_be_turned_away(connection: Connection) -> None:
    """A refusal at connect is the greeting, and the connection ends."""
    connection.behave(Behaviour(refuse=(Refusal(stage=Stage.CONNECT, reply="421 4.3.2 Busy"),)))
    connection.connect()
    assert connection.wire.codes == ["421"]
    assert connection.wire.closed


@pytest.mark.parametrize(("drop", "codes"), [(Drop(2, times=1), ["250"]), (Drop(2, answered=False, times=1), [])])
def test_drop_ends_the_connection_after_so_many_messages(connection: Connection, drop: Drop, codes: list[str]) -> None:
    """The last message before a drop is kept; whether its reply is sent is told; nothing after it is looked at."""
    connection.behave(Behaviour(drop=drop))
    whole = ENVELOPE + MESSAGE + b".\r\n"
    assert connection.send(whole * 3) == ["250", "250", "354", "250", "250", "250", "354", *codes]
    assert connection.wire.closed
    assert connection.mailbox.count("anne@example.com") == 2
    connection.connect()
    assert connection.send(whole * 3) == ["250", "250", "354", "250"] * 3


@pytest.mark.parametrize(
    ("stage", "codes"),
    [
        (Stage.MAIL, []),
        (Stage.RCPT, ["250"]),
        (Stage.DATA, ["250", "250"]),
    ],
)
def test_drop_in_place_of_a_reply(connection: Connection, stage: Stage, codes: list[str]) -> None:
    """A drop at a command ends the connection without its reply, once, after the messages that may come before."""
    connection.behave(Behaviour(drop=Drop(1, times=1, stage=stage)))
    whole = ENVELOPE + MESSAGE + b".\r\n"
    assert connection.send(whole * 2) == ["250", "250", "354", "250", *codes]
    assert connection.wire.closed
    assert connection.mailbox.count("anne@example.com") == 1
    connection.connect()
    assert connection.send(whole * 2) == ["250", "250", "354", "250"] * 2


def test_drop_before_the_greeting(connection: Connection) -> None:
    """A drop at the connect says nothing at all."""
    connection.behave(Behaviour(drop=Drop(0, times=1, stage=Stage.CONNECT)))
    connection.connect()
    assert connection.wire.closed
    assert connection.wire.codes == []


def test_what_is_not_offered_is_not_taken(connection: Connection) -> None:
    """Without 8BITMIME and SIZE neither is offered, and their parameters are refused."""
    mail = b"MAIL FROM:<a@example.com> "
    connection.behave(Behaviour(eight_bit=False, size=False))
    assert connection.send(b"EHLO me\r\n" + mail + b"SIZE=5\r\n" + mail + b"BODY=8BITMIME\r\n") == ["250", "555", "555"]
    offered = b"".join(connection.wire.writes)
    assert b"SIZE" not in offered
    assert b"8BITMIME" not in offered


@pytest.mark.parametrize(("size", "codes"), [(True, ["552", "503", "503"]), (False, ["250", "250", "354", "552"])])
def test_smaller_limit(connection: Connection, size: bool, codes: list[str]) -> None:  # noqa: FBT001 - two cases
    """A message beyond the chosen limit is refused: by its announced size, or when it is there."""
    connection.behave(Behaviour(size=size, max_message_bytes=10))
    envelope = ENVELOPE.replace(b"\r\nRCPT", b" SIZE=%d\r\nRCPT" % len(MESSAGE)) if size else ENVELOPE
    assert connection.send(envelope + (b"" if size else MESSAGE + b".\r\n")) == codes
    assert connection.mailbox.count("anne@example.com") == 0


def test_delay_holds_back_the_reply_and_what_follows(connection: Connection) -> None:
    """During a delay the message is kept but not answered, and no more is read from the client."""

    async def converse() -> None:
        connection.behave(Behaviour(delay_seconds=0.01))
        assert connection.send(ENVELOPE + MESSAGE + b".\r\nNOOP\r\n") == ["250", "250", "354"]
        assert connection.wire.paused
        assert connection.mailbox.count("anne@example.com") == 1
        await _until(lambda: connection.wire.codes[-2:] == ["250", "250"] and not connection.wire.paused)

    asyncio.run(converse())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a deadline is set, and the session has no event to wait for
            await asyncio.sleep(0.001)
