"""A list key lives longer: the same key pairs, with self-signatures that say so.

What others know of the key is superseded by the newer signatures when they import the certificate once more (RFC 9580
§5.2.3.13); its fingerprint, its subkeys and what people have certified of it stay.

A clock that was ahead has left a self-signature from the future, which others have.  Some programs take it for the newest word
already (GnuPG), others only when its time comes (Sequoia, RNP).  So what is said then is said twice: now, and a second after it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pysequoia

from mailman_pgp.openpgp import selfsign, signingkeys
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateProblem, PacketError
from mailman_pgp.openpgp.listkeys import MAX_VALIDITY_DAYS, ListKeyError
from mailman_pgp.openpgp.packets import Packet, Tag, packet, walk
from mailman_pgp.openpgp.selfsign import Flags
from mailman_pgp.openpgp.signingkeys import SigningKey
from mailman_pgp.openpgp.subpackets import Areas, SignatureKind, Subpacket, subpackets

_MAX_SECONDS = MAX_VALIDITY_DAYS * 86400
_CREATED_AT = slice(1, 5)  # of a version 4 key packet: RFC 9580 §5.5.2.2
_LATE_SECONDS = 60  # for clocks that are late
_LAST_TIME = 2**32 - 1  # that a signature can have: RFC 9580 §5.2.3.11
# Those that say how long the key lives, where the key has made them itself.  New ones take their place.
_SAY_SO = frozenset(
    {
        SignatureKind.DIRECT_KEY,
        SignatureKind.GENERIC_CERTIFICATION,
        SignatureKind.PERSONA_CERTIFICATION,
        SignatureKind.CASUAL_CERTIFICATION,
        SignatureKind.POSITIVE_CERTIFICATION,
    }
)
_NOT_OURS = (
    "The key of this list is of another kind than those that are made here, so it can't be extended. Let the list have a new one: "
    "`mailman pgp list-key rotate`."
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
        times = _times(packets, primary, now=int(now.timestamp()), created=created)
        longer = b"".join(_extended(packets, primary, times, lifetime))
        return longer, inspect(bytes(pysequoia.Tsk.from_bytes(longer).extract_certificate()))
    except (PacketError, RuntimeError, OSError, UnicodeDecodeError):
        raise ListKeyError(CertificateProblem.POLICY, _NOT_OURS) from None


def _times(packets: list[Packet], primary: SigningKey, *, now: int, created: int) -> list[int]:
    """When the new signatures are made: each a second later than what it supersedes, and one of them now at the latest."""
    if created > now:
        raise ListKeyError(CertificateProblem.NOT_YET_VALID)
    made = [_made(one) for one in packets if _says_so(one, primary)]
    last = max(made, default=0)
    times = [max(now - _LATE_SECONDS, created, *(time + 1 for time in made if time < now))]
    if last >= _LAST_TIME:
        raise ListKeyError(CertificateProblem.NOT_YET_VALID)
    return times if last < times[0] else [*times, last + 1]


def _says_so(one: Packet, primary: SigningKey) -> bool:
    kind = one.body[1] if one.tag == Tag.SIGNATURE and len(one.body) > 1 else None
    return kind in _SAY_SO and _is_by(one, signingkeys.fingerprint(primary.body))


def _is_by(one: Packet, fingerprint: bytes) -> bool:
    """Whether a signature says that this key has made it (RFC 9580 §5.2.3.12, §5.2.3.35); where others lie, it is theirs to lose."""
    return any(
        (kind == Subpacket.ISSUER_FINGERPRINT and content[1:] == fingerprint)
        or (kind == Subpacket.ISSUER and content == fingerprint[-8:])
        for kind, content in _subpackets(one)
    )


def _made(one: Packet) -> int:
    return next((int.from_bytes(content, "big") for kind, content in _subpackets(one) if kind == Subpacket.CREATED), 0)


def _flags(packets: list[Packet], primary: SigningKey) -> Flags:
    """What the primary key is for, by its own newest word; that of a list may sign and be encrypted to itself, where it was brought."""
    said = [
        (_made(one), content[0])
        for one in packets
        if _says_so(one, primary)
        for kind, content in subpackets(Areas.of(one.body).hashed)
        if kind == Subpacket.KEY_FLAGS and content
    ]
    known = Flags.CERTIFY | Flags.SIGN | Flags.ENCRYPT
    return Flags.CERTIFY | (Flags(max(said)[1] & known) if said else Flags.CERTIFY)


def _subpackets(one: Packet) -> Iterator[tuple[int, bytes]]:
    areas = Areas.of(one.body)
    yield from subpackets(areas.hashed)
    yield from subpackets(areas.unhashed)


def _extended(packets: list[Packet], primary: SigningKey, times: list[int], lifetime: int) -> list[bytes]:
    written = []
    first, flags = True, _flags(packets, primary)
    for one in packets:
        if _says_so(one, primary):
            continue
        written.append(packet(one.tag, one.body))
        if one.tag == Tag.SECRET_KEY:
            written += [selfsign.direct_key_signature(primary, flags, created=at, lifetime=lifetime) for at in times]
        elif one.tag == Tag.USER_ID:
            user_id = one.body.decode()
            written += [
                selfsign.certification(primary, user_id, flags, created=at, lifetime=lifetime, first=first)
                for at in times
            ]
            first = False
    return written
