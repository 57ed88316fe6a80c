"""A refusal concerns one copy: that one has the server's code and words, and the others are delivered."""

import socket

import pytest
from scripted import DEFAULT, ScriptedServer, Visit
from sending import BOTH, LARGE, answering, envelopes, outcomes, pipe_to

from mailman_pgp.delivery.smtp import Outcome, Result, Stage


@BOTH
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("code", "outcome"), [(451, Outcome.TEMPORARY), (550, Outcome.PERMANENT)])
def test_a_refusal_concerns_one_copy(
    server: ScriptedServer, features: tuple[str, ...], verb: str, code: int, outcome: Outcome
) -> None:
    """A refused copy has the server's code and words; the others are delivered over the same connection."""
    server.script.features = features
    server.script.answer = answering(verb, b"%d-5.1.1 no\r\n%d 5.1.1 never\r\n" % (code, code))
    results = list(pipe_to(server).send(envelopes(4)))
    server.settle()
    stage = {"MAIL": Stage.MAIL, "RCPT": Stage.RCPT, "DATA": Stage.DATA, ".": Stage.BODY}[verb]
    assert results[1] == Result("m1@test", outcome, code, "5.1.1 no 5.1.1 never", stage)
    assert outcomes(results) == [Outcome.DELIVERED, outcome, Outcome.DELIVERED, Outcome.DELIVERED]
    assert server.recipients == ["m0@test", "m2@test", "m3@test"]
    assert len(server.visits) == 1


@BOTH
def test_all_refused(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """A server that refuses every recipient gets no message, and every result names its recipient."""
    server.script.features = features
    server.script.answer = lambda _visit, verb, _line: b"550 no\r\n" if verb == "RCPT" else DEFAULT
    results = list(pipe_to(server).send(envelopes(4)))
    assert [(r.recipient, r.code, r.stage) for r in results] == [(f"m{n}@test", 550, Stage.RCPT) for n in range(4)]
    assert server.accepted == []


def test_data_accepted_without_a_recipient(server: ScriptedServer) -> None:
    """A server that takes DATA after it refused the recipient gets a single dot (RFC 2920 §3.1) and no content."""

    def answer(visit: Visit, verb: str, line: bytes) -> bytes:
        if verb == "RCPT" and b"m1@" in line:
            return b"550 no\r\n"
        if verb == "DATA":
            return b"354 anything\r\n"
        return b"554 no valid recipients\r\n" if verb == "." and b"list+1@" in answer.sender else usual(visit, verb)

    def usual(visit: Visit, _verb: str) -> bytes:
        answer.sender = visit.sender
        return DEFAULT

    answer.sender = b""
    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(3)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED, Outcome.PERMANENT, Outcome.DELIVERED]
    assert server.recipients == ["m0@test", "m2@test"]
    assert b"head 1" not in server.visits[0].stream
    assert b"RSET" not in server.commands


def test_a_sender_refused_and_a_recipient_accepted(server: ScriptedServer) -> None:
    """Where a single dot could deliver an empty message, the connection is given up instead."""
    replies = {"MAIL": b"550 no\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}
    server.script.answer = lambda _visit, verb, _line: replies.get(verb, DEFAULT)
    results = list(pipe_to(server).send(envelopes(1)))
    server.settle()
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)]
    assert server.accepted == []


@BOTH
def test_log_in_first_is_nobodys_fault(server: ScriptedServer, features: tuple[str, ...]) -> None:
    """530 speaks about the site's set-up: the copy is kept for later."""
    server.script.features = features
    server.script.answer = lambda _visit, verb, _line: b"530 log in first\r\n" if verb == "MAIL" else DEFAULT
    assert [(r.outcome, r.code) for r in pipe_to(server).send(envelopes(1))] == [(Outcome.TEMPORARY, 530)]


def test_a_refusal_in_the_middle_of_a_message(server: ScriptedServer) -> None:
    """A server that refuses before it has the whole and hangs up is heard; the next copy goes on elsewhere."""

    def answer(visit: Visit, verb: str, _line: bytes) -> bytes | None:
        if verb == "DATA" and visit.number == 0:
            visit.sock.sendall(b"354 go on\r\n")
            while len(visit.stream) < 200_000:
                visit._read()
            visit.sock.sendall(b"552 5.3.4 too much\r\n")
            visit.sock.shutdown(socket.SHUT_WR)
            visit._buffer = b""
            while visit.sock.recv(65536):
                pass
            return None
        return DEFAULT

    server.script.answer = answer
    results = list(pipe_to(server).send(envelopes(2, tail=LARGE * 100_000)))
    assert results[0] == Result("m0@test", Outcome.PERMANENT, 552, "5.3.4 too much", Stage.BODY)
    assert results[1].outcome is Outcome.DELIVERED
