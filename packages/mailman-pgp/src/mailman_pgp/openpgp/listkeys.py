"""The secret key of a list: how it is made, and how the list signs with it.

Version 4 with Ed25519 and X25519 on purpose, unless another kind is asked for (`profiles`): every program of the last ten years
can write to it.  RSA is not made here: its pure-Rust implementation below leaks through timing (RUSTSEC-2023-0071).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pysequoia
from pysequoia.packet import HashAlgorithm

from mailman_pgp.openpgp import hybrid, selfsign
from mailman_pgp.openpgp.armor import PUBLIC_KEY, SIGNATURE, armor
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, NoLatticeError, PacketError
from mailman_pgp.openpgp.packets import ALGORITHM_AT, Tag, packet, walk
from mailman_pgp.openpgp.profiles import Profile
from mailman_pgp.openpgp.selfsign import Flags
from mailman_pgp.openpgp.signingkeys import SigningKey

DEFAULT_VALIDITY_DAYS = 1095
MAX_VALIDITY_DAYS = 36525  # a century: the field in the key holds 136 years
_DAY_SECONDS = 86400
_ENCRYPTING = frozenset({18, 25})  # RFC 9580 §9.1: ECDH, X25519
_LIBRARY_PROFILES = {
    Profile.USUAL: pysequoia.Profile.RFC4880,
    Profile.V6: pysequoia.Profile.RFC9580,
    Profile.POST_QUANTUM: pysequoia.Profile.RFC4880,  # for all but the key that encrypts
}
# What would make a user ID mean something else to a program that reads it.
_UNSAFE_IN_NAME = re.compile(r'[<>@()",;:\\\[\]]')
_ADDRESS = re.compile(r"[^\s<>@\"(),:;\\\[\]]+@[^\s<>@\"(),:;\\\[\]]+")

_LIST_KEY_SENTENCES = {
    CertificateProblem.EXPIRED: "The key of this list has expired: extend it, or make a new one.",
    CertificateProblem.REVOKED: "The key of this list has been revoked: make a new one.",
    CertificateProblem.BROKEN: "The secret key of this list cannot be read: restore it, or make a new one.",
    CertificateProblem.NOT_YET_VALID: (
        "The key of this list is dated in the future. See that the clock of this machine is right, then run `mailman unshunt`."
    ),
    CertificateProblem.POLICY: "The key of this list cannot sign: make a new one.",
}

# RFC 3156 §5; the library's own enumeration cannot be a key.
_MICALG = {
    int(HashAlgorithm.SHA256): "pgp-sha256",
    int(HashAlgorithm.SHA384): "pgp-sha384",
    int(HashAlgorithm.SHA512): "pgp-sha512",
}


class ListKeyError(CertificateError):
    """The list's own key cannot be used; the sentence tells its owners what to do."""

    def __init__(self, problem: CertificateProblem, sentence: str | None = None) -> None:
        super().__init__(problem, sentence or _LIST_KEY_SENTENCES[problem])


@dataclass(frozen=True, slots=True, repr=False)
class NewListKey:
    """A new list key: binary secret key, its certificate, and an armored revocation certificate to be kept apart."""

    secret: bytes
    certificate: Certificate
    revocation: bytes

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"NewListKey({self.certificate.fingerprint})"


