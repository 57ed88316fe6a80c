"""The outside of what members receive: the same for all of them, and nothing in it tells about a post."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from mailman_pgp.mime import fields
from mailman_pgp.mime.outward import Outward, date_text

OUTER_SUBJECT = "[...]"
_KEYDATA_COLUMNS = 72

_TYPE = b"""\
MIME-Version: 1.0\r
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r
 boundary="""
_VERSION = b"""\r
Content-Type: application/pgp-encrypted\r
Content-Description: PGP/MIME version identification\r
\r
Version: 1\r
\r
"""
_DATA = b"""\r
Content-Type: application/octet-stream; name="encrypted.asc"\r
Content-Description: OpenPGP encrypted message\r
Content-Disposition: inline; filename="encrypted.asc"\r
\r
"""
_WHOLE = re.compile(
    rb"(?P<fields>(?:[^\r\n]++\r\n)*?)"
    + re.escape(_TYPE)
    + rb'"(?P<boundary>[0-9A-Za-z=-]++)"\r\n\r\n'
    + rb"--(?P=boundary)"
    + re.escape(_VERSION)
    + rb"--(?P=boundary)"
    + re.escape(_DATA)
    + rb"-----BEGIN PGP MESSAGE-----\r\n\r\n(?:[0-9A-Za-z+/]{1,64}={0,2}\r\n)++-----END PGP MESSAGE-----\r\n"
    + rb"\r\n--(?P=boundary)--\r\n"
)


@dataclass(frozen=True, slots=True)
class OuterParts:
    """What stands before and after the armored message; CRLF line ends, 7-bit, no line begins with a dot."""

    head: bytes
    foot: bytes


def new_boundary() -> str:
    """A delimiter that nobody can foresee, so that no content can hold it."""
    return f"=-{secrets.token_hex(16)}"


def outer_fields(outward: Outward, outer_subject: str = OUTER_SUBJECT) -> Iterator[tuple[str, str]]:
    """The header fields of the outside but the structural ones: names, and values ready for `fields.field`."""
    yield "From", fields.mailbox(outward.list_name, outward.list_address)
    yield "To", fields.mailbox("", outward.list_address)
    yield "Subject", fields.text(outer_subject)
    # In UTC: where on earth the author sits is nobody's business outside.
    yield "Date", date_text(outward.when.astimezone(UTC))
    yield "Message-ID", outward.message_id
    if outward.in_reply_to:
        yield "In-Reply-To", outward.in_reply_to
    if outward.references:
        yield "References", outward.references
    yield "List-Id", fields.mailbox(outward.list_name, outward.list_id)
    yield from outward.fields
    if outward.autocrypt:
        data = outward.autocrypt
        pieces = " ".join(data[at : at + _KEYDATA_COLUMNS] for at in range(0, len(data), _KEYDATA_COLUMNS))
        # Autocrypt Level 1 §2.1: blanks within keydata are ignored.
        yield "Autocrypt", f"addr={outward.list_address}; prefer-encrypt=mutual; keydata={pieces}"


def outer_message(
    outward: Outward,
    *,
    outer_subject: str = OUTER_SUBJECT,
    boundary: str | None = None,
) -> OuterParts:
    """The PGP/MIME frame of a post (RFC 3156 §4), once for all members; between its parts goes the armored message.

    boundary: only for tests; a new one is made of random bits.
    """
    boundary = boundary or new_boundary()
    out = [fields.field(name, value) for name, value in outer_fields(outward, outer_subject)]
    delimiter = b"--" + boundary.encode("ascii")
    out += [
        _TYPE + b'"' + boundary.encode("ascii") + b'"\r\n\r\n',
        delimiter + _VERSION,
        delimiter + _DATA,
    ]
    return OuterParts(b"".join(out), b"\r\n" + delimiter + b"--\r\n")


def is_outer_message(whole: bytes) -> bool:
    """Whether a message, with CRLF, is what `outer_message` makes around an armored message: to the octet, and nothing else in it."""
    found = _WHOLE.fullmatch(whole)
    return found is not None and b"\ncontent-" not in b"\n" + found["fields"].lower()
