"""What other programs write to a list, and what they read of it: the table that `docs/posts.md` shows.

python tests/e2e/peer_matrix.py
"""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

NAMES = {"gpg": "gpg 2.2", "sq": "sq 0.27", "sqop": "sqop 0.27", "gosop": "gosop", "rnp": "rnp 0.16"}

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Letter:
    """An entity with protected header fields, CRLF; and the contents of its parts, decoded, with LF in texts."""

    content: bytes
    parts: tuple[bytes, ...]


def _letter(person: Person, kind: str, body: bytes, parts: tuple[bytes, ...], encoding: str = "7bit") -> Letter:
    head = (
        f'Content-Type: {kind}; hp="cipher"; protected-headers="v1"\nContent-Transfer-Encoding: {encoding}\n'
        f"From: {person.name} <{person.address}>\nTo: {person.list.address}\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
        f"Content-ID: <m{next(_numbers)}.{person.address}>\nMIME-Version: 1.0\n\n"
    )
    return Letter((head.encode() + body).replace(b"\n", b"\r\n"), parts)


def _ascii(person: Person) -> Letter:
    text = b"At noon, by the bridge.\n"
    return _letter(person, "text/plain; charset=us-ascii", text, (text,))


def _utf8(person: Person) -> Letter:
    text = "Zwölf Kästchen, 漢字 🐜\n".encode()
    return _letter(person, "text/plain; charset=utf-8", text, (text,), "8bit")


def _latin1(person: Person) -> Letter:
    text = "Zwölf Kästchen\n".encode("iso-8859-1")
    return _letter(person, "text/plain; charset=iso-8859-1", text, (text,), "8bit")


def _attachment(person: Person) -> Letter:
    text, file = "Anbei die Pläne\n".encode(), bytes(range(256)) * 5
    body = (
        b"--q\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text
        + b"\n--q\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.pdf\n\n" + base64.encodebytes(file) + b"\n--q--\n"
    )  # fmt: skip
    return _letter(person, "multipart/mixed; boundary=q", body, (text, file), "8bit")


CONTENTS: dict[str, Callable[[Person], Letter]] = {
    "ASCII text": _ascii,
    "UTF-8 text in 8 bits": _utf8,
    "Latin-1 text in 8 bits": _latin1,
    "an attachment": _attachment,
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a message is written: options by program, or the reason why a program can't.

    `compressed` and `text_mode` are what must be found in it, where it is told.
    """

    options: dict[str, list[str] | str] = field(default_factory=dict)
    content: Callable[[Person], Letter] = _utf8
    compressed: bool | None = None
    text_mode: bool | None = None
    several: bool = False
    hidden: bool = False
    detached: bool = False


_NEVER_COMPRESSES = dict.fromkeys(("sqop", "gosop"), "it never compresses")


def _compressed(gpg: str, rnp: str) -> Form:
    options = {"gpg": ["--compress-algo", gpg], "sq": ["--compression", gpg], "rnp": [rnp], **_NEVER_COMPRESSES}
    return Form(options, compressed=True)


WRITTEN: dict[str, Form] = {
    "plain, not compressed": Form(
        {"gpg": ["--compress-algo", "none"], "sq": ["--compression", "none"], "rnp": ["-z", "0"]}, compressed=False
    ),
    "compressed, ZIP": _compressed("zip", "--zip"),
    "compressed, ZLIB": _compressed("zlib", "--zlib"),
    "compressed, BZip2": _compressed("bzip2", "--bzip"),
    "signed in binary mode": Form(text_mode=False),
    "signed in text mode": Form(
        {
            "gpg": ["--textmode"],
            "sqop": ["--as=text"],
            "gosop": ["--as=text"],
            **dict.fromkeys(("sq", "rnp"), "it signs in binary mode only"),
        },
        text_mode=True,
    ),
    "to several recipients": Form(several=True),
    "to several hidden recipients": Form(
        {"gpg": ["--throw-keyids"], **dict.fromkeys(("sq", "sqop", "gosop", "rnp"), "it always names recipients")},
        several=True,
        hidden=True,
    ),
    "with a detached signature inside (PGP/MIME)": Form(detached=True),
    **{f"{name}, signed": Form(content=content) for name, content in CONTENTS.items()},
}

SIGNED_BY_ITS_AUTHOR = "a text with its author's own signature (`keep_signature`)"
_OTHER_OCTETS = {"gosop": "it shows what it opens as UTF-8 with LF, so other octets are lost"}
READ: dict[str, dict[str, str]] = {
    **{name: _OTHER_OCTETS if content is _latin1 else {} for name, content in CONTENTS.items()},
    SIGNED_BY_ITS_AUTHOR: _OTHER_OCTETS,
}
"""What a member receives of the list, which writes one form only; and the reason why a program can't read it."""


def _unwritten(form: str) -> dict[str, str]:
    """Why programs can't write a form."""
    return {program: reason for program, reason in WRITTEN[form].options.items() if isinstance(reason, str)}


def written() -> Iterator[tuple[str, str]]:
    """Each program with each form that it can write."""
    return ((program, form) for form in WRITTEN for program in NAMES if program not in _unwritten(form))


def read() -> Iterator[tuple[str, str]]:
    """Each program with each content that it can read."""
    return ((program, content) for content, reasons in READ.items() for program in NAMES if program not in reasons)


def table() -> str:
    """The table in the form of the manual."""
    notes: list[str] = []

    def cell(reason: str | None) -> str:
        if reason is None:
            return "yes"
        if reason not in notes:
            notes.append(reason)
        return f"no ({notes.index(reason) + 1})"

    rows = [(f"writes {form}", _unwritten(form)) for form in WRITTEN]
    rows += [(f"reads {content}", reasons) for content, reasons in READ.items()]
    lines = [f"| program | {' | '.join(NAMES.values())} |", "| --- " * (len(NAMES) + 1) + "|"]
    lines += [f"| {title} | {' | '.join(cell(reasons.get(name)) for name in NAMES)} |" for title, reasons in rows]
    lines += ["", *[f"{number}. {reason}" for number, reason in enumerate(notes, 1)], ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(), end="")
