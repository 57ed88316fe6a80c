"""A secret key that exists already becomes a list's.

What it has said of itself until now is said anew: that it is the list's, by a user ID for each of the list's addresses, and what
may be written to it.  GnuPG 2.3 and later announce a form of encryption of their own, which nobody else opens.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pysequoia
from pysequoia.packet import PacketPile

from mailman_pgp.openpgp import selfsign
from mailman_pgp.openpgp.certificates import Certificate, UserID, inspect, request
from mailman_pgp.openpgp.errors import SECRET_KEY_SENTENCES, CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import SECRET_TAGS, Signed, sort
from mailman_pgp.openpgp.listkeys import DEFAULT_VALIDITY_DAYS, ListKeyError, NewListKey, revocation_of, user_ids_of
from mailman_pgp.openpgp.packets import ALGORITHM_AT, Tag, packet, walk
from mailman_pgp.openpgp.selfsign import Flags
from mailman_pgp.openpgp.signingkeys import SigningKey

_MIB = 1024 * 1024
#: What a passphrase may cost to check.
_ARGON2_BYTES = 1200 * _MIB
_SECONDS = 60.0
_RSA = frozenset({1, 2, 3})


def read_secret_key(data: bytes, passphrase: bytes | None) -> bytes:
    """Return the one secret key in `data` (binary or armored) as a binary one without a passphrase; it is a usable one.

    Runs in a worker process.  Raises ListKeyError: NO_KEY, SEVERAL_KEYS, NOT_SECRET, BROKEN, TOO_LARGE, TOO_MANY_PARTS of what it is; LOCKED
    when it needs a passphrase and None is given, WRONG_PASSPHRASE, PROTECTION, NO_SECRET; KIND, EXPIRED, REVOKED, NO_ENCRYPTION,
    NOT_SIGNING, POLICY, NOT_YET_VALID of what can't be a list's.
    """
    blobs = [data] if passphrase is None else [data, passphrase]
    try:
        _, (secret,) = request("unlock", blobs, seconds=_SECONDS, memory=_ARGON2_BYTES)
    except CertificateError as error:
        raise ListKeyError(error.problem, SECRET_KEY_SENTENCES.get(error.problem)) from None
    return secret


def holds_rsa(secret: bytes) -> bool:
    """Tell whether any part of a secret key that was read is RSA."""
    return any(one.body[ALGORITHM_AT] in _RSA for one in walk(secret) if one.tag in SECRET_TAGS)


def adopt(secret: bytes, name: str, addresses: Sequence[str]) -> tuple[NewListKey, tuple[str, ...]]:
    """Make a secret key from `read_secret_key` the key of a list called `name`; `addresses` as in `listkeys.generate`.

    Returns that, and the texts of the user IDs that were left out.

    One of its user IDs has to name the first of them.  User IDs that name nobody of the list are left out: mail programs would
    take the key for theirs.  It expires when it did, and after three years where it never did.  Raises ListKeyError WRONG_ADDRESS, KIND.
    """
    public = bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())
    before = inspect(public)
    if addresses[0].lower() not in before.addresses:
        raise ListKeyError(CertificateProblem.WRONG_ADDRESS, SECRET_KEY_SENTENCES[CertificateProblem.WRONG_ADDRESS])
    try:
        made = _said_anew(secret, before, name, addresses)
        certificate = inspect(bytes(pysequoia.Tsk.from_bytes(made).extract_certificate()))
    except (PacketError, RuntimeError, OSError, ValueError):
        raise ListKeyError(CertificateProblem.KIND, SECRET_KEY_SENTENCES[CertificateProblem.KIND]) from None
    if certificate.usability.problem is not None or certificate.addresses != {one.lower() for one in addresses}:
        raise ListKeyError(CertificateProblem.KIND, SECRET_KEY_SENTENCES[CertificateProblem.KIND])
    kept = {user_id.text for user_id in certificate.user_ids}
    left_out = tuple(user_id.text for user_id in before.user_ids if user_id.text not in kept)
    return NewListKey(made, certificate, revocation_of(made)), left_out


def _said_anew(secret: bytes, before: Certificate, name: str, addresses: Sequence[str]) -> bytes:
    parts = sort(secret)
    bodies = {
        public.fingerprint: next(walk(public.raw)).body
        for public in sort(bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())).keys
    }
    primary = _signing(parts.primary, bodies)
    now = int(datetime.now(UTC).timestamp())
    ends = before.expires or datetime.now(UTC).replace(tzinfo=None) + timedelta(days=DEFAULT_VALIDITY_DAYS)
    lifetime = int(ends.replace(tzinfo=UTC).timestamp()) - int(before.created.replace(tzinfo=UTC).timestamp())
    signs = _signs_with(secret)
    encrypts = before.usability.recipients
    flags = Flags.CERTIFY | _flags(parts.primary, signs, encrypts)
    written = [parts.primary.raw, selfsign.direct_key_signature(primary, flags, created=now, lifetime=lifetime)]
    for position, user_id in enumerate(_user_ids(before, name, addresses)):
        written += [
            packet(Tag.USER_ID, user_id.encode()),
            selfsign.certification(primary, user_id, flags, created=now, lifetime=lifetime, first=position == 0),
        ]
    for subkey in parts.subkeys:
        usage = _flags(subkey, signs, encrypts)
        if not usage:  # it opens what was encrypted to it once
            written.append(subkey.binary)
            continue
        bound = _signing(subkey, bodies) if usage & Flags.SIGN else bodies[subkey.fingerprint]
        written += [subkey.raw, selfsign.binding(primary, bound, usage, created=now)]
    return b"".join(written)


def _signing(key: Signed, bodies: dict[str, bytes]) -> SigningKey:
    return SigningKey.from_packets(bodies[key.fingerprint], next(walk(key.raw)).body)


def _flags(key: Signed, signs: str, encrypts: Sequence[str]) -> Flags:
    """What a part of the key is used for by programs of today."""
    names = {key.fingerprint, key.key_id}
    usage = Flags.SIGN if signs in names else Flags(0)
    return usage | Flags.ENCRYPT if names.intersection(encrypts) else usage


def _signs_with(secret: bytes) -> str:
    made = pysequoia.sign(
        pysequoia.Tsk.from_bytes(secret).signer(), b"", mode=pysequoia.SignatureMode.DETACHED, armor=False
    )
    (signature,) = PacketPile.from_bytes(made)
    return (signature.issuer_fingerprint or "").upper()


def _user_ids(before: Certificate, name: str, addresses: Sequence[str]) -> list[str]:
    """The user IDs of the list: those that the key has, and those that it is to get, in the order of the addresses."""
    known: dict[str | None, str] = {}
    for user_id in before.user_ids:
        if UserID.parse(user_id.text) == user_id:  # as it stands in the packet
            known.setdefault(user_id.address, user_id.text)
    made = user_ids_of(name, addresses)
    return [known.get(address.lower(), new) for address, new in zip(addresses, made, strict=True)]
