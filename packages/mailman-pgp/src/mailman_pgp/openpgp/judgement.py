"""Judging signatures, each on its own, over content that is at hand (in the worker process).

pysequoia alone says what is good.  It gives no reasons, so for the rest the reason is looked for: in the dates and
revocations of the certificate, and with rPGP's check, which knows no policy.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from openpgp.packet import Packet as RpgpPacket
from openpgp.packet import PublicKey as RpgpKey
from openpgp.packet import Signature as RpgpSignature
from pysequoia import Cert, Sig, verify
from pysequoia.packet import SignatureType

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.key_history import LIBRARY_ERRORS, Candidate, expired, may_sign, subkey_revoked
from mailman_pgp.openpgp.key_packets import KeyParts, Signed, naive_utc, sort
from mailman_pgp.openpgp.packets import Tag, packet
from mailman_pgp.openpgp.signatures import MAX_PACKET_BYTES, SignatureVerdict, Status
from mailman_pgp.openpgp.subpackets import intended_recipients
from mailman_pgp.openpgp.usability import WEAK_HASHES

#: Clocks differ: as far in the future as pysequoia tolerates.
_TOLERANCE = timedelta(minutes=30)
#: Over a document; all others are over keys, or nothing (RFC 9580 §5.2.1).
_DOCUMENT_SIGNATURES = (SignatureType.Binary, SignatureType.Text)
#: The better verdict wins when several certificates hold the key that a signature names.
_RANK = {
    status: rank
    for rank, status in enumerate(
        (
            Status.GOOD,
            Status.GOOD_KEY_EXPIRED_SINCE,
            Status.GOOD_KEY_REVOKED_SINCE,
            Status.KEY_REVOKED,
            Status.KEY_EXPIRED,
            Status.SIGNATURE_EXPIRED,
            Status.FROM_THE_FUTURE,
            Status.KEY_MAY_NOT_SIGN,
            Status.REFUSED_BY_POLICY,
            Status.WEAK_HASH,
            Status.BAD,
            Status.UNKNOWN_KEY,
            Status.NONE,
        )
    )
}


def canonical(content: bytes) -> bytes:
    """Return `content` as text-mode signatures hash it: every line end, a lone CR too, becomes CRLF."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


class Content:
    """Signed content with its digests, each computed once and only when wanted."""

    def __init__(self, content: bytes) -> None:
        self.bytes = content
        self._digests: dict[bool, str] = {}

    def digest(self, *, text_mode: bool) -> str:
        """Return the SHA-256 of the content as a signature of this mode hashes it."""
        if text_mode not in self._digests:
            hashed = canonical(self.bytes) if text_mode else self.bytes
            self._digests[text_mode] = hashlib.sha256(hashed).hexdigest()
        return self._digests[text_mode]


class Signers:
    """The certificates that may have made a signature, each parsed once."""

    def __init__(self, certificates: Sequence[bytes]) -> None:
        self._certificates: list[tuple[Cert, KeyParts, bytes]] = []
        for data in certificates:
            try:
                self._certificates.append((Cert.from_bytes(data), sort(data), data))
            except (PacketError, *LIBRARY_ERRORS):
                continue  # one that cannot be read has made nothing

    def candidates(self, issuer: str) -> list[Candidate]:
        """Return each certificate that holds the key with this fingerprint or key ID."""
        return [
            Candidate(cert, parts, key, data)
            for cert, parts, data in self._certificates
            for key in parts.keys
            if issuer in {key.fingerprint, key.key_id}
        ]


