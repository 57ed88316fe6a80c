"""Whether a key made a version 4 signature over given octets: RFC 9580 §5.2.4, with the mathematics of `cryptography`.

For certifications of one key by another.  pysequoia's wrapper has no call that verifies them, and rPGP's says "not yet
implemented".  Whether a key may be believed (policy, revocation, dates) is not asked here.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.subpackets import Areas

# RFC 9580 §9.1
_RSA = frozenset({1, 3})
_ECDSA, _EDDSA_LEGACY = 19, 22
#: What is safe, and what every program in use can read (RFC 9580 §9.5).
_HASHES: dict[int, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    8: hashes.SHA256(),
    9: hashes.SHA384(),
    10: hashes.SHA512(),
}
_CURVES: dict[bytes, ec.EllipticCurve] = {  # RFC 9580 §9.2
    bytes.fromhex("2a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("2b81040022"): ec.SECP384R1(),
    bytes.fromhex("2b81040023"): ec.SECP521R1(),
}
# Made here, since `cryptography` loads more of itself for it, and a worker can open no file.
_ECDSA_WITH = {number: ec.ECDSA(Prehashed(chosen)) for number, chosen in _HASHES.items()}
_ED25519 = bytes.fromhex("2b06010401da470f01")
_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 8192
_PARAMETERS_AT = 6
_LENGTH_OCTETS = 2
_POINT_BYTES = 32


class UnsupportedError(Exception):
    """The key or the hash is of a kind that is not verified here."""


def weak_or_unknown(hash_algorithm: int) -> bool:
    """Whether signatures with this hash (its number in RFC 9580 §9.5) are not taken."""
    return hash_algorithm not in _HASHES


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public key of a version 4 key packet, and the algorithms (RFC 9580 §9.1) of the signatures that it makes."""

    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey
    algorithms: frozenset[int]

    @classmethod
    def of(cls, body: bytes) -> "VerifyingKey":
        """Read the body of a public key packet (RFC 9580 §5.5.2).

        Raises UnsupportedError for other kinds of keys, and PacketError for one that is damaged.
        """
        if body[:1] != b"\x04" or len(body) <= _PARAMETERS_AT:
            raise UnsupportedError
        number, parameters = body[_PARAMETERS_AT - 1], body[_PARAMETERS_AT:]
        try:
            if number in _RSA:
                return cls(_rsa(parameters), _RSA)
            oid, point = parameters[1 : 1 + parameters[0]], parameters[1 + parameters[0] :]
            if number == _ECDSA and oid in _CURVES:
                (encoded,) = _numbers(point, 1)
                key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[oid], encoded)
                return cls(key, frozenset({number}))
            if number == _EDDSA_LEGACY and oid == _ED25519:
                (encoded,) = _numbers(point, 1)
                return cls(Ed25519PublicKey.from_public_bytes(encoded.removeprefix(b"\x40")), frozenset({number}))
        except ValueError:
            raise PacketError("There is a key that is damaged.") from None
        raise UnsupportedError

    def made(self, areas: Areas, data: bytes) -> bool:
        """Whether this key made a version 4 signature over `data`, which is what is hashed before the signature itself.

        A signature with anything in it that is not needed was not made by the key.  Raises UnsupportedError for other
        hashes and algorithms.
        """
        version, _, algorithm, hash_algorithm = areas.head
        if algorithm not in self.algorithms or weak_or_unknown(hash_algorithm):
            raise UnsupportedError
        signed = areas.head + len(areas.hashed).to_bytes(2, "big") + areas.hashed
        trailer = bytes([version, 0xFF]) + len(signed).to_bytes(4, "big")
        digest = hashlib.new(_HASHES[hash_algorithm].name, data + signed + trailer).digest()
        if not hmac.compare_digest(digest[:2], areas.tail[:2]):
            return False
        try:
            self._verify(areas.tail[2:], digest, hash_algorithm)
        except (InvalidSignature, PacketError):
            return False
        return True

    def _verify(self, value: bytes, digest: bytes, hash_algorithm: int) -> None:
        if isinstance(self.key, rsa.RSAPublicKey):
            (number,) = _numbers(value, 1)
            size = (self.key.key_size + 7) // 8
            self.key.verify(number.rjust(size, b"\0"), digest, padding.PKCS1v15(), Prehashed(_HASHES[hash_algorithm]))
            return
        r, s = _numbers(value, 2)
        if isinstance(self.key, Ed25519PublicKey):
            # RFC 9580 §5.2.3.3.1: the digest is the message.
            self.key.verify(r.rjust(_POINT_BYTES, b"\0") + s.rjust(_POINT_BYTES, b"\0"), digest)
        else:
            encoded = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            self.key.verify(encoded, digest, _ECDSA_WITH[hash_algorithm])


def _rsa(parameters: bytes) -> rsa.RSAPublicKey:
    modulus, exponent = (int.from_bytes(number, "big") for number in _numbers(parameters, 2))
    if not _MIN_RSA_BITS <= modulus.bit_length() <= _MAX_RSA_BITS:
        raise UnsupportedError
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _numbers(data: bytes, count: int) -> list[bytes]:
    """Return exactly `count` numbers, each in the one way it can be written (RFC 9580 §3.2); raises PacketError."""
    found: list[bytes] = []
    while len(found) < count:
        bits = int.from_bytes(data[:_LENGTH_OCTETS], "big")
        end = _LENGTH_OCTETS + (bits + 7) // 8
        number = data[_LENGTH_OCTETS:end]
        if len(data) < end or int.from_bytes(number, "big").bit_length() != bits:
            raise PacketError("There is a number that is not written as it should be.")
        found.append(number)
        data = data[end:]
    if data:
        raise PacketError("There is something behind the numbers of a key or signature.")
    return found
