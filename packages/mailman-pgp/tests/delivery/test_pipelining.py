"""Copies follow each other through the pipe without waiting, and each arrives whole."""

import threading
from dataclasses import dataclass

import pytest
from authority import Authority
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import DEFAULT, ScriptedServer, Visit
from sending import BOTH, LARGE, envelopes, outcomes, pipe_to, tls_pipe

from mailman_pgp.delivery.smtp import Envelope, Outcome, Stage
from mailman_pgp.delivery.stuffing import Stuffer


@BOTH
def test_copies_arrive_whole(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Each copy arrives as its parts joined, over one connection, with its own envelope."""
    server.script.features = features
    sent = envelopes(5)
    results = list(pipe_to(server).send(sent))
    server.settle()
    assert [(result.recipient, result.outcome, result.code, result.stage) for result in results] == [
        (envelope.recipient, Outcome.DELIVERED, 250, Stage.BODY) for envelope in sent
    ]
    assert results[0].text == ""
    assert [(m.sender, m.recipient, m.data) for m in server.accepted] == [
        (envelope.sender, envelope.recipient, b"".join(envelope.parts)) for envelope in sent
    ]
    assert len(server.visits) == 1
    assert server.commands[-1] == b"QUIT"


@BOTH
def test_nothing_to_send(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Without an envelope there is no connection."""
    server.script.features = features
    assert list(pipe_to(server).send([])) == []
    assert server.visits == []


@dataclass
class Lines:
    """Lines with dots and odd ends, cut into parts anywhere."""

    parts: tuple[bytes, ...]

    @property
    def canonical(self) -> bytes:
        """What a server must read."""
        whole = b"".join(self.parts).replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        return whole if whole.endswith(b"\r\n") or not whole else whole + b"\r\n"


PARTS = st.lists(
    st.lists(st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r", b"\n", b"\r\n.\r\n", b"\xc3\xa4"])).map(b"".join),
    max_size=4,
).map(lambda parts: Lines(tuple(parts)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(messages=st.lists(PARTS, min_size=1, max_size=4))
def test_dots_and_line_ends_survive(server: ScriptedServer, messages: list[Lines]) -> None:
    """Whatever the parts are, the server reads the message with CRLF line ends, and no second message out of it."""
    server.accepted.clear()
    results = list(pipe_to(server).send(Envelope("", f"m{i}@test", lines.parts) for i, lines in enumerate(messages)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * len(messages)
    assert [message.data for message in server.accepted] == [lines.canonical for lines in messages]


def test_a_shared_part_is_looked_at_once() -> None:
    """The tail that copies share is searched for dots with the first copy only."""

    class Counted(bytes):
        looks = 0

        def count(self, *arguments: object) -> int:
            type(self).looks += 1
            return super().count(*arguments)  # type: ignore[arg-type]

    stuffer, tail = Stuffer(), Counted(b"tail\r\n.dot\r\n")
    first = stuffer.prepare((b"head\r\n", tail))
    looks = Counted.looks
    assert looks > 0
    second = stuffer.prepare((b"other\r\n", tail))
    assert Counted.looks == looks
    assert b"".join(first[0]) == b"head\r\ntail\r\n..dot\r\n.\r\n"
    assert b"".join(second[0]) == b"other\r\ntail\r\n..dot\r\n.\r\n"


def test_groups_are_as_large_as_rfc_2920_allows(server: ScriptedServer) -> None:
    """The next copy's MAIL, RCPT and DATA leave before the answer to this one's message is there."""
    release = threading.Event()
    seen: list[bytes] = []

    def answer(visit: Visit, verb: str, _line: bytes) -> bytes:
        if verb == "." and not seen:
            while not visit._buffer.endswith(b"DATA\r\n"):
                visit._read()
            seen.append(visit._buffer)
            release.set()
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(2)))
    assert release.is_set()
    assert seen[0].count(b"\r\n") == 3
    assert outcomes(results) == [Outcome.DELIVERED] * 2


@BOTH
def test_answers_that_drip(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """Answers may come byte by byte, and be read byte by byte."""
    server.script.features = features
    server.script.reply_piece = server.script.piece = 1
    assert outcomes(list(pipe_to(server).send(envelopes(3)))) == [Outcome.DELIVERED] * 3
    assert server.recipients == ["m0@test", "m1@test", "m2@test"]


@pytest.mark.parametrize("secure", ["smtp", "starttls"])
def test_a_large_message_to_a_slow_reader(server: ScriptedServer, authority: Authority, secure: str) -> None:
    """A message larger than all buffers arrives whole."""
    if secure == "starttls":
        server.script.tls = authority.server
    server.script.receive_buffer = 65536
    server.script.piece = 50_000
    sent = envelopes(2, tail=LARGE * 40_000)
    results = list(tls_pipe(server, authority).send(sent) if secure == "starttls" else pipe_to(server).send(sent))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * 2
    assert [message.data for message in server.accepted] == [b"".join(envelope.parts) for envelope in sent]
