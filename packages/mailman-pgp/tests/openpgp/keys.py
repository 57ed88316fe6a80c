"""OpenPGP keys and signatures made by hand, so that tests can have what no program would write.

Everything a test may want to bend is a parameter: times, hash algorithms, key flags, expiry, revocations, missing back
signatures.  Only version 4 with Ed25519 and X25519 (RFC 9580 §5.2.3, §5.5.2, §5.5.5.6 and §5.5.5.4: the legacy formats
that every program reads).  Times are whole seconds since the epoch.
"""

import hashlib
import time
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ED25519_OID = bytes.fromhex("092b06010401da470f01")
BRAINPOOL_OID = bytes.fromhex("092b2403030208010107")
CV25519_OID = bytes.fromhex("0a2b060104019755010501")

# Packet tags
SIGNATURE, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE = 2, 5, 6, 7, 13, 14, 17
# Signature types
BINARY, TEXT, POSITIVE, BINDING, BACK, DIRECT = 0x00, 0x01, 0x13, 0x18, 0x19, 0x1F
REVOKE_KEY, REVOKE_SUBKEY, REVOKE_CERTIFICATION = 0x20, 0x28, 0x30
# Key flags
CERTIFY, SIGN, ENCRYPT = 0x01, 0x02, 0x0C
# Reasons for revocation
COMPROMISED, SUPERSEDED, RETIRED = 2, 1, 3

HASHES = {"sha1": 2, "sha256": 8, "sha512": 10, "md5": 1, "ripemd160": 3, "sha224": 11}
DAY = 86400


def now() -> int:
    """The time, in whole seconds."""
    return int(time.time())


def packet(tag: int, body: bytes) -> bytes:
    """One packet in the new format with a five-octet length."""
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def mpi(value: bytes) -> bytes:
    """A multiprecision integer."""
    value = value.lstrip(b"\0")
    bits = len(value) * 8 - (8 - value[0].bit_length()) if value else 0
    return bits.to_bytes(2, "big") + value


def subpacket(kind: int, body: bytes, *, critical: bool = False) -> bytes:
    """One signature subpacket (bodies below 191 octets)."""
    return bytes([len(body) + 1, kind | (0x80 if critical else 0)]) + body


@dataclass(frozen=True)
class Key:
    """One Ed25519 or X25519 key: a primary key or a subkey."""

    private: Ed25519PrivateKey | X25519PrivateKey
    created: int

    @classmethod
    def signing(cls, created: int) -> "Key":
        """A key that signs."""
        return cls(Ed25519PrivateKey.generate(), created)

    @classmethod
    def encrypting(cls, created: int) -> "Key":
        """A key to encrypt to."""
        return cls(X25519PrivateKey.generate(), created)

    @property
    def _point(self) -> bytes:
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return b"\x40" + raw

    @property
    def body(self) -> bytes:
        """The public key packet."""
        head = b"\x04" + self.created.to_bytes(4, "big")
        if isinstance(self.private, Ed25519PrivateKey):
            return head + b"\x16" + ED25519_OID + mpi(self._point)
        return head + b"\x12" + CV25519_OID + mpi(self._point) + bytes([3, 1, 8, 7])

    @property
    def secret_body(self) -> bytes:
        """The secret key packet, without a passphrase."""
        raw = self.private.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        if isinstance(self.private, X25519PrivateKey):
            clamped = bytearray(raw)
            clamped[0] &= 248
            clamped[31] = clamped[31] & 127 | 64
            raw = bytes(reversed(clamped))
        secret = mpi(raw)
        return self.body + b"\0" + secret + (sum(secret) & 0xFFFF).to_bytes(2, "big")

    @property
    def hashed(self) -> bytes:
        """What signatures over this key hash."""
        return b"\x99" + len(self.body).to_bytes(2, "big") + self.body

    @property
    def fingerprint(self) -> str:
        """As RFC 9580 §5.5.4.2 says, in upper-case hexadecimal."""
        return hashlib.sha1(self.hashed, usedforsecurity=False).hexdigest().upper()

    @property
    def key_id(self) -> str:
        """The end of the fingerprint."""
        return self.fingerprint[-16:]


