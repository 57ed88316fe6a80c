"""Held posts: told to their authors, shown to moderators, and decided about by a signed reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conversations import asked, encrypted, moderator, readable, reply, tell, text_of, until_says

from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from people import EncryptedList, Person


def held(encrypted_list: EncryptedList) -> int:
    """How many posts wait."""
    return int(encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/held/count")["count"])


@pytest.fixture
def people(encrypted_list: EncryptedList) -> tuple[Person, Person, Person]:
    """Mona, who moderates, Anne, whose post is held, and Bart, who reads."""
    mona, anne, bart = moderator(encrypted_list), encrypted_list.member("Anne"), encrypted_list.member("Bart")
    config = f"lists/{encrypted_list.list_id}/config"
    encrypted_list.sandbox.rest(config, {"default_member_action": "hold"}, "PATCH")
    anne.post("The kestrel flies", subject="At noon")
    return mona, anne, bart


def test_the_notice(encrypted_list: EncryptedList, people: tuple[Person, Person, Person]) -> None:
    """The author is told that it waits; the moderator reads who wrote it, whether the signature was good, and the post."""
    mona, anne, _ = people
    until_says(anne, "waits for a moderator, for this reason")
    notice = asked(mona)
    assert notice["from"] == encrypted_list.sub_address("request")
    text = " ".join(text_of(notice).split())
    assert f"A post by {anne.address} to the encrypted mailing list" in text
    assert f"signature good, by the key {grouped(anne.key.fingerprint)}" in text
    (post,) = [part for part in notice.walk() if part.get_content_type() == "message/rfc822"]
    (inside,) = post.iter_parts() if post.is_multipart() else [post.get_content()]
    assert inside["subject"] == "At noon"
    assert "The kestrel flies" in inside.get_content()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("accept", "The post is accepted, and goes to the members."),
        ("Reject.", "The post is rejected, and its author is told."),
        ("DISCARD", "The post is discarded."),
    ],
)
def test_a_decision(encrypted_list: EncryptedList, people: tuple[Person, Person, Person], word: str, told: str) -> None:
    """One word on top of a signed reply: the post goes to the members, or its author is told, or nothing more is said."""
    mona, anne, bart = people
    tell(mona, reply(mona, asked(mona), word))
    until_says(mona, told)
    assert held(encrypted_list) == 0
    encrypted_list.sandbox.wait_until_idle()
    posts = [said for said in readable(bart) if "The kestrel flies" in said.as_string()]
    assert len(posts) == (word == "accept")
    if word == "Reject.":
        until_says(anne, "A moderator has rejected it.")
        assert not any("The kestrel flies" in said.as_string() for said in readable(anne))


def test_two_moderators(encrypted_list: EncryptedList, people: tuple[Person, Person, Person]) -> None:
    """Whoever is first decides; the other is told that it is done."""
    mona, _, _ = people
    olga = moderator(encrypted_list, "Olga", "owner")
    notice = asked(mona)
    tell(mona, reply(mona, notice, "discard"))
    until_says(mona, "The post is discarded.")
    tell(olga, reply(olga, notice, "accept"))
    until_says(olga, "holds a code that the list does not wait for")


@pytest.mark.parametrize("mistake", ["no word", "unsigned", "no moderator"])
def test_mistakes(encrypted_list: EncryptedList, people: tuple[Person, Person, Person], mistake: str) -> None:
    """What does not count is answered by what to do; the post waits, and the code counts still."""
    mona, _, bart = people
    notice = asked(mona)
    match mistake:
        case "no word":
            tell(mona, reply(mona, notice, "Looks fine to me."))
            until_says(mona, "none of the words accept, reject, discard")
        case "unsigned":
            tell(mona, reply(mona, notice, "accept", sign=False))
            until_says(mona, "was not signed by the key that it must be signed by")
        case "no moderator":
            tell(bart, reply(bart, notice, "accept"))
            until_says(bart, "holds a code that the list does not wait for")
    assert held(encrypted_list) == 1
    tell(mona, reply(mona, notice, "accept"))
    until_says(mona, "The post is accepted")


def test_moderators_have_commands_too(encrypted_list: EncryptedList, people: tuple[Person, Person, Person]) -> None:
    """A new message with a word of decision and no code decides nothing, and the answer says what is missing."""
    mona, _, _ = people
    asked(mona)
    tell(mona, encrypted(mona, "accept"))
    until_says(mona, "the code of the question is not in it")
    assert held(encrypted_list) == 1
