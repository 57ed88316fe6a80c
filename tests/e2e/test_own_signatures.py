"""The author's own signature on a list that keeps it: members' programs find it good; it is there only where it is."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from correspondents import Club, Correspondent
from people import EncryptedList
from programs import Gpg, Sop
from test_held_posts import held, hold

from mailman_pgp.openpgp import Status, armor, dearmor, inspect, verify_detached, walk
from mailman_pgp.openpgp.memberkeys import KeyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

    from mailman_pgp.sandbox import Kept, Sandbox

pytestmark = pytest.mark.peer

# Blanks at the end of lines, a dot, a delimiter of mboxes, 8-bit, and no line end at the end.
TEXT = "Zwölf Kästchen  \nFrom me to you\t\n.\n- - \n--\n\n\nEnd"
READERS = ("gpg", "rnp", "sq")


@dataclass(frozen=True, slots=True)
class Inner:
    """A `multipart/signed` cut out of what a member decrypts, byte by byte, by nothing of ours."""

    content: bytes
    signature: bytes
    micalg: str


def inner(payload: bytes) -> Inner | None:
    """The one that is there."""
    found = [
        part
        for part in email.message_from_bytes(payload, policy=email.policy.default).walk()
        if part.get_content_type() == "multipart/signed"
    ]
    if not found:
        return None
    (part,) = found
    assert part.get_param("protocol") == "application/pgp-signature"
    _, signature = part.iter_parts()
    assert signature.get_content_type() == "application/pgp-signature"
    before, content, after = payload.split(f"\r\n--{part.get_boundary()}\r\n".encode())
    assert before.count(b"multipart/signed") == 1
    assert after.endswith(b"--\r\n")
    return Inner(content, signature.get_payload(decode=True), str(part.get_param("micalg")))


@pytest.fixture(scope="module")
def club(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list that keeps signatures and has a footer, with a reader of each program."""
    made = Club(EncryptedList.make(sandbox), lambda: tmp_path_factory.mktemp("o"))
    made.list.take_unbound()
    made.list.pgp("set", made.list.list_id, "keep_signature=yes")
    for reader in READERS:
        made.member(reader)
    yield made
    sandbox.wait_until_idle()
    made.close()


@pytest.fixture
def keeping(encrypted_list: EncryptedList) -> EncryptedList:
    """A list of one test's own that keeps signatures."""
    encrypted_list.pgp("set", encrypted_list.list_id, "keep_signature=yes")
    return encrypted_list


def arriving(club: Club, act: Callable[[], None], reader: str) -> Kept:
    """What a reader gets of a post."""
    box, address = club.list.sandbox.mailbox, club.member(reader).person.address
    before = box.count(address)
    act()
    *_, last = club.list.sandbox.mail_for(address, before + 1)
    return last


def judged(club: Club, author: Correspondent | Person, act: Callable[[], None], wanted: bytes) -> None:
    """Each reader's program finds the author's signature good over exactly the bytes that it decrypts, and no other bytes."""
    certificate = author.certificate if isinstance(author, Correspondent) else author.key.certificate
    act()
    club.list.sandbox.wait_until_idle()
    for name in READERS:
        reader = club.member(name)
        opened = reader.open(club.list.sandbox.mailbox.messages(reader.person.address)[-1])
        assert opened.good
        found = inner(opened.content)
        assert found is not None, name
        assert found.content == wanted, name
        assert re.fullmatch("pgp-sha(256|384|512)", found.micalg)
        assert reader.program.verifies(found.content, found.signature, certificate), name
        assert not reader.program.verifies(found.content + b" ", found.signature, certificate), name
        assert not reader.program.verifies(found.content, found.signature, club.author.key.certificate), name


def crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def with_signature(signed: bytes, signature: bytes) -> bytes:
    """A multipart/signed (RFC 3156 §5)."""
    head = 'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="s"'
    between = b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n"
    return head.encode() + b"\r\n\r\n--s\r\n" + signed + between + crlf(signature) + b"\r\n--s--\r\n"


@pytest.mark.deep
@pytest.mark.parametrize("program", ["gpg", "sq", "rnp", "sqop", "gosop"])
def test_of_a_part(club: Club, program: str) -> None:
    """A root multipart/signed (RFC 3156 §6.1) reaches members with its signed part and signature as they were."""
    author = club.member(program)
    signed = crlf(author.person.payload(TEXT))
    content = with_signature(signed, author.program.sign(signed))
    message = author.program.write(content, club.list.certificate, sign=False)
    judged(club, author, lambda: author.post(message), signed)


@pytest.mark.parametrize("program", ["gpg", "sq", "rnp", "sqop", "gosop"])
def test_of_a_message_with_crlf(club: Club, program: str) -> None:
    """The signature of an OpenPGP message stands beside what it is over, where that has CRLF line ends already."""
    author = club.member(program)
    payload = crlf(author.person.payload(TEXT))
    message = author.program.write(payload, club.list.certificate)
    judged(club, author, lambda: author.post(message), payload)


