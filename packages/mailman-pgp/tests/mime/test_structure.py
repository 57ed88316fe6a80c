"""What a received message counts as."""

import email
from email.message import Message
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import Structure, examine

PARTS = (
    "--m",
    "Content-Type: application/pgp-encrypted",
    "",
    "Version: 1",
    "--m",
    "Content-Type: application/octet-stream",
    "",
    "-----BEGIN PGP MESSAGE-----",
    "",
    "x",
    "-----END PGP MESSAGE-----",
    "--m--",
)


def parsed(data: bytes) -> Message:
    return email.message_from_bytes(data)


def mixed(mail: SimpleNamespace, *before: str, kind: str = "multipart/mixed") -> Message:
    return parsed(mail.crlf(f"Content-Type: {kind}; boundary=m", "", *before, *PARTS))


def test_pgp_mime(mail: SimpleNamespace) -> None:
    """A root of exactly the two parts of RFC 3156 is encrypted, and the armored data comes out unchanged."""
    found = examine(parsed(mail.encrypted()))
    assert (found.structure, found.repaired) == (Structure.ENCRYPTED, False)
    assert found.ciphertext is not None
    assert found.ciphertext.strip().replace(b"\r\n", b"\n") == mail.armored.strip()


def test_base64_data(mail: SimpleNamespace) -> None:
    """A gateway's transfer encoding is undone."""
    data = mail.encrypted().replace(
        b'name="encrypted.asc"\r\n\r\n' + mail.armored.rstrip(),
        b'name="encrypted.asc"\r\nContent-Transfer-Encoding: base64\r\n\r\nLS0tLS1CRUdJTg==',
    )
    assert examine(parsed(data)).ciphertext == b"-----BEGIN"


@pytest.mark.parametrize("protocol", ["", ' protocol="application/pkcs7-mime";', ' protocol="";'])
def test_wrong_protocol(mail: SimpleNamespace, protocol: str) -> None:
    """multipart/encrypted with another protocol, or none, is broken."""
    assert examine(parsed(mail.encrypted(protocol=protocol))).structure is Structure.BROKEN


def test_third_part(mail: SimpleNamespace) -> None:
    """A third part beside the encrypted one makes it broken: nobody may add text to what is encrypted."""
    extra = mail.crlf("--cut", "Content-Type: text/plain", "", "visit my site")
    found = examine(parsed(mail.encrypted(extra=extra)))
    assert (found.structure, found.ciphertext) == (Structure.BROKEN, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Version: 1", b"Version: 2"),
        (b"Content-Type: application/pgp-encrypted\r\n", b"Content-Type: text/plain\r\n"),
        (b"application/octet-stream", b"text/html"),
        (b"MIME-Version: 1.0", b"Content-Type: text/plain"),
        (b"Content-Type: application/octet-stream;", b"Content-Type: multipart/mixed; boundary=q;"),
    ],
)
def test_broken(mail: SimpleNamespace, old: bytes, new: bytes) -> None:
    """What claims to be multipart/encrypted and is not well-formed is broken, not unencrypted."""
    assert examine(parsed(mail.encrypted().replace(old, new))).structure is Structure.BROKEN


def test_nested_encrypted_part(mail: SimpleNamespace) -> None:
    """An encrypted part below the root, beside readable text, does not make a message encrypted."""
    data = mail.crlf("Content-Type: multipart/mixed; boundary=o", "", "--o", "", "hi", "--o") + mail.encrypted()
    assert examine(parsed(data + mail.crlf("--o--"))).structure is Structure.NOT_ENCRYPTED


def test_exchange_is_repaired(mail: SimpleNamespace) -> None:
    """multipart/mixed with an empty text before the two parts is what Exchange makes of PGP/MIME."""
    found = examine(mixed(mail, "--m", "Content-Type: text/plain", "", "  ", ""))
    assert (found.structure, found.repaired) == (Structure.ENCRYPTED, True)
    assert examine(mixed(mail)).repaired


def test_exchange_with_text_is_not_repaired(mail: SimpleNamespace) -> None:
    """With words in that text somebody could read something unencrypted: it is not encrypted."""
    assert examine(mixed(mail, "--m", "Content-Type: text/plain", "", "psst")).structure is Structure.NOT_ENCRYPTED
    assert examine(mixed(mail, kind="multipart/alternative")).structure is Structure.NOT_ENCRYPTED


def test_inline(mail: SimpleNamespace) -> None:
    """An armored message in a text is told apart, so that the answer can say what to do."""
    inline = b"Content-Type: text/plain\n\nhello\n" + mail.armored
    assert examine(parsed(inline)).structure is Structure.INLINE
    assert examine(parsed(inline)).ciphertext is None


def test_plain(mail: SimpleNamespace) -> None:
    """Text, no Content-Type and 8-bit headers are simply not encrypted; so is an .asc file."""
    assert examine(parsed(b"Subject: hi\n\nhello")).structure is Structure.NOT_ENCRYPTED
    assert examine(parsed(b"Content-Type: text/pl\xe4in\nSubject: \xff\n\nhello")).structure is Structure.NOT_ENCRYPTED
    data = mail.crlf("Content-Type: application/pgp-encrypted", "", mail.armored)
    assert examine(parsed(data)).structure is Structure.NOT_ENCRYPTED


def test_no_deep_walk() -> None:
    """Ten thousand nested parts are looked at one level deep."""
    root = inner = Message()
    for _ in range(10_000):
        inner["Content-Type"] = "multipart/mixed"
        child = Message()
        inner.set_payload([child])
        inner = child
    assert examine(root).structure is Structure.NOT_ENCRYPTED


@given(st.binary(max_size=400), st.sampled_from(["multipart/encrypted", "multipart/mixed", "text/plain"]))
def test_raises_nothing(data: bytes, kind: str) -> None:
    """Whatever arrives gets an answer."""
    head = f'Content-Type: {kind}; protocol="application/pgp-encrypted"; boundary=x\r\n\r\n--x\r\n'.encode()
    for message in (parsed(data), parsed(head + data + b"\r\n--x\r\n" + data + b"\r\n--x--")):
        found = examine(message)
        assert (found.ciphertext is not None) == (found.structure is Structure.ENCRYPTED)
