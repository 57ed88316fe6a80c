"""People join an encrypted list by mail: a key, one encrypted question, one signed answer; then a moderator, who sees the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conversations import (
    armored,
    asked,
    clear,
    confirmed,
    encrypted,
    members,
    moderator,
    readable,
    reply,
    set_policy,
    tell,
    text_of,
    until_says,
    until_says_in_clear,
    until_waits,
    waiting,
)

from mailman_pgp.openpgp import dearmor, grouped, inspect
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person

WAYS: dict[str, tuple[str, Callable[[Person], bytes]]] = {
    "attached": ("request", lambda anne: clear(anne, "join", attached=anne.key.certificate)),
    "subject": ("request", lambda anne: clear(anne, subject="join", attached=anne.key.certificate)),
    "in the text": ("request", lambda anne: clear(anne, f"join\n\n{armored(anne.key.certificate)}")),
    "autocrypt": ("request", lambda anne: clear(anne, subject="Subscribe", autocrypt=anne.key.certificate)),
    "-join": ("join", lambda anne: clear(anne, "Hello!", to="join", attached=anne.key.certificate)),
    "encrypted": ("request", lambda anne: encrypted(anne, "join", attached=anne.key.certificate)),
    "encrypted, subject": ("request", lambda anne: encrypted(anne, "", subject="join", attached=anne.key.certificate)),
    "encrypted, unsigned": ("request", lambda anne: encrypted(anne, "join", attached=anne.key.certificate, sign=False)),
    "encrypted to -join": ("join", lambda anne: encrypted(anne, "", to="join", attached=anne.key.certificate)),
}


@pytest.mark.parametrize("way", WAYS)
def test_join_with_a_key(encrypted_list: EncryptedList, way: str) -> None:
    """However the key and the word come, one encrypted question and one signed answer make a member, who reads posts."""
    set_policy(encrypted_list, "confirm")
    anne, bart = encrypted_list.person("Anne"), encrypted_list.member("Bart")
    to, write = WAYS[way]
    tell(anne, write(anne), to)
    question = asked(anne)
    assert members(encrypted_list) == {bart.address}
    tell(anne, reply(anne, question))
    until_says(anne, "You are a member now.")
    assert members(encrypted_list) == {anne.address, bart.address}
    bart.post("Welcome, Anne", subject="Hello")
    until_says_post(anne, "Welcome, Anne")


def until_says_post(person: Person, text: str) -> None:
    """Wait until a post has come to somebody."""
    until(lambda: any(text in said.as_string() for said in readable(person)), f"a post for {person.address}")


def test_the_question(encrypted_list: EncryptedList) -> None:
    """It comes from the address that is answered, says what will be done by which key, and has the list's certificate."""
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, "join", attached=anne.key.certificate))
    question = asked(anne)
    assert question["from"] == question["reply-to"] or question["reply-to"] is None
    assert question["from"] == encrypted_list.sub_address("request")
    assert question["subject"] == "Please confirm: join"
    text = " ".join(text_of(question).split())
    assert encrypted_list.address in text
    assert grouped(anne.key.fingerprint) in text
    assert [part.get_content_type() for part in question.iter_parts()] == ["text/plain", "application/pgp-keys"]


def test_join_without_a_key(encrypted_list: EncryptedList) -> None:
    """The answer says how to send one; doing so is enough."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, "join"))
    until_says_in_clear(anne, "Attach my public key")
    assert members(encrypted_list) == set()
    confirmed(anne, clear(anne, subject="join", attached=anne.key.certificate))
    until_says(anne, "You are a member now.")


def test_join_with_the_key_that_counts(encrypted_list: EncryptedList) -> None:
    """Whose key counts already joins by a signed mail without it; an unsigned one is answered as a stranger's."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    confirmed(anne, clear(anne, subject="key set", attached=anne.key.certificate))
    until_says(anne, "From now on this key counts")
    tell(anne, clear(anne, "join"))
    until(lambda: encrypted_list.sandbox.mailbox.count(anne.address) >= 3, "the answer to the unsigned one")
    assert members(encrypted_list) == set()
    tell(anne, encrypted(anne, "join"))
    tell(anne, reply(anne, asked(anne, 2)))
    until_says(anne, "You are a member now.")


def test_join_again_after_leaving(encrypted_list: EncryptedList) -> None:
    """Who has left joins again, with another key too."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.person("Anne")
    confirmed(anne, clear(anne, "join", attached=anne.key.certificate))
    until_says(anne, "You are a member now.")
    confirmed(anne, encrypted(anne, "leave"))
    until_says(anne, "You are a member no more.")
    other = encrypted_list.person("Anne")
    assert other.key.fingerprint != anne.key.fingerprint
    confirmed(other, clear(other, "join", attached=other.key.certificate))
    until_says(other, "You are a member now.")
    assert members(encrypted_list) == {anne.address}


def test_join_as_a_member(encrypted_list: EncryptedList) -> None:
    """A member who joins is told that they are one."""
    anne = encrypted_list.member("Anne")
    confirmed(anne, encrypted(anne, "join"))
    until_says(anne, "You are a member already.")


@pytest.mark.parametrize(
    ("word", "told", "joins"),
    [
        ("accept", "The request is accepted.", True),
        ("reject", "is rejected", False),
        ("discard", "is discarded", False),
    ],
)
def test_a_moderator_decides(encrypted_list: EncryptedList, word: str, told: str, *, joins: bool) -> None:
    """By default a moderator decides by a signed reply to an encrypted notice that has all about the key; the person is told."""
    mona, anne = moderator(encrypted_list), encrypted_list.person("Anne")
    confirmed(anne, clear(anne, "join", attached=anne.key.certificate))
    until_says(anne, "A moderator decides about your request to join")
    request = until_waits(encrypted_list, anne, "waits for a moderator")
    assert request["fingerprint"] == anne.key.fingerprint
    notice = asked(mona)
    assert notice["subject"] == f"{anne.address} asks to join {encrypted_list.address.partition('@')[0].title()}"
    text = text_of(notice)
    for part in (
        grouped(anne.key.fingerprint),
        f"Anne <{anne.address}>",
        "Ed25519",
        "Age in days  0",
        "Expires      never",
    ):
        assert part in text, text
    attached = {part.get_filename(): part for part in notice.iter_attachments()}
    file = attached[f"{anne.address.partition('@')[0]}.asc"].get_content()
    assert inspect(dearmor(file)).fingerprint == anne.key.fingerprint
    assert members(encrypted_list) == set()
    tell(mona, reply(mona, notice, word))
    until_says(mona, told)
    assert members(encrypted_list) == ({anne.address} if joins else set())
    assert waiting(encrypted_list, anne) == {}
    if word == "reject":
        until_says(anne, "A moderator has rejected it.")
    if joins:
        until(lambda: any("Welcome to" in str(said["subject"]) for said in readable(anne)), "the welcome")
