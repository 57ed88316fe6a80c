"""Mail as usual mail programs write it, by what is known of their form: the envelope, what is inside, and how it is signed."""

from __future__ import annotations

import base64
import itertools
import quopri
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import Person

SUBJECT = "Grüße vom Turm"
_ENCODED = "=?UTF-8?B?R3LDvMOfZSB2b20gVHVybQ==?="
FILE = bytes(range(256)) * 3

_numbers = itertools.count(1)


def _text() -> str:
    """Another text each time: the same words signed twice within a second would count as a copy."""
    return f"Der Falke fliegt um zwölf, zum {next(_numbers)}. Mal.\n\n-- \nÄnne\n"


def _page(text: str) -> str:
    return f"<html><body><p>{text.splitlines()[0]}</p></body></html>\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A mail to the list (LF), what a reader is to find in its parts, and the names of its files."""

    message: bytes
    parts: tuple[bytes, ...]
    files: tuple[str, ...] = ()
    bound: bool = True
    """Whether it says inside for whom it was written."""


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _quoted(text: str, charset: str = "utf-8") -> str:
    return quopri.encodestring(text.encode(charset)).decode("ascii")


def _based(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii")


def _fields(author: Person, *, name: str = "Änne") -> str:
    encoded = f"=?UTF-8?B?{base64.b64encode(name.encode()).decode()}?="
    return _lines(
        f"From: {encoded} <{author.address}>", f"To: Ants <{author.list.address}>", f"Message-ID: <in.{author.address}>",
        f"Subject: {_ENCODED}",
    )  # fmt: skip


def _key_file(author: Person) -> str:
    return _lines(
        "-----BEGIN PGP PUBLIC KEY BLOCK-----",
        "",
        _based(author.key.certificate) + "-----END PGP PUBLIC KEY BLOCK-----",
    )


def _envelope(
    author: Person, kind: str, control: str, data: str, content: str, *, subject: str, before: str = ""
) -> bytes:
    """The outside: `kind` has the boundary ``bnd``; `content` is encrypted and signed, with CRLF."""
    armored = author.key.write(
        content.replace("\n", "\r\n").encode("utf-8", "surrogateescape"), author.list.certificate
    )
    head = _lines(
        f"From: {author.name} <{author.address}>", f"To: {author.list.address}", f"Subject: {subject}",
        "Date: Mon, 02 Nov 2026 10:00:00 +0100", f"Message-ID: <out{id(content)}.{author.address}>", "MIME-Version: 1.0", kind, "",
    )  # fmt: skip
    parts = f"{before}--bnd\n{control}\nVersion: 1\n\n--bnd\n{data}\n{armored.decode('ascii')}\n--bnd--\n"
    return (head + parts).encode()


def thunderbird(author: Person) -> Written:
    """Older protected headers on a multipart in a multipart, flowed text, a file, and the author's key."""
    text = _text()
    inside = (
        _lines('Content-Type: multipart/mixed; boundary="------------o";', ' protected-headers="v1"')
        + _fields(author)
        + _lines(
            "", "--------------o", 'Content-Type: multipart/mixed; boundary="------------i"', "", "--------------i",
            "Content-Type: text/plain; charset=UTF-8; format=flowed", "Content-Transfer-Encoding: base64", "", _based(text.encode()),
            "--------------i", 'Content-Type: application/pdf; name="=?UTF-8?Q?Pl=C3=A4ne=2Epdf?="',
            "Content-Disposition: attachment; filename*=UTF-8''Pl%C3%A4ne.pdf", "Content-Transfer-Encoding: base64", "", _based(FILE),
            "--------------i", 'Content-Type: application/pgp-keys; name="OpenPGP_0x1234.asc"',
            'Content-Disposition: attachment; filename="OpenPGP_0x1234.asc"', "Content-Description: OpenPGP public key",
            "Content-Transfer-Encoding: quoted-printable", "", _quoted(_key_file(author)), "--------------i--", "", "--------------o--",
        )
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted;\n protocol="application/pgp-encrypted";\n boundary="bnd"',
        _lines("Content-Type: application/pgp-encrypted", "Content-Description: PGP/MIME version identification"),
        _lines(
            'Content-Type: application/octet-stream; name="encrypted.asc"', "Content-Description: OpenPGP encrypted message",
            'Content-Disposition: inline; filename="encrypted.asc"',
        ),
        inside, subject="...", before="This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n",
    )  # fmt: skip
    return Written(message, (text.encode(), FILE), ("Pläne.pdf", "OpenPGP_0x1234.asc"))


def k9(author: Person) -> Written:
    """The subject alone inside, alternatives in quoted-printable."""
    text = _text()
    page = _page(text)
    inside = (
        _lines('Content-Type: multipart/alternative; boundary="----K9"; protected-headers="v1"', f"Subject: {_ENCODED}")
        + _lines(
            "", "------K9", "Content-Type: text/plain;", " charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
            _quoted(text), "------K9", "Content-Type: text/html;", " charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
            _quoted(page), "------K9--",
        )
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted; boundary="bnd";\n protocol="application/pgp-encrypted"',
        _lines("Content-Type: application/pgp-encrypted", "Content-Transfer-Encoding: 7bit"),
        _lines('Content-Type: application/octet-stream; name="encrypted.asc"', "Content-Transfer-Encoding: 7bit",
               'Content-Disposition: inline; filename="encrypted.asc"'),
        inside, subject="...",
    )  # fmt: skip
    return Written(message, (text.encode(), page.encode()), bound=False)


def apple_mail(author: Person) -> Written:
    """Signed as a multipart before it is encrypted; no header field inside, and the subject in the open."""
    text = _text()
    signed = _lines(
        "Content-Type: multipart/mixed;", '\tboundary="Apple-Mail=_1"', "", "", "--Apple-Mail=_1", "Content-Transfer-Encoding: quoted-printable",
        "Content-Type: text/plain;", "\tcharset=utf-8", "", _quoted(text), "--Apple-Mail=_1", "Content-Disposition: inline;",
        "\tfilename*=utf-8''Pl%C3%A4ne.pdf", "Content-Type: application/pdf;", "\tx-unix-mode=0644;", '\tname="=?utf-8?Q?Pl=C3=A4ne=2Epdf?="',
        "Content-Transfer-Encoding: base64", "", _based(FILE), "--Apple-Mail=_1--",
    ).replace("\n", "\r\n")  # fmt: skip
    signature = author.key.sign(signed.encode()).decode("ascii")
    inside = _lines(
        "Content-Type: multipart/signed;", '\tboundary="Apple-Mail=_2";', '\tprotocol="application/pgp-signature";', "\tmicalg=pgp-sha512",
        "", "", "--Apple-Mail=_2", signed.replace("\r\n", "\n"), "--Apple-Mail=_2", "Content-Transfer-Encoding: 7bit",
        "Content-Disposition: attachment;", "\tfilename=signature.asc", "Content-Type: application/pgp-signature;", "\tname=signature.asc",
        "Content-Description: Message signed with OpenPGP", "", signature, "--Apple-Mail=_2--",
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted;\n\tboundary="bnd";\n\tprotocol="application/pgp-encrypted"',
        _lines("Content-Transfer-Encoding: 7bit", "Content-Type: application/pgp-encrypted", "Content-Description: PGP/MIME Versions Identification"),
        _lines("Content-Transfer-Encoding: 7bit", "Content-Disposition: inline;", "\tfilename=encrypted.asc", "Content-Type: application/octet-stream;",
               "\tname=encrypted.asc", "Content-Description: OpenPGP encrypted message"),
        inside, subject=_ENCODED, before="This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)\n",
    )  # fmt: skip
    return Written(message, (text.encode(), FILE), ("Pläne.pdf",), bound=False)


def mutt(author: Person) -> Written:
    """A text in Latin-1 with its subject inside, attachments for the two parts."""
    text = _text()
    latin = text.encode("iso-8859-1").decode("ascii", "surrogateescape")
    inside = _lines(
        'Content-Type: text/plain; charset=iso-8859-1; protected-headers="v1"', "Content-Disposition: inline",
        "Content-Transfer-Encoding: 8bit", f"Subject: {_ENCODED}", "", latin.removesuffix("\n"),
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\n\tboundary="bnd"\nContent-Disposition: inline',
        _lines("Content-Type: application/pgp-encrypted", "Content-Disposition: attachment"),
        _lines("Content-Type: application/octet-stream", 'Content-Disposition: attachment; filename="msg.asc"'),
        inside, subject="...",
    )  # fmt: skip
    return Written(message, (text.encode("iso-8859-1"),), bound=False)


def fairemail(author: Person) -> Written:
    """The subject alone inside, alternatives within a mixed with a file."""
    text = _text()
    page = _page(text)
    inside = _lines(
        'Content-Type: multipart/mixed; boundary="----=_Part_1"; protected-headers="v1"', f"Subject: {_ENCODED}", "", "------=_Part_1",
        'Content-Type: multipart/alternative; boundary="----=_Part_2"', "", "------=_Part_2", "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable", "", _quoted(text), "------=_Part_2", "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable", "", _quoted(page), "------=_Part_2--", "", "------=_Part_1",
        "Content-Type: application/pdf; name*=UTF-8''Pl%C3%A4ne.pdf", "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename*=UTF-8''Pl%C3%A4ne.pdf", "", _based(FILE), "------=_Part_1--",
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; \n\tboundary="bnd"',
        _lines("Content-Type: application/pgp-encrypted"),
        _lines("Content-Type: application/octet-stream; name=encrypted.asc", "Content-Disposition: inline; filename=encrypted.asc"),
        inside, subject="...",
    )  # fmt: skip
    return Written(message, (text.encode(), page.encode(), FILE), ("Pläne.pdf",), bound=False)


def proton(author: Person) -> Written:
    """HTML alone and the author's key in a mixed, no header field inside, and the subject in the open."""
    page = _page(_text())
    inside = _lines(
        'Content-Type: multipart/mixed;boundary="---------------------p"', "", "-----------------------p",
        "Content-Type: text/html;charset=utf-8", "Content-Transfer-Encoding: base64", "", _based(page.encode()),
        "-----------------------p", 'Content-Type: application/pdf; filename="plan.pdf"; name="plan.pdf"', "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="plan.pdf"; name="plan.pdf"', "", _based(FILE),
        "-----------------------p", 'Content-Type: application/pgp-keys; filename="publickey.asc"; name="publickey.asc"',
        "Content-Transfer-Encoding: base64", 'Content-Disposition: attachment; filename="publickey.asc"; name="publickey.asc"', "",
        _based(_key_file(author).encode()), "-----------------------p--",
    )  # fmt: skip
    message = _envelope(
        author,
        'Content-Type: multipart/encrypted;boundary="bnd"; charset=utf-8; protocol="application/pgp-encrypted"',
        _lines("Content-Type: application/pgp-encrypted", "Content-Description: PGP/MIME version identification"),
        _lines('Content-Type: application/octet-stream; name="encrypted.asc"', "Content-Description: OpenPGP encrypted message",
               'Content-Disposition: inline; filename="encrypted.asc"'),
        inside, subject=_ENCODED, before="This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n",
    )  # fmt: skip
    return Written(message, (page.encode(), FILE), ("plan.pdf", "publickey.asc"), bound=False)


CLIENTS: dict[str, Callable[[Person], Written]] = {
    "Thunderbird": thunderbird,
    "K-9 Mail": k9,
    "Apple Mail with GPGTools": apple_mail,
    "Mutt": mutt,
    "FairEmail": fairemail,
    "Proton Mail": proton,
}
