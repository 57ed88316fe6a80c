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

    repaired: the message was mangled on its way, in a known manner, and read all the same.
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
    if (kind.parameter("protocol") or "").lower() != "application/pgp-encrypted" or len(below) != 2:  # noqa: PLR2004 - exactly two
        return Incoming(Structure.BROKEN)
    control, data = below
    if _kind(control).kind != "application/pgp-encrypted" or _kind(data).kind != "application/octet-stream":
        return Incoming(Structure.BROKEN)
    version = _VERSION.search((_content(control) or b"")[:1024])
    ciphertext = _content(data)
    if not ciphertext or (version is not None and version[1] != b"1"):
        return Incoming(Structure.BROKEN)
    return Incoming(Structure.ENCRYPTED, ciphertext, repaired=version is None)


def _mangled(below: list[Message]) -> bytes | None:
    """What Exchange and others make of PGP/MIME: multipart/mixed, an empty text, then the two parts."""
    if len(below) == 3:  # noqa: PLR2004 - the empty text and the two parts
        text = _content(below[0])
        if _kind(below[0]).kind != "text/plain" or text is None or text.strip():
            return None
        below = below[1:]
    if len(below) != 2:  # noqa: PLR2004 - the two parts of RFC 3156
        return None
    if [_kind(part).kind for part in below] != ["application/pgp-encrypted", "application/octet-stream"]:
        return None
    if not _VERSION.match((_content(below[0]) or b"")[:1024].strip()):
        return None
    ciphertext = _content(below[1])
    return ciphertext if ciphertext is not None and ciphertext.lstrip().startswith(_ARMOR) else None


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
