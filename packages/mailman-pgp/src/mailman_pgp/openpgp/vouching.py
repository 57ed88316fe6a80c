"""The certifications that one key made of another, found in a copy of it and verified (in the worker process).

Only version 4 signatures with the oldest algorithms are taken.  Measured: gpg 2.2 and rnp refuse a whole certificate that has
a version 6 signature in it, rnp also one with an algorithm that it does not know (Ed25519 and Ed448 of RFC 9580).  So a
single one would keep members from writing to the list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pysequoia import Cert

from mailman_pgp.openpgp import algorithms
from mailman_pgp.openpgp.certifying import Certification
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import MAX_PACKETS, PRIMARY_TAGS, SUBKEY_TAGS, Signed, naive_utc, sort
from mailman_pgp.openpgp.packets import Tag, encoded_length, packet, walk
from mailman_pgp.openpgp.reading import blocks
from mailman_pgp.openpgp.subpackets import Areas, SignatureKind, Subpacket, subpackets
from mailman_pgp.openpgp.verifying import UnsupportedError, VerifyingKey, weak_or_unknown

_V4 = b"\x04"
_KINDS = frozenset(
    {
        SignatureKind.GENERIC_CERTIFICATION,
        SignatureKind.PERSONA_CERTIFICATION,
        SignatureKind.CASUAL_CERTIFICATION,
        SignatureKind.POSITIVE_CERTIFICATION,
        SignatureKind.CERTIFICATION_REVOCATION,
    }
)
_AHEAD = timedelta(minutes=1)
# Sequoia makes its signatures unpredictable by this notation (Sequoia PGP, "salt"): 32 random octets, which are no words.
_SALT = bytes.fromhex("00000000001e0020") + b"salt@notations.sequoia-pgp.org"
_SALT_OCTETS = 32
_TIME_OCTETS = 4
_SECTIONS = PRIMARY_TAGS | SUBKEY_TAGS | {Tag.USER_ID, Tag.USER_ATTRIBUTE}
#: Nobody is told more about what they have not proved to have made.
_UNPROVED = CertificateProblem.NOT_CERTIFIED


@dataclass(frozen=True, slots=True)
class _Signer:
    """Whose certifications are looked for, and when their certificate is valid (naive UTC)."""

    key: Signed
    verifying: VerifyingKey
    created: datetime
    expires: datetime | None

    @classmethod
    def of(cls, certificate: bytes) -> "_Signer":
        """Read a certificate; raises CertificateError when its certifications can't count."""
        try:
            cert, primary = Cert.from_bytes(certificate), sort(certificate).primary
            if cert.is_revoked:
                raise CertificateError(CertificateProblem.REVOKED)
            if algorithms.refused(primary.packet.body):
                raise CertificateError(CertificateProblem.POLICY)
            verifying = VerifyingKey.of(primary.packet.body)
        except UnsupportedError:
            raise CertificateError(CertificateProblem.UNSUPPORTED) from None
        except (PacketError, RuntimeError, OSError, ValueError):
            raise CertificateError(CertificateProblem.BROKEN) from None
        try:
            expires = cert.expiration
        except RuntimeError:  # no self-signature counts
            raise CertificateError(CertificateProblem.POLICY) from None
        created = primary.packet.key_created
        if created is None:
            raise CertificateError(CertificateProblem.BROKEN)
        return cls(primary, verifying, naive_utc(created), expires and naive_utc(expires))

    def named_in(self, found: list[tuple[int, bytes]]) -> list[bool]:
        """Tell of each subpacket that names an issuer whether it names this key."""
        return [self.names.get(kind) == content for kind, content in found if kind in self.names]

    @property
    def names(self) -> dict[int, bytes]:
        """The subpackets that name this key as the issuer: type and content (RFC 9580 §5.2.3.12, §5.2.3.35)."""
        return {
            Subpacket.ISSUER: bytes.fromhex(self.key.key_id),
            Subpacket.ISSUER_FINGERPRINT: _V4 + bytes.fromhex(self.key.fingerprint),
        }

    def valid_at(self, when: datetime) -> bool:
        """Whether the certificate was valid at a time (naive UTC)."""
        return self.created <= when and (self.expires is None or when < self.expires)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A signature on a user ID that names the signer; nothing is proved by that."""

    user_id: bytes
    areas: Areas
    made: datetime
    said: list[tuple[int, bytes]]

    @property
    def revokes(self) -> bool:
        return self.areas.head[1] == SignatureKind.CERTIFICATION_REVOCATION

    @classmethod
    def of(cls, user_id: bytes, body: bytes, signer: _Signer) -> "_Candidate | None":
        """Read the body of a signature packet; None when the signer can't have made it."""
        try:
            areas = Areas.of(body)
        except PacketError:
            return None
        if areas.head[:1] != _V4 or areas.head[1] not in _KINDS:
            return None
        hashed = list(subpackets(areas.hashed))
        signed, others = signer.named_in(hashed), signer.named_in(list(subpackets(areas.unhashed)))
        made = [content for kind, content in hashed if kind == Subpacket.CREATED]
        if not all(signed) or not any(signed + others) or [len(time) for time in made] != [4]:
            return None
        return cls(user_id, areas, _time(int.from_bytes(made[0], "big")), hashed)

    def packet(self, signer: _Signer) -> bytes:
        """Return the signature with nothing unhashed but the names of its issuer, as far as they are not hashed."""
        hashed = {kind for kind, _ in self.said}
        missing = ((kind, name) for kind, name in signer.names.items() if kind not in hashed)
        return packet(Tag.SIGNATURE, self.areas.with_unhashed(*missing).body)


