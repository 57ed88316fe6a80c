"""Encryption within what was encrypted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import PayloadError, holds_encrypted, read_payload

ARMOR = "-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n-----END PGP MESSAGE-----\r\n"


def within(levels: int, part: str) -> bytes:
    for number in range(levels):
        part = f"Content-Type: multipart/mixed; boundary=b{number}.\r\n\r\n--b{number}.\r\n{part}\r\n--b{number}.--\r\n"
    return part.encode()


@pytest.mark.parametrize("levels", [0, 1, 40])
@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: Multipart/Encrypted; boundary=z\r\n\r\n",
        "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/encrypted; boundary=z\r\n\r\n",
        "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
        "Content-Type: application/x-pkcs7-mime; name=smime.p7m\r\nContent-Disposition: attachment\r\n\r\n",
        f"Content-Type: text/plain\r\n\r\nHello\r\n{ARMOR}",
        f"Content-Type: text/html\r\n\r\n<pre>{ARMOR}</pre>",
        "Content-Type:\0 multipart/encrypted; boundary=z\r\n\r\n",
        f"Content-Transfer-Encoding: base64\r\n\r\n{ARMOR}",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n-----BEGIN PGP=20MESSAGE-----\r\n",
        (
            "Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "LQAtAC0ALQAtAEIARQBHAEkATgAgAFAARwBQACAATQBFAFMAUwBBAEcARQAtAC0ALQAtAC0A\r\n"
        ),
        f"Content-Type: text/plain; charset=utf-7\r\n\r\n{ARMOR.replace('-----BEGIN', '+AC0ALQAtAC0ALQ-BEGIN')}",
        f"Content-Type: text/plain; format=flowed\r\n\r\n {ARMOR}",
        "Content-Type: text/plain; format=flowed\r\n\r\n-----BEGIN PGP \r\nMESSAGE-----\r\n",
        f"Content-Type: text/html\r\n\r\n{ARMOR.replace('BEGIN', '&#66;EGIN')}",
        "Content-Type: text/html\r\n\r\n"
        + ARMOR.replace("N P", 'N&nbsp;<b title=">"></b>P').replace("S", "<!-- > -->S"),
        "Content-Type: text/html\r\n\r\n" + "<br>" * 3000 + ARMOR.replace("N P", "N <style>p{}</style>P"),
        "Content-Type: text/html\r\n\r\n" + ARMOR.replace("N P", "N <b style='display:none'>x</b>P"),
        "Content-Type: text/plain; charset=utf-8\r\n\r\n" + ARMOR.replace("BEGIN ", "BEG\u202aIN\x01"),
        f"Content-Type: text/plain\r\nContent-Disposition: inline; filename=a.txt\r\n\r\n{ARMOR}",
        "\r\n> " + ARMOR.replace("\n", "\n> "),
        "\r\n  " + ARMOR.replace("\n", "\n  "),
        "Content-Type: application/octet-stream; name=smime.p7m\r\n\r\n",
        (
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvZW5jcnlwdGVkOyBib3VuZGFyeT16Cgp4Cg==\r\n"
        ),
        (
            "Content-Type: multipart/mixed; boundary=q\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "LS1xCkNvbnRlbnQtVHlwZTogbXVsdGlwYXJ0L2VuY3J5cHRlZDsgYm91bmRhcnk9egoKeAotLXEtLQo=\r\n"
        ),
    ],
)
def test_found(levels: int, part: str) -> None:
    """At any depth, in forwarded mail, and whatever the encoding."""
    assert holds_encrypted(read_payload(within(levels, part)))


@pytest.mark.parametrize(
    "part",
    [
        f"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.asc\r\n\r\n{ARMOR}",
        "Content-Type: application/pgp-encrypted; name=a.gpg\r\nContent-Disposition: attachment\r\n\r\nx\r\n",
        "Content-Type: application/octet-stream\r\n\r\n" + ARMOR,
        "\r\nI wrote -----BEGIN PGP MESSAGE----- and nothing else.\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\nx\r\n",
        "Content-Type: application/pgp-keys\r\n\r\n-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n",
    ],
)
def test_left_alone(part: str) -> None:
    """Files, and words about it."""
    assert not holds_encrypted(read_payload(within(1, part)))


def test_whole_only_for_members() -> None:
    """The copy of header fields that is taken out of a text holds nothing together."""
    copied = '<div class="header-protection-legacy-display"><pre>Subject: x</pre></div>'
    page = f"<pre>{ARMOR.replace('MESSAGE', copied + 'MESSAGE')}</pre>"
    head = 'Content-Type: text/html; hp="cipher"; hp-legacy-display="1"\r\n\r\n'
    assert holds_encrypted(read_payload((head + page).encode()))


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/html\r\n\r\n" + b"x" * (2**19 + 1),
        within(1, "\r\n--b0.\r\n".join(["Content-Type: text/html\r\n\r\n" + "x" * 2**15] * 17)),
        (b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".replace(b"=", b"=3D"))
        * 9,
    ],
)
def test_no_end(content: bytes) -> None:
    """What would take long to look at is not posted unseen."""
    with pytest.raises(PayloadError):
        holds_encrypted(read_payload(content))


def test_pictures_in_a_page() -> None:
    """Large ones are no long text."""
    page = f'Content-Type: text/html\r\n\r\n<img src="data:image/png;base64,{"AAAA" * 2**20}">'
    assert not holds_encrypted(read_payload(page.encode()))
    armor = ARMOR.replace("BEGIN", "&#66;EGIN")
    assert holds_encrypted(read_payload(f'Content-Type: text/html\r\n\r\n="data:{armor}"'.encode()))


@given(
    st.binary(max_size=200),
    st.sampled_from(["text/plain", "text/html", "multipart/mixed; boundary=b", "message/rfc822"]),
    st.sampled_from(["7bit", "base64", "quoted-printable"]),
)
def test_only_payload_errors(body: bytes, kind: str, encoding: str) -> None:
    """Anything is answered."""
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n--b\r\n".encode()
    try:
        assert holds_encrypted(read_payload(head + body)) in {True, False}
    except PayloadError:
        return
