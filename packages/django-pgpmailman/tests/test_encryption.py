"""The owners' pages on which encryption is turned on or off, and the key of a list lives longer."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from core_answers import FINGERPRINT
from django.core.cache import cache
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

PLAIN = "plain.example.com"
KEY = f"/pgp/lists/{ANTS}/key"


def page_of(list_id: str) -> str:
    return f"/pgp/lists/{list_id}/encryption"


def shown(response: Any) -> str:
    return unescape(response.content.decode())


@pytest.fixture
def owner(people: People, mailman: CoreServer) -> Any:
    """The browser of somebody who owns an encrypted list and a plain one."""
    mailman.mlist("plain@example.com", encrypted=False, owner=["owner@example.com"])
    return people.client(Role.OWNER)


def test_what_it_will_do(owner: Any, mailman: CoreServer) -> None:
    """What comes of it, and who will get nothing, is there before it is done; sentences are text."""
    page = owner.get(page_of(PLAIN))
    assert "Something &lt;comes&gt; of <code>it</code>." in page.content.decode()
    text = shown(page)
    assert "Members who will get nothing until they send a key: 2 of 3." in text
    assert "archive_policy" in text
    assert '<th scope="row">digests_enabled</th><td data-label="Now">yes</td><td data-label="Then"></td>' in text
    assert ">&lt;b&gt;, hyperkitty</td>" in page.content.decode()
    assert 'value="on"' in text
    mailman.obstacles = ["It has an archive."]
    text = shown(owner.get(page_of(PLAIN)))
    assert "It has an archive." in text
    assert 'value="on"' not in text


def test_on(owner: Any, mailman: CoreServer) -> None:
    """It is turned on, and the menu knows it at once."""
    assert f'href="{page_of(PLAIN)}"' in owner.get(page_of(PLAIN)).content.decode()
    done = owner.post(page_of(PLAIN), {"action": "on"}, follow=True)
    assert "The list is encrypted from now on." in shown(done)
    assert PLAIN in mailman.encrypted
    assert ("POST", {"list_id": PLAIN, "by": "owner@example.com"}) in [
        (method, fields) for method, _, fields in mailman.requests
    ]
    assert f'href="/pgp/lists/{PLAIN}/settings"' in done.content.decode()


def test_in_the_way(owner: Any, mailman: CoreServer) -> None:
    """What is in the way when it is done is said, and nothing is done."""
    mailman.obstacles = ["It has an archive."]
    refused = owner.post(page_of(PLAIN), {"action": "on"})
    assert (refused.status_code, "It has an archive." in shown(refused)) == (409, True)
    assert PLAIN not in mailman.encrypted


@pytest.mark.parametrize("typed", ["", "0123", "AB" * 20])
def test_off_by_another_fingerprint(owner: Any, mailman: CoreServer, typed: str) -> None:
    """Another fingerprint than that of the list's key turns nothing off."""
    refused = owner.post(page_of(ANTS), {"action": "off", "confirm": typed})
    assert refused.status_code == 409
    assert "This is not the fingerprint of the list's key." in shown(refused)
    assert ANTS in mailman.encrypted


def test_off(owner: Any, mailman: CoreServer) -> None:
    """It is turned off by the fingerprint, which the page does not have; a second click gets a sentence."""
    assert FINGERPRINT not in shown(owner.get(page_of(ANTS))).replace(" ", "")
    form = {"action": "off", "confirm": FINGERPRINT}
    assert owner.post(page_of(ANTS), form)["Location"] == page_of(ANTS)
    assert ANTS not in mailman.encrypted
    again = owner.post(page_of(ANTS), form)
    assert (again.status_code, "This list is not encrypted." in shown(again)) == (409, True)


def test_an_action_that_there_is_not(owner: Any, mailman: CoreServer) -> None:
    """Nothing is done."""
    assert owner.post(page_of(ANTS), {"confirm": FINGERPRINT}).status_code == 422
    assert ANTS in mailman.encrypted


def test_menu_where_nobody_knows(owner: Any, mailman: CoreServer) -> None:
    """That a list is encrypted, that it is not, and that nobody knows, are three answers; where nobody knows, the menu is as without us."""
    from django_pgpmailman.knowledge import Encryption, NoEncryption, encryption_of  # noqa: PLC0415 - Django must be ready

    assert encryption_of(PLAIN) is NoEncryption.PLAIN
    assert encryption_of(ANTS) == Encryption(ANTS, "ants@example.com", FINGERPRINT, None, revoked=False)
    mailman.plugin = False
    mailman.mlist("other@example.com", encrypted=False)
    assert encryption_of("other.example.com") is NoEncryption.UNKNOWN
    assert owner


