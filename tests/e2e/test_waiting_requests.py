"""Requests that began in the web or by REST wait visibly: for a key, for a proof, for a moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conversations import (
    asked,
    clear,
    confirmed,
    encrypted,
    members,
    moderator,
    questions,
    reply,
    set_policy,
    tell,
    text_of,
    until_says,
    until_says_in_clear,
    until_waits,
    waiting,
)

from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person

#: What a person sends who was told that their certificate is needed.
ANSWERS: dict[str, Callable[[Person], bytes]] = {
    "key set": lambda anne: clear(anne, subject="key set", attached=anne.key.certificate),
    "join": lambda anne: encrypted(anne, "join", attached=anne.key.certificate),
    "nothing but the key": lambda anne: clear(anne, "Here it is.", attached=anne.key.certificate),
}


def ask_by_rest(person: Person, **more: str) -> None:
    """Ask that somebody joins, as the web does where nothing is promised."""
    form = {"list_id": person.list.list_id, "subscriber": person.address, "display_name": person.name, **more}
    person.list.sandbox.rest("members", form)


def decide(person: Person, action: str) -> None:
    """Decide about a person's request by REST."""
    token = waiting(person.list, person)["token"]
    person.list.sandbox.rest(f"lists/{person.list.list_id}/requests/{token}", {"action": action})


@pytest.mark.parametrize("how", ANSWERS)
def test_from_the_web(encrypted_list: EncryptedList, how: str) -> None:
    """The person is mailed, sends a key, proves it by one answer, and waits for a moderator, who accepts; each step shows."""
    anne = encrypted_list.person("Anne")
    ask_by_rest(anne)
    until_says_in_clear(anne, "with the subject `key set`, as an attachment")
    assert waiting(encrypted_list, anne)["reason"] == "waits for a key"
    tell(anne, ANSWERS[how](anne))
    question = asked(anne)
    until_waits(encrypted_list, anne, "waits for proof")
    with pytest.raises(RestError, match="409"):
        decide(anne, "accept")
    tell(anne, reply(anne, question))
    until_says(anne, "Your request goes on, and you are told.")
    assert until_waits(encrypted_list, anne, "waits for a moderator")["fingerprint"] == anne.key.fingerprint
    assert len(questions(anne)) == 1
    decide(anne, "accept")
    assert members(encrypted_list) == {anne.address}


def test_without_a_moderator(encrypted_list: EncryptedList) -> None:
    """Where the policy asks for no moderator, the answer makes a member, and says so."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    ask_by_rest(anne)
    confirmed(anne, ANSWERS["key set"](anne))
    until_says(anne, "Your request is done: you are a member.")
    assert members(encrypted_list) == {anne.address}


def test_whose_key_counts_already(encrypted_list: EncryptedList) -> None:
    """They are asked for the proof at once, by an encrypted question that names the list."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    encrypted_list.certify(anne)
    ask_by_rest(anne)
    question = asked(anne)
    assert question["subject"] == f"Please confirm: join Ants{encrypted_list.number}"
    until_waits(encrypted_list, anne, "waits for proof")
    tell(anne, reply(anne, question))
    until_says(anne, "you are a member.")


def test_no_ends_the_request(encrypted_list: EncryptedList) -> None:
    """Who answers no is not joined, the question is forgotten, and nothing waits any more."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    encrypted_list.certify(anne)
    ask_by_rest(anne)
    question = asked(anne)
    tell(anne, reply(anne, question, "no"))
    until_says(anne, "says no. What was asked is forgotten")
    assert waiting(encrypted_list, anne) == {}
    tell(anne, reply(anne, question, "yes"))
    until_says(anne, "was used already, is too old")
    assert members(encrypted_list) == set()


def test_invitation(encrypted_list: EncryptedList) -> None:
    """Whoever is invited proves a key as everybody does, and then a moderator looks at it: an invitation approves no key."""
    moderator(encrypted_list)
    anne = encrypted_list.person("Anne")
    ask_by_rest(anne, invitation="yes")
    until_says_in_clear(anne, "with the subject `key set`, as an attachment")
    confirmed(anne, ANSWERS["join"](anne))
    until_waits(encrypted_list, anne, "waits for a moderator")


def test_invitation_with_a_known_key(encrypted_list: EncryptedList) -> None:
    """Where an owner has added the key beforehand, the person's answer is enough."""
    anne = encrypted_list.person("Anne")
    encrypted_list.certify(anne)
    ask_by_rest(anne, invitation="yes")
    tell(anne, reply(anne, asked(anne)))
    until_says(anne, "you are a member.")
    assert members(encrypted_list) == {anne.address}


def test_the_moderator_accepts_by_mail(encrypted_list: EncryptedList) -> None:
    """The notice to the moderator comes when the key is proved, not before; their signed reply makes a member."""
    mona, anne = moderator(encrypted_list), encrypted_list.person("Anne")
    ask_by_rest(anne)
    until_says_in_clear(anne, "with the subject `key set`, as an attachment")
    tell(anne, ANSWERS["key set"](anne))
    question = asked(anne)
    until_waits(encrypted_list, anne, "waits for proof")
    assert questions(mona) == []
    tell(anne, reply(anne, question))
    notice = asked(mona)
    assert "hold its key and read mail at that address" in " ".join(text_of(notice).split())
    tell(mona, reply(mona, notice, "Accept."))
    until_says(mona, "The request is accepted.")
    assert members(encrypted_list) == {anne.address}


def test_a_key_before_a_subscription(encrypted_list: EncryptedList) -> None:
    """`key set` works for who is no member; later a signed `join` needs no key."""
    anne = encrypted_list.person("Anne")
    confirmed(anne, ANSWERS["key set"](anne))
    until_says(anne, "From now on this key counts")
    confirmed(anne, encrypted(anne, subject="join", text=""))
    until_says(anne, "A moderator decides about your request to join")
    until_waits(encrypted_list, anne, "waits for a moderator")
    until(lambda: members(encrypted_list) == set(), "nobody is a member")
