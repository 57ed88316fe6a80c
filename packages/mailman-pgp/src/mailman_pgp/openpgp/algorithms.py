"""Public-key algorithms by the names people know ("Ed25519", "RSA 3072"), read from a key packet (RFC 9580 §9.1)."""

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import ALGORITHM_AT

_NAMES = {
    16: "ElGamal",
    17: "DSA",
    25: "X25519",
    26: "X448",
    27: "Ed25519",
    28: "Ed448",
    # draft-ietf-openpgp-pqc
    30: "ML-DSA-65 + Ed25519",
    31: "ML-DSA-87 + Ed448",
    32: "SLH-DSA-SHAKE-128s",
    33: "SLH-DSA-SHAKE-128f",
    34: "SLH-DSA-SHAKE-256s",
    35: "ML-KEM-768 + X25519",
    36: "ML-KEM-1024 + X448",
}
_RSA = frozenset({1, 2, 3})
_WITH_CURVE = frozenset({18, 19, 22})
_CURVES = {  # RFC 9580 §9.2, and Ed448 and X448 as GnuPG writes them
    "2b06010401da470f01": "Ed25519",
    "2b060104019755010501": "X25519",
    "2a8648ce3d030107": "NIST P-256",
    "2b81040022": "NIST P-384",
    "2b81040023": "NIST P-521",
    "2b2403030208010107": "Brainpool P-256",
    "2b240303020801010b": "Brainpool P-384",
    "2b240303020801010d": "Brainpool P-512",
    "2b8104000a": "secp256k1",
    "2b6571": "Ed448",
    "2b656f": "X448",
}
#: The curves that the library knows, of those that keys of version 4 name by an identifier; it has no Brainpool.
_USABLE_CURVES = frozenset({"Ed25519", "X25519", "NIST P-256", "NIST P-384", "NIST P-521"})
_ELGAMAL_AND_DSA = frozenset({16, 17})
_SUPPORTED_VERSIONS = frozenset({4, 6})
_MIN_RSA_BITS = 2048


def version(body: bytes) -> int:
    """Return the version of the key in a key packet's `body`; raises PacketError for versions nobody should use."""
    if not body or body[0] not in _SUPPORTED_VERSIONS:
        raise PacketError("The key has a version that is not supported.")
    return body[0]


def _parameters(body: bytes) -> bytes:
    """Return the public key material: version 6 writes its length in front (RFC 9580 §5.5.2.3)."""
    return body[ALGORITHM_AT + 1 + (4 if body[0] == 6 else 0) :]  # noqa: PLR2004 - the version


def name(body: bytes) -> str:
    """Return the name of the algorithm of the key packet with this `body`."""
    if len(body) <= ALGORITHM_AT:
        return "unknown"
    number, parameters = body[ALGORITHM_AT], _parameters(body)
    if number in _RSA:
        return f"RSA {int.from_bytes(parameters[:2], 'big')}"
    if number in _WITH_CURVE and parameters:
        return _CURVES.get(parameters[1 : 1 + parameters[0]].hex(), "an unknown curve")
    return _NAMES.get(number, f"algorithm {number}")


def refused(body: bytes) -> bool:
    """Tell whether no key of this kind is taken: DSA, ElGamal, RSA below 2048 bits, and curves that the library lacks."""
    if len(body) <= ALGORITHM_AT:
        return False
    number = body[ALGORITHM_AT]
    if number in _RSA:
        return int.from_bytes(_parameters(body)[:2], "big") < _MIN_RSA_BITS
    if number in _WITH_CURVE:
        return name(body) not in _USABLE_CURVES
    return number in _ELGAMAL_AND_DSA
