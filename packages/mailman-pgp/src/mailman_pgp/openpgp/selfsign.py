"""The self-signatures of a new version 4 key, written so that every program can write to it.

The library binds user IDs and subkeys with a Features subpacket that announces SEIPDv2, and has no switch for it.
Senders would take us at our word, and gpg 2.2 and rnp could not read what was meant for them too.  So the key pairs
are the library's, and what is said about them is said here: RFC 9580 §5.2.3, EdDSALegacy (Ed25519) with SHA-512.
"""

import enum
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Tag, encoded_length, packet
from mailman_pgp.openpgp.subpackets import SignatureKind, Subpacket

_EDDSA_LEGACY = 22  # RFC 9580 §9.1
_SHA512 = 10  # RFC 9580 §9.5
# Algorithm and curve, as they stand behind version and creation time: RFC 9580 §5.5.5.5 and §9.2
_ED25519 = bytes([_EDDSA_LEGACY]) + bytes.fromhex("092b06010401da470f01")
_SEED_BYTES = 32


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


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 key of version 4: its public packet body, and the private key."""

    body: bytes
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"SigningKey({fingerprint(self.body).hex().upper()})"

    @classmethod
    def from_packets(cls, public_body: bytes, secret_body: bytes) -> Self:
        """Read the two forms of one key packet, without a passphrase (RFC 9580 §5.5.3); PacketError otherwise."""
        if (
            public_body[:1] != b"\x04"
            or not public_body.startswith(_ED25519, 5)
            or not secret_body.startswith(public_body)
        ):
            raise PacketError("This is not a version 4 Ed25519 key.")
        secret = secret_body[len(public_body) :]
        seed = secret[3:-2]  # behind one octet of usage and two of length, before two of checksum
        if not secret.startswith(b"\0") or _mpi(seed) != secret[1:-2] or len(seed) > _SEED_BYTES:
            raise PacketError("This is not an unprotected Ed25519 secret key.")
        return cls(public_body, Ed25519PrivateKey.from_private_bytes(seed.rjust(_SEED_BYTES, b"\0")))


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
    head = bytes([4, kind, _EDDSA_LEGACY, _SHA512]) + len(hashed).to_bytes(2, "big") + hashed
    digest = hashlib.sha512(data + head + b"\x04\xff" + len(head).to_bytes(4, "big")).digest()
    made = signer.private.sign(digest)  # RFC 9580 §5.2.3.3.1: the digest is the message
    return head + len(unhashed).to_bytes(2, "big") + unhashed + digest[:2] + _mpi(made[:32]) + _mpi(made[32:])


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
