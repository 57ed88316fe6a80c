"""The form of what members receive: well formed for anybody's parser, nothing outside that tells, nobody else inside."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from people import EncryptedList

from mailman_pgp.openpgp import dearmor, inspect
from mailman_pgp.openpgp.memberkeys import KeyKind
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from people import Person

    from mailman_pgp.sandbox import Kept, Sandbox

OUTSIDE = {
    "from", "to", "subject", "date", "message-id", "in-reply-to", "references", "list-id", "list-post", "list-help",
    "list-subscribe", "list-unsubscribe", "list-owner", "precedence", "autocrypt", "mime-version", "content-type",
}  # fmt: skip
STRUCTURAL = {"mime-version", "content-type"}
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True)
class Delivered:
    """One post as one of three members received it."""

    list: EncryptedList
    author: Person
    reader: Person
    other: Person
    kept: Kept
    payload: EmailMessage
    raw: bytes
    """The payload as it was signed."""


def raw_payload(reader: Person, kept: Kept) -> bytes:
    """The decrypted bytes."""
    (part,) = [part for part in kept.message.walk() if part.get_content_type() == "application/octet-stream"]
    return reader.key.read(part.get_payload(decode=True), reader.list.certificate).content


@pytest.fixture(scope="module")
def delivered(sandbox: Sandbox) -> Delivered:
    """A post that answers another one, with a subject that does not fit into a line and a name that is not ASCII."""
    encrypted_list = EncryptedList.make(sandbox)
    author = replace(encrypted_list.member("Anne"), name="Änne")
    reader, other = encrypted_list.member("Bart", KeyKind.V6), encrypted_list.member("Cris", KeyKind.RSA)
    subject = "Über Turmfalken und andere Greifvögel " * 5
    more = f"Message-ID: <own.{author.address}>\nIn-Reply-To: <first@x>\nReferences: <zero@x>\n <first@x>\n".encode()
    inside = author.payload("Der Text", subject).replace(b"\nSubject: ", b"\n" + more + b"Subject: ")
    message = author.envelope(author.key.write(inside, encrypted_list.certificate))
    message = re.sub(rb"Message-ID: .*\n", more + b"X-Mailer: Anne's\n", message, count=1)
    author.send(message)
    (kept,) = reader.mail()
    return Delivered(encrypted_list, author, reader, other, kept, reader.open(kept), raw_payload(reader, kept))


def defects(message: EmailMessage) -> list[object]:
    """What Python's parser finds wrong with a message, its parts, and their headers."""
    found: list[object] = []
    for part in message.walk():
        found += part.defects
        found += [defect for value in part.values() for defect in getattr(value, "defects", ())]
    return found


def unfolded(message: bytes) -> list[tuple[str, str]]:
    """The header fields of a message as they are written, unfolded."""
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    return [(name, _FOLD.sub("", str(value)).strip()) for name, value in parsed.items()]


def test_outside_is_pgp_mime(delivered: Delivered) -> None:
    """The message is RFC 3156 §4: two parts of the right types, without a defect for Python's parser, 7-bit, CRLF."""
    message = delivered.kept.message
    assert defects(message) == []
    assert message.get_content_type() == "multipart/encrypted"
    assert message.get_param("protocol") == "application/pgp-encrypted"
    version, data = message.iter_parts()
    assert (version.get_content_type(), version.get_payload().strip()) == ("application/pgp-encrypted", "Version: 1")
    assert data.get_content_type() == "application/octet-stream"
    assert delivered.kept.content.isascii()
    assert dearmor(data.get_payload(decode=True), kinds={"PGP MESSAGE"})


def test_lines_are_short_and_end_in_crlf(delivered: Delivered) -> None:
    """Outside and inside, each line ends in CRLF and has at most 998 octets, in the header at most 78 where it can."""
    for content in (delivered.kept.content, delivered.raw):
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert b"\r" not in content.replace(b"\r\n", b"")
        assert max(map(len, content.split(b"\r\n"))) <= 998


