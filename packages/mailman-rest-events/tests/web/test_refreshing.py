"""Postorius and HyperKitty show what is true: each time first what stock shows without the event, then what it shows with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from website_core import Address, Member

if TYPE_CHECKING:
    from website import Website

ARCHIVE = "/archives/list/ant@example.com/"


def archive_of(web: Website, fqdn_listname: str = "ant@example.com") -> Any:
    """A list with a private archive in HyperKitty."""
    from hyperkitty.lib.mailman import import_list_from_mailman  # noqa: PLC0415 - Django must be ready
    from hyperkitty.models import MailingList  # noqa: PLC0415

    mlist = web.core.mlist(fqdn_listname)
    import_list_from_mailman(mlist.list_id)
    return MailingList.objects.get(name=fqdn_listname)


def membership(web: Website, event: str, address: str, role: str = "member") -> int:
    return web.send(event, list_id="ant.example.com", member_id=1, role=role, address=address, user_id=1)


@pytest.mark.parametrize("written", ["anne@example.com", "Anne@Example.com"])
def test_left(web: Website, written: str) -> None:
    """Who has left a list can't read its private archive any more; however the address is written."""
    archive_of(web)
    anne = web.person(written)
    web.core.user("anne@example.com")
    web.core.members.append(Member("anne@example.com", "ant.example.com"))
    assert web.page(anne, ARCHIVE).status_code == 200
    web.core.members.clear()
    assert web.page(anne, ARCHIVE).status_code == 200
    assert membership(web, "UnsubscriptionEvent", "anne@example.com") == 204
    assert web.page(anne, ARCHIVE).status_code == 403


def test_joined(web: Website) -> None:
    """Who has joined a list can read its private archive; also by an address that is not the account's first."""
    archive_of(web)
    anne = web.person("anne@example.com", "anne@example.net")
    web.core.user("anne@example.com", "anne@example.net")
    assert web.page(anne, ARCHIVE).status_code == 403
    web.core.members.append(Member("anne@example.net", "ant.example.com"))
    assert web.page(anne, ARCHIVE).status_code == 403
    assert membership(web, "SubscriptionEvent", "ANNE@example.net") == 204
    assert web.page(anne, ARCHIVE).status_code == 200


def test_two_accounts(web: Website) -> None:
    """Two accounts that name one address are both refreshed, at which stock's own receiver fails."""
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready

    keys = [f"User:{web.person(email).pk}:subscriptions" for email in ("anne@example.com", "ANNE@example.com")]
    for key in keys:
        cache.set(key, {"ant.example.com": "anne@example.com"}, version=2)
    assert membership(web, "UnsubscriptionEvent", "anne@example.com") == 204
    assert [cache.get(key, version=2) for key in keys] == [None, None]


def test_account_without_addresses(web: Website) -> None:
    """An account that has only the address of its making, as `createsuperuser` makes it, is refreshed too."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready
    from django.core.cache import cache  # noqa: PLC0415

    key = f"User:{web.person('anne@example.com').pk}:subscriptions"
    EmailAddress.objects.all().delete()
    cache.set(key, {}, version=2)
    assert membership(web, "SubscriptionEvent", "Anne@example.com") == 204
    assert cache.get(key, version=2) is None


@pytest.mark.parametrize(("role", "field"), [("owner", "owners"), ("moderator", "moderators")])
def test_officers(web: Website, role: str, field: str) -> None:
    """Who is owner or moderator no more is none in HyperKitty either; the others stay, and new ones come."""
    archive = archive_of(web)
    anne, bart, cris = (web.person(f"{name}@example.com") for name in ("anne", "bart", "cris"))
    web.core.members += [Member(user.email, "ant.example.com", role) for user in (anne, bart)]
    archive.update_from_mailman()
    assert set(getattr(archive, field).all()) == {anne, bart}
    web.core.members[:] = [Member(user.email.title(), "ant.example.com", role) for user in (bart, cris)]
    archive.update_from_mailman()
    assert anne in getattr(archive, field).all()
    assert membership(web, "UnsubscriptionEvent", "anne@example.com", role) == 204
    assert set(getattr(archive, field).all()) == {bart, cris}


def test_owner_by_another_address(web: Website) -> None:
    """Who is still owner by another address of theirs stays it; so does one whose event comes late."""
    archive = archive_of(web)
    anne = web.person("anne@example.com", "anne@example.net")
    web.core.members.append(Member("anne@example.net", "ant.example.com", "owner"))
    assert membership(web, "UnsubscriptionEvent", "anne@example.com", "owner") == 204
    assert list(archive.owners.all()) == [anne]


def test_owner_by_claim(web: Website) -> None:
    """An account that only names the owner's address as its own becomes no owner."""
    archive = archive_of(web)
    web.person("anne@example.com", verified=False)
    web.core.members.append(Member("anne@example.com", "ant.example.com", "owner"))
    assert membership(web, "SubscriptionEvent", "anne@example.com", "owner") == 204
    assert not archive.owners.exists()


