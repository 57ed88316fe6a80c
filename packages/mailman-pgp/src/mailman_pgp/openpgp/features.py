"""What a certificate says of the encrypted data that its owner's program reads (RFC 9580 §5.2.3.32).

The library takes a certificate that says nothing for one that takes SEIPDv2.  Those are the oldest ones, and all that
rnp 0.16 makes, whose owners could read none of it.
"""

from datetime import datetime

from pysequoia.packet import SignatureType

from mailman_pgp.openpgp.key_packets import KeyParts, newest
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.openpgp.subpackets import Subpacket, hashed_subpackets

_SEIPD2 = 0x08
_V6 = 6
#: Signatures that may say what counts for a whole key.
ABOUT_THE_KEY = (
    SignatureType.DirectKey,
    SignatureType.GenericCertification,
    SignatureType.PersonaCertification,
    SignatureType.CasualCertification,
    SignatureType.PositiveCertification,
)


def announces_seipd2(parts: KeyParts, now: datetime) -> bool:
    """Whether a key says at the time `now` (naive UTC) that its owner reads SEIPDv2: by being of version 6, or in a signature.

    The newest signature on the primary key, and on each user ID, counts: who has moved to another program has signed anew
    with that.  Whether it is a true one is the library's judgement; a certificate of which none says so never takes SEIPDv2.
    """
    if parts.primary.packet.body[0] == _V6:
        return True
    return any(
        octets[:1] and octets[0] & _SEIPD2
        for signed in (parts.primary, *parts.user_ids)
        for position in newest(signed, ABOUT_THE_KEY, now)[:1]
        for kind, octets in hashed_subpackets(next(walk(signed.raw_signatures[position])).body)
        if kind == Subpacket.FEATURES
    )
