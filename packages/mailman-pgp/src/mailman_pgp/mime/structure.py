"""What a received message claims to be: encrypted, or not, or broken (RFC 3156 §4).

Only the root counts. A message that holds an encrypted part beside something readable is not encrypted.
"""

import enum
from dataclasses import dataclass
from email.message import Message

from mailman_pgp.mime import mangled, parsed
from mailman_pgp.mime.content_type import ContentType

# As far as inline PGP is looked for: it begins a mail or it is a quotation.
_INLINE_BYTES = 64 * 1024


class Structure(enum.StrEnum):
    """What the root of a message claims.

    BROKEN: there is PGP/MIME in it, at its root or as its parts, and it is not built as that.
    """

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
    """Say what a parsed message is; looks at the root and two levels below, never deeper, and raises nothing."""
    kinds = message.get_all("content-type", [])
    if len(kinds) > 1:
        claims = any("multipart/encrypted" in str(value).lower() for value in kinds)
        return Incoming(Structure.BROKEN if claims else Structure.NOT_ENCRYPTED)
    kind, below = parsed.kind(message), parsed.below(message)
    if kind.kind == "multipart/encrypted":
        return _encrypted(kind, below)
    if kind.kind == "multipart/mixed":
        ciphertext = mangled.ciphertext(below)
        if ciphertext is not None:
            return Incoming(Structure.ENCRYPTED, ciphertext, repaired=True)
    if mangled.is_left(below):
        return Incoming(Structure.BROKEN)
    first = below[0] if below else message
    if parsed.kind(first).main == "text" and mangled.ARMOR in (parsed.content(first) or b"")[:_INLINE_BYTES]:
        return Incoming(Structure.INLINE)
    return Incoming(Structure.NOT_ENCRYPTED)


def _encrypted(kind: ContentType, below: list[Message]) -> Incoming:
    """Exactly two parts, the control part and the data (RFC 3156 §4)."""
    protocol = kind.parameter("protocol")
    if protocol is not None and protocol.lower() != mangled.CONTROL:
        return Incoming(Structure.BROKEN)
    if protocol is None or [parsed.kind(part).kind for part in below] != [mangled.CONTROL, mangled.DATA]:
        ciphertext = mangled.ciphertext(below)
        return Incoming(
            Structure.BROKEN if ciphertext is None else Structure.ENCRYPTED, ciphertext, ciphertext is not None
        )
    control, data = below
    ciphertext = parsed.content(data)
    if not ciphertext or not mangled.is_control(control):
        return Incoming(Structure.BROKEN)
    return Incoming(Structure.ENCRYPTED, ciphertext, repaired=not mangled.says_version(control))
