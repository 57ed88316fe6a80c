"""The Web Key Directory (draft-koch-openpgp-webkey-service), as far as it concerns a website: addresses, and what is there."""

from __future__ import annotations

import base64
import hashlib

_Z_BASE_32 = b"ybndrfg8ejkmcpqxot1uwisza345h769"  # RFC 6189 §5.1.6
_BASE_32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_Z_BASE_32 = bytes.maketrans(_BASE_32, _Z_BASE_32)


def hash_of(local: str) -> str:
    """The name of an address in the directory of its domain (§3.1): SHA-1 of the local part, its ASCII folded, in z-base-32."""
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in local)
    digest = hashlib.sha1(folded.encode(), usedforsecurity=False).digest()
    return base64.b32encode(digest).translate(_TO_Z_BASE_32).decode("ascii")


def dearmored(armored: str) -> bytes:
    """The binary form of a certificate in ASCII armor (RFC 9580 §6), such as REST gives it.

    :raises ValueError: when it is none.
    """
    head, _, rest = armored.replace("\r\n", "\n").partition("\n\n")
    body, end, _ = rest.partition("\n-----END PGP PUBLIC KEY BLOCK-----")
    if not head.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----") or not end:
        raise ValueError("This is no certificate in ASCII armor.")
    lines = [line for line in body.split("\n") if not line.startswith("=")]  # without the checksum
    return base64.b64decode("".join(lines), validate=True)
