"""The subpackets of a signature (RFC 9580 §5.2.3.7): those that it signs (hashed), and those that anybody can change; its type."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import encoded_length

_AREAS_AT = 4
#: RFC 9580 §5.2.3: the octets that tell how long an area is, by the version of the signature.
_LENGTH_OCTETS = {4: 2, 6: 4}
_ONE_OCTET, _TWO_OCTETS = 192, 255
_CRITICAL_BIT = 0x80


class SignatureKind(enum.IntEnum):
    """Signature types (RFC 9580 §5.2.1)."""

    GENERIC_CERTIFICATION = 0x10
    PERSONA_CERTIFICATION = 0x11
    CASUAL_CERTIFICATION = 0x12
    POSITIVE_CERTIFICATION = 0x13
    SUBKEY_BINDING = 0x18
    PRIMARY_KEY_BINDING = 0x19
    DIRECT_KEY = 0x1F
    KEY_REVOCATION = 0x20
    SUBKEY_REVOCATION = 0x28
    CERTIFICATION_REVOCATION = 0x30


class Subpacket(enum.IntEnum):
    """Signature subpacket types (RFC 9580 §5.2.3.7)."""

    CREATED = 2
    LIFETIME = 3
    EXPORTABLE = 4
    REVOCABLE = 7
    KEY_LIFETIME = 9
    PREFERRED_CIPHERS = 11
    ISSUER = 16
    NOTATION = 20
    PREFERRED_HASHES = 21
    PREFERRED_COMPRESSION = 22
    PRIMARY_USER_ID = 25
    KEY_FLAGS = 27
    REASON = 29
    FEATURES = 30
    EMBEDDED_SIGNATURE = 32
    ISSUER_FINGERPRINT = 33
    INTENDED_RECIPIENT = 35
    PREFERRED_AEAD = 39


@dataclass(frozen=True, slots=True)
class Areas:
    """The body of a signature packet of version 4 or 6, in parts; `body` puts it together again."""

    head: bytes
    hashed: bytes
    unhashed: bytes
    tail: bytes

    @classmethod
    def of(cls, body: bytes) -> "Areas":
        """Take a body apart; raises PacketError for other versions, and where an area is cut off."""
        octets = _LENGTH_OCTETS.get(body[0] if body else 0)
        if octets is None:
            raise PacketError("There is a signature of a version that is not supported.")
        hashed, at = _area(body, _AREAS_AT, octets)
        unhashed, at = _area(body, at, octets)
        return cls(body[:_AREAS_AT], hashed, unhashed, body[at:])

    def with_unhashed(self, *subpackets: tuple[int, bytes]) -> "Areas":
        """Return the same signature with these unhashed subpackets, each its type and its content."""
        area = b"".join(encoded_length(len(content) + 1) + bytes([kind]) + content for kind, content in subpackets)
        return replace(self, unhashed=area)

    @property
    def body(self) -> bytes:
        """The body of the packet."""
        octets = _LENGTH_OCTETS[self.head[0]]
        areas = (len(area).to_bytes(octets, "big") + area for area in (self.hashed, self.unhashed))
        return b"".join([self.head, *areas, self.tail])


def _area(body: bytes, at: int, octets: int) -> tuple[bytes, int]:
    start = at + octets
    end = start + int.from_bytes(body[at:start], "big")
    if end > len(body):
        raise PacketError("There is a signature that is cut off.")
    return body[start:end], end


def subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of the subpackets in an area, as far as they go; takes linear time."""
    position = 0
    while position < len(area):
        first, second = area[position], int.from_bytes(area[position + 1 : position + 2], "big")
        if first < _ONE_OCTET:
            head, length = 1, first
        elif first < _TWO_OCTETS:
            head, length = 2, ((first - _ONE_OCTET) << 8) + second + _ONE_OCTET
        else:
            head, length = 5, int.from_bytes(area[position + 1 : position + 5], "big")
        subpacket = area[position + head : position + head + length]
        position += head + length
        if subpacket:
            yield subpacket[0] & ~_CRITICAL_BIT, subpacket[1:]


def hashed_subpackets(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of what a signature signs of them; nothing where it has none that could be read."""
    try:
        yield from subpackets(Areas.of(body).hashed)
    except PacketError:  # of version 3, which has none
        return


def intended_recipients(body: bytes) -> tuple[str, ...]:
    """Return the fingerprints of the keys that a signature was made for, upper-case hexadecimal (RFC 9580 §5.2.3.36)."""
    found = (content for kind, content in hashed_subpackets(body) if kind == Subpacket.INTENDED_RECIPIENT)
    return tuple(content[1:].hex().upper() for content in found)