def judge(content: Content, body: bytes, signers: Signers) -> SignatureVerdict:
    """Return the verdict on the signature packet with this `body` over `content`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    raw = packet(Tag.SIGNATURE, body)
    try:
        signature = Sig.from_bytes(raw)
        kind = signature.signature_type
    except LIBRARY_ERRORS:
        return SignatureVerdict(
            Status.BAD, None, None, None, text_mode=False, content_digest=content.digest(text_mode=False)
        )
    text_mode = kind == SignatureType.Text
    issuer = (signature.issuer_fingerprint or signature.issuer_key_id or "").upper() or None
    signed_at = signature.created and naive_utc(signature.created)
    status, fingerprint = Status.UNKNOWN_KEY, None
    for candidate in signers.candidates(issuer) if issuer else ():
        found, key = _judge_by(content, signature, raw, candidate, now)
        if _RANK[found] < _RANK[status]:
            status, fingerprint, issuer = found, candidate.parts.primary.fingerprint, key
    return SignatureVerdict(
        status,
        fingerprint,
        issuer,
        signed_at,
        text_mode=text_mode,
        content_digest=content.digest(text_mode=text_mode),
        intended=intended_recipients(body),
        packet=body if status is Status.GOOD and len(body) <= MAX_PACKET_BYTES else b"",
    )


def _judge_by(
    content: Content, signature: Sig, raw: bytes, candidate: Candidate, now: datetime
) -> tuple[Status, str | None]:
    """Return the status by one certificate, and the fingerprint of the key."""
    try:
        valid = verify(bytes=content.bytes, store=lambda _: [candidate.cert], signature=signature).valid_sigs
    except LIBRARY_ERRORS:
        valid = []
    primary = candidate.parts.primary.fingerprint
    for made in valid:
        if made.certificate.upper() == primary:
            key = made.signing_key.upper()
            signing = next(known for known in candidate.parts.keys if known.fingerprint == key)
            return _since(candidate, signing, now), key
    return _why_not(content, signature, raw, candidate, now), candidate.key.fingerprint


def _since(candidate: Candidate, key: Signed, now: datetime) -> Status:
    """Return what has become of the key since it made a good signature."""
    try:
        expires = candidate.cert.expiration
    except RuntimeError:  # its self-signatures count no longer
        return Status.REFUSED_BY_POLICY
    if candidate.cert.is_revoked or subkey_revoked(candidate, key, now):
        return Status.GOOD_KEY_REVOKED_SINCE
    if (expires is not None and naive_utc(expires) <= now) or expired(candidate, key, now, now):
        return Status.GOOD_KEY_EXPIRED_SINCE
    return Status.GOOD


def _why_not(content: Content, signature: Sig, raw: bytes, candidate: Candidate, now: datetime) -> Status:
    """Return why pysequoia does not accept a signature."""
    if signature.signature_type not in _DOCUMENT_SIGNATURES or signature.created is None:
        return Status.BAD
    made = naive_utc(signature.created)
    key = candidate.key
    if _rests_on_weak_hash(signature):
        return Status.WEAK_HASH
    if _verifies(content, raw, key) is False:
        return Status.BAD
    if made > now + _TOLERANCE:
        return Status.FROM_THE_FUTURE
    if signature.expiration is not None and naive_utc(signature.expiration) <= now:
        return Status.SIGNATURE_EXPIRED
    if candidate.cert.is_revoked or subkey_revoked(candidate, key, now):
        return Status.KEY_REVOKED
    if expired(candidate, key, made, now):
        return Status.KEY_EXPIRED
    if not may_sign(candidate, key, now):
        return Status.KEY_MAY_NOT_SIGN
    if _verifies(content, raw, key) is None:
        return Status.BAD  # rPGP cannot tell, and there is no other reason to see
    return Status.REFUSED_BY_POLICY


def _rests_on_weak_hash(signature: Sig) -> bool:
    try:
        return signature.hash_algorithm in WEAK_HASHES
    except LIBRARY_ERRORS:  # a hash that the library has no name for
        return False


def _verifies(content: Content, raw: bytes, key: Signed) -> bool | None:
    """Check a signature without any policy; None when rPGP does not know its algorithm."""
    try:
        signature = RpgpPacket.from_bytes(raw).value
        issuer = RpgpPacket.from_bytes(packet(Tag.PUBLIC_KEY, key.packet.body)).value
    except LIBRARY_ERRORS:
        return None
    if not isinstance(signature, RpgpSignature) or not isinstance(issuer, RpgpKey):
        return None
    if issuer.public_params.kind == "unknown":
        return None
    try:
        signature.verify(issuer, content.bytes)
    except LIBRARY_ERRORS:
        return False
    return True
