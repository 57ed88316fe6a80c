"""What a list's key says of itself and of its successor, written so that every program can write to it.

The library binds user IDs and subkeys with a Features subpacket that announces SEIPDv2, and has no switch for it.
Senders would take us at our word, and gpg 2.2 and rnp could not read what was meant for them too.  So the key pairs
are the library's, and what is said about them is said here: RFC 9580 §5.2.3, version 4, with SHA-512, by EdDSALegacy
(Ed25519), or by RSA where a list has brought such a key.
"""

import enum
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA512

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Tag, encoded_length, packet
from mailman_pgp.openpgp.subpackets import SignatureKind, Subpacket

_EDDSA_LEGACY = 22  # RFC 9580 §9.1
_SHA512 = 10  # RFC 9580 §9.5
# Algorithm and curve, as they stand behind version and creation time: RFC 9580 §5.5.5.5 and §9.2
_ED25519 = bytes([_EDDSA_LEGACY]) + bytes.fromhex("092b06010401da470f01")
_SEED_BYTES = 32
_RSA = frozenset({1, 3})  # RFC 9580 §9.1: for everything, and for signatures only
_ALGORITHM_AT = 5
_MATERIAL_AT = 6


class Flags(enum.IntFlag):
    """What a key may be used for (RFC 9580 §5.2.3.29)."""

    CERTIFY = 0x01
    SIGN = 0x02
    ENCRYPT = 0x0C  # communications and storage


#: Those whose meaning must not be skipped by a program that does not know them.
_CRITICAL = frozenset({Subpacket.CREATED, Subpacket.KEY_LIFETIME, Subpacket.KEY_FLAGS})
_FEATURE_SEIPD_V1 = b"\x01"  # RFC 9580 §5.2.3.32: modification detection, and nothing newer
_CIPHERS = bytes([9, 8, 7])  # AES-256, AES-192, AES-128
_HASHES = bytes([_SHA512, 9, 8])  # SHA-512, SHA-384, SHA-256
# Compression before encryption lets lengths tell about contents, and a bomb cost us memory.
_COMPRESSION = b"\x00"


class Reason(enum.IntEnum):
    """Why a key is revoked (RFC 9580 §5.2.3.31).  What a key has signed before stays good unless it was compromised."""

    SUPERSEDED = 1
    COMPROMISED = 2
    RETIRED = 3


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 or RSA key of version 4: its public packet body, and the private key."""

    body: bytes
    private: Ed25519PrivateKey | rsa.RSAPrivateKey

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"SigningKey({fingerprint(self.body).hex().upper()})"

    @classmethod
    def from_packets(cls, public_body: bytes, secret_body: bytes) -> Self:
        """Read the two forms of one key packet, without a passphrase (RFC 9580 §5.5.3); PacketError otherwise."""
        secret = secret_body[len(public_body) :]
        if public_body[:1] != b"\x04" or not secret_body.startswith(public_body) or not secret.startswith(b"\0"):
            raise PacketError("This is not an unprotected secret key of version 4.")
        # Behind one octet of usage, before two of checksum.
        if public_body.startswith(_ED25519, _ALGORITHM_AT):
            return cls(public_body, _ed25519(public_body, secret[1:-2]))
        if public_body[_ALGORITHM_AT : _ALGORITHM_AT + 1] and public_body[_ALGORITHM_AT] in _RSA:
            return cls(public_body, _rsa(public_body[_MATERIAL_AT:], secret[1:-2]))
        raise PacketError("This is neither an Ed25519 nor an RSA key.")

    def sign(self, digest: bytes) -> bytes:
        """Return the numbers of a signature over a SHA-512 digest, as they stand in its packet."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return _mpi(self.private.sign(digest, PKCS1v15(), Prehashed(SHA512())))  # RFC 9580 §5.2.3.1.1
        made = self.private.sign(digest)  # RFC 9580 §5.2.3.3.1: the digest is the message
        return _mpi(made[:32]) + _mpi(made[32:])


def _ed25519(public_body: bytes, material: bytes) -> Ed25519PrivateKey:
    seed = material[2:]
    if _mpi(seed) != material or len(seed) > _SEED_BYTES:
        raise PacketError("This is not an unprotected Ed25519 secret key.")
    private = Ed25519PrivateKey.from_private_bytes(seed.rjust(_SEED_BYTES, b"\0"))
    # Signatures with another public key than its own would tell the private one.
    if not public_body.endswith(private.public_key().public_bytes_raw()):
        raise PacketError("The two halves of this Ed25519 key do not belong together.")
    return private


def _rsa(public: bytes, material: bytes) -> rsa.RSAPrivateKey:
    """RFC 9580 §5.5.5.1; the numbers are looked at before they are used."""
    modulus, exponent = _numbers(public, 2)
    private, p, q, _inverse = _numbers(material, 4)
    try:
        return rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=private,
            dmp1=rsa.rsa_crt_dmp1(private, p),
            dmq1=rsa.rsa_crt_dmq1(private, q),
            iqmp=rsa.rsa_crt_iqmp(p, q),
            public_numbers=rsa.RSAPublicNumbers(exponent, modulus),
        ).private_key()
    except (ValueError, ZeroDivisionError):
        raise PacketError("The two halves of this RSA key do not belong together.") from None


def _numbers(data: bytes, count: int) -> list[int]:
    """Read so many numbers, and nothing else (RFC 9580 §3.2)."""
    found = []
    for _ in range(count):
        octets = (int.from_bytes(data[:2], "big") + 7) // 8
        found.append(int.from_bytes(data[2 : 2 + octets], "big"))
        data = data[2 + octets :]
    if data or not all(found):
        raise PacketError("The numbers of an RSA key can't be read.")
    return found


