"""Whoever carries a mail can change what stands outside of encryption and signature; none of that is its author's word."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from talkers import Talker, entity, templates, text_of

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_workflows.model.tables import Question

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def autocrypt(talker: Talker, key: MemberKey) -> str:
    """The header by which a mail program sends a key along."""
    return f"Autocrypt: addr={talker.address}; keydata={base64.b64encode(key.certificate).decode()}\n"


def asked_data(store: Session) -> list[dict[str, Any]]:
    """What waits for an answer."""
    return [json.loads(data) for data in store.scalars(select(Question.data))]


@pytest.fixture
def new_key(anne: Talker) -> MemberKey:
    """Another key with Anne's address; a carrier can make one, too."""
    return MemberKey.generate(f"Somebody <{anne.address}>")


def signed_inside(talker: Talker, text: str = "", **more: Any) -> list[bytes]:
    """The same content by programs that protect no headers: encrypted and signed, and signed only."""
    inside = entity(text, **more)
    return [talker.encrypted(inside), talker.signed(inside)]


def outside(mail: bytes, head: str) -> bytes:
    """The mail with another header."""
    return head.encode() + mail


def test_change_in_an_outer_subject(anne: Talker, store: Session, new_key: MemberKey) -> None:
    """A subject that a carrier has written on a mail that the old key has signed makes no change by the old key."""
    for mail in signed_inside(anne, "Hello", attached=new_key.certificate):
        anne.tell(outside(mail, "Subject: key change\n"))
    for data in asked_data(store):
        assert data["old"] == ""


def test_change_with_an_outer_key(anne: Talker, store: Session, new_key: MemberKey) -> None:
    """A key that a carrier has put into the outer header is none that the old key has signed."""
    for mail in signed_inside(anne, "key change"):
        anne.tell(outside(mail, autocrypt(anne, new_key)))
    for data in asked_data(store):
        assert data["old"] == ""


@pytest.mark.usefixtures("encrypted")
def test_change_with_an_outer_key_beside_a_block(anne: Talker, store: Session) -> None:
    """Nor where something else is attached, of which no key comes: a revocation of a key that nobody knows."""
    from keys import forge_usable, now  # noqa: PLC0415

    stranger = forge_usable("Nobody <nobody@example.org>")
    stranger.revoke(at=now() - 10)
    (revocation,) = stranger.direct
    for mail in signed_inside(anne, "key change", attached=revocation):
        anne.tell(outside(mail, autocrypt(anne, MemberKey.generate(f"Somebody <{anne.address}>"))))
    for data in asked_data(store):
        assert data["old"] == ""


