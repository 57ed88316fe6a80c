"""One request and what comes of it, whatever the peer does: a verdict and a sentence, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import operator
import re
import socket
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from authority import Authority, make_authority
from receivers import OK, Receiver, answer, closes, drips, floods, hangs, receiver

from mailman_rest_events.endpoints.settings import Endpoint
from mailman_rest_events.sending import addresses
from mailman_rest_events.sending.answers import Verdict
from mailman_rest_events.sending.transport import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mailman_rest_events.sending.answers import Answer

OK_TO = operator.methodcaller("sendall", OK)
KEY = "a-long-random-key/&?"
BODY = json.dumps({"name": "x"}).encode()


def to(peer: Receiver | str, **more: Any) -> Connection:
    """A connection to a peer, or to an address."""
    url = peer if isinstance(peer, str) else peer.url
    return Connection(Endpoint("web", url, KEY, re.compile(".*"), **{"allow_private": True, "timeout": 2.0, **more}))


def post(connection: Connection, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request, and close the connection."""
    answered = connection.post(BODY, headers or {})
    connection.close()
    return answered


def test_request() -> None:
    """The body is posted as it is, with the key in a header, and in no other place."""
    with receiver() as peer:
        found = post(to(peer), {"webhook-id": "evt_1"})
    ((head, body),) = peer.requests
    lines = head.decode().split("\r\n")
    assert (found.verdict, found.problem, body) == (Verdict.TAKEN, "", BODY)
    assert lines[0] == "POST /events?of=lists HTTP/1.1"
    assert f"Authorization: Token {KEY}" in lines
    assert "webhook-id: evt_1" in lines
    assert "Content-Type: application/json" in lines
    assert f"Host: 127.0.0.1:{peer.port}" in lines


def test_key_in_url() -> None:
    """For receivers that want it so, escaped; then it is in no header."""
    with receiver() as peer:
        post(to(peer, key_in_url=True))
    head = peer.requests[0][0].decode()
    assert head.startswith("POST /events?of=lists&key=a-long-random-key%2F%26%3F HTTP/1.1")
    assert "Authorization" not in head


def test_connection_is_kept() -> None:
    """One connection for many events."""
    with receiver() as peer:
        connection = to(peer)
        for _ in range(5):
            assert connection.post(BODY, {}).verdict is Verdict.TAKEN
        connection.close()
    assert (len(peer.requests), peer.connections) == (5, 1)


def test_kept_connection_was_closed() -> None:
    """What the peer did not answer on a connection that it had closed is sent once more, on a new one."""

    def once(peer: Any) -> None:
        peer.sendall(OK)
        closes(peer)

    with receiver(once) as peer:
        connection = to(peer)
        for _ in range(3):
            assert connection.post(BODY, {}).verdict is Verdict.TAKEN
        connection.close()
    assert peer.connections == 3


