"""Pipes to the scripted server, the copies that tests send through them, and answers to one of these."""

import smtplib

import pytest
from authority import Authority
from scripted import DEADLINE_SECONDS, DEFAULT, PIPELINING, Answer, ScriptedServer, Visit

from mailman_pgp.delivery.smtp import Envelope, Outcome, Patience, Pipe, Result

LOCK_STEP = ("SIZE", "8BITMIME")
BOTH = pytest.mark.parametrize("features", [PIPELINING, LOCK_STEP], ids=["pipelining", "lock-step"])
TAIL = b"tail of all\r\n" * 3
LARGE = b"x" * 76 + b"\r\n"


def connect_to(server: ScriptedServer) -> smtplib.SMTP:
    """A connection in the clear."""
    return smtplib.SMTP("127.0.0.1", server.port, local_hostname="test", timeout=DEADLINE_SECONDS)


def pipe_to(server: ScriptedServer, **keywords: object) -> Pipe:
    """A pipe in the clear, with as much patience as the tests have."""
    keywords.setdefault("patience", Patience(DEADLINE_SECONDS, DEADLINE_SECONDS))
    return Pipe(lambda: connect_to(server), **keywords)  # type: ignore[arg-type]


def tls_pipe(server: ScriptedServer, authority: Authority) -> Pipe:
    """A pipe by STARTTLS."""

    def connect() -> smtplib.SMTP:
        smtp = connect_to(server)
        smtp.starttls(context=authority.client)
        return smtp

    return Pipe(connect, patience=Patience(DEADLINE_SECONDS, DEADLINE_SECONDS))


def envelopes(count: int, *, tail: bytes = TAIL) -> list[Envelope]:
    """Copies from list+0@lists.test to m0@test and so on, which share their first part and their last."""
    return [
        Envelope(f"list+{number}@lists.test", f"m{number}@test", (b"Subject: x\r\n\r\n", b"head %d\r\n" % number, tail))
        for number in range(count)
    ]


def outcomes(results: list[Result]) -> list[Outcome]:
    """What became of each copy."""
    return [result.outcome for result in results]


def answering(verb: str, reply: bytes | None, recipient: str = "m1@test") -> Answer:
    """Answer `verb` with `reply` in the transaction of `recipient`, or of list+1 where the recipient isn't known."""
    sender = b"<list+" + recipient[1 : recipient.index("@")].encode() + b"@"

    def answer(visit: Visit, asked: str, line: bytes) -> bytes | None:
        about = line if asked == "MAIL" else visit.sender or b"".join(visit.recipients)
        if asked == "." or not about:
            about = answer.last
        answer.last = about
        return reply if asked == verb and sender in about else DEFAULT

    answer.last = b""
    return answer