class Lacking(Key):
    """A key to encrypt to with a curve that the library lacks: Brainpool P-256, of which nobody has the secret."""

    @property
    def body(self) -> bytes:
        """The public key packet."""
        return (
            b"\x04"
            + self.created.to_bytes(4, "big")
            + b"\x12"
            + BRAINPOOL_OID
            + mpi(b"\x04" + bytes(range(64)))
            + bytes([3, 1, 8, 7])
        )


def signature(
    signer: Key,
    kind: int,
    data: bytes,
    *,
    at: int,
    digest: str = "sha512",
    extra: bytes = b"",
    unhashed: bytes = b"",
    issuer: bool = True,
) -> bytes:
    """A signature packet of `signer` over `data` (as it is hashed), made at the time `at`."""
    hashed = subpacket(2, at.to_bytes(4, "big"), critical=True)
    if issuer:
        hashed += subpacket(33, b"\x04" + bytes.fromhex(signer.fingerprint))
        unhashed = subpacket(16, bytes.fromhex(signer.key_id)) + unhashed
    hashed += extra
    head = bytes([4, kind, 22, HASHES[digest]]) + len(hashed).to_bytes(2, "big") + hashed
    value = hashlib.new(
        digest, data + head + b"\x04\xff" + len(head).to_bytes(4, "big"), usedforsecurity=False
    ).digest()
    assert isinstance(signer.private, Ed25519PrivateKey)
    made = signer.private.sign(value)
    body = head + len(unhashed).to_bytes(2, "big") + unhashed + value[:2] + mpi(made[:32]) + mpi(made[32:])
    return packet(SIGNATURE, body)


def certified(primary: bytes, user_id: str) -> bytes:
    """What a certification of a user ID signs, by the body of the primary key's packet."""
    raw = user_id.encode()
    head = b"\x99" + len(primary).to_bytes(2, "big") + primary
    return head + b"\xb4" + len(raw).to_bytes(4, "big") + raw


def flags(value: int) -> bytes:
    return subpacket(27, bytes([value]), critical=True)


def key_lifetime(seconds: int) -> bytes:
    return subpacket(9, seconds.to_bytes(4, "big"), critical=True)


def signature_lifetime(seconds: int) -> bytes:
    return subpacket(3, seconds.to_bytes(4, "big"), critical=True)


def reason(code: int) -> bytes:
    return subpacket(29, bytes([code]))


def features(value: int) -> bytes:
    return subpacket(30, bytes([value]))


#: AES and SHA-2: without them GnuPG writes 3DES and signs with SHA-1 (RFC 9580 §5.2.3.14, §5.2.3.16).
PREFERENCES = subpacket(11, bytes([9, 8, 7])) + subpacket(21, bytes([10, 9, 8]))


@dataclass
class Subkey:
    """A subkey with the signatures that follow it."""

    key: Key
    signatures: list[bytes] = field(default_factory=list)


