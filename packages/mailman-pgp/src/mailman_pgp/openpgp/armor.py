"""ASCII armor (RFC 9580 §6), read tolerantly and written for every reader.

The checksum is neither demanded nor looked at when reading (§6.1: "MUST NOT reject"): the integrity of what is inside
is OpenPGP's own business.  Every function takes time and memory linear in its input, and raises nothing but
`PacketError` on hostile bytes.
"""

import binascii
import re
from collections.abc import Collection, Iterator

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Tag, walk

MESSAGE = "PGP MESSAGE"
SIGNATURE = "PGP SIGNATURE"
PUBLIC_KEY = "PGP PUBLIC KEY BLOCK"
PRIVATE_KEY = "PGP PRIVATE KEY BLOCK"

#: Characters of base64 in one line of what we write, and the bytes they stand for.
COLUMNS = 64
LINE_BYTES = COLUMNS // 4 * 3

# A marker line; pasted text is often indented.  Every quantifier is bounded, so a search stays linear.
_MARKER = re.compile(rb"^[ \t]{0,16}-----(BEGIN|END) (PGP [A-Z0-9 ,/]{1,40}?)-----[ \t\r]{0,16}$", re.MULTILINE)
# Opens the cleartext signature framework (§7): text follows, not base64, and no END belongs to it.
_CLEARTEXT = b"PGP SIGNED MESSAGE"
# At the end of base64, also where a mail server has wrapped the lines anew: base64 itself never goes on after "=".
_CHECKSUM = re.compile(rb"=[A-Za-z0-9+/]{4}\Z")
_CHECKSUM_CHARS = 5
#: Real armor has up to a dozen; a million are only good for wasting our time.
_MAX_HEADER_LINES = 256
_WHITESPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TAG_BIT = 0x80


def dearmor(data: bytes, *, kinds: Collection[str] | None = None) -> bytes:
    """Return the binary content of the one armored block in `data`, whatever text stands around it.

    `kinds` (such as "PGP MESSAGE") limits which blocks count.  Binary OpenPGP data passes through as it is.
    Raises PacketError when there is no such block, more than one, or a broken one.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if data and data[0] & _TAG_BIT:
        return data
    blocks = [body for kind, body in _blocks(data) if kinds is None or kind in kinds]
    if not blocks:
        raise PacketError("There is no OpenPGP data in this.")
    if len(blocks) > 1:
        raise PacketError("There is more than one block of OpenPGP data in this.")
    return _decode(blocks[0])


def dearmor_all(data: bytes) -> list[tuple[str, bytes]]:
    """Return kind and binary content of every armored block in `data`, in order; an empty list when there is none.

    Raises PacketError when one of them is broken.
    """
    return [(kind, _decode(body)) for kind, body in _blocks(data.removeprefix(_BYTE_ORDER_MARK))]


def dearmor_each(data: bytes) -> list[tuple[str, bytes | None]]:
    """Return the same as `dearmor_all`, but None for the content of a block that is damaged or cut off."""
    found: list[tuple[str, bytes | None]] = []
    begin: re.Match[bytes] | None = None
    for marker in _MARKER.finditer(data.removeprefix(_BYTE_ORDER_MARK)):
        edge, kind = marker.groups()
        if kind == _CLEARTEXT:
            continue
        whole = edge == b"END" and begin is not None and kind == begin[2]
        if whole and begin is not None:
            found.append((kind.decode("ascii"), _decoded(marker.string[begin.end() : marker.start()])))
        elif begin is not None:
            found.append((begin[2].decode("ascii"), None))
        begin = marker if edge == b"BEGIN" else None
    if begin is not None:
        found.append((begin[2].decode("ascii"), None))
    return found


def _decoded(text: bytes) -> bytes | None:
    try:
        return _decode(text)
    except PacketError:
        return None


def armor(data: bytes, kind: str) -> bytes:
    r"""Return `data` as one armored block: lines of 64 columns ending in "\n".

    It has a checksum unless its content is for readers of RFC 9580 alone, where §6.1 forbids one.  Older readers want
    it: without one, gpg 2.2 takes the END line for base64 wherever there is no padding before it.
    """
    text = binascii.b2a_base64(data, newline=False)
    lines = [text[start : start + COLUMNS] for start in range(0, len(text), COLUMNS)]
    if not _is_modern(data):
        lines.append(b"=" + binascii.b2a_base64(_crc24(data).to_bytes(3, "big"), newline=False))
    return b"\n".join([b"-----BEGIN %b-----" % kind.encode(), b"", *lines, b"-----END %b-----" % kind.encode(), b""])


def _is_modern(data: bytes) -> bool:
    """Whether `data` is a version 6 key or signature, or a message with SEIPD of version 2 (RFC 9580 §6.1)."""
    try:
        for packet in walk(data):
            if packet.tag in {Tag.SIGNATURE, Tag.PUBLIC_KEY, Tag.SECRET_KEY}:
                return packet.body.startswith(b"\x06")
            if packet.tag == Tag.SEIPD:
                return packet.body.startswith(b"\x02")
    except PacketError:
        pass
    return False


def _crc24(data: bytes) -> int:
    """RFC 9580 §6.1.1."""
    crc = 0xB704CE
    for octet in data:
        crc = (crc << 8 & 0xFFFFFF) ^ _CRC24[crc >> 16 ^ octet]
    return crc


def _crc24_entry(octet: int) -> int:
    crc = octet << 16
    for _ in range(8):
        crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc


_CRC24 = [_crc24_entry(octet) for octet in range(256)]


def _blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield kind and text between the marker lines of each block."""
    begin: re.Match[bytes] | None = None
    for marker in _MARKER.finditer(data):
        edge, kind = marker.groups()
        if kind == _CLEARTEXT:
            continue
        if edge == b"BEGIN" and begin is None:
            begin = marker
        elif edge == b"END" and begin is not None and kind == begin[2]:
            yield kind.decode("ascii"), data[begin.end() : marker.start()]
            begin = None
        else:
            raise PacketError("The markers of a block of OpenPGP data do not fit together.")
    if begin is not None:
        raise PacketError("A block of OpenPGP data is cut off.")


def _decode(text: bytes) -> bytes:
    """Return what the text between the marker lines stands for: armor headers, base64, perhaps a checksum."""
    body = text[_end_of_headers(text) :].translate(None, _WHITESPACE)
    if _CHECKSUM.match(body, max(0, len(body) - _CHECKSUM_CHARS)):
        body = body[:-_CHECKSUM_CHARS]
    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except binascii.Error:
        # The cause is dropped: it quotes nothing, but it helps nobody either.
        raise PacketError("A block of OpenPGP data is damaged.") from None


def _end_of_headers(text: bytes) -> int:
    """Return where the base64 begins: behind all blank lines and all lines with a colon, which base64 never has."""
    position = 0
    for _ in range(_MAX_HEADER_LINES):
        end = text.find(b"\n", position)
        line_end = len(text) if end < 0 else end + 1
        line = text[position:line_end]
        if not line or (line.strip(_WHITESPACE) and b":" not in line):
            return position
        position = line_end
    raise PacketError("A block of OpenPGP data has too many headers.")
