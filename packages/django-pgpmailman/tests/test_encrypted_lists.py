"""The page of the site's administrators."""

from __future__ import annotations

import datetime as dt
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from core_server import RefusedError
from visitors import ANTS

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer
    from visitors import People


def shown(people: People, query: str = "", status: int = 200) -> str:
    response = people.client(Role.SITE_ADMIN).get(f"/pgp/{query}")
    assert response.status_code == status
    return unescape(response.content.decode())


def in_days(days: int) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("days", "word"),
    [(None, ">good<"), (300, ">good<"), (59, ">expires soon<")],
)
def test_keys(people: People, mailman: CoreServer, days: int | None, word: str) -> None:
    """Each list has the state of its key as a word, how many get nothing, and how much waits for a moderator."""
    mailman.expires = None if days is None else in_days(days)
    text = shown(people)
    assert text.count(word) == 2
    assert ">ants@example.com</a>" in text
    assert f'href="/pgp/lists/{ANTS}/members?state=unserved"' in text
    assert text.count("state=unserved") == 2
    assert text.count(">42</td>") == 2


def test_keys_that_are_gone(people: People, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that has expired, or is not there, is said to be so, with what to do."""
    whole = type(mailman)._whole
    monkeypatch.setattr(type(mailman), "_whole", lambda self, list_id: {**whole(self, list_id), "list_key": None})
    assert (
        shown(people).count(
            "Nobody can post. The site's operator asks <code>mailman-pgp check</code>, which says what to do."
        )
        == 2
    )
    expired = {"fingerprint": "AB" * 20, "expires": "2020-01-01T00:00:00Z", "expired": True, "revoked": False}
    monkeypatch.setattr(type(mailman), "_whole", lambda self, list_id: {**whole(self, list_id), "list_key": expired})
    text = shown(people)
    assert text.count(">expired<") == 2
    assert f'<a href="/pgp/lists/{ANTS}/key">Nobody can post until you let the key live longer.</a>' in text


def test_no_lists(people: People, mailman: CoreServer) -> None:
    """A site without encrypted lists."""
    mailman.encrypted.clear()
    assert "No list is encrypted." in shown(people)


def test_pages(people: People, mailman: CoreServer) -> None:
    """Of many lists a page at a time is asked for; a number of a page that is none is that of the first."""
    for number in range(100, 160):
        mailman.mlist(f"list{number}@example.com")
    mailman.paths()
    assert "1 of 2" in shown(people)
    assert len(mailman.paths()) == 2
    text = shown(people, "?page=2")
    assert "2 of 2" in text
    assert "list159@example.com" in text
    for nonsense in ("?page=0", "?page=x", "?page=-1", "?page=9999999999999", "?page=\N{SUPERSCRIPT TWO}"):
        assert "1 of 2" in shown(people, nonsense)
    assert shown(people, "?page=99")


def test_events(people: People, mailman: CoreServer) -> None:
    """What is wrong with the events of mailman-rest-events is said, where that is installed."""
    assert "Events need a look" not in shown(people)
    mailman.events = {"": {"well": True, "attention": []}}
    assert "Events need a look" not in shown(people)
    mailman.events = {
        "": {"well": False, "attention": ["Nothing sends events."]},
        "endpoints": {
            "entries": [{"name": "web", "attention": ["It is behind by 7."]}, {"name": "b", "attention": []}]
        },
    }
    mailman.paths()
    text = shown(people)
    assert "Nothing sends events." in text
    assert "web: It is behind by 7." in text
    assert len(mailman.paths()) == 3


def test_events_that_answer_nothing(people: People, mailman: CoreServer) -> None:
    """Where only the events are out of order, the lists are shown."""

    def broken(path: str) -> None:
        if "events" in path:
            raise RefusedError(500, "Something went wrong.")

    mailman.instead = broken
    text = shown(people)
    assert "Something went wrong in Mailman" in text
    assert "ants@example.com" in text


def _raises(error: Exception) -> Any:
    def instead(_path: str) -> None:
        raise error

    return instead


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (RefusedError(500, "Something.", "failed"), 502, "Something went wrong in Mailman"),
        (RefusedError(503, "The site key is away.", "not-healthy"), 503, "Their mail waits and is not lost."),
        (RefusedError(404, "Not Found"), 503, "it lacks the plugin"),
        (RefusedError(401, "Unauthorized"), 503, "does not let this website in"),
        (RefusedError(409, "Of tomorrow <b>.", "of-tomorrow"), 409, "Of tomorrow <b>."),
        (ConnectionResetError(), 503, "Mailman does not answer"),
    ],
)
def test_trouble(people: People, mailman: CoreServer, error: Exception, status: int, sentence: str) -> None:
    """Each trouble has a sentence; to the site's admin it says also what Mailman says."""
    mailman.instead = _raises(error)
    text = shown(people, status=status)
    assert sentence in text
    if status == 503 and "key is away" in str(error):
        assert "The site key is away." in text


def test_trouble_for_others(people: People, mailman: CoreServer) -> None:
    """What Mailman says of its own trouble is for the site's admin only."""
    mailman.instead = _raises(RefusedError(503, "The site key is away.", "not-healthy"))
    response = people.client(Role.EVERYBODY).get("/pgp/lists/ants.example.com/certificate.asc")
    assert response.status_code == 503
    assert "site key" not in response.content.decode()


def test_mailman_is_away(people: People, settings: Any) -> None:
    """Nobody listens."""
    settings.MAILMAN_REST_API_URL = "http://127.0.0.1:9"
    assert "Mailman does not answer" in shown(people, status=503)


def test_mailman_is_late(people: People, mailman: CoreServer, settings: Any) -> None:
    """A Mailman that takes longer than the settings say is one that does not answer."""
    import threading  # noqa: PLC0415 - here only

    released = threading.Event()
    mailman.instead = lambda _path: released.wait(60) and None
    settings.PGPMAILMAN = {"root_urls": "django_pgpmailman.sandbox.urls", "seconds": 0.2}
    try:
        assert "Mailman does not answer" in shown(people, status=503)
    finally:
        released.set()
