"""Each command that is not about a key, in its good way and with the likeliest mistakes; and several in one mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conversations import (
    asked,
    clear,
    clear_texts,
    confirmed,
    encrypted,
    members,
    moderator,
    questions,
    reply,
    says,
    set_policy,
    tell,
    text_of,
    until_says,
    until_says_in_clear,
    until_waits,
    waiting,
)

from mailman_pgp.openpgp import dearmor
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person


def answered(person: Person, message: bytes, to: str = "request") -> str:
    """The one answer in the clear that a stranger gets, without line ends."""
    tell(person, message, to)
    (text,) = until(lambda: clear_texts(person), "the answer")
    return " ".join(text.split())


@pytest.mark.parametrize("message", ["help", "Hello, how do I join this list?", "", "set password x"])
def test_help(encrypted_list: EncryptedList, message: str) -> None:
    """`help` shows each command with its proof and an example; so does whatever holds no command."""
    text = answered(encrypted_list.person("Sue"), clear(encrypted_list.person("Sue"), message))
    for command in ("`join`", "`key change`", "`key sign`", "`stay`", "Attach My Public Key", "gpg --sign-key"):
        assert command.lower() in text.lower()
    assert f"new message to {encrypted_list.sub_address('request')}" in text


def test_key_get(encrypted_list: EncryptedList) -> None:
    """`key get` brings the list's certificate as a file, to anybody, from the address that takes commands."""
    sue = encrypted_list.person("Sue")
    tell(sue, clear(sue, subject="Re: KEY GET"))
    (answer,) = sue.mail()
    assert answer.message["from"] == encrypted_list.sub_address("request")
    (file,) = [part for part in answer.message.walk() if part.get_content_type() == "application/pgp-keys"]
    assert dearmor(file.get_payload(decode=True)) == encrypted_list.certificate


def test_who(encrypted_list: EncryptedList) -> None:
    """`who` shows the members where the list lets members see them, and else to those who look after it only."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    config = f"lists/{encrypted_list.list_id}/config"
    encrypted_list.sandbox.rest(config, {"member_roster_visibility": "moderators"}, "PATCH")
    confirmed(anne, encrypted(anne, "who"))
    until_says(anne, "The owners of this list do not show its members.")
    mona = moderator(encrypted_list)
    confirmed(mona, encrypted(mona, "who"))
    until_says(mona, f"who: {anne.address} {bart.address}")
    encrypted_list.sandbox.rest(config, {"member_roster_visibility": "members"}, "PATCH")
    confirmed(bart, encrypted(bart, "who"))
    until_says(bart, f"who: {anne.address} {bart.address}")


def test_who_for_a_stranger(encrypted_list: EncryptedList) -> None:
    """Whose key counts but who is no member sees nobody, also where everybody may see the members."""
    encrypted_list.member("Bart")
    encrypted_list.sandbox.rest(
        f"lists/{encrypted_list.list_id}/config", {"member_roster_visibility": "public"}, "PATCH"
    )
    sue = encrypted_list.person("Sue")
    encrypted_list.certify(sue)
    confirmed(sue, encrypted(sue, "who"))
    until_says(sue, "The owners of this list do not show its members.")


def test_echo(encrypted_list: EncryptedList) -> None:
    """`echo` shows that both sides read each other, and repeats no word."""
    anne = encrypted_list.member("Anne")
    confirmed(anne, encrypted(anne, "echo kestrel"))
    until_says(anne, "The list has read your messages")
    assert not says(anne, "kestrel")


@pytest.mark.parametrize("command", ["who", "echo", "key show", "stay", "key sign", "key revoke"])
def test_unsigned_commands(encrypted_list: EncryptedList, command: str) -> None:
    """A command that must be signed, and is not, is answered by what to do; a member's answer comes encrypted."""
    anne = encrypted_list.member("Anne")
    tell(anne, clear(anne, command))
    until_says(anne, "was not signed by a key that counts for your address there. Nothing was done.")
    assert questions(anne) == []


def test_a_command_outside(encrypted_list: EncryptedList) -> None:
    """A program that leaves the subject outside has no command there: the answer says to write it into the text."""
    anne = encrypted_list.member("Anne")
    inside = b"Content-Type: text/plain\n\nPlease.\n"
    whole = anne.envelope(anne.key.write(inside, encrypted_list.certificate)).replace(b"Subject: ...", b"Subject: who")
    tell(anne, whole)
    until_says(anne, "Send it again with the command on a line of its own in the text.")
    inside = b"Content-Type: text/plain\n\necho\n"
    confirmed(anne, anne.envelope(anne.key.write(inside, encrypted_list.certificate)))
    until_says(anne, "The list has read your messages")


