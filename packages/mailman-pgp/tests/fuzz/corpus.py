"""Good and bad messages from which the fuzz targets start, all made by the builders of the other tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from keys import TEXT, forge_usable, packet
from messages import (
    ANONYMOUS,
    compressed,
    encrypted,
    encrypted_without_integrity,
    literal,
    made_by,
    one_pass,
    session_key,
    signed,
)
from people import Person

from mailman_pgp.openpgp import armor
from mailman_pgp.openpgp.memberkeys import MemberKey

LIST = forge_usable("Ants <ants@example.com>")
ANNE = forge_usable("Anne <anne@example.com>")
EVE = forge_usable("Eve <eve@example.com>")
_PERSON = Person(cast("Any", SimpleNamespace(address="ants@example.com")), "Anne", "anne@example.com", MemberKey(b""))

TEXT_ENTITY = _PERSON.payload("Hello").replace(b"\n", b"\r\n")


def multipart_signed(entity: bytes, *, after: bytes = b"") -> bytes:
    """A root `multipart/signed` of Anne's (RFC 3156 §5)."""
    signature = armor(made_by(ANNE.primary, entity), "PGP SIGNATURE").replace(b"\n", b"\r\n")
    return (
        b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="s"\r\n\r\n--s\r\n' + entity
        + b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n" + signature + after + b"\r\n--s--\r\n"
    )  # fmt: skip


MIXED = (
    b'Content-Type: multipart/mixed; boundary=o; hp="cipher"\r\nFrom: anne@example.com\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\n\r\n--o\r\n'
    b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nyes\r\n> no\r\n--o\r\nContent-Type: text/html\r\n\r\n"
    b"<p>yes<blockquote>no</blockquote>\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--o\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''%41.asc\r\n\r\nQUJD\r\n--o--\r\n"
)
#: What is inside the encryption.
ENTITIES = [
    TEXT_ENTITY,
    MIXED,
    multipart_signed(TEXT_ENTITY),
    multipart_signed(MIXED, after=b"\r\n--s\r\nContent-Type: text/plain\r\n\r\nmore\r\n"),
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + multipart_signed(TEXT_ENTITY) + b"--b--\r\n",
    b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nVersion: 1\r\n--b--\r\n",
    b"Content-Type:\0 multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nVersion: 1\r\n--b--\r\n",
    b"Content-Transfer-Encoding: base64" + b" " * 1000 + b"\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n",
    b"only words\n",
    b"",
]
#: Content that Anne has signed below.
SIGNED = [TEXT_ENTITY, MIXED, b"Hello\n"]
#: Packets inside the encryption.
INNER = [
    *(signed(content, ANNE.primary) for content in SIGNED),
    signed(b"Hello\n", ANNE.primary, kind=TEXT, mode=b"t"),
    signed(b"Hello\n", EVE.primary, ANNE.primary),
    literal(b"Hello\n"),
    compressed(signed(b"Hello\n", ANNE.primary)),
    one_pass(ANNE.primary) + literal(b"Other\n") + made_by(ANNE.primary, b"Hello\n"),
    made_by(ANNE.primary, b"Hello\n"),
    packet(10, b"PGP") + packet(21, bytes(20)) + literal(b"Hello\n"),
]
#: Whole messages, binary.
MESSAGES = [
    *(session_key(LIST) + encrypted(inner) for inner in INNER),
    session_key(LIST, anonymous=True) + session_key(EVE) + encrypted(INNER[0]),
    session_key(LIST) + encrypted_without_integrity(INNER[0]),
    session_key(LIST) + encrypted(session_key(LIST) + encrypted(INNER[0])),
]
#: Mail as it comes.
MAIL = [
    *(_PERSON.envelope(armor(message, "PGP MESSAGE")) for message in MESSAGES[:3]),
    *(b"From: anne@example.com\r\nTo: ants@example.com\r\nMessage-ID: <1@x>\r\n" + entity for entity in ENTITIES),
    b"From: anne@example.com\n\n" + armor(MESSAGES[0], "PGP MESSAGE"),
    # As Exchange takes it apart.
    _PERSON.envelope(armor(MESSAGES[0], "PGP MESSAGE")).replace(
        b"multipart/encrypted;",
        b"multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\n\n--a\n"
        b"Content-Type: text/html\n\n<style>p {}</style>&nbsp;\n--a--\n--b\nX-Type:",
    ),
    b"From: anne@example.com\nContent-Type: text/plain; charset=utf-8\n\ngr\xc3\xbcn -\xff\n",
]
#: What changes of meaning are made of.
WORDS = [
    b"\r\n", b"\n", b"\0", b"--s", b"--s--", b"--o", b"--b", b"\r\n\r\n", b'"', b";", b"=", b"multipart/signed", b"multipart/encrypted",
    b"message/rfc822", b"Content-Type: ", b"From: eve@example.com\r\n", b"protocol=", b"boundary=", b"charset*=", b"idna", b"hp=clear", b"-----BEGIN PGP MESSAGE-----",
    b"base64", b"\xff", b"\xcb", b"\xc2", b"\xd2", ANONYMOUS,
]  # fmt: skip
