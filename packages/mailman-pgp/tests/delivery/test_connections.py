"""A connection is made as core is configured, carries as many copies as the site allows, and is always closed."""

import base64
import contextlib
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from authority import Authority
from scripted import DEFAULT, PIPELINING, ScriptedServer
from sending import envelopes, outcomes, pipe_to

from mailman_pgp.delivery import connecting
from mailman_pgp.delivery.smtp import Envelope, Outcome, Pipe, Stage, connect_from, pipe_from


def test_no_server() -> None:
    """Without a server every copy is for later, with the reason, and nothing is raised."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    pipe = Pipe(lambda: smtplib.SMTP("127.0.0.1", port, local_hostname="test"))
    results = list(pipe.send(envelopes(3)))
    assert [(r.outcome, r.code, r.stage) for r in results] == [(Outcome.TEMPORARY, 444, Stage.CONNECT)] * 3
    assert results[0].text == "There is no connection to the mail server: Connection refused"
    assert pipe.open() == results[0].text


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 busy\r\n"])
def test_an_unfriendly_greeting(server: ScriptedServer, greeting: bytes) -> None:
    """A server that does not serve us is no fault of the recipients, whatever its code."""
    server.script.greeting = greeting
    results = list(pipe_to(server).send(envelopes(2)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)] * 2
    assert greeting[:3].decode() in results[0].text


@pytest.mark.parametrize(("limit", "visits"), [(0, 1), (2, 3), (5, 1)])
def test_copies_per_connection(server: ScriptedServer, limit: int, visits: int) -> None:
    """A connection carries no more copies than the site allows."""
    results = list(pipe_to(server, copies_per_connection=limit).send(envelopes(5)))
    server.settle()
    assert outcomes(results) == [Outcome.DELIVERED] * 5
    assert len(server.visits) == visits
    assert server.commands.count(b"QUIT") == visits


def test_open_is_used_by_the_next_send(server: ScriptedServer) -> None:
    """A connection that was opened first is the one that carries the copies; an unused one is closed."""
    pipe = pipe_to(server)
    assert pipe.open() is None
    assert outcomes(list(pipe.send(envelopes(1)))) == [Outcome.DELIVERED]
    assert len(server.visits) == 1
    assert pipe.open() is None
    pipe.close()
    server.settle()
    assert len(server.visits) == 2


def test_an_error_of_the_caller(server: ScriptedServer) -> None:
    """An error from the envelopes' iterable comes out after the results of what was taken before it."""

    def failing() -> Iterator[Envelope]:
        yield from envelopes(2)
        raise KeyError("no key")

    results = pipe_to(server).send(failing())
    assert outcomes([next(results), next(results)]) == [Outcome.DELIVERED] * 2
    with pytest.raises(KeyError):
        next(results)


def test_a_caller_that_stops(server: ScriptedServer) -> None:
    """When the caller stops listening the connection is closed."""
    results = pipe_to(server).send(envelopes(5))
    assert next(results).outcome is Outcome.DELIVERED
    results.close()  # type: ignore[attr-defined]
    server.settle()


@dataclass
class Mta:
    """As core's `config.mta`."""

    smtp_port: str
    smtp_host: str = "127.0.0.1"
    smtp_user: str = ""
    smtp_pass: str = ""
    smtp_secure_mode: str = "smtp"
    smtp_verify_cert: str = "yes"
    smtp_verify_hostname: str = "yes"
    max_sessions_per_connection: str = "0"


