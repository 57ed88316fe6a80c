"""Encryption within what was encrypted, which a list does not hand on.

A reader's program may open such a part by itself and show it as a piece of the mail, however small or out of sight, and the reader
who answers sends back what it says: whoever has captured a member's mail could so have the member decrypt it (EFAIL's direct
exfiltration, and "Re: What's up Johnny?").  A file that is attached is opened knowingly, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.mime import bodies, charsets, transfer
from mailman_pgp.mime import entity as entities

if TYPE_CHECKING:
    from mailman_pgp.mime.entity import Entity
    from mailman_pgp.mime.protected import Payload

_MARK = "-----BEGIN PGP MESSAGE-----"
# Programs open these whatever they are called.
_OPENED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def holds_encrypted(payload: Payload) -> bool:
    """Whether a part that a program might open by itself is encrypted, at any depth, forwarded messages included."""
    waiting = [payload.body]
    while waiting:
        entity = waiting.pop()
        if _is_encrypted(entity):
            return True
        waiting += entities.parts(entity)
    return False


def _is_encrypted(entity: Entity) -> bool:
    kind = entity.content_type
    if kind.kind in _OPENED:
        return True
    if bodies.is_attachment(entity):
        return False
    return kind.kind == "application/pgp-encrypted" or (kind.main == "text" and _has_armor(entity))


def _has_armor(leaf: Entity) -> bool:
    """Whether a text has an armored message in it (in plain text, at the beginning of a line: a quotation opens nowhere)."""
    raw = leaf.body_bytes
    try:
        data = transfer.decode(raw, leaf.encoding)
    except ValueError:
        data = raw
    charset = (leaf.content_type.parameter("charset") or "utf-8").lower()
    if charset.startswith(("utf-16", "utf-32")):
        data = charsets.decode(data, charset).encode("utf-8", "replace")
    # As it stands, too: a program may not believe what is said of its encoding.
    anywhere = leaf.content_type.kind == "text/html"
    return any(_is_marked(text, anywhere=anywhere) for text in (data, raw))


def _is_marked(text: bytes, *, anywhere: bool) -> bool:
    mark = _MARK.encode()
    return mark in text if anywhere else (text.startswith(mark) or b"\n" + mark in text or b"\r" + mark in text)
