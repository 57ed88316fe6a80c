"""The keys that a list's key signs with: read from their packets, and what they sign, bare (RFC 9580 §5.5.3, §5.2.3).

Ed25519, as EdDSALegacy in version 4 and by its own number in version 6; and RSA, where a list has brought such a key.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA512

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import ALGORITHM_AT

V4, V6 = 4, 6
# Algorithm and curve, as they stand behind version and creation time: RFC 9580 §5.5.5.5, §9.1 and §9.2
_ED25519_LEGACY = bytes([22]) + bytes.fromhex("092b06010401da470f01")
_ED25519 = bytes([27]) + (32).to_bytes(4, "big")  # with the length of what follows, as in version 6
_SEED_BYTES = 32
_RSA = frozenset({1, 3})  # RFC 9580 §9.1: for everything, and for signatures only
_MATERIAL_AT = 6


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 key of version 4 or 6, or an RSA key of version 4: its public packet body, and the private key."""

    body: bytes
    private: Ed25519PrivateKey | rsa.RSAPrivateKey

    def __repr__(self) -> str:
        """Show the fingerprint only."""
        return f"SigningKey({fingerprint(self.body).hex().upper()})"

    @property
    def version(self) -> int:
        """The version of the key, which is that of its signatures."""
        return self.body[0]

    @property
    def algorithm(self) -> int:
        """Its number in RFC 9580 §9.1."""
        return self.body[ALGORITHM_AT]

    @classmethod
    def from_packets(cls, public_body: bytes, secret_body: bytes) -> Self:
        """Read the two forms of one key packet, without a passphrase (RFC 9580 §5.5.3); PacketError otherwise."""
        secret = secret_body[len(public_body) :]
        version = public_body[:1]
        if version not in {b"\x04", b"\x06"} or not secret_body.startswith(public_body) or not secret.startswith(b"\0"):
            raise PacketError("This is not an unprotected secret key of version 4 or 6.")
        # Behind one octet of usage.
        if version == b"\x06":
            if public_body.startswith(_ED25519, ALGORITHM_AT):
                return cls(public_body, _ed25519(public_body, secret[1:]))
            raise PacketError("This is no Ed25519 key.")
        material = secret[1:-2]  # before two octets of checksum
        if public_body.startswith(_ED25519_LEGACY, ALGORITHM_AT):
            return cls(public_body, _ed25519(public_body, _seed(material)))
        if public_body[ALGORITHM_AT : ALGORITHM_AT + 1] and public_body[ALGORITHM_AT] in _RSA:
            return cls(public_body, _rsa(public_body[_MATERIAL_AT:], material))
        raise PacketError("This is neither an Ed25519 nor an RSA key.")

    def sign(self, digest: bytes) -> bytes:
        """Return a signature over a SHA-512 digest, as it stands in its packet."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return mpi(self.private.sign(digest, PKCS1v15(), Prehashed(SHA512())))  # RFC 9580 §5.2.3.1.1
        made = self.private.sign(digest)  # RFC 9580 §5.2.3.3: the digest is the message
        return made if self.version == V6 else mpi(made[:32]) + mpi(made[32:])


def _seed(material: bytes) -> bytes:
    seed = material[2:]
    if mpi(seed) != material:
        raise PacketError("This is not an unprotected Ed25519 secret key.")
    return seed.rjust(_SEED_BYTES, b"\0")


def _ed25519(public_body: bytes, seed: bytes) -> Ed25519PrivateKey:
    if len(seed) != _SEED_BYTES:
        raise PacketError("This is not an unprotected Ed25519 secret key.")
    private = Ed25519PrivateKey.from_private_bytes(seed)
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
    """Return the fingerprint of a public key packet's body, of version 4 or 6 (RFC 9580 §5.5.4)."""
    if body[0] == V6:
        return hashlib.sha256(hashed_key(body, V6)).digest()
    return hashlib.sha1(hashed_key(body, V4), usedforsecurity=False).digest()


def hashed_key(body: bytes, version: int) -> bytes:
    """Return what a signature of a version hashes of a public key packet, whatever the version of that (RFC 9580 §5.2.4)."""
    return (
        b"\x9b" + len(body).to_bytes(4, "big") + body
        if version == V6
        else b"\x99" + len(body).to_bytes(2, "big") + body
    )


def mpi(number: bytes) -> bytes:
    """RFC 9580 §3.2: the length in bits, and no leading zeros."""
    number = number.lstrip(b"\0")
    bits = (len(number) - 1) * 8 + number[0].bit_length() if number else 0
    return bits.to_bytes(2, "big") + number
