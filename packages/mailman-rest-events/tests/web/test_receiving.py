"""What the website takes for an event, what it does with it, and how often."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from website import ADDRESS, SECRET, body, signed

if TYPE_CHECKING:
    from website import Website

KEY = secrets.token_urlsafe(32)
CONTENT = body("evt_1", "ListCreatedEvent", {"list_id": "no.example.com"})


class Worker:
    """Does the work of an event, if it can."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failure: BaseException | None = None

    def take(self, event: Any, **_kwargs: Any) -> None:
        """The receiver."""
        if self.failure is not None:
            raise self.failure
        self.done.append(event.id)


@pytest.fixture
def worker(web: Website) -> Worker:
    """One that listens to all events."""
    from mailman_rest_events.django.events import received  # noqa: PLC0415 - Django must be ready

    found = Worker()
    web.listen(received, found.take)
    return found


def token(key: str = KEY, kind: str = "Token", event_id: str = "evt_1") -> dict[str, str]:
    return {"Authorization": f"{kind} {key}", "webhook-id": event_id, "webhook-timestamp": "1"}


@pytest.fixture
def keyed(web: Website, settings: Any) -> Website:
    """A website that also knows an API key."""
    settings.MAILMAN_EVENTS = {"secrets": [SECRET], "api_keys": ["another-one-" * 3, KEY]}
    return web


def test_signals(web: Website, worker: Worker) -> None:
    """All events come by one signal, and each kind by one of its own."""
    from mailman_rest_events.django.events import signal_for  # noqa: PLC0415 - Django must be ready

    created = Worker()
    web.listen(signal_for("DomainCreatedEvent"), created.take)
    for name in ("DomainCreatedEvent", "PasswordChangeEvent", "DomainCreatedEvent"):
        assert web.send(name, domain="example.org") == 204
    assert worker.done == ["evt_1", "evt_2", "evt_3"]
    assert created.done == ["evt_1", "evt_3"]


def test_names_from_outside(web: Website) -> None:
    """Events of kinds that nobody asked for leave nothing behind in memory."""
    from mailman_rest_events.django import events  # noqa: PLC0415 - Django must be ready

    before = set(events._by_name)
    assert web.send("NobodyAskedForThisEvent") == 204
    assert set(events._by_name) == before


def test_once(web: Website, worker: Worker) -> None:
    """A copy is answered as the first was, and done no more."""
    assert [web.post(CONTENT, signed("evt_1", CONTENT)).status_code for _ in range(3)] == [204] * 3
    assert worker.done == ["evt_1"]


def test_sent_again_by_an_operator(web: Website, worker: Worker) -> None:
    """An event that was done is done once more where an operator has it sent again: it has the same ID, and a new number."""
    again = body("evt_1", "ListCreatedEvent", {"list_id": "no.example.com"}, sequence=7)
    for content in (CONTENT, again, CONTENT, again):
        assert web.post(content, signed("evt_1", content)).status_code == 204
    assert worker.done == ["evt_1", "evt_1"]


def test_longest_name(web: Website, worker: Worker) -> None:
    """What names a delivery fits into its column, however long the ID and the number are."""
    from mailman_rest_events.django.models import Done  # noqa: PLC0415 - Django must be ready

    name = "e" * 200
    content = body(name, "PasswordChangeEvent", sequence=2**63 - 1)
    assert web.post(content, signed(name, content)).status_code == 204
    ((row,), column) = Done.objects.all(), Done._meta.get_field("delivery")
    assert (worker.done, len(row.delivery)) == ([name], column.max_length)


def test_somebody_cannot(web: Website, worker: Worker) -> None:
    """When one receiver raises, the others still have the event, and it is not taken: so it comes again, until all have it."""
    from mailman_rest_events.django.events import received, signal_for  # noqa: PLC0415 - Django must be ready

    other, named = Worker(), Worker()
    web.listen(received, other.take)
    web.listen(signal_for("PasswordChangeEvent"), named.take)
    worker.failure = ValueError("not now")
    assert web.send("PasswordChangeEvent", event_id="evt_1") == 500
    assert (other.done, named.done) == (["evt_1"], ["evt_1"])
    worker.failure = None
    assert web.send("PasswordChangeEvent", event_id="evt_1") == 204
    assert web.send("PasswordChangeEvent", event_id="evt_1") == 204
    assert worker.done == ["evt_1"]


def test_died_in_the_middle(web: Website, worker: Worker) -> None:
    """A process that dies in the middle of the work has not done it: the work is done when the event comes again."""
    from mailman_rest_events.django.models import Done  # noqa: PLC0415 - Django must be ready

    worker.failure = SystemExit()
    with pytest.raises(SystemExit):
        web.send("PasswordChangeEvent", event_id="evt_1")
    assert not Done.has("evt_1/1")
    worker.failure = None
    assert web.send("PasswordChangeEvent", event_id="evt_1") == 204
    assert worker.done == ["evt_1"]


def test_two_at_once(web: Website) -> None:
    """When two processes have done the work of one event at the same time, it is written down once."""
    from mailman_rest_events.django.events import received  # noqa: PLC0415 - Django must be ready
    from mailman_rest_events.django.models import Done  # noqa: PLC0415

    def other_process(event: Any, **_kwargs: Any) -> None:
        Done.add(event.delivery)

    web.listen(received, other_process)
    assert web.send("PasswordChangeEvent", event_id="evt_1") == 204
    assert Done.objects.filter(delivery="evt_1/1").count() == 1


