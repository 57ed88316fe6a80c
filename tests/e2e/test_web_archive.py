"""HyperKitty beside an encrypted list: what its forms would send is refused twice, and its archive stays private."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_closed_doors import refused

if TYPE_CHECKING:
    from people import EncryptedList
    from visiting import Site

CANARY = "The kestrel has landed."
WRITTEN = {"subject": CANARY, "message": CANARY}


@pytest.fixture
def archive(site: Site, encrypted_list: EncryptedList) -> str:
    """The path of the list's archive; HyperKitty has known it since everybody could read it."""
    from hyperkitty.models import ArchivePolicy, MailingList  # noqa: PLC0415 - Django must be ready

    assert site
    MailingList.objects.create(
        name=encrypted_list.address, list_id=encrypted_list.list_id, archive_policy=ArchivePolicy.public.value
    )
    return f"/archives/list/{encrypted_list.address}/"


@pytest.fixture
def sent(site: Site) -> list[Any]:
    """The mails that the website has sent."""
    from django.core import mail  # noqa: PLC0415 - Django must be ready

    assert site
    mail.outbox = []
    return mail.outbox


def test_post_by_the_archive(site: Site, encrypted_list: EncryptedList, archive: str, sent: list[Any]) -> None:
    """A member's post through HyperKitty is not sent; and were it sent, as by a website without us, Mailman would refuse it: nobody
    gets it, and its author is told without a word of it.
    """
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    member = site.visitor(anne.address)
    form = WRITTEN | {"sender": anne.address}
    page = member.post(f"{archive}message/new", **form)
    assert page.status == 403
    assert "Nothing was sent: this list is encrypted" in page.text
    assert f"/pgp/lists/{encrypted_list.list_id}/writing" in page.text
    assert sent == []
    assert "encrypted to this certificate" in member.get(f"/pgp/lists/{encrypted_list.list_id}/writing").text

    site.settings.ROOT_URLCONF = "django_pgpmailman.sandbox.urls"
    assert member.browser.post(f"{archive}message/new", form).status_code == 302
    (post,) = sent
    assert CANARY in post.message().as_string()
    anne.send(post.message().as_bytes())
    (answer,) = anne.mail()
    encrypted_list.sandbox.wait_until_idle()
    assert CANARY.encode() not in answer.content
    assert encrypted_list.sandbox.mailbox.count(bart.address) == 0
    assert refused(encrypted_list) == {"not-encrypted": 1}


@pytest.mark.parametrize("policy", ["public", "never"])
def test_archive_stays_private(site: Site, encrypted_list: EncryptedList, archive: str, policy: str) -> None:
    """An owner who opens the archive in Postorius leaves it private, in Mailman and in HyperKitty."""
    owner = site.officer("owner", encrypted_list)
    path = f"/mailman3/lists/{encrypted_list.list_id}/settings/archiving"
    assert "have been updated" in owner.post(path, archive_policy=policy, archive_rendering_mode="text").text
    assert site.sandbox.rest(f"lists/{encrypted_list.list_id}/config/archive_policy")["archive_policy"] == "private"
    for visitor in (site.visitor(), site.visitor("stranger@example.net")):
        assert visitor.get(archive).status == 403
