"""Whether a certificate can be encrypted to now, why not, and until when the answer holds.

pysequoia would encrypt to revoked and to expired certificates, so the gate is here.  Its part is the cryptography: the
keys that `encrypt()` chooses are properly bound.  Ours are the dates, read from the packets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pysequoia import Cert, encrypt
from pysequoia.packet import HashAlgorithm, SignatureType

from mailman_pgp.openpgp import algorithms
from mailman_pgp.openpgp.errors import CertificateProblem
from mailman_pgp.openpgp.features import announces_seipd2
from mailman_pgp.openpgp.key_packets import SUBKEY_TAGS, KeyParts, Signed, naive_utc, newest
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk

WEAK_HASHES = (HashAlgorithm.MD5, HashAlgorithm.SHA1, HashAlgorithm.RipeMD)
_SEIPD2_PKESK = 6
_KEY_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Usability:
    """Whether a certificate can be encrypted to, at the time this was made.

    `until` (naive UTC) is when to look again, None for never.  `seipd` is the version of encrypted data the recipient
    reads, `recipients` are the names of their PKESKs as `pkesk_recipient` gives them; both only when `usable`.
    """

    usable: bool
    problem: CertificateProblem | None
    until: datetime | None
    seipd: int = 1
    recipients: tuple[str, ...] = ()


def encryptable(data: bytes) -> Cert:
    """Parse a binary certificate as it is encrypted to: without the subkeys of kinds that are not taken.

    The library encrypts to none, where there is one with a curve that it lacks.  Raises what it raises for broken ones.
    """
    kept, dropped = [], False
    for packet in walk(data):
        if packet.tag in SUBKEY_TAGS or packet.tag == Tag.USER_ID:
            dropped = packet.tag in SUBKEY_TAGS and algorithms.refused(packet.body)
        if not dropped:
            kept.append(data[packet.start : packet.end])
    return Cert.from_bytes(b"".join(kept))


def assess(cert: Cert, parts: KeyParts, now: datetime) -> Usability:
    """Return whether anybody can encrypt to `cert` at the time `now` (naive UTC); `parts` are its sorted packets."""
    until = min((change for change in _changes(parts) if change > now), default=None)
    problem = _standing(cert, parts, now)
    if problem is not None:
        return Usability(usable=False, problem=problem, until=until)
    chosen = recipients_of(encryptable(parts.binary))
    seipd = 2 if any(version == _SEIPD2_PKESK for version, _ in chosen) else 1
    alive = tuple(recipient for _, recipient in chosen if _alive(parts, recipient, now))
    if seipd == 2 and not announces_seipd2(parts, now):  # noqa: PLR2004 - the version
        # What the library would write only because nothing is said.  A PKESK of version 3 names the key ID, which is the
        # end of a version 4 fingerprint (RFC 9580 §5.5.4.2).
        seipd, alive = 1, tuple(recipient[-_KEY_ID_DIGITS:] for recipient in alive)
    if not alive or len(alive) != len(chosen):
        # encrypt() chooses dead subkeys only when there is no live one, so it is all or nothing.
        return Usability(usable=False, problem=_why_none(parts), until=until)
    return Usability(usable=True, problem=None, until=until, seipd=seipd, recipients=alive)


def ends(cert: Cert, parts: KeyParts, now: datetime) -> datetime | None:
    """Return from when on nobody can encrypt to `cert` because its time is over, or since when nobody can (naive UTC).

    None when that never comes, and when the certificate is of no use for another reason; `parts` are its sorted packets.
    """
    try:
        if cert.is_revoked:
            return None
        expiration = cert.expiration
    except RuntimeError:
        return None
    # encrypt() chooses all living subkeys, and dead ones only when there is no living one.
    subkeys = [_expires(parts, recipient, now) for _, recipient in recipients_of(encryptable(parts.binary))]
    primary = None if expiration is None else naive_utc(expiration)
    last = None if None in subkeys else max((time for time in subkeys if time is not None), default=None)
    return min((time for time in (primary, last) if time is not None), default=None)


def _expires(parts: KeyParts, recipient: str, now: datetime) -> datetime | None:
    """Return when the key that `encrypt()` chose ends by itself."""
    for subkey in parts.subkeys:
        if recipient in {subkey.fingerprint, subkey.key_id}:
            return _subkey_expires(parts, subkey, now)
    return None  # the primary key


def _standing(cert: Cert, parts: KeyParts, now: datetime) -> CertificateProblem | None:
    """Return what is wrong with the certificate as a whole."""
    if cert.is_revoked:  # also of a copy that has lost all else, as key servers give them away
        return CertificateProblem.REVOKED
    if algorithms.refused(parts.primary.packet.body):  # of DSA the library still takes the longest ones
        return CertificateProblem.POLICY
    try:
        expires = cert.expiration
    except RuntimeError:  # no self-signature that counts now
        return _why_not_valid(parts, now)
    if expires is not None and naive_utc(expires) <= now:
        return CertificateProblem.EXPIRED
    return None


def _why_not_valid(parts: KeyParts, now: datetime) -> CertificateProblem:
    created = parts.primary.packet.key_created
    made = [signature.signature_created for signature in parts.self_signatures]
    if created is not None and naive_utc(created) > now:
        return CertificateProblem.NOT_YET_VALID
    if made and all(time is not None and naive_utc(time) > now for time in made):
        return CertificateProblem.NOT_YET_VALID
    if _weak(parts.self_signatures):
        return CertificateProblem.POLICY
    if not parts.user_ids:
        return CertificateProblem.WRONG_ADDRESS
    return CertificateProblem.BROKEN


def _weak(signatures: Iterator[object]) -> bool:
    return any(getattr(signature, "hash_algorithm", None) in WEAK_HASHES for signature in signatures)


def _why_none(parts: KeyParts) -> CertificateProblem:
    """Return why there is no encryption subkey: none at all, or one that policy refuses."""
    for subkey in parts.subkeys:
        if _flagged(subkey) and (_weak(iter(subkey.signatures)) or algorithms.refused(subkey.packet.body)):
            return CertificateProblem.POLICY
    return CertificateProblem.NO_ENCRYPTION


def _flagged(subkey: Signed) -> bool:
    return any(
        signature.key_flags is not None
        and (signature.key_flags.transport_encryption or signature.key_flags.storage_encryption)
        for signature in subkey.signatures
    )


def recipients_of(cert: Cert) -> list[tuple[int, str]]:
    """Return version and recipient of each PKESK of a message to `cert`."""
    try:
        message = encrypt(b"", [cert], armor=False)
    except (RuntimeError, OSError):
        return []
    return [(packet.body[0], pkesk_recipient(packet)) for packet in walk(message) if packet.tag == Tag.PKESK]


def _alive(parts: KeyParts, recipient: str, now: datetime) -> bool:
    """Tell whether the key that `encrypt()` chose has not expired (that the primary has not is known already)."""
    if recipient in {parts.primary.fingerprint, parts.primary.key_id}:
        return True
    for subkey in parts.subkeys:
        if recipient in {subkey.fingerprint, subkey.key_id}:
            expires = _subkey_expires(parts, subkey, now)
            return expires is None or expires > now
    return False


def _subkey_expires(parts: KeyParts, subkey: Signed, now: datetime) -> datetime | None:
    """Return when `subkey` ends, by its newest binding signature that is a true one."""
    positions = newest(subkey, (SignatureType.SubkeyBinding,), now)
    for position in positions:
        binding = subkey.signatures[position]
        # One alone must be true, else encrypt() had not chosen the subkey.  Of several, some may be forged.
        if len(positions) == 1 or recipients_of(Cert.from_bytes(parts.only(subkey, subkey.raw_signatures[position]))):
            return subkey.expires(binding)
    return now


def _changes(parts: KeyParts) -> Iterator[datetime]:
    """Yield each time at which the answer may become another one; too many of them do no harm."""
    for signed in (parts.primary, *parts.user_ids, *parts.subkeys):
        if signed.packet.key_created is not None:
            yield naive_utc(signed.packet.key_created)
        for signature in signed.signatures:
            for time in (signature.signature_created, signature.signature_expiration_time):
                if time is not None:
                    yield naive_utc(time)
            # The lifetime of the primary key stands in the signatures on its user IDs, too.
            owner = signed if signed.packet.key_created is not None else parts.primary
            expires = owner.expires(signature)
            if expires is not None:
                yield expires