def test_outer_headers_are_from_the_allow_list(delivered: Delivered) -> None:
    """Outside stands nothing but what transport, threading and the list itself need; each of it once."""
    names = [name.lower() for name in delivered.kept.message]
    assert set(names) <= OUTSIDE
    assert len(set(names)) == len(names)
    outside = delivered.kept.message
    assert outside["subject"] == "[...]"
    assert outside["to"] == delivered.list.address
    assert [mailbox.addr_spec for mailbox in outside["from"].addresses] == [delivered.list.address]
    assert outside["references"].split() == ["<zero@x>", "<first@x>"]
    assert outside["in-reply-to"] == "<first@x>"
    assert delivered.list.list_id in outside["list-id"]
    assert outside["list-post"] == f"<mailto:{delivered.list.address}>"
    assert outside["list-help"] == f"<mailto:{delivered.list.sub_address('request')}?subject=help>"
    assert outside["list-owner"] == f"<mailto:{delivered.list.sub_address('owner')}>"


def test_nothing_outside_tells_of_the_post(delivered: Delivered) -> None:
    """Neither author nor subject, nor anything else of the post but its identifiers, can be read outside."""
    outside, _, _ = delivered.kept.content.partition(b"-----BEGIN PGP MESSAGE-----")
    for word in ("Turmfalken", "Anne", "Änne", "X-Mailer", "=?", "Text", "plain"):
        assert word.encode() not in outside
    # The message's own id is the author's, who chose it and wrote it outside too; nothing else names them.
    without_id = outside.replace(str(delivered.kept.message["message-id"]).encode(), b"")
    assert delivered.author.address.encode() not in without_id


def test_real_headers_are_inside(delivered: Delivered) -> None:
    """The payload has the subject with the list's prefix, whole; From of the list with the author's name; Author."""
    inside = delivered.payload
    assert defects(inside) == []
    subject = "Über Turmfalken und andere Greifvögel " * 5
    assert inside["subject"].split() == f"[Ants{delivered.list.number}] {subject}".split()
    (sender,) = inside["from"].addresses
    assert (sender.addr_spec, sender.display_name) == (delivered.list.address, f"Änne via Ants{delivered.list.number}")
    assert delivered.author.address in str(inside["author"])
    assert inside["message-id"] == delivered.kept.message["message-id"]


def test_payload_is_marked_as_rfc_9788_says(delivered: Delivered) -> None:
    """hp="cipher" once, and an HP-Outer for each header outside but the structural ones, with its very value (§2.2)."""
    assert delivered.payload.get_param("hp") == "cipher"
    assert delivered.raw.lower().count(b'hp="') == 1
    outside = [(name, value) for name, value in unfolded(delivered.kept.content) if name.lower() not in STRUCTURAL]
    recorded = [value.partition(": ") for name, value in unfolded(delivered.raw) if name == "HP-Outer"]
    plain = [(name, re.sub(r"\s+", " ", value)) for name, value in outside]
    assert [(name, re.sub(r"\s+", " ", value)) for name, _, value in recorded] == plain


def test_envelope_sender_tells_whose_mail_bounces(delivered: Delivered) -> None:
    """The envelope sender is the list's, with the recipient's address in it (VERP)."""
    local, _, host = delivered.reader.address.partition("@")
    assert delivered.kept.sender == delivered.list.sub_address("bounces").replace("@", f"+{local}={host}@")


