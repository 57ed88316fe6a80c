"""Messages that exhaust a reader."""

import email.message
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import PayloadError, flat, read_payload
from mailman_pgp.mime.entity import MAX_DEPTH, MAX_FIELDS, MAX_PARTS


def nested(levels: int, text: bytes = b"Content-Type: text/plain\r\n\r\nhi\r\n") -> bytes:
    heads = (b'Content-Type: multipart/mixed; boundary="b%d."\r\n\r\n--b%d.\r\n' % (i, i) for i in range(levels))
    return b"".join(heads) + text


def siblings(count: int) -> bytes:
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


@pytest.mark.parametrize(
    "content",
    [
        nested(10_000),
        nested(MAX_DEPTH + 1),
        siblings(MAX_PARTS + 1),
        siblings(100_000),
        b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
        b"X: y\r\n" * 100_000 + b"\r\nbody",
        b"X: y\r\n" * (MAX_FIELDS + 1),
        b"X: " + b"y" * 1_000_000,
        b"X: y\r\n" + b" y\r\n" * 1_000_000,
        b"Content-Type: message/delivery-status\r\n\r\n" + b"X: y\n\n" * 10_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 100_000,
        b"Content-Type: text/plain; name=" + b"x" * 10_000 + b"\r\n\r\n",
    ],
)
def test_refused(content: bytes) -> None:
    """Too deep, too many parts, too many or too long header fields: refused with a sentence that says what to do."""
    with pytest.raises(PayloadError, match=r"^The .*\. Send it with"):
        read_payload(content)


@pytest.mark.parametrize("content", [nested(MAX_DEPTH), siblings(MAX_PARTS), b"X: y\r\n" * MAX_FIELDS])
def test_up_to_the_limit(content: bytes) -> None:
    """The limits themselves are allowed, and the standard library can parse what was allowed."""
    assert isinstance(read_payload(content).message, email.message.Message)


@pytest.mark.parametrize(
    "parameter",
    ['boundary=""', 'boundary=" "', "boundary*=utf-8''b", "boundary*0=b", "boundary=b; boundary=c", "boundary=\u00fc"],
)
def test_ambiguous_boundary(parameter: str) -> None:
    """A delimiter that programs read differently is refused: each would see other parts."""
    with pytest.raises(PayloadError, match="told apart"):
        read_payload(f"Content-Type: multipart/mixed; {parameter}\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n".encode())


@pytest.mark.parametrize("name", ["Content-Type", "Content-Transfer-Encoding"])
def test_stated_twice(name: str) -> None:
    """Two of the fields that say how to read the body are refused."""
    with pytest.raises(PayloadError, match="twice"):
        read_payload(f"{name}: text/plain\r\n{name}: text/html\r\n\r\nx".encode())


def test_repr_and_errors_are_silent() -> None:
    """Neither a payload's repr nor an error quotes what was decrypted."""
    assert "canary" not in repr(read_payload(b"Subject: canary\r\n\r\ncanary"))
    with pytest.raises(PayloadError) as caught:
        read_payload(b"canary: y\r\n" * 2000)
    assert "canary" not in str(caught.value)


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="c"\n',
        b"Content-Type: message/rfc822\n",
        b"Content-Type: application/pgp-signature\r\n",
        b'Content-Type: text/plain; hp="cipher"; name="\\',
        b"Content-Transfer-Encoding: base64\r\n",
        b"From: a@b.c\r\n",
        b'From: "a" <b@c.d>, (',
        b"Subject: =?utf-8?q?=0D=0A?=\r\n",
        b"--b\r\n",
        b"--b--",
        b"--c\n",
        b"--c",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b":",
        b"\0\xff",
    ],
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=40).map(b"".join))
def test_only_payload_errors(content: bytes) -> None:
    """Reading, cutting and parsing raise nothing but PayloadError, and what is cut has CRLF line ends."""
    try:
        payload = read_payload(content, outer={"From": "x@example.com"})
        assert payload.message is payload.message
    except PayloadError:
        return
    for text in payload.headers.values():
        assert text.isprintable() or not text.isascii()
        assert "\n" not in text
    if payload.signed_part is not None:
        signed = payload.signed_part[0]
        assert signed.count(b"\n") == signed.count(b"\r\n")


def test_headers_only(mail: SimpleNamespace) -> None:
    """A content that ends within its header, and an empty one, are read as far as they go."""
    assert read_payload(b"").body.body_bytes == b""
    assert read_payload(mail.k9()[:60]).headers == {}


@pytest.mark.parametrize("content", [nested(MAX_DEPTH + 1), nested(300), siblings(MAX_PARTS + 1)])
def test_writing_a_received_message(content: bytes) -> None:
    """What is nested too deeply, or has too many parts, is not written by a library that recurses; what is not, is."""
    with pytest.raises(PayloadError):
        flat(email.message_from_bytes(content))
    usual = nested(3)
    assert read_payload(flat(email.message_from_bytes(usual))).body.content_type.kind == "multipart/mixed"
