"""Received messages are read by their octets, not by what a stranger says that these mean."""

import email
import time
from email.message import Message

import pytest

from mailman_pgp.mime import Structure, examine, flat, inline_message

CHARSETS = [
    "charset*=us-ascii'en'utf-8",
    "charset*0=utf-; charset*1=8",
    "charset=idna",
    "charset=punycode",
    "charset=undefined",
    "charset=unicode_escape",
    'charset="a\0b"',
    "charset=",
    "charset=\udcff",
]
ARMORED = b"-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----"
# Of this, Python's codec takes minutes.
SLOW = b"\xe4" + b"x" * 200_000 + b"-" + b"a" * 200_000


def parsed(head: str, body: bytes) -> Message:
    """A message of which the header may hold anything."""
    return email.message_from_bytes(head.encode("utf-8", "surrogateescape") + b"\n\n" + body)


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_that_is_none(charset: str) -> None:
    """A text in 8 bits of an unknown charset, one that is no text's, or one that says so in an odd form, is read all the same."""
    for body in (b"Gr\xfc\xdfe \xff", b"\xe4-\xe4"):
        message = parsed(f"Content-Type: text/plain; {charset}", body)
        assert examine(message).structure is Structure.NOT_ENCRYPTED
        assert inline_message(message) is None
        assert body in flat(message)
    inline = parsed(f"Content-Type: text/plain; {charset}", ARMORED.replace(b"\n\n", b"\nComment: \xe4\n\n", 1))
    assert examine(inline).structure is Structure.INLINE
    assert b"\nComment: \xe4\n" in (inline_message(inline) or b"")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/mixed", "multipart/encrypted"])
def test_charset_that_takes_long(kind: str) -> None:
    """Nobody can keep the list busy by naming a codec of which the work grows with the square of a mail."""
    leaf = b"Content-Type: text/plain; charset=punycode\n\n" + SLOW
    boundary = "" if kind == "text/plain" else '; protocol="application/pgp-encrypted"; boundary=m'
    message = parsed(f"Content-Type: {kind}; charset=punycode{boundary}", SLOW)
    if boundary:
        message = parsed(f"Content-Type: {kind}{boundary}", b"--m\n" + leaf + b"\n--m\n" + leaf + b"\n--m--\n")
    began = time.process_time()
    examine(message)
    flat(message)
    inline_message(message)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("charset", ["", "; charset=us-ascii", "; charset=iso-8859-1", "; charset=utf-8"])
def test_octets_stay(charset: str) -> None:
    """Binary data, a byte order mark and blanks of other charsets are what they are."""
    binary = bytes(range(128, 256))
    head = 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=m'
    control = b"--m\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    data = (
        b"--m\nContent-Type: application/octet-stream" + charset.encode() + b"\nContent-Transfer-Encoding: binary\n\n"
    )
    assert examine(parsed(head, control + data + binary + b"\n--m--\n")).ciphertext == binary
    marked = data.replace(b"octet-stream", b"pgp-keys").replace(b"binary", b"8bit") + b"\xef\xbb\xbf" + ARMORED
    assert examine(parsed(head, control + marked + b"\n--m--\n")).ciphertext == b"\xef\xbb\xbf" + ARMORED
    blank = b"\xa0\n" if "8859" in charset else b"\xc2\xa0\n"
    before = b"--m\nContent-Type: text/plain" + charset.encode() + b"\n\n" + blank
    assert examine(parsed(head, before + control + marked + b"\n--m--\n")).repaired
