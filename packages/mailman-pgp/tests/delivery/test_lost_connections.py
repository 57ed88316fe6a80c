"""Wherever a connection ends, each copy has one result, none is sent twice, and at most one is in doubt."""

import contextlib
import socket
import threading

import pytest
from authority import Authority
from scripted import DEADLINE_SECONDS, DEFAULT, PIPELINING, Script, ScriptedServer, Visit
from sending import BOTH, LARGE, answering, envelopes, outcomes, pipe_to, tls_pipe

from mailman_pgp.delivery import wire
from mailman_pgp.delivery.smtp import Envelope, Outcome, Patience, Result, Stage


@BOTH
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_closing_before_the_message_costs_nothing(server: ScriptedServer, features: tuple[str, ...], verb: str) -> None:
    """421 before a message began: that copy and those behind it go over a new connection."""
    server.script.features = features
    closing = answering(verb, b"421 4.3.2 enough for today\r\n")
    server.script.answer = lambda visit, asked, line: (
        closing(visit, asked, line) if visit.number == 0 else DEFAULT  # the first visit only
    )
    results = list(pipe_to(server).send(envelopes(4)))
    assert outcomes(results) == [Outcome.DELIVERED] * 4
    assert server.recipients == [f"m{n}@test" for n in range(4)]
    assert len(server.visits) == 2


