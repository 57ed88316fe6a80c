"""Where the client asks: only below the place that is meant, whatever a name looks like."""

from __future__ import annotations

from typing import Any

import pytest
from mailmanclient import Client, MailmanConnectionError

from mailman_pgp_client import EncryptedLists, RefusedError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were asked for, of a Mailman that answers everything."""
    found: list[str] = []

    class Answer:
        status_code = 200
        ok = True
        content = b"{}"

        def json(self) -> dict[str, Any]:
            return {}

    def request(**asked: Any) -> Answer:
        found.append(asked["url"])
        return Answer()

    monkeypatch.setattr("mailmanclient.restbase.connection.request", request)
    monkeypatch.setattr("requests.request", request)
    return found


@pytest.fixture
def lists() -> EncryptedLists:
    """The client."""
    return EncryptedLists(Client("http://127.0.0.1:9/3.1", "restadmin", "restpass"))


def test_names_are_quoted(lists: EncryptedLists, asked: list[str]) -> None:
    """Whatever stands in a name stays in its part of the path."""
    lists.of("ants?x=/../y#z").certificate_of("a/b%@example.com")
    assert asked == [
        "http://127.0.0.1:9/3.1/plugins/pgp/lists/ants%3Fx%3D%2F..%2Fy%23z/certificates/a%2Fb%25@example.com"
    ]


def test_limit_of_time(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook of the client's that sets a limit sets it for files, too; without one there is one all the same."""
    limits: list[float] = []

    class Answer:
        ok = True
        content = b""

    def request(*, timeout: float, **_asked: Any) -> Answer:
        limits.append(timeout)
        return Answer()

    assert asked == []
    monkeypatch.setattr("requests.request", request)
    for hooks in ([lambda asked: {**asked, "timeout": 2}], None):
        client = Client("http://127.0.0.1:9/3.1", "restadmin", "restpass", hooks)
        EncryptedLists(client).directory("example.com", "x")
    assert limits == [2, 60]


def test_nobody_answers() -> None:
    """A file of a Mailman that is away is missed as all else is."""
    with pytest.raises(MailmanConnectionError):
        EncryptedLists(Client("http://127.0.0.1:9/3.1", "restadmin", "restpass")).directory("example.com", "x")


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_names_lead_nowhere_else(lists: EncryptedLists, asked: list[str], name: str) -> None:
    """A name that would be a step in the path is that of nothing: neither another list is asked for, nor another thing of it."""
    asks = lists.of(name).show, lambda: lists.of("ants").remove(name), lambda: lists.directory(name, "x")
    for ask in asks:
        with pytest.raises(RefusedError, match="nothing of this name") as refused:
            ask()
        assert refused.value.status == 404
    assert asked == []


def test_decisions(lists: EncryptedLists, asked: list[str]) -> None:
    """A decision about a request is made where it is known by whom, as one about a post; a token stays in its part of the path."""
    ants = lists.of("ants.example.com")
    ants.decide_request("../held/1", "discard", by="mona@example.com")
    ants.decide_held(7, "accept")
    assert asked == [
        "http://127.0.0.1:9/3.1/plugins/pgp/lists/ants.example.com/requests/..%2Fheld%2F1",
        "http://127.0.0.1:9/3.1/plugins/pgp/lists/ants.example.com/held/7",
    ]
    with pytest.raises(RefusedError):
        ants.decide_request("..", "discard")