def fingerprint(body: bytes) -> bytes:
    """Return the fingerprint of a version 4 public key packet's body (RFC 9580 §5.5.4.2)."""
    return hashlib.sha1(_hashed_key(body), usedforsecurity=False).digest()


def direct_key_signature(primary: SigningKey, flags: Flags, *, created: int, lifetime: int) -> bytes:
    """Return the packet that says what the whole key is, which counts also where its user IDs were stripped."""
    return packet(
        Tag.SIGNATURE,
        _sign(primary, SignatureKind.DIRECT_KEY, _hashed_key(primary.body), created, _about(flags, lifetime)),
    )


def certification(
    primary: SigningKey, user_id: str, flags: Flags, *, created: int, lifetime: int, first: bool
) -> bytes:
    """Return the packet that binds `user_id` to the key; the `first` is marked as the primary one."""
    raw = user_id.encode()
    data = _hashed_key(primary.body) + b"\xb4" + len(raw).to_bytes(4, "big") + raw  # RFC 9580 §5.2.4
    about = _about(flags, lifetime)
    if first:
        about += _subpacket(Subpacket.PRIMARY_USER_ID, b"\x01")
    return packet(Tag.SIGNATURE, _sign(primary, SignatureKind.POSITIVE_CERTIFICATION, data, created, about))


def binding(primary: SigningKey, subkey: SigningKey | bytes, flags: Flags, *, created: int) -> bytes:
    """Return the packet that binds a subkey: one that signs as SigningKey, one that encrypts as its public body.

    It sets no expiry of its own, so the key lives and is extended as a whole.
    """
    body = subkey if isinstance(subkey, bytes) else subkey.body
    data = _hashed_key(primary.body) + _hashed_key(body)
    about = _subpacket(Subpacket.KEY_FLAGS, bytes([flags]))
    if isinstance(subkey, SigningKey):
        # RFC 9580 §5.2.3.34: the subkey confirms, so that nobody can adopt it.
        about += _subpacket(
            Subpacket.EMBEDDED_SIGNATURE, _sign(subkey, SignatureKind.PRIMARY_KEY_BINDING, data, created, b"")
        )
    return packet(Tag.SIGNATURE, _sign(primary, SignatureKind.SUBKEY_BINDING, data, created, about))


def revocation(primary: SigningKey, reason: Reason, words: str, *, created: int) -> bytes:
    """Return the packet that ends the whole key, with why, which programs show to people (RFC 9580 §5.2.1.11)."""
    about = _subpacket(Subpacket.REASON, bytes([reason]) + words.encode())
    body = _sign(primary, SignatureKind.KEY_REVOCATION, _hashed_key(primary.body), created, about)
    return packet(Tag.SIGNATURE, body)


def vouching(signer: SigningKey, body: bytes, user_id: bytes, *, created: int) -> bytes:
    """Return the packet by which one key certifies a user ID of another one, whose public packet has this body."""
    data = _hashed_key(body) + b"\xb4" + len(user_id).to_bytes(4, "big") + user_id
    return packet(Tag.SIGNATURE, _sign(signer, SignatureKind.GENERIC_CERTIFICATION, data, created, b""))


def _about(flags: Flags, lifetime: int) -> bytes:
    return b"".join(
        [
            _subpacket(Subpacket.KEY_LIFETIME, lifetime.to_bytes(4, "big")),
            _subpacket(Subpacket.KEY_FLAGS, bytes([flags])),
            _subpacket(Subpacket.PREFERRED_CIPHERS, _CIPHERS),
            _subpacket(Subpacket.PREFERRED_HASHES, _HASHES),
            _subpacket(Subpacket.PREFERRED_COMPRESSION, _COMPRESSION),
            _subpacket(Subpacket.FEATURES, _FEATURE_SEIPD_V1),
        ]
    )


def _sign(signer: SigningKey, kind: SignatureKind, data: bytes, created: int, subpackets: bytes) -> bytes:
    """Return the body of a version 4 signature packet over `data` (RFC 9580 §5.2.3, §5.2.4)."""
    issuer = fingerprint(signer.body)
    hashed = (
        _subpacket(Subpacket.CREATED, created.to_bytes(4, "big"))
        + subpackets
        + _subpacket(Subpacket.ISSUER_FINGERPRINT, b"\x04" + issuer)
    )
    unhashed = _subpacket(Subpacket.ISSUER, issuer[-8:])
    head = bytes([4, kind, signer.body[_ALGORITHM_AT], _SHA512]) + len(hashed).to_bytes(2, "big") + hashed
    digest = hashlib.sha512(data + head + b"\x04\xff" + len(head).to_bytes(4, "big")).digest()
    return head + len(unhashed).to_bytes(2, "big") + unhashed + digest[:2] + signer.sign(digest)


def _subpacket(kind: Subpacket, body: bytes) -> bytes:
    octet = bytes([kind | 0x80 if kind in _CRITICAL else kind])
    return encoded_length(len(body) + 1) + octet + body


def _hashed_key(body: bytes) -> bytes:
    return b"\x99" + len(body).to_bytes(2, "big") + body


def _mpi(number: bytes) -> bytes:
    """RFC 9580 §3.2: the length in bits, and no leading zeros."""
    number = number.lstrip(b"\0")
    bits = (len(number) - 1) * 8 + number[0].bit_length() if number else 0
    return bits.to_bytes(2, "big") + number
