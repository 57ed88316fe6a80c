"""The owners' pages on the website of a real Mailman: what is done there is so, for mail, and people are told."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.openpgp import armor
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person
    from visiting import Page, Site, Visitor


def in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def pages(mlist: EncryptedList, name: str) -> str:
    return f"/pgp/lists/{mlist.list_id}/{name}"


def page_of(person: Person) -> str:
    return pages(person.list, f"members/{person.address}")


def armored(person: Person) -> str:
    return armor(person.key.certificate, "PGP PUBLIC KEY BLOCK").decode()


def fingerprint_of(person: Person) -> str:
    return str(person.list.rest(f"certificates/{person.address}")["certificate"]["fingerprint"])


@pytest.fixture
def owner(site: Site, encrypted_list: EncryptedList) -> Visitor:
    return site.officer("owner", encrypted_list)


def decided(owner: Visitor, person: Person, action: str, **form: Any) -> Page:
    return owner.post(page_of(person), action=action, fingerprint=fingerprint_of(person), **form)


def test_members(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """Owners see everybody with what they get, also by each of the states that REST has."""
    anne, bob = encrypted_list.member("Anne"), encrypted_list.member_without_certificate("Bob")
    page = owner.get(pages(encrypted_list, "members"))
    assert page.status == 200
    for expected in (anne.address, bob.address, owner.address, in_fours(fingerprint_of(anne)), "no certificate"):
        assert expected in page.text
    states = [state for state, _ in page.response.context["states"]]
    found = {state: owner.get(pages(encrypted_list, f"members?state={state}&find=net")) for state in states}
    assert {page.status for page in found.values()} == {200}
    assert anne.address in found["served"].text
    assert bob.address not in found["served"].text
    assert bob.address in found["no-certificate"].text


def test_decisions(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """What an owner decides counts, is recorded with their address, and stands on the page; a stale form decides nothing."""
    anne = encrypted_list.member("Anne")
    first = fingerprint_of(anne)
    assert "Nobody has compared" in owner.get(page_of(anne)).text
    assert "It is recorded that you have compared" in decided(owner, anne, "compare").text
    assert "Nobody has compared" not in owner.get(page_of(anne)).text
    assert "The certificate is suspended" in decided(owner, anne, "suspend").text
    assert encrypted_list.rest(f"certificates/{anne.address}")["state"] == "suspended"
    assert "counts again" in decided(owner, anne, "resume").text
    events = encrypted_list.rest(f"certificates/{anne.address}")["events"]
    assert {"compared", "suspended", "resumed"} <= {one["act"] for one in events if one["by"] == owner.address}
    other = encrypted_list.person("Anne")
    looked = decided(owner, anne, "replace", keys=armored(other))
    assert in_fours(first) in looked.text
    assert in_fours(other.key.fingerprint) in looked.text
    assert fingerprint_of(anne) == first
    assert (
        "It counts now." in decided(owner, anne, "replace", keys=looked.response.context["keys"], compared="yes").text
    )
    assert fingerprint_of(anne) == other.key.fingerprint
    stale = owner.post(page_of(anne), action="remove", fingerprint=first)
    assert stale.status == 409
    assert "has another fingerprint, so nothing was changed" in stale.text
    assert "No certificate counts for this address" in decided(owner, anne, "remove").text
    again = owner.post(page_of(anne), action="remove", fingerprint=first)
    assert (again.status, "No certificate is chosen for" in again.text) == (404, True)


def test_adding_a_binary_file(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """A binary file is taken as it is; what Mailman refuses is said in its sentence."""
    anne, bob = encrypted_list.member_without_certificate("Anne"), encrypted_list.person("Bob")
    file: Any = io.BytesIO(anne.key.certificate)
    assert "It counts now." in owner.post(page_of(anne), action="add", file=file).text
    assert encrypted_list.rest(f"certificates/{anne.address}")["usable"]
    file = io.BytesIO(anne.key.certificate)
    refused = owner.post(page_of(bob), action="add", file=file)
    assert refused.status == 400
    assert refused.response.context["refusal"]


def test_keyring(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """A keyring is tried first, which changes nothing, and then counts for those whose addresses it names; or, if all are to, for none."""
    people = [encrypted_list.member_without_certificate(name) for name in ("Anne", "Bob")]
    stranger = encrypted_list.person("Cleo")
    file: Any = io.BytesIO(b"".join(person.key.certificate for person in (*people, stranger)))
    tried = owner.post(pages(encrypted_list, "keyring"), action="try", file=file)
    assert tried.status == 200
    assert tried.response.context["answer"]["numbers"]["taken"] == 2
    assert stranger.address in tried.text
    assert not encrypted_list.rest("certificates").get("entries")
    keys = tried.response.context["keys"]
    nothing = owner.post(pages(encrypted_list, "keyring"), action="bring", keys=keys, all_or_nothing="yes")
    assert (nothing.response.context["done"], nothing.response.context["keys"]) == (False, keys)
    assert not encrypted_list.rest("certificates").get("entries")
    done = owner.post(pages(encrypted_list, "keyring"), action="bring", keys=keys)
    assert done.response.context["answer"]["numbers"]["taken"] == 2
    assert {one["address"] for one in encrypted_list.rest("certificates")["entries"]} == {one.address for one in people}
    again = owner.post(pages(encrypted_list, "keyring"), action="bring", keys=keys)
    assert again.response.context["answer"]["numbers"]["same"] == 2


def test_test_message(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """A test message comes to its member, encrypted and signed, and the page says what became of it; or why none would."""
    anne, bob = encrypted_list.member("Anne"), encrypted_list.member_without_certificate("Bob")
    encrypted_list.wait_until_told()
    before = len(anne.mail(0))
    sent = owner.post(pages(encrypted_list, "posts"), address=anne.address)
    (place, _status), *_ = sent.response.redirect_chain
    anne.open(anne.mail(before + 1)[-1])
    page = until(lambda: (found := owner.get(place)).status == 200 and found, "what became of the test message")
    assert "Everybody has got it." in page.text
    assert place in owner.get(pages(encrypted_list, "posts")).text
    refused = owner.post(pages(encrypted_list, "posts"), address=bob.address)
    assert refused.status == 409
    assert refused.response.context["refusal"]


def test_who_missed_a_post(owner: Visitor, encrypted_list: EncryptedList) -> None:
    """The page of a post names who did not get it, and why; not who did, also when the other one has a key again."""
    anne, bob = encrypted_list.member("Anne"), encrypted_list.member_without_certificate("Bob")
    anne.post()
    (post,) = until(lambda: encrypted_list.rest("posts").get("entries"), "the post to be sent")
    encrypted_list.certify(bob)
    page = owner.get(f"{pages(encrypted_list, 'posts')}/{post['message_id']}")
    assert [(one["address"], one["reason"]) for one in page.response.context["missed"]] == [
        (bob.address, "no-certificate")
    ]
    assert "Ask them for their certificate, and add it." in page.text
    assert anne.address not in page.text


def test_encryption_and_key(site: Site, encrypted_list: EncryptedList) -> None:
    """An owner encrypts a plain list, lets its key live longer, and turns encryption off by its fingerprint."""
    plain = f"plainowner{encrypted_list.number}@lists.example.com"
    list_id = site.sandbox.rest.create_list(plain)
    owner = f"chief{encrypted_list.number}@example.net"
    settled = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes", "send_welcome_message": "no"}
    site.sandbox.rest("members", {"list_id": list_id, "subscriber": owner, "role": "owner", **settled})
    chief = site.visitor(owner)
    assert f"/pgp/lists/{list_id}/encryption" in chief.get(f"/mailman3/lists/{list_id}/").text
    place = f"/pgp/lists/{list_id}/encryption"
    seen = chief.get(place)
    assert seen.status == 200
    for sentence in seen.response.context["plan"]["effects"]:
        assert sentence.replace("`", "") in seen.text.replace("<code>", "").replace("</code>", "")
    assert seen.response.context["plan"]["possible"], seen.response.context["plan"]["obstacles"]
    assert "The list is encrypted from now on." in chief.post(place, action="on").text
    again = chief.post(place, action="on")
    assert (again.status, "already" in again.text) == (409, True)
    key = site.sandbox.rest(f"plugins/pgp/lists/{list_id}")["list_key"]
    assert "The key lives longer." in chief.post(f"/pgp/lists/{list_id}/key", years="5").text
    assert site.sandbox.rest(f"plugins/pgp/lists/{list_id}")["list_key"]["expires"] > key["expires"]
    refused = chief.post(place, action="off", confirm="AB" * 20)
    assert refused.status in {400, 409}
    assert refused.response.context["refusal"]
    off = chief.post(place, action="off", confirm=in_fours(key["fingerprint"]))
    assert "The list is a plain one from now on" in off.text
    assert chief.get(f"/pgp/lists/{list_id}/settings").status == 404
