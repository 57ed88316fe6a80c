"""ML-KEM-768 with X25519 (algorithm 35 of RFC 9980): a pair of keys, and the session keys that are encrypted to it.

rPGP, which alone hands over the signatures of a message, does not know this algorithm.  So the session key is found here, by the
mathematics of `cryptography`, and rPGP is given that.  Both halves of the key have to be broken to find it without.

What fails says nothing of where: a broken ML-KEM ciphertext yields another secret (FIPS 203 §6.3, implicit rejection), as a
broken X25519 share does, and the one check of both is that of the wrapped session key.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from mailman_pgp.openpgp.errors import NoLatticeError, PacketError
from mailman_pgp.openpgp.packets import ALGORITHM_AT
from mailman_pgp.openpgp.protection import public_length

ALGORITHM = 35  # RFC 9980 §2.2
_X25519 = 32
_CIPHERTEXT = 1088  # of ML-KEM-768
_SEED = 64
_Cipher = Literal["aes128", "aes192", "aes256"]
_AES: dict[int, tuple[_Cipher, int]] = {
    7: ("aes128", 16),
    8: ("aes192", 24),
    9: ("aes256", 32),
}  # RFC 9580 §9.3, by rPGP's names
_DOMAIN = b"OpenPGPCompositeKDFv1"


def is_supported() -> bool:
    """Whether the `cryptography` that is installed has ML-KEM; one that is built upon an older OpenSSL lacks it."""
    try:
        MLKEM768PrivateKey.generate()
    except UnsupportedAlgorithm:
        return False
    return True


def generate(created: int) -> tuple[bytes, bytes]:
    """Make a pair of version 4; return the bodies of its public and of its secret packet, without a passphrase (RFC 9980 §4.3.2)."""
    # RFC 9980 §4.2.2: independently of each other.
    curve, lattice = X25519PrivateKey.generate(), MLKEM768PrivateKey.generate()
    head = b"\x04" + created.to_bytes(4, "big") + bytes([ALGORITHM])
    public = head + curve.public_key().public_bytes_raw() + lattice.public_key().public_bytes_raw()
    material = curve.private_bytes_raw() + lattice.private_bytes_raw()
    return public, public + b"\0" + material + (sum(material) & 0xFFFF).to_bytes(2, "big")


def is_hybrid(body: bytes) -> bool:
    """Whether a key packet with this body is of this algorithm."""
    return body[ALGORITHM_AT : ALGORITHM_AT + 1] == bytes([ALGORITHM])


@dataclass(frozen=True, slots=True, repr=False)
class SessionKey:
    """What a message is encrypted with; `cipher` has rPGP's name, and is None where the encrypted packet itself tells it (SEIPDv2)."""

    key: bytes
    cipher: _Cipher | None


@dataclass(frozen=True, slots=True, repr=False)
class HybridKey:
    """Both secret halves of a key, of version 4 or 6."""

    curve: X25519PrivateKey
    lattice: MLKEM768PrivateKey

    @classmethod
    def of(cls, body: bytes) -> "HybridKey":
        """Read the body of a secret key packet without a passphrase; raises PacketError for anything else, and NoLatticeError."""
        secret = body[public_length(body) :]
        if not is_hybrid(body) or secret[:1] != b"\0" or len(secret) < 1 + _X25519 + _SEED:
            raise PacketError("This is no secret key of ML-KEM-768 and X25519.")
        curve, seed = secret[1 : 1 + _X25519], secret[1 + _X25519 : 1 + _X25519 + _SEED]
        try:
            lattice = MLKEM768PrivateKey.from_seed_bytes(seed)
        except UnsupportedAlgorithm:
            raise NoLatticeError from None
        return cls(X25519PrivateKey.from_private_bytes(curve), lattice)

    def session_key(self, pkesk: bytes) -> SessionKey | None:
        """Return the session key in the body of a PKESK packet (RFC 9580 §5.1, RFC 9980 §4.3.1); None if it is not encrypted to this key."""
        version = pkesk[:1]
        at = 9 if version == b"\x03" else 2 + int.from_bytes(pkesk[1:2], "big")
        if version not in {b"\x03", b"\x06"} or pkesk[at : at + 1] != bytes([ALGORITHM]):
            return None
        fields = pkesk[at + 1 :]
        share, fields = fields[:_X25519], fields[_X25519:]
        ciphertext, fields = fields[:_CIPHERTEXT], fields[_CIPHERTEXT:]
        if not fields or fields[0] != len(fields) - 1:
            return None
        key = self._unwrapped(share, ciphertext, fields[2:] if version == b"\x03" else fields[1:])
        if key is None:
            return None
        if version == b"\x06":
            return SessionKey(key, None)
        # RFC 9980 §4.3.1: AES, and its length must be that of the key.
        cipher, octets = _AES.get(fields[1], (None, 0))
        return SessionKey(key, cipher) if len(key) == octets else None

    def _unwrapped(self, share: bytes, ciphertext: bytes, wrapped: bytes) -> bytes | None:
        """RFC 9980 §4.2.1 and §4.2.4: both secrets together make the key that the session key is wrapped with (RFC 3394)."""
        own = self.curve.public_key().public_bytes_raw()
        try:
            secrets = self.lattice.decapsulate(ciphertext) + self.curve.exchange(
                X25519PublicKey.from_public_bytes(share)
            )
            about = bytes([ALGORITHM]) + _DOMAIN + bytes([len(_DOMAIN)])
            return aes_key_unwrap(hashlib.sha3_256(secrets + share + own + about).digest(), wrapped)
        except (InvalidUnwrap, ValueError):
            return None