def test_receivers_break_nothing_of_others(web: Website, worker: Worker) -> None:
    """A website whose pages are transactions undoes nothing of those who could take an event that somebody could not."""
    from django_mailman3.models import MailDomain  # noqa: PLC0415 - Django must be ready

    from mailman_rest_events.django.views import receive  # noqa: PLC0415

    assert receive._non_atomic_requests == {"default"}
    worker.failure = ValueError()
    web.core.domains.append("example.org")
    assert web.send("DomainCreatedEvent", domain="example.org") == 500
    assert MailDomain.objects.filter(mail_domain="example.org").exists()


def test_old_ones_are_forgotten(web: Website) -> None:
    """Rows are removed a month later, some at a time."""
    from django.utils import timezone  # noqa: PLC0415 - Django must be ready

    from mailman_rest_events.django.models import Done  # noqa: PLC0415

    assert web
    now = timezone.now()
    Done.objects.create(delivery="old", at=now - timedelta(days=31))
    Done.objects.create(delivery="young", at=now - timedelta(days=29))
    for number in range(100):
        Done.add(f"evt_{number}")
    assert not Done.has("old")
    assert Done.has("young")
    assert Done.has("evt_0")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Token {SECRET}"},
        signed("evt_1", CONTENT + b" "),
        signed("evt_1", CONTENT, raw=b"x" * 32),
        signed("evt_1", CONTENT, at=time.time() - 3600),
        signed("evt_2", CONTENT),
        {**signed("evt_1", CONTENT), "webhook-signature": "v1,ä"},
    ],
    ids=range(7),
)
def test_not_believed(web: Website, worker: Worker, headers: dict[str, str]) -> None:
    """What is not signed with the secret, just now, changes nothing; the answer says why."""
    answer = web.post(CONTENT, headers)
    assert answer.status_code == 401
    assert answer.content.startswith(b"The request ")
    assert worker.done == []


def test_key(keyed: Website, worker: Worker) -> None:
    """Where API keys are allowed, one of them is enough."""
    assert keyed.post(CONTENT, token()).status_code == 204
    assert worker.done == ["evt_1"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        token(KEY[:-1]),
        token(KEY + "x"),
        token(""),
        token("ä"),
        token(kind="Bearer"),
        token(kind="token"),
        token(event_id="evt_2"),
        {"Authorization": f"Token {KEY}"},
        {**signed("evt_1", CONTENT, raw=b"x" * 32), "Authorization": f"Token {KEY}"},
    ],
    ids=range(10),
)
def test_wrong_key(keyed: Website, worker: Worker, headers: dict[str, str]) -> None:
    """Another key is none; and a signature that is wrong is wrong, whatever key comes with it."""
    assert keyed.post(CONTENT, headers).status_code == 401
    assert worker.done == []


def test_keys_only_where_they_are_allowed(web: Website, worker: Worker, settings: Any) -> None:
    """Without `api_keys` none counts; without `secrets` a signature is not looked at, and the key is."""
    assert web.post(CONTENT, token()).status_code == 401
    settings.MAILMAN_EVENTS = {"api_keys": [KEY]}
    assert web.post(CONTENT, signed("evt_1", CONTENT)).status_code == 401
    assert worker.done == []
    assert web.post(CONTENT, {**signed("evt_1", CONTENT), **token()}).status_code == 204


@pytest.mark.parametrize("value", [None, {}, {"secrets": []}, {"secrets": SECRET}, {"secrets": ["whsec_c2hvcnQ="]}])
def test_no_secret(web: Website, worker: Worker, settings: Any, value: Any) -> None:
    """Without a secret nothing is believed; Mailman waits with all events until there is one, since the fault is none of theirs."""
    settings.MAILMAN_EVENTS = value
    assert web.post(CONTENT, signed("evt_1", CONTENT)).status_code == 503
    assert worker.done == []


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_methods(web: Website, method: str) -> None:
    """Only POST."""
    assert getattr(web.client, method)(ADDRESS).status_code == 405


@pytest.mark.parametrize("length", [256 * 1024 + 1, 10**9, 10**30, "-1", "many"])
def test_too_long(web: Website, worker: Worker, length: object) -> None:
    """What no event is as long as is refused unread."""

    class Unread:
        def read(self, *_args: Any) -> bytes:
            raise AssertionError

        readline = read

    answer = web.client.generic(
        "POST", ADDRESS, b"", headers=signed("evt_1", CONTENT), CONTENT_LENGTH=str(length), **{"wsgi.input": Unread()}
    )
    assert answer.status_code == 413
    assert worker.done == []


def test_says_nothing_of_secrets(web: Website, caplog: pytest.LogCaptureFixture) -> None:
    """Neither log nor answer has anything of the secret, nor of what came."""
    content = body("evt_1", "canary", {"canary": "canary"})
    answer = web.post(content, {**signed("evt_1", content, raw=b"x" * 32), "Authorization": "Token canary"})
    assert "not signed with the secret" in caplog.text
    for text in (answer.content.decode(), caplog.text):
        assert "canary" not in text
        assert SECRET not in text