@dataclass
class Forged:
    """A certificate under construction: add what the test needs, then take `public` or `secret`."""

    primary: Key
    digest: str = "sha512"
    direct: list[bytes] = field(default_factory=list)
    user_ids: list[tuple[str, list[bytes]]] = field(default_factory=list)
    subkeys: list[Subkey] = field(default_factory=list)

    def user_id(
        self,
        text: str,
        *,
        at: int | None = None,
        lifetime: int | None = None,
        usage: int = CERTIFY,
        says: bytes | None = None,
    ) -> None:
        """Add a certified user ID, which also carries the key flags and the lifetime of the key.

        `says` are the subpackets about features, those of a program that reads SEIPDv1 unless given.
        """
        raw = text.encode()
        data = self.primary.hashed + b"\xb4" + len(raw).to_bytes(4, "big") + raw
        said = features(1) if says is None else says
        extra = flags(usage) + said + PREFERENCES + (b"" if lifetime is None else key_lifetime(lifetime))
        made = signature(
            self.primary, POSITIVE, data, at=self.primary.created if at is None else at, digest=self.digest, extra=extra
        )
        for known, signatures in self.user_ids:
            if known == text:
                signatures.append(made)
                return
        self.user_ids.append((text, [made]))

    def revoke_user_id(self, text: str, *, at: int, code: int = 32) -> None:
        """Revoke a user ID."""
        raw = text.encode()
        data = self.primary.hashed + b"\xb4" + len(raw).to_bytes(4, "big") + raw
        made = signature(self.primary, REVOKE_CERTIFICATION, data, at=at, extra=reason(code))
        next(signatures for known, signatures in self.user_ids if known == text).append(made)

    def forged_user_id(self, text: str) -> None:
        """Add a user ID that nobody certified."""
        self.user_ids.append((text, []))

    def revoke(self, *, at: int, code: int | None = None) -> None:
        """Revoke the whole certificate: without a reason or with `COMPROMISED` it is a hard revocation."""
        extra = b"" if code is None else reason(code)
        self.direct.append(signature(self.primary, REVOKE_KEY, self.primary.hashed, at=at, extra=extra))

    def bind(
        self, key: Key, usage: int, *, at: int | None = None, lifetime: int | None = None, back: bool = True
    ) -> Key:
        """Bind (again) a subkey."""
        at = key.created if at is None else at
        data = self.primary.hashed + key.hashed
        extra = flags(usage) + (b"" if lifetime is None else key_lifetime(lifetime))
        if usage & SIGN and back:
            embedded = signature(key, BACK, data, at=at, digest=self.digest)
            extra += bytes([len(embedded) - 6 + 1, 32]) + embedded[6:]
        made = signature(self.primary, BINDING, data, at=at, digest=self.digest, extra=extra)
        for known in self.subkeys:
            if known.key is key:
                known.signatures.append(made)
                return key
        self.subkeys.append(Subkey(key, [made]))
        return key

    def revoke_subkey(self, key: Key, *, at: int, code: int | None = None, signer: Key | None = None) -> None:
        """Revoke a subkey; with another `signer` the revocation is a forged one."""
        extra = b"" if code is None else reason(code)
        made = signature(signer or self.primary, REVOKE_SUBKEY, self.primary.hashed + key.hashed, at=at, extra=extra)
        next(known for known in self.subkeys if known.key is key).signatures.append(made)

    @property
    def fingerprint(self) -> str:
        """That of the primary key."""
        return self.primary.fingerprint

    def _serialised(self, *, secret: bool) -> bytes:
        parts = [
            packet(SECRET_KEY, self.primary.secret_body) if secret else packet(PUBLIC_KEY, self.primary.body),
            *self.direct,
        ]
        for text, signatures in self.user_ids:
            parts += [packet(USER_ID, text.encode()), *signatures]
        for subkey in self.subkeys:
            body = subkey.key.secret_body if secret else subkey.key.body
            parts += [packet(SECRET_SUBKEY if secret else PUBLIC_SUBKEY, body), *subkey.signatures]
        return b"".join(parts)

    @property
    def public(self) -> bytes:
        """The certificate, binary."""
        return self._serialised(secret=False)

    @property
    def secret(self) -> bytes:
        """The transferable secret key, binary and without a passphrase."""
        return self._serialised(secret=True)


def forge(text: str, *, age: int = 100 * DAY, digest: str = "sha512", lifetime: int | None = None) -> Forged:
    """A bare certificate with one user ID, made `age` seconds ago; its primary key certifies and signs."""
    made = Forged(Key.signing(now() - age), digest)
    made.user_id(text, lifetime=lifetime, usage=CERTIFY | SIGN)
    return made


def forge_usable(text: str, *, age: int = 100 * DAY, digest: str = "sha512", lifetime: int | None = None) -> Forged:
    """A complete certificate: user ID, a primary key that certifies and signs, and an encryption subkey."""
    made = forge(text, age=age, digest=digest, lifetime=lifetime)
    made.bind(Key.encrypting(now() - age), ENCRYPT)
    return made


def canonical(text: bytes) -> bytes:
    """Text as text-mode signatures hash it: every line end is CRLF."""
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
