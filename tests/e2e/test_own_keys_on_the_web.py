"""People bring their keys on the website of a real Mailman: they are asked by mail, and answer with the key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conversations import asked, moderator, reply, set_policy, tell, until_says
from keys import DAY, forge_usable, now

from mailman_pgp.openpgp import armor, grouped, inspect
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person
    from visiting import Page, Site, Visitor


def summary(mlist: EncryptedList) -> str:
    """The stock page of a list."""
    return f"/mailman3/lists/{mlist.list_id}/"


def own_page(person: Person) -> str:
    """The page of a person's key."""
    return f"/pgp/lists/{person.list.list_id}/keys/{person.address}"


def form(page: Page, action: str) -> dict[str, str]:
    """What a browser sends of the form that has a button of this action."""
    (found,) = (part for part in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'value="{action}"' in part)
    return {**dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', found)), "action": action}


def brought(visitor: Visitor, person: Person) -> Page:
    """Somebody uploads their certificate, looks at its fingerprint, and sends it."""
    looked = visitor.post(own_page(person), action="look", certificate=pasted(person.key.certificate))
    assert looked.status == 200
    assert grouped(person.key.fingerprint) in looked.text
    return visitor.post(own_page(person), **form(looked, "send"))


def test_who_joins(site: Site, encrypted_list: EncryptedList) -> None:
    """Subscribe on Postorius, bring the key, answer the mail: the list's page says at each step for what the request waits."""
    set_policy(encrypted_list, "confirm_then_moderate")
    encrypted_list.member("Bart")
    anne = encrypted_list.person("Anne")
    visitor = site.visitor(anne.address)
    assert own_page(anne) in visitor.get(summary(encrypted_list)).text
    visitor.post(f"{summary(encrypted_list)}subscribe", subscriber=anne.address)
    page = visitor.get(summary(encrypted_list))
    assert "Your request waits for your key." in page.text
    assert own_page(anne) in page.text
    sent = brought(visitor, anne)
    assert f"An encrypted message goes to {anne.address}." in sent.text
    assert "Your request waits for your answer to the mail." in visitor.get(summary(encrypted_list)).text
    tell(anne, reply(anne, asked(anne)))
    waits = "Your request waits for a moderator."
    until(lambda: waits in visitor.get(summary(encrypted_list)).text, "the request to wait for a moderator")
    (request,) = encrypted_list.rest("requests")["entries"]
    path = f"lists/{encrypted_list.list_id}/requests/{request['token']}"
    encrypted_list.sandbox.rest(path, {"action": "accept"})
    assert anne.address in encrypted_list.members()
    keys = visitor.get("/pgp/keys").text
    for part in (
        "your key counts",
        grouped(anne.key.fingerprint),
        grouped(inspect(encrypted_list.certificate).fingerprint),
    ):
        assert part in keys


def test_key_before_joining(site: Site, encrypted_list: EncryptedList) -> None:
    """Who brings a key and answers for it before they join is a member as soon as they have subscribed."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    visitor = site.visitor(anne.address)
    assert "not on this list" in visitor.get(own_page(anne)).text
    assert f"An encrypted message goes to {anne.address}." in brought(visitor, anne).text
    tell(anne, reply(anne, asked(anne)))
    until(lambda: encrypted_list.rest("certificates").get("entries"), "the key to count")
    visitor.post(f"{summary(encrypted_list)}subscribe", subscriber=anne.address)
    until(lambda: anne.address in encrypted_list.members(), "Anne to be a member")
    assert "your key counts" in visitor.get(summary(encrypted_list)).text


def test_in_place_of_another(site: Site, encrypted_list: EncryptedList) -> None:
    """Old and new fingerprint side by side; asked again, answered, and then a moderator decides; posts go to the old one until then."""
    anne, mona = encrypted_list.member("Anne"), moderator(encrypted_list)
    new = replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))
    visitor = site.visitor(anne.address)
    looked = visitor.post(own_page(anne), certificate=pasted(new.key.certificate))
    assert grouped(anne.key.fingerprint) in looked.text
    assert grouped(new.key.fingerprint) in looked.text
    assert "then a moderator decides" in visitor.post(own_page(anne), **form(looked, "send")).text
    again = visitor.post(own_page(anne), **form(visitor.get(own_page(anne)), "again"))
    assert "once more" in again.text
    asked(new, 2)
    tell(new, reply(new, asked(new, 1)))
    until_says(new, "a moderator decides whether the new one counts")
    assert "Waits for a moderator" in visitor.get(own_page(anne)).text
    tell(mona, reply(mona, asked(mona), "accept"))
    until(
        lambda: f"<code>{grouped(new.key.fingerprint)}</code>" in visitor.get("/pgp/keys").text, "the new key to count"
    )


def test_taken_back(site: Site, encrypted_list: EncryptedList) -> None:
    """What was taken back is gone, and a late answer does nothing."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    encrypted_list.sandbox.rest("members", {"list_id": encrypted_list.list_id, "subscriber": anne.address})
    visitor = site.visitor(anne.address)
    brought(visitor, anne)
    question = asked(anne)
    taken = visitor.post(own_page(anne), **form(visitor.get(own_page(anne)), "take-back"))
    assert "It is taken back." in taken.text
    assert "Waits for your answer" not in taken.text
    tell(anne, reply(anne, question))
    encrypted_list.sandbox.wait_until_idle()
    assert anne.address not in encrypted_list.members()


@pytest.mark.parametrize("whose", ["another's", "a secret key"])
def test_refused(site: Site, encrypted_list: EncryptedList, whose: str) -> None:
    """A key without the address is refused by Mailman, a secret key before that; what counts is as it was."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    visitor = site.visitor(anne.address)
    if whose == "another's":
        refused = brought(visitor, replace(anne, key=bart.key))
        assert refused.status == 400
        assert anne.address in refused.text
    else:
        secret = armor(anne.key.secret, "PGP PRIVATE KEY BLOCK").decode()
        refused = visitor.post(own_page(anne), certificate=secret)
        assert refused.status == 422
        assert "This is a secret key" in refused.text
    assert grouped(anne.key.fingerprint) in visitor.get("/pgp/keys").text
    assert visitor.get(own_page(bart)).status == 403


@pytest.mark.parametrize("alone", [False, True], ids=["a revoked copy", "a revocation alone"])
def test_newer_copy_and_revocation(site: Site, encrypted_list: EncryptedList, *, alone: bool) -> None:
    """A copy of what counts is known as such, and what is new in it counts at once, without a question; so does a revocation."""
    anne = encrypted_list.person("Anne")
    made = forge_usable(f"<{anne.address}>")
    encrypted_list.join(anne, made.public)
    visitor = site.visitor(anne.address)
    made.user_id(f"Anne <{anne.address}>")
    looked = visitor.post(own_page(anne), certificate=pasted(made.public))
    assert "This is a copy of the key that counts for you." in looked.text
    refreshed = visitor.post(own_page(anne), **form(looked, "send"))
    assert "What is new in this copy counts from now on." in refreshed.text
    made.revoke(at=now() - DAY)
    looked = visitor.post(own_page(anne), certificate=pasted(made.direct[-1] if alone else made.public))
    assert ("This is the revocation of a key." in looked.text) is alone
    revoked = visitor.post(own_page(anne), **form(looked, "send"))
    assert "Your key is revoked, as it says itself, and counts no more." in revoked.text
    assert "your key is revoked" in visitor.get("/pgp/keys").text


def pasted(certificate: bytes) -> str:
    """A certificate, or a revocation, as people paste it."""
    return armor(certificate, "PGP PUBLIC KEY BLOCK").decode()
