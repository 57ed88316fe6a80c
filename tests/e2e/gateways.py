"""What mail servers and gateways make of PGP/MIME on its way, and those changes that anybody could have made.

Each takes a message as it was written (RFC 3156 §4, LF) and returns it as it arrives.  The names stand in `docs/posts.md`.
"""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL = "application/pgp-encrypted"
DATA = "application/octet-stream"
FOOTER = b"This mail was checked by a gateway.\n"
_ARMOR = re.compile(rb"-----BEGIN PGP MESSAGE-----\n.*?-----END PGP MESSAGE-----\n", re.DOTALL)
_BASE64 = re.compile(rb"^[A-Za-z0-9+/=]{5,}$", re.MULTILINE)


def _armor(message: bytes) -> bytes:
    found = _ARMOR.search(message)
    assert found is not None
    return found[0]


def _with_armor(message: bytes, change: Callable[[bytes], bytes]) -> bytes:
    armor = _armor(message)
    changed = message.replace(armor, change(armor))
    assert changed != message
    return changed


def _part(kind: str, content: bytes, *fields: str) -> bytes:
    return "\n".join((f"--m\nContent-Type: {kind}", *fields, "", "")).encode() + content


def _control(kind: str = CONTROL) -> bytes:
    return _part(kind, b"Version: 1\n")


def _rebuilt(message: bytes, *parts: bytes, kind: str = "multipart/mixed") -> bytes:
    head, _, _ = message.partition(b"Content-Type:")
    root = f'Content-Type: {kind}; protocol="application/pgp-encrypted"; boundary="m"\n\n'
    return head + root.encode() + b"\n".join((*parts, b"--m--\n"))


def _exchange(message: bytes) -> bytes:
    return _rebuilt(
        message,
        _part('text/plain; charset="us-ascii"', b"\n", "Content-Transfer-Encoding: quoted-printable"),
        _part(f'{CONTROL}; name="PGPMIME Versions Identification"', base64.encodebytes(b"Version: 1\n"),
              "Content-Transfer-Encoding: base64", "Content-Description: PGPMIME Versions Identification"),
        _part(f'{DATA}; name="encrypted.asc"', base64.encodebytes(_armor(message)), "Content-Transfer-Encoding: base64",
              'Content-Disposition: attachment; filename="encrypted.asc"; size=1'),
    )  # fmt: skip


def _renamed(message: bytes) -> bytes:
    named = 'Content-Disposition: attachment; filename="message.asc"'
    return _rebuilt(message, _control(), _part(f'{DATA}; name="message.asc"', _armor(message), named))


def _html(message: bytes) -> bytes:
    return _rebuilt(message, _part("text/html", _page()), _control(), _part(DATA, _armor(message)))


def _page(words: str = "") -> bytes:
    """HTML in which nothing but the words is to be seen, as Outlook has it."""
    styles = '<style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>'
    return f'<html><head>{styles}</head><body dir="ltr"><div>&nbsp;</div>{words}</body></html>\n'.encode()


def _two_forms(message: bytes, words: str = "") -> bytes:
    forms = b"--a\nContent-Type: text/plain\n\n\n--a\nContent-Type: text/html\n\n" + _page(words) + b"--a--\n"
    return _rebuilt(
        message, _part('multipart/alternative; boundary="a"', forms), _control(), _part(DATA, _armor(message))
    )


def _text_behind(message: bytes) -> bytes:
    behind = _part('text/plain; name="ATT00001.txt"', b"\n", 'Content-Disposition: attachment; filename="ATT00001.txt"')
    return _rebuilt(message, _part("text/plain", b"\n"), _control(), _part(DATA, _armor(message)), behind)


def _without_protocol(message: bytes) -> bytes:
    return message.replace(b' protocol="application/pgp-encrypted";', b"")


def _both(message: bytes) -> bytes:
    return _rebuilt(message, _control(DATA), _part(DATA, _armor(message)))


def _typed(kind: str) -> Callable[[bytes], bytes]:
    return lambda message: _rebuilt(message, _control(), _part(kind, _armor(message)), kind="multipart/encrypted")


def _version_as_text(message: bytes) -> bytes:
    return _rebuilt(message, _control("text/plain"), _part(DATA, _armor(message)), kind="multipart/encrypted")


def _reversed(message: bytes) -> bytes:
    return _rebuilt(message, _part(DATA, _armor(message)), _control(), kind="multipart/encrypted")


def _encoded(message: bytes, encoding: str, change: Callable[[bytes], bytes]) -> bytes:
    data = _part(DATA, change(_armor(message)), f"Content-Transfer-Encoding: {encoding}")
    return _rebuilt(message, _control(), data, kind="multipart/encrypted")


