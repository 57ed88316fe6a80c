"""Somebody joins an encrypted list by Postorius' own form: what they read at each step, until the end, and what to do next."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conversations import asked, clear, reply, set_policy, tell, until_says, until_says_in_clear, until_waits
from test_own_keys_on_the_web import brought, form, own_page, summary

from mailman_pgp.openpgp import grouped
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person
    from visiting import Page, Site, Visitor

NOT_ON_IT = "not on this list"
TO_JOIN = "To join, choose Subscribe on this page"
FOR_A_KEY = "Your request waits for your key."
FOR_AN_ANSWER = "Your request waits for your answer to the mail."
FOR_A_MODERATOR = "Your request waits for a moderator."


def subscribe(visitor: Visitor, mlist: EncryptedList, name: str = "subscribe", **fields: str) -> Page:
    """Somebody fills out a form of the list's page in Postorius and sends it; where that leads."""
    assert f'action="{summary(mlist)}{name}"' in visitor.get(summary(mlist)).text
    return visitor.post(f"{summary(mlist)}{name}", display_name="", **fields)


def waiting(visitor: Visitor, person: Person, words: str) -> None:
    """Both pages say for what the request waits: the list's, which leads to the person's own, and that one."""
    stock = visitor.get(summary(person.list)).text
    assert words in stock
    assert own_page(person) in stock
    assert words in visitor.get(own_page(person)).text


def decide(mlist: EncryptedList, action: str) -> None:
    """A moderator decides about the only request, by REST."""
    (request,) = mlist.rest("requests")["entries"]
    mlist.sandbox.rest(f"lists/{mlist.list_id}/requests/{request['token']}", {"action": action})


def test_from_subscribe_to_the_end(site: Site, encrypted_list: EncryptedList) -> None:
    """Nobody is told that they are a member before they are; mistakes lose nothing; after a rejection they can ask again."""
    set_policy(encrypted_list, "confirm_then_moderate")
    bart, anne = encrypted_list.member("Bart"), encrypted_list.person("Anne")
    visitor = site.visitor(anne.address)
    before = visitor.get(summary(encrypted_list)).text
    assert NOT_ON_IT in before
    assert TO_JOIN in before

    page = subscribe(visitor, encrypted_list, subscriber=anne.address)
    assert page.response.request["PATH_INFO"] == own_page(anne)
    assert "You are not a member yet" in page.text
    assert FOR_A_KEY in page.text
    assert "Ask me again" not in page.text  # there is nothing yet that could be asked
    assert "You are subscribed" not in visitor.get(summary(encrypted_list)).text
    waiting(visitor, anne, FOR_A_KEY)

    refused = brought(visitor, replace(anne, key=bart.key))  # another's
    assert refused.status == 400
    assert bart.address in refused.text
    waiting(visitor, anne, FOR_A_KEY)

    assert f"An encrypted message goes to {anne.address}." in brought(visitor, anne).text
    waiting(visitor, anne, FOR_AN_ANSWER)
    question = asked(anne)
    tell(anne, reply(anne, question, key=MemberKey.generate(f"Anne <{anne.address}>")))
    until_says_in_clear(anne, "Your answer was not signed by the key")
    waiting(visitor, anne, FOR_AN_ANSWER)
    again = visitor.post(f"{summary(encrypted_list)}subscribe", subscriber=anne.address, display_name="")
    assert "already pending" in again.text
    assert FOR_AN_ANSWER in again.text

    tell(anne, reply(anne, question))
    until_waits(encrypted_list, anne, "waits for a moderator")
    waiting(visitor, anne, FOR_A_MODERATOR)
    decide(encrypted_list, "reject")
    rejected = visitor.get(summary(encrypted_list)).text
    assert NOT_ON_IT in rejected
    assert TO_JOIN in rejected
    until_says(anne, "rejected")

    assert FOR_A_MODERATOR in subscribe(visitor, encrypted_list, subscriber=anne.address).text  # the key counts
    decide(encrypted_list, "accept")
    member = visitor.get(summary(encrypted_list)).text
    assert "your key counts" in member
    assert NOT_ON_IT not in member
    visitor.post(f"{summary(encrypted_list)}unsubscribe/", email=anne.address)
    assert NOT_ON_IT in visitor.get(summary(encrypted_list)).text


