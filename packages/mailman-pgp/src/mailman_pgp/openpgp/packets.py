"""Sequences of OpenPGP packets (RFC 9580 §4): where each begins and ends, and what it says it is.

Nothing here decompresses, decrypts, verifies or trusts.  Every function takes time and memory linear in its input,
and raises nothing but `PacketError` on hostile bytes.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from mailman_pgp.openpgp.errors import PacketError, TooManyPacketsError

#: Where the body of a key packet names its algorithm, behind its version and its time of creation (RFC 9580 §5.5.2).
ALGORITHM_AT = 5


class Tag(enum.IntEnum):
    """The packet types (RFC 9580 §5) that this package asks for by name."""

    PKESK = 1
    SIGNATURE = 2
    SKESK = 3
    ONE_PASS_SIGNATURE = 4
    SECRET_KEY = 5
    PUBLIC_KEY = 6
    SECRET_SUBKEY = 7
    COMPRESSED = 8
    SED = 9
    MARKER = 10
    LITERAL = 11
    TRUST = 12
    USER_ID = 13
    PUBLIC_SUBKEY = 14
    USER_ATTRIBUTE = 17
    SEIPD = 18
    GNUPG_AEAD = 20  # GnuPG's own AEAD packet, never standardised
    PADDING = 21


#: RFC 9580 §4.2.1.4: partial lengths are for packets that carry data, nowhere else.
_STREAMABLE = frozenset({Tag.COMPRESSED, Tag.SED, Tag.LITERAL, Tag.SEIPD, Tag.GNUPG_AEAD})
#: RFC 9580 §4.2.1.4: the first partial chunk is at least this long.
_MIN_FIRST_CHUNK = 512
#: Writers use chunks of 512 bytes to 4 MiB.  One-byte chunks are legal, and only good for wasting our time.
_MAX_SMALL_CHUNKS = 1024

_TAG_BIT = 0x80
_NEW_FORMAT_BIT = 0x40
_ANONYMOUS_KEY_ID = bytes(8)


@dataclass(frozen=True, slots=True, repr=False)
class Packet:
    """One packet of `data`: its type `tag`, its `body` without any length octets, and `data[start:end]`, the whole."""

    tag: int
    body: bytes
    start: int
    end: int

    def __repr__(self) -> str:
        """Show type and place only: the body of a packet may be secret."""
        return f"Packet(tag={self.tag}, start={self.start}, end={self.end})"


def walk(data: bytes, *, limit: int | None = None, start: int = 0) -> Iterator[Packet]:
    """Yield the packets of the binary `data` one after the other, from the one that begins at `start`.

    Both packet formats and partial lengths are read; the indeterminate length of the legacy format is refused.
    More than `limit` packets are refused too.  Raises PacketError when it reaches what is wrong, not earlier.
    """
    position = start
    count = 0
    while position < len(data):
        if limit is not None and count >= limit:
            raise TooManyPacketsError(f"There are more than {limit} OpenPGP packets.")
        found = _read(data, position)
        yield found
        position = found.end
        count += 1


def _read(data: bytes, start: int) -> Packet:
    octet = data[start]
    if not octet & _TAG_BIT:
        raise PacketError("This is not OpenPGP data.")
    if octet & _NEW_FORMAT_BIT:
        tag = octet & 0x3F
        pieces, end = _new_format_body(data, start + 1, tag)
    else:
        tag = (octet >> 2) & 0x0F
        pieces, end = _legacy_body(data, start + 1, octet & 0x03)
    if tag == 0:
        raise PacketError("There is an OpenPGP packet of the reserved type 0.")  # RFC 9580 §5
    return Packet(tag, pieces[0] if len(pieces) == 1 else b"".join(pieces), start, end)


def _legacy_body(data: bytes, position: int, length_type: int) -> tuple[list[bytes], int]:
    """RFC 9580 §4.2.2: lengths of one, two or four octets."""
    if length_type == 3:  # noqa: PLR2004 - RFC 9580 §4.2.2, the indeterminate length
        raise PacketError("There is an OpenPGP packet without a length.")
    octets = 1 << length_type
    length = int.from_bytes(_take(data, position, octets), "big")
    position += octets
    return [_take(data, position, length)], position + length


def _new_format_body(data: bytes, position: int, tag: int) -> tuple[list[bytes], int]:
    """RFC 9580 §4.2.1: one chunk, or partial chunks and a last one."""
    pieces: list[bytes] = []
    small = 0
    while True:
        length, position, partial = _new_format_length(data, position)
        if partial:
            if tag not in _STREAMABLE:
                raise PacketError("There is a partial length in an OpenPGP packet that may not have one.")
            if length < _MIN_FIRST_CHUNK:
                small += 1
                if not pieces or small > _MAX_SMALL_CHUNKS:
                    raise PacketError("There is an OpenPGP packet in needlessly small pieces.")
        pieces.append(_take(data, position, length))
        position += length
        if not partial:
            return pieces, position


def _new_format_length(data: bytes, position: int) -> tuple[int, int, bool]:
    """Return length, the position behind it, and whether it is a partial one."""
    first = _take(data, position, 1)[0]
    position += 1
    if first < 192:  # noqa: PLR2004 - RFC 9580 §4.2.1.1
        return first, position, False
    if first < 224:  # noqa: PLR2004 - RFC 9580 §4.2.1.2
        return ((first - 192) << 8) + _take(data, position, 1)[0] + 192, position + 1, False
    if first == 255:  # noqa: PLR2004 - RFC 9580 §4.2.1.3
        return int.from_bytes(_take(data, position, 4), "big"), position + 4, False
    return 1 << (first & 0x1F), position, True  # RFC 9580 §4.2.1.4


def _take(data: bytes, position: int, length: int) -> bytes:
    piece = data[position : position + length]
    if len(piece) != length:
        raise PacketError("The OpenPGP data is cut off.")
    return piece


def packet(tag: int, body: bytes) -> bytes:
    """Return one packet in the current format (RFC 9580 §4.2.1), with a definite length."""
    return bytes([_TAG_BIT | _NEW_FORMAT_BIT | tag]) + encoded_length(len(body)) + body


def encoded_length(length: int) -> bytes:
    """Return a length in one, two or five octets (RFC 9580 §4.2.1; signature subpackets have the same, §5.2.3.7)."""
    if length < 192:  # noqa: PLR2004 - RFC 9580 §4.2.1.1
        return bytes([length])
    if length < 8384:  # noqa: PLR2004 - RFC 9580 §4.2.1.2
        return (length - 192 + (192 << 8)).to_bytes(2, "big")
    return b"\xff" + length.to_bytes(4, "big")


def pkesk_recipient(packet: Packet) -> str:
    """Return for whom a PKESK says its session key is encrypted (RFC 9580 §5.1), in upper-case hexadecimal.

    Version 3: the 16 digits of the key ID, all zero for an anonymous recipient.  Version 6: the fingerprint of 40 or
    64 digits, empty for an anonymous recipient.  Raises PacketError for anything that is not such a packet.
    """
    body = packet.body
    if packet.tag != Tag.PKESK or not body:
        raise PacketError("This is not an encrypted session key.")
    if body[0] == 3:  # noqa: PLR2004 - RFC 9580 §5.1.1
        return _take(body, 1, len(_ANONYMOUS_KEY_ID)).hex().upper()
    if body[0] == 6:  # noqa: PLR2004 - RFC 9580 §5.1.2
        length = _take(body, 1, 1)[0]
        if not length:
            return ""
        key_version, *fingerprint = _take(body, 2, length)
        if (key_version, len(fingerprint)) not in {(4, 20), (6, 32)}:
            raise PacketError("There is an encrypted session key for a key of an unknown version.")
        return bytes(fingerprint).hex().upper()
    raise PacketError("There is an encrypted session key of an unknown version.")