@pytest.mark.parametrize("sign", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("text", ["join", "key set", "key refresh", "Hello"])
def test_outer_key_of_an_encrypted_mail(encrypted: Any, store: Session, text: str, *, sign: bool) -> None:
    """A carrier who puts a key of their own around what came encrypted is not told what it says, and nothing is begun for it."""
    nora = Talker.make("nora@example.net", encrypted)
    theirs = MemberKey.generate(f"Somebody <{nora.address}>")
    for inside in (nora.protected(text), nora.protected("", subject=text)):
        found = nora.tell(outside(nora.encrypted(inside, sign=sign), autocrypt(nora, theirs)))
        assert nora.read(found, by=theirs) == []
        assert templates(found) == ["help" if text == "Hello" else "send-key"]
    assert asked_data(store) == []


def test_own_header_inside_an_encrypted_mail(encrypted: Any) -> None:
    """Who joins by the header of their own mail program joins by the one inside of the encryption, whatever stands outside."""
    nora = Talker.make("nora@example.net", encrypted)
    theirs = MemberKey.generate(f"Somebody <{nora.address}>")
    inside = autocrypt(nora, nora.key).encode() + nora.protected("join")
    question = nora.asked(outside(nora.encrypted(inside, sign=False), autocrypt(nora, theirs)))
    nora.tell(nora.reply(question))
    assert encrypted.members.get_member(nora.address) is not None


def test_change_signed_with_its_key(anne: Talker, store: Session, new_key: MemberKey) -> None:
    """Command and key in what the old key has signed: this is one, in any of the forms."""
    mails = signed_inside(anne, "key change", attached=new_key.certificate)
    mails.append(anne.command("", subject="key change", attached=new_key.certificate))
    for mail in mails:
        anne.tell(mail)
    assert [data["old"] for data in asked_data(store)] == [anne.key.fingerprint] * 3


def test_signed_in_the_clear(anne: Talker) -> None:
    """A command may be encrypted, and need not be; the answer to the question has to be."""
    question = anne.asked(anne.signed(anne.protected("echo")))
    assert "you read this" in anne.answers(anne.reply(question))


@pytest.mark.parametrize("command", ["leave", "who", "key show", "stay", "key revoke", "echo", "key sign"])
def test_command_outside(anne: Talker, store: Session, command: str) -> None:
    """A command in an outer subject, or in an address, is asked about by nobody, whatever the mail is signed by."""
    for mail in signed_inside(anne, "Hello"):
        found = anne.tell(outside(mail, f"Subject: {command}\n"))
        assert "encrypted" not in templates(found)
    if command == "leave":
        for mail in signed_inside(anne, "Hello again"):
            assert templates(anne.tell(mail, to="leave")) == ["command-outside"]
    assert asked_data(store) == []


def test_signed_part_beside_an_unsigned_one(anne: Talker, store: Session) -> None:
    """A signature over a part of a mail is a signature over none of it."""
    for parts in (
        [anne.signed_part(entity("who")), entity("Hello")],
        [entity("who"), anne.signed_part(entity("Hello"))],
    ):
        whole = b'Content-Type: multipart/mixed; boundary="w"\n\n--w\n' + b"\n--w\n".join(parts) + b"\n--w--\n"
        assert templates(anne.tell(anne.clear(whole))) == ["needs-signature"]
        assert templates(anne.tell(anne.encrypted(whole, sign=False))) == ["needs-signature"]
    whole = b'Content-Type: multipart/mixed; boundary="w"\n\n--w\n' + anne.signed_part(entity("who")) + b"\n--w--\n"
    assert templates(anne.tell(anne.clear(whole))) == ["needs-signature"]
    assert asked_data(store) == []


@pytest.mark.usefixtures("encrypted")
def test_several_authors(anne: Talker, store: Session) -> None:
    """A mail of two authors, in one From or in two, inside or outside, is nobody's."""
    inside = anne.protected("who")
    twice = inside.replace(b"From: ", b"From: Mallory <mallory@example.org>\nFrom: ", 1)
    both = inside.replace(b"From: ", b"From: Mallory <mallory@example.org>, ", 1)
    for content in (twice, both):
        assert templates(anne.tell(anne.encrypted(content))) == ["refusal"]
    mail = anne.encrypted(inside)
    for changed in (
        b"From: Mallory <mallory@example.org>\n" + mail,
        mail.replace(b"From: ", b"From: mallory@example.org, ", 1),
    ):
        assert anne.tell(changed) == []
    other = mail.replace(b"Somebody <anne@", b"Somebody <mallory@", 1)
    assert [(one.recipient, one.template) for one in anne.tell(other)] == [("mallory@example.net", "refusal")]
    assert asked_data(store) == []


@pytest.mark.parametrize(
    "text",
    [
        "> who",
        "| who",
        "On Monday, 3 March 2025, Bart wrote:\n> who",
        "-- \nwho",
        "who is there?",
        "please who",
        "whoami",
    ],
)
def test_command_that_is_no_command(anne: Talker, store: Session, text: str) -> None:
    """What is quoted, what stands in a signature's block, and a sentence that begins with one."""
    assert templates(anne.tell(anne.command(text))) == ["help"]
    assert asked_data(store) == []


def test_commands_in_html(anne: Talker) -> None:
    """Somebody whose program writes HTML only is understood; what their page hides or quotes is not."""
    page = "<html><body><blockquote>leave</blockquote><p>echo</p><div style='display:none'>key show</div></body></html>"
    inside = anne.protected(page).replace(b"text/plain", b"text/html")
    text = text_of(anne.asked(anne.encrypted(inside)))
    assert "echo" in text
    assert "leave" not in text.partition("To confirm")[0]
    assert "key show" not in text


def test_redirected_to_another_address(anne: Talker, other: Any) -> None:
    """A command that names its list is none at another, nor at the addresses of one's own list that take no commands."""
    mail = anne.signed(anne.protected("who"))
    there = anne.at(other)
    there.counts()
    (answer,) = there.tell(mail)
    assert (answer.recipient, answer.template) == (anne.address, "refusal")


def apart(mail: bytes, words: str) -> bytes:
    """A mail as Exchange takes it apart, with words of a gateway in the text that it puts in front."""
    mail = mail.replace(b"multipart/encrypted;", b"multipart/mixed;")
    return mail.replace(b"--e\n", f"--e\nContent-Type: text/plain\n\n{words}\n--e\n".encode(), 1)


def test_taken_apart_on_its_way(anne: Talker) -> None:
    """It is put right and proves what it did; with words beside it, of which none is a command, its author is told."""
    assert templates(anne.tell(apart(anne.command("key show"), ""))) == templates(anne.tell(anne.command("key show")))
    for words in ("This mail was checked.", "key show", "help"):
        (refused,) = anne.tell(apart(anne.command("key show"), words))
        assert refused.template == "refusal"
        assert "leave encrypted mail (multipart/encrypted) as it is" in " ".join(refused.text.split())


@pytest.mark.parametrize("charset", ["charset*=us-ascii'en'utf-8", "charset=punycode", "charset=undefined"])
def test_charset_that_is_none(anne: Talker, charset: str) -> None:
    """A mail in the clear whose charset Python's library fails over is answered, and so kept in no queue."""
    assert templates(anne.tell(anne.clear(f"Content-Type: text/plain; {charset}\n\nhelp\n\n\xe4-\xe4\n".encode()))) == [
        "help"
    ]
