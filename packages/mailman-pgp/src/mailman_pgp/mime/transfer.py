"""Content-Transfer-Encoding: undoing it and applying it (RFC 2045 §6)."""

import binascii
import string

_NOT_BASE64 = bytes(set(range(256)) - set(f"{string.ascii_letters}{string.digits}+/=".encode()))
_COLUMNS = 76


def decode(data: bytes, encoding: str) -> bytes:
    """Undo base64 or quoted-printable; any other encoding leaves the bytes alone.

    Raises ValueError when base64 is damaged.
    """
    if encoding == "base64":
        # What is not of the alphabet is ignored (RFC 2045 §6.8); so is missing padding.
        return binascii.a2b_base64(data.translate(None, _NOT_BASE64).rstrip(b"=") + b"==")
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def base64_lines(data: bytes) -> bytes:
    """Encode as base64 in lines of 76 columns, CRLF between them and none at the end."""
    return _wrapped(binascii.b2a_base64(data, newline=False))


def rewrapped_base64(data: bytes) -> bytes:
    """The same base64 text in lines of 76 columns: whatever it encodes, damaged or not, stays."""
    return _wrapped(data.translate(None, _NOT_BASE64))


def _wrapped(text: bytes) -> bytes:
    return b"\r\n".join(text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS))