def test_owner_of_a_deleted_list(web: Website) -> None:
    """A list that is gone has no owner; the archive stays."""
    archive = archive_of(web)
    archive.owners.add(web.person("anne@example.com"))
    web.core.lists.clear()
    assert membership(web, "UnsubscriptionEvent", "anne@example.com", "owner") == 204
    assert not archive.owners.exists()


def test_new_list(web: Website) -> None:
    """A new list has its page in the archive at once; stock knows of it an hour later."""
    web.core.mlist("ant@example.com").archive_policy = "public"
    anne = web.person("anne@example.com")
    assert web.page(anne, ARCHIVE).status_code == 404
    assert web.send("ListCreatedEvent", list_id="ant.example.com", fqdn_listname="ant@example.com") == 204
    assert web.page(anne, ARCHIVE).status_code == 200


def test_deleted_list(web: Website) -> None:
    """Whoever keeps something of a list is told that it is gone, as Postorius tells it; HyperKitty keeps the archive."""
    from django_mailman3.signals import mailinglist_deleted  # noqa: PLC0415 - Django must be ready
    from hyperkitty.models import MailingList  # noqa: PLC0415
    from postorius.models import List  # noqa: PLC0415

    archive_of(web)
    told = []
    web.listen(mailinglist_deleted, keep := lambda sender, list_id, **_kwargs: told.append((sender, list_id)))
    # An event of before, that comes again after the list was made anew.
    assert web.send("ListDeletedEvent", list_id="ant.example.com", fqdn_listname="ant@example.com") == 204
    assert told == []
    web.core.lists.clear()
    assert web.send("ListDeletedEvent", list_id="ant.example.com", fqdn_listname="ant@example.com") == 204
    assert told == [(List, "ant.example.com")]
    assert MailingList.objects.filter(name="ant@example.com").exists()
    assert keep


def test_somebody_told_cannot(web: Website) -> None:
    """When one of those who are told of a list raises, the event comes again."""
    from django_mailman3.signals import mailinglist_deleted  # noqa: PLC0415 - Django must be ready

    def cannot(**_kwargs: Any) -> None:
        raise ValueError

    web.listen(mailinglist_deleted, cannot)
    assert web.send("ListDeletedEvent", list_id="ant.example.com", fqdn_listname="ant@example.com") == 500


@pytest.mark.parametrize("event", ["ListSettingsChangedEvent", "ListKeyChangedEvent"])
def test_changed_list(web: Website, event: str) -> None:
    """What is changed of a list is shown; so one that becomes private is closed at once."""
    archive = archive_of(web)
    anne = web.person("anne@example.com")
    web.core.user("anne@example.com")
    archive.archive_policy = 2
    archive.save()
    assert web.page(anne, ARCHIVE).status_code == 200
    assert web.send(event, list_id="ant.example.com") == 204
    assert web.page(anne, ARCHIVE).status_code == 403


def test_domain(web: Website) -> None:
    """A new domain belongs to the website's site, and one that is gone to none."""
    from django_mailman3.models import MailDomain  # noqa: PLC0415 - Django must be ready

    assert not MailDomain.objects.exists()
    web.core.domains.append("example.org")
    assert web.send("DomainCreatedEvent", domain="example.org") == 204
    assert [(found.mail_domain, found.site_id) for found in MailDomain.objects.all()] == [("example.org", 1)]
    assert web.send("DomainCreatedEvent", domain="example.org") == 204
    # An event of before, that comes again after the domain was made anew.
    assert web.send("DomainDeletedEvent", domain="example.org") == 204
    assert MailDomain.objects.exists()
    web.core.domains.clear()
    assert web.send("DomainDeletedEvent", domain="example.org") == 204
    assert not MailDomain.objects.exists()
    assert web.send("DomainCreatedEvent", domain="example.org") == 204
    assert not MailDomain.objects.exists()


def test_domain_of_several_sites(web: Website) -> None:
    """Of several sites a person chooses one, in Postorius, which could not write it down if an event had chosen before."""
    from django.contrib.sites.models import Site  # noqa: PLC0415 - Django must be ready
    from django_mailman3.models import MailDomain  # noqa: PLC0415

    other = Site.objects.create(domain="example.net", name="other")
    web.core.domains.append("example.org")
    assert web.send("DomainCreatedEvent", domain="example.org") == 204
    MailDomain.objects.get_or_create(site=other, mail_domain="example.org")  # what Postorius does
    assert web.send("DomainCreatedEvent", domain="example.org") == 204
    assert MailDomain.objects.get().site == other


