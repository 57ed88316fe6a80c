"""HyperKitty with us: its forms for posts are gone where a list is encrypted, or nobody knows; and nothing is sent to such a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_server import RefusedError
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

ADDRESS = "ants@example.com"
ARCHIVE = f"/archives/list/{ADDRESS}/"
NEW = f"{ARCHIVE}message/new"
CANARY = "The kestrel has landed."
WRITTEN = {"subject": "A subject", "message": CANARY, "sender": "member@example.com"}


class Archive:
    """The archive of a list with a thread of two messages; members read it."""

    def __init__(self, people: People, address: str) -> None:
        from django.utils.timezone import now  # noqa: PLC0415 - Django must be ready
        from hyperkitty.models import Email, MailingList, Sender, Thread  # noqa: PLC0415

        self.people = people
        mlist = MailingList.objects.create(name=address, list_id=address.replace("@", "."), archive_policy=1)
        thread = Thread.objects.create(mailinglist=mlist, thread_id="T", date_active=now())
        common = {
            "mailinglist": mlist,
            "sender": Sender.objects.create(address=f"anne+{address}"),
            "subject": "Kestrels",
            "content": "Old words",
            "date": now(),
            "timezone": 0,
            "thread": thread,
        }
        first = Email.objects.create(message_id=f"1+{address}", **common)
        Email.objects.create(message_id=f"2+{address}", parent=first, thread_order=1, thread_depth=1, **common)
        thread.starting_email = first
        thread.save()
        self.base = f"/archives/list/{address}/"
        self.message = f"{self.base}message/{first.message_id_hash}/"

    @property
    def pages(self) -> list[str]:
        """All that show messages, or what leads to a form."""
        return [self.message, f"{self.base}thread/T/", f"{self.base}thread/T/replies"]

    def shown(self) -> list[str]:
        """What a member sees there."""
        client = self.people.client(Role.MEMBER)
        found = [client.get(path) for path in self.pages]
        assert [each.status_code for each in found] == [200] * len(found)
        return [each.content.decode() for each in found]

    def posts(self) -> list[Any]:
        """The answers to posts through the forms, though they are not shown."""
        client = self.people.client(Role.MEMBER)
        return [
            client.post(f"{self.base}message/new", WRITTEN),
            client.post(f"{self.message}reply", WRITTEN | {"newthread": ""}),
            client.post(f"{self.message}reply", WRITTEN | {"newthread": "1"}),
        ]


@pytest.fixture(autouse=True)
def _members(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """HyperKitty knows who is a member, and asks nobody."""

    def subscriptions(user: Any) -> dict[str, str]:
        member = user.email == people.users[Role.MEMBER].email
        return dict.fromkeys((ANTS, "plain.example.com"), user.email) if member else {}

    for module in ("view_helpers", "posting"):
        monkeypatch.setattr(f"hyperkitty.lib.{module}.get_subscriptions", subscriptions)
    monkeypatch.setattr("hyperkitty.models.MailingList.is_owner", lambda *_: False)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The mails that the website has sent."""
    from django.core import mail  # noqa: PLC0415 - Django must be ready

    monkeypatch.setattr("hyperkitty.lib.mailman.subscribe", lambda *_: False)
    mail.outbox = []
    return mail.outbox


@pytest.fixture
def archive(people: People) -> Archive:
    """The archive of the encrypted list."""
    return Archive(people, ADDRESS)


def test_plain_list(people: People, mailman: CoreServer, sent: list[Any]) -> None:
    """A plain list's archive is as without us."""
    mailman.mlist("plain@example.com", encrypted=False, member=["member@example.com"])
    archive = Archive(people, "plain@example.com")
    for shown in archive.shown():
        assert "reply-form" in shown
        assert "encrypted" not in shown
    new = people.client(Role.MEMBER).get("/archives/list/plain@example.com/message/new")
    assert "new-thread-form" in new.content.decode()
    assert [each.status_code for each in archive.posts()] == [302, 200, 200]
    assert [mail.body for mail in sent] == [CANARY] * 3


def test_forms_are_gone(archive: Archive) -> None:
    """In the place of the forms stands how to write: encrypted, from a mail program."""
    for shown in archive.shown():
        assert "reply-form" not in shown
        assert "mailto:" not in shown
        assert f"/pgp/lists/{ANTS}/writing" in shown
        assert "Old words" in shown
    response = archive.people.client(Role.MEMBER).get(NEW, follow=True)
    assert response.redirect_chain == [(f"/pgp/lists/{ANTS}/writing", 302)]
    page = response.content.decode()
    assert "new-thread-form" not in page
    assert "<form" not in page
    assert f'href="mailto:{ADDRESS}"' in page
    assert f"/pgp/lists/{ANTS}/certificate.asc" in page
    assert "0123 4567 89AB CDEF" in page


def test_posts_by_address(archive: Archive, sent: list[Any]) -> None:
    """Who sends the form all the same is told what to do; nothing is sent, and nobody is subscribed."""
    for answer in archive.posts():
        assert answer.status_code == 403
        assert answer["Content-Type"].startswith("text/plain")
        assert "Nothing was sent: this list is encrypted" in answer.content.decode()
        assert f"http://testserver/pgp/lists/{ANTS}/writing" in answer.content.decode()
        assert CANARY not in answer.content.decode()
    assert sent == []


