"""The author's own signature within the list's message: where it can stay, and that what it covers comes out as it went in."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import Author, Outward, PayloadError, Signed, as_signed, compose_payload, read_payload
from mailman_pgp.mime import entity as entities

ANNE = "anne@example.com"
HEAD = b"Content-Type: text/plain\r\nSubject: x\r\n\r\n"
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\n\nwnUE\n-----END PGP SIGNATURE-----\n"


def cut(data: bytes) -> tuple[bytes, bytes]:
    """What our own reader finds signed in a composed payload, and the signature."""
    (found,) = [part for part in entities.parts(entities.read(data)) if part.content_type.kind == "multipart/signed"]
    pair = read_payload(data[found.start : found.end]).signed_part
    assert pair is not None
    return pair


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"a \r\n\t\r\nFrom x\r\n.\r\n",
        HEAD + b"no line end",
        b'From: "Anne" <Anne@Example.com>\r\nSender: anne@example.com\r\n' + HEAD,
        HEAD,
        HEAD + "ü".encode() + b"\xff\r\n",
        HEAD + b"x" * 998 + b"\r\n",
    ],
)
def test_stays(content: bytes, author: Author, outward: Outward) -> None:
    """Lines that mail takes stay as they are, and so does a missing one at the end."""
    part = as_signed(content, ANNE, text_mode=False)
    assert part == content
    payload = read_payload(content)
    data = compose_payload(payload, author, outward, signed=Signed(part, SIGNATURE, "pgp-sha512"), footer_text="bye")
    assert cut(data) == (content, SIGNATURE.replace(b"\n", b"\r\n"))
    assert data.count(content) == 1
    assert b'micalg="pgp-sha512"' in data


def test_line_ends() -> None:
    """Other line ends become CRLF for a signature that does not mind, and for no other."""
    assert as_signed((HEAD + b"a\r\n").replace(b"\r\n", b"\n"), ANNE, text_mode=True) == HEAD + b"a\r\n"
    assert as_signed((HEAD + b"a\r\n").replace(b"\r\n", b"\n"), ANNE, text_mode=False) is None
    assert as_signed(HEAD + b"a\nb\r\n", ANNE, text_mode=False) is None


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"x" * 999,
        HEAD + b"a\rb",
        HEAD + b"a\0b",
        b"",
        b"text\r\n\r\nmore",
        b"\r\ntext",
        b"Subject: x\r\ntext\r\n\r\nmore",
        b"Subject: x",
        b"Subject: x\r\n",
        b"Subject: a\x0bBcc: b\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n",
        b"AutoCrypt-gossip: addr=cris@example.com\r\n" + HEAD,
        b"Autocrypt: addr=anne@example.com\r\n" + HEAD,
        b"Bcc: cris@example.com\r\n" + HEAD,
        b"From: Bart <bart@example.com>\r\n" + HEAD,
        b"From: Anne <anne@example.com>\r\nFROM : Bart <bart@example.com>\r\n" + HEAD,
        b"From: bart@example.com <anne@example.com>\r\n" + HEAD,
        b"From: Anne <anne@example.com>, Bart <bart@example.com>\r\n" + HEAD,
        b"Sender: Bart <bart@example.com>\r\n" + HEAD,
        b"Author: Bart\r\n" + HEAD,
    ],
)
def test_left_out(content: bytes) -> None:
    """What mail forbids, what is no entity for every program, and what the list hands on of nobody."""
    assert as_signed(content, ANNE, text_mode=True) is None
    assert as_signed(content, ANNE, text_mode=False) is None


@given(
    st.lists(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\r\n", b"\n", b"--=-", b"--s=-", HEAD, b"x" * 998])),
        max_size=12,
    ).map(b"".join),
    st.booleans(),
)
def test_any_content(content: bytes, text_mode: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Whatever stays is cut out again as it was, by a reader that knows nothing of it."""
    part = as_signed(content, ANNE, text_mode=text_mode)
    if part is None:
        return
    assert part == content or text_mode
    try:
        payload = read_payload(content)
    except PayloadError:
        return
    outward = Outward("list@example.com", "L", "list.example.com", "<a@b>", "")
    author = Author("anne@example.com", "Anne", "good")
    assert cut(compose_payload(payload, author, outward, signed=Signed(part, SIGNATURE, "pgp-sha256")))[0] == part


def test_nothing_else_changes(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """The list's header fields, its line and its texts are those of a post without."""
    payload = read_payload(mail.k9())
    signed = Signed(mail.k9(), SIGNATURE, "pgp-sha256")
    plain = compose_payload(payload, author, outward, footer_text="bye", boundary="b")
    kept = compose_payload(payload, author, outward, footer_text="bye", signed=signed, boundary="b")
    assert plain.split(b"\r\n--b")[:2] == kept.split(b"\r\n--b")[:2]
    assert plain.split(b"\r\n--b")[-2:] == kept.split(b"\r\n--b")[-2:]