def _footer_in_the_text(message: bytes) -> bytes:
    return _rebuilt(message, _control(), _part("text/plain", _armor(message) + b"\n-- \n" + FOOTER))


def _around(message: bytes) -> bytes:
    head, _, rest = message.partition(b"\n\n")
    return head + b"\n\n" + FOOTER + rest + b"\n" + FOOTER


def _wrapped(armor: bytes, columns: int) -> bytes:
    text = b"".join(_BASE64.findall(armor))
    lines = [text[at : at + columns] for at in range(0, len(text), columns)]
    return b"\n".join((b"-----BEGIN PGP MESSAGE-----", b"", *lines, b"-----END PGP MESSAGE-----", b""))


REPAIRED: dict[str, Callable[[bytes], bytes]] = {
    "Exchange: `multipart/mixed`, with an empty text in front": _exchange,
    "the same with an empty text in HTML": _html,
    "the same with an empty text in two forms": _two_forms,
    "the same with another empty text behind, such as `ATT00001.txt`": _text_behind,
    "`multipart/mixed`, the file renamed to `message.asc`": _renamed,
    "both parts as `application/octet-stream`": _both,
    "`multipart/encrypted` without its protocol": _without_protocol,
    "the data as `text/plain`": _typed("text/plain; charset=utf-8"),
    "the data as what its name ends in, such as `application/pgp-signature`": _typed("application/pgp-signature"),
    "the version as `text/plain`": _version_as_text,
    "the two parts the other way round": _reversed,
    "the armor in base64": lambda message: _encoded(message, "base64", base64.encodebytes),
    "the armor in quoted-printable": lambda message: _encoded(message, "quoted-printable", quopri.encodestring),
    "lines of another length": lambda message: _with_armor(message, lambda armor: _wrapped(armor, 75)),
    "lines as long as mail allows": lambda message: _with_armor(message, lambda armor: _wrapped(armor, 990)),
    "blanks at the ends of lines": lambda message: _with_armor(message, lambda armor: armor.replace(b"\n", b" \t\n")),
    "blanks before lines": lambda message: _with_armor(message, lambda armor: re.sub(rb"(?m)^", b"  ", armor)),
    "empty lines between lines": lambda message: _with_armor(message, lambda armor: armor.replace(b"\n", b"\n\n")),
    "a footer behind the armor, in its part": _footer_in_the_text,
    "words before and behind the parts": _around,
}
"""What is repaired."""


def _footer_as_a_part(message: bytes) -> bytes:
    return message.replace(b"\n--b--", b"\n--b\nContent-Type: text/plain\n\n" + FOOTER + b"--b--")


def _words_of_exchange(message: bytes) -> bytes:
    return _rebuilt(message, _part("text/plain", FOOTER), _control(), _part(DATA, _armor(message)))


def _footer_in_the_version(message: bytes) -> bytes:
    return message.replace(b"\nVersion: 1\n", b"\nVersion: 1\n-- \n" + FOOTER)


def _wrapped_up(message: bytes) -> bytes:
    _, _, rest = message.partition(b"MIME-Version: 1.0\n")
    return _rebuilt(message, b"--m\n" + rest, _part("text/plain", FOOTER))


def _version_gone(message: bytes) -> bytes:
    return _rebuilt(message, _part("text/plain", b"\n"), _part(f'{DATA}; name="encrypted.asc"', _armor(message)))


def _forwarded(message: bytes) -> bytes:
    head, _, rest = message.partition(b"\n\n")
    return _rebuilt(message, _part("text/plain", FOOTER), _part("message/rfc822", head + b"\n\n" + rest))


def _winmail(message: bytes) -> bytes:
    data = base64.encodebytes(b"\x78\x9f\x3e\x22" + _armor(message))
    return _rebuilt(
        message,
        _part("text/plain", b"\n"),
        _part('application/ms-tnef; name="winmail.dat"', data, "Content-Transfer-Encoding: base64"),
    )


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a footer as a third part": (_footer_as_a_part, "broken-pgp-mime"),
    "a footer behind the version, in its part": (_footer_in_the_version, "broken-pgp-mime"),
    "words in the text of Exchange": (_words_of_exchange, "broken-pgp-mime"),
    "words in one of its two forms": (lambda message: _two_forms(message, "checked"), "broken-pgp-mime"),
    "all of it as a part beside a footer": (_wrapped_up, "broken-pgp-mime"),
    "all of it as an attached mail": (_forwarded, "not-encrypted"),
    "all of it in a `winmail.dat`": (_winmail, "not-encrypted"),
    "the version gone": (_version_gone, "not-encrypted"),
}
"""What is not, and the reason that the owners see."""