def test_posts_of_others(archive: Archive, sent: list[Any]) -> None:
    """By no role, and by no method but those that read, is anything else answered."""
    for role in Role:
        client = archive.people.client(role)
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert client.generic(method, NEW).status_code == 403
    assert sent == []


TROUBLE = {
    "away": ConnectionResetError(),
    "no plugin": RefusedError(404, "Not Found"),
    "locked out": RefusedError(401, "Unauthorized"),
    "500": RefusedError(500, "Something went wrong.", "failed"),
    "not healthy": RefusedError(503, "It is not healthy.", "not-healthy"),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_not_known(archive: Archive, mailman: CoreServer, sent: list[Any], name: str) -> None:
    """While nobody knows whether the list is encrypted, messages are shown as ever, no form is, and nothing is sent."""
    client = archive.people.client(Role.MEMBER)

    def instead(path: str) -> None:
        if "plugins" in path:
            raise TROUBLE[name]

    mailman.instead = instead
    from django_pgpmailman import knowledge  # noqa: PLC0415 - Django must be ready

    knowledge.forget(ANTS)
    for shown in archive.shown():
        assert "Old words" in shown
        assert "reply-form" not in shown
        assert "no reply is taken here" in shown
    answers = [client.get(NEW), *archive.posts()]
    for answer in answers:
        assert answer.status_code == 503
        assert "is not known at the moment, so nothing is sent" in answer.content.decode()
    assert sent == []


def test_cache_that_is_away(archive: Archive, sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known then, either."""
    from django.core.cache.backends.locmem import LocMemCache  # noqa: PLC0415 - Django must be ready

    def away(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(LocMemCache, name, away)
    assert {each.status_code for each in archive.posts()} == {503}
    assert sent == []


def test_list_that_has_become_encrypted(people: People, mailman: CoreServer, sent: list[Any]) -> None:
    """What was remembered of a plain list is not believed when something is to be sent."""
    mailman.mlist("plain@example.com", encrypted=False, member=["member@example.com"])
    archive = Archive(people, "plain@example.com")
    assert "reply-form" in archive.shown()[0]
    mailman.encrypted["plain.example.com"] = {}
    assert {each.status_code for each in archive.posts()} == {403}
    assert sent == []


def test_asked_once_for_a_page(archive: Archive, mailman: CoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many messages a page has, it is looked up once whether the list is encrypted."""
    from django_pgpmailman import archive_posting, knowledge  # noqa: PLC0415 - Django must be ready

    asked: list[str] = []
    real = knowledge.encryption_of
    monkeypatch.setattr(
        archive_posting.knowledge, "encryption_of", lambda list_id: asked.append(list_id) or real(list_id)
    )  # type: ignore[func-returns-value]
    mailman.paths()
    archive.people.client(Role.MEMBER).get(f"{ARCHIVE}thread/T/?noscript=true")
    assert asked == [ANTS]
    assert sum("plugins" in path for path in mailman.paths()) == 1


def test_unknown_archive(people: People) -> None:
    """Of a list that HyperKitty does not have, it says so itself."""
    client = people.client(Role.MEMBER)
    assert client.post("/archives/list/nobody@example.com/message/new", WRITTEN).status_code == 404


def test_archive_without_forms(archive: Archive, settings: Any) -> None:
    """Where the website takes no posts at all, nothing stands in their place."""
    settings.HYPERKITTY_ALLOW_WEB_POSTING = False
    assert not any("/pgp/" in shown for shown in archive.shown())


def test_private_archive(archive: Archive) -> None:
    """A stranger reads nothing of it."""
    for path in [*archive.pages, ARCHIVE, f"{ARCHIVE}latest", f"{ARCHIVE}feed/", f"{ARCHIVE}export/all.mbox.gz"]:
        for role in (Role.EVERYBODY, Role.LOGGED_IN):
            response = archive.people.client(role).get(path)
            assert response.status_code == 403, path
            assert "Old words" not in response.content.decode()


def test_what_else_leads_to_a_view(people: People) -> None:
    """Each address of the website that leads to a view that is asked about is guarded, and no other is changed."""
    from importlib import import_module  # noqa: PLC0415 - Django must be ready

    from django.urls import URLResolver  # noqa: PLC0415

    from django_pgpmailman.stock_views import GUARDS, guarded, is_guarded  # noqa: PLC0415

    def views(patterns: list[Any]) -> list[Any]:
        found = []
        for each in patterns:
            found += views(each.url_patterns) if isinstance(each, URLResolver) else [each]
        return found

    assert people
    before = views(import_module("django_pgpmailman.sandbox.urls").urlpatterns)
    after = views(import_module("django_pgpmailman.site_urls").urlpatterns)
    asked = [each for each in after if each.lookup_str in GUARDS]
    assert {each.lookup_str for each in asked} == set(GUARDS)
    assert all(is_guarded(each.callback) for each in asked)
    assert {id(each) for each in before if each.lookup_str not in GUARDS} <= set(map(id, after))
    assert [each for each in guarded(guarded(before)) if is_guarded(each.callback)] != []
