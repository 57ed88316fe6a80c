"""Encoded words of headers: reading them with care, writing them (RFC 2047)."""

import binascii
import re

from mailman_pgp.mime import charsets

# The text of a word holds neither "?" nor blanks, so each start is looked at once: linear time.
_WORD = re.compile(r"=\?([A-Za-z0-9._:+-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([QqBb])\?([^?\s]*)\?=")
# 45 bytes are 60 columns of base64; with the frame 72, of 75 allowed.
_BYTES_A_WORD = 45
# A longer run without a blank could not be folded.
_MAX_PLAIN_TOKEN = 200


def decode(text: str) -> str:
    """Replace the encoded words of an unfolded header value; what cannot be decoded stays as it is.

    The result may hold anything, line ends too: pass it through `mailman_pgp.mime.display`.
    """
    out: list[str] = []
    pending = bytearray()
    charset = ""
    position = 0
    for match in _WORD.finditer(text):
        data = _word_bytes(match[2], match[3])
        if data is None:
            continue
        gap = text[position : match.start()]
        adjacent = bool(charset) and not gap.strip()
        if not (adjacent and charset == match[1].lower()):
            # A character may be cut in two by words of one charset, so these are joined before decoding.
            out.append(charsets.decode(bytes(pending), charset))
            pending.clear()
        if not adjacent:
            out.append(gap)
        charset = match[1].lower()
        pending += data
        position = match.end()
    out.extend((charsets.decode(bytes(pending), charset), text[position:]))
    return "".join(out)


def encode(text: str) -> str:
    """ASCII for a header: printable ASCII as it is, anything else as encoded words parted by blanks."""
    plain = text.isascii() and text.isprintable() and "=?" not in text
    if plain and all(len(token) <= _MAX_PLAIN_TOKEN for token in text.split(" ")):
        return text
    words: list[str] = []
    chunk = bytearray()
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(chunk) + len(data) > _BYTES_A_WORD:
            words.append(_encoded(chunk))
            chunk.clear()
        chunk += data
    words.append(_encoded(chunk))
    return " ".join(words)


def _encoded(data: bytes | bytearray) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="


def _word_bytes(encoding: str, text: str) -> bytes | None:
    data = text.encode("utf-8", "replace")
    if encoding in "Qq":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data.rstrip(b"=") + b"==")
    except ValueError:
        return None
