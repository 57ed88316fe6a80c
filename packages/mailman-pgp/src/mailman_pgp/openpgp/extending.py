"""A list key lives longer: the same key pairs, with self-signatures that say so.

What others know of the key is superseded by the newer signatures when they import the certificate once more (RFC 9580
§5.2.3.13); its fingerprint, its subkeys and what people have certified of it stay.
"""

from datetime import UTC, datetime

import pysequoia

from mailman_pgp.openpgp import selfsign
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateProblem, PacketError
from mailman_pgp.openpgp.listkeys import MAX_VALIDITY_DAYS, ListKeyError
from mailman_pgp.openpgp.packets import Packet, Tag, packet, walk
from mailman_pgp.openpgp.selfsign import Flags, SigningKey
from mailman_pgp.openpgp.subpackets import SignatureKind

_MAX_SECONDS = MAX_VALIDITY_DAYS * 86400
_CREATED_AT = slice(1, 5)  # of a version 4 key packet: RFC 9580 §5.5.2.2
# Those that say how long the key lives, which new ones take the place of.
_SAY_SO = frozenset({SignatureKind.DIRECT_KEY, SignatureKind.POSITIVE_CERTIFICATION})
_NOT_OURS = (
    "The key of this list was not made here, or it was changed, so it can't be extended. Make a new one: turn the list's encryption "
    "off and on again."
)


def extend(secret: bytes, expires: datetime) -> tuple[bytes, Certificate]:
    """Return a list's secret key (binary, from `listkeys.generate`) that lives until `expires` (naive UTC), and its certificate.

    Also one that has expired.  Raises ListKeyError when it is revoked, or none that this can be done with; ValueError for a time that
    is not ahead, or too far.
    """
    now = datetime.now(UTC)
    if expires <= now.replace(tzinfo=None):
        raise ValueError("A list key is extended until a time that is ahead.")
    try:
        public = pysequoia.Tsk.from_bytes(secret).extract_certificate()
        if public.is_revoked:
            raise ListKeyError(CertificateProblem.REVOKED)
        packets = list(walk(secret))
        primary = SigningKey.from_packets(next(walk(bytes(public))).body, packets[0].body)
        created = int.from_bytes(primary.body[_CREATED_AT], "big")
        lifetime = int(expires.replace(tzinfo=UTC).timestamp()) - created
        if not 0 < lifetime <= _MAX_SECONDS:
            raise ValueError(f"A list key is valid for {MAX_VALIDITY_DAYS} days at most.")
        # A second later than what it supersedes, and for clocks that are late a minute ago if that is.
        at = max(int(now.timestamp()) - 60, created, *(made + 1 for made in _made(packets)))
        longer = b"".join(_extended(packets, primary, at, lifetime))
        return longer, inspect(bytes(pysequoia.Tsk.from_bytes(longer).extract_certificate()))
    except (PacketError, RuntimeError, OSError):
        raise ListKeyError(CertificateProblem.POLICY, _NOT_OURS) from None


def _kind(one: Packet) -> int | None:
    return one.body[1] if one.tag == Tag.SIGNATURE and len(one.body) > 1 else None


def _made(packets: list[Packet]) -> list[int]:
    return [
        int(one.signature_created.timestamp())
        for one in pysequoia.packet.PacketPile.from_bytes(b"".join(packet(one.tag, one.body) for one in packets))
        if one.signature_created is not None
    ]


def _extended(packets: list[Packet], primary: SigningKey, at: int, lifetime: int) -> list[bytes]:
    written = []
    first = True
    for one in packets:
        if _kind(one) in _SAY_SO:
            continue
        written.append(packet(one.tag, one.body))
        if one.tag == Tag.SECRET_KEY:
            written.append(selfsign.direct_key_signature(primary, Flags.CERTIFY, created=at, lifetime=lifetime))
        elif one.tag == Tag.USER_ID:
            written.append(
                selfsign.certification(
                    primary, one.body.decode(), Flags.CERTIFY, created=at, lifetime=lifetime, first=first
                )
            )
            first = False
    return written
