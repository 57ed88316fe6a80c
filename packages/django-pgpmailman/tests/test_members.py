"""The owners' pages of everybody on a list, and of one person's certificate."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from core_certificates import ANNE, FIRST, SECOND, RefusedError, chosen, key, member
from django.core.files.uploadedfile import SimpleUploadedFile
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

MEMBERS = f"/pgp/lists/{ANTS}/members"
PAGE = f"{MEMBERS}/{ANNE}"
EVIL = '<script>alert("1")</script>'


def shown(response: Any) -> str:
    return unescape(response.content.decode())


def in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def asked(mailman: CoreServer, *methods: str) -> list[tuple[str, str, dict[str, str]]]:
    """What was asked for by these methods, below the list."""
    start = f"/3.1/plugins/pgp/lists/{ANTS}/"
    return [
        (method, path.removeprefix(start), fields) for method, path, fields in mailman.requests if method in methods
    ]


def looked_for(mailman: CoreServer) -> dict[str, str]:
    """By what members were looked for last."""
    return [fields for _, path, fields in asked(mailman, "GET") if path == "members"][-1]


def act(people: People, action: str, **form: Any) -> Any:
    return people.client(Role.OWNER).post(PAGE, {"action": action, "fingerprint": FIRST, **form})


def test_everybody_on_a_list(people: People, mailman: CoreServer) -> None:
    """Each has what they get as a word, why not and what to do, the whole fingerprint, and why it counts; what they wrote is inert."""
    mailman.certificates.members = [
        member(ANNE, display_name=EVIL, roles=["member", "owner"]),
        member("bob@example.com", gets_posts=False, reason="no-certificate", words="no certificate", certificate=None)
        | {"next_step": "Ask them for their certificate, and add it."},
        member("cleo@example.com", gets_posts=False, delivery="off"),
        member("dora@example.com", gets_posts=False, delivery=None, roles=["owner"]),
    ]
    page = people.client(Role.OWNER).get(MEMBERS)
    text = shown(page)
    assert EVIL not in page.content.decode()
    for expected in (
        "gets posts",
        "no certificate",
        "Ask them for their certificate",
        "delivery is off",
        "is no member",
    ):
        assert expected in text
    assert in_fours(FIRST) in text
    assert "Its person has proved that they hold it" in text
    assert f'href="{PAGE}"' in text


def test_filters_and_pages(people: People, mailman: CoreServer) -> None:
    """What is looked for goes on to REST and to the other pages; what REST would refuse is left out."""
    mailman.certificates.members = [member(f"m{number}@example.com") for number in range(51)]
    client = people.client(Role.OWNER)
    page = client.get(MEMBERS, {"find": "a&b", "state": "served", "page": "2"})
    assert looked_for(mailman) == {"page": "2", "count": "50", "find": "a&b", "state": "served"}
    assert 'href="?find=a%26b&amp;state=served&amp;page=1"' in page.content.decode()
    assert "2 of 2" in shown(page)
    for odd in ({"state": "nonsense", "find": "\0", "page": "0"}, {"page": "9" * 30}, {"page": "-1"}, {"page": "²"}):
        client.get(MEMBERS, odd)
        assert looked_for(mailman) == {"page": "1", "count": "50"}


def test_nobody_is_found(people: People) -> None:
    """An empty page says so."""
    assert "Nobody is found." in shown(people.client(Role.OWNER).get(MEMBERS))


def test_cost(people: People, mailman: CoreServer) -> None:
    """However long the list, one call beside those for the list and its owners."""
    mailman.certificates.members = [member(f"m{number}@example.com") for number in range(50)]
    client = people.client(Role.OWNER)
    for page in (MEMBERS, PAGE):
        client.get(page)
        mailman.paths()
        client.get(page)
        found = [path for path in mailman.paths() if not path.endswith(("count", "/certificate"))]
        assert len(found) == 3


def test_a_certificate(people: People, mailman: CoreServer) -> None:
    """All of it, with its history and events; a user ID is text."""
    mailman.certificates.chosen[ANNE]["certificate"]["user_ids"] = [EVIL]
    page = people.client(Role.OWNER).get(PAGE)
    assert EVIL not in page.content.decode()
    text = shown(page)
    for expected in (EVIL, in_fours(FIRST), in_fours(SECOND), "Ed25519", "counts", "proved", "replaced", "never"):
        assert expected in text
    assert "Nobody has compared its fingerprint" in text


def test_what_is_wrong_with_it(people: People, mailman: CoreServer) -> None:
    """One that is suspended, or can't be used, is said to be so, with what to do."""
    client = people.client(Role.OWNER)
    mailman.certificates.chosen[ANNE] = chosen(ANNE, state="suspended")
    text = shown(client.get(PAGE))
    assert "Nothing is encrypted to it." in text
    assert 'value="resume"' in text
    assert 'value="suspend"' not in text
    wrong = {"usable": False, "problem": "expired", "words": "it has expired", "next_step": "Ask for `key`."}
    mailman.certificates.chosen[ANNE] = chosen(ANNE, **wrong, compared="2026-05-04T00:00:00Z")
    text = shown(client.get(PAGE))
    assert "it has expired" in text
    assert "Ask for <code>key</code>." in text
    assert "last on May 4, 2026" in text


