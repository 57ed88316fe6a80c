"""What has become of the key that a signature names: revoked, expired, or never meant for signing (in the worker process).

For verdicts that are not good, and for what happened after a good one.  What is good is pysequoia's word alone.
"""

from dataclasses import dataclass
from datetime import datetime

from openpgp import errors as rpgp_errors
from openpgp.composed import SignedPublicKey
from openpgp.packet import Packet as RpgpPacket
from openpgp.packet import Signature as RpgpSignature
from pysequoia import Cert
from pysequoia.packet import SignatureType

from mailman_pgp.openpgp.key_packets import KeyParts, Signed, naive_utc, newest

#: What the libraries raise; their texts are never looked at here.
LIBRARY_ERRORS = (RuntimeError, OSError, ValueError, TypeError, rpgp_errors.Error)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A certificate, and the key in it that a signature names."""

    cert: Cert
    parts: KeyParts
    key: Signed
    data: bytes


def _bindings(candidate: Candidate, key: Signed, kind: SignatureType, now: datetime) -> list[int]:
    """Return the positions of the true binding or revocation signatures of a subkey, the newest first.

    Where rPGP does not know the algorithm every one counts as true: that can only make a verdict worse, because the
    good ones come from pysequoia.
    """
    positions = newest(key, (kind,), now)
    if not positions or key is candidate.parts.primary:
        return []
    if SignatureType.SubkeyBinding == kind and len(positions) == 1:
        return positions
    try:
        certificate = SignedPublicKey.from_bytes(candidate.parts.only(key))
        primary, subkey = certificate.primary_key, certificate.public_subkeys[0]
    except (*LIBRARY_ERRORS, IndexError):
        return positions
    if primary.public_params.kind == "unknown":
        return positions
    true = []
    for position in positions:
        signature = RpgpPacket.from_bytes(key.raw_signatures[position]).value
        assert isinstance(signature, RpgpSignature)
        try:
            signature.verify_subkey_binding(primary, subkey.key)
        except LIBRARY_ERRORS:
            continue
        true.append(position)
    return true


def subkey_revoked(candidate: Candidate, key: Signed, now: datetime) -> bool:
    """Tell whether this subkey is revoked now."""
    return bool(_bindings(candidate, key, SignatureType.SubkeyRevocation, now))


def expired(candidate: Candidate, key: Signed, when: datetime, now: datetime) -> bool:
    """Tell whether the certificate, or this subkey of it, had expired at the time `when`, as far as we know `now`."""
    try:
        expires = candidate.cert.expiration
    except RuntimeError:
        expires = None
    if expires is not None and naive_utc(expires) <= when:
        return True
    for position in _bindings(candidate, key, SignatureType.SubkeyBinding, now)[:1]:
        ends = key.expires(key.signatures[position])
        return ends is not None and ends <= when
    return False


def may_sign(candidate: Candidate, key: Signed, now: datetime) -> bool:
    """Tell whether key flags, and for a subkey its own consent, allow signing (RFC 9580 §5.2.3.29, §5.2.3.34)."""
    if key is candidate.parts.primary:
        return any(
            signature.key_flags is not None and signature.key_flags.signing
            for signature in candidate.parts.self_signatures
        )
    for position in _bindings(candidate, key, SignatureType.SubkeyBinding, now)[:1]:
        flags = key.signatures[position].key_flags
        if flags is None or not flags.signing:
            return False
        try:
            binding = RpgpPacket.from_bytes(key.raw_signatures[position]).value
        except LIBRARY_ERRORS:
            return True
        return isinstance(binding, RpgpSignature) and binding.embedded_signature() is not None
    return False
