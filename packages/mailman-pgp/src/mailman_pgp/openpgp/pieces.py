"""Where each key of a binary keyring begins and ends, also behind one that is damaged.  In the worker process.

A packet says how long it is, and nothing else tells where the next one begins: of a key that was cut off, or that has a wrong length, the
rest of the keyring can't be read.  So from there on what looks like the beginning of a key is looked for.
"""

import re
from collections.abc import Generator, Iterator
from itertools import islice
from typing import NamedTuple

from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import ALLOWED_TAGS, KEY_TAGS, PRIMARY_TAGS, is_secret
from mailman_pgp.openpgp.packets import Packet, Tag, walk

#: Those who work with keys have hundreds of signatures on theirs.
MAX_PACKETS = 100_000
#: The packets of real keys have more than that, nearly all of them; a keyring of less has as many for nothing but our time.
_LEAST_OCTETS = 20
#: What may stand before the first key, and means nothing there.
_IGNORED_TAGS = frozenset({Tag.TRUST, Tag.MARKER, Tag.PADDING})
#: So often a beginning is looked for, which costs a walk each time.
_MOST_BEGINNINGS = 2000
#: A primary key of version 4 or 6 (RFC 9580 §4.2, §5.5.2), of less than 64 KiB: the header, then the version.
_BEGINNING = re.compile(
    rb"(?:[\x94\x98].|[\x95\x99]..|[\xc5\xc6](?:[\x00-\xbf]|[\xc0-\xdf].|\xff\x00\x00..))[\x04\x06]", re.DOTALL
)
#: Of a key or a signature, in its first octet; up to 6 by now.
_VERSIONS = frozenset(bytes([version]) for version in range(2, 16))
#: What comes next in a key that is of use to anybody.
_SECOND = frozenset({Tag.SIGNATURE, Tag.USER_ID, Tag.USER_ATTRIBUTE})


class _Piece(NamedTuple):
    """A key, or what is none; `sound` when it could be read as far as its packets go, `secret` when there is a secret key in it."""

    start: int
    end: int
    sound: bool
    secret: bool


def pieces(blob: bytes) -> Iterator[bytes | None]:
    """Yield each key as it stands in a binary keyring, None for what is none.  Raises CertificateError SECRET_KEY."""
    position: int | None = 0
    for _ in range(_MOST_BEGINNINGS):
        if position is not None:
            position = yield from _until_damaged(blob, position)
    if position is not None:
        yield None


def _until_damaged(blob: bytes, start: int) -> Generator[bytes | None, None, int | None]:
    """Yield keys, and what is none; return where to go on behind that, None at the end."""
    before: _Piece | None = None
    for piece in _walked(blob, start):
        if piece.sound:
            if before is not None:
                yield _key(blob, before)
            before = piece
            continue
        beginning = None
        if before is not None:
            # What was read out of step may look like a key that follows one; the next one then lies in the latter.
            beginning = _beginning(blob, before.start + 1, piece.start)
            yield _key(blob, before) if beginning is None else None
            before = None
        if beginning is None:
            yield None
            beginning = _beginning(blob, piece.start + 1, piece.end)
        if beginning is not None:
            return beginning
    if before is not None:
        yield _key(blob, before)
    return None


def _key(blob: bytes, piece: _Piece) -> bytes:
    if piece.secret:
        raise CertificateError(CertificateProblem.SECRET_KEY)
    return blob[piece.start : piece.end]


def _walked(blob: bytes, begin: int) -> Iterator[_Piece]:
    """The pieces from `begin` on; the last one ends with the blob where it can't be read any further."""
    start = end = -1
    sound, secret = True, False
    try:
        for packet in walk(blob, limit=max(MAX_PACKETS, len(blob) // _LEAST_OCTETS), start=begin):
            if packet.tag in PRIMARY_TAGS:
                if start >= 0:
                    yield _Piece(start, end, sound, secret)
                start, sound, secret = packet.start, True, False
            elif start < 0 and packet.tag not in _IGNORED_TAGS:
                start, sound = packet.start, False
            sound = sound and _is_plausible(packet)
            secret = secret or is_secret(packet)
            end = packet.end
    except PacketError:
        at = max(begin, end)
        if start >= 0 and _tag(blob[at]) in PRIMARY_TAGS:  # the next key is the damaged one
            yield _Piece(start, end, sound, secret)
            start = at
        start, end, sound = max(start, begin), len(blob), False
    if start >= 0:
        yield _Piece(start, end, sound, secret)


def _is_plausible(packet: Packet) -> bool:
    """Whether a packet may stand in a key, and has a version, if not one of today: what is read out of step seldom has."""
    if packet.tag in KEY_TAGS or packet.tag == Tag.SIGNATURE:
        return packet.body[:1] in _VERSIONS
    return packet.tag in ALLOWED_TAGS


def _tag(octet: int) -> int:
    """The tag in the first octet of a packet; 0 where it is none."""
    return 0 if not octet & 0x80 else octet & 0x3F if octet & 0x40 else octet >> 2 & 0x0F


def _beginning(blob: bytes, start: int, end: int) -> int | None:
    """Where the first key begins in this part."""
    return next(
        (found.start() for found in _BEGINNING.finditer(blob, start, end) if _begins(blob, found.start())), None
    )


def _begins(blob: bytes, start: int) -> bool:
    try:
        found = list(islice(walk(blob, start=start), 2))
    except PacketError:
        return False
    return len(found) == 2 and found[0].tag in PRIMARY_TAGS and found[1].tag in _SECOND  # noqa: PLR2004 - two packets