def test_file(people: People) -> None:
    """The certificate as a file, by the name of the address."""
    page = people.client(Role.OWNER).get(f"{PAGE}/certificate.asc")
    assert page.content.decode() == key(FIRST)
    assert page["Content-Disposition"] == f'attachment; filename="{ANNE}.asc"'
    assert page["Content-Type"] == "application/pgp-keys"


@pytest.mark.parametrize("action", ["approve", "resume", "compare"])
def test_decisions(people: People, mailman: CoreServer, action: str) -> None:
    """What is decided names who decides and the fingerprint that was seen; what went on because of it is said."""
    mailman.certificates.requests = [{"goes_on": True, "over": False, "failed": False, "sentence": "They join <now>."}]
    response = act(people, action)
    assert response["Location"] == PAGE
    assert asked(mailman, "POST") == [
        ("POST", f"certificates/{ANNE}", {"action": action, "fingerprint": FIRST, "by": "owner@example.com"})
    ]


def test_in_whose_name(people: People, mailman: CoreServer) -> None:
    """Who decides is named by the address by which they own the list, and by no other: it is told to people of the list."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    for role in (Role.OWNER, Role.SITE_ADMIN):
        user = people.users[role]
        EmailAddress.objects.filter(user=user).update(primary=False)
        EmailAddress.objects.create(
            user=user, email=f"a-{role.name.lower()}@private.example", verified=True, primary=True
        )
        people.client(role).post(PAGE, {"action": "suspend"})
    named = [fields["by"] for _, _, fields in asked(mailman, "POST")]
    assert named == ["owner@example.com", "a-site_admin@private.example"]


def test_sentences_after_it(people: People, mailman: CoreServer) -> None:
    """What was done is said, and what came of requests."""
    mailman.certificates.requests = [{"goes_on": True, "over": False, "failed": False, "sentence": "They join <now>."}]
    form = {"action": "approve", "fingerprint": FIRST}
    page = people.client(Role.OWNER).post(PAGE, form, follow=True)
    assert "The certificate is approved." in shown(page)
    assert "They join &lt;now&gt;." in page.content.decode()


def test_suspending_at_once(people: People, mailman: CoreServer) -> None:
    """To suspend needs no fingerprint, so it works also where the certificate was replaced meanwhile."""
    assert act(people, "suspend", fingerprint=SECOND).status_code == 302
    assert asked(mailman, "POST")[0][2] == {"action": "suspend", "by": "owner@example.com"}


@pytest.mark.parametrize("action", ["approve", "resume", "compare", "remove"])
def test_stale_forms(people: People, mailman: CoreServer, action: str) -> None:
    """What was seen is not there any more, or was not said: nothing is decided, and it is said."""
    stale = act(people, action, fingerprint=SECOND)
    assert stale.status_code == 409
    assert "It has another fingerprint, so nothing was changed." in shown(stale)
    assert in_fours(FIRST) in shown(stale)
    blind = act(people, action, fingerprint=" ")
    assert blind.status_code == 422
    assert "Look at the certificate first" in shown(blind)
    assert mailman.certificates.chosen[ANNE]["state"] == "proven"


def test_a_second_click(people: People, mailman: CoreServer) -> None:
    """What is gone is not removed twice: the second gets a sentence."""
    assert act(people, "remove").status_code == 302
    second = act(people, "remove")
    assert second.status_code == 404
    assert "No certificate is chosen for" in shown(second)
    assert [fields["by"] for _, _, fields in asked(mailman, "DELETE")] == ["owner@example.com"] * 2


def test_an_action_that_there_is_not(people: People, mailman: CoreServer) -> None:
    """Nothing is asked for."""
    response = act(people, "obey")
    assert (response.status_code, "Choose what is to be done." in shown(response)) == (422, True)
    assert asked(mailman, "POST", "PUT", "DELETE") == []


def test_adding(people: People, mailman: CoreServer) -> None:
    """Where none is chosen, one is added: pasted, or as a file, in armor or binary."""
    client = people.client(Role.OWNER)
    for upload in (
        {"keys": key(FIRST)},
        {"file": SimpleUploadedFile("anne.asc", key(FIRST).encode())},
    ):
        mailman.certificates.chosen.clear()
        assert "No certificate is chosen for this address." in shown(client.get(PAGE))
        assert client.post(PAGE, {"action": "add", **upload}).status_code == 302
        assert mailman.certificates.chosen[ANNE]["certificate"]["fingerprint"] == FIRST
    binary = SimpleUploadedFile("anne.pgp", b"\x98\x33\x04 binary")
    mailman.requests.clear()
    refused = client.post(PAGE, {"action": "add", "file": binary})
    assert refused.status_code == 400
    assert "There is no certificate in it." in shown(refused)
    ((_, _, fields),) = asked(mailman, "POST")
    assert "\n\nmDMEIGJpbmFyeQ==\n" in fields["certificate"]


def test_another_key_is_looked_at_first(people: People, mailman: CoreServer) -> None:
    """Before a key takes the place of another, both fingerprints stand side by side and nothing is changed."""
    looked = act(people, "replace", keys=key(SECOND))
    assert looked.status_code == 200
    assert in_fours(FIRST) in shown(looked)
    assert in_fours(SECOND) in shown(looked)
    assert "<b>Anne</b>" not in looked.content.decode()
    assert asked(mailman, "PUT") == []
    done = act(people, "replace", keys=key(SECOND), compared="yes")
    assert done.status_code == 302
    ((_, path, fields),) = asked(mailman, "PUT")
    assert path == f"certificates/{ANNE}"
    assert fields["fingerprint"] == FIRST
    assert mailman.certificates.chosen[ANNE]["certificate"]["fingerprint"] == SECOND
    assert act(people, "replace", keys=key(SECOND), compared="yes").status_code == 409


def test_a_newer_copy(people: People, mailman: CoreServer) -> None:
    """The same key needs no look; nor does a revocation, which Mailman records."""
    assert act(people, "replace", keys=key(FIRST)).status_code == 302
    assert len(asked(mailman, "PUT")) == 1

    def only_a_revocation(path: str) -> None:
        if path.endswith("/keyring"):
            raise RefusedError(400, "It is only a revocation.", "only-a-revocation")

    mailman.instead = only_a_revocation
    assert act(people, "replace", keys=key(SECOND)).status_code == 302
    assert len(asked(mailman, "PUT")) == 2


def test_two_keys_at_once(people: People, mailman: CoreServer) -> None:
    """Of two keys nobody knows which is meant."""
    response = act(people, "replace", keys=key(SECOND) + key(FIRST))
    assert (response.status_code, "Send one key here" in shown(response)) == (422, True)
    assert asked(mailman, "PUT") == []


@pytest.mark.parametrize(
    "secret",
    [b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxyzzy\n", b"\x95\x01\xd8xyzzy", b"\xc5\x58xyzzy", b"\x9c\x58xyzzy"],
)
def test_secret_keys(people: People, mailman: CoreServer, secret: bytes) -> None:
    """A secret key is refused here, and neither sent on nor shown."""
    mailman.certificates.chosen.clear()
    client = people.client(Role.OWNER)
    for form in ({"file": SimpleUploadedFile("key", secret)}, {"keys": secret.decode("latin-1")}):
        if "keys" in form and b"BEGIN" not in secret:
            continue
        response = client.post(PAGE, {"action": "add", **form})
        assert (response.status_code, "This is a secret key." in shown(response)) == (422, True)
        assert "xyzzy" not in shown(response)
    assert asked(mailman, "POST") == []


def test_nothing_and_too_much(people: People, mailman: CoreServer, settings: Any) -> None:
    """What is too long, or nothing, gets a sentence; and a long file is on no disk."""
    settings.FILE_UPLOAD_TEMP_DIR = "/nonexistent"
    assert "Choose a file" in shown(act(people, "replace"))
    long = SimpleUploadedFile("keys", b"x" * (2 * 2**20 + 1))
    response = act(people, "replace", file=long)
    assert (response.status_code, "longer than 2 MiB" in shown(response)) == (422, True)
    for fields in ({"file": SimpleUploadedFile("keys", b"x" * 6 * 2**20)}, {"keys": "x" * (2 * 2**20 + 2**19)}):
        refused = act(people, "replace", **fields)
        assert (refused.status_code, "This is longer than what can be sent at once." in shown(refused)) == (413, True)
    assert asked(mailman, "PUT") == []


def test_addresses_with_odd_signs(people: People, mailman: CoreServer) -> None:
    """An address with a slash, a plus or a question mark has its page; what is none has no page."""
    client = people.client(Role.OWNER)
    for address, quoted in (("a/b@example.com", "a/b@example.com"), ("a+b?c@example.com", "a+b%3Fc@example.com")):
        mailman.certificates.members = [member(address)]
        mailman.certificates.chosen[address] = chosen(address)
        assert f'href="{MEMBERS}/{quoted}"' in client.get(MEMBERS).content.decode()
        assert client.get(f"{MEMBERS}/{quoted}").status_code == 200
        assert client.get(f"{MEMBERS}/{quoted}/certificate.asc").status_code == 200
    for none in ("anne", "a@b@c", "a%00@example.com", "..", "@example.com"):
        assert client.get(f"{MEMBERS}/{none}").status_code == 404