def test_several_commands(encrypted_list: EncryptedList) -> None:
    """All commands up to `end` are one question and one answer; one that is refused keeps none of the others."""
    anne = encrypted_list.member("Anne")
    question = confirmed(anne, encrypted(anne, "stay\nwho\necho\nend\nleave\n"))
    assert question["subject"] == "Please confirm: stay, who, echo"
    until_says(anne, "stay: Nobody has asked that you leave. who:")
    assert says(anne, "echo: The list has read your messages")
    assert len(questions(anne)) == 1
    assert members(encrypted_list) == {anne.address}


def test_a_signature_ends_commands(encrypted_list: EncryptedList) -> None:
    """What stands below a signature's mark, or is quoted, is no command."""
    anne = encrypted_list.member("Anne")
    question = confirmed(anne, encrypted(anne, "echo\n\nOn Monday you wrote:\n> who\n\n-- \nleave\n"))
    assert question["subject"] == "Please confirm: echo"


def test_leave(encrypted_list: EncryptedList) -> None:
    """Signed, asked, and signed again; the key does not count there any more."""
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "", to="leave", subject="Bye", sign=True), "leave")
    until_says(anne, "Send it again with the command on a line of its own in the text.")
    confirmed(anne, encrypted(anne, "leave"))
    until_says(anne, "You are a member no more.")
    assert members(encrypted_list) == set()
    assert anne.address not in encrypted_list.pgp("certificate", "list", encrypted_list.address)


def test_leave_without_a_key_by_a_moderator(encrypted_list: EncryptedList) -> None:
    """An unsigned `leave` is told to the member in the clear and to the moderators, one of whom accepts by mail."""
    mona, anne = moderator(encrypted_list), encrypted_list.member("Anne")
    tell(anne, clear(anne, "leave"))
    until_says_in_clear(anne, "A moderator decides about it.")
    until_waits(encrypted_list, anne, "waits for a moderator: leaves without a proof")
    notice = asked(mona)
    assert "has not proved to be them" in " ".join(text_of(notice).split())
    tell(mona, reply(mona, notice, "accept"))
    until_says(mona, "The request is accepted.")
    assert members(encrypted_list) == set()


def test_leave_with_the_key_after_all(encrypted_list: EncryptedList) -> None:
    """Who has sent `leave` without a signature, and has their key, answers the encrypted question and leaves at once."""
    anne = encrypted_list.member("Anne")
    tell(anne, clear(anne, to="leave"), "leave")
    tell(anne, reply(anne, asked(anne)))
    until_says(anne, "You are a member no more.")
    assert members(encrypted_list) == set()
    assert waiting(encrypted_list, anne) == {}


def test_stay(encrypted_list: EncryptedList) -> None:
    """Where members leave after a delay, `stay` ends the request that somebody made in their name."""
    encrypted_list.pgp("set", encrypted_list.address, "lost_key_leave=delay")
    anne = encrypted_list.member("Anne")
    tell(anne, clear(anne, "leave"))
    until_says_in_clear(anne, "unless somebody objects")
    assert until(lambda: waiting(encrypted_list, anne), "the request")["reason"].startswith("leaves on 20")
    tell(anne, encrypted(anne, "stay"))
    tell(anne, reply(anne, asked(anne, 2)))
    until_says(anne, "You stay.")
    assert waiting(encrypted_list, anne) == {}
    assert members(encrypted_list) == {anne.address}


def test_strangers_who_leave(encrypted_list: EncryptedList) -> None:
    """Who is no member gets the answer that a member gets, and nothing waits."""
    sue = encrypted_list.person("Sue")
    assert "If you are a member, you get another message about it" in answered(sue, clear(sue, "leave"))
    encrypted_list.sandbox.wait_until_idle()
    assert encrypted_list.sandbox.mailbox.count(sue.address) == 1
    assert waiting(encrypted_list, sue) == {}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("no", "says no. What was asked is forgotten"),
        ("Thank you!", "neither yes nor no on a line of its own"),
    ],
)
def test_other_answers(encrypted_list: EncryptedList, word: str, told: str) -> None:
    """No forgets the question; whatever is neither yes nor no does nothing, and the code counts still."""
    set_policy(encrypted_list, "confirm")
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    tell(anne, reply(anne, question, word))
    until_says(anne, told)
    tell(anne, reply(anne, question))
    until_says(anne, "You are a member no more." if word != "no" else "holds a code that the list does not wait for")
