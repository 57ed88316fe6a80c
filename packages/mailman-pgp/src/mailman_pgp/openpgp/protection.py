"""The passphrase of a secret key: taken off when a list brings a key, put on when its key is written to a file (RFC 9580 §5.5.3).

The library can read protected keys, and can neither hand over what is in them nor write one.  What is written is what every
program reads that reads the key: of version 4, AES-256 in CFB mode, its key made by SHA-256, iterated and salted; of version 6, AES-256
in OCB mode by Argon2.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESOCB3
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.packets import Tag, packet, walk

_PLAIN, _AEAD, _CFB = 0, 253, 254
_KEY_OCTETS = {7: 16, 8: 24, 9: 32}  # AES by its length: RFC 9580 §9.3
_HASHES = {2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}  # RFC 9580 §9.5
_ITERATED, _ARGON2, _STUB = 3, 4, 101
_SPECIFIER_OCTETS = {_ITERATED: 11, _ARGON2: 20}  # RFC 9580 §3.7.1
_MAX_ARGON2_MEMORY = 20  # the exponent of two of kibibytes: 1 GiB
_MAX_ARGON2_WORK = 16
_OCB = 2
_AES_256, _SHA256 = 9, 8
_V6 = b"\x06"
_NONCE = 15
_ARGON2_COST = bytes([3, 4, 16])  # RFC 9106 §4, the second choice: three passes, four lanes, 64 MiB
_COUNT = 0xFF  # 65,011,712 octets: the most that the format can say
_BLOCK = 16
_SHA1_OCTETS = 20
_SECRET = frozenset({Tag.SECRET_KEY, Tag.SECRET_SUBKEY})


def protect(secret: bytes, passphrase: bytes) -> bytes:
    """Return a binary secret key of version 4 or 6 that is open, with each of its secret packets under a passphrase.

    Raises PacketError when it is no such key.
    """
    v6 = next(walk(secret)).body[:1] == _V6
    salt = os.urandom(16 if v6 else 8)
    specifier = bytes([_ARGON2]) + salt + _ARGON2_COST if v6 else bytes([_ITERATED, _SHA256]) + salt + bytes([_COUNT])
    key = _key(specifier, passphrase, _KEY_OCTETS[_AES_256])
    written = []
    for one in walk(secret):
        if one.tag in _SECRET:
            written.append(packet(one.tag, _protected(one.tag, one.body, key, specifier)))
        else:
            written.append(secret[one.start : one.end])
    return b"".join(written)


def _protected(tag: int, body: bytes, key: bytes, specifier: bytes) -> bytes:
    public = body[: public_length(body)]
    if body[len(public) : len(public) + 1] != bytes([_PLAIN]):
        raise PacketError("The secret key is under a passphrase already.")
    material = _material(public, body[len(public) :])
    if public[:1] == _V6:
        nonce = os.urandom(_NONCE)
        cipher, about = _aead(tag, public, _AES_256, key)
        # RFC 9580 §5.5.3: how long the parameters are, all together and the specifier by itself.
        parameters = bytes([_AES_256, _OCB, len(specifier)]) + specifier + nonce
        return public + bytes([_AEAD, len(parameters)]) + parameters + cipher.encrypt(nonce, material, about)
    iv = os.urandom(_BLOCK)
    digest = hashlib.sha1(material, usedforsecurity=False).digest()  # RFC 9580 §5.5.3: a checksum, inside
    hidden = _cfb(key, iv).encryptor().update(material + digest)
    return public + bytes([_CFB, _AES_256]) + specifier + iv + hidden


def _cfb(key: bytes, iv: bytes) -> Cipher[CFB]:
    return Cipher(AES(key), CFB(iv))


def _material(public: bytes, rest: bytes) -> bytes:
    """Return the secret numbers behind the usage octet of an open packet; of version 4 there is a checksum behind them (RFC 9580 §5.5.3)."""
    return rest[1:] if public[:1] == _V6 else rest[1:-2]


def _open_again(public: bytes, material: bytes) -> bytes:
    checksum = b"" if public[:1] == _V6 else (sum(material) & 0xFFFF).to_bytes(2, "big")
    return public + bytes([_PLAIN]) + material + checksum


def open_packet(tag: int, body: bytes, passphrase: bytes | None) -> bytes:
    """Return the body of a secret key packet of version 4 or 6 without a passphrase.

    Raises CertificateError LOCKED when it needs one and None is given, WRONG_PASSPHRASE, PROTECTION for what is not supported, NO_SECRET
    for a stub in the place of a key that is kept elsewhere, and BROKEN or PacketError.
    """
    public = body[: public_length(body)]
    rest = body[len(public) :]
    usage = rest[0] if rest else _PLAIN
    if usage == _PLAIN:
        if _open_again(public, _material(public, rest)) != body:
            raise CertificateError(CertificateProblem.BROKEN)
        return body
    if usage not in {_AEAD, _CFB}:
        raise CertificateError(CertificateProblem.PROTECTION)
    return _open_again(public, _opened(tag, public, rest, passphrase))


def _opened(tag: int, public: bytes, rest: bytes, passphrase: bytes | None) -> bytes:
    usage = rest[0]
    if public[:1] == _V6:
        rest = _without_lengths(rest)
    cipher = rest[1] if len(rest) > 1 else 0
    at = 3 if usage == _AEAD else 2
    kind = rest[at] if len(rest) > at else 0
    if kind == _STUB:
        raise CertificateError(CertificateProblem.NO_SECRET)
    if cipher not in _KEY_OCTETS or kind not in _SPECIFIER_OCTETS or (usage == _AEAD and rest[2] != _OCB):
        raise CertificateError(CertificateProblem.PROTECTION)
    if passphrase is None:
        raise CertificateError(CertificateProblem.LOCKED)
    length = _SPECIFIER_OCTETS[kind]
    key = _key(rest[at : at + length], passphrase, _KEY_OCTETS[cipher])
    hidden = rest[at + length :]
    return _by_aead(tag, public, cipher, key, hidden) if usage == _AEAD else _by_cfb(key, hidden)


def _without_lengths(rest: bytes) -> bytes:
    """Return what protects a packet of version 6 as it stands in one of version 4: without the lengths of its parts (RFC 9580 §5.5.3)."""
    specifier, initial = (4, _NONCE) if rest[0] == _AEAD else (3, _BLOCK)
    whole, length, kind = (int.from_bytes(rest[at : at + 1], "big") for at in (1, specifier, specifier + 1))
    if length != _SPECIFIER_OCTETS.get(kind) or whole != specifier - 1 + length + initial:
        raise CertificateError(CertificateProblem.PROTECTION)
    return rest[:1] + rest[2:specifier] + rest[specifier + 1 :]


def _by_cfb(key: bytes, hidden: bytes) -> bytes:
    if len(hidden) <= _BLOCK + _SHA1_OCTETS:
        raise CertificateError(CertificateProblem.BROKEN)
    clear = _cfb(key, hidden[:_BLOCK]).decryptor().update(hidden[_BLOCK:])
    material, digest = clear[:-_SHA1_OCTETS], clear[-_SHA1_OCTETS:]
    if not hmac.compare_digest(hashlib.sha1(material, usedforsecurity=False).digest(), digest):
        raise CertificateError(CertificateProblem.WRONG_PASSPHRASE)
    return material


def _by_aead(tag: int, public: bytes, cipher: int, key: bytes, hidden: bytes) -> bytes:
    aead, about = _aead(tag, public, cipher, key)
    try:
        return aead.decrypt(hidden[:_NONCE], hidden[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise CertificateError(CertificateProblem.WRONG_PASSPHRASE) from None


def _aead(tag: int, public: bytes, cipher: int, key: bytes) -> tuple[AESOCB3, bytes]:
    """RFC 9580 §5.5.3 and §3.7.2.1, with OCB: what encrypts a packet, and what is authenticated with it."""
    info = bytes([0xC0 | tag, public[0], cipher, _OCB])
    return AESOCB3(HKDF(SHA256(), _KEY_OCTETS[cipher], None, info).derive(key)), info[:1] + public


def _key(specifier: bytes, passphrase: bytes, octets: int) -> bytes:
    if specifier[0] == _ITERATED and len(specifier) == 11 and specifier[1] in _HASHES:  # noqa: PLR2004 - RFC 9580 §3.7.1.3
        return _iterated(specifier[1], specifier[2:10], specifier[10], passphrase, octets)
    if specifier[0] != _ARGON2 or len(specifier) != 20:  # noqa: PLR2004 - RFC 9580 §3.7.1.4
        raise CertificateError(CertificateProblem.PROTECTION)
    salt, passes, lanes, memory = specifier[1:17], specifier[17], specifier[18], specifier[19]
    if memory > _MAX_ARGON2_MEMORY or not 0 < passes <= _MAX_ARGON2_WORK or not 0 < lanes <= _MAX_ARGON2_WORK:
        raise CertificateError(CertificateProblem.PROTECTION)
    try:
        return Argon2id(salt=salt, length=octets, iterations=passes, lanes=lanes, memory_cost=1 << memory).derive(
            passphrase
        )
    except ValueError:
        raise CertificateError(CertificateProblem.PROTECTION) from None


def _iterated(algorithm: int, salt: bytes, coded: int, passphrase: bytes, octets: int) -> bytes:
    """RFC 9580 §3.7.1.3."""
    unit = salt + passphrase
    count = max((16 + (coded & 15)) << ((coded >> 4) + 6), len(unit))
    many = unit * (65536 // len(unit) + 1)
    key, zeros = b"", 0
    while len(key) < octets:
        digest = hashlib.new(_HASHES[algorithm], bytes(zeros), usedforsecurity=False)
        whole, part = divmod(count, len(many))
        for _ in range(whole):
            digest.update(many)
        digest.update(many[:part])
        key += digest.digest()
        zeros += 1
    return key[:octets]


_OID = frozenset({18, 19, 22})  # ECDH, ECDSA, EdDSALegacy
_NATIVE = {25: 32, 26: 56, 27: 32, 28: 57, 35: 1216}  # RFC 9580 §5.5.5, RFC 9980 §4.3.2
_NUMBERS = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4}
_ECDH = 18
_HEAD = 6  # version, time and algorithm: RFC 9580 §5.5.2


def public_length(body: bytes) -> int:
    """Return how many octets of the body of a secret key packet of version 4 or 6 are its public half (RFC 9580 §5.5.2, §5.5.5).

    Raises PacketError if that can't be told.
    """
    if body[:1] not in {b"\x04", _V6} or len(body) <= _HEAD:
        raise PacketError("The key has a version that is not supported.")
    if body[:1] == _V6:
        length = _HEAD + 4 + int.from_bytes(body[_HEAD : _HEAD + 4], "big")
    else:
        length = _public_length(body, body[5])
    if length >= len(body):
        raise PacketError("The OpenPGP data is cut off.")
    return length


def _public_length(body: bytes, algorithm: int) -> int:
    at = _HEAD
    if algorithm in _NATIVE:
        return at + _NATIVE[algorithm]
    if algorithm in _OID:
        at += 1 + body[at]
    elif algorithm not in _NUMBERS:
        raise PacketError("The key is of a kind that is not supported.")
    for _ in range(_NUMBERS.get(algorithm, 1)):
        at += 2 + (int.from_bytes(body[at : at + 2], "big") + 7) // 8
    if algorithm == _ECDH and at < len(body):
        at += 1 + body[at]
    return at
