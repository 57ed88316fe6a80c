"""What a certificate says of the encrypted data that its owner's program reads (RFC 9580 §5.2.3.32).

The library takes a certificate that says nothing for one that takes SEIPDv2.  Those are the oldest ones, and all that
rnp 0.16 makes, whose owners could read none of it.
"""

from collections.abc import Iterator

from mailman_pgp.openpgp.key_packets import KeyParts
from mailman_pgp.openpgp.packets import walk

_FEATURES = 30
_SEIPD2 = 0x08
_V4, _V6 = 4, 6
# RFC 9580 §5.2.3.1: how many octets of a length stand before which number of octets.
_ONE_OCTET, _TWO_OCTETS = 192, 255


def announces_seipd2(parts: KeyParts) -> bool:
    """Whether a key says that its owner reads SEIPDv2: by being of version 6, or in a signature on it.

    Whether that signature counts is the library's judgement; a certificate of which none says so never takes SEIPDv2.
    """
    if parts.primary.packet.body[0] == _V6:
        return True
    return any(
        octets[:1] and octets[0] & _SEIPD2
        for signed in (parts.primary, *parts.user_ids, *parts.subkeys)
        for raw in signed.raw_signatures
        for kind, octets in _hashed_subpackets(next(walk(raw)).body)
        if kind == _FEATURES
    )


def _hashed_subpackets(body: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of the hashed subpackets of a version 4 signature (RFC 9580 §5.2.3), as far as they go."""
    data = bytes(body)
    if data[:1] != bytes([_V4]):
        return
    area = data[6 : 6 + int.from_bytes(data[4:6], "big")]
    while area:
        first = area[0]
        if first < _ONE_OCTET:
            head, length = 1, first
        elif first < _TWO_OCTETS:
            head, length = 2, ((first - _ONE_OCTET) << 8) + int.from_bytes(area[1:2], "big") + _ONE_OCTET
        else:
            head, length = 5, int.from_bytes(area[1:5], "big")
        subpacket, area = area[head : head + length], area[head + length :]
        if subpacket:
            yield subpacket[0] & 0x7F, subpacket[1:]
