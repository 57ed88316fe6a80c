"""What somebody uploads, as far as the website has to know it before it sends it on: that it is no secret key, and which key it is.

Whether a key can be used is found out by the plugin; here it is only taken apart into packets (RFC 9580 §4, or RFC 4880).  What can't be
is not sent on.  No error has anything of the upload in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_pgpmailman.reports import without_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 2**20  # of one certificate, without its armor

_SIGNATURE, _SECRET_KEY, _PUBLIC_KEY, _SECRET_SUBKEY = 2, 5, 6, 7  # RFC 9580 §5
_KEY_OF_PACKET = {4: (b"\x99", 2, hashlib.sha1), 6: (b"\x9b", 4, hashlib.sha256)}  # RFC 9580 §5.5.4
_BEGIN, _END = b"-----BEGIN PGP ", b"-----END PGP "
# As `key_check.js` has them: OpenPGP's, those of TLS and SSH, and of GnuPG's own files.
_SECRET_MARKS = re.compile(
    rb"(?:PRIVATE|SECRET) KEY BLOCK|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|\((?:\d+:)?[a-z-]*private-key\s*\(",
    re.IGNORECASE,
)
_TWO_OCTETS, _IN_PARTS, _FIVE_OCTETS = 192, 224, 255  # the first octet of a length, from there on (RFC 9580 §4.2.1)
_LONGEST_LENGTH = 5  # octets
_LINE = 64

_SECRET = _(
    "This is a secret key. Nobody but you may have it, and this website has not sent it on. Export the public key, and send that. "
    "If the secret key has no passphrase, or you are not sure about this website, make a new key."
)
_NO_KEY = _("There is no OpenPGP key in this. Export your public key as a file, and send that file.")
_BROKEN = _("This key is damaged, or a part of it is missing. Export your public key anew, and send it whole.")
_SEVERAL = _("There is more than one key in this. Export the one public key that is to count, and send that.")
_UNKNOWN = _("This key is of a kind that is not used here. Make a newer one, and send its public key.")
_LONG = _(
    "This is longer than a public key may be here: 1 MiB. Export your public key without pictures, and send that."
)


class UploadError(Exception):
    """It is not sent on; the sentence says what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__()
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


_silently = without_variables(UploadError)


@dataclass(frozen=True, slots=True)
class Upload:
    """A certificate, or the revocation of one.

    :ivar armored: It, as the plugin takes it.
    :ivar fingerprint: In upper-case hex; empty for a revocation alone.
    """

    armored: str = field(repr=False)
    fingerprint: str


@_silently
def read(data: bytes) -> Upload:
    """What is in an upload, be it binary or armored.

    :raises UploadError: when it is nothing that is sent on.
    """
    refuse_secret(data)
    blocks = list(map(_decoded, _blocks(data))) or [data]
    if sum(map(len, blocks)) > MOST_BYTES:
        raise UploadError(_LONG)
    kinds = Counter(kind for block in blocks for kind, _body in _packets(block))
    if kinds[_PUBLIC_KEY] > 1 or len(blocks) > 1:
        raise UploadError(_SEVERAL)
    kind, body = next(_packets(blocks[0]))
    if kind not in {_PUBLIC_KEY, _SIGNATURE}:
        raise UploadError(_NO_KEY)
    return Upload(armored(blocks[0]), _fingerprint(body) if kind == _PUBLIC_KEY else "")


@_silently
def refuse_secret(data: bytes) -> None:
    """Make sure that an upload, be it binary or armored, has no secret key in it; also where its armor or another part of it is wrong.

    :raises UploadError: when it has.
    """
    text = data.replace(b"\0", b"")  # UTF-16 has zeros, as PowerShell writes it
    if _SECRET_MARKS.search(text) or any(map(_is_secret, _parts(data))):
        raise UploadError(_SECRET)


def _parts(data: bytes) -> Iterator[bytes]:
    """What is in armor, as far as it can be read; or all, where nothing is."""
    found = False
    with suppress(UploadError):
        for block in _blocks(data):
            found = True
            with suppress(UploadError):
                yield _decoded(block)
    if not found:
        yield data


def _is_secret(data: bytes) -> bool:
    """Whether a packet of a secret key begins in it, be its end missing."""
    at = 0
    with suppress(UploadError):
        while at < len(data):
            kind, start, length = _head(data, at)
            if kind in {_SECRET_KEY, _SECRET_SUBKEY}:
                return True
            at = start + length
    return False


def _blocks(data: bytes) -> Iterator[bytes]:
    """What is in armor (RFC 9580 §6.2), in base64.  Its checksum is not looked at: the plugin makes sure of the rest."""
    lines: list[bytes] | None = None
    in_head = False
    for line in map(bytes.strip, data.splitlines()):
        if line.startswith(_BEGIN):
            lines, in_head = [], True
        elif lines is None:
            continue
        elif line.startswith(_END):
            yield b"".join(lines)
            lines = None
        elif in_head and (not line or b":" in line):
            in_head = bool(line)
        elif not line.startswith(b"="):
            in_head = False
            lines.append(line)
    if lines is not None:
        raise UploadError(_BROKEN)


def _decoded(block: bytes) -> bytes:
    try:
        return base64.b64decode(block, validate=True)
    except binascii.Error:
        raise UploadError(_BROKEN) from None


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets (RFC 9580 §4.2): type and body.  Those of certificates have a length (§4.2.1.4)."""
    if not data or not data[0] & 0x80:
        raise UploadError(_NO_KEY)
    at = 0
    while at < len(data):
        kind, start, length = _head(data, at)
        at = start + length
        if at > len(data):
            raise UploadError(_BROKEN)
        yield kind, data[start:at]


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """The type of the packet at a place, where its body starts, and how long that is."""
    first, more = data[at], data[at + 1 : at + 1 + _LONGEST_LENGTH]
    if not first & 0x80 or not more:
        raise UploadError(_BROKEN)
    if first & 0x40:
        kind = first & 0x3F
        if more[0] < _TWO_OCTETS:
            return kind, at + 2, more[0]
        if more[0] < _IN_PARTS and len(more) > 1:
            return kind, at + 3, (more[0] - _TWO_OCTETS << 8) + more[1] + _TWO_OCTETS
        if more[0] == _FIVE_OCTETS and len(more) == _LONGEST_LENGTH:
            return kind, at + 1 + _LONGEST_LENGTH, int.from_bytes(more[1:])
        raise UploadError(_BROKEN)
    count = 1 << (first & 3)  # 8 for what has no end, which no packet of a certificate is
    if len(more) < count:
        raise UploadError(_BROKEN)
    return first >> 2 & 0xF, at + 1 + count, int.from_bytes(more[:count])


def _fingerprint(body: bytes) -> str:
    found = _KEY_OF_PACKET.get(body[0]) if body else None
    if found is None:
        raise UploadError(_UNKNOWN)
    mark, count, made_by = found
    if len(body) >> 8 * count:
        raise UploadError(_BROKEN)
    return made_by(mark + len(body).to_bytes(count) + body).hexdigest().upper()


def armored(data: bytes) -> str:
    """RFC 9580 §6; without what else stood around it."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join(("-----BEGIN PGP PUBLIC KEY BLOCK-----", "", *lines, "-----END PGP PUBLIC KEY BLOCK-----", ""))