def test_verified_address(web: Website) -> None:
    """An address that somebody has proven to Mailman is theirs on the website, without a new login."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    anne = web.person("anne@example.com")
    core_user = web.core.user("anne@example.com", "anne@example.net")
    mine = EmailAddress.objects.filter(user=anne, verified=True).values_list("email", flat=True)
    assert list(mine.all()) == ["anne@example.com"]
    assert web.send("AddressVerificationEvent", address="anne@example.net", verified=True) == 204
    assert set(mine.all()) == {"anne@example.com", "anne@example.net"}
    # And what is not verified any more stays so in Mailman.
    core_user.addresses[1].verified = False
    assert web.send("AddressVerificationEvent", address="anne@example.net", verified=False) == 204
    assert not core_user.addresses[1].verified


@pytest.mark.parametrize("owned", [True, False])
def test_claimed_address(web: Website, owned: bool) -> None:  # noqa: FBT001 - pytest's way
    """Whoever has made an account with another's address can't use it when the other proves the address to Mailman."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    web.person("anne@example.com", verified=False)
    mallory = web.person("mallory@example.com")
    EmailAddress.objects.create(user=mallory, email="Anne@example.com", verified=False)
    web.core.user("mallory@example.com")
    if owned:
        web.core.user("anne@example.com")
    else:
        web.core.addresses["anne@example.com"] = Address("anne@example.com")  # which is no user's
    assert web.send("AddressVerificationEvent", address="anne@example.com", verified=True) == 204
    assert not EmailAddress.objects.filter(email__iexact="anne@example.com", verified=True).exists()


def test_address_of_another_user(web: Website) -> None:
    """What Mailman takes for two users stays two: an account gets nothing of the one that it is not."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    web.person("anne@example.com", "anne@example.net")
    web.core.user("anne@example.com")
    other = web.core.user("anne@example.net", "anne@example.org")
    assert web.send("AddressVerificationEvent", address="anne@example.org", verified=True) == 204
    assert not EmailAddress.objects.filter(email="anne@example.org").exists()
    assert all(address.user is other for address in other.addresses)


EVENTS = [
    ("SubscriptionEvent", {"list_id": "no.example.com", "role": "owner", "address": "nobody@example.com"}),
    ("UnsubscriptionEvent", {"list_id": "no.example.com", "role": "member", "address": "nobody@example.com"}),
    ("ListCreatedEvent", {"list_id": "no.example.com"}),
    ("ListDeletedEvent", {"list_id": "no.example.com"}),
    ("ListSettingsChangedEvent", {"list_id": "no.example.com"}),
    ("DomainDeletedEvent", {"domain": "no.example.com"}),
    ("AddressVerificationEvent", {"address": "nobody@example.com", "verified": True}),
]


@pytest.mark.parametrize(("name", "data"), EVENTS)
def test_unknown(web: Website, name: str, data: dict[str, Any]) -> None:
    """What nobody here knows is no error: not a name, not an event without its data, not data of another kind."""
    assert web.send(name, **data) == 204
    assert web.send(name) == 204
    assert web.send(name, **dict.fromkeys(data, 7)) == 204


@pytest.mark.parametrize("name", ["ListCreatedEvent", "ListSettingsChangedEvent", "AddressVerificationEvent"])
@pytest.mark.parametrize("code", [401, 500, None])
def test_mailman_does_not_answer(web: Website, name: str, code: int | None) -> None:
    """While Mailman's REST does not answer, the event is not done, and comes again; then it is."""
    from mailmanclient import MailmanConnectionError  # noqa: PLC0415 - late, as the others

    web.core.mlist("ant@example.com")
    data = {"list_id": "ant.example.com", "address": "anne@example.com", "verified": True}
    web.core.failure = HTTPError("http://127.0.0.1/", code, "", {}, None) if code else MailmanConnectionError("gone")  # type: ignore[arg-type]
    assert web.send(name, event_id="evt_again", **data) == 500
    web.core.failure = None
    assert web.send(name, event_id="evt_again", **data) == 204


def test_names_in_urls(web: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address leads to no other place of Mailman's REST."""
    asked: list[str] = []
    monkeypatch.setattr(type(web.core), "get_address", lambda _core, name: asked.append(name))
    assert web.send("AddressVerificationEvent", address="../lists?x=#@example.com", verified=True) == 204
    assert asked == ["..%2Flists%3Fx%3D%23@example.com"]