@pytest.mark.parametrize(
    ("says", "verdict", "sentence"),
    [
        (answer("200 OK", body=b"thanks"), Verdict.TAKEN, ""),
        (answer("500 Oops"), Verdict.REFUSED, "It answered 500."),
        (answer("400 Bad"), Verdict.REFUSED, "It answered 400."),
        (answer("401 No"), Verdict.REFUSED, "does not accept the api_key, or the signature"),
        (
            answer("301 Moved", "Location: http://127.0.0.1:1/\r\n"),
            Verdict.REFUSED,
            "a redirect, which is not followed",
        ),
        (answer("410 Gone"), Verdict.GONE, "wants no events any more"),
        (answer("503 Later"), Verdict.AGAIN, "It answered 503."),
        (answer("429 Slowly", "Retry-After: 120\r\n"), Verdict.AGAIN, "It answered 429."),
        (b"SSH-2.0-OpenSSH\r\n\r\n", Verdict.AGAIN, "no HTTP, or ended too early"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", Verdict.AGAIN, ""),
        (closes, Verdict.AGAIN, ""),
        (floods, Verdict.TAKEN, ""),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", Verdict.AGAIN, "no HTTP"),
        (b"HTTP/1.1 200 " + b"x" * 1_000_000 + b"\r\n\r\n", Verdict.AGAIN, "no HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Verdict.TAKEN, ""),
    ],
    ids=range(15),
)
def test_answers(says: bytes | Callable[[Any], None], verdict: Verdict, sentence: str) -> None:
    """Each has its verdict, and a sentence for operators."""
    with receiver(says) as peer:
        connection = to(peer)
        found = connection.post(BODY, {})
        connection.close()
    assert (found.verdict, bool(found.problem)) == (verdict, verdict is not Verdict.TAKEN)
    assert sentence in found.problem
    assert KEY not in found.problem


def test_retry_after() -> None:
    """What the peer asks for is heard."""
    with receiver(answer("503 Later", "Retry-After: 120\r\n")) as peer:
        assert post(to(peer)).retry_after == 120


def test_bomb() -> None:
    """What is packed stays packed: a short answer does not become a long one here."""
    packed = gzip.compress(bytes(100_000_000), 1)
    assert len(packed) > 65537
    tracemalloc.start()
    with receiver(answer("200 OK", "Content-Encoding: gzip\r\n", packed)) as peer:
        assert post(to(peer)).verdict is Verdict.TAKEN
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


@pytest.mark.parametrize(
    "asked", ["Mon, 01 Jan 2030 00:00:00 +99999999999999999999", "99999999999999999999", "-1", "soon", "\xff"]
)
def test_retry_after_nonsense(asked: str) -> None:
    """It is heard as far as it makes sense, and never keeps an event from counting as taken."""
    with receiver(answer("204 No Content", f"Retry-After: {asked}\r\n")) as peer:
        assert post(to(peer)).verdict is Verdict.TAKEN
    with receiver(answer("503 Later", f"Retry-After: {asked}\r\n")) as peer:
        found = post(to(peer))
        assert (found.verdict, found.problem) == (Verdict.AGAIN, "It answered 503.")
        assert (found.retry_after or 0) <= 86400


def test_sent_once_to_who_is_slow() -> None:
    """What a kept connection does not answer in time is not sent over another one while the first is at work on it."""

    def says(peer: Any) -> None:
        (hangs if len(found.requests) > 1 else OK_TO)(peer)

    with receiver(says) as found:
        connection = to(found, timeout=1.0)
        assert connection.post(BODY, {}).verdict is Verdict.TAKEN
        answered = connection.post(BODY, {})
        connection.close()
    assert (answered.verdict, len(found.requests)) == (Verdict.AGAIN, 2)
    assert answered.problem == "No complete answer came within 1 seconds."


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("slowly", [hangs, drips])
def test_time_is_bounded(slowly: Callable[[Any], None], *, encrypted: bool, authority: Authority) -> None:
    """A peer that says nothing, or one byte now and again, is given up when the time of the whole attempt is over."""
    with receiver(slowly, authority.server if encrypted else None) as peer:
        connection = to(peer, timeout=1.0, ca_file=authority.file)
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                connection.overdue()

        threading.Thread(target=watch, daemon=True).start()
        started = time.monotonic()
        found = connection.post(BODY, {})
        done.set()
        connection.close()
    assert (found.verdict, found.problem) == (Verdict.AGAIN, "No complete answer came within 1 seconds.")
    assert time.monotonic() - started < 60  # only what hangs takes so long


def test_nobody_there() -> None:
    """Nothing listens, or the name leads nowhere."""
    with receiver() as peer:
        pass
    assert "It can't be reached: Connection refused" in to(peer).post(BODY, {}).problem
    assert "It can't be reached" in to("http://no-such-host.invalid/").post(BODY, {}).problem
    assert "its host is no name" in to("http://no..host/").post(BODY, {}).problem


def test_nobody_lets_us_in() -> None:
    """Who drops what comes, as a firewall does, is not taken for somebody who answers nonsense."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the only way to say it
            each.connect_ex(("127.0.0.1", port))
        found = to(f"http://127.0.0.1:{port}/", timeout=1.0).post(BODY, {})
        for each in waiting:
            each.close()
    assert (found.verdict, found.problem) == (
        Verdict.AGAIN,
        "It can't be reached: no connection came about within 1 seconds.",
    )


def test_broken_off_within_tls(authority: Authority) -> None:
    """What is being sent when the time is over is not sent on in the clear: TLS keeps its keys until the end."""
    with receiver(context=authority.server) as peer:
        connection = to(peer, ca_file=authority.file)
        connection.post(BODY, {})
        sock: Any = connection._open.sock  # type: ignore[union-attr]
        connection._deadline = 0.0
        connection.overdue()
        with pytest.raises(OSError):
            sock.sendall(BODY)
        assert sock._sslobj is not None
        connection.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001::1",
        "::10.0.0.1",
        "fec0::1",
        "64:ff9b:1::a00:1",
        "::ffff:0:10.0.0.1",
    ],
)
def test_private_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a name leads to is looked at, in every disguise, and nothing is sent there unless that is allowed."""
    found = [(0, 0, 0, "", ("93.184.215.14", 80)), (0, 0, 0, "", (address, 80))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)
    answered = to("http://harmless.example/", allow_private=False).post(BODY, {})
    assert answered.verdict is Verdict.AGAIN
    assert "in a private network" in answered.problem


def test_what_was_looked_at_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: a second answer of a malicious name server is never asked for."""
    honest = socket.getaddrinfo
    asked = []

    def look_up(host: str, *of: Any, **more: Any) -> list[Any]:
        if host != "harmless.example":
            return honest(host, *of, **more)
        asked.append(host)
        return honest("127.0.0.1", *of, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with receiver() as peer:
        connection = to(f"http://harmless.example:{peer.port}/")
        assert connection.post(BODY, {}).verdict is Verdict.TAKEN
        connection.close()
    assert asked == ["harmless.example"]
    assert f"Host: harmless.example:{peer.port}".encode() in peer.requests[0][0]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The certificate of a receiver at 127.0.0.1, for which nobody vouches but itself."""
    return make_authority(tmp_path)


def test_certificate(authority: Authority) -> None:
    """One that nobody vouches for gets nothing, not even the key; with `ca_file` it is as good as any."""
    with receiver(context=authority.server) as peer:
        found = post(to(peer))
        assert (found.verdict, found.problem) == (
            Verdict.AGAIN,
            "Its certificate is not in order: self-signed certificate.",
        )
        assert peer.requests == []
        assert post(to(peer, ca_file=authority.file)).verdict is Verdict.TAKEN


def test_certificate_of_another(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must be for the name in the URL, whatever address that leads to."""
    honest = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *of, **more: honest("127.0.0.1", *of, **more))
    with receiver(context=authority.server) as peer:
        found = post(to(f"https://harmless.example:{peer.port}/", ca_file=authority.file))
        assert found.verdict is Verdict.AGAIN
        assert "Its certificate is not in order: Hostname mismatch" in found.problem
        assert peer.requests == []
