"""Authenticated encryption of what lies on the disk: AES-256-GCM.

A sealed blob is one version byte, a nonce of 12 bytes, and the ciphertext with its tag of 16 bytes.  The nonce is
random, so one key may seal 2**32 blobs (NIST SP 800-38D §8.3), which no site reaches.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_VERSION = b"\x01"


class AeadError(Exception):
    """A sealed blob can't be opened; the text tells nothing about its content."""


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypt `plaintext` under `key` (32 bytes) and bind it to `aad`, which is not part of the result."""
    nonce = os.urandom(NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, _VERSION + aad)


def open_sealed(key: bytes, blob: bytes, aad: bytes) -> bytes:
    """The plaintext that `seal` was given.

    :raises AeadError: when `blob` was changed, or was sealed under another key or for another `aad`.
    """
    if len(blob) < len(_VERSION) + NONCE_BYTES + TAG_BYTES or not blob.startswith(_VERSION):
        raise AeadError("This is not a sealed blob of a form that this version knows.")
    nonce, ciphertext = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _VERSION + aad)
    except InvalidTag:
        raise AeadError("The sealed blob was changed, or was sealed under another key or for another place.") from None


def open_by_any(keys: Iterable[bytes], blob: bytes, aad: bytes) -> bytes:
    """The plaintext that `seal` was given, under whichever of these keys; raises `AeadError` where none of them opens it."""
    found = AeadError("There is no key.")
    for key in keys:
        try:
            return open_sealed(key, blob, aad)
        except AeadError as error:
            found = error
    raise found
