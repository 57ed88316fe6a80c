"""Messages shaped like those of real mail programs, built with the standard library only."""

import base64
from types import SimpleNamespace

import pytest

from mailman_pgp import mime

ARMORED = b"-----BEGIN PGP MESSAGE-----\n\nwV4D\n-----END PGP MESSAGE-----\n"
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\r\n\r\nwnUE\r\n-----END PGP SIGNATURE-----\r\n"


def crlf(*lines: str | bytes) -> bytes:
    """Lines joined and ended by CRLF."""
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines)


def encrypted(*, protocol: str = ' protocol="application/pgp-encrypted";', extra: bytes = b"") -> bytes:
    """A PGP/MIME message as it arrives (RFC 3156 §4)."""
    return (
        crlf(
            "From: anne@example.com",
            "To: list@example.com",
            "Subject: ...",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/encrypted;{protocol} boundary="cut"',
            "",
            "--cut",
            "Content-Type: application/pgp-encrypted",
            "",
            "Version: 1",
            "",
            "--cut",
            'Content-Type: application/octet-stream; name="encrypted.asc"',
            "",
            ARMORED.rstrip(),
            "",
        )
        + extra
        + crlf("--cut--")
    )


def thunderbird(body: str = "Guten Tag,\r\nAnne") -> bytes:
    """Thunderbird: multipart/mixed with an inner mixed, older protected headers, format=flowed text."""
    return crlf(
        'Content-Type: multipart/mixed; boundary="------------outer";',
        ' protected-headers="v1"',
        "From: =?UTF-8?Q?Anne_M=C3=BCller?= <Anne@Example.com>",
        "To: The List <list@example.com>, bob@example.org",
        "Message-ID: <inner-1@example.com>",
        "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
        "",
        "--------------outer",
        'Content-Type: multipart/mixed; boundary="------------inner"',
        "",
        "--------------inner",
        "Content-Type: text/plain; charset=UTF-8; format=flowed",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
        "",
        "--------------inner",
        'Content-Type: application/pdf; name="plan.pdf"',
        'Content-Disposition: attachment; filename="plan.pdf"',
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(bytes(range(256))).replace(b"\n", b"\r\n").rstrip(),
        "",
        "--------------inner--",
        "",
        "--------------outer--",
    )


def mutt() -> bytes:
    """Mutt: a text in Latin-1, LF line ends, protected subject only."""
    return (
        b'Content-Type: text/plain; charset=iso-8859-1; protected-headers="v1"\nContent-Disposition: inline\n'
        b"Content-Transfer-Encoding: 8bit\nSubject: lunch\n\nCaf\xe9?\n"
    )


def k9() -> bytes:
    """K-9: multipart/mixed with one multipart/alternative, RFC 9788 headers."""
    return crlf(
        'Content-Type: multipart/mixed; boundary="k"; hp="cipher"',
        "From: Anne <anne@example.com>",
        "To: list@example.com",
        "Subject: Re: [sec] plan",
        "HP-Outer: Subject: [...]",
        "",
        "--k",
        'Content-Type: multipart/alternative; boundary="a"',
        "",
        "--a",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "yes",
        "--a",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<p>yes</p>",
        "--a--",
        "--k--",
    )


def apple() -> bytes:
    """Apple Mail with GPGTools: no protected headers, quoted-printable, odd header case."""
    return crlf(
        "Content-type: text/plain;",
        "\tcharset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "Mime-Version: 1.0 (Mac OS X Mail)",
        "",
        "Gr=C3=BC=C3=9Fe",
    )


def enigmail() -> bytes:
    """Enigmail: all headers protected by the older scheme, with the legacy display part."""
    return crlf(
        'Content-Type: multipart/mixed; boundary="e"; protected-headers="v1"',
        "From: Anne <anne@example.com>",
        "To: list@example.com",
        "Subject: secret",
        "",
        "--e",
        'Content-Type: text/rfc822-headers; protected-headers="v1"',
        "Content-Disposition: inline",
        "",
        "Subject: secret",
        "",
        "--e",
        "Content-Type: text/plain",
        "",
        "hello",
        "--e--",
    )


def signed(inner: bytes | None = None, *, protocol: str = "application/pgp-signature", after: bytes = b"") -> bytes:
    """A multipart/signed around `inner` (RFC 3156 §5); the inner entity is followed by the delimiter's own CRLF."""
    inner = k9() if inner is None else inner
    return (
        crlf(f'Content-Type: multipart/signed; boundary="s"; micalg=pgp-sha512; protocol="{protocol}"', "", "--s")
        + inner
        + crlf("", "--s", 'Content-Type: application/pgp-signature; name="signature.asc"', "")
        + SIGNATURE
        + crlf("", "--s" + ("" if after else "--"))
        + after
    )


@pytest.fixture(scope="session")
def mail() -> SimpleNamespace:
    """The builders."""
    return SimpleNamespace(
        apple=apple,
        armored=ARMORED,
        crlf=crlf,
        encrypted=encrypted,
        enigmail=enigmail,
        k9=k9,
        mutt=mutt,
        signature=SIGNATURE,
        signed=signed,
        thunderbird=thunderbird,
        all=[thunderbird(), mutt(), k9(), apple(), enigmail(), signed()],
    )


@pytest.fixture
def outward() -> mime.Outward:
    """What the list adds."""
    return mime.Outward(
        list_address="list@example.com",
        list_name="Security",
        list_id="list.example.com",
        subject_prefix="[sec] ",
        headers={"List-Post": "<mailto:list@example.com>", "X-Secret": "plan"},
        message_id="<id-1@example.com>",
        date="Mon, 02 Nov 2026 10:00:00 +0200",
        in_reply_to="<id-0@example.com>",
        references="<id-00@example.com> <id-0@example.com>",
        autocrypt="QUJD" * 100,
    )


@pytest.fixture
def author() -> mime.Author:
    """Who wrote it."""
    return mime.Author("anne@example.com", "Anne Müller", "signature good (fingerprint ABCD EF01)")
