"""What a list's key says of itself and of its successor, written so that every program can write to it.

The library binds user IDs and subkeys with a Features subpacket that announces SEIPDv2, and has no switch for it.
Senders would take us at our word, and gpg 2.2 and rnp could not read what was meant for them too.  So the key pairs
are the library's, and what is said about them is said here: RFC 9580 §5.2.3, in the version of the key, with SHA-512.
Who reads keys of version 6 reads SEIPDv2, so those announce it.
"""

import enum
import hashlib
import os

from mailman_pgp.openpgp.packets import Tag, encoded_length, packet
from mailman_pgp.openpgp.signingkeys import V6, SigningKey, fingerprint, hashed_key
from mailman_pgp.openpgp.subpackets import SignatureKind, Subpacket

_SHA512 = 10  # RFC 9580 §9.5
_SALT_BYTES = 32  # of a signature of version 6 with SHA-512: RFC 9580 §9.5


class Flags(enum.IntFlag):
    """What a key may be used for (RFC 9580 §5.2.3.29)."""

    CERTIFY = 0x01
    SIGN = 0x02
    ENCRYPT = 0x0C  # communications and storage


#: Those whose meaning must not be skipped by a program that does not know them.
_CRITICAL = frozenset({Subpacket.CREATED, Subpacket.KEY_LIFETIME, Subpacket.KEY_FLAGS})
_FEATURE_SEIPD_V1 = b"\x01"  # RFC 9580 §5.2.3.32: modification detection, and nothing newer
_FEATURES_V6 = b"\x09"  # that, and SEIPDv2
_AEAD = bytes([9, 2])  # AES-256 with OCB
_CIPHERS = bytes([9, 8, 7])  # AES-256, AES-192, AES-128
_HASHES = bytes([_SHA512, 9, 8])  # SHA-512, SHA-384, SHA-256
# Compression before encryption lets lengths tell about contents, and a bomb cost us memory.
_COMPRESSION = b"\x00"


class Reason(enum.IntEnum):
    """Why a key is revoked (RFC 9580 §5.2.3.31).  What a key has signed before stays good unless it was compromised."""

    SUPERSEDED = 1
    COMPROMISED = 2
    RETIRED = 3


def direct_key_signature(primary: SigningKey, flags: Flags, *, created: int, lifetime: int) -> bytes:
    """Return the packet that says what the whole key is, which counts also where its user IDs were stripped."""
    return packet(
        Tag.SIGNATURE,
        _sign(
            primary,
            SignatureKind.DIRECT_KEY,
            hashed_key(primary.body, primary.version),
            created,
            _about(primary, flags, lifetime),
        ),
    )


def certification(
    primary: SigningKey, user_id: str, flags: Flags, *, created: int, lifetime: int, first: bool
) -> bytes:
    """Return the packet that binds `user_id` to the key; the `first` is marked as the primary one."""
    raw = user_id.encode()
    data = hashed_key(primary.body, primary.version) + b"\xb4" + len(raw).to_bytes(4, "big") + raw  # RFC 9580 §5.2.4
    about = _about(primary, flags, lifetime)
    if first:
        about += _subpacket(Subpacket.PRIMARY_USER_ID, b"\x01")
    return packet(Tag.SIGNATURE, _sign(primary, SignatureKind.POSITIVE_CERTIFICATION, data, created, about))


def binding(primary: SigningKey, subkey: SigningKey | bytes, flags: Flags, *, created: int) -> bytes:
    """Return the packet that binds a subkey: one that signs as SigningKey, one that encrypts as its public body.

    It sets no expiry of its own, so the key lives and is extended as a whole.
    """
    body = subkey if isinstance(subkey, bytes) else subkey.body
    data = hashed_key(primary.body, primary.version) + hashed_key(body, primary.version)
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
    body = _sign(primary, SignatureKind.KEY_REVOCATION, hashed_key(primary.body, primary.version), created, about)
    return packet(Tag.SIGNATURE, body)


def vouching(signer: SigningKey, body: bytes, user_id: bytes, *, created: int) -> bytes:
    """Return the packet by which one key certifies a user ID of another one, whose public packet has this body."""
    data = hashed_key(body, signer.version) + b"\xb4" + len(user_id).to_bytes(4, "big") + user_id
    return packet(Tag.SIGNATURE, _sign(signer, SignatureKind.GENERIC_CERTIFICATION, data, created, b""))


def _about(primary: SigningKey, flags: Flags, lifetime: int) -> bytes:
    v6 = primary.version == V6
    return b"".join(
        [
            _subpacket(Subpacket.KEY_LIFETIME, lifetime.to_bytes(4, "big")),
            _subpacket(Subpacket.KEY_FLAGS, bytes([flags])),
            _subpacket(Subpacket.PREFERRED_CIPHERS, _CIPHERS),
            _subpacket(Subpacket.PREFERRED_HASHES, _HASHES),
            _subpacket(Subpacket.PREFERRED_COMPRESSION, _COMPRESSION),
            _subpacket(Subpacket.FEATURES, _FEATURES_V6 if v6 else _FEATURE_SEIPD_V1),
            *([_subpacket(Subpacket.PREFERRED_AEAD, _AEAD)] if v6 else []),
        ]
    )


def _sign(signer: SigningKey, kind: SignatureKind, data: bytes, created: int, subpackets: bytes) -> bytes:
    """Return the body of a signature packet over `data`, of the version of its key (RFC 9580 §5.2.3, §5.2.4)."""
    issuer, version = fingerprint(signer.body), signer.version
    hashed = (
        _subpacket(Subpacket.CREATED, created.to_bytes(4, "big"))
        + subpackets
        + _subpacket(Subpacket.ISSUER_FINGERPRINT, bytes([version]) + issuer)
    )
    # RFC 9580 §5.2.3.12: a key of version 6 is not named by its key ID.
    unhashed = b"" if version == V6 else _subpacket(Subpacket.ISSUER, issuer[-8:])
    salt = os.urandom(_SALT_BYTES) if version == V6 else b""
    octets = 4 if version == V6 else 2
    head = bytes([version, kind, signer.algorithm, _SHA512]) + len(hashed).to_bytes(octets, "big") + hashed
    trailer = bytes([version, 0xFF]) + len(head).to_bytes(4, "big")
    digest = hashlib.sha512(salt + data + head + trailer).digest()
    return b"".join(
        [
            head,
            len(unhashed).to_bytes(octets, "big"),
            unhashed,
            digest[:2],
            bytes([len(salt)]) + salt if salt else b"",
            signer.sign(digest),
        ]
    )


def _subpacket(kind: Subpacket, body: bytes) -> bytes:
    octet = bytes([kind | 0x80 if kind in _CRITICAL else kind])
    return encoded_length(len(body) + 1) + octet + body
