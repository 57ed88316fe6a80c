"""People bring their keys through the web: a real Mailman asks them by mail, and they answer with the key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conversations import asked, moderator, questions, readable, reply, set_policy, tell, text_of, until_says
from mailmanclient import Client

from mailman_pgp.lists.directory import hashed
from mailman_pgp.openpgp import armor, grouped, inspect
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until
from mailman_pgp_client import EncryptedLists, RefusedError

if TYPE_CHECKING:
    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Sandbox
    from mailman_pgp_client import EncryptedList as Ants


@pytest.fixture
def lists(sandbox: Sandbox) -> EncryptedLists:
    """The client of the Mailman of this run."""
    rest = sandbox.rest
    return EncryptedLists(Client(rest.url, rest.user, rest.password))


def armored(person: Person) -> str:
    """A person's certificate as they upload it."""
    return armor(person.key.certificate, "PGP PUBLIC KEY BLOCK").decode("ascii")


def state(lists: EncryptedLists, person: Person) -> str:
    """How a person stands at their only list, as they see it."""
    (place,) = lists.person(person.address)
    assert place["list_fingerprint"] == inspect(person.list.certificate).fingerprint
    return str(place["state"]["code"])


def test_who_joins(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Subscribe, bring the key, answer the message: a member, who reads posts; each state is seen on the way."""
    set_policy(encrypted_list, "confirm")
    ants, bart, anne = lists.of(encrypted_list.list_id), encrypted_list.member("Bart"), encrypted_list.person("Anne")
    encrypted_list.sandbox.rest("members", {"list_id": encrypted_list.list_id, "subscriber": anne.address})
    assert state(lists, anne) == "no-certificate"
    answer = ants.offer(anne.address, armored(anne), by=anne.address)
    assert (answer["outcome"], [went["goes_on"] for went in answer["requests"]]) == ("asked", [True])
    assert state(lists, anne) == "asked"
    assert encrypted_list.members() == {bart.address}
    question = asked(anne)
    assert grouped(anne.key.fingerprint) in text_of(question)
    tell(anne, reply(anne, question))
    until(lambda: anne.address in encrypted_list.members(), "Anne to be a member")
    assert state(lists, anne) == "counts"
    bart.post("Welcome, Anne")
    until(lambda: any("Welcome, Anne" in found.as_string() for found in readable(anne)), "the post")
    shown = {one["address"]: one for one in ants.members()}
    assert (shown[anne.address]["gets_posts"], shown[anne.address]["certificate"]["state"]) == (True, "proven")
    assert [one["address"] for one in ants.members(find="anne", state="served")] == [anne.address]


def test_in_place_of_another(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Posts go to the old key until a moderator has decided, whoever brings another one; then to the new one."""
    ants, anne, mona = lists.of(encrypted_list.list_id), encrypted_list.member("Anne"), moderator(encrypted_list)
    new = replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))
    answer = ants.offer(anne.address, armored(new))
    assert (answer["outcome"], answer["replaces"]) == ("asked", anne.key.fingerprint)
    assert ants.ask_again(anne.address)["fingerprint"] == new.key.fingerprint
    asked(new, 2)
    tell(new, reply(new, asked(new, 1)))
    until_says(new, "a moderator decides whether the new one counts")
    assert counting(ants, anne) == anne.key.fingerprint
    (place,) = lists.person(anne.address)
    assert (place["state"]["code"], place["change"]["fingerprint"]) == ("counts", new.key.fingerprint)
    assert ants.offer(anne.address, armored(new))["outcome"] == "waits"
    tell(mona, reply(mona, asked(mona), "accept"))
    until(lambda: counting(ants, anne) == new.key.fingerprint, "the new key to count")


def counting(ants: Ants, person: Person) -> str:
    """The fingerprint of what counts for somebody."""
    return str(ants.certificate_of(person.address)["certificate"]["fingerprint"])


def test_taken_back(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """What was taken back does not come to count by a late answer."""
    ants, anne = lists.of(encrypted_list.list_id), encrypted_list.person("Anne")
    ants.offer(anne.address, armored(anne))
    question = asked(anne)
    ants.take_back(anne.address)
    with pytest.raises(RefusedError, match="No key of") as refused:
        ants.ask_again(anne.address)
    assert (refused.value.status, refused.value.code) == (404, "no-offer")
    tell(anne, reply(anne, question))
    encrypted_list.sandbox.wait_until_idle()
    assert not list(ants.certificates())
    assert len(questions(anne)) == 1


def test_in_the_directory(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """A program that knows the address alone finds a certificate by which the list can be written to."""
    local_part, _, domain = encrypted_list.address.partition("@")
    found = inspect(lists.directory(domain, hashed(local_part)))
    assert (found.fingerprint, found.addresses) == (
        inspect(encrypted_list.certificate).fingerprint,
        {encrypted_list.address},
    )
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    anne.send(anne.write("Found you", to=found.data))
    until(lambda: any("Found you" in one.as_string() for one in readable(bart)), "the post")
    with pytest.raises(RefusedError, match="No encrypted list") as refused:
        lists.directory(domain, hashed(f"{local_part}-owner"))
    assert refused.value.code == "no-such-entry"
