"""The author's own signature beside what it covers: a `multipart/signed` within the list's message, of which no byte is ours.

It stays only where every program finds it good: over bytes that can be a part of a message as they are. Elsewhere it is left
out, and the list's line says what was checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailman_pgp.mime import entity as entities
from mailman_pgp.mime import lines, mailboxes
from mailman_pgp.mime.errors import PayloadError
from mailman_pgp.mime.mailboxes import MailboxError
from mailman_pgp.mime.protected import is_mime

# What the list hands on of nobody: keys of others, which tell who knows whom, and hidden recipients.
_NEVER = frozenset({"autocrypt", "autocrypt-gossip", "bcc", "resent-bcc"})
# A program may show any of these above the text, whether it is meant for that or not.
_WHO = frozenset({"from", "sender", "author", "resent-from", "resent-sender"})
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """An entity, its detached signature (armored), and the name of the hash in that (RFC 3156 §5)."""

    content: bytes
    signature: bytes
    micalg: str


def as_signed(content: bytes, author: str, *, text_mode: bool) -> bytes | None:
    """The bytes of a part for which a good signature over `content` is good; None where there are none.

    author: the address, in lower case, by whom it is; nobody else may be named in it as one. text_mode: whether the signature sees each line end as CRLF. The content must be a MIME entity in lines that need no transfer
    encoding (RFC 3156 §3), and its header one that the list may hand on whole.
    """
    part = lines.canonical(content)
    if (part != content and not text_mode) or not lines.is_tidy(part, 0, len(part)):
        return None
    try:
        root = entities.read(part)
    except PayloadError:
        return None
    header = part[: root.body]
    if not is_mime(root) or not header.endswith(b"\r\n\r\n") or _CONTROLS.search(header):
        return None
    if any(field.name in _NEVER or (field.name in _WHO and not _is_by(author, field.value)) for field in root.fields):
        return None
    return part


def _is_by(author: str, value: str) -> bool:
    try:
        return mailboxes.single(value).address == author
    except MailboxError:
        return False


def as_part(signed: Signed, boundary: bytes) -> Iterator[bytes]:
    """The pieces of the MIME part, CRLF; the line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    yield b'Content-Type: multipart/signed; protocol="application/pgp-signature";\r\n'
    yield b' micalg="' + signed.micalg.encode("ascii") + b'"; boundary="' + boundary + b'"\r\n\r\n'
    yield b"--" + boundary + b"\r\n"
    yield signed.content
    yield b"\r\n--" + boundary + b"\r\n"
    yield b'Content-Type: application/pgp-signature; name="signature.asc"\r\n'
    yield b"Content-Description: The author's own signature\r\n"
    yield b'Content-Disposition: attachment; filename="signature.asc"\r\n\r\n'
    yield lines.canonical(signed.signature)
    yield b"\r\n--" + boundary + b"--\r\n"