def test_whose_question_is_taken_back(site: Site, encrypted_list: EncryptedList) -> None:
    """Who takes their key back has a request that waits for one again, and can bring another."""
    anne = encrypted_list.person("Anne")
    set_policy(encrypted_list, "confirm")
    visitor = site.visitor(anne.address)
    subscribe(visitor, encrypted_list, subscriber=anne.address)
    brought(visitor, anne)
    asked(anne)
    visitor.post(own_page(anne), **form(visitor.get(own_page(anne)), "take-back"))
    until(lambda: FOR_A_KEY in visitor.get(own_page(anne)).text, "the request to wait for a key again")
    other = replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))
    brought(visitor, other)
    tell(other, reply(other, asked(other)))
    until(lambda: anne.address in encrypted_list.members(), "Anne to be a member")
    assert grouped(other.key.fingerprint) in visitor.get("/pgp/keys").text


def test_whose_key_counts_already(site: Site, encrypted_list: EncryptedList) -> None:
    """Who is a member at once is told so by Postorius, on its own page."""
    anne = encrypted_list.person("Anne")
    set_policy(encrypted_list, "confirm")
    encrypted_list.certify(anne)
    page = subscribe(site.visitor(anne.address), encrypted_list, subscriber=anne.address)
    assert page.response.request["PATH_INFO"] == summary(encrypted_list)
    assert f"You are subscribed to {encrypted_list.address}" in page.text
    assert "your key counts" in page.text


BY_OWNERS = {
    "all is settled": {"pre_confirmed": "on", "pre_approved": "on", "pre_verified": "on"},
    "nothing is settled": {},
    "invited": {"invitation": "on"},
}


@pytest.mark.parametrize("settled", BY_OWNERS.values(), ids=BY_OWNERS)
def test_by_an_owner(site: Site, encrypted_list: EncryptedList, settled: dict[str, str]) -> None:
    """Whom an owner enters in Postorius waits for a key, whatever is ticked there, and reads how to send one; nobody lets them in."""
    bart, olga = encrypted_list.person("Bart"), site.officer("owner", encrypted_list)
    olga.post(f"{summary(encrypted_list)}mass_subscribe/", emails=bart.address, send_welcome_message="False", **settled)
    assert until_waits(encrypted_list, bart, "waits for a key")["workflow"] == "pgp-join"
    until_says_in_clear(bart, "Your certificate is needed to join")
    decided = olga.post(f"{summary(encrypted_list)}handle_subscription_request/{token_of(bart)}/", accept="1")
    assert "no certificate" in decided.text
    assert encrypted_list.members() == set()
    tell(bart, clear(bart, subject="key set", attached=bart.key.certificate))
    tell(bart, reply(bart, asked(bart)))
    until_waits(encrypted_list, bart, "waits for a moderator")
    olga.post(f"{summary(encrypted_list)}handle_subscription_request/{token_of(bart)}/", accept="1")
    assert encrypted_list.members() == {bart.address}
    olga.post(f"{summary(encrypted_list)}mass_removal/", emails=bart.address)
    assert encrypted_list.members() == set()


def token_of(person: Person) -> str:
    """The token of a person's only request."""
    (request,) = person.list.rest("requests")["entries"]
    return str(request["token"])


def test_without_an_account(site: Site, encrypted_list: EncryptedList) -> None:
    """Who has no account is led on by mail: how to send a key, by which their request goes on, and the question."""
    set_policy(encrypted_list, "confirm")
    cris, stranger = encrypted_list.person("Cris"), site.visitor()
    page = subscribe(stranger, encrypted_list, "anonymous_subscribe", email=cris.address)
    assert page.response.request["PATH_INFO"] == summary(encrypted_list)
    assert "Please check your inbox for further instructions" in page.text
    for words in ("Your certificate is needed to join", "with the subject `key set`", "waits for 30 days"):
        until_says_in_clear(cris, words)
    tell(cris, clear(cris, subject="key set", attached=cris.key.certificate))
    tell(cris, reply(cris, asked(cris)))
    until(lambda: cris.address in encrypted_list.members(), "Cris to be a member")
    assert not re.search(r"\bCris\b|cris\d", stranger.get(summary(encrypted_list)).text)