@BOTH
def test_closing_instead_of_an_answer(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """421 as the answer to a message: that copy is for later, those behind it go on."""
    server.script.features = features
    closing = answering(".", b"421 4.3.2 enough\r\n")
    server.script.answer = lambda visit, asked, line: closing(visit, asked, line) if visit.number == 0 else DEFAULT
    results = list(pipe_to(server).send(envelopes(4)))
    assert results[1] == Result("m1@test", Outcome.TEMPORARY, 421, "4.3.2 enough", Stage.CONNECT)
    assert server.recipients == ["m0@test", "m2@test", "m3@test"]


def test_a_server_that_always_closes(server: ScriptedServer) -> None:
    """A server that never gets to an answer is left alone after a few connections; everybody is for later."""
    server.script.answer = lambda _visit, verb, _line: b"421 no\r\n" if verb == "MAIL" else DEFAULT
    results = list(pipe_to(server).send(envelopes(20)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 421)] * 20
    assert len(server.visits) == 3


def settled(server: ScriptedServer, sent: list[Envelope], results: list[Result]) -> None:
    """What holds wherever a connection breaks."""
    server.settle()
    assert [result.recipient for result in results] == [envelope.recipient for envelope in sent]
    assert Outcome.PERMANENT not in outcomes(results)
    delivered = [result.recipient for result in results if result.outcome is Outcome.DELIVERED]
    assert set(delivered) <= set(server.recipients)
    assert len(server.recipients) == len(set(server.recipients)), "a copy was sent twice"
    whole = {envelope.recipient: b"".join(envelope.parts) for envelope in sent}
    assert all(message.data == whole[message.recipient] for message in server.accepted)
    doubtful = set(server.recipients) - set(delivered)
    assert len(doubtful) <= 1
    assert all(result.code == 444 for result in results if result.outcome is Outcome.TEMPORARY)


def length_of_the_conversation(features: tuple[str, ...], sent: list[Envelope]) -> tuple[int, int]:
    """Bytes that the client sends for `sent`, and that the server answers, when all goes well."""
    server = ScriptedServer(Script(features=features))
    assert outcomes(list(pipe_to(server).send(sent))) == [Outcome.DELIVERED] * len(sent)
    server.settle()
    server.stop()
    return len(server.visits[0].stream), server.visits[0]._replied


@BOTH
def test_a_connection_lost_at_any_byte_written(features: tuple[str, ...]) -> None:
    """Wherever the server hangs up, one result comes for each copy, and at most one of them is in doubt."""
    sent = envelopes(3, tail=b"t\r\n")
    length, _ = length_of_the_conversation(features, sent)
    for position in range(length):
        server = ScriptedServer(Script(features=features, drop_after=lambda visit, at=position: None if visit else at))
        results = list(pipe_to(server).send(sent))
        settled(server, sent, results)
        assert outcomes(results).count(Outcome.TEMPORARY) <= 1
        server.stop()


@BOTH
def test_a_connection_lost_at_any_byte_read(features: tuple[str, ...]) -> None:
    """The same when the server's answer breaks off anywhere: half a 250 is no delivery."""
    sent = envelopes(3, tail=b"t\r\n")
    _, length = length_of_the_conversation(features, sent)
    for position in range(length):
        server = ScriptedServer(Script(features=features, cut_replies=lambda visit, at=position: None if visit else at))
        results = list(pipe_to(server).send(sent))
        settled(server, sent, results)
        assert outcomes(results).count(Outcome.TEMPORARY) <= 1
        server.stop()


def test_a_tls_connection_lost_anywhere(authority: Authority) -> None:
    """Over TLS too, one result comes for each copy wherever the server hangs up."""
    sent = envelopes(3, tail=b"t\r\n")
    length, _ = length_of_the_conversation(PIPELINING, sent)
    for position in range(0, length, 7):
        server = ScriptedServer(
            Script(tls=authority.server, drop_after=lambda visit, at=position: None if visit else at)
        )
        results = list(tls_pipe(server, authority).send(sent))
        settled(server, sent, results)
        server.stop()


def test_every_connection_lost(server: ScriptedServer) -> None:
    """When each connection breaks in its second message, one copy a connection is in doubt and the rest arrive."""
    sent = envelopes(9)
    first = len(b"".join(sent[0].parts)) + 60
    server.script.drop_after = lambda _visit: 2 * first
    results = list(pipe_to(server).send(sent))
    server.settle()
    assert [result.recipient for result in results] == [envelope.recipient for envelope in sent]
    assert Outcome.DELIVERED in outcomes(results)
    assert Outcome.TEMPORARY in outcomes(results)
    assert {r.recipient for r in results if r.outcome is Outcome.DELIVERED} == set(server.recipients)


def test_a_silent_server(server: ScriptedServer) -> None:
    """A server that does not answer in time is not asked again for the copies behind."""
    release = threading.Event()

    def answer(_visit: Visit, verb: str, _line: bytes) -> bytes:
        if verb == ".":
            release.wait(DEADLINE_SECONDS)
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server, patience=Patience(DEADLINE_SECONDS, 0.2)).send(envelopes(3)))
    release.set()
    assert [(r.outcome, r.code, r.text) for r in results] == [
        (Outcome.TEMPORARY, 444, "The mail server did not answer in time.")
    ] * 3
    assert len(server.visits) == 1


def test_a_server_that_reads_too_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it takes a byte now and then is not enough: a process of `out` is not held up for a day."""
    monkeypatch.setattr(wire, "SLOWEST_BYTES_PER_SECOND", 1e9)
    ours, its = socket.socketpair()
    over = threading.Event()

    def read() -> None:
        with contextlib.suppress(OSError):
            while not over.wait(0.02) and its.recv(4096):
                pass

    with ours, its:
        for end in (ours, its):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        slow = wire.Wire(ours)
        slow.send((LARGE * 10_000,))
        with pytest.raises(wire.LostError) as caught:
            slow.reply(0.2)
        over.set()
        thread.join()
    assert caught.value.timed_out
    assert 0 < slow.written < slow.queued


def test_a_server_that_goes_away(server: ScriptedServer) -> None:
    """When no new connection can be had after a loss, the copies behind are for later."""

    def answer(_visit: Visit, verb: str, line: bytes) -> bytes | None:
        if verb == "RCPT" and b"m2@" in line:
            server.refuse_connections()
            return None
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(5)))
    assert outcomes(results) == [Outcome.DELIVERED] * 2 + [Outcome.TEMPORARY] * 3
