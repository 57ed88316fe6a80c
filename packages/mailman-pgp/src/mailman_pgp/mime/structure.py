"""What a received message claims to be: encrypted, or not, or broken (RFC 3156 §4).

Only the root counts. A message that holds an encrypted part beside something readable is not encrypted.
"""

import enum
import re
from dataclasses import dataclass
from email.message import Message

from mailman_pgp.mime import content_type, transfer
from mailman_pgp.mime.content_type import ContentType

_ARMOR = b"-----BEGIN PGP MESSAGE-----"
_VERSION = re.compile(rb"^[ \t]*Version:[ \t]*(\S{1,20})", re.IGNORECASE | re.MULTILINE)
_CONTROL = "application/pgp-encrypted"
_DATA = "application/octet-stream"
_ANY_FILE = frozenset({_DATA, "text/plain"})
# Mail servers guess the type of a file from a name that ends in ".asc" or ".pgp".
_ANY_ARMOR = frozenset({_CONTROL, "application/pgp-keys", "application/pgp-signature"}) | _ANY_FILE
_BLANK = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# As far as inline PGP is looked for: it begins a mail or it is a quotation.
_INLINE_BYTES = 64 * 1024
_UNREADABLE = ContentType("application/octet-stream")


class Structure(enum.StrEnum):
    """What the root of a message claims."""

    ENCRYPTED = "encrypted"
    NOT_ENCRYPTED = "not-encrypted"
    INLINE = "inline-pgp"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message's structure; `ciphertext` (armored or binary, transfer encoding undone) only when ENCRYPTED.

    repaired: the message was mangled on its way, in a known manner, and read all the same.  Whatever stands beside the
    ciphertext then is no part of what the message says, and goes nowhere.
    """

    structure: Structure
    ciphertext: bytes | None = None
    repaired: bool = False


def examine(message: Message) -> Incoming:
    """Say what a parsed message is; looks at the root and one level below, never deeper, and raises nothing."""
    if len(message.get_all("content-type", [])) > 1:
        claims = any("multipart/encrypted" in str(value).lower() for value in message.get_all("content-type", []))
        return Incoming(Structure.BROKEN if claims else Structure.NOT_ENCRYPTED)
    kind = _kind(message)
    children = message.get_payload()
    below = [child for child in children if isinstance(child, Message)] if isinstance(children, list) else []
    if kind.kind == "multipart/encrypted":
        return _encrypted(kind, below)
    if kind.kind == "multipart/mixed":
        ciphertext = _mangled(below)
        if ciphertext is not None:
            return Incoming(Structure.ENCRYPTED, ciphertext, repaired=True)
    first = below[0] if below else message
    if _kind(first).main == "text" and _ARMOR in (_content(first) or b"")[:_INLINE_BYTES]:
        return Incoming(Structure.INLINE)
    return Incoming(Structure.NOT_ENCRYPTED)


def _encrypted(kind: ContentType, below: list[Message]) -> Incoming:
    """Exactly two parts, the control part and the data (RFC 3156 §4)."""
    if (kind.parameter("protocol") or "").lower() != _CONTROL or len(below) != 2:  # noqa: PLR2004 - exactly two
        return Incoming(Structure.BROKEN)
    control, data = below
    if [_kind(part).kind for part in below] != [_CONTROL, _DATA]:
        ciphertext = _mangled(below)
        if ciphertext is None:
            return Incoming(Structure.BROKEN)
        return Incoming(Structure.ENCRYPTED, ciphertext, repaired=True)
    version = _VERSION.search((_content(control) or b"")[:1024])
    ciphertext = _content(data)
    if not ciphertext or (version is not None and version[1] != b"1"):
        return Incoming(Structure.BROKEN)
    return Incoming(Structure.ENCRYPTED, ciphertext, repaired=version is None)


def _mangled(below: list[Message]) -> bytes | None:
    """What is in the data part, where mail servers have changed types and order, or put an empty text in front.

    Both parts must be there, and nothing beside them: words could be the author's own, and readable on the way.
    """
    if len(below) == 3 and _is_blank(below[0]):  # noqa: PLR2004 - the empty text and the two parts
        below = below[1:]
    if len(below) != 2:  # noqa: PLR2004 - the two parts of RFC 3156
        return None
    for control, data in (below, reversed(below)):
        if _is_control(control):
            return _armored(data)
    return None


def _is_blank(part: Message) -> bool:
    content = _content(part)
    return _kind(part).main == "text" and content is not None and not content.strip()


def _is_control(part: Message) -> bool:
    """Whether a part says "Version: 1"; one that could be anything must say that alone."""
    kind, content = _kind(part).kind, (_content(part) or b"")[:1024].strip()
    version = _VERSION.match(content)
    if version is None or version[1] != b"1":
        return False
    return kind == _CONTROL or (kind in _ANY_FILE and version.end() == len(content))


def _armored(part: Message) -> bytes | None:
    content = _content(part) or b""
    begins = content.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK).startswith(_ARMOR)
    return content if begins and _kind(part).kind in _ANY_ARMOR else None


def _kind(message: Message) -> ContentType:
    value = message.get("content-type")
    try:
        return content_type.parse(None if value is None else re.sub(r"\r?\n", "", str(value)))
    except ValueError:
        return _UNREADABLE


def _content(part: Message) -> bytes | None:
    """The content of a leaf with its transfer encoding undone; None for anything else or a damaged one."""
    text = part.get_payload()
    if not isinstance(text, str):
        return None
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    try:
        return transfer.decode(data, str(part.get("content-transfer-encoding", "")).strip().lower())
    except ValueError:
        return None