@pytest.mark.parametrize("mode", ["smtps", "STARTTLS"])
def test_tls_as_core_is_configured(
    server: ScriptedServer, authority: Authority, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Both kinds of TLS deliver, checked against the system's authorities."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server.script.tls, server.script.implicit_tls = authority.server, mode == "smtps"
    pipe = pipe_from(Mta(str(server.port), smtp_secure_mode=mode))
    sent = envelopes(4)
    assert outcomes(list(pipe.send(sent))) == [Outcome.DELIVERED] * 4
    server.settle()
    assert [message.data for message in server.accepted] == [b"".join(envelope.parts) for envelope in sent]


def test_a_certificate_nobody_vouches_for(server: ScriptedServer, authority: Authority) -> None:
    """An unknown certificate is refused unless the site says otherwise; the copies are for later."""
    server.script.tls = authority.server
    strict = Mta(str(server.port), smtp_secure_mode="starttls")
    results = list(pipe_from(strict).send(envelopes(2)))
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TEMPORARY, 444)] * 2
    assert "certificate" in results[0].text.lower()
    lenient = Mta(str(server.port), smtp_secure_mode="starttls", smtp_verify_cert="no")
    assert outcomes(list(pipe_from(lenient).send(envelopes(2)))) == [Outcome.DELIVERED] * 2


def test_starttls_that_is_not_offered(server: ScriptedServer) -> None:
    """Nothing is sent in the clear when the site wants STARTTLS and the server has none."""
    results = list(pipe_from(Mta(str(server.port), smtp_secure_mode="starttls")).send(envelopes(1)))
    assert outcomes(results) == [Outcome.TEMPORARY]
    assert server.commands == []


@pytest.mark.parametrize(("reply", "outcome"), [(b"235 ok\r\n", Outcome.DELIVERED), (b"535 no\r\n", Outcome.TEMPORARY)])
def test_log_in(server: ScriptedServer, reply: bytes, outcome: Outcome) -> None:
    """The pipe logs in where the site has a user and a password; neither is seen in a result."""
    server.script.features = (*PIPELINING, "AUTH PLAIN")
    server.script.answer = lambda _visit, verb, _line: reply if verb == "AUTH" else DEFAULT
    connect = connect_from(Mta(str(server.port), smtp_user="mailman", smtp_pass="hush"))
    (result,) = Pipe(connect).send(envelopes(1))
    assert result.outcome is outcome
    assert server.commands[0].startswith(b"AUTH PLAIN ")
    assert "hush" not in repr(connect) + repr(result)


def test_a_server_that_repeats_the_password(server: ScriptedServer) -> None:
    """What a server says to a refused login may hold what it was given: only the code is passed on."""
    server.script.features = (*PIPELINING, "AUTH PLAIN")
    server.script.answer = lambda _visit, verb, line: b"535 no: " + line + b"\r\n" if verb == "AUTH" else DEFAULT
    sentence = pipe_from(Mta(str(server.port), smtp_user="mailman", smtp_pass="hush")).open()
    assert sentence is not None
    assert base64.b64encode(b"\0mailman\0hush").decode() not in sentence
    assert sentence.endswith("535 to the login. See smtp_user and smtp_pass in [mta] of mailman.cfg.")


def test_a_greeting_without_end(server: ScriptedServer) -> None:
    """An answer to EHLO that goes on and on is cut off, before it fills the memory."""
    server.script.features = tuple(f"X{number:01000}" for number in range(1000))
    pipe = pipe_from(Mta(str(server.port)))
    assert pipe.open() == "There is no connection to the mail server: The mail server's reply has no end."
    server.script.features = tuple(f"X{number:01000}" for number in range(60))
    assert pipe.open() is None
    pipe.close()


def test_a_greeting_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply must be whole in time; that a piece of it comes now and then is not enough."""
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.2)
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock, contextlib.suppress(OSError):
            while not over.wait(0.02):
                sock.sendall(b"220-later\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        sentence = pipe_from(Mta(str(listener.getsockname()[1]))).open()
        over.set()
        thread.join()
    assert sentence is not None
    assert sentence.startswith("There is no connection to the mail server: ")


@pytest.mark.parametrize(
    ("setting", "value"), [("smtp_host", " "), ("smtp_port", "smtp"), ("smtp_secure_mode", "tls"), ("smtp_port", "")]
)
def test_settings_that_make_no_sense(setting: str, value: str) -> None:
    """A wrong setting is named."""
    mta = Mta("25")
    setattr(mta, setting, value)
    with pytest.raises(ValueError, match=setting):
        connect_from(mta)
