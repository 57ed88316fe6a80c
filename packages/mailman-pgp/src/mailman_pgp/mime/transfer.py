"""Content-Transfer-Encoding: undoing it and applying it (RFC 2045 §6)."""

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_COLUMNS = 76


def decode(data: bytes, encoding: str) -> bytes:
    """Undo base64 or quoted-printable; any other encoding leaves the bytes alone.

    Raises ValueError when base64 is damaged.
    """
    if encoding == "base64":
        # What is not of the alphabet is ignored (RFC 2045 §6.8); so is missing padding.
        return binascii.a2b_base64(_NOT_BASE64.sub(b"", data).rstrip(b"=") + b"==")
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def base64_lines(data: bytes) -> bytes:
    """Encode as base64 in lines of 76 columns, CRLF between them and none at the end."""
    return _wrapped(binascii.b2a_base64(data, newline=False))


def rewrapped_base64(data: bytes) -> bytes:
    """The same base64 text in lines of 76 columns: whatever it encodes, damaged or not, stays."""
    return _wrapped(_NOT_BASE64.sub(b"", data))


def _wrapped(text: bytes) -> bytes:
    return b"\r\n".join(text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS))
