"""Encrypted messages made by hand: any structure, also those that no program would write."""

from __future__ import annotations

import hashlib
import os
import zlib
from typing import TYPE_CHECKING

import openpgp.composed
import openpgp.util
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from keys import BINARY, TEXT, Key, canonical, now, packet, signature

if TYPE_CHECKING:
    from keys import Forged

#: Every message here has the same one, so that packets can be exchanged between messages.
SESSION_KEY = bytes(range(32))
PKESK, SKESK, ONE_PASS, COMPRESSED, SED, MARKER, LITERAL, SEIPD, PADDING = 1, 3, 4, 8, 9, 10, 11, 18, 21
ANONYMOUS = bytes(8)


def literal(content: bytes, mode: bytes = b"b") -> bytes:
    """A literal data packet (RFC 9580 §5.9)."""
    return packet(LITERAL, mode + b"\0" + bytes(4) + content)


def compressed(inner: bytes) -> bytes:
    """A compressed data packet with ZIP (RFC 9580 §5.6)."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packet(COMPRESSED, b"\1" + squeezer.compress(inner) + squeezer.flush())


def bomb(octets: int) -> bytes:
    """Packets that are tiny and grow to a literal of so many zeros: compressed twice, as one alone shrinks to 0.1 %."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)

    def squeezed(data: bytes) -> bytes:
        return squeezer.compress(data) + squeezer.flush(zlib.Z_FULL_FLUSH)

    # What is squeezed after a full flush refers to nothing before it: one block stands for all that are like it.
    block = 1 << 20
    head = squeezed(b"\xcb\xff" + (octets + 6).to_bytes(4, "big") + b"b\0" + bytes(4))
    body = squeezed(bytes(block)) * (octets // block) + squeezed(bytes(octets % block)) + squeezer.flush()
    return compressed(packet(COMPRESSED, b"\1" + head + body))


def one_pass(signer: Key, kind: int = BINARY, *, last: bool = True) -> bytes:
    """A one-pass signature packet (RFC 9580 §5.4)."""
    return packet(ONE_PASS, bytes([3, kind, 10, 22]) + bytes.fromhex(signer.key_id) + bytes([last]))


def made_by(signer: Key, content: bytes, kind: int = BINARY, *, at: int | None = None, digest: str = "sha512") -> bytes:
    """A signature packet over a document."""
    data = canonical(content) if kind == TEXT else content
    return signature(signer, kind, data, at=now() - 60 if at is None else at, digest=digest)


def signed(content: bytes, *signers: Key, kind: int = BINARY, mode: bytes = b"b") -> bytes:
    """The packets of a message signed by each of these."""
    heads = [one_pass(signer, kind, last=signer is signers[-1]) for signer in signers]
    tails = [made_by(signer, content, kind) for signer in reversed(signers)]
    return b"".join([*heads, literal(content, mode), *tails])


def encrypted(inner: bytes) -> bytes:
    """A SEIPD packet of version 1 with AES-256 (RFC 9580 §5.13.1)."""
    prefix = os.urandom(16)
    text = prefix + prefix[-2:] + inner + b"\xd3\x14"
    text += hashlib.sha1(text, usedforsecurity=False).digest()
    cipher = Cipher(algorithms.AES(SESSION_KEY), CFB(bytes(16))).encryptor()
    return packet(SEIPD, b"\1" + cipher.update(text) + cipher.finalize())


def encrypted_without_integrity(inner: bytes) -> bytes:
    """A symmetrically encrypted data packet, the one of the EFAIL attack (RFC 9580 §5.7)."""
    prefix = os.urandom(16)
    cipher = Cipher(algorithms.AES(SESSION_KEY), CFB(bytes(16))).encryptor()
    first = cipher.update(prefix + prefix[-2:]) + cipher.finalize()
    # The mode resynchronises after the prefix (RFC 9580 §12.9).
    rest = Cipher(algorithms.AES(SESSION_KEY), CFB(first[2:18])).encryptor()
    return packet(SED, first + rest.update(inner) + rest.finalize())


def session_key(recipient: Forged, *, subkey: int = 0, anonymous: bool = False) -> bytes:
    """A PKESK of version 3 for one of the encryption subkeys (the position counts those that encrypt)."""
    keys = openpgp.composed.SignedPublicKey.from_bytes(recipient.public).public_subkeys
    able = [key for key in keys if key.key.public_key_algorithm == "ecdh"]
    made = openpgp.util.encrypt_session_key_to_recipient(
        SESSION_KEY, able[subkey], version="seipd-v1", symmetric_algorithm="aes256", anonymous_recipient=anonymous
    )
    return made.to_bytes()


def message(recipient: Forged, inner: bytes) -> bytes:
    """A complete message to one recipient."""
    return session_key(recipient) + encrypted(inner)