def test_key_lives_longer(owner: Any, mailman: CoreServer) -> None:
    """The key's end is shown, and is later afterwards."""
    mailman.expires = "2031-05-04T00:00:00Z"
    assert "May 4, 2031" in shown(owner.get(KEY))
    done = owner.post(KEY, {"years": "5"}, follow=True)
    assert "The key lives longer." in shown(done)
    assert "Jan. 1, 2040" in shown(done)
    sent = [fields for method, _, fields in mailman.requests if method == "POST"]
    assert sent == [{"action": "extend", "years": "5", "by": "owner@example.com"}]


def test_another_key(owner: Any, mailman: CoreServer) -> None:
    """An owner gives the list another key; that of before is shown, with the time until which it opens mail."""
    assert "Keys of before" not in shown(owner.get(KEY))
    assert f'name="follows" value="{FINGERPRINT}"' in owner.get(KEY).content.decode()
    done = owner.post(KEY, {"overlap": "30", "follows": FINGERPRINT}, follow=True)
    assert "The list has a new key." in shown(done)
    assert "opens mail until Feb. 3, 2030" in shown(done)
    assert "CDCD CDCD" in shown(done)
    sent = [fields for method, _, fields in mailman.requests if method == "POST"]
    assert sent == [{"action": "rotate", "overlap": "30", "follows": FINGERPRINT, "by": "owner@example.com"}]
    assert owner.post(KEY, {"overlap": "some"}).status_code == 422


@pytest.mark.parametrize(
    ("profile", "words"),
    [("v6", "Version 6, which is experimental"), ("post-quantum", "only programs that know ML-KEM")],
)
def test_experimental_kinds(owner: Any, mailman: CoreServer, profile: str, words: str) -> None:
    """The page says what the key is, and whom that leaves out; of the usual kind it says nothing."""
    assert "experimental" not in shown(owner.get(KEY))
    mailman.profile = profile
    assert words in shown(owner.get(KEY))


@pytest.mark.parametrize(
    ("profile", "words"), [("v6", "version 6 (RFC 9580)"), ("post-quantum", "ML-KEM-768 with X25519")]
)
def test_what_program_is_needed(owner: Any, mailman: CoreServer, profile: str, words: str) -> None:
    """It is said on the page that says how to write to the list, to everybody who may see that."""
    page = f"/pgp/lists/{ANTS}/writing"
    assert "Your program has to know" not in shown(owner.get(page))
    mailman.profile = profile
    cache.clear()
    assert words in shown(owner.get(page))


def test_both_kinds_in_one_key(owner: Any, mailman: CoreServer) -> None:
    """Of a key of version 6 with ML-KEM it is said what is needed to read, and that more is needed to write."""
    page = f"/pgp/lists/{ANTS}/writing"
    mailman.profile = "v6"
    assert "ML-KEM" not in shown(owner.get(page))
    mailman.post_quantum = True
    text = shown(owner.get(page))
    assert "ML-KEM-768 with X25519" in text
    assert "version 6 to read what the list sends, and both to write to it" in text


def test_revoked_key(owner: Any, mailman: CoreServer) -> None:
    """It is said what that means, and nobody is asked to let it live longer."""
    mailman.revoked = True
    text = shown(owner.get(KEY))
    assert "until you give the list another key" in text
    assert "Let the key live longer" not in text
    assert "until you give the list another key" not in shown(owner.post(KEY, {"overlap": "30"}, follow=True))
    assert "revoked" in shown(owner.get(KEY))


def test_revoked_key_for_others(owner: Any, mailman: CoreServer) -> None:
    """So it is to everybody else, on the page that says how to write to the list."""
    from django_pgpmailman.knowledge import Encryption, encryption_of  # noqa: PLC0415 - Django must be ready

    mailman.revoked = True
    found = encryption_of(ANTS)
    assert isinstance(found, Encryption)
    assert "until the owners give the list another key" in str(found.key_state.next_step)
    assert owner


@pytest.mark.parametrize(
    ("years", "status", "sentence"),
    [("", 422, "as a number"), ("-1", 422, "as a number"), ("²", 422, "as a number"), ("0", 400, "from 1 to 20")],
)
def test_years_that_are_none(owner: Any, mailman: CoreServer, years: str, status: int, sentence: str) -> None:
    """What is no number, or not one that REST takes, is said."""
    mailman.expires = "2031-05-04T00:00:00Z"
    refused = owner.post(KEY, {"years": years})
    assert (refused.status_code, sentence in shown(refused)) == (status, True)
    assert mailman.expires == "2031-05-04T00:00:00Z"
