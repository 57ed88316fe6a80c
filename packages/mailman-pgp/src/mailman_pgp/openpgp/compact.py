"""What encrypting needs of a certificate.

A parsed certificate takes memory by its signatures, of which most say nothing about that: those of other user IDs, of subkeys that
sign, those that newer ones have superseded.  A process of `out` keeps the certificates of all members of a list.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from pysequoia import Cert
from pysequoia.packet import SignatureType

from mailman_pgp.openpgp.features import ABOUT_THE_KEY
from mailman_pgp.openpgp.key_packets import KeyParts, Signed, naive_utc, newest
from mailman_pgp.openpgp.usability import Usability, recipients_of

_REVOKING = (SignatureType.KeyRevocation, SignatureType.SubkeyRevocation, SignatureType.CertificationRevocation)
_BINDING = (SignatureType.SubkeyBinding,)
# Which user ID speaks for the key is the library's decision.  Of those who have very many, the whole certificate is kept.
_USER_IDS_TRIED = 8
_V2 = 2
_KEY_ID_DIGITS = 16


def compact(parts: KeyParts, usability: Usability, expires: datetime | None, now: datetime) -> bytes:
    """Return as much of a usable certificate, binary, as encrypting to it at the time `now` (naive UTC) needs.

    The primary key with all its revocations, what says most newly that it is good, and each subkey that is encrypted to with its
    newest binding.  Of that the library must say what was found out of the whole: the keys to encrypt to (in `usability`), when
    it `expires` (naive UTC), and that it is not revoked.  Where it does not, the whole is returned.
    """
    return next((form for form in _forms(parts, usability, now) if _is_alike(form, usability, expires)), parts.binary)


def _forms(parts: KeyParts, usability: Usability, now: datetime) -> Iterator[bytes]:
    """Yield forms of a certificate, the smallest first."""
    primary = _with_newest(parts.primary, (SignatureType.DirectKey,), now)
    chosen = {name[-_KEY_ID_DIGITS:] for name in usability.recipients} | set(usability.recipients)
    subkeys = b"".join(
        _with_newest(subkey, _BINDING, now) for subkey in parts.subkeys if chosen & {subkey.fingerprint, subkey.key_id}
    )
    if primary != parts.primary.raw:  # else nothing says that it is good
        yield primary + subkeys
    for user_id in parts.user_ids[:_USER_IDS_TRIED]:
        yield primary + _with_newest(user_id, ABOUT_THE_KEY, now) + subkeys


def _with_newest(signed: Signed, kinds: Collection[SignatureType], now: datetime) -> bytes:
    """Return a part of a key with its revocations, and the newest of the signatures of some kinds."""
    revoking = [
        raw
        for signature, raw in zip(signed.signatures, signed.raw_signatures, strict=True)
        if signature.signature_type in _REVOKING
    ]
    newest_ones = [signed.raw_signatures[position] for position in newest(signed, kinds, now)[:1]]
    return b"".join([signed.raw, *revoking, *newest_ones])


def _is_alike(form: bytes, usability: Usability, expires: datetime | None) -> bool:
    """Whether the library says of a form of a certificate what was found out of the whole."""
    try:
        cert = Cert.from_bytes(form)
        expiration = cert.expiration
    except (RuntimeError, OSError, ValueError):
        return False
    if cert.is_revoked or (expiration and naive_utc(expiration)) != expires:
        return False
    found = recipients_of(cert)
    if usability.seipd == _V2:
        return tuple(name for _version, name in found) == usability.recipients
    # A PKESK of version 3 names the key ID: see `usability.assess`.
    return tuple(name[-_KEY_ID_DIGITS:] for _version, name in found) == usability.recipients