@pytest.mark.parametrize("program", ["gpg", "sqop"])
def test_of_a_message_in_text_mode(club: Club, program: str) -> None:
    """A signature in text mode is good over the content with CRLF, whatever line ends it came with."""
    author = club.member(program)
    payload = author.person.payload(TEXT)
    if isinstance(author.program, Gpg):
        options = ["--sign", "--textmode"]
        message = author.program.encrypt(payload, club.list.certificate, options=options)
    else:
        assert isinstance(author.program, Sop)
        options = [f"--sign-with={author.program.home / 'key'}", "--as=text"]
        message = author.program.encrypt(payload, club.list.certificate, options=options)
    judged(club, author, lambda: author.post(message), crlf(payload))


def test_of_a_named_literal(club: Club) -> None:
    """The name and date of the literal packet are no part of what is signed (RFC 9580 §5.2.4)."""
    author = club.member("gpg")
    assert isinstance(author.program, Gpg)
    payload = crlf(author.person.payload(TEXT))
    options = ["--sign", "--set-filename", "plan.eml"]
    message = author.program.encrypt(payload, club.list.certificate, options=options)
    judged(club, author, lambda: author.post(message), payload)


def payload_of(reader: Person, count: int = 1) -> bytes:
    """The decrypted bytes of the last of so many mails."""
    *_, kept = reader.mail(count)
    (part,) = [part for part in kept.message.walk() if part.get_content_type() == "application/octet-stream"]
    return reader.key.read(part.get_payload(decode=True), reader.list.certificate).content


@pytest.mark.parametrize("kind", [KeyKind.V6, KeyKind.POST_QUANTUM])
def test_of_newer_keys(keeping: EncryptedList, kind: KeyKind) -> None:
    """Version 6 has its salt in the signature itself, so it is good beside its content, too."""
    anne, bart = keeping.member("Anne", kind), keeping.member("Bart")
    payload = crlf(anne.payload(TEXT))
    anne.send(anne.envelope(anne.key.write(payload, keeping.certificate)))
    found = inner(payload_of(bart))
    assert found is not None
    assert found.content == payload
    (verdict,) = verify_detached(found.content, found.signature, [anne.key.certificate])
    assert verdict.status is Status.GOOD
    assert next(walk(dearmor(found.signature))).body[0] == 6


def test_what_is_around_it(keeping: EncryptedList) -> None:
    """The list's line and its footer are outside of what the author has signed, before and behind it."""
    anne, bart = keeping.member("Anne"), keeping.member("Bart")
    payload = crlf(anne.payload(TEXT))
    anne.send(anne.envelope(anne.key.write(payload, keeping.certificate)))
    read = email.message_from_bytes(payload_of(bart), policy=email.policy.default)
    status, signed, footer = read.iter_parts()
    assert "signature good, by the key" in status.get_content()
    assert signed.get_content_type() == "multipart/signed"
    assert "an encrypted list" in footer.get_content()
    for word in ("Written by", "an encrypted list"):
        assert word not in signed.as_string()