def generate(
    name: str,
    addresses: Sequence[str],
    *,
    profile: Profile = Profile.USUAL,
    validity_days: int = DEFAULT_VALIDITY_DAYS,
    created: datetime | None = None,
) -> NewListKey:
    """Make the key of a list called `name`, with a user ID for each of `addresses`, the first one primary.

    The certificate announces SEIPDv1 only, unless it is of version 6 (see `selfsign`).  The revocation certificate revokes the key for good
    wherever it is imported.  Its time of creation is `created` (aware); else a minute ago, for clocks that are late.
    Raises ValueError for addresses or a validity that cannot be, and ListKeyError where ML-KEM is asked for and missing.
    """
    if not 0 < validity_days <= MAX_VALIDITY_DAYS:
        raise ValueError(f"A list key is valid for 1 to {MAX_VALIDITY_DAYS} days, not {validity_days}.")
    if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise ValueError("A list key needs the addresses of its list.")
    user_ids = user_ids_of(name, addresses)
    drawn = pysequoia.Tsk.generate(
        user_ids=user_ids, profile=_LIBRARY_PROFILES[profile], cipher_suite=pysequoia.CipherSuite.Cv25519
    )
    at = int((created or _created(bytes(drawn))).timestamp())
    pairs = _drawn(drawn, at)
    if profile is Profile.POST_QUANTUM:
        if not hybrid.is_supported():
            raise ListKeyError(CertificateProblem.KIND, str(NoLatticeError()))
        pairs = replace(pairs, encrypting=hybrid.generate(at))
    secret = _bound_anew(pairs, user_ids, at, validity_days * _DAY_SECONDS)
    certificate = inspect(bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate()))
    if certificate.addresses != {address.lower() for address in addresses}:
        raise ValueError("The addresses of the list cannot be user IDs of a key.")
    return NewListKey(secret, certificate, revocation_of(secret))


def revocation_of(secret: bytes) -> bytes:
    """The armored revocation certificate of a binary secret key, to be kept for the day on which that is lost."""
    tsk = pysequoia.Tsk.from_bytes(secret)
    return armor(bytes(tsk.extract_certificate().revoke(tsk.certifier())), PUBLIC_KEY)


def user_ids_of(name: str, addresses: Sequence[str]) -> list[str]:
    """The user IDs of a list called `name`, one for each of its addresses."""
    display = _display_name(name)
    return [f"{display} <{address}>" if display else f"<{address}>" for address in addresses]


def _display_name(name: str) -> str:
    """Return `name` without anything that would make its user ID ambiguous."""
    printable = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in name)
    return " ".join(_UNSAFE_IN_NAME.sub(" ", printable).split())


@dataclass(frozen=True, slots=True, repr=False)
class _Pairs:
    """Three pairs of keys: the bodies of the public and of the secret packet of each."""

    certifying: tuple[bytes, bytes]
    signing: tuple[bytes, bytes]
    encrypting: tuple[bytes, bytes]


def _drawn(drawn: pysequoia.Tsk, created: int) -> _Pairs:
    """Return the pairs of `drawn`: one that certifies comes first, one that signs and one that encrypts in any order."""
    public, secret = _bodies(bytes(drawn.extract_certificate()), created), _bodies(bytes(drawn), created)
    certifying, *others = zip(public, secret, strict=True)
    signing, encrypting = sorted(others, key=lambda pair: pair[0][ALGORITHM_AT] in _ENCRYPTING)
    return _Pairs(certifying, signing, encrypting)


def _bound_anew(pairs: _Pairs, user_ids: Sequence[str], created: int, lifetime: int) -> bytes:
    """Return pairs of keys, binary, with self-signatures of ours and the user IDs in our order."""
    primary, signing = SigningKey.from_packets(*pairs.certifying), SigningKey.from_packets(*pairs.signing)
    parts = [
        packet(Tag.SECRET_KEY, pairs.certifying[1]),
        selfsign.direct_key_signature(primary, Flags.CERTIFY, created=created, lifetime=lifetime),
    ]
    for position, user_id in enumerate(user_ids):
        parts += [
            packet(Tag.USER_ID, user_id.encode()),
            selfsign.certification(
                primary, user_id, Flags.CERTIFY, created=created, lifetime=lifetime, first=position == 0
            ),
        ]
    parts += [
        packet(Tag.SECRET_SUBKEY, pairs.signing[1]),
        selfsign.binding(primary, signing, Flags.SIGN, created=created),
        packet(Tag.SECRET_SUBKEY, pairs.encrypting[1]),
        selfsign.binding(primary, pairs.encrypting[0], Flags.ENCRYPT, created=created),
    ]
    return b"".join(parts)