def test_no_trace_of_other_members(delivered: Delivered) -> None:
    """A copy is encrypted to its reader's keys alone, and names nobody else: neither keys nor addresses nor gossip."""
    (part,) = [p for p in delivered.kept.message.walk() if p.get_content_type() == "application/octet-stream"]
    packets = list(walk(dearmor(part.get_payload(decode=True))))
    own = inspect(delivered.reader.key.certificate)
    named = [pkesk_recipient(packet) for packet in packets if packet.tag == Tag.PKESK]
    assert sorted(named) == sorted(own.usability.recipients)
    assert [packet.tag for packet in packets] == [*[Tag.PKESK] * len(named), Tag.SEIPD]
    for content in (delivered.kept.content, delivered.raw):
        assert b"gossip" not in content.lower()
        assert delivered.other.address.encode() not in content
        assert delivered.reader.address.encode() not in content
        for key in (delivered.other.key.fingerprint, own.fingerprint):
            assert key.encode() not in content.upper()
            assert key[-16:].encode() not in content.upper()
    assert delivered.other.key.fingerprint[-16:] not in dearmor(part.get_payload(decode=True)).hex().upper()


def test_autocrypt_holds_the_lists_certificate(delivered: Delivered) -> None:
    """Outside and inside, Autocrypt names the list's address, and its keydata is the list's exact certificate."""
    for message in (delivered.kept.content, delivered.raw):
        (value,) = [value for name, value in unfolded(message) if name == "Autocrypt"]
        attributes = {name.strip(): text.strip() for name, _, text in (one.partition("=") for one in value.split(";"))}
        assert attributes["addr"] == delivered.list.address
        assert attributes["prefer-encrypt"] == "mutual"
        data = base64.b64decode(re.sub(r"\s", "", attributes["keydata"]), validate=True)
        assert data == delivered.list.certificate
        assert inspect(data).usability.usable
        assert delivered.list.address in inspect(data).addresses


def test_list_fields_stand_inside_too(delivered: Delivered) -> None:
    """Each List- field is inside as it is outside: where it was protected nobody on the way has written another one."""
    outside, inside = (
        [(name, re.sub(r"\s+", " ", value)) for name, value in unfolded(content) if name.startswith("List-")]
        for content in (delivered.kept.content, delivered.raw)
    )
    assert outside == inside
    assert {"List-Id", "List-Post", "List-Help", "List-Owner"} <= {name for name, _ in inside}


def test_one_envelope(delivered: Delivered) -> None:
    """There is one cryptographic envelope (RFC 9787 §4.4), signed and encrypted, and no layer inside the payload."""
    layers = {"multipart/encrypted", "multipart/signed", "application/pgp-encrypted", "application/pgp-signature"}
    assert not layers & {part.get_content_type() for part in delivered.payload.walk()}
    (part,) = [p for p in delivered.kept.message.walk() if p.get_content_type() == "application/octet-stream"]
    read = delivered.reader.key.read(part.get_payload(decode=True), delivered.list.certificate)
    assert read.signed_by == inspect(delivered.list.certificate).fingerprint
    assert b"-----BEGIN PGP" not in read.content


OF_THE_WAY = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=ant; h=from; bh=QQ==; b=QQ==",
    "ARC-Seal: i=1; a=rsa-sha256; d=example.net; s=ant; b=QQ==",
    "Authentication-Results: mx.example.net; dkim=pass",
    "Autocrypt: addr=x@example.net; keydata=QQ==",
    "Autocrypt-Gossip: addr=y@example.net; keydata=QQ==",
    "Received: from 192.0.2.7 by mx.example.net; Sat, 1 Jan 2022 00:00:00 +0000",
    "Return-Receipt-To: x@example.net",
    "Reply-To: x@example.net",
    "Sender: x@example.net",
    "User-Agent: Ant/1.0",
    "X-Originating-IP: 192.0.2.7",
    "List-Post: <mailto:x@example.net>",
)