def certifications(own: bytes, offered: bytes, signer: bytes) -> list[Certification]:
    """Return what `certifying.certifications` does; errors are the same."""
    primary, *parts = walk(own)
    by = _Signer.of(signer)
    if by.key.packet.body == primary.body:  # what a key says of itself is no word of anybody else
        raise CertificateError(CertificateProblem.NOT_CERTIFIED)
    user_ids = {part.body for part in parts if part.tag == Tag.USER_ID}
    candidates = [
        candidate
        for blob in (blob for _, blob in blocks(offered))
        for user_id, body in _signatures(blob, primary.body)
        if user_id in user_ids and (candidate := _Candidate.of(user_id, body, by)) is not None
    ]
    # The newest word counts; of two at the same time the one that takes back.
    candidates.sort(key=lambda candidate: (candidate.made, candidate.revokes), reverse=True)
    now = _time(int(datetime.now(UTC).timestamp()))
    found: dict[bytes, Certification] = {}
    problems: list[CertificateProblem] = []
    for candidate in candidates:
        if candidate.user_id in found:
            continue
        problem = _problem(candidate, by, primary.body, now)
        if problem is None:
            found[candidate.user_id] = _certification(candidate, by)
        else:
            problems.append(problem)
    if not found:
        raise CertificateError(next((one for one in problems if one != _UNPROVED), _UNPROVED))
    return list(found.values())


def _signatures(blob: bytes, primary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each user ID that stands behind this primary key, with the body of each signature behind it."""
    of_key, user_id = False, None
    try:
        for found in walk(blob, limit=MAX_PACKETS):
            if found.tag in PRIMARY_TAGS:
                of_key = found.body == primary
            if found.tag == Tag.SIGNATURE:
                if of_key and user_id is not None:
                    yield user_id, found.body
            elif found.tag in _SECTIONS:
                user_id = found.body if found.tag == Tag.USER_ID else None
    except PacketError:
        raise CertificateError(CertificateProblem.BROKEN) from None


def _problem(candidate: _Candidate, by: _Signer, primary: bytes, now: datetime) -> CertificateProblem | None:
    """Return why a signature can't be taken; NOT_CERTIFIED when it does not verify."""
    try:
        if not by.verifying.made(candidate.areas, _hashed(primary, candidate.user_id)):
            return _UNPROVED
    except UnsupportedError:
        weak = weak_or_unknown(candidate.areas.head[3])
        return CertificateProblem.WEAK_HASH if weak else CertificateProblem.UNSUPPORTED
    if candidate.made > now + _AHEAD or not by.valid_at(candidate.made):
        return CertificateProblem.OUT_OF_TIME
    if candidate.revokes:  # it counts, whatever else it says
        return None
    said = dict(candidate.said)
    if said.get(Subpacket.EXPORTABLE) == b"\0":
        return CertificateProblem.NOT_EXPORTABLE
    if not _plain(candidate):
        return CertificateProblem.EXTRAS
    lifetime = int.from_bytes(said.get(Subpacket.LIFETIME, b""), "big")  # RFC 9580 §5.2.3.18: zero is for ever
    if lifetime and candidate.made + timedelta(seconds=lifetime) <= now:
        return CertificateProblem.OUT_OF_TIME
    return None


def _certification(candidate: _Candidate, by: _Signer) -> Certification:
    return Certification(
        data=candidate.packet(by) if _plain(candidate) else b"",
        user_id=candidate.user_id.decode(),
        signer=by.key.fingerprint,
        made=candidate.made,
        revokes=candidate.revokes,
    )


def _hashed(primary: bytes, user_id: bytes) -> bytes:
    """What a certification signs before itself (RFC 9580 §5.2.4); list keys are of version 4."""
    return b"\x99" + len(primary).to_bytes(2, "big") + primary + b"\xb4" + len(user_id).to_bytes(4, "big") + user_id


def _plain(candidate: _Candidate) -> bool:
    """Whether a signature signs nothing but what it needs, each thing once and in the usual form."""
    kinds = [kind for kind, _ in candidate.said]
    length = sum(len(encoded_length(len(content) + 1)) + 1 + len(content) for _, content in candidate.said)
    return (
        len(kinds) == len(set(kinds))
        and length == len(candidate.areas.hashed)
        and all(_is_plain(kind, content, revokes=candidate.revokes) for kind, content in candidate.said)
    )


def _is_plain(kind: int, content: bytes, *, revokes: bool) -> bool:
    match kind:
        case Subpacket.CREATED | Subpacket.LIFETIME:
            return len(content) == _TIME_OCTETS
        case Subpacket.EXPORTABLE | Subpacket.REVOCABLE:
            return content == b"\x01"
        case Subpacket.ISSUER | Subpacket.ISSUER_FINGERPRINT:
            return True  # the signer's name, or it were no candidate
        case Subpacket.NOTATION:
            return content.startswith(_SALT) and len(content) == len(_SALT) + _SALT_OCTETS
        case Subpacket.REASON:
            return revokes and len(content) == 1  # a code, and no words behind it
        case _:
            return False


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
