"""What exactly a detached signature covers."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import read_payload


def test_exact_bytes(mail: SimpleNamespace) -> None:
    """The signed bytes are those between the delimiters, without the CRLF that belongs to the second."""
    content = mail.signed()
    assert read_payload(content).signed_part == (mail.k9(), mail.signature)


def test_odd_bytes_survive() -> None:
    """Odd spacing, trailing blanks, lone CR, 8-bit bytes: nothing is written anew."""
    inner = b"Content-Type:text/plain\r\nX-Odd :  a\r\n\t b \r\n\r\n \ttrailing \t\r\na\rb\xff\0\r\n--s-not\r\n\r\n"
    content = (
        b'Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"\r\n\r\npreamble\r\n'
        b"--s \t\r\n" + inner + b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--s--\r\nepilogue"
    )
    assert read_payload(content).signed_part == (inner, b"sig")


def test_line_ends_are_made_canonical(mail: SimpleNamespace) -> None:
    """Content that came with LF is cut with CRLF, as signatures are made (RFC 3156 §5)."""
    found = read_payload(mail.signed().replace(b"\r\n", b"\n")).signed_part
    assert found is not None
    assert found[0] == mail.k9()


@given(st.binary(max_size=200), st.booleans())
def test_any_content(inner: bytes, lf: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Whatever stands between the delimiters comes out, line ends apart.

    A CR at the very end is left out: before a delimiter in LF text nobody can tell it from a line end.
    """
    inner = b"Content-Type: text/plain\r\n\r\n" + inner.replace(b"--s", b"").rstrip(b"\r")
    content = (
        b'Content-Type: multipart/signed; boundary="s="; protocol="application/pgp-signature"\r\n\r\n--s=\r\n'
        + inner
        + b"\r\n--s=\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--s=--\r\n"
    )
    if lf:
        content = content.replace(b"\r\n", b"\n")
    found = read_payload(content).signed_part
    assert found is not None
    assert found[0].replace(b"\r\n", b"\n") == inner.replace(b"\r\n", b"\n")


def test_headers_come_from_below_the_signature(mail: SimpleNamespace) -> None:
    """Fields beside the signature are not covered by it; those of the signed part are."""
    content = mail.signed().replace(
        b"Content-Type: multipart/signed;",
        b'From: Eve <eve@example.com>\r\nSubject: forged\r\nContent-Type: multipart/signed; hp="cipher";',
    )
    payload = read_payload(content)
    assert payload.author_address == "anne@example.com"
    assert payload.subject == "Re: [sec] plan"
    assert payload.message["From"] == "Anne <anne@example.com>"


def test_deeper_signature_counts_as_none(mail: SimpleNamespace) -> None:
    """A signed part that is not the root signs only a part of what is seen: the message is unsigned."""
    content = mail.crlf("Content-Type: multipart/mixed; boundary=o", "", "--o", "", "forged", "--o") + mail.signed()
    assert read_payload(content + mail.crlf("--o--")).signed_part is None
    twice = read_payload(mail.signed(mail.signed().replace(b"--s", b"--t").replace(b'"s"', b'"t"')))
    assert twice.signed_part is not None
    assert twice.body.content_type.kind == "multipart/signed"


@pytest.mark.parametrize("protocol", ["", "application/pkcs7-signature", "application/pgp-encrypted"])
def test_other_protocols(mail: SimpleNamespace, protocol: str) -> None:
    """Other signatures are none of ours."""
    assert read_payload(mail.signed(protocol=protocol)).signed_part is None


def test_third_part(mail: SimpleNamespace) -> None:
    """A part after the signature is not covered by it: the whole counts as unsigned, and is kept whole."""
    payload = read_payload(mail.signed(after=mail.crlf("Content-Type: text/plain", "", "footer", "--s--")))
    assert payload.signed_part is None
    assert payload.body is payload.root


def test_signature_in_base64(mail: SimpleNamespace) -> None:
    """The signature's transfer encoding is undone; a damaged one becomes an empty signature, not an error."""
    for text, expected in ((b"c2ln", b"sig"), (b"c", b"")):
        content = mail.signed().replace(mail.signature, text)
        content = content.replace(b'"signature.asc"', b'"signature.asc"\r\nContent-Transfer-Encoding: base64')
        found = read_payload(content).signed_part
        assert found is not None
        assert found[1] == expected