def test_not_without_the_setting(encrypted_list: EncryptedList) -> None:
    """Off, as it is by default, nothing of the signature reaches members, and none of the author's bytes changes."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    anne.send(anne.envelope(anne.key.write(crlf(anne.payload(TEXT)), encrypted_list.certificate)))
    payload = payload_of(bart)
    assert inner(payload) is None
    assert b"SIGNATURE" not in payload
    assert crlf(TEXT.encode()) in payload


def test_switched_off_while_it_waits(keeping: EncryptedList) -> None:
    """What counts is the setting when the post goes out, too."""
    anne, bart = keeping.member("Anne"), keeping.member("Bart")
    hold(anne)
    anne.send(anne.envelope(anne.key.write(crlf(anne.payload(TEXT)), keeping.certificate)))
    path = held(keeping, 1)[anne.address]
    keeping.pgp("set", keeping.list_id, "keep_signature=no")
    keeping.sandbox.rest(path, {"action": "accept"})
    assert inner(payload_of(bart)) is None


GOSSIP = "Autocrypt-Gossip: addr=cris@example.com; keydata=AAAA"
LEFT_OUT: dict[str, Callable[[bytes], bytes]] = {
    "LF": lambda payload: payload,
    "a long line": lambda payload: crlf(payload + b"x" * 999 + b"\n"),
    "a lone CR": lambda payload: crlf(payload) + b"a\rb\r\n",
    "mixed line ends": lambda payload: crlf(payload) + b"a\n",
    "a NUL": lambda payload: crlf(payload) + b"a\0b\r\n",
    "keys of others": lambda payload: crlf(payload.replace(b"\nFrom:", f"\n{GOSSIP}\nFrom:".encode(), 1)),
    "the author's key": lambda payload: crlf(
        payload.replace(b"\nFrom:", b"\nAutocrypt: addr=a@b; keydata=AA\nFrom:", 1)
    ),
    "hidden recipients": lambda payload: crlf(payload.replace(b"\nFrom:", b"\nBcc: cris@example.com\nFrom:", 1)),
    "another sender": lambda payload: crlf(payload.replace(b"\nFrom:", b"\nSender: cris@example.com\nFrom:", 1)),
    "no header": lambda payload: crlf(payload.partition(b"\n\n")[2]),
    "no empty line": lambda payload: crlf(payload.replace(b"\n\n", b"\n?\n\n", 1)),
}


@pytest.mark.deep
@pytest.mark.parametrize("why", LEFT_OUT)
def test_left_out(keeping: EncryptedList, why: str) -> None:
    """Where it would not be good any more, or would bring what the list hands on of nobody, it is left out, and the line stays."""
    keeping.take_unbound()
    anne, bart = keeping.member("Anne"), keeping.member("Bart")
    anne.send(anne.envelope(anne.key.write(LEFT_OUT[why](anne.payload()), keeping.certificate)))
    payload = payload_of(bart)
    assert inner(payload) is None
    assert b"SIGNATURE" not in payload
    assert "signature good, by the key" in email.message_from_bytes(payload).as_string()
    texts = [part.get_payload(decode=True) for part in email.message_from_bytes(payload).walk()]
    assert [text for text in texts if text and b"Hello" in text]
    assert b"cris@" not in payload


def test_not_where_it_authenticates_nobody(keeping: EncryptedList) -> None:
    """A post that is posted all the same, though it is not authenticated, has no signature that would make it look so."""
    anne, bart, mallory = keeping.member("Anne"), keeping.member("Bart"), keeping.person("Mallory")
    keeping.pgp("set", keeping.list_id, "on_other_key=defer", "on_unbound=defer")
    payload = crlf(anne.payload(TEXT))
    anne.send(anne.envelope(mallory.key.write(payload, keeping.certificate)))
    unbound = payload.replace(b'hp="cipher"; ', b"").replace(b"To: ", b"Comments: ")
    anne.send(anne.envelope(anne.key.write(unbound, keeping.certificate)))
    bart.mail(2)
    for kept in bart.mail(2):
        assert "multipart/signed" not in bart.open(kept).as_string()
        assert "SIGNATURE" not in bart.open(kept).as_string()


def test_signed_text_of_another(keeping: EncryptedList) -> None:
    """Who puts a member's old signed text into a post of theirs has written the post, by the list's line and their signature."""
    anne, bart, mallory = keeping.member("Anne"), keeping.member("Bart"), keeping.member("Mallory")
    old = crlf(anne.payload("Pay Mallory."))
    signed = with_signature(old, anne.key.sign(old)).replace(b'"s"', b'"t"').replace(b"--s", b"--t")
    head, _, _ = crlf(mallory.payload()).partition(b"\r\n\r\n")
    mixed = head.replace(b"text/plain;", b'multipart/mixed; boundary="m";')
    payload = mixed + b"\r\n\r\n--m\r\n" + signed + b"\r\n--m--\r\n"
    mallory.send(mallory.envelope(mallory.key.write(payload, keeping.certificate)))
    received = payload_of(bart)
    status, whole, *_ = email.message_from_bytes(received, policy=email.policy.default).iter_parts()
    assert str(status.get_content()).startswith('Written by "Mallory"')
    _, signature = whole.iter_parts()
    known = [anne.key.certificate, mallory.key.certificate]
    (verdict,) = verify_detached(payload, signature.get_payload(decode=True), known)
    assert verdict.status is Status.GOOD
    assert verdict.fingerprint == inspect(mallory.key.certificate).fingerprint
    assert received.count(payload) == 1


def test_only_the_authors(keeping: EncryptedList) -> None:
    """Of several signatures beside one part the author's goes on, alone."""
    anne, bart, cris = keeping.member("Anne"), keeping.member("Bart"), keeping.member("Cris")
    signed = crlf(anne.payload(TEXT))
    both = dearmor(cris.key.sign(signed)) + dearmor(anne.key.sign(signed))
    content = with_signature(signed, armor(both, "PGP SIGNATURE"))
    anne.send(anne.envelope(anne.key.write(content, keeping.certificate, sign=False)))
    found = inner(payload_of(bart))
    assert found is not None
    assert found.content == signed
    (verdict,) = verify_detached(found.content, found.signature, [anne.key.certificate, cris.key.certificate])
    assert verdict.fingerprint == inspect(anne.key.certificate).fingerprint