def test_what_the_way_has_added_is_gone(encrypted_list: EncryptedList) -> None:
    """DKIM, which fits no more, keys, traces of the way and all else that nobody has allowed is neither outside nor inside."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    more = "".join(f"{line}\n" for line in OF_THE_WAY).encode()
    message = anne.envelope(anne.key.write(more + anne.payload(), encrypted_list.certificate))
    anne.send(more + message)
    (kept,) = bart.mail()
    for content in (kept.content, raw_payload(bart, kept)):
        for word in (b"DKIM", b"ARC-", b"192.0.2.7", b"mx.example", b"QQ==", b"x@example", b"y@example", b"Ant/1.0"):
            assert word not in content
        assert content.lower().count(b"\nautocrypt:") == 1


def entity(kind: str) -> tuple[bytes, list[bytes]]:
    """What an author sends as the body, its header included; and the contents of its parts, decoded."""
    umlauts = "Füße, naïve, 漢字 🐜\n".encode()
    attachment = bytes(range(256)) * 3
    encoded = base64.encodebytes(attachment)
    plain = b"Content-Type: text/plain; charset=utf-8\n"
    eight = plain + b"Content-Transfer-Encoding: 8bit\n"
    mixed = (
        b"Content-Type: multipart/mixed; boundary=q\n\n--q\n" + eight + b"\n" + umlauts + b"\n--q\n"
        b"Content-Type: application/octet-stream; name*=utf-8''F%C3%BC%C3%9Fe.bin\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename*=utf-8''F%C3%BC%C3%9Fe.bin\n\n" + encoded + b"\n--q--\n"
    )
    latin = "Grüße\n".encode("iso-8859-1")
    return {
        "eight-bit": (eight + b"\n" + umlauts, [umlauts]),
        "latin-1": (
            b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n" + latin,
            [latin],
        ),
        "quoted": (
            plain + b"Content-Transfer-Encoding: quoted-printable\n\nF=C3=BC=C3=9Fe =\nzu Fu=C3=9F\n",
            ["Füße zu Fuß\n".encode()],
        ),
        "attachment": (mixed, [umlauts, attachment]),
        "long-lines": (eight + b"\n" + b"x" * 5000 + "ü".encode() + b"\ny\n", [b"x" * 5000 + "ü".encode() + b"\ny\n"]),
        "empty": (plain + b"\n", [b""]),
        "one-megabyte": (eight + b"\n" + (umlauts * 40_000)[: 1 << 20], [(umlauts * 40_000)[: 1 << 20]]),
        "crlf": ((eight + b"\n" + umlauts * 2).replace(b"\n", b"\r\n"), [umlauts * 2]),
        "dots": (plain + b"\n.\n..\n.x\nFrom me\n-- \n--q\n", [b".\n..\n.x\nFrom me\n-- \n--q\n"]),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["eight-bit", "latin-1", "quoted", "attachment", "long-lines", "empty", "one-megabyte", "crlf", "dots"],
)
def test_every_body_arrives_as_it_was_written(encrypted_list: EncryptedList, kind: str) -> None:
    """Whatever a body is made of, its decoded content arrives unchanged, in a well-formed message with short lines."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.take_unbound()
    body, wanted = entity(kind)
    head = f"From: {anne.address}\nTo: {encrypted_list.address}\nSubject: {kind}\nMIME-Version: 1.0\n".encode()
    if b"\r\n" in body:
        head = head.replace(b"\n", b"\r\n")
    anne.send(anne.envelope(anne.key.write(head + body, encrypted_list.certificate)))
    (kept,) = bart.mail()
    payload = bart.open(kept)
    assert defects(payload) == []
    assert max(map(len, raw_payload(bart, kept).split(b"\r\n"))) <= 998
    _, author, *_ = payload.iter_parts()
    assert list(contents(author)) == wanted
    names = [part.get_filename() for part in author.walk() if part.get_filename()]
    assert names == (["Füße.bin"] if kind == "attachment" else [])


def contents(message: EmailMessage) -> Iterator[bytes]:
    """The decoded contents of the leaves of a message; texts with LF, without the line end that a part may add."""
    for part in message.walk():
        if not part.is_multipart():
            data = part.get_payload(decode=True)
            yield data.replace(b"\r\n", b"\n") if part.get_content_maintype() == "text" else data