def _bodies(data: bytes, created: int) -> list[bytes]:
    """Return the bodies of the key packets in `data`, with their time of creation set (RFC 9580 §5.5.2)."""
    tags = {Tag.PUBLIC_KEY, Tag.SECRET_KEY, Tag.PUBLIC_SUBKEY, Tag.SECRET_SUBKEY}
    at = created.to_bytes(4, "big")
    return [found.body[:1] + at + found.body[5:] for found in walk(data) if found.tag in tags]


def _created(secret: bytes) -> datetime:
    """When a key of version 4 or 6 was made (RFC 9580 §5.5.2); the beginning of time for what is no key."""
    try:
        first = next(walk(secret))
    except (PacketError, StopIteration):
        return datetime.fromtimestamp(0, UTC)
    is_key = first.tag in {Tag.SECRET_KEY, Tag.PUBLIC_KEY}
    return datetime.fromtimestamp(int.from_bytes(first.body[1:5], "big") if is_key else 0, UTC)


class ListSecretKey:
    """The secret key of a list, ready to sign.  It never shows more of itself than its fingerprint.

    `secret` is a binary transferable secret key without a passphrase; `certificate_data` is its binary certificate.
    Raises ListKeyError when it cannot be read, or cannot sign.
    """

    __slots__ = ("_expires", "_micalg", "_revoked", "_signer", "certificate_data", "fingerprint")

    def __init__(self, secret: bytes) -> None:
        try:
            tsk = pysequoia.Tsk.from_bytes(secret)
            certificate = tsk.extract_certificate()
            self._expires: datetime | None = certificate.expiration
            self._revoked: bool = certificate.is_revoked
        except Exception:  # noqa: BLE001 - the library's errors have no common type, and texts that must not pass
            # The library finds nothing that counts before the key's own time.
            future = _created(secret) > datetime.now(UTC)
            raise ListKeyError(CertificateProblem.NOT_YET_VALID if future else CertificateProblem.BROKEN) from None
        self.certificate_data: bytes = bytes(certificate)
        self.fingerprint: str = certificate.fingerprint.upper()
        self._micalg: str | None = None
        self._signer: pysequoia.PySigner | None = None
        if not self._dead():
            try:
                self._signer = tsk.signer()
            except Exception:  # noqa: BLE001 - as above
                raise ListKeyError(CertificateProblem.POLICY) from None

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"ListSecretKey({self.fingerprint})"

    def usable_signer(self) -> pysequoia.PySigner:
        """Return the library's signer; ListKeyError when the key has been revoked or has expired.

        The library itself would sign with either.
        """
        problem = self._dead()
        if problem or self._signer is None:
            raise ListKeyError(problem or CertificateProblem.POLICY)
        return self._signer

    def _dead(self) -> CertificateProblem | None:
        if self._revoked:
            return CertificateProblem.REVOKED
        if self._expires is not None and self._expires <= datetime.now(UTC):
            return CertificateProblem.EXPIRED
        return None

    def sign_detached(self, data: bytes) -> bytes:
        """Return an armored binary-mode signature over exactly these bytes, in lines ending in LF.

        Raises ListKeyError when the key has been revoked or has expired.
        """
        return armor(self._sign(data), SIGNATURE)

    @property
    def micalg(self) -> str:
        """The name of the hash that this key really signs with, as RFC 3156 §5 wants it: "pgp-sha512"."""
        if self._micalg is None:
            self._micalg = _MICALG[int(pysequoia.Sig.from_bytes(self._sign(b"")).hash_algorithm)]
        return self._micalg

    def _sign(self, data: bytes) -> bytes:
        return pysequoia.sign(self.usable_signer(), data, mode=pysequoia.SignatureMode.DETACHED, armor=False)
