"""What a certificate says of the encrypted data that its owner's program reads (RFC 9580 §5.2.3.32).

The library takes a certificate that says nothing for one that takes SEIPDv2.  Those are the oldest ones, and all that
rnp 0.16 makes, whose owners could read none of it.
"""

from mailman_pgp.openpgp.key_packets import KeyParts
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.openpgp.subpackets import Subpacket, hashed_subpackets

_SEIPD2 = 0x08
_V6 = 6


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
        for kind, octets in hashed_subpackets(next(walk(raw)).body)
        if kind == Subpacket.FEATURES
    )
